"""Exchanges, kept so that those like a message are found at once: exchanges in, a few of them out.

Words are numbered once, when an exchange comes. What is reckoned of all exchanges together is made
anew when something is asked after some were added, from these numbers.
"""

from __future__ import annotations

from array import array
from itertools import islice, pairwise
from threading import RLock
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from langchain_fbmessenger._internal.shown import line
from langchain_fbmessenger.retrieval.bm25 import Scores, library
from langchain_fbmessenger.retrieval.exchanges import Exchange  # noqa: TC001 - for msgspec
from langchain_fbmessenger.retrieval.held_out import HeldOutMemory
from langchain_fbmessenger.retrieval.ranking import Filters, Ranking
from langchain_fbmessenger.retrieval.words import words_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from numpy.typing import NDArray

    from langchain_fbmessenger.examples.schema import TrainingExample
    from langchain_fbmessenger.retrieval.report import IndexReport

__all__ = ["ExchangeIndex", "Found", "IndexContent"]

_COMMON = 0.05  # share of the exchanges that a word stands in
_FEW = 5  # exchanges, which are a large share of a small index
REPLY_SHARE = 0.25
"""What words of the reply count beside those of what was said: a message is to be like the latter,
and its answer may well repeat it."""


class Found(NamedTuple):
    """An exchange that was found, and how well it fits."""

    exchange: Exchange
    score: float


class Texts:
    """Texts as numbers of words, one after the other.

    Args:
        words: The numbers, as bytes.
        ends: Where each text has ended, as bytes.
    """

    def __init__(self, words: bytes = b"", ends: bytes = b"") -> None:
        self._words = array("i", words)
        self._ends = array("q", ends)

    def add(self, words: Iterable[int]) -> None:
        """Add a text."""
        self._words.extend(words)
        self._ends.append(len(self._words))

    def all(self) -> list[list[int]]:
        """Return the texts."""
        words = self._words.tolist()
        return [words[start:end] for start, end in pairwise([0, *self._ends])]

    def fit(self, n_texts: int, n_words: int) -> bool:
        """Tell whether these can be that many texts of that many words."""
        ends = [0, *self._ends]
        return (
            len(self._ends) == n_texts
            and ends == sorted(ends)
            and ends[-1] == len(self._words)
            and min(self._words, default=0) >= 0
            and max(self._words, default=-1) < n_words
        )

    def as_bytes(self) -> tuple[bytes, bytes]:
        """Return what makes the same texts."""
        return self._words.tobytes(), self._ends.tobytes()


class IndexContent(msgspec.Struct):
    """All that an index holds, as it is written.

    Attributes:
        exchanges: The exchanges.
        held_out: What it may not hold.
        words: The words, in the order of their numbers.
        said: What was said, as `Texts` in bytes.
        reply: What was answered, likewise.
        scores: The arrays of both, by name, likewise; None where they are to be reckoned.
    """

    exchanges: list[Exchange] = []
    held_out: HeldOutMemory = msgspec.field(default_factory=HeldOutMemory)
    words: list[str] = []
    said: tuple[bytes, bytes] = (b"", b"")
    reply: tuple[bytes, bytes] = (b"", b"")
    scores: tuple[dict[str, bytes], dict[str, bytes]] | None = None


class _Search(NamedTuple):
    """What is reckoned of all exchanges: by what was said, what was answered, and the rest."""

    exchanges: list[Exchange]
    said: Scores
    reply: Scores
    ranking: Ranking

    def exchanges_with(self, word: int) -> int:
        """Return how many exchanges have a word; those that have it on both sides count twice."""
        return self.said.texts_with(word) + self.reply.texts_with(word)

    def taken(
        self, scores: NDArray[Any], k: int, is_wanted: Callable[[Exchange], bool] | None
    ) -> list[Found]:
        """Return the best exchanges by their scores."""
        ordered = self.ranking.ordered(scores, k)
        found = (Found(self.exchanges[n], float(scores[n])) for n in ordered)
        return [*islice((one for one in found if is_wanted is None or is_wanted(one.exchange)), k)]


