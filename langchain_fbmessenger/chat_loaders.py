"""Chat loaders: an export on disk goes in, LangChain chat sessions come out.

One thread becomes one session, oldest message first, with the sender's name, the time and what
else Meta keeps of each message in `additional_kwargs`, under the keys that LangChain's Slack,
Telegram and WhatsApp loaders use.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from langchain_core.chat_loaders import BaseChatLoader
from langchain_core.chat_sessions import ChatSession
from typing_extensions import override

from langchain_fbmessenger._gc import without_gc
from langchain_fbmessenger._iteration import iterate_in_thread
from langchain_fbmessenger._messages import human_message
from langchain_fbmessenger.exports import (
    LoadReport,
    Message,
    Thread,
    read_thread_file,
    read_threads,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from langchain_core.messages import HumanMessage

    from langchain_fbmessenger._schema import ThreadInfo

__all__ = [
    "FacebookMessengerChatLoader",
    "FolderFacebookMessengerChatLoader",
    "MessengerChatSession",
    "SingleFileFacebookMessengerChatLoader",
]


class MessengerChatSession(ChatSession, total=False):
    """langchain-core's `ChatSession`, with our key `thread`."""

    thread: ThreadInfo


class FacebookMessengerChatLoader(BaseChatLoader):
    """Load Messenger and Instagram chats from an export.

    Reads the JSON of "Download your information" and hand-made files of its shape, from all five
    thread folders; the parts of a thread become one session. Text that Meta encoded twice is
    repaired. Unsent messages, calls, group events and messages without text are left out and
    counted; broken files are skipped, counted and told of by one warning.

    Args:
        path: An export's root, its `messages` folder, one of the thread folders (`inbox`), one
            thread's folder, or one file.

    Attributes:
        report: What the newest load has read and what it has left out, by reason.

    Example:
        ```python
        from langchain_fbmessenger import FacebookMessengerChatLoader

        loader = FacebookMessengerChatLoader("facebook-zoe-2024-05-18-k3Jx9QpZ")
        for session in loader.lazy_load():
            print(session["thread"]["title"], len(session["messages"]))
        print(loader.report)
        ```
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.report = LoadReport()

    @override
    def lazy_load(self) -> Iterator[MessengerChatSession]:
        """Read one thread at a time.

        Yields:
            A session for each thread that holds text: `messages` (one `HumanMessage` per message)
            and `thread` (id, title, participants, is_group, folder, source, owner).

        Raises:
            ExportNotFoundError: The path does not exist, or there is no thread below it.
            MalformedExportError: There are threads, yet none that can be read.
        """
        report = self.report = LoadReport()
        for thread in read_threads(self.path, report):
            session = _to_session(thread, report)
            if session["messages"]:
                yield session
        _warn_of_skipped_files(report)

    @override
    def load(self) -> list[MessengerChatSession]:  # type: ignore[override]  # lists are invariant
        """Read all threads into memory; otherwise as `lazy_load`."""
        return list(self.lazy_load())

    async def alazy_load(self) -> AsyncIterator[MessengerChatSession]:
        """Read one thread at a time, in a worker thread; otherwise as `lazy_load`."""
        async for session in iterate_in_thread(self.lazy_load()):
            yield session


class FolderFacebookMessengerChatLoader(FacebookMessengerChatLoader):
    """Load the chats of an export's folder; langchain-community's name for it.

    Args:
        path: The folder that holds `inbox`, or any other that `FacebookMessengerChatLoader` takes.
    """

    @property
    def directory_path(self) -> Path:
        """The folder, under the name that langchain-community gave it."""
        return self.path


class SingleFileFacebookMessengerChatLoader(FacebookMessengerChatLoader):
    """Load one JSON file as one session, whatever it holds; langchain-community's name for it.

    Args:
        path: The file. Of a thread in several parts, only this part is read.
    """

    @property
    def file_path(self) -> Path:
        """The file, under the name that langchain-community gave it."""
        return self.path

    @override
    def lazy_load(self) -> Iterator[MessengerChatSession]:
        """Read the file.

        Yields:
            One session, without messages if the file holds no text.

        Raises:
            ExportNotFoundError: The file does not exist.
            MalformedExportError: The file is broken or is no message thread.
        """
        report = self.report = LoadReport()
        yield _to_session(read_thread_file(self.path, report), report)


@without_gc
def _to_session(thread: Thread, report: LoadReport) -> MessengerChatSession:
    typed = [message for message in thread.messages if message.text]
    report.messages_loaded += len(typed)
    if len(typed) < len(thread.messages):
        report.messages_skipped["no text"] += len(thread.messages) - len(typed)
    return {
        "messages": [_to_message(message) for message in typed],
        "thread": {
            "id": thread.id,
            "title": thread.title,
            "participants": thread.participants,
            "is_group": thread.is_group,
            "folder": thread.folder,
            "source": thread.source,
            "owner": thread.owner,
        },
    }


def _to_message(message: Message) -> HumanMessage:
    event: dict[str, Any] = {"message_time": message.timestamp_ms}
    if message.reactions:
        event["reactions"] = [
            {"actor": reaction.actor, "reaction": reaction.reaction}
            for reaction in message.reactions
        ]
    if message.attachments:
        event["attachments"] = [{"kind": a.kind, "uri": a.uri} for a in message.attachments]
    if message.share:
        share = {"link": message.share.link, "text": message.share.text}
        event["share"] = {key: value for key, value in share.items() if value}
    return human_message(message.text or "", {"sender": message.sender, "events": [event]})


def _warn_of_skipped_files(report: LoadReport) -> None:
    reasons = report.files_lost()
    if reasons:
        counts = ", ".join(f"{n} x {reason}" for reason, n in reasons.items())
        warnings.warn(
            f"Files of the export were skipped: {counts}. "
            "`loader.report.skipped_paths` names them.",
            stacklevel=3,
        )
