"""The privacy stages: sessions in, sessions without real names and identifiers out."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path  # noqa: TC003 - pydantic too
from typing import TYPE_CHECKING, Any, Optional, overload

from pydantic import ConfigDict, Field
from typing_extensions import Required, TypedDict, Unpack, override

from langchain_fbmessenger._internal.roster import Person, nicknames_of, people_of
from langchain_fbmessenger.privacy.consent.contacts import Contacts, GivenContacts
from langchain_fbmessenger.privacy.consent.decisions import Decisions
from langchain_fbmessenger.privacy.identifiers import IdentifierFinder
from langchain_fbmessenger.privacy.identifiers.finder import Style  # noqa: TC001 - pydantic too
from langchain_fbmessenger.privacy.names import NameBook
from langchain_fbmessenger.privacy.options import (  # noqa: TC001
    Kind,
    Kinds,
    Names,
    Regions,
    UnknownNames,
)
from langchain_fbmessenger.privacy.people import PeopleMet
from langchain_fbmessenger.privacy.report import PrivacyReport
from langchain_fbmessenger.privacy.scrub import SessionScrubber, names_in
from langchain_fbmessenger.sessions.functions import function_of, runnable_or_iterator
from langchain_fbmessenger.sessions.stage import TranscriptStage

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Iterator

    from langchain_core.chat_loaders import BaseChatLoader
    from langchain_core.chat_sessions import ChatSession

    from langchain_fbmessenger.transcripts.transcript import Transcript

__all__ = [
    "PseudonymizeChatSessions",
    "RedactIdentifiers",
    "pseudonymize_chat_sessions",
    "redact_identifiers",
]


class RedactIdentifiers(TranscriptStage):
    """The Runnable form of `redact_identifiers`."""

    name: str | None = "redact_identifiers"
    model_config = ConfigDict(arbitrary_types_allowed=True)

    kinds: Kinds = None
    """Kinds of identifiers to replace; all by default."""

    regions: Regions = None
    """Countries whose national formats are read."""

    report: Optional[PrivacyReport] = Field(default=None, repr=False)  # noqa: UP045
    """Is filled with what was replaced."""

    @override
    def over(self, sessions: Iterator[Transcript]) -> Iterator[Transcript]:
        finder = IdentifierFinder(kinds=self.kinds, regions=self.regions)
        report = PrivacyReport() if self.report is None else self.report
        scrubber = SessionScrubber(finder, None, None, report)
        yield from map(scrubber.scrub, sessions)


class PseudonymizeChatSessions(TranscriptStage):
    """The Runnable form of `pseudonymize_chat_sessions`."""

    name: str | None = "pseudonymize_chat_sessions"
    model_config = ConfigDict(arbitrary_types_allowed=True)

    key: Path = Field(repr=False)
    """The key file."""

    keep_owner: bool = False
    """Whether the export's owner keeps their name."""

    keep: Names = Field(default=(), repr=False)
    """Names of people who keep theirs."""

    people: Names = Field(default=(), repr=False)
    """Names of more people to replace, who take part in no chat."""

    contacts: GivenContacts = Field(default=Contacts(), repr=False)
    """Who is to stay under their own name, and what people are called besides."""

    unknown_names: UnknownNames = "keep"
    """Whether texts "keep" the names of people who are in no chat, and user names behind an @, or
    "replace" those that are found."""

    identifiers: Optional[Style] = "placeholder"  # noqa: UP045 - read on Python 3.10 too
    """What stands in place of a phone number: "placeholder", "fake", or None to leave it."""

    kinds: Kinds = None
    """Kinds of identifiers to replace; all by default."""

    regions: Regions = None
    """Countries whose national formats are read."""

    report: Optional[PrivacyReport] = Field(default=None, repr=False)  # noqa: UP045
    """Is filled with what was replaced."""

    @override
    def over(self, sessions: Iterator[Transcript]) -> Iterator[Transcript]:
        report = PrivacyReport() if self.report is None else self.report
        book = NameBook(self.key, keep=self.keep)
        told = [Person(name, contact.aliases) for name, contact in self.contacts.people.items()]
        run = PeopleMet(book, self.keep, Decisions(self.contacts, (), ()))
        run.meet([*told, *map(Person, self.people)])
        identifiers = self._identifiers(book.secret)
        replaces_unknown = self.unknown_names == "replace"
        known: tuple[Person, ...] = ()
        for session in sessions:
            thread = session.thread
            owner = thread.get("owner") if isinstance(thread, dict) else None
            if self.keep_owner and isinstance(owner, str):
                book.keep(owner)
            if people_of(thread) is not known:  # one tuple for all sessions of a load
                known = people_of(thread)
                run.decisions = Decisions(self.contacts, (), known)
                run.meet(known)
            names = [*dict.fromkeys(names_in(session))]
            if run.decisions.unmatched:  # a name of the contacts may lack its accents
                run.decisions = Decisions(self.contacts, (), known, names)
            run.meet(map(Person, names))
            report.people = book.people
            finder = book.finder(nicknames_of(thread), unknown=replaces_unknown)
            scrubber = SessionScrubber(identifiers, book, finder, report)
            with book.holding_key() if replaces_unknown else nullcontext():
                scrubbed = scrubber.scrub(session)
            yield scrubbed
            del session, scrubbed  # while the next one is read

    def _identifiers(self, secret: bytes) -> IdentifierFinder | None:
        if self.identifiers is None:
            return None
        return IdentifierFinder(
            kinds=self.kinds, style=self.identifiers, secret=secret, regions=self.regions
        )


