"""Merge the messages of a conversation's files into one list, each once, oldest first."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from langchain_fbmessenger.exports.records import Messages
from langchain_fbmessenger.exports.system_lines.match import is_deleted_account

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from langchain_fbmessenger.exports.records import Message

__all__ = ["identity", "merge_messages"]

_MINUTE = 60_000


def merge_messages(
    files: Sequence[Sequence[Message]],
    precision: int,
) -> tuple[Messages, int]:
    """Merge what several files hold of one conversation.

    A message that stands in two files is the same if sender, time, text and media agree. What one
    file repeats is no duplicate: people do say "ha" twice within a page's minute.

    Args:
        files: Each file's messages in the order of time; the files oldest first, those with exact
            times before those without.
        precision: The coarsest unit of their times, in ms.

    Returns:
        The messages in the order of time, and the number of duplicates that were dropped. Reactions
        that only a duplicate has are kept.
    """
    overlapping = _overlapping(files, precision)
    if not overlapping:
        return Messages.joined([*map(Messages.of, files)]), 0
    files = [[*messages] for messages in files]  # as objects, which are compared one by one
    _name_the_gone([files[number] for number in overlapping], precision)
    merged: list[Message] = []
    kept: dict[Hashable, list[Message]] = {}
    duplicates = 0
    for number, messages in enumerate(files):
        if number not in overlapping:
            merged += messages
            continue
        here: Counter[Hashable] = Counter()
        for message in messages:
            key = message.sender, identity(message, precision)
            same = kept.setdefault(key, [])
            here[key] += 1
            if here[key] <= len(same):
                duplicates += 1
                _add_reactions(same[here[key] - 1], message)
            else:
                same.append(message)
                merged.append(message)
    return Messages.of(merged).in_order(), duplicates


def _name_the_gone(files: Sequence[Sequence[Message]], precision: int) -> None:
    """Give messages of deleted accounts the name that another file has for the sender."""
    senders = {message.sender for messages in files for message in messages}
    gone = {sender for sender in senders if is_deleted_account(sender)}
    if not gone:
        return
    named: dict[Hashable, set[str]] = {}
    for messages in files:
        for message in messages:
            if message.sender not in gone:
                named.setdefault(identity(message, precision), set()).add(message.sender)
    for messages in files:
        for message in messages:
            if message.sender in gone:
                names = named.get(identity(message, precision), set())
                if len(names) == 1:
                    (message.sender,) = names


def _overlapping(files: Sequence[Sequence[Message]], precision: int) -> set[int]:
    """Return the numbers of files whose spans of time overlap; parts of one thread do not."""
    spans = [
        (m[0].timestamp_ms // precision, m[-1].timestamp_ms // precision, number)
        for number, m in enumerate(files)
        if m
    ]
    return {
        number
        for first, last, number in spans
        for other_first, other_last, other in spans
        if other != number and first <= other_last and other_first <= last
    }


def identity(message: Message, precision: int) -> tuple[int, str, tuple[str, ...]]:
    """Return what is equal of one message in two files, apart from its sender."""
    media = tuple(a.uri.rpartition("/")[2] for a in message.attachments)  # folders differ
    # A shared link is a field of its own in one format and the text in another.
    text = message.text or (message.share and message.share.link) or ""
    words = " ".join(text.split())  # pages do not keep every blank
    if message.system and precision < _MINUTE:
        # The line itself is in the account's language, with names of its day.
        words = message.system
    return message.timestamp_ms // precision, words, media


def _add_reactions(kept: Message, duplicate: Message) -> None:
    if duplicate.reactions != kept.reactions:
        kept.reactions = tuple(dict.fromkeys((*kept.reactions, *duplicate.reactions)))
