"""What was replaced in chats, in numbers."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, ClassVar

from langchain_fbmessenger._internal.shown import Shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from langchain_fbmessenger.privacy.findings import Finding

__all__ = ["PrivacyReport"]

_IN_WORDS = {"unknown_name": "name outside the export", "handle": "user name"}


class PrivacyReport(Shown):
    """What the privacy stages have replaced; filled by the stages that it is given to.

    A report belongs to the caller: give a new one to each run, or add up several runs in one. It
    holds counts, never a word of a chat.

    Attributes:
        sessions: Chat sessions that were read.
        messages: Messages in them.
        messages_changed: Messages whose text was changed.
        people: People who were given an invented name.
        found: What was replaced in texts, by kind: name (of the export's people), unknown_name (of
            people outside), handle (user names), phone, email, card, iban, ip, link, address, id.

    Example:
        ```python
        report = PrivacyReport()
        sessions = pseudonymize_chat_sessions(loader.lazy_load(), key="names.key", report=report)
        write_jsonl(to_training_examples(map_ai_messages(sessions)), "train.jsonl")
        print(report)
        ```
    """

    _figures: ClassVar[tuple[str, ...]] = (
        "sessions",
        "messages",
        "messages_changed",
        "people",
        "found",
    )

    def __init__(self) -> None:
        self.sessions = 0
        self.messages = 0
        self.messages_changed = 0
        self.people = 0
        self.found: Counter[str] = Counter()

    def saw(self, before: str, after: str, findings: list[Finding]) -> None:
        """Count a message's text; `Preview` keeps samples as well.

        Args:
            before: The text as it was.
            after: The text as it is now.
            findings: What was replaced in it.
        """
        self.messages += 1
        if findings:
            self.messages_changed += before != after
            self.found.update(found.kind for found in findings)

    def saw_unchanged(self, texts: Sequence[str]) -> None:
        """Count messages' texts in which nothing was found, as `saw` would one by one."""
        if getattr(self.saw, "__func__", None) is PrivacyReport.saw:
            self.messages += len(texts)
            return
        for text in texts:
            self.saw(text, text, [])

    def __str__(self) -> str:
        found = ", ".join(
            f"{n:,} {_IN_WORDS.get(kind, kind)}" for kind, n in self.found.most_common()
        )
        return (
            f"{self.sessions:,} sessions, {self.people:,} people renamed\n"
            f"{self.messages_changed:,} of {self.messages:,} messages changed: {found or 'nothing'}"
        )
