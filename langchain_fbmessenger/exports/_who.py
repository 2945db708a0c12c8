"""Tell who in an older state of a conversation is who in a newer one: two threads in, names out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from langchain_fbmessenger._names import comparable_name, words_of_name

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterable, Mapping

    from langchain_fbmessenger.exports._evidence import Evidence
    from langchain_fbmessenger.exports._threads import ThreadFiles

__all__ = ["who_is_who"]


def who_is_who(
    older: ThreadFiles, newer: ThreadFiles, evidence: Evidence, *, is_group: bool
) -> dict[str, str]:
    """Return the people whom two states of one conversation have in common.

    Messages in common tell surest. Who bears one name in both is one person, unless they tell
    otherwise. Of the rest the two owners are one; in a conversation of two, so are the two whom
    nothing else explains; and people whose names have a word in common, where it is one each.

    Args:
        older: The older state, or any.
        newer: Another.
        evidence: Tells what they have in common.
        is_group: Whether they are a group's, which people leave and join.

    Returns:
        Names in the older state with those in the newer, as their exports have them, compared.
    """
    mine, theirs = older.as_written.bearers, newer.as_written.bearers
    is_changed = mine.keys() - theirs and theirs.keys() - mine
    if not is_changed and not evidence.may_cross(older, newer):
        return {key: key for key in mine if key in theirs}
    found = _by_votes(evidence.common(older, newer).votes, mine, theirs)
    found |= {k: k for k in mine if k in theirs and k not in found and k not in found.values()}

    def rest() -> tuple[list[str], list[str]]:
        known = set(found.values())
        return [k for k in mine if k not in found], [k for k in theirs if k not in known]

    def add(pair: tuple[str | None, str | None]) -> None:
        here, there = rest()
        if pair[0] in here and pair[1] in there:
            found[pair[0]] = pair[1]
        here, there = rest()
        if not is_group and len(here) == len(there) == 1:
            found[here[0]] = there[0]

    add((older.as_written.owner_key, newer.as_written.owner_key))
    for pair in _with_a_word_in_common(*rest(), mine, theirs):
        add(pair)
    if not is_group:  # what an owner's place tells, where nothing else does
        add((_owner(older), _owner(newer)))
    return found


def _by_votes(
    votes: Counter[tuple[str, str]], mine: Iterable[str], theirs: Iterable[str]
) -> dict[str, str]:
    found = {}
    for here in mine:
        counts = {there: votes[here, there] for there in theirs if votes[here, there]}
        best = max(counts, key=lambda there: counts[there], default=None)
        if best is not None and 2 * counts[best] > sum(counts.values()):
            found[here] = best
    return found


def _with_a_word_in_common(
    mine: Iterable[str], theirs: Iterable[str], names: Mapping[str, str], others: Mapping[str, str]
) -> list[tuple[str, str]]:
    alike = [
        (here, there)
        for here in mine
        for there in theirs
        if words_of_name(names[here]) & words_of_name(others[there])
    ]
    return [pair for pair in alike if sum(pair[0] == p[0] or pair[1] == p[1] for p in alike) == 1]


def _owner(thread: ThreadFiles) -> str | None:
    return comparable_name(thread.owner) if thread.owner else None
