"""Find tags by their classes in the bytes of a page, without parsing it."""

from __future__ import annotations

import re
from bisect import bisect_left

__all__ = ["UNKNOWN_HTML", "classes_at", "opening_tags"]

UNKNOWN_HTML = "HTML page of an unknown layout"

_OPENING_TAG = re.compile(
    rb"<[a-zA-Z][\w-]*\b[^<>]*?\sclass\s*=\s*"
    rb"(?:\"(?P<double>[^\"<>]*)\"|'(?P<single>[^'<>]*)'|(?P<bare>[^\s\"'<>]+))"
)
_LONGEST_TAG = 1000
_NO_MARKUP = re.compile(
    rb"<!--.*?(?:-->|\Z)|<(script|style|template|noscript|textarea|iframe)\b.*?(?:</\1\s*>|\Z)",
    re.IGNORECASE | re.DOTALL,
)


def opening_tags(raw: bytes, token: bytes) -> list[int]:
    """Return where the tags begin that have a class, but none in comments, scripts and the like."""
    starts = []
    at = raw.find(token)
    hidden = [found.span() for found in _NO_MARKUP.finditer(raw)] if at >= 0 else []
    while at >= 0:
        start = raw.rfind(b"<", max(0, at - _LONGEST_TAG), at)
        if start >= 0 and token in classes_at(raw, start) and not _is_hidden(start, hidden):
            starts.append(start)
        at = raw.find(token, at + len(token))
    return starts


def classes_at(raw: bytes, start: int) -> list[bytes]:
    """Return the classes of the tag that begins there."""
    tag = _OPENING_TAG.match(raw, start)
    return (tag["double"] or tag["single"] or tag["bare"] or b"").split() if tag else []


def _is_hidden(start: int, hidden: list[tuple[int, int]]) -> bool:
    before = bisect_left(hidden, (start, 0)) - 1
    return before >= 0 and start < hidden[before][1]
