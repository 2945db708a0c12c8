"""A chain that answers as the persona would: a question in, any chat model's answer out."""

from __future__ import annotations

from contextlib import aclosing, closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Optional, Union, cast

from langchain_core.messages import AIMessage
from langchain_core.prompts import BaseChatPromptTemplate  # noqa: TC002 - for pydantic
from langchain_core.runnables import Runnable, RunnableSerializable
from langchain_core.runnables.config import ensure_config, patch_config
from pydantic import ConfigDict, Field
from typing_extensions import override

from langchain_fbmessenger._internal.iteration import run_in_thread
from langchain_fbmessenger._internal.options import Options
from langchain_fbmessenger._internal.tracing import (
    aiterate_untraced,
    atraced_run,
    iterate_untraced,
    traced_run,
    untraced,
    without_tracers,
)
from langchain_fbmessenger.examples.files.tokens import token_counter
from langchain_fbmessenger.retrieval.answers import Answer
from langchain_fbmessenger.retrieval.prompt import choose, prompt_of
from langchain_fbmessenger.retrieval.questions import Question, QuestionInput
from langchain_fbmessenger.retrieval.retriever import PersonaRetriever  # noqa: TC001 - pydantic

if TYPE_CHECKING:
    import os
    from collections.abc import AsyncGenerator, Generator

    from langchain_core.messages import AIMessageChunk, BaseMessage
    from langchain_core.runnables import RunnableConfig

__all__ = ["PersonaChain", "persona_chain"]


