"""E-mail addresses."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from langchain_fbmessenger.privacy.identifiers.spots import LATIN, STAYS, Spot

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["find_emails"]

# Behind the "@": letters of any script, and an end that is not a number. Which ends exist is
# not asked: that list grows, and an address with a typing error tells as much.
_DOMAIN = re.compile(
    r"@(?:[^\W_][\w-]{0,62}\.){1,8}"
    r"(?:xn--[A-Za-z0-9-]{2,59}|[A-Za-z]{2,24}(?![A-Za-z0-9@])|[^\W\d_]{2,24}(?![^\W_]|@))"
)
_LONGEST_LOCAL = 64
_LOCAL = re.compile(r"[\w.+%&'-]+\Z")
# What touches an address in Latin letters is a word before it, if it is of another script.
_LATIN_LOCAL = re.compile(rf"(?<=[^\W\d_])(?<![{LATIN}])[{LATIN}][{LATIN}0-9_.+%&'-]*\Z")
# Scripts without blanks between words: what stands before an address there is not part of it.
_UNSPACED = "\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
_SPACED_LOCAL = re.compile(rf"(?:(?![{_UNSPACED}])[\w.+%&'-])+\Z")
# "604 330 814-zoe@firma.cz", "975326/2904-zoe@firma.cz": the end of a number is not the address's,
# nor are numbers behind it.
_BEHIND_GROUP = re.compile(r"(?<=\d[ /-])")
_NUMBERS = re.compile(r"\A(?:\d+[+%&'_-]+)+")
_PIECES = re.compile(r"\A.*[+%&'_-]")
_FAKE = re.compile(r"user\.[0-9a-f]{10}@example\.org")


def find_emails(text: str) -> Iterator[Spot]:
    """Give the e-mail addresses of a text."""
    end = 0
    for domain in _DOMAIN.finditer(text):
        at = domain.start()
        before = text[max(end, at - _LONGEST_LOCAL) : at]
        patterns = (_LATIN_LOCAL, _SPACED_LOCAL, _LOCAL)
        local = next(filter(None, (pattern.search(before) for pattern in patterns)), None)
        name = local[0] if local else ""
        if _BEHIND_GROUP.match(text, at - len(name)):
            name = _NUMBERS.sub("", name)
        elif len(name) == _LONGEST_LOCAL:  # longer than any: what stands before has run into it
            name = _PIECES.sub("", name)
        name = name.lstrip(".-+%&'")
        address = f"{name}{domain[0]}"
        if name:
            end = domain.end()
            kind = STAYS if _FAKE.fullmatch(address) else "email"
            yield Spot(at - len(name), end, kind, address.casefold())
