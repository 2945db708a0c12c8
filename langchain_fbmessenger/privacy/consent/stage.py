"""Leave out who has not agreed: sessions in, fewer sessions and messages out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Optional, overload

from pydantic import ConfigDict, Field, field_validator
from typing_extensions import TypedDict, Unpack, override

from langchain_fbmessenger._internal.names import comparable_name, find_person
from langchain_fbmessenger._internal.roster import nicknames_of, participants_of, people_of
from langchain_fbmessenger.exceptions import InvalidOptionError, UnknownSenderError
from langchain_fbmessenger.privacy.consent.contacts import Contacts, GivenContacts
from langchain_fbmessenger.privacy.consent.decisions import Decisions
from langchain_fbmessenger.privacy.consent.removal import without_people
from langchain_fbmessenger.privacy.consent.report import REQUEST, ConsentReport, LeftOut
from langchain_fbmessenger.privacy.options import Names  # noqa: TC001 - pydantic reads it
from langchain_fbmessenger.privacy.scrub import names_in
from langchain_fbmessenger.sessions.functions import function_of, runnable_or_iterator
from langchain_fbmessenger.sessions.stage import TranscriptStage

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Iterator

    from langchain_core.chat_loaders import BaseChatLoader
    from langchain_core.chat_sessions import ChatSession

    from langchain_fbmessenger._internal.roster import Person
    from langchain_fbmessenger.transcripts.transcript import Transcript

__all__ = ["ApplyConsent", "apply_consent"]

_FROM_STRANGERS = {"message_requests", "filtered_threads"}


class ApplyConsent(TranscriptStage):
    """The Runnable form of `apply_consent`."""

    name: str | None = "apply_consent"
    model_config = ConfigDict(arbitrary_types_allowed=True)

    contacts: GivenContacts = Field(default=Contacts(), repr=False)
    """Who has agreed to what."""

    forget: Names = Field(default=(), repr=False)
    """Names of people to leave out, with the answers to them."""

    report: Optional[ConsentReport] = Field(default=None, repr=False)  # noqa: UP045 - read on 3.10
    """Is filled with what was left out."""

    @field_validator("forget")
    @classmethod
    def _no_blank_name(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        if not all(map(comparable_name, names)):
            message = "a name to forget is blank"
            raise InvalidOptionError(message)
        return names

    @property
    @override
    def one_to_one(self) -> bool:
        return False

    @override
    def over(self, sessions: Iterator[Transcript]) -> Iterator[Transcript]:
        run = _Run(self)
        for session in sessions:
            kept = run.apply(session)
            if kept is not None:
                yield kept
            del session, kept  # while the next one is read
        run.check()


class _Run:
    """What one run has seen, and decided of the people of an export."""

    def __init__(self, stage: ApplyConsent) -> None:
        self._contacts = stage.contacts
        self._forget = stage.forget
        self._report = ConsentReport() if stage.report is None else stage.report
        self._people: tuple[Person, ...] = ()
        self._seen: dict[str, str] = {}
        self._decide()

    def apply(self, session: Transcript) -> Transcript | None:
        thread = session.thread if isinstance(session.thread, dict) else {}
        here = _by_comparable_name(names_in(session))
        self._meet(people_of(thread), here)
        self._report.sessions += 1
        self._report.messages += len(session)
        kept = self._kept(session, thread, here)
        self._report.sessions_left_out += kept is None
        return kept

    def check(self) -> None:
        """Find out whether everybody who must not be read was met, under the names given.

        Raises:
            UnknownSenderError: Somebody was not: a mistake in writing would let them through.
        """
        entries = [(name, "exclude", self._contacts.aliases_of(name)) for name in self._forget]
        entries += [(n, str(c.consent), c.aliases) for n, c in self._contacts.people.items()]
        self._decide()
        known = self._decisions.known
        for name, consent, aliases in entries:
            written = any(comparable_name(one) in self._seen for one in (name, *aliases))
            if not written and not any(find_person(one, known) for one in (name, *aliases)):
                if consent == "exclude" and self._seen:
                    raise UnknownSenderError(name, list(self._seen.values()))
                self._report.unknown_people += 1

    def _meet(self, people: tuple[Person, ...], here: dict[str, str]) -> None:
        if people is not self._people:  # one tuple for all sessions of a load
            self._people = people
            self._decide()
            self._seen |= self._decisions.all_names
        if not here.keys() <= self._seen.keys():
            self._seen = here | self._seen
            if self._decisions.unmatched:  # somebody who is met now may be meant
                self._decide()

    def _decide(self) -> None:
        others = self._seen.values()
        self._decisions = Decisions(self._contacts, self._forget, self._people, others)
        self._left_out: dict[str, LeftOut] = {}

    def _kept(self, session: Transcript, thread: Any, here: dict[str, str]) -> Transcript | None:
        owner = thread.get("owner")
        own_key = comparable_name(owner) if isinstance(owner, str) else ""
        if own_key and self._decisions.by_name(own_key) == "exclude":
            message = (
                f"{owner!r} is the owner of this export, who cannot be excluded or forgotten: "
                "whose answers would a model learn?"
            )
            raise InvalidOptionError(message)
        others = (name for name in participants_of(thread) if name != owner)
        decided = map(self._decisions.by_name, others)
        if thread.get("folder") in _FROM_STRANGERS and not any(decided):
            self._report.messages_left_out[REQUEST] += len(session)
            return None
        if own_key not in self._left_out:
            self._left_out[own_key] = LeftOut(self._decisions, own_key)
        left_out = self._left_out[own_key]
        finder = left_out.finder(here, nicknames_of(thread))
        if finder is None:
            return session
        return without_people(session, left_out, finder, self._report)


def _by_comparable_name(names: list[str]) -> dict[str, str]:
    """Return names as they are compared, in their order, and as each was written last."""
    keys = {name: comparable_name(name) for name in dict.fromkeys(names)}
    latest_first = dict.fromkeys(reversed(names))
    return dict.fromkeys(keys.values(), "") | {keys[n]: n for n in reversed(latest_first)}


class ConsentOptions(TypedDict, total=False):
    """The options of `apply_consent`, for type checkers."""

    contacts: Contacts | str | os.PathLike[str] | None
    forget: Iterable[str]
    report: ConsentReport | None


@overload
def apply_consent(
    chat_sessions: Iterable[ChatSession] | BaseChatLoader, **options: Unpack[ConsentOptions]
) -> Iterator[ChatSession]: ...
@overload
def apply_consent(
    chat_sessions: None = None, **options: Unpack[ConsentOptions]
) -> ApplyConsent: ...
@function_of(ApplyConsent, ConsentOptions)
def apply_consent(  # noqa: D417 - one by one
    chat_sessions: Iterable[ChatSession] | BaseChatLoader | None = None, **options: Any
) -> Iterator[ChatSession] | ApplyConsent:
    """Leave out who has not agreed to be read.

    Of people who are excluded or forgotten go: their messages; the turns that answer them, that is,
    what the next person writes directly behind them; their chats with the owner alone; their
    reactions and their place among the participants. Where others name them it says "[someone]".
    Message requests and filtered threads are left out, but for those with somebody whom the
    contacts name as included or pseudonymised.

    Put it before `split_chat_sessions`, which may part an answer from its question. Under an
    invented name people stay by `pseudonymize_chat_sessions`, which comes behind.

    Args:
        chat_sessions: The sessions, or a loader of them; without them a Runnable is returned.
        contacts: Who has agreed to what: a `Contacts` or a file (see `write_contacts`).
        forget: Names of people to be left out, whatever the contacts say.
        report: Is filled with what was left out.

    Returns:
        An iterator over new sessions, fewer where nothing of one is left; or the Runnable that does
        the same. Former names of our loaders' exports count as the person's own.

    Raises:
        MissingExtraError: The extra `[privacy]` is not installed.
        UnknownSenderError: Somebody to be excluded or forgotten occurs nowhere, so that the name is
            likely misspelt. A stream raises it at its end, when all sessions have been seen.
        InvalidOptionError: The owner of an export is to be left out.
        MalformedFileError: The contacts are wrong.
        FileNotFoundError: There is no such contacts file.

    Example:
        ```python
        pipeline = apply_consent(contacts="contacts.toml", forget=["Milo"]) | map_ai_messages()
        ```
    """
    return runnable_or_iterator(ApplyConsent(**options), chat_sessions)
