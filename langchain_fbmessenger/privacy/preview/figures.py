"""A preview: what would be replaced in an export, what would not, and samples of both.

What was not touched, though it looks like a name or an identifier, is shown without judgement: a
house number and a phone number of an unknown country look alike. Readers of a preview decide.
"""

from __future__ import annotations

import re
from collections import Counter
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from typing_extensions import override

from langchain_fbmessenger._internal.home import (
    default_home,
    private_folder,
    temporary_folder,
    write_private,
)
from langchain_fbmessenger._internal.names import comparable_name
from langchain_fbmessenger._internal.roster import people_of
from langchain_fbmessenger.privacy.findings import (
    KINDS,
    OUTSIDE_KINDS,
    Finding,
    find_in,
    without_overlaps,
)
from langchain_fbmessenger.privacy.names import NameBook
from langchain_fbmessenger.privacy.preview.samples import Reservoir, Sample, sample_of
from langchain_fbmessenger.privacy.report import PrivacyReport
from langchain_fbmessenger.privacy.scrub import names_in
from langchain_fbmessenger.sessions.intake import transcripts_of
from langchain_fbmessenger.transcripts.transcript import SessionIterator

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from langchain_core.chat_sessions import ChatSession

    from langchain_fbmessenger._internal.roster import Person
    from langchain_fbmessenger.exports import LoadReport
    from langchain_fbmessenger.transcripts.transcript import Transcript

__all__ = ["LEFT_KINDS", "Preview", "left_in", "preview_key"]

USUAL_KINDS = tuple(kind for kind in KINDS if kind not in OUTSIDE_KINDS)
_MOST_WORDS = 50_000  # distinct ones that are counted; German writes every noun with a capital


