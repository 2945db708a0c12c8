"""An export without names and identifiers: looked at first, written if the user says so."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from langchain_fbmessenger._internal.output import real_path
from langchain_fbmessenger._internal.roster import people_of
from langchain_fbmessenger.exceptions import InvalidOptionError
from langchain_fbmessenger.privacy.consent import ConsentReport, apply_consent
from langchain_fbmessenger.privacy.consent.decisions import Decisions
from langchain_fbmessenger.privacy.findings import IDENTIFIER_KINDS, OUTSIDE_KINDS
from langchain_fbmessenger.privacy.preview.figures import Preview, preview_key
from langchain_fbmessenger.privacy.redaction.export_writer import staged_folder, write_export
from langchain_fbmessenger.privacy.scrub import names_in
from langchain_fbmessenger.privacy.stage import pseudonymize_chat_sessions, redact_identifiers
from langchain_fbmessenger.sessions.intake import transcripts_of
from langchain_fbmessenger.transcripts.transcript import SessionIterator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from langchain_core.chat_sessions import ChatSession

    from langchain_fbmessenger._internal.roster import Person
    from langchain_fbmessenger.chat_loaders import FacebookMessengerChatLoader
    from langchain_fbmessenger.privacy.consent import Contacts
    from langchain_fbmessenger.privacy.options import UnknownNames
    from langchain_fbmessenger.transcripts.transcript import Transcript

__all__ = ["Redaction"]


class _DeclinedError(Exception):
    """The user has looked at the preview and does not want the copy."""


@dataclass(frozen=True, kw_only=True)
class Redaction:
    """What is to be replaced in an export.

    Attributes:
        names: Whether people get invented names.
        keep_owner: Whether the export's owner keeps their name.
        keep: Names of people who keep theirs.
        people: Names of more people who get another.
        contacts: Who has agreed to what; None if nobody was asked.
        unknown_names: Whether names of people outside the export stay, or get others.
        fake: Whether a phone number becomes an invented one instead of "[phone]".
        kinds: Kinds of identifiers to replace.

    Raises:
        InvalidOptionError: Names are to stay, and something is said of them.
    """

    names: bool = True
    keep_owner: bool = False
    keep: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    contacts: Contacts | None = None
    unknown_names: UnknownNames = "keep"
    fake: bool = False
    kinds: tuple[str, ...] = IDENTIFIER_KINDS

    def __post_init__(self) -> None:
        asks_for_names = self.unknown_names != "keep" or self.keep or self.people
        if not self.names and (self.keep_owner or self.fake or asks_for_names):
            message = "where names are left as they are, none can be kept, added or invented"
            raise InvalidOptionError(message)
        if not self.names and self.contacts is not None and self.contacts.ask_for_pseudonyms:
            message = "the contacts ask for invented names: names cannot be left"
            raise InvalidOptionError(message)

    def preview(
        self, loader: FacebookMessengerChatLoader, *, key: Path | None = None, samples: int = 5
    ) -> Preview:
        """Return what would be replaced; no file is written, and the key file stays as it is.

        Args:
            loader: Loads the export.
            key: The key file. If it exists, names are those that it gives; else they are good for
                this preview only.
            samples: How many samples to keep of each kind.
        """
        with preview_key(key) as path:
            preview, left_out = self._new_preview(samples), ConsentReport()
            for _ in self._redacted(loader, path, preview, left_out):
                pass
            self._finish(preview, loader, path, left_out)
        return preview

    def write(
        self,
        loader: FacebookMessengerChatLoader,
        folder: Path,
        *,
        key: Path,
        look: Callable[[Preview], bool],
    ) -> int | None:
        """Write a redacted copy of an export, if the user agrees to its preview.

        It is written aside and takes its place at the end: a failure or a no leaves nothing, and no
        key file that was not there.

        Args:
            loader: Loads the export. With `attachments="placeholder"` the copy tells of messages
                without text, too.
            folder: The folder of the copy: new or empty.
            key: The key file, outside of the folder.
            look: Is given the preview, and says whether the copy is wanted.

        Returns:
            The number of conversations, None if it is not wanted.

        Raises:
            InvalidOptionError: The folder is not empty or lies within the export, or the key lies
                in it.
            MessengerError: As `loader.lazy_load`.
        """
        if real_path(folder) in real_path(key).parents:
            message = f"{key} lies in {folder}: those who get the copy must not get its key"
            raise InvalidOptionError(message)
        try:
            with staged_folder(folder, loader.paths) as aside, _new_key(key):
                preview, left_out = self._new_preview(), ConsentReport()
                count = write_export(self._redacted(loader, key, preview, left_out), aside)
                self._finish(preview, loader, key, left_out)
                _agree(look, preview)
        except _DeclinedError:
            return None
        return count

    def _new_preview(self, samples: int = 5) -> Preview:
        outside = OUTSIDE_KINDS if self.unknown_names == "replace" else ()
        names = ("name", *outside) if self.names else ()
        preview = Preview(samples=samples, kinds=(*names, *self.kinds))
        preview.keep(self.keep)
        return preview

    def _redacted(
        self,
        loader: FacebookMessengerChatLoader,
        key: Path,
        preview: Preview,
        left_out: ConsentReport,
    ) -> Iterator[ChatSession]:
        sessions: Iterator[ChatSession] = loader.lazy_load()
        if self.contacts is not None:
            sessions = apply_consent(sessions, contacts=self.contacts, report=left_out)
            transcripts = transcripts_of(iter([sessions]))
            noted = _noting_included(transcripts, self.contacts, preview)
            sessions = SessionIterator(lambda _: noted)
        sessions = preview.watch(sessions, keep_owner=self.keep_owner)
        kinds: Any = self.kinds  # checked by the stages, which name those that there are
        if not self.names:
            return redact_identifiers(sessions, kinds=kinds, report=preview)
        return pseudonymize_chat_sessions(
            sessions,
            key=key,
            keep_owner=self.keep_owner,
            keep=self.keep,
            people=self.people,
            contacts=self.contacts,
            unknown_names=self.unknown_names,
            identifiers="fake" if self.fake else "placeholder",
            kinds=kinds,
            report=preview,
        )

    def _finish(
        self,
        preview: Preview,
        loader: FacebookMessengerChatLoader,
        key: Path,
        left_out: ConsentReport,
    ) -> None:
        preview.finish(key=key if self.names else None, loaded=loader.report)
        preview.left_out.update(left_out.messages_left_out)


def _noting_included(
    sessions: Iterator[Transcript], contacts: Contacts, preview: Preview
) -> Iterator[Transcript]:
    """Pass sessions on, and tell a preview who is to keep their name."""
    known: tuple[Person, ...] = ()
    decisions = Decisions(contacts, (), known)
    for session in sessions:
        names = {*names_in(session)}
        if people_of(session.thread) is not known:  # one tuple for all sessions of a load
            known = people_of(session.thread)
            decisions = Decisions(contacts, (), known)
            names.update(name for person in known for name in person.names)
        preview.keep(name for name in names if decisions.of(name) == "include")
        yield session
        del session  # while the next one is read


def _agree(look: Callable[[Preview], bool], preview: Preview) -> None:
    if not look(preview):
        raise _DeclinedError


@contextmanager
def _new_key(key: Path) -> Iterator[None]:
    """Remove a new key file if the copy fails or is not wanted, and the lock beside it."""
    existed = key.exists()
    try:
        yield
    except BaseException:
        if not existed:
            key.unlink(missing_ok=True)
            key.with_name(f"{key.name}.lock").unlink(missing_ok=True)
        raise
