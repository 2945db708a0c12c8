"""Turn texts into what people read: nothing invisible, letters in their usual form.

Phones put soft hyphens and zero-width characters into words, and offer letters of other fonts.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["places_in", "plain_text", "plain_texts"]

# Invisible: format characters (Cf), controls but for blanks and line ends, fillers,
# selectors of a glyph's form. The Arabic tatweel is seen, and only stretches a word.
_UNSEEN = (
    "\0-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u034f\u0600-\u0605\u061c\u0640\u06dd\u070f\u0890\u0891"
    "\u08e2\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U000110bd\U000110cd\U00013430-\U0001343f"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
# Letters and digits of other fonts, widths and joins: raised, letterlike, Roman, in circles and
# squares, radicals, ligatures, presentation forms, mathematical.
_OTHER_FORMS = (
    "\u00b2\u00b3\u00b9\u02b0-\u02b8\u02e0-\u02e4\u1d2c-\u1d6a\u2070-\u209c\u2102-\u2115"
    "\u2118-\u211d\u2124-\u2149\u2160-\u217f\u2460-\u24ea\u2c7c\u2c7d\u2f00-\u2fd5\uf900-\ufaff"
    "\ufb00-\ufdff\ufe70-\ufefc\uff01-\uff9f\uffe0-\uffe6\U0001d400-\U0001d7ff"
    "\U0001f130-\U0001f149\U0001f150-\U0001f169\U0001f170-\U0001f189\U0002f800-\U0002fa1f"
)
# Marks that follow the letter they belong to: accents, strokes through it, a key around it.
_MARKS = "\u0300-\u036f\u0653-\u0655\u20d0-\u20ff\u3099\u309a\uff9e\uff9f"
_JAMO = "\u1100-\u11ff\uffa1-\uffdc"  # parts of Hangul's syllables
# White letters in black circles and squares, which Unicode does not call letters of another form.
_NEGATIVE = {first + n: chr(65 + n) for first in (0x1F150, 0x1F170) for n in range(26)}

# These run on every message that is not ASCII. A range beyond the basic plane costs as much as all
# of that plane, so there are coarse ones: what they leave out are the emoji.
_BEYOND = "[\U00010000-\U0010ffff]-?"
_FORM = f"{_OTHER_FORMS}{_MARKS}{_JAMO}"
_SIGN = re.compile(
    f"[{re.sub(_BEYOND, '', _UNSEEN + _FORM)}\U000110bd-\U0001f189\U0002f800-\U000e0fff]"
)
_SIGN_OF_FORM = re.compile(
    f"[{re.sub(_BEYOND, '', _FORM)}\U0001d400-\U0001f189\U0002f800-\U0002fa1f]"
)

_UNSEEN_CHARACTER = re.compile(f"[{_UNSEEN}]")
_OTHER_FORM = re.compile(rf"[{_JAMO}]+[{_MARKS}]*|\S[{_MARKS}]+|[{_OTHER_FORMS}]")
_LEFT_OVER = re.compile(rf"[{_UNSEEN}]|(?<=\S)[{_MARKS}]")


def plain_text(text: str) -> str:
    """Return a text as people read it.

    Example:
        ```python
        assert plain_text("Mi\u200blo \uff2d\uff29\uff2c\uff2f") == "Milo MILO"
        ```
    """
    if text.isascii() and text.isprintable():
        return text
    text = _without_joints(text)
    if _SIGN.search(text) is None:
        return text
    seen = _UNSEEN_CHARACTER.sub("", text)
    return seen if _SIGN_OF_FORM.search(seen) is None else _OTHER_FORM.sub(_usual, seen)


def plain_texts(texts: Sequence[str]) -> Sequence[str]:
    """Return texts as people read them; nearly all are as they were."""
    joined = "\n".join(texts)
    seen = _without_joints(joined)
    if _SIGN.search(seen) is not None:
        return [*map(plain_text, texts)]
    if seen is joined:
        return texts
    plain = seen.split("\n")
    return plain if len(plain) == len(texts) else [*map(_without_joints, texts)]


def _without_joints(text: str) -> str:
    """Return a text without what stands within emoji: nearly all that is invisible is that."""
    return text.replace("\ufe0f", "").replace("\u200d", "")


def _usual(match: re.Match[str]) -> str:
    usual = unicodedata.normalize("NFKC", match[0])
    return _LEFT_OVER.sub("", usual).translate(_NEGATIVE)


def places_in(text: str) -> tuple[list[int], list[int]]:
    """Return where each character of the plain text begins and has ended in the text."""
    seen = [place for place, char in enumerate(text) if _UNSEEN_CHARACTER.match(char) is None]
    starts: list[int] = []
    ends: list[int] = []
    done = 0
    for match in _OTHER_FORM.finditer("".join(text[place] for place in seen)):
        between = seen[done : match.start()]
        count = len(_usual(match))
        starts += [*between, *[seen[match.start()]] * count]
        ends += [*[place + 1 for place in between], *[seen[match.end() - 1] + 1] * count]
        done = match.end()
    return [*starts, *seen[done:]], [*ends, *[place + 1 for place in seen[done:]]]
