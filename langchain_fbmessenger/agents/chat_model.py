"""A chat model that speaks with another in pseudonyms: real names go in, and come out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from langchain_core.language_models import BaseChatModel
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_core.runnables.config import run_in_executor
from pydantic import Field, PrivateAttr
from typing_extensions import Self, override

from langchain_fbmessenger.agents.chunks import ChunkRestorer
from langchain_fbmessenger.agents.handlers import config_that_restores, running_with

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Sequence

    from langchain_core.language_models import LanguageModelInput
    from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
    from langchain_core.runnables import Runnable, RunnableConfig
    from langchain_core.tools import BaseTool

    from langchain_fbmessenger.agents.pseudonyms import CallPseudonyms

__all__ = ["PseudonymousChatModel", "pseudonymous"]


class PseudonymousChatModel(BaseChatModel):
    """Stands before a chat model for one call.

    Messages are changed right before the model gets them: whatever other middleware has added to
    them is changed, too. The run that callbacks and tracers see is that of the model itself.
    """

    chat_model: Any = Field(repr=False)
    """The model that is asked."""

    bound: Any = Field(default=None, repr=False)
    """The model with its tools, where it has been given some."""

    _call: CallPseudonyms = PrivateAttr()

    @property
    @override
    def _llm_type(self) -> str:
        return str(self.chat_model._llm_type)  # noqa: SLF001 - part of a chat model's contract

    def __getattr__(self, name: str) -> Any:
        """Return what the model has besides, such as its name: agents look at it."""
        if name.startswith("_"):
            return super().__getattr__(name)  # type: ignore[misc]
        return getattr(self.chat_model, name)

    @override
    def invoke(
        self,
        input: LanguageModelInput,
        config: RunnableConfig | None = None,
        *,
        stop: list[str] | None = None,
        **kwargs: Any,
    ) -> AIMessage:
        asked, settings = self._prepared(input, stop, kwargs)
        config = config_that_restores(config, self._call)
        with running_with(config):
            return self._answer(self._model.invoke(asked, config, **settings))

    @override
    async def ainvoke(
        self,
        input: LanguageModelInput,
        config: RunnableConfig | None = None,
        *,
        stop: list[str] | None = None,
        **kwargs: Any,
    ) -> AIMessage:
        asked, settings = await run_in_executor(None, self._prepared, input, stop, kwargs)
        config = config_that_restores(config, self._call)
        with running_with(config):
            return self._answer(await self._model.ainvoke(asked, config, **settings))

    @override
    def stream(
        self,
        input: LanguageModelInput,
        config: RunnableConfig | None = None,
        *,
        stop: list[str] | None = None,
        **kwargs: Any,
    ) -> Iterator[AIMessageChunk]:
        asked, settings = self._prepared(input, stop, kwargs)
        restorer = ChunkRestorer(self._call)
        config = config_that_restores(config, self._call)
        with running_with(config):
            chunks = self._model.stream(asked, config, **settings)
        while True:
            with running_with(config):
                if (chunk := next(chunks, None)) is None:
                    break
            yield from restorer.feed(chunk)
        yield from restorer.finish()

    @override
    async def astream(
        self,
        input: LanguageModelInput,
        config: RunnableConfig | None = None,
        *,
        stop: list[str] | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[AIMessageChunk]:
        asked, settings = await run_in_executor(None, self._prepared, input, stop, kwargs)
        restorer = ChunkRestorer(self._call)
        config = config_that_restores(config, self._call)
        chunks = self._model.astream(asked, config, **settings)
        while True:
            with running_with(config):
                if (chunk := await anext(chunks, None)) is None:
                    break
            for restored in restorer.feed(chunk):
                yield restored
        for restored in restorer.finish():
            yield restored

    @override
    def bind_tools(
        self,
        tools: Sequence[dict[str, Any] | type | Callable[..., Any] | BaseTool],
        *,
        tool_choice: str | None = None,
        **kwargs: Any,
    ) -> Runnable[LanguageModelInput, AIMessage]:
        told = [self._call.tool_to_model(tool) for tool in tools]
        settings = self._call.settings_to_model(kwargs)
        choice = {} if tool_choice is None else {"tool_choice": tool_choice}
        return self._with(self._model.bind_tools(told, **choice, **settings))

    @override
    def get_num_tokens_from_messages(
        self, messages: list[BaseMessage], tools: Sequence[Any] | None = None
    ) -> int:
        told = self._told(messages)
        if tools is None:
            return int(self.chat_model.get_num_tokens_from_messages(told))
        tools = [self._call.tool_to_model(tool) for tool in tools]
        return int(self.chat_model.get_num_tokens_from_messages(told, tools))

    @override
    def get_token_ids(self, text: str) -> list[int]:
        ids: list[int] = self.chat_model.get_token_ids(self._call.there.plain(text))
        return ids

    @override
    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: Any = None,
        **kwargs: Any,
    ) -> ChatResult:
        answer = self.invoke(messages, stop=stop, **kwargs)
        return ChatResult(generations=[ChatGeneration(message=answer)])

    @property
    def _model(self) -> Any:
        return self.chat_model if self.bound is None else self.bound

    def _with(self, bound: Any) -> Self:
        return self.model_copy(update={"bound": bound})

    def _prepared(
        self, asked: LanguageModelInput, stop: list[str] | None, kwargs: dict[str, Any]
    ) -> tuple[list[BaseMessage], dict[str, Any]]:
        messages = self._told(self._convert_input(asked).to_messages())
        settings = kwargs if stop is None else {**kwargs, "stop": stop}
        return messages, self._call.settings_to_model(settings)

    def _told(self, messages: list[BaseMessage]) -> list[BaseMessage]:
        return [*map(self._call.there.message, messages)]

    def _answer(self, answer: AIMessage) -> AIMessage:
        self._call.has_answered = True
        return self._call.back.message(answer)


def pseudonymous(model: Any, call: CallPseudonyms) -> PseudonymousChatModel:
    """Return a chat model that speaks with another in the pseudonyms of a call."""
    made = PseudonymousChatModel(chat_model=model, profile=getattr(model, "profile", None))
    made._call = call  # noqa: SLF001 - what is no part of its settings
    return made
