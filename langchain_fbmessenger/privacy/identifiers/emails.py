"""E-mail addresses."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from langchain_fbmessenger.privacy.identifiers.spot import STAYS, Spot

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["find_emails"]

# Behind the "@": letters of any script, and an end that is no number. Which ends exist is
# not asked: that list grows, and an address with a typing error tells as much.
_DOMAIN = re.compile(
    r"@(?:[^\W_][\w-]{0,62}\.){1,8}"
    r"(?:xn--[A-Za-z0-9-]{2,59}|[A-Za-z]{2,24}(?![A-Za-z0-9@-])|[^\W\d_]{2,24}(?![\w@]))"
)
_LONGEST_LOCAL = 64
# Scripts without blanks between words: what stands before an address there is no part of it.
_UNSPACED = "\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
_LOCAL = re.compile(rf"(?:(?![{_UNSPACED}])[\w.+%&'-])+\Z")
_LOCAL_UNSPACED = re.compile(r"[\w.+%&'-]+\Z")
_FAKE = re.compile(r"user\.[0-9a-f]{10}@example\.org")


def find_emails(text: str) -> Iterator[Spot]:
    """Give the e-mail addresses of a text."""
    for domain in _DOMAIN.finditer(text):
        at = domain.start()
        before = text[max(0, at - _LONGEST_LOCAL) : at]
        local = _LOCAL.search(before) or _LOCAL_UNSPACED.search(before)
        name = local[0].lstrip(".-+%&'") if local else ""
        address = f"{name}{domain[0]}"
        if name:
            kind = STAYS if _FAKE.fullmatch(address) else "email"
            yield Spot(at - len(name), domain.end(), kind, address.casefold())