class RedactOptions(TypedDict, total=False):
    """The options of `redact_identifiers`, for type checkers."""

    kinds: Iterable[Kind] | None
    regions: Iterable[str] | None
    report: PrivacyReport | None


@overload
def redact_identifiers(
    chat_sessions: Iterable[ChatSession] | BaseChatLoader, **options: Unpack[RedactOptions]
) -> Iterator[ChatSession]: ...
@overload
def redact_identifiers(
    chat_sessions: None = None, **options: Unpack[RedactOptions]
) -> RedactIdentifiers: ...
@function_of(RedactIdentifiers, RedactOptions)
def redact_identifiers(  # noqa: D417 - one by one
    chat_sessions: Iterable[ChatSession] | BaseChatLoader | None = None, **options: Any
) -> Iterator[ChatSession] | RedactIdentifiers:
    """Replace phone numbers, e-mail addresses, cards by "[phone]", "[email]" and the like.

    Names stay: `pseudonymize_chat_sessions` does both. No message is dropped, and nothing leaves
    this machine to find them.

    Args:
        chat_sessions: The sessions, or a loader of them; without them a Runnable is returned.
        kinds: Which of phone, email, card, iban, ip, link, address, id; all by default. Of a link,
            only what lets its bearer in (a token, a password) is replaced.
        regions: Countries whose national phone numbers are read, such as "CZ"; by default those
            that fit the languages of the package's tables.
        report: Is filled with what was replaced.

    Returns:
        An iterator over new sessions, or the Runnable that does the same.

    Raises:
        MissingExtraError: The extra `[privacy]` is not installed.
        InvalidOptionError: There is no such kind or region.

    Example:
        ```python
        pipeline = redact_identifiers() | map_ai_messages() | to_training_examples()
        ```
    """
    return runnable_or_iterator(RedactIdentifiers(**options), chat_sessions)


class PseudonymizeOptions(TypedDict, total=False):
    """The options of `pseudonymize_chat_sessions`, for type checkers."""

    key: Required[str | os.PathLike[str]]
    keep_owner: bool
    keep: Iterable[str]
    people: Iterable[str]
    contacts: Contacts | str | os.PathLike[str] | None
    unknown_names: UnknownNames
    identifiers: Style | None
    kinds: Iterable[Kind] | None
    regions: Iterable[str] | None
    report: PrivacyReport | None


@overload
def pseudonymize_chat_sessions(
    chat_sessions: Iterable[ChatSession] | BaseChatLoader, **options: Unpack[PseudonymizeOptions]
) -> Iterator[ChatSession]: ...
@overload
def pseudonymize_chat_sessions(
    chat_sessions: None = None, **options: Unpack[PseudonymizeOptions]
) -> PseudonymizeChatSessions: ...
@function_of(PseudonymizeChatSessions, PseudonymizeOptions)
def pseudonymize_chat_sessions(  # noqa: D417 - one by one
    chat_sessions: Iterable[ChatSession] | BaseChatLoader | None = None, **options: Any
) -> Iterator[ChatSession] | PseudonymizeChatSessions:
    """Give everybody in an export an invented name, in all threads and texts.

    Each part of a name has one invented counterpart: all who are called Milo become, say, Tomas,
    and stay so with the same key. Found in texts are full and first names, nicknames set in the
    chat, mentions, and forms that docs/privacy.md lists (inflected, misspelt). Phone numbers and
    other identifiers are replaced as well. No message is dropped.

    A session of our loaders remembers everybody in its export, so that people are known in the
    threads of others too. Of other loaders' sessions, those who take part are known, and those
    of sessions before; name the others in `people`.

    Args:
        chat_sessions: The sessions, or a loader of them; without them a Runnable is returned.
        key: The key file: made if it does not exist, for its owner alone (0600), and brought up to
            date while people are met. Only with it can names be told (`restore_names`).
        keep_owner: Whether the export's owner keeps their name.
        keep: Names of people who keep theirs.
        people: Names of more people to replace.
        contacts: A `Contacts` or a file: who is included there keeps their name, and aliases are
            replaced like names. To leave people out, put `apply_consent` before this.
        unknown_names: What becomes of people whom texts name and who are in no chat. "keep" leaves
            their names. "replace" invents names for given names of Faker's lists, and for the
            family names behind them, where the writing says that somebody is named, and for every
            user name ("@zoe_b", addresses of profiles). It does not find them all: docs/privacy.md
            says how many, and which not.
        identifiers: "placeholder" makes "[phone]" of a phone number, "fake" an invented one, the
            same for the same; None leaves it.
        kinds: As in `redact_identifiers`.
        regions: As in `redact_identifiers`.
        report: Is filled with what was replaced.

    Returns:
        An iterator over new sessions, or the Runnable that does the same.

    Raises:
        MissingExtraError: The extra `[privacy]` is not installed.
        MalformedFileError: The file is not a key file.
        InvalidOptionError: An option does not have one of its values.

    Example:
        ```python
        pipeline = (
            split_chat_sessions()
            | pseudonymize_chat_sessions(key="names.key", keep_owner=True)
            | map_ai_messages()
            | to_training_examples()
        )
        ```
    """
    return runnable_or_iterator(PseudonymizeChatSessions(**options), chat_sessions)