class Preview(PrivacyReport):
    """A report that keeps samples: what is replaced, by what, and what is not touched.

    It holds words of chats, so it is for the user's own eyes: its `repr` and `str` are figures
    alone. Samples are chosen evenly over all messages, the same ones each time, and memory does
    not grow with their number.

    Args:
        samples: How many messages are kept of each kind.
        kinds: What is looked for, of `KINDS`; the others are `not_asked`. By default what the
            stages look for by default.

    Attributes:
        renamed: Who becomes who, those who have written most first.
        kept: People who keep their names.
        written: Messages by sender.
        left_words: Words with a capital inside a sentence that are not a known name.
        media: Photos, videos and other files, by kind. Nobody looks at what is on them.
        left_out: Messages that were not loaded, by reason.
        not_asked: Kinds that are not looked for.

    Example:
        ```python
        preview = Preview()
        with preview_key("names.key") as key:
            watched = preview.watch(loader.lazy_load())
            for _ in pseudonymize_chat_sessions(watched, key=key, report=preview):
                pass  # or write them
            preview.finish(key=key, loaded=loader.report)
        print(preview)  # figures
        preview.samples("phone")[0].after  # a text
        ```
    """

    def __init__(self, *, samples: int = 5, kinds: Iterable[str] = USUAL_KINDS) -> None:
        super().__init__()
        asked = set(kinds)
        self.renamed: dict[str, str] = {}
        self.kept: set[str] = set()
        self.written: Counter[str] = Counter()
        self.left_words: Counter[str] = Counter()
        self.media: Counter[str] = Counter()
        self.left_out: Counter[str] = Counter()
        self.not_asked = tuple(kind for kind in KINDS if kind not in asked)
        self._size = samples
        self._reservoirs: dict[str, Reservoir[Sample]] = {}
        self._kept_words: set[str] = set()

    @property
    def left(self) -> dict[str, int]:
        """Messages that still hold what looks like a name or an identifier, by kind."""
        return {kind: self.messages_with(kind) for kind in LEFT_KINDS if self.messages_with(kind)}

    def messages_with(self, kind: str) -> int:
        """Return how many messages hold something of a kind of `KINDS` or `LEFT_KINDS`."""
        return self._reservoirs[kind].seen if kind in self._reservoirs else 0

    def samples(self, kind: str) -> list[Sample]:
        """Return the samples of a kind of `KINDS` or `LEFT_KINDS`, in the order of the chats."""
        return self._reservoirs[kind].kept() if kind in self._reservoirs else []

    def keep(self, names: Iterable[str]) -> None:
        """Note who keeps their name, so that it is not taken for a stranger's."""
        for name in names:
            self.kept.add(name)
            self._kept_words.update(comparable_name(name).split())

    @override
    def saw(self, before: str, after: str, findings: list[Finding]) -> None:
        super().saw(before, after, findings)
        marks = findings
        if left := left_in(before):
            marks = without_overlaps([*findings, *self._strangers(left)])
        if not marks:
            return
        self.left_words.update(before[m.start : m.end] for m in marks if m.kind == "word")
        if len(self.left_words) > _MOST_WORDS:
            self.left_words = Counter(dict(self.left_words.most_common(_MOST_WORDS // 2)))
        for kind in dict.fromkeys(mark.kind for mark in marks):
            reservoir = self._reservoirs.setdefault(kind, Reservoir(self._size, kind))
            reservoir.offer(partial(sample_of, before, marks, kind))

    def watch(
        self, sessions: Iterable[ChatSession], *, keep_owner: bool = False
    ) -> Iterator[ChatSession]:
        """Pass sessions on as they are, and note who and what is in them.

        Args:
            sessions: The sessions, as they go into the stages.
            keep_owner: Whether the stages leave their owner's name.
        """
        watched = self._watched(transcripts_of(iter([sessions])), keep_owner=keep_owner)
        return SessionIterator(lambda _: watched)

    def finish(self, *, key: Path | None = None, loaded: LoadReport | None = None) -> None:
        """Note what is only known when all sessions have passed.

        Args:
            key: The key file that the stages use, if they invent names.
            loaded: What the loader says of what it has left out.
        """
        kept = {comparable_name(name) for name in self.kept}
        people = sorted(
            (name for name in self.renamed if name and comparable_name(name) not in kept),
            key=lambda name: -self.written[name],
        )
        self.renamed = {}
        if key is not None:
            book = NameBook(key)
            invented = ((name, book.invented(name)) for name in people)
            # Deleted accounts share a name that tells of no one: it stays.
            self.renamed = {name: new for name, new in invented if new != name}
        if loaded is not None:
            self.left_out.update(loaded.messages_skipped)

    def _watched(self, sessions: Iterator[Transcript], *, keep_owner: bool) -> Iterator[Transcript]:
        known: tuple[Person, ...] = ()
        for session in sessions:
            thread = session.thread
            if keep_owner and isinstance(thread, dict) and thread.get("owner"):
                self.keep([thread["owner"]])
            self.renamed.update(dict.fromkeys(names_in(session), ""))
            if people_of(thread) is not known:  # one tuple for all sessions of a load
                known = people_of(thread)
                self.renamed.update(dict.fromkeys((one.name for one in known), ""))
            events = [event for _, _, event in session.extras()]
            if session.is_loaded:
                self.written.update(session.senders)
            else:
                told = [message.additional_kwargs for message in session.messages()]
                self.written.update(str(kwargs.get("sender", "")) for kwargs in told)
                events = [event for kwargs in told for event in kwargs.get("events") or ()]
            for event in events:
                self.media.update(one["kind"] for one in event.get("attachments") or ())
            yield session
            del session  # while the next one is read

    def _strangers(self, left: list[Finding]) -> Iterator[Finding]:
        for found in left:
            if found.kind != "word" or comparable_name(found.replacement) not in self._kept_words:
                yield found

    @override
    def __str__(self) -> str:
        left = ", ".join(f"{n:,} with a {kind}" for kind, n in self.left.items()) or "none"
        return f"{super().__str__()}\nnot touched, in messages: {left}"


@contextmanager
def preview_key(key: Path | None) -> Iterator[Path]:
    """Give a key file that a preview may write to: gone in the end, the user's own unchanged.

    Args:
        key: The key file. If it exists, a copy of it is given, so that the names are those that
            it would give; else there is no file yet, and the names are good for one preview.
    """
    place = private_folder(default_home() / "previews")
    with temporary_folder(place) as folder:
        path = folder / "preview.key"
        if key is not None and key.exists():
            write_private(path, key.read_bytes())
        yield path


LEFT_KINDS = ("word", "number", "mention", "url")

# Within a sentence: behind a word or a comma, so that no sentence starts there.
_LEFT = re.compile(
    r"""
    (?P<url>(?:https?://|www\.)[^\s<>"]+)
    | (?P<mention>(?<!\w)@\w[\w.]*)
    | (?P<number>\+?\d(?:[ ./()+-]?\d){4,})
    | (?<=[\w,;:)"'\u2019-]\ )(?P<word>[^\W\d_][\w'\u2019-]+)
    """,
    re.VERBOSE,
)


def left_in(text: str) -> list[Finding]:
    """Return what looks like a name or an identifier, each as a finding that replaces nothing.

    Args:
        text: The text as it was; what others have found in it is sorted out by the caller.

    Returns:
        Findings of `LEFT_KINDS`: words with a capital inside a sentence, runs of five or more
        digits, words behind an "@", web addresses. Their replacement is how they read.
    """
    return find_in(text, [_LeftOver()])


class _LeftOver:
    def find(self, text: str) -> list[Finding]:
        return [*self._all(text)]

    def _all(self, text: str) -> Iterator[Finding]:
        for match in _LEFT.finditer(text):
            kind = match.lastgroup
            if kind is not None and (kind != "word" or _is_capitalised(match[0])):
                yield Finding(match.start(), match.end(), kind, match[0])


def _is_capitalised(word: str) -> bool:
    # A shout is not a name, and neither is "I'm".
    return word[0].isupper() and not word.isupper() and word[1].isalpha()