class PersonaChain(Options, RunnableSerializable[Any, AIMessage]):
    """The Runnable that `persona_chain` gives."""

    name: Optional[str] = "persona_chain"  # noqa: UP045 - read on Python 3.10 too
    model_config = ConfigDict(extra="forbid", arbitrary_types_allowed=True)

    model: Runnable[Any, Any]
    """Gives the answer: any chat model."""

    retriever: PersonaRetriever
    """Finds the persona's exchanges."""

    system: Union[str, BaseChatPromptTemplate, None] = Field(default=None, repr=False)  # noqa: UP007
    """The system prompt, or a template such as `job.prompt()`."""

    max_tokens: int = Field(default=2048, ge=1)
    """Most tokens of the prompt, exchanges included."""

    k: Optional[int] = Field(default=None, ge=0)  # noqa: UP045
    """How many exchanges like the question at most; None for the retriever's own."""

    facts: int = Field(default=4, ge=0)
    """How many exchanges with the same contact at most."""

    tokenizer: Any = Field(default=None, repr=False)
    """What counts tokens; by default they are estimated, rather too high than too low."""

    key: Optional[Path] = Field(default=None, repr=False)  # noqa: UP045
    """The key file of an index without real names."""

    @property
    @override
    def InputType(self) -> Any:
        return QuestionInput

    @property
    @override
    def OutputType(self) -> Any:
        return AIMessage

    @override
    def invoke(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> AIMessage:
        """Return the answer.

        Args:
            input: What the persona is asked; `persona_chain` says in which forms.
            config: Callbacks, tags, run name and the like.
            **kwargs: Are given to the model, such as `stop` or `temperature`.

        Raises:
            InvalidInputError: The question is in no such form, or the model gives no messages.
        """
        with traced_run(config, self.get_name()) as output:
            messages, answer = self._prepared(input, output)
            with untraced():
                given = self.model.invoke(messages, _config(output.config, config), **kwargs)
            return answer.whole(given)

    @override
    async def ainvoke(
        self, input: Any, config: RunnableConfig | None = None, **kwargs: Any
    ) -> AIMessage:
        """Return what `invoke` does, without blocking the event loop."""
        async with atraced_run(config, self.get_name()) as output:
            messages, answer = await run_in_thread(self._prepared, input, output)
            with untraced():
                given = await self.model.ainvoke(messages, _config(output.config, config), **kwargs)
            return answer.whole(given)

    @override
    def stream(
        self, input: Any, config: RunnableConfig | None = None, **kwargs: Any | None
    ) -> Generator[AIMessageChunk, None, None]:
        """Yield the answer as it comes; a part of a name waits for the rest of it."""
        with traced_run(config, self.get_name()) as output:
            messages, answer = self._prepared(input, output)
            given = self.model.stream(messages, _config(output.config, config), **kwargs)
            with closing(iterate_untraced(given)) as chunks:
                for chunk in chunks:
                    yield answer.chunk(chunk)
            if (rest := answer.rest()) is not None:
                yield rest

    @override
    async def astream(
        self, input: Any, config: RunnableConfig | None = None, **kwargs: Any | None
    ) -> AsyncGenerator[AIMessageChunk, None]:
        """Yield what `stream` does, without blocking the event loop."""
        async with atraced_run(config, self.get_name()) as output:
            messages, answer = await run_in_thread(self._prepared, input, output)
            given = self.model.astream(messages, _config(output.config, config), **kwargs)
            async with aclosing(aiterate_untraced(given)) as chunks:
                async for chunk in chunks:
                    yield answer.chunk(chunk)
            if (rest := answer.rest()) is not None:
                yield rest

    def messages(self, question: Any) -> list[BaseMessage]:
        """Return what the model is asked, exchanges included: nothing is sent anywhere.

        Args:
            question: What the persona is asked, as in `invoke`.

        Raises:
            InvalidInputError: The question is in none of its forms.
        """
        return self._prepared(question, {})[0]

    def _prepared(self, given: Any, output: dict[str, Any]) -> tuple[list[BaseMessage], Answer]:
        """Return what the model is asked, and what takes its answer; note what may be traced."""
        question, system, restorer = Question.of(given), self.system, None
        if self.key is not None:
            from langchain_fbmessenger.retrieval.pseudonyms import conceal_names, restorer_of

            restorer, conceal = restorer_of(self.key), partial(conceal_names, key=self.key)
            question = question.told(conceal)
            system = conceal(system) if isinstance(system, str) else system
        prompt, counter = prompt_of(question, system), token_counter(self.tokenizer)
        chosen = choose(
            self.retriever.index,
            question,
            k=self.retriever.k if self.k is None else self.k,
            n_facts=self.facts,
            filters=self.retriever.filters,
            room=self.max_tokens - prompt.tokens(counter),
            counter=counter,
        )
        output.update(similar=len(chosen.similar), facts=len(chosen.facts))
        return prompt.with_exchanges(chosen.all), Answer(restorer)


def persona_chain(  # noqa: PLR0913 - what a chain is made of
    model: Runnable[Any, Any],
    retriever: PersonaRetriever,
    *,
    system: str | BaseChatPromptTemplate | None = None,
    max_tokens: int = 2048,
    k: int | None = None,
    facts: int = 4,
    tokenizer: Any = None,
    key: str | os.PathLike[str] | None = None,
) -> PersonaChain:
    """Answer as the persona would, with any chat model and without training.

    Before the chat, the model is shown exchanges of the persona as turns: how she answered messages
    like the one that is asked, and what the same contact and she said in its words. With a tuned
    model behind it this is the hybrid: voice from the training, facts from the chats.

    The chain takes a text; messages, of which the last is the user's; or a dict with `input` (a
    text), and if given `history` (messages), `contact` (who is speaking) and what the system
    prompt's placeholders take. It gives an `AIMessage`, and streams its chunks.

    Answers to the very message that is asked are not shown, nor what is held out (see
    `PersonaRetriever`). Callbacks hear of the model's run as ever, tracers do not: the prompt holds
    what other people wrote. Of the chain's own run they get counts.

    Args:
        model: Any chat model, or a Runnable that takes messages and gives one.
        retriever: The persona's exchanges; its `contact`, `after`, `before` and `half_life` hold
            here, too.
        system: The system prompt: a text, or a template such as `job.prompt()`. Placeholders
            `others` and `title` take the contact's name where nothing else is given.
        max_tokens: Most tokens of the prompt. Exchanges get what the system prompt, the history and
            the question leave; these are never cut.
        k: How many exchanges like the question at most; None for the retriever's own. Where fewer
            share a word with it, the newest make up for them.
        facts: How many exchanges with the same contact at most.
        tokenizer: What counts tokens: as in `to_training_examples`. None estimates.
        key: The key file of `pseudonymize_chat_sessions`, for an index without real names: known
            names become invented ones before anything is searched or asked, and real ones again in
            the answer. Needs the extra `[privacy]`.

    Returns:
        The Runnable.

    Raises:
        InvalidOptionError: An option is out of its range.

    Example:
        ```python
        chain = persona_chain(job.chat_model(), retriever, system=job.prompt())
        for chunk in chain.stream({"input": "Coming tonight?", "contact": "Milo Dvořák"}):
            print(chunk.text, end="", flush=True)
        ```
    """
    return PersonaChain(
        model=model,
        retriever=retriever,
        system=system,
        max_tokens=max_tokens,
        k=k,
        facts=facts,
        tokenizer=tokenizer,
        key=None if key is None else Path(key),
    )


def _config(own: RunnableConfig, given: RunnableConfig | None) -> RunnableConfig:
    """Return the config of the model's run: without tracers, with what configures the model."""
    config = patch_config(own, callbacks=cast("Any", without_tracers(own.get("callbacks"))))
    if configurable := ensure_config(given).get("configurable"):
        config["configurable"] = configurable
    return config
