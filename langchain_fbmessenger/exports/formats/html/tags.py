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
_TRIES = 3
_NO_MARKUP = re.compile(
    rb"<(?=[!sStTnNiI])(?:!--.*?(?:-->|\Z)"
    rb"|(?i:(script|style|template|noscript|textarea|iframe)\b.*?(?:</\1\s*>|\Z)))",
    re.DOTALL,
)


def opening_tags(raw: bytes, token: bytes) -> list[int]:
    """Return where the tags begin that have a class, but none in comments, scripts and the like."""
    starts: list[int] = []
    at = raw.find(token)
    hidden = [found.span() for found in _NO_MARKUP.finditer(raw)] if at >= 0 else []
    while at >= 0:
        start = raw.rfind(b"<", max(0, at - _LONGEST_TAG), at)
        if start >= 0 and token in classes_at(raw, start):
            # Mostly, the first tag or the second is like all that follow.
            same = _same_tags(raw, start, token) if len(starts) < _TRIES else []
            if same:
                starts += same
                break
            starts.append(start)
        at = raw.find(token, at + len(token))
    return [start for start in starts if not _is_hidden(start, hidden)] if hidden else starts


def _same_tags(raw: bytes, start: int, token: bytes) -> list[int]:
    """Return where the tag that begins there comes again, if nothing else has the class."""
    tag = raw[start : raw.find(b">", start, start + _LONGEST_TAG) + 1]
    if tag.count(token) != 1 or raw.count(token, start) != raw.count(tag, start):
        return []
    return [found.start() for found in re.compile(re.escape(tag)).finditer(raw, start)]


def classes_at(raw: bytes, start: int) -> list[bytes]:
    """Return the classes of the tag that begins there."""
    tag = _OPENING_TAG.match(raw, start)
    return (tag["double"] or tag["single"] or tag["bare"] or b"").split() if tag else []


def _is_hidden(start: int, hidden: list[tuple[int, int]]) -> bool:
    before = bisect_left(hidden, (start, 0)) - 1
    return before >= 0 and start < hidden[before][1]
