"""Join conversations of several exports by their messages, where number and names do not help.

That is so when the people of a thread were renamed and its number is unknown or has changed.
"""

from __future__ import annotations

from collections import Counter
from itertools import combinations, product
from typing import TYPE_CHECKING

from langchain_fbmessenger.exports.conversations.bonds import are_kept_apart, owners_agree
from langchain_fbmessenger.exports.conversations.compare import sampled, stamps_in_common, times_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from langchain_fbmessenger.exports.conversations.compare import Comparer
    from langchain_fbmessenger.exports.conversations.threads import Conversation, ThreadFiles

__all__ = ["join_by_messages"]

_MINUTE = 60_000
_CROWD = 8  # with more conversations at one time, a shared time is no sign that two are one
_FEW = 2


def join_by_messages(
    conversations: list[Conversation], comparer: Comparer, limit: int
) -> list[Conversation]:
    """Join conversations that hold the same messages.

    Args:
        conversations: The conversations that were not joined in other ways.
        comparer: Compares the messages of threads.
        limit: How many to find at most.

    Returns:
        The conversations, in their order.
    """
    origins = {thread.origin for c in conversations for thread in c.threads}
    alone = [c for c in conversations if {thread.origin for thread in c.threads} != origins]
    joined: dict[int, Conversation] = {}
    for first, second in _pairs(alone):
        one, other = _root(joined, first), _root(joined, second)
        if one is not other and _are_one(one, other, comparer):
            one.threads += other.threads
            joined[id(other)] = one
            if len(joined) == limit:
                break
    return [c for c in conversations if id(c) not in joined]


def _root(joined: dict[int, Conversation], conversation: Conversation) -> Conversation:
    while id(conversation) in joined:
        conversation = joined[id(conversation)]
    return conversation


def _pairs(conversations: list[Conversation]) -> Iterator[tuple[Conversation, Conversation]]:
    """Yield pairs of conversations with times in common, those with the most first."""
    threads = [(c, t) for c in conversations for t in c.threads if t.span]
    for unit in sorted({thread.precision for _, thread in threads}):
        at: dict[int, dict[int, Conversation]] = {}
        for conversation, thread in threads:
            for time in sampled(thread, times_of(thread, 1)) if thread.precision <= unit else ():
                at.setdefault(time // unit, {})[id(conversation)] = conversation
        hits: Counter[tuple[int, int]] = Counter()
        for there in at.values():
            if 1 < len(there) <= _CROWD:
                hits.update(combinations(sorted(there), 2))
        place = {id(conversation): n for n, conversation in enumerate(conversations)}
        pairs = [(-n, *sorted((place[one], place[other]))) for (one, other), n in hits.items()]
        for _, first, second in sorted(pairs):
            yield conversations[first], conversations[second]


def _are_one(one: Conversation, other: Conversation, comparer: Comparer) -> bool:
    pairs = list(product(one.threads, other.threads))
    return (
        not any(are_kept_apart(t, o, comparer) or t.origin == o.origin for t, o in pairs)
        and owners_agree(one.threads, other.threads, comparer)
        and any(_hold_the_same(t, o, comparer) for t, o in pairs)
    )


def _hold_the_same(thread: ThreadFiles, other: ThreadFiles, comparer: Comparer) -> bool:
    """Return whether two threads share enough messages; one greeting to many is not enough."""
    if thread.is_group != other.is_group or 2 * stamps_in_common(thread, other) < _possible(
        thread, other
    ):
        return False
    common = comparer.common(thread, other)
    if not common.is_most:
        return False
    unit = max(thread.precision, other.precision)
    is_known = not {*thread.bearers, *thread.as_written.bearers}.isdisjoint(other.bearers)
    if unit >= _MINUTE:  # one may write the same to many in one minute, but they do not answer so
        is_answer = is_known and any(here != there for here, there in common.votes)
        return common.shared >= _FEW and (
            is_answer or len(common.votes) >= _FEW or common.shared > _FEW
        )
    return common.shared >= _FEW


def _possible(thread: ThreadFiles, other: ThreadFiles) -> int:
    """Return how many times two threads can have in common, within the time that both cover."""
    if not thread.span or not other.span:
        return 1
    unit = max(thread.precision, other.precision)
    first = max(thread.span[0], other.span[0]) // unit
    last = min(thread.span[1], other.span[1]) // unit
    return min(
        len({time for time in times_of(t, unit) if first <= time <= last}) for t in (thread, other)
    )
