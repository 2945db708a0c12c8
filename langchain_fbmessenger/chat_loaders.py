"""Chat loaders: exports on disk go in, LangChain chat sessions come out.

One conversation becomes one session, oldest message first, with the sender's name, the time and
what else Meta keeps of each message in `additional_kwargs`, under the keys that LangChain's Slack,
Telegram and WhatsApp loaders use.
"""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Union, cast

from langchain_core.chat_loaders import BaseChatLoader
from typing_extensions import override

from langchain_fbmessenger._internal.iteration import iterate_in_thread
from langchain_fbmessenger._internal.names import normal_name
from langchain_fbmessenger._internal.roster import Roster
from langchain_fbmessenger._internal.shown import line
from langchain_fbmessenger.exceptions import ExportNotFoundError, InvalidOptionError
from langchain_fbmessenger.exports import (
    ExportReader,
    LoadReport,
    Moment,
    Thread,
    check_files,
    check_workers,
    make_selection,
    to_zone,
)
from langchain_fbmessenger.transcripts.of_threads import MessengerChatSession, to_transcript
from langchain_fbmessenger.transcripts.transcript import SessionIterator

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Iterator
    from datetime import tzinfo

    from langchain_fbmessenger.transcripts.transcript import Transcript

__all__ = [
    "FacebookMessengerChatLoader",
    "FolderFacebookMessengerChatLoader",
    "MessengerChatSession",
    "SingleFileFacebookMessengerChatLoader",
]

ExportPath = Union[str, "os.PathLike[str]"]


