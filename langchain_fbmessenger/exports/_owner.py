"""Find out whose export it is.

Meta's own files say so, or pages do; else it is the person whom all threads have in common, or the
one who stands where owners stand. Rules and counts: the row "owner" in section 3 of
docs/formats.md.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import msgspec

from langchain_fbmessenger._names import comparable_name, normal_name
from langchain_fbmessenger.exports._encoding import BYTE_ORDER_MARK, read_repaired
from langchain_fbmessenger.exports._system_lines import is_deleted_account

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from langchain_fbmessenger.exports._part import Outline

__all__ = ["Owner", "decode_owner", "find_owner", "names_of"]

_TWO = 2
_BY_WORD, _BY_COMMON_NAME = 3, 2
# Measured in 99 of 99 threads; what encrypted chats do is only what parsers say.
_LAST_IN_JSON = (("A", "A0"), -1)
_FIRST_IN_ENCRYPTED = (("B",), 0)
_SURENESS = {_LAST_IN_JSON: 1, _FIRST_IN_ENCRYPTED: 0}
_MAJORITY = 0.9  # 99 of 99 threads in one account; some tolerance for threads that were edited


class _FullName(msgspec.Struct):
    full_name: str | None = None


class _Profile(msgspec.Struct):
    name: _FullName | None = None


class _Autofill(msgspec.Struct):
    FULL_NAME: list[str] | None = None


class _OwnerFile(msgspec.Struct):
    """`autofill_information.json` or `profile_information.json`."""

    autofill_information_v2: _Autofill | None = None
    profile_v2: _Profile | None = None

    def names(self) -> list[str]:
        autofill, profile = self.autofill_information_v2, self.profile_v2
        names = (autofill and autofill.FULL_NAME) or []
        name = profile and profile.name and profile.name.full_name
        return [*names, name] if name else names


_decode = msgspec.json.Decoder(_OwnerFile).decode


def decode_owner(raw: bytes) -> str | None:
    """Return the owner's name, repaired, or None if the file does not hold it."""
    raw = raw.removeprefix(BYTE_ORDER_MARK)
    try:
        names = [name for name in _decode(raw).names() if name.strip()]
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        return None
    return read_repaired(raw, lambda repair: normal_name(repair(names[0]))) if names else None


class Owner(msgspec.Struct, frozen=True):
    """An export's owner, and how sure it is: by the files' own word most, by a place least."""

    name: str
    sureness: int

    @property
    def is_sure(self) -> bool:
        return self.sureness >= _BY_COMMON_NAME


def find_owner(stated: Iterable[str], threads: Sequence[Sequence[Outline]]) -> Owner | None:
    """Return the owner of an export, by the name that its threads have, or None.

    Args:
        stated: Names that the export's own files give, the surest first.
        threads: The outlines of each thread's parts.
    """
    names = [names_of(outlines) for outlines in threads]
    seen: dict[str, str] = {}
    for people in names:
        for key, name in people.items():
            seen.setdefault(key, name)
    stated = list(stated)
    for name in stated:
        if comparable_name(name) in seen:
            return Owner(seen[comparable_name(name)], _BY_WORD)
    peopled = [set(people) for people in names if people]
    common = set.intersection(*peopled) if len(peopled) >= _TWO else set()
    if len(common) == 1:
        return Owner(seen[common.pop()], _BY_COMMON_NAME)
    for place in (_LAST_IN_JSON, _FIRST_IN_ENCRYPTED):
        placed = Counter(
            who
            for outlines, people in zip(threads, names, strict=True)
            if len(people) <= _TWO and (who := _who_stands(place, outlines))
        )
        for name, count in placed.most_common(1):
            if count >= _MAJORITY * placed.total():
                return Owner(seen[name], _SURENESS[place])
    return Owner(stated[0], _BY_WORD) if stated else None


def names_of(outlines: Sequence[Outline]) -> dict[str, str]:
    """Return who belongs to a thread: names as they are compared, and as they are written."""
    return {
        comparable_name(name): name
        for outline in outlines
        for name in (*(outline.participants or ()), *outline.senders)
        if not is_deleted_account(name)
    }


def _who_stands(place: tuple[tuple[str, ...], int], outlines: Sequence[Outline]) -> str | None:
    """Return who stands in a place of a list of two people; files made by hand have no order."""
    variants, position = place
    for outline in outlines:
        people = outline.participants or ()
        if len(people) == _TWO and not outline.declared_group and outline.variant in variants:
            name = people[position]
            return None if is_deleted_account(name) else comparable_name(name)
    return None
