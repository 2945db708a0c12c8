"""Leave out who has not agreed: sessions in, fewer sessions and messages out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Optional, cast, overload

from pydantic import ConfigDict, Field, field_validator
from typing_extensions import override

from langchain_fbmessenger._names import comparable_name, find_person
from langchain_fbmessenger._roster import nicknames_of, participants_of, people_of
from langchain_fbmessenger._times import read_times
from langchain_fbmessenger.exceptions import InvalidOptionError, UnknownSenderError
from langchain_fbmessenger.exports import is_deleted_account
from langchain_fbmessenger.privacy.consent.contacts import Contacts, as_contacts
from langchain_fbmessenger.privacy.consent.decisions import Decisions
from langchain_fbmessenger.privacy.consent.mentions import MentionFinder, NamesLeftOut
from langchain_fbmessenger.privacy.consent.removal import without_people
from langchain_fbmessenger.privacy.consent.report import REQUEST, ConsentReport
from langchain_fbmessenger.privacy.options import Names, several
from langchain_fbmessenger.privacy.scrub import names_in
from langchain_fbmessenger.sessions.stage import SessionStage, dual_form

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Iterator

    from langchain_core.chat_loaders import BaseChatLoader
    from langchain_core.chat_sessions import ChatSession

    from langchain_fbmessenger._roster import Person

__all__ = ["ApplyConsent", "apply_consent"]

_FROM_STRANGERS = {"message_requests", "filtered_threads"}


class ApplyConsent(SessionStage):
    """The Runnable form of `apply_consent`."""

    name: str | None = "apply_consent"
    model_config = ConfigDict(arbitrary_types_allowed=True)

    contacts: Contacts = Field(default=Contacts(), repr=False)
    """Who has agreed to what."""

    forget: Names = Field(default=(), repr=False)
    """Names of people to be left out."""

    report: Optional[ConsentReport] = Field(default=None, repr=False)  # noqa: UP045 - read on 3.10
    """Is told what was left out."""

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
    def apply(self, sessions: Iterator[ChatSession]) -> Iterator[ChatSession]:
        run = _Run(self)
        for session in sessions:
            kept = run.apply(session)
            if kept is not None:
                yield kept
        run.check()


class _Run:
    """What one run has seen, and decided of the people of an export."""

    def __init__(self, stage: ApplyConsent) -> None:
        self._contacts = stage.contacts
        self._forget = stage.forget
        self._report = ConsentReport() if stage.report is None else stage.report
        self._people: tuple[Person, ...] = ()
        self._decisions = Decisions(stage.contacts, stage.forget, ())
        self._seen: dict[str, str] = {}
        self._compared: tuple[frozenset[str], frozenset[str]] = (frozenset(), frozenset())
        self._names = NamesLeftOut(())

    def apply(self, session: ChatSession) -> ChatSession | None:
        thread: Any = cast("dict[str, Any]", session).get("thread")
        thread = thread if isinstance(thread, dict) else {}
        self._meet(thread, session)
        self._report.sessions += 1
        self._report.messages += len(session["messages"])
        kept = self._kept(session, thread)
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

    def _meet(self, thread: Any, session: ChatSession) -> None:
        if people_of(thread) is not self._people:  # one tuple for all sessions of a load
            self._people = people_of(thread)
            self._decide()
            self._seen |= self._decisions.all_names
        new = {comparable_name(name): name for name in names_in(session)}
        if not new.keys() <= self._seen.keys():
            self._seen = new | self._seen
            if self._decisions.unmatched:  # somebody who is met now may be meant
                self._decide()

    def _decide(self) -> None:
        others = self._seen.values()
        self._decisions = Decisions(self._contacts, self._forget, self._people, others)

    def _kept(self, session: ChatSession, thread: Any) -> ChatSession | None:
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
            self._report.messages_left_out[REQUEST] += len(session["messages"])
            return None
        known: dict[str, bool] = {}

        def is_left_out(name: str) -> bool:
            if name not in known:
                known[name] = (
                    comparable_name(name) != own_key
                    and not is_deleted_account(name)
                    and self._decisions.of(name) == "exclude"
                )
            return known[name]

        left_out = dict(self._decisions.removed)
        here = {comparable_name(name): name for name in names_in(session)}
        left_out |= {key: name for key, name in here.items() if is_left_out(name)}
        left_out.pop(own_key, None)
        if not left_out:
            return session
        # What tells the day from the month in times of WhatsApp may go with a message.
        messages, _ = read_times(list(session["messages"]))
        session = cast("ChatSession", {**session, "messages": messages})
        finder = self._finder(left_out, nicknames_of(thread), here)
        return without_people(session, is_left_out, finder, self._report)

    def _finder(
        self,
        left_out: dict[str, str],
        nicknames: tuple[tuple[str, str], ...],
        here: dict[str, str],
    ) -> MentionFinder:
        theirs = [nick for name, nick in nicknames if comparable_name(name) in left_out]
        others = {**self._decisions.all_names, **here}
        kept = frozenset(name for key, name in others.items() if key not in left_out)
        compared = frozenset(left_out.values()), kept
        if self._compared != compared:  # most threads have the people of the one before
            self._compared, self._names = compared, NamesLeftOut(*compared)
        return MentionFinder(self._names, theirs, left_out)


@overload
def apply_consent(
    chat_sessions: Iterable[ChatSession] | BaseChatLoader,
    *,
    contacts: Contacts | str | os.PathLike[str] | None = ...,
    forget: Iterable[str] = ...,
    report: ConsentReport | None = ...,
) -> Iterator[ChatSession]: ...
@overload
def apply_consent(
    chat_sessions: None = None,
    *,
    contacts: Contacts | str | os.PathLike[str] | None = ...,
    forget: Iterable[str] = ...,
    report: ConsentReport | None = ...,
) -> ApplyConsent: ...
def apply_consent(
    chat_sessions: Iterable[ChatSession] | BaseChatLoader | None = None,
    *,
    contacts: Contacts | str | os.PathLike[str] | None = None,
    forget: Iterable[str] = (),
    report: ConsentReport | None = None,
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
        report: Is told what was left out.

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
    stage = ApplyConsent(contacts=as_contacts(contacts), forget=several(forget), report=report)
    return cast("Iterator[ChatSession] | ApplyConsent", dual_form(stage, chat_sessions))