class FacebookMessengerChatLoader(BaseChatLoader):
    """Load Messenger and Instagram chats from exports, each message once, as it was typed.

    Reads every form that Meta hands out, in folders and in zip archives, without unpacking them:
    the JSON and the HTML of "Download your information" of 2013 to now, the export of end-to-end
    encrypted chats, Instagram's older list, answers of the Graph API, and hand-made files of these
    shapes. Parts, zips, folders and exports of one conversation become one session. What nobody
    typed, what has no text and what cannot be read is left out and counted in `report`.

    Args:
        path_or_paths: An export, a part of it (the zips of one download, its `messages` folder, a
            thread's folder, one file), or a list of them.
        folders: Thread folders to read, of `inbox`, `e2ee_cutover`, `archived_threads`,
            `filtered_threads`, `message_requests`. By default all but the last two, which hold
            strangers' messages; files outside of these folders are read, too.
        threads: Ids or titles of the threads to read.
        participants: Names, older ones too; only conversations in which one of them takes part are
            read.
        since: First time to read: a `datetime`, a `date` or ISO 8601 such as "2024-05-18". Without
            a zone, `timezone` is meant.
        until: First time that is too late.
        groups: Whether to read conversations of more than two people.
        attachments: What becomes of a message without text: "skip" leaves it out, "placeholder"
            loads it as "[photo]", "[video]", "[audio]", "[file]", "[gif]", "[sticker]" or "[link]".
        keep_system_messages: Whether to keep what nobody typed (calls, group events, "X sent an
            attachment.", …): as messages without content, described in their `events`.
        timezone: The zone of HTML pages, whose times carry none: a `tzinfo` or a name such as
            "Europe/Prague". By default this machine's, with one warning.
        owner: The name of the person whose export it is, where the export does not say so; an older
            one of theirs will do.
        on_progress: Is called while files are read, with the bytes done and the bytes in all.
        workers: How many processes may read conversations, 0 for one on each core that this process
            may use, as far as they pay. To start one takes 0.15 s, to hand over a message 0.7 µs on
            either side: so it pays from about 50 MB of JSON or 12 MB of HTML on, where cores are
            free. The main module needs no guard.

    Attributes:
        report: What the newest load has read and what it has left out, by reason.

    Raises:
        InvalidOptionError: An option has a value that it may not have.

    Example:
        ```python
        from langchain_fbmessenger import FacebookMessengerChatLoader

        loader = FacebookMessengerChatLoader(
            ["facebook-zoe-2026-05-18-k3Jx9QpZ.zip", "messages.zip"], since="2020-01-01"
        )
        for session in loader.lazy_load():
            print(session["thread"]["title"], len(session["messages"]))
        print(loader.owner, loader.report)
        ```
    """

    def __init__(  # noqa: PLR0913 - options of one thing, each by its keyword
        self,
        path_or_paths: ExportPath | Iterable[ExportPath],
        *,
        folders: Iterable[str] | None = None,
        threads: Iterable[str] | None = None,
        participants: Iterable[str] | None = None,
        since: Moment | None = None,
        until: Moment | None = None,
        groups: bool = True,
        attachments: Literal["skip", "placeholder"] = "skip",
        keep_system_messages: bool = False,
        timezone: str | tzinfo | None = None,
        owner: str | None = None,
        on_progress: Callable[[int, int], None] | None = None,
        workers: int = 1,
    ) -> None:
        if isinstance(path_or_paths, (str, os.PathLike)):
            path_or_paths = [path_or_paths]
        self.paths = [Path(path) for path in path_or_paths]
        if attachments not in {"skip", "placeholder"}:
            message = f'attachments is "skip" or "placeholder", not {attachments!r}'
            raise InvalidOptionError(message)
        self._timezone = to_zone(timezone)
        self._selection = make_selection(
            folders=folders,
            threads=threads,
            participants=participants,
            since=since,
            until=until,
            groups=groups,
            zone=self._timezone,
        )
        self._placeholders = attachments == "placeholder"
        self._keep_system = keep_system_messages
        self._given_owner = None if owner is None else normal_name(owner)
        self._on_progress = on_progress
        check_workers(workers, self._timezone)
        self._workers = workers
        self._found_owner: str | None = None
        self._owner_evidence: str | None = None
        self._is_read = False
        self._sessions: int | None = None  # that the newest load has given out so far
        self.report = LoadReport()

    _gives_empty_sessions = False

    def __repr__(self) -> str:
        facts: dict[str, object] = {"path": next(iter(self.paths), None)}
        facts["more_paths"] = len(self.paths[1:]) or None
        if self._sessions is not None:
            facts |= {"sessions": self._sessions, "messages": self.report.messages_loaded}
        return line(type(self).__name__, facts)

    @property
    def path(self) -> Path:
        """The path, the first of several."""
        return self.paths[0]

    @property
    def owner(self) -> str | None:
        """The owner's name of today; None if the exports do not tell.

        Goes through all files if nothing was loaded yet: also for an owner who was given, perhaps
        by an older name.

        Raises:
            ExportNotFoundError: As `lazy_load`.
            MalformedExportError: As `lazy_load`.
        """
        if not self._is_read:
            self._open(LoadReport())
        return self._found_owner

    @property
    def owner_evidence(self) -> str | None:
        """The evidence for the owner, in words without a name; None without any.

        "from the profile file", "from the threads' titles" or the like; "as given" for `owner=`.
        Goes through all files if nothing was loaded yet.

        Raises:
            ExportNotFoundError: As `lazy_load`.
            MalformedExportError: As `lazy_load`.
        """
        if self._given_owner is not None:
            return "as given"
        if not self._is_read:
            self._open(LoadReport())
        return self._owner_evidence

    @override
    def lazy_load(self) -> Iterator[MessengerChatSession]:
        """Read one conversation at a time.

        A first pass over all files finds out who writes to whom; texts are then read and held one
        conversation at a time.

        Yields:
            A session for each conversation that holds text: `messages` (one `HumanMessage` per
            message) and `thread` (id, title, participants, is_group, folder, source, owner).

        Raises:
            ExportNotFoundError: The path does not exist, or there is no thread below it.
            InvalidOptionError: Several `workers` were to read one file, or cannot be handed the
                `timezone`.
            MalformedExportError: There are threads, yet none that can be read.
            UnknownSenderError: None of `participants` takes part anywhere.
            UnknownThreadError: None of `threads` exists.
            WorkerError: A worker process could not be started, or has ended early.
        """
        return cast("Iterator[MessengerChatSession]", SessionIterator(self._transcripts))

    @override
    def load(self) -> list[MessengerChatSession]:  # type: ignore[override]  # lists are invariant
        """Read all conversations into memory; otherwise as `lazy_load`."""
        return list(self.lazy_load())

    async def alazy_load(self) -> AsyncIterator[MessengerChatSession]:
        """Read one conversation at a time, in a worker thread; otherwise as `lazy_load`."""
        async for session in iterate_in_thread(self.lazy_load()):
            yield session

    def _open(self, report: LoadReport) -> ExportReader:
        check_files(self._workers, self.paths)
        reader = ExportReader(
            self.paths,
            report,
            selection=self._selection,
            timezone=self._timezone,
            owner=self._given_owner,
            on_progress=self._on_progress,
            workers=self._workers,
        )
        self._found_owner, self._owner_evidence = reader.owner, reader.owner_evidence
        self._is_read = True
        return reader

    def _transcripts(self, in_parts: bool) -> Iterator[Transcript]:  # noqa: FBT001 - see SessionIterator
        report = self.report = LoadReport()
        self._sessions = 0
        reader = self._open(report)
        people = Roster(lambda: reader.people)

        def transcript(thread: Thread) -> Transcript:
            return to_transcript(
                thread,
                report,
                people=people,
                placeholders=self._placeholders,
                keep_system_messages=self._keep_system,
            )

        is_begun = False
        for session in map(transcript, reader.threads(in_parts=in_parts)):
            is_end = not session.goes_on
            if len(session) or (is_begun and is_end) or self._gives_empty_sessions:
                is_begun = session.goes_on
                self._sessions += is_end
                yield session
            del session
        _warn(report)


