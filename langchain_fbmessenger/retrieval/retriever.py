"""The persona's exchanges, found by a message: training examples in, LangChain documents out."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any, Optional

from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from pydantic import ConfigDict, Field, field_validator
from typing_extensions import override

from langchain_fbmessenger._internal.home import expanded
from langchain_fbmessenger._internal.iteration import run_in_thread
from langchain_fbmessenger._internal.options import Options
from langchain_fbmessenger.examples.making.training_examples import to_training_examples
from langchain_fbmessenger.examples.selecting.split import HeldOut
from langchain_fbmessenger.exceptions import InvalidInputError
from langchain_fbmessenger.exports.selection import Moment, to_milliseconds
from langchain_fbmessenger.retrieval.exchanges import exchanges_of
from langchain_fbmessenger.retrieval.index import ExchangeIndex, Found
from langchain_fbmessenger.retrieval.index_file import load_index, save_index
from langchain_fbmessenger.retrieval.ranking import Filters
from langchain_fbmessenger.retrieval.report import IndexReport
from langchain_fbmessenger.retrieval.tracing import atraced_retrieval, traced_retrieval
from langchain_fbmessenger.sessions.stage import EXAMPLES, sessions_in
from langchain_fbmessenger.transcripts.times import as_gap

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable

    from langchain_core.callbacks import (
        AsyncCallbackManagerForRetrieverRun,
        CallbackManagerForRetrieverRun,
    )
    from langchain_core.chat_loaders import BaseChatLoader
    from langchain_core.chat_sessions import ChatSession
    from langchain_core.runnables import RunnableConfig

    from langchain_fbmessenger.examples.schema import TrainingExample

__all__ = ["PersonaRetriever"]


class SearchOptions(Options):
    """What is looked for, and how much of it."""

    # `Optional`, not `|`: pydantic reads these on Python 3.10 too.
    k: int = Field(default=4, ge=1)
    """How many exchanges at most; those that share no word with the message are never among
    them."""

    contact: Optional[str] = Field(default=None, repr=False)  # noqa: UP045
    """Who they were written to: a name, or the id of a group's thread."""

    after: Optional[Moment] = None  # noqa: UP045
    """First time: a `datetime`, a `date` or ISO 8601 such as "2024-05-18"; without a zone, the
    machine's is meant."""

    before: Optional[Moment] = None  # noqa: UP045
    """First time that is too late. With either, exchanges of unknown times are left out."""

    half_life: Optional[timedelta] = None  # noqa: UP045
    """Age, from the newest exchange, at which one counts half, such as "365d"; a quarter at twice
    that age."""

    @field_validator("half_life", mode="before")
    @classmethod
    def _as_gap(cls, half_life: Any) -> timedelta | None:
        return None if half_life is None else as_gap(half_life)

    @field_validator("after", "before")
    @classmethod
    def _is_a_time(cls, moment: Moment | None, info: Any) -> Moment | None:
        if moment is not None:
            to_milliseconds(info.field_name, moment)
        return moment

    @property
    def filters(self) -> Filters:
        """The options but for `k`, as an index takes them."""
        return Filters(
            self.contact,
            None if self.after is None else to_milliseconds("after", self.after),
            None if self.before is None else to_milliseconds("before", self.before),
            self.half_life,
        )


