"""Read the account's own name from the files of an export that hold it.

Both files and their keys: the row "owner" in section 3 of docs/formats.md.
"""

from __future__ import annotations

import msgspec

from langchain_fbmessenger._names import normal_name
from langchain_fbmessenger.exports._encoding import read_repaired

__all__ = ["decode_owner"]


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
        names = (
            [] if self.autofill_information_v2 is None else self.autofill_information_v2.FULL_NAME
        )
        if self.profile_v2 and self.profile_v2.name and self.profile_v2.name.full_name:
            return [*(names or ()), self.profile_v2.name.full_name]
        return names or []


_decode = msgspec.json.Decoder(_OwnerFile).decode


def decode_owner(raw: bytes) -> str | None:
    """Return the owner's name, repaired, or None if the file does not hold it."""
    raw = raw.removeprefix(b"\xef\xbb\xbf")
    try:
        names = [name for name in _decode(raw).names() if name.strip()]
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        return None
    return read_repaired(raw, lambda repair: normal_name(repair(names[0]))) if names else None
