"""An identifier in a text, and where it may begin and end: beside words, but not amid a code.

Chats have no blanks in Chinese, Japanese and Thai, particles behind numbers in Korean, and typing
errors everywhere. So what stands beside a number says nothing, unless it may be more of the same:
a digit; a decimal's, a date's or a time's sign; Latin letters, of which codes are made.
"""

from __future__ import annotations

import re
from typing import NamedTuple

__all__ = ["LATIN", "NEVER", "STAYS", "TAKEN", "Spot", "is_behind_another", "is_whole"]

# What fakes of numbers without a check digit begin with. Of phone numbers, only Tajikistan's plan
# has such; they are let stand.
NEVER = "000"
STAYS = ""  # marks a span that later finders skip


class Spot(NamedTuple):
    """An identifier in a text.

    Attributes:
        start: Where it begins, in characters.
        end: Where it has ended.
        kind: One of `KINDS`, or `STAYS`.
        value: What all ways of writing it have in common.
        form: Which sort of the kind it is, where that matters to its fake.
    """

    start: int
    end: int
    kind: str
    value: str
    form: str = ""


TAKEN = "\0"  # stands where another identifier was found; no plain text has one

LATIN = "A-Za-z\u00aa\u00ba\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u1e00-\u1eff"
_SIGNS = ".,:/-"  # between the digits of decimals, dates, times, scores
_MARKS = "+@#/=&"  # before a sum's part, a user's or an order's number, a link's values

_REACH = 40
# What is no decimal's other half, nor a day's, but a number as long as an identifier.
_LONG = r"(?:\d(?:\W{0,3}\d){6}|\d{1,3}(?:\.\d{1,3}){3})"
_HEX = "[0-9A-Fa-f]{1,4}"
_LONG_BEFORE = re.compile(rf"(?:{_LONG}|[0-9A-Z]{{8}}|{_HEX}:{_HEX}|{TAKEN})[^\w{TAKEN}]{{1,3}}\Z")
_LONG_BEHIND = re.compile(rf"\W[+(]{{0,2}}(?:{_LONG}|{_HEX}:{_HEX}:)")
_LETTERS_BEFORE = re.compile(rf"(\d?)([{LATIN}]+)\Z")
_LETTERS_BEHIND = re.compile(rf"([{LATIN}]+)(\d?)")
_LINK_BEFORE = re.compile(r"(?:://|www\.|\w\.[A-Za-z]{2,24}[/:?]|[?&]\w)\S*\Z")
_MOST = 24  # letters of a word


def is_whole(text: str, start: int, end: int, *, signs: str = _SIGNS, marks: str = _MARKS) -> bool:
    """Tell whether an identifier is not part of a longer number, a code, or a link.

    Args:
        text: The text.
        start: Where the identifier begins.
        end: Where it has ended.
        signs: Signs that bind its digits to more digits.
        marks: Signs before it that make something else of it.
    """
    return _may_begin(text, start, signs, marks) and _may_end(text, end, signs)


def is_behind_another(text: str, start: int) -> bool:
    """Tell whether a place is right behind a number that is as long as an identifier."""
    return _LONG_BEFORE.search(text[max(0, start - _REACH) : start]) is not None


def _may_begin(text: str, start: int, signs: str, marks: str) -> bool:
    before = text[start - 1 : start]
    if before.isalnum():
        return not _is_more(text, start)
    is_bound = before in signs and text[max(0, start - 2) : start - 1].isdecimal()
    if before and (is_bound or before in marks) and not is_behind_another(text, start):
        return not is_bound and before in "/=&" and not _is_in_link(text, start)
    return True


def _is_more(text: str, start: int) -> bool:
    """Tell whether the letter or digit before a place belongs to what follows."""
    if text[start - 1].isdecimal():
        return True
    found = _LETTERS_BEFORE.search(text[max(0, start - _MOST) : start])
    if found is None:  # of another script
        return False
    return not _is_word(found[2][-2:]) or found[1] != "" or text[start].islower()


def _may_end(text: str, end: int, signs: str) -> bool:
    behind = text[end : end + 1]
    if behind.isdecimal() or behind == "@":
        return False
    found = _LETTERS_BEHIND.match(text, end, end + _MOST)
    if found is not None:
        return _is_word(found[1][:2]) and found[2] == "" and not text[end - 1].islower()
    if behind and behind in signs and text[end + 1 : end + 2].isdecimal():
        return _LONG_BEHIND.match(text, end, end + _REACH) is not None
    return True


def _is_word(letters: str) -> bool:
    """Tell whether letters beside a number are a word's: those of codes are capitals, or one."""
    return len(letters) > 1 and letters.islower()


def _is_in_link(text: str, start: int) -> bool:
    return _LINK_BEFORE.search(text[max(0, start - _REACH) : start]) is not None