class FolderFacebookMessengerChatLoader(FacebookMessengerChatLoader):
    """Load the chats of an export's folder; langchain-community's name for it.

    Args:
        path: The folder that holds `inbox`, or any other that `FacebookMessengerChatLoader` takes.
        **options: As `FacebookMessengerChatLoader` has them.
    """

    def __init__(self, path: ExportPath, **options: Any) -> None:
        super().__init__(path, **options)

    @property
    def directory_path(self) -> Path:
        """The folder, under the name that langchain-community gave it."""
        return self.path


class SingleFileFacebookMessengerChatLoader(FacebookMessengerChatLoader):
    """Load one file, whatever it holds; langchain-community's name for it.

    Args:
        path: The file. Of a thread in several parts, only this part is read.
        **options: As `FacebookMessengerChatLoader` has them.
    """

    _gives_empty_sessions = True

    def __init__(self, path: ExportPath, **options: Any) -> None:
        super().__init__(path, **options)

    @property
    def file_path(self) -> Path:
        """The file, under the name that langchain-community gave it."""
        return self.path

    @override
    def lazy_load(self) -> Iterator[MessengerChatSession]:
        """Read the file.

        Yields:
            One session, without messages if the file holds no text; several in the formats that
            hold several threads in a file.

        Raises:
            ExportNotFoundError: The file does not exist.
            MalformedExportError: The file is broken or is no message thread.
        """
        return super().lazy_load()

    @override
    def _transcripts(self, in_parts: bool) -> Iterator[Transcript]:
        if self.path.is_dir():
            self.report = LoadReport()
            message = f"{str(self.path)!r} is a folder: FacebookMessengerChatLoader reads it."
            raise ExportNotFoundError(message, path=self.path)
        yield from super()._transcripts(in_parts)


def _warn(report: LoadReport) -> None:
    reasons = report.files_lost()
    if reasons:
        counts = ", ".join(f"{n} x {reason}" for reason, n in reasons.items())
        warnings.warn(
            f"Files of the export were skipped: {counts}. "
            "`loader.report.skipped_paths` names them.",
            stacklevel=4,
        )
    if report.assumed_zone:
        warnings.warn(
            f"The times of HTML pages carry no time zone; {report.assumed_zone} was taken. "
            'Pass timezone="Europe/Prague" or the like, or ask Meta for JSON.',
            stacklevel=4,
        )
