"""Secrets in links (tokens, passwords, invitations), the numbers of profiles and phones, and keys.

The rest of a link stays. What is a secret is told by where it stands (links.toml); keys and tokens
of a fixed shape are told by that (tokens.toml): "ghp_...", "AKIA...".
"""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING

import msgspec

from langchain_fbmessenger._internal.package_tables import read_table
from langchain_fbmessenger.privacy.identifiers.ids import UNCHECKED
from langchain_fbmessenger.privacy.identifiers.spots import LATIN, STAYS, Spot

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["find_links", "find_tokens"]

# A link, with or without "https://"; brackets and quotes around it do not belong to it.
_LINK = re.compile(r"(?:(?!#https?://)[^\s<>\"“”«»]){6,}")
_IS_LINK = re.compile(
    r"[A-Za-z][A-Za-z0-9+.-]{1,15}://"
    r"|(?:(?:[\w-]{1,63}\.){1,6}[^\W\d_]{2,24}|(?:\d{1,3}\.){3}\d{1,3})(?::\d+)?[/?#]"
)
_USERINFO = re.compile(r"://[^/\s:@]{0,64}:([^/\s@]{1,128})@")
_PARAMETER = re.compile(r"[?&#;]([\w.%\[\]-]{1,40})=([^&#;\s]+)")
_SEGMENT = re.compile(r"(?<=/)[^/?#\s]+")
_ACCOUNT = re.compile(r"(?<=[/=])(?!000)[0-9]{9,20}(?![0-9A-Za-z_-])")
_CALLED = re.compile(r"(?:wa\.me/|[?&]phone=)(?:\+|%2B)?(?!000)(\d{7,15})(?!\d)", re.IGNORECASE)
_JWT = re.compile(r"eyJ[\w-]{8,}\.eyJ[\w-]{8,}(?:\.[\w-]*)?", re.ASCII)
# Secrets are random, and random is Latin: a letter of another script is the sentence's.
_LATIN_PART = re.compile(f"[!-~{LATIN}]+")
_OURS = re.compile(r"\[\w+\]|fake-[0-9a-f]{12}")
_PAIRS = {")": "(", "]": "[", "}": "{"}
_BEFORE = "([{*'"
_AFTER = ".,!?;:'\u2019*…"
_LONGEST_HEAD = 512  # within which a link's site stands
_LONGEST_SCHEME = 20
_SHORTEST, _LONG, _SHORTEST_CODE = 8, 20, 6


def find_links(text: str) -> Iterator[Spot]:
    """Give the secret parts of the links of a text, and the numbers of profiles and phones in them.

    Of two that overlap, the surer comes first.
    """
    for match in _LINK.finditer(text):
        link = _without_end(match[0].lstrip(_BEFORE))
        at = match.end() - len(match[0].lstrip(_BEFORE))
        begin = _IS_LINK.search(link[:_LONGEST_HEAD])
        if begin is None:
            continue
        for start, end, kind in _parts(link, begin.start()):
            value = link[start:end]
            if value:
                kept = STAYS if _OURS.match(value) else kind
                yield Spot(at + start, at + end, kept, value, kind if kind == "link" else UNCHECKED)


def _without_end(link: str) -> str:
    """Return a link without the full stop or bracket of the sentence that it stands in."""
    closing = "".join(right for right, left in _PAIRS.items() if left not in link)
    return link.rstrip(_AFTER + closing)


def _parts(link: str, begin: int) -> Iterator[tuple[int, int, str]]:
    """Give the places of secrets and accounts, those that are surest first."""
    table = _table()
    user = _USERINFO.search(link, 0, begin + _LONGEST_HEAD)
    if user:
        yield (*user.span(1), "link")
    for token in _JWT.finditer(link):
        yield (*token.span(), "link")
    parameter = _PARAMETER.search(link)
    while parameter:
        name = parameter[1].casefold().removeprefix("amp;")
        value = _secret(parameter[2])
        end = parameter.start(2) + len(value)
        if name in table.secret or (name in table.maybe and _is_code(value)):
            yield (parameter.start(2), end, "link")
        parameter = _PARAMETER.search(link, end)
    for called in _CALLED.finditer(link, begin):
        yield (*called.span(1), "phone")
    path_end = min((n for n in (link.find("?"), link.find("#")) if n >= 0), default=len(link))
    site = link[begin:].casefold()
    site = site[site.find("://") + 3 :] if "://" in site[:_LONGEST_SCHEME] else site
    site = site.removeprefix("www.")
    is_invitation = site.startswith(tuple(table.invitations))
    before = ""
    for segment in _SEGMENT.finditer(link, begin, path_end):
        name = _secret(segment[0]).removesuffix(".ics")
        is_behind = before in table.path or name.startswith("+") or is_invitation
        is_long = len(name) >= _LONG and before not in table.public
        if (is_behind or is_long) and _is_random(name):
            yield (segment.start(), segment.start() + len(name), "link")
        before = segment[0].casefold()
    host = re.split("[/?#]", site, maxsplit=1)[0]
    if host.endswith(tuple(table.profiles)):
        for account in _ACCOUNT.finditer(link, begin):
            yield (*account.span(), "id")


def _secret(value: str) -> str:
    """Return what of a link's value is not the text behind the link, in a script without blanks."""
    part = _LATIN_PART.match(value)
    return value if part is None or part.end() == len(value) else part[0].rstrip(_AFTER)


def _is_code(value: str) -> bool:
    """Tell whether a value is random, or a code to type: "481920", "88-KTM"."""
    is_code = len(value) >= _SHORTEST_CODE and value == value.upper()
    return _is_random(value) or (is_code and any(char.isdigit() for char in value))


def _is_random(value: str) -> bool:
    """Tell whether nobody would name a thing so: digits amid letters, capitals amid small ones."""
    if len(value) < _SHORTEST:
        return False
    letters = re.sub(r"[^A-Za-z0-9]", "", value)
    digits = sum(char.isdigit() for char in letters)
    # "summer-party-2024" is a title: its words are words, and its digits stand at one end.
    turns = len(re.findall(r"[A-Za-z][0-9]|[0-9][A-Za-z]|[a-z][A-Z]", letters))
    has_words = any(len(word) > 1 for word in re.findall(r"(?:^|[-_])[a-z]+(?=[-_]|$)", value))
    if has_words and len(letters) < _LONG * 2:
        return False
    return turns > 1 or (len(letters) >= _LONG and digits > 0) or digits == len(letters) > _LONG


class _Table(msgspec.Struct, forbid_unknown_fields=True):
    secret: frozenset[str]
    maybe: frozenset[str]
    path: frozenset[str]
    public: frozenset[str]
    invitations: list[str]
    profiles: list[str]


@functools.cache
def _table() -> _Table:
    return read_table(__package__, "links.toml", _Table)


def find_tokens(text: str) -> Iterator[Spot]:
    """Give the keys and tokens of a text."""
    for match in _token_pattern().finditer(text):
        yield Spot(*match.span(), "id", match[0], "token")


class _Token(msgspec.Struct, forbid_unknown_fields=True):
    of: str
    pattern: str


class _TokenTable(msgspec.Struct, forbid_unknown_fields=True):
    token: list[_Token]


@functools.cache
def _token_pattern() -> re.Pattern[str]:
    tokens = read_table(__package__, "tokens.toml", _TokenTable).token
    anyone = "|".join(token.pattern for token in tokens)
    # Their alphabet is ASCII's: a letter of another script is not in it.
    return re.compile(f"(?<![0-9A-Za-z])(?:{anyone})(?![0-9A-Za-z])", re.ASCII)
