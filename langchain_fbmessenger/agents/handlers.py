"""Let those who stream a model's answer to the user see real names, and tracers what was sent.

A run of a model has one set of callbacks. Of them, those that feed a stream (LangGraph's, of
`astream_events`, of `astream_log`) are given restored chunks; all others see pseudonyms.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

from langchain_core.callbacks import AsyncCallbackHandler, BaseCallbackHandler, BaseCallbackManager
from langchain_core.messages import AIMessageChunk
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, LLMResult
from langchain_core.runnables.config import ensure_config, var_child_runnable_config
from langchain_core.tracers import _streaming

from langchain_fbmessenger.agents.chunks import ChunkRestorer, EventRestorer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

    from langchain_core.messages import BaseMessage
    from langchain_core.runnables import RunnableConfig

    from langchain_fbmessenger.agents.pseudonyms import CallPseudonyms

__all__ = ["config_that_restores", "running_with"]

# Marks handlers of LangGraph's newer streams; older releases have none.
_TakesEvents: Any = getattr(_streaming, "_V2StreamingCallbackHandler", None)


def config_that_restores(config: RunnableConfig | None, call: CallPseudonyms) -> RunnableConfig:
    """Return a config whose streams get real names; the one given stays as it is.

    Args:
        config: The config of a call; None for that of the run around it.
        call: What restores.
    """
    config = ensure_config(config)
    callbacks = config.get("callbacks")
    known: dict[int, BaseCallbackHandler] = {}

    def restoring(handlers: list[BaseCallbackHandler]) -> list[BaseCallbackHandler]:
        return [known.setdefault(id(one), _restoring(one, call)) for one in handlers]

    if isinstance(callbacks, BaseCallbackManager):
        manager = callbacks.copy()
        manager.handlers = restoring(manager.handlers)
        manager.inheritable_handlers = restoring(manager.inheritable_handlers)
        config["callbacks"] = manager
    elif callbacks:  # managers are merged without handing anything to one handler twice
        handlers = restoring(callbacks)
        config["callbacks"] = BaseCallbackManager(handlers, inheritable_handlers=handlers)
    return config


@contextmanager
def running_with(config: RunnableConfig) -> Iterator[None]:
    """Let what is called within see this config around it, and no other's callbacks.

    A model with tools merges what it is given with what is around it.
    """
    around = {key: value for key, value in config.items() if key not in {"run_id", "run_name"}}
    token = var_child_runnable_config.set(cast("RunnableConfig", around))
    try:
        yield
    finally:
        var_child_runnable_config.reset(token)


def _restoring(handler: BaseCallbackHandler, call: CallPseudonyms) -> BaseCallbackHandler:
    """Return a handler that gives another real names, if that one feeds a stream."""
    if not (hasattr(handler, "tap_output_iter") and hasattr(handler, "tap_output_aiter")):
        return handler
    takes_events = _TakesEvents is not None and isinstance(handler, _TakesEvents)
    if isinstance(handler, AsyncCallbackHandler):
        kind: type = _AsyncEvents if takes_events else _AsyncRestoring
    else:
        kind = _Events if takes_events else _Restoring
    return cast("BaseCallbackHandler", kind(handler, call))


class _Feeds:
    """What a stream is fed with, one call of its handler after another.

    Args:
        handler: Feeds the stream.
        call: What restores.
    """

    run_inline = True

    def __init__(self, handler: Any, call: CallPseudonyms) -> None:
        super().__init__()
        self._handler = handler
        self._call = call
        self._chunks = ChunkRestorer(call)
        self._events = EventRestorer(call)
        self._last: dict[str, Any] = {}
        self.raise_error = handler.raise_error
        self.run_inline = handler.run_inline

    # What is put on its iterators is no model's.
    def tap_output_iter(self, run_id: UUID, output: Any) -> Any:
        del run_id
        return output

    def tap_output_aiter(self, run_id: UUID, output: Any) -> Any:
        del run_id
        return output

    def _tokens(self, token: Any, kwargs: dict[str, Any]) -> Iterator[tuple[Any, dict[str, Any]]]:
        chunk = kwargs.pop("chunk", None)
        self._last = kwargs
        if not isinstance(chunk, ChatGenerationChunk):
            chunk = ChatGenerationChunk(message=AIMessageChunk(content=token))
        for message in self._chunks.feed(chunk.message):
            yield message.content, {**kwargs, "chunk": _generation(message, chunk)}

    def _rest(self) -> Iterator[tuple[Any, dict[str, Any]]]:
        for message in self._chunks.finish():
            yield message.content, {**self._last, "chunk": ChatGenerationChunk(message=message)}

    def _restored(self, response: LLMResult) -> LLMResult:
        generations = [[*map(self._generation, several)] for several in response.generations]
        return response.model_copy(update={"generations": generations})

    def _generation(self, generation: Any) -> Any:
        if not isinstance(generation, ChatGeneration):
            return generation
        message = self._call.back.message(generation.message)
        return type(generation)(message=message, generation_info=generation.generation_info)

    def _questions(self, messages: list[list[BaseMessage]]) -> list[list[BaseMessage]]:
        return [[*map(self._call.back.message, one)] for one in messages]


class _Restoring(_Feeds, BaseCallbackHandler):
    """Feeds a stream from a model that is invoked."""

    def on_chat_model_start(self, serialized: Any, messages: Any, **kwargs: Any) -> None:
        self._handler.on_chat_model_start(serialized, self._questions(messages), **kwargs)

    def on_llm_new_token(self, token: Any, **kwargs: Any) -> None:
        for restored, others in self._tokens(token, kwargs):
            self._handler.on_llm_new_token(restored, **others)

    def on_llm_end(self, response: LLMResult, **kwargs: Any) -> None:
        for restored, others in self._rest():
            self._handler.on_llm_new_token(restored, **others)
        self._handler.on_llm_end(self._restored(response), **kwargs)

    def on_llm_error(self, error: BaseException, **kwargs: Any) -> None:
        self._handler.on_llm_error(error, **kwargs)

    def on_stream_event(self, event: Any, **kwargs: Any) -> None:
        for restored in self._events.feed(event):
            self._handler.on_stream_event(restored, **kwargs)


class _AsyncRestoring(_Feeds, AsyncCallbackHandler):
    """Feeds a stream from a model that is awaited."""

    async def on_chat_model_start(self, serialized: Any, messages: Any, **kwargs: Any) -> None:
        await self._handler.on_chat_model_start(serialized, self._questions(messages), **kwargs)

    async def on_llm_new_token(self, token: Any, **kwargs: Any) -> None:
        for restored, others in self._tokens(token, kwargs):
            await self._handler.on_llm_new_token(restored, **others)

    async def on_llm_end(self, response: LLMResult, **kwargs: Any) -> None:
        for restored, others in self._rest():
            await self._handler.on_llm_new_token(restored, **others)
        await self._handler.on_llm_end(self._restored(response), **kwargs)

    async def on_llm_error(self, error: BaseException, **kwargs: Any) -> None:
        await self._handler.on_llm_error(error, **kwargs)

    async def on_stream_event(self, event: Any, **kwargs: Any) -> None:
        for restored in self._events.feed(event):
            await self._handler.on_stream_event(restored, **kwargs)


if _TakesEvents is None:
    _Events, _AsyncEvents = _Restoring, _AsyncRestoring
else:

    class _Events(_Restoring, _TakesEvents):  # type: ignore[no-redef,misc]
        """The same of LangGraph's newer streams."""

    class _AsyncEvents(_AsyncRestoring, _TakesEvents):  # type: ignore[no-redef,misc]
        """The same of LangGraph's newer streams, awaited."""


def _generation(message: Any, chunk: ChatGenerationChunk) -> ChatGenerationChunk:
    return ChatGenerationChunk(message=message, generation_info=chunk.generation_info)