class ExchangeIndex:
    """Exchanges by their words; several threads may ask it and add to it at once.

    Args:
        content: What is in it.

    Raises:
        MissingExtraError: The extra `[retrieval]` is not installed.
        ValueError: Parts of the content do not fit each other.
    """

    def __init__(self, content: IndexContent | None = None) -> None:
        library()  # is missing now, or it never is
        content = IndexContent() if content is None else content
        self._exchanges = content.exchanges
        self._held_out = content.held_out
        self._numbers = {word: number for number, word in enumerate(content.words)}
        self._said, self._reply = Texts(*content.said), Texts(*content.reply)
        self._places = {one.id: place for place, one in enumerate(self._exchanges)}
        self._search: _Search | None = None
        self._lock = RLock()
        if content.scores is not None:
            said, reply = (Scores.of_bytes(len(self), arrays) for arrays in content.scores)
            parts = (self._said, self._reply, said, reply)
            if not all(part.fit(len(self), len(self._numbers)) for part in parts):
                message = "the parts of an index do not fit each other"
                raise ValueError(message)
            self._search = _Search([*self._exchanges], said, reply, Ranking(self._exchanges))

    def __len__(self) -> int:
        return len(self._exchanges)

    def __repr__(self) -> str:
        return line("ExchangeIndex", {"exchanges": len(self)})

    def __reduce__(self) -> tuple[type[ExchangeIndex], tuple[IndexContent]]:
        return type(self), (self.content(),)

    def content(self) -> IndexContent:
        """Return what makes the same index again."""
        with self._lock:
            search = self._up_to_date()
            return IndexContent(
                exchanges=[*self._exchanges],
                held_out=self._held_out.copy(),
                words=[*self._numbers],
                said=self._said.as_bytes(),
                reply=self._reply.as_bytes(),
                scores=(search.said.as_bytes(), search.reply.as_bytes()),
            )

    def hold_out(self, examples: Iterable[TrainingExample]) -> set[tuple[str, int]]:
        """Never hold the exchanges of some examples; those that are here already go.

        Returns:
            Their conversations, as `HeldOutMemory.add` gives them.
        """
        with self._lock:
            conversations = self._held_out.add(examples)
            kept = [one for one in self._exchanges if not self._held_out.holds(one)]
            if len(kept) < len(self._exchanges):
                self._begin_anew(kept)
            return conversations

    def add(
        self,
        exchanges: Iterable[Exchange],
        report: IndexReport,
        *,
        conversations: Collection[tuple[str, int]] = (),
    ) -> None:
        """Take up exchanges, each once.

        Of one that is known already, the newest time is kept.

        Args:
            exchanges: The exchanges.
            report: Is filled with what became of them.
            conversations: Thread and number of those that are held out in this run.
        """
        for exchange in exchanges:
            is_of_one = (exchange.thread, exchange.conversation) in conversations
            with self._lock:
                if is_of_one or self._held_out.holds(exchange):
                    report.held_out += 1
                elif (place := self._places.get(name := exchange.id)) is not None:
                    report.known += 1
                    self._keep_newest(place, exchange)
                else:
                    report.added += 1
                    self._take(exchange, name)

    def find(  # noqa: PLR0913 - what is looked for
        self,
        message: str,
        k: int,
        filters: Filters,
        *,
        reply_share: float = REPLY_SHARE,
        by_rare_words: bool = False,
        is_wanted: Callable[[Exchange], bool] | None = None,
    ) -> list[Found]:
        """Return the exchanges that are most like a message, the best first.

        Args:
            message: The message.
            k: How many at most; those that share no word with it are never among them.
            filters: Which ones.
            reply_share: What words of the reply count beside those of what was said.
            by_rare_words: Whether to pass over words that every twentieth exchange has: they say
                how people talk, not of what.
            is_wanted: Tells whether to take an exchange; None takes any.
        """
        with self._lock:
            search = self._up_to_date()
            known = self._numbers
            numbers = [known[word] for word in dict.fromkeys(words_of(message)) if word in known]
        if by_rare_words:
            most = max(_FEW, _COMMON * len(search.exchanges))
            numbers = [n for n in numbers if search.exchanges_with(n) <= most]
        scores = search.said.of_question(numbers)
        scores += reply_share * search.reply.of_question(numbers)
        scores = scores * search.ranking.weights(filters)
        return search.taken(scores, k, is_wanted)

    def newest(
        self, k: int, filters: Filters, is_wanted: Callable[[Exchange], bool] | None = None
    ) -> list[Found]:
        """Return the newest exchanges, the newest first; their score is 0."""
        with self._lock:
            search = self._up_to_date()
        is_looked_for = (search.ranking.weights(filters) > 0).astype(float)
        return [one._replace(score=0.0) for one in search.taken(is_looked_for, k, is_wanted)]

    def _take(self, exchange: Exchange, name: str) -> None:
        self._places[name] = len(self._exchanges)
        self._exchanges.append(exchange)
        for texts, text in ((self._said, exchange.said), (self._reply, exchange.reply)):
            numbers = self._numbers
            texts.add([numbers.setdefault(word, len(numbers)) for word in words_of(text)])
        self._search = None

    def _keep_newest(self, place: int, exchange: Exchange) -> None:
        known = self._exchanges[place].time
        if exchange.time is not None and (known is None or exchange.time > known):
            self._exchanges[place] = exchange
            self._search = None

    def _begin_anew(self, exchanges: list[Exchange]) -> None:
        self._exchanges, self._places, self._numbers = [], {}, {}
        self._said, self._reply, self._search = Texts(), Texts(), None
        for exchange in exchanges:
            self._take(exchange, exchange.id)

    def _up_to_date(self) -> _Search:
        if self._search is None:
            said, reply = (
                Scores.of_texts(texts.all(), len(self._numbers))
                for texts in (self._said, self._reply)
            )
            self._search = _Search([*self._exchanges], said, reply, Ranking(self._exchanges))
        return self._search
