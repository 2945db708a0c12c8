"""What was left out for want of consent, in numbers."""

from __future__ import annotations

from collections import Counter
from typing import ClassVar

from langchain_fbmessenger._internal.shown import Shown

__all__ = [
    "ANSWERS",
    "BY_THEM",
    "REQUEST",
    "WITH_THEM",
    "ConsentReport",
]

BY_THEM = "by somebody who is left out"
ANSWERS = "answers somebody who is left out"
WITH_THEM = "in a chat with somebody who is left out"
REQUEST = "in a message request or filtered thread"


class ConsentReport(Shown):
    """What `apply_consent` has left out; filled by the stage that it is given to.

    A report belongs to the caller: give a new one to each run, or add up several runs in one. It
    holds counts, and no word of a chat.

    Attributes:
        sessions: Chat sessions that were read.
        sessions_left_out: Those of which nothing is left.
        messages: Messages that were read.
        messages_left_out: Those that were left out, by reason. What was given on is the rest.
        reactions_left_out: Reactions of people who are left out, to messages that stay.
        mentions: Places in texts where somebody who is left out was named.
        unknown_people: How many people of the contacts occur nowhere in the sessions.

    Example:
        ```python
        report = ConsentReport()
        sessions = list(apply_consent(loader.lazy_load(), contacts="contacts.toml", report=report))
        print(report)
        ```
    """

    _figures: ClassVar[tuple[str, ...]] = (
        "sessions",
        "sessions_left_out",
        "messages",
        "messages_left_out",
        "reactions_left_out",
        "mentions",
        "unknown_people",
    )

    def __init__(self) -> None:
        self.sessions = 0
        self.sessions_left_out = 0
        self.messages = 0
        self.messages_left_out: Counter[str] = Counter()
        self.reactions_left_out = 0
        self.mentions = 0
        self.unknown_people = 0

    def __str__(self) -> str:
        left_out = self.messages_left_out
        why = ", ".join(f"{n:,} {reason}" for reason, n in left_out.most_common()) or "none"
        lines = [
            f"{self.sessions_left_out:,} of {self.sessions:,} sessions left out",
            f"{left_out.total():,} of {self.messages:,} messages left out: {why}",
            f"{self.reactions_left_out:,} reactions left out, {self.mentions:,} mentions replaced",
        ]
        if self.unknown_people:
            lines.append(f"{self.unknown_people:,} people of the contacts occur nowhere")
        return "\n".join(lines)
