"""Turn reactions that Meta has written as messages into reactions again.

A thread's messages go in, the same messages come out, oldest first, with the reactions that only
a sentence such as "Reacted ❤ to your message" states. Mostly the reaction is listed as well: then
the sentence adds nothing. Counts: sections 7 and 8 of docs/formats.md.
"""

from __future__ import annotations

from collections import defaultdict, deque
from typing import TYPE_CHECKING

import msgspec

from langchain_fbmessenger._internal.names import comparable_name
from langchain_fbmessenger.exports.records import Messages, Reaction
from langchain_fbmessenger.exports.system_lines.match import find_system_line

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from langchain_fbmessenger.exports.records import Message
    from langchain_fbmessenger.exports.system_lines.match import SystemLine

__all__ = ["attach_pseudo_reactions"]

_WINDOW = 200  # messages back: a sentence follows soon after what it reacts to
_EMOJI_STYLE = "\ufe0f"  # Meta writes a heart with or without it, even in one export


def attach_pseudo_reactions(messages: Sequence[Message], owner: str | None) -> Messages:
    """Add to messages the reactions that stand in reaction sentences only.

    Args:
        messages: A thread's messages, oldest first, its system lines marked.
        owner: The owner's name: "your message" is theirs.

    Returns:
        The messages. One that got a reaction is a copy; nothing that was given is changed. A
        sentence adds nothing if its reaction is listed at one of the 200 messages before it, or
        if no other person has written before.
    """
    reactors = _Reactors(comparable_name(owner) if owner else None)
    result = list(messages)
    for index, message in enumerate(tuple(result)):
        line = _reaction_line(message)
        if line is not None and line.reaction is not None:
            reaction = Reaction(actor=message.sender, reaction=line.reaction)
            if not reactors.claim(reaction, index):
                target = reactors.target(message.sender, to_owner=line.to_owner)
                if target is not None:
                    result[target] = _with_reaction(result[target], reaction)
        reactors.note(message, index)
    return Messages.of(result)


class _Reactors:
    """The state of a thread so far: who wrote last, and the reactions without a sentence yet.

    Both are kept up to date message by message. Looking back at each sentence would be quadratic
    where one person writes and another only reacts.
    """

    def __init__(self, owner: str | None) -> None:
        self._owner = owner
        self._unclaimed: defaultdict[tuple[str, str], deque[int]] = defaultdict(deque)
        self._newest: dict[str, int] = {}  # by sender, the last writer at the end

    def note(self, message: Message, index: int) -> None:
        for reaction in message.reactions:
            self._unclaimed[_key(reaction)].append(index)
        if message.system is None:
            self._newest.pop(message.sender, None)
            self._newest[message.sender] = index

    def claim(self, reaction: Reaction, index: int) -> bool:
        """Take a listed reaction for the sentence at an index, if there is one left nearby."""
        places = self._unclaimed[_key(reaction)]
        while places and places[0] < index - _WINDOW:
            places.popleft()
        if not places:
            return False
        places.popleft()  # the oldest, so that as many sentences as possible find theirs
        return True

    def target(self, reactor: str, *, to_owner: bool) -> int | None:
        """Return the newest message that the reactor may have reacted to."""
        may_be: Callable[[str], bool]
        if to_owner and self._owner is not None and comparable_name(reactor) != self._owner:
            may_be = self._is_owner
        else:
            may_be = reactor.__ne__
        return next((self._newest[name] for name in reversed(self._newest) if may_be(name)), None)

    def _is_owner(self, name: str) -> bool:
        return comparable_name(name) == self._owner


def _reaction_line(message: Message) -> SystemLine | None:
    if message.system != "reaction sentence" or not message.text:
        return None
    return find_system_line(message.text, is_group=False, has_payload=False)


def _key(reaction: Reaction) -> tuple[str, str]:
    return reaction.actor, reaction.reaction.replace(_EMOJI_STYLE, "")


def _with_reaction(message: Message, reaction: Reaction) -> Message:
    if _key(reaction) in map(_key, message.reactions):
        return message  # a person reacts only once in the same way
    return msgspec.structs.replace(message, reactions=(*message.reactions, reaction))
