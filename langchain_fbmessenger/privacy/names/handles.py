"""User names in texts: behind an @, and in addresses of profiles. Text goes in, places come out."""

from __future__ import annotations

import functools
import re
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

import msgspec
import msgspec.toml

from langchain_fbmessenger._internal.package_tables import read_table
from langchain_fbmessenger._internal.scripts import IN_WORDS

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Handle", "find_handles", "invented_handle", "invented_handles", "is_invented_handle"]

_PART = rf"[\w{IN_WORDS}]+"
# Not behind a letter or digit: that is an e-mail address, or "10@latest".
_BEHIND_AT = re.compile(rf"(?<![0-9A-Za-z])[@\uff20]({_PART}(?:[.-]+{_PART})*)")
_AMOUNT = re.compile(r"\d[\d.,:]*(?:[ap]m|h|hrs?|uhr|hod|min|km|k|z|x|st|nd|rd|th)?", re.IGNORECASE)
_DOMAIN = re.compile(r"@[\w-]+(?:\.[\w-]+)+")
# "@route('/')", and a line below what it decorates.
_DECORATES = re.compile(
    r"(?:\([^\n]*\))?[ \t]*\n\s*(?:@|(?:async|def|class|public|private|protected|static|final"
    r"|fun|func|export|val|var)\b)"
)
_PACKAGE = re.compile(r"/[a-z][\w.-]*")
_NOT_LATIN = re.compile("[\u0370-\u1dff\u2e80-\uffef]")
_SPACE = re.compile(r"\s")
_IN_PATH = re.compile(r"[\w.-]+")
_FAR = 200
_ENDS = ".,!?;:)'*\u2019…"
_INVENTED = re.compile(r"(?<![\w.])user_[bcdfghjklmnpqrst]{8}(?!\w)", re.IGNORECASE | re.ASCII)
_LETTERS = "bcdfghjklmnpqrst"  # no words come of them, and no numbers


class Handle(NamedTuple):
    """A user name in a text.

    Attributes:
        start: Where it begins, behind its "@".
        end: Where it has ended.
        text: The user name.
        is_mention: Whether an "@" stands before it.
    """

    start: int
    end: int
    text: str
    is_mention: bool


def find_handles(text: str) -> Iterator[Handle]:
    """Give the user names in a text, those behind an "@" first."""
    for match in _BEHIND_AT.finditer(text):
        start, end = match.start(1), match.start(1) + len(_in_its_script(match[1]))
        if end == match.end(1) and (domain := _DOMAIN.match(text, end)):
            end = domain.end()  # "@zoe@social.example"
        handle = text[start:end].rstrip(".-")
        if _is_handle(handle, text, start):
            yield Handle(start, start + len(handle), handle, is_mention=True)
    if "/" in text:
        yield from _accounts(text)


def invented_handle(digest: bytes) -> str:
    """Return an invented user name."""
    number = int.from_bytes(digest[:4], "big")
    return "user_" + "".join(_LETTERS[number >> shift & 15] for shift in range(0, 32, 4))


def invented_handles(text: str) -> Iterator[re.Match[str]]:
    """Give the user names in a text that have been invented, whether anybody's or not."""
    return _INVENTED.finditer(text)


def is_invented_handle(name: str) -> bool:
    """Tell whether a name has the form of an invented user name."""
    return _INVENTED.fullmatch(name) is not None


def _is_handle(handle: str, text: str, start: int) -> bool:
    table = _table()
    folded = handle.casefold()
    if not any(map(str.isalpha, handle)) or _AMOUNT.fullmatch(handle):
        return False
    if folded in table.everybody or folded in table.code:
        return False
    end = start + len(handle)
    if _DECORATES.match(text, end):
        return False
    before = text[max(0, start - _FAR) : start - 1]
    token = _SPACE.split(before)[-1]
    if "://" in token and not token.endswith(("/", "=")):
        return False  # "https://zoe:secret!@host"
    if _PACKAGE.match(text, end) and not token.endswith("/"):
        words = before.casefold().split()[-2:]
        return not (token.endswith(("'", '"', "`")) or table.packages.intersection(words))
    return True


def _in_its_script(handle: str) -> str:
    """Return a user name without what no space parts from it: "naoki_t88の写真"."""
    other = _NOT_LATIN.search(handle) if handle[:1].isascii() else None
    return handle[: other.start()] if other else handle


def _accounts(text: str) -> Iterator[Handle]:
    """Give the accounts that addresses of profiles name."""
    table = _table()
    end = 0
    for match in _sites().finditer(text):
        prefixes = table.accounts[match[1].casefold()]
        start = match.end()
        if start < end:
            continue  # a link within a link
        end = _end_of_path(text, start)
        segments = [*islice(_IN_SEGMENT.finditer(text, start, end), 2)]
        if not segments:
            continue
        first = segments[0][0].casefold().rstrip(_ENDS)
        if first in prefixes and len(segments) > 1:
            account = segments[1]
        elif "" in prefixes and first not in table.reserved:
            account = segments[0]
        else:
            continue
        name = _in_its_script(account[0].rstrip(_ENDS))
        if _IN_PATH.fullmatch(name) and any(map(str.isalpha, name)) and name[0] not in "@.":
            yield Handle(account.start(), account.start() + len(name), name, is_mention=False)


_IN_SEGMENT = re.compile(r"[^/]+")
_PATH_ENDS = re.compile(r"[\s<>\"“”«»?#&]")


def _end_of_path(text: str, start: int) -> int:
    match = _PATH_ENDS.search(text, start)
    return match.start() if match else len(text)


class _Accounts(msgspec.Struct, forbid_unknown_fields=True):
    everybody: str
    code: str
    packages: str
    accounts: dict[str, tuple[str, ...]]
    reserved: dict[str, str]


class _Table(NamedTuple):
    everybody: frozenset[str]
    code: frozenset[str]
    packages: frozenset[str]
    accounts: dict[str, tuple[str, ...]]
    reserved: frozenset[str]


@functools.cache
def _table() -> _Table:
    read = read_table(__package__, "handles.toml", _Accounts)
    return _Table(
        frozenset(read.everybody.split()),
        frozenset(read.code.split()),
        frozenset(read.packages.split()),
        read.accounts,
        frozenset(read.reserved["words"].split()),
    )


@functools.cache
def _sites() -> re.Pattern[str]:
    sites = "|".join(map(re.escape, sorted(_table().accounts, key=len, reverse=True)))
    pattern = rf"(?<![\w.-])(?:https?://)?(?:[\w-]+\.)*?({sites})/"
    return re.compile(pattern, re.IGNORECASE | re.ASCII)  # other scripts may stand before