class PersonaRetriever(SearchOptions, BaseRetriever):
    """Finds how the persona has answered messages like one: exchanges out of her own chats.

    A document is an exchange: what was said to her, and what she answered. It is found by the words
    of what was said (BM25; those of her answer count a fourth). Languages without spaces work;
    case, accents and stretched letters do not count, emoji do. Ties go to the newest. A message
    without any word finds nothing, and so does an empty index.

    `metadata` holds `said`, `reply`, `time` (ISO 8601, UTC; None if unknown), `contact`, `thread`,
    `conversation` and `score`. The options can be given to a call: `invoke("Hi", k=2)`.

    Callbacks and tracers hear how many exchanges were found, and no text: neither the message nor
    what was found (see docs/privacy.md).

    Needs the extra `[retrieval]`.

    Args:
        index: What is searched: made by `from_examples`, `from_sessions` or `load`; without one,
            nothing is found until `add_examples`.
        k: How many exchanges at most.
        contact: Who they were written to: a name, or the id of a group's thread.
        after: First time: a `datetime`, a `date` or ISO 8601 such as "2024-05-18".
        before: First time that is too late.
        half_life: Age, from the newest exchange, at which one counts half, such as "365d".

    Raises:
        InvalidOptionError: An option is out of its range.
        MissingExtraError: The extra is not installed.

    Example:
        ```python
        train, valid = split_examples(pipeline.stream(loader.lazy_load()))
        retriever = PersonaRetriever.from_examples(train, validation=valid, k=3)
        for document in retriever.invoke("Are you coming tonight?"):
            print(document.page_content)
        retriever.save("exchanges")
        ```
    """

    model_config = ConfigDict(extra="forbid", arbitrary_types_allowed=True)

    index: ExchangeIndex = Field(default_factory=ExchangeIndex)
    """What is searched."""

    @classmethod
    def from_examples(
        cls,
        examples: Iterable[TrainingExample],
        *,
        validation: Iterable[TrainingExample] = (),
        report: IndexReport | None = None,
        **options: Any,
    ) -> PersonaRetriever:
        """Make a retriever of training examples, and never of what is held out.

        Each answer that is trained makes an exchange. Its time is that of its example's last
        message; `from_sessions` knows each one's own.

        Args:
            examples: As `to_training_examples` gives them, or from a file: those know neither
                times nor contacts.
            validation: What is held out: its conversations, and what is said in them, are left out
                now and from all that is added later.
            report: Is filled with what became of the exchanges.
            **options: Those of the class.

        Raises:
            InvalidInputError: These are no training examples, or they are held out themselves.
            InvalidOptionError: An option is out of its range.
        """
        retriever = cls(**options)
        retriever.add_examples(examples, validation=validation, report=report)
        return retriever

    @classmethod
    def from_sessions(
        cls,
        sessions: Iterable[ChatSession] | BaseChatLoader,
        *,
        validation: Iterable[TrainingExample] = (),
        report: IndexReport | None = None,
        **options: Any,
    ) -> PersonaRetriever:
        """Make a retriever of chat sessions in which the persona's messages are the assistant's.

        Args:
            sessions: As `map_ai_messages` gives them.
            validation: What is held out, as in `from_examples`; told by thread, time and words.
            report: Is filled with what became of the exchanges.
            **options: Those of the class.

        Raises:
            InvalidInputError: These are no chat sessions.
            InvalidOptionError: An option is out of its range.
        """
        retriever = cls(**options)
        # An example for each exchange, so that each knows its own time.
        examples = to_training_examples(sessions, max_messages=2, overlap=0)
        retriever.index.hold_out(_examples_in(validation))
        found = (one for example in examples for one in exchanges_of(example))
        retriever.index.add(found, IndexReport() if report is None else report)
        return retriever

    def add_examples(
        self,
        examples: Iterable[TrainingExample],
        *,
        validation: Iterable[TrainingExample] = (),
        report: IndexReport | None = None,
    ) -> None:
        """Add the exchanges of more examples; what is there already is not read again.

        The same words in the same thread are one exchange, with its newest time.

        Args:
            examples: As in `from_examples`.
            validation: What is held out, beside what was before; it is taken out of the index, too.
            report: Is filled with what became of the exchanges.

        Raises:
            InvalidInputError: These are no training examples, or they are held out themselves.
        """
        if isinstance(examples, HeldOut):
            message = (
                "these examples are held out, and what is held out must not be found: give them as "
                "validation="
            )
            raise InvalidInputError(message)
        found = (one for example in _examples_in(examples) for one in exchanges_of(example))
        self.index.add(
            found,
            IndexReport() if report is None else report,
            conversations=self.index.hold_out(_examples_in(validation)),
        )

    def save(self, folder: str | os.PathLike[str]) -> None:
        """Write the index into a folder; what was there before is replaced in one step.

        The file holds chats: it is for its owner alone (0600), and so is a folder that is made.

        Args:
            folder: The folder.

        Raises:
            MissingFolderError: There is a file of this name, or no such home folder.
            OSError: It cannot be written; there is what was there before.
        """
        save_index(self.index, expanded(Path(folder)))

    @classmethod
    def load(cls, folder: str | os.PathLike[str], **options: Any) -> PersonaRetriever:
        """Return a retriever with the index that `save` wrote into a folder.

        Args:
            folder: The folder.
            **options: Those of the class, which are not written.

        Raises:
            MissingFolderError: It holds no index.
            MalformedFileError: The file is damaged, or of another version.
            InvalidOptionError: An option is out of its range.
        """
        return cls(index=load_index(expanded(Path(folder))), **options)

    @override
    def invoke(
        self, input: str, config: RunnableConfig | None = None, **kwargs: Any
    ) -> list[Document]:
        """Return the exchanges that are most like a message, the best first.

        Args:
            input: The message.
            config: Callbacks, tags, run name and the like.
            **kwargs: Options for this call alone: `k`, `contact`, `after`, `before`, `half_life`.

        Raises:
            InvalidInputError: The message is no text.
            InvalidOptionError: An option is out of its range, or there is no such option.
        """
        with traced_retrieval(self, config, kwargs.pop("run_id", None)) as ids:
            documents = self._documents(input, kwargs)
            ids.extend(document.id for document in documents)
        return documents

    @override
    async def ainvoke(
        self, input: str, config: RunnableConfig | None = None, **kwargs: Any
    ) -> list[Document]:
        """Return what `invoke` does, without blocking the event loop."""
        async with atraced_retrieval(self, config, kwargs.pop("run_id", None)) as ids:
            documents = await run_in_thread(self._documents, input, kwargs)
            ids.extend(document.id for document in documents)
        return documents

    @override
    def _get_relevant_documents(
        self, query: str, *, run_manager: CallbackManagerForRetrieverRun | None = None
    ) -> list[Document]:
        return self._documents(query, {})

    @override
    async def _aget_relevant_documents(
        self, query: str, *, run_manager: AsyncCallbackManagerForRetrieverRun | None = None
    ) -> list[Document]:
        return await run_in_thread(self._documents, query, {})

    def _documents(self, message: Any, options: dict[str, Any]) -> list[Document]:
        if not isinstance(message, str):
            error = f"a message to find exchanges by is a text, got {type(message).__name__}"
            raise InvalidInputError(error)
        own = {name: getattr(self, name) for name in SearchOptions.model_fields}
        chosen = SearchOptions(**{**own, **options}) if options else self
        return [*map(_document, self.index.find(message, chosen.k, chosen.filters))]


def _examples_in(examples: Iterable[TrainingExample]) -> Iterable[TrainingExample]:
    return sessions_in(examples, EXAMPLES)


def _document(found: Found) -> Document:
    one = found.exchange
    lines = [f"They: {one.said}"] if one.said else []
    return Document(
        "\n".join([*lines, f"I: {one.reply}"]),
        id=one.id,
        metadata={
            "said": one.said,
            "reply": one.reply,
            "time": _written(one.time),
            "contact": one.contact,
            "thread": one.thread,
            "conversation": one.conversation,
            "score": round(found.score, 4),
        },
    )


def _written(milliseconds: int | None) -> str | None:
    if milliseconds is None:
        return None
    try:
        return datetime.fromtimestamp(milliseconds / 1000, tz=timezone.utc).isoformat()
    except (OverflowError, ValueError, OSError):
        return None  # a time that no calendar has
