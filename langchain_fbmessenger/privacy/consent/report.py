"""Who is left out of the chats of an export, and the account of what was left out with them."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, ClassVar

from langchain_fbmessenger._internal.names import comparable_name
from langchain_fbmessenger._internal.shown import Shown
from langchain_fbmessenger.exports import is_deleted_account
from langchain_fbmessenger.privacy.consent.mentions import MentionFinder, NamesLeftOut

if TYPE_CHECKING:
    from collections.abc import Iterable

    from langchain_fbmessenger._internal.roster import Person
    from langchain_fbmessenger.privacy.consent.decisions import Decisions

__all__ = ["ANSWERS", "BY_THEM", "REQUEST", "WITH_THEM", "ConsentReport", "LeftOut"]

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


class LeftOut:
    """Who is left out of an owner's chats.

    Chats are many, and so are people: everybody is looked at once, and of a chat only those who
    are unknown or are written in another way there.

    Args:
        decisions: What was decided of the people of an export.
        owner: The owner's name as it is compared, "" if it is not known: they stay.
    """

    def __init__(self, decisions: Decisions, owner: str) -> None:
        self._decisions = decisions
        self._owner = owner
        self._known: dict[str, bool] = {}  # names are few, messages are many
        self._gone = {key: name for key, name in decisions.removed.items() if key != owner}
        others = decisions.all_names.items()
        self._kept = {key: name for key, name in others if key not in self._gone}
        self._people: tuple[Person, ...] = ()
        self._staying: tuple[Person, ...] = ()
        self._differing: tuple[dict[str, str], dict[str, str]] | None = None
        self._finders: tuple[NamesLeftOut, MentionFinder]

    def has(self, name: str) -> bool:
        """Tell whether somebody is left out."""
        if name not in self._known:
            self._known[name] = (
                comparable_name(name) != self._owner
                and not is_deleted_account(name)
                and self._decisions.of(name) == "exclude"
            )
        return self._known[name]

    def staying(self, people: tuple[Person, ...]) -> tuple[Person, ...]:
        """Return who of an export's people is not left out: of one tuple, one for all chats."""
        if people is not self._people:
            self._people = people
            self._staying = tuple(p for p in people if not any(map(self.has, p.names)))
        return self._staying

    def finder(
        self, here: dict[str, str], nicknames: Iterable[tuple[str, str]]
    ) -> MentionFinder | None:
        """Return what finds them in the texts of a chat; None where nobody is left out.

        Args:
            here: Whom the chat names, as they are compared and as they are written.
            nicknames: Those set in the chat, behind the names of those who bear them.
        """
        gone = {k: n for k, n in here.items() if self.has(n) and self._gone.get(k) != n}
        if not gone and not self._gone:
            return None
        all_gone = {**self._gone, **gone} if gone else self._gone
        kept = {k: n for k, n in here.items() if k not in all_gone and self._kept.get(k) != n}
        if self._differing != (gone, kept):  # most chats have the people of the one before
            self._differing = gone, kept
            all_kept = {k: n for k, n in (self._kept | kept).items() if k not in gone}
            names = NamesLeftOut(all_gone.values(), all_kept.values())
            self._finders = names, MentionFinder(names, (), all_gone)
        names, finder = self._finders
        theirs = [nick for name, nick in nicknames if comparable_name(name) in all_gone]
        return MentionFinder(names, theirs, all_gone) if theirs else finder
