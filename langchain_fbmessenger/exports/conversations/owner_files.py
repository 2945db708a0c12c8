"""Read the files in which an export says whose it is.

Facebook's hold a name under a key of its own. Instagram's is a table of labels and values, and its
labels are in the language of the account. All are encoded twice, as threads are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from langchain_fbmessenger._internal.names import normal_name
from langchain_fbmessenger.exports.conversations.owner import Evidence, Owner
from langchain_fbmessenger.exports.formats.mojibake import BYTE_ORDER_MARK, read_repaired

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["decode_owner_file"]

_LABELS = ("Name", "Username")  # threads call people so, and those without a name by their handle
_LONGEST_NAME = 100


def decode_owner_file(raw: bytes) -> list[Owner]:
    """Return whom a file names as the export's owner, repaired, the likeliest name first.

    Args:
        raw: The bytes of the file. What is broken or holds something else names nobody.
    """
    raw = raw.removeprefix(BYTE_ORDER_MARK)
    try:
        file = msgspec.json.decode(raw)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        return []
    return read_repaired(raw, lambda repair: _owners(file, lambda s: normal_name(repair(s))))


def _owners(file: object, clean: Callable[[str], str]) -> list[Owner]:
    autofill = _at(file, "autofill_information_v2", "FULL_NAME")
    profile = _at(file, "profile_v2", "name", "full_name")
    names = [*(autofill if isinstance(autofill, list) else [autofill]), profile]
    names = [clean(name) for name in names if isinstance(name, str)]
    # Of several, the first: somebody has typed the others into a form.
    names = [*filter(None, names)][:1]
    values = {clean(label): clean(value) for label, value in _labelled(file)}
    names += [values[label] for label in _LABELS if values.get(label)]
    if names:
        return [Owner(name, Evidence.PROFILE) for name in names]
    # In another language, one of the values is the name that the threads have.
    likely = dict.fromkeys(v for v in values.values() if v and len(v) <= _LONGEST_NAME)
    return [Owner(value, Evidence.PROFILE_VALUE) for value in likely]


def _at(found: object, *keys: str) -> Any:
    """Return what stands under some keys, one below the other; what is odd hides nothing else."""
    for key in keys:
        found = found.get(key) if isinstance(found, dict) else None
    return found


def _labelled(file: object) -> list[tuple[str, str]]:
    """Return Instagram's labels and values: `{"Name": {"value": "Zoë Brandt"}, …}`."""
    users = _at(file, "profile_user")
    tables = [_at(u, "string_map_data") for u in (users if isinstance(users, list) else [users])]
    return [
        (label, field["value"])
        for table in tables
        if isinstance(table, dict)
        for label, field in table.items()
        if isinstance(field, dict) and isinstance(field.get("value"), str)
    ]
