"""IP addresses, versions 4 and 6.

Left are addresses that say nothing of anybody: of this very machine (127.0.0.1, ::1), of none
(0.0.0.0, ::), netmasks, and those that are reserved for no use, which the fakes are taken from.
Numbers such as 1.2.3.4, of single digits, are numbers of versions and chapters.
"""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING

from langchain_fbmessenger.privacy.identifiers.spots import STAYS, Spot, is_whole
from langchain_fbmessenger.privacy.identifiers.words import stands_right_before

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["FAKE_V4", "FAKE_V6", "find_ips"]

FAKE_V4 = ipaddress.IPv4Network("240.0.0.0/5")  # half of what is reserved since 1989
FAKE_V6 = ipaddress.IPv6Network("3fff::/20")  # for documentation (RFC 9637)

_V4 = re.compile(r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?!\d|\.\d)")
_V6 = re.compile(r"(?<![0-9A-Fa-f:.])(?=[0-9A-Fa-f]{0,4}:)[0-9A-Fa-f:]{3,44}(?![0-9A-Fa-f:])")
_SINGLE_DIGITS = len("1.2.3.4")


def find_ips(text: str) -> Iterator[Spot]:
    """Give the IP addresses of a text."""
    for match in _V4.finditer(text):
        if is_whole(text, *match.span(), signs="-", marks=""):
            is_version = len(match[0]) == _SINGLE_DIGITS or stands_right_before(
                text, match.start(), "version"
            )
            yield from _spot(text, *match.span(), STAYS if is_version else "ip")
    if text.count(":") > 1:
        for match in _V6.finditer(text):
            start, end = match.span()
            # "node:2a02:...": what looks like the first group is the end of a word.
            for begin in (start, text.find(":", start) + 1):
                if is_whole(text, begin, end, signs="", marks=""):
                    yield from _spot(text, begin, end, "ip")


def _spot(text: str, start: int, end: int, kind: str) -> Iterator[Spot]:
    written = text[start:end]
    try:
        address = ipaddress.ip_address(written)
    except ValueError:  # 300.1.2.3, a time of day
        return
    says_nothing = (
        address.is_loopback
        or address.is_unspecified
        or address in FAKE_V4
        or address in FAKE_V6
        or written.startswith("255.")
    )
    if any(char.isdigit() for char in written):
        kind = STAYS if says_nothing else kind
        yield Spot(start, end, kind, str(address), f"v{address.version}")
