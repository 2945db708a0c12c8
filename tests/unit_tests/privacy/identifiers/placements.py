"""Identifiers amid texts of many scripts: of each kind some, and 21 placements beside words.

The tests of the law take them one by one; tests/benchmarks/privacy_placements.py counts them.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

VALUES = {
    "phone": ["+86 138 1234 5678", "+420777123456", "+82 10-1234-5678"],
    "card": ["4111 1111 1111 1111", "4785349445928504"],
    "iban": ["CZ65 0800 0000 1920 0014 5399", "DE89370400440532013000"],
    "ipv4": ["81.2.194.117"],
    "ipv6": ["2a02:8308:7768:9d49:a1e6:1869:2f0a:bdb6"],
    "email": ["zoe.b@example.com"],
    "token": ["ghp_0123456789abcdefghij0123456789ABCDEF", "AKIAIOSFODNN7EXAMPLE"],
    "national id": ["44051401359", "975326/2904", "11010519491231002X"],
    "presidio id": ["12345678Z", "RSSMRA85T10A562S", "383-20-5597"],
    "link": ["https://a.example/x?token=f3Bk9Lq2ZpX7"],
}
FINDINGS = {"ipv4": "ip", "ipv6": "ip", "token": "id", "national id": "id", "presidio id": "id"}
"""Kinds of findings, where they are called otherwise than here."""

LINK = "https://a.example/x?token="
"""What of a link stays."""

# A word before, and one behind or a particle, as they are written beside a number.
WORDS = {
    "Han": ("我的", "谢谢"),
    "Kana": ("これは", "です"),
    "Hangul": ("번호는", "입니다"),
    "Thai": ("ของฉัน", "ครับ"),
    "Arabic": ("هذا", "شكرا"),
    "Hebrew": ("זה", "תודה"),
    "Cyrillic": ("вот", "пиши"),
    "Greek": ("στο", "φίλε"),
    "Devanagari": ("यह", "है"),
    "Georgian": ("აი", "არის"),
    "Armenian": ("խնդրում", "շնորհակալ"),
    "Latin": ("píšu", "díky"),
}
BEFORE = ("", "{}", "{} ", "{}:", "{}\uff1a", "{} (", "{}\n")
BEHIND = ("", "{}", ", {}")


class Placed(NamedTuple):
    """An identifier in a text.

    Attributes:
        kind: One of `VALUES`.
        text: The text.
        start: Where it begins.
        end: Where it has ended.
    """

    kind: str
    text: str
    start: int
    end: int


def placed(kind: str, value: str, before: str, behind: str) -> Placed:
    """Return a value between other texts; of a link, its secret is the identifier."""
    stays = len(LINK) if kind == "link" else 0
    start, end = len(before) + stays, len(before) + len(value)
    return Placed(kind, f"{before}{value}{behind}", start, end)


def placements(kind: str, script: str) -> Iterator[Placed]:
    """Give the values of a kind beside words of a script, each in 21 ways."""
    first, last = WORDS[script]
    for value, before, behind in product(VALUES[kind], BEFORE, BEHIND):
        yield placed(kind, value, before.format(first), behind.format(last))
