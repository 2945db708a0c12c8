# ruff: noqa: RUF001, RUF002 - letters that look alike are what it is about
"""The scripts that names are written in, and words as runs of one of them.

A word ends where the script changes: in "Miloさん" it is a name and how somebody is spoken to.
Japanese writes Han and kana in one word, so they are one script here. Digits and signs are of none.
"""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "ALPHABETS",
    "APOSTROPHES",
    "CAPITALS",
    "IN_WORDS",
    "NEW_WORD_WITHIN",
    "SPACELESS",
    "WITH_CAPITALS",
    "WORD",
    "in_one_script",
]

_ACCENTS = "\u0300-\u036f"
_LATIN = (
    "A-Za-z\u00aa\u00ba\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02b8\u1d00-\u1dbf\u1e00-\u1eff"
    f"\u2c60-\u2c7f\ua722-\ua787\ua78b-\ua7ca\ua7f2-\ua7ff\uab30-\uab5a{_ACCENTS}"
)
_CYRILLIC = f"\u0400-\u0481\u0483-\u0487\u048a-\u052f\u1c80-\u1c8a\ua640-\ua66e{_ACCENTS}"
_GREEK = f"\u0370-\u0373\u0376\u0377\u037b-\u037d\u037f\u0386\u0388-\u03ff\u1f00-\u1ffc{_ACCENTS}"
ALPHABETS = _LATIN + _CYRILLIC + _GREEK
"""Letters of scripts that are alike, as part of a set in a pattern."""
_ARMENIAN = "\u0530-\u058f"
WITH_CAPITALS = ALPHABETS + _ARMENIAN
"""Letters of scripts that have capitals, as part of a set in a pattern."""
_EAST_ASIAN = (
    "\u3005-\u3007\u3031-\u3035\u303b\u303c\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff"
    "\u3105-\u312f\u31a0-\u31bf\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\U00020000-\U0003ffff"
)
_WITHOUT_SPACES = (
    _EAST_ASIAN,
    "\u0e01-\u0e3a\u0e40-\u0e4e",  # Thai
    "\u0e81-\u0ece\u0edc-\u0edf",  # Lao
    "\u1000-\u103f\u1050-\u108f\u109a-\u109d\uaa60-\uaa7f",  # Burmese
    "\u1780-\u17d3\u17d7\u17dc\u17dd",  # Khmer
)
_ARABIC = (
    "\u0610-\u061a\u0620-\u065f\u066e-\u06d3\u06d5-\u06dc\u06df-\u06e8\u06ea-\u06ef\u06fa-\u06ff"
    "\u0750-\u077f\u0870-\u08e1\u08e3-\u08ff"
)
# The letters of each, with the marks that follow a letter as characters of their own, of which
# `\w` knows few: accents, points and vowel signs.
_SCRIPTS = (
    _LATIN,
    _CYRILLIC,
    _GREEK,
    "\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u05d0-\u05f2",  # Hebrew
    _ARABIC,
    "\u1100-\u11ff\u3131-\u318e\ua960-\ua97c\uac00-\ud7fb",  # Hangul
    *_WITHOUT_SPACES,
    # Of India and Sri Lanka, each has a block; signs and digits stand at the same place in all.
    *(f"{chr(n)}-{chr(n + 0x63)}{chr(n + 0x70)}-{chr(n + 0x7F)}" for n in range(0x900, 0xE00, 128)),
    _ARMENIAN,
    "\u0710-\u074f",  # Syriac
    "\u0780-\u07b1",  # Thaana
    "\u0f40-\u0fbc",  # Tibetan
    "\u10a0-\u10ff\u1c90-\u1cbf\u2d00-\u2d2d",  # Georgian
    "\u1200-\u139f\u2d80-\u2ddf\uab01-\uab2e",  # Ethiopic
)
IN_WORDS = "".join(_SCRIPTS)
"""Letters and marks, as part of a set in a pattern."""

# Nothing but a letter begins a word; what it is of tells what goes on with it.
_GOES_ON = "|".join(f"(?<=[{script}])[{script}]*" for script in _SCRIPTS)
WORD = re.compile(rf"[^\W\d_](?:{_GOES_ON}|(?<![\u02b9-\u02ff])[^\W\d_{IN_WORDS}]*)")
"""A run of letters of one script: "Milo's", "milo_99", "O'Brien" and "Miloさん" hold more."""

SPACELESS = re.compile(f"[{''.join(_WITHOUT_SPACES)}]")
"""A letter of a script that puts no spaces between words."""

APOSTROPHES = "'\u2019\u02bc`\u00b4\u2018\u201b\u2032\u02b9\u02bb\u02bd\u02be\u02c8\u05f3\ua78c"
"""What phones and old keyboards have for one; Ukrainian has a letter."""

_CASED = [chr(n) for n in (*range(0x0590), *range(0x1E00, 0x2000))]
CAPITALS = "".join(filter(str.isupper, _CASED))
"""Capital letters of all scripts: a look at them is much cheaper than one at each word."""
_SMALL = "".join(filter(str.islower, _CASED))
NEW_WORD_WITHIN = re.compile(f"[{CAPITALS}](?:(?<=[{_SMALL}].)|(?<=[{CAPITALS}].)(?=[{_SMALL}]))")
"""A capital that begins a word within one: "superMilo", "DJMilo"."""

# Letters that look like a Latin one.
_TWINS = (
    ("АВЕЅІЈКМНОРСТУХаеѕіјорсухһԁԛԝӏ", "ABESIJKMHOPCTYXaesijopcyxhdqwl"),  # Cyrillic
    ("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧαικνορυχ", "ABEZHIKMNOPTYXaikvopux"),  # Greek
)
_IN_ONE_SCRIPT = [
    str.maketrans(*twins)
    for letters, latin in _TWINS
    for twins in ((letters, latin), (latin, letters))
]
_HAS_TWINS = re.compile("[\u0370-\u052f]")
_SCRIPT_CHANGES = re.compile(
    f"[{_LATIN}][{_CYRILLIC}{_GREEK}]|[{_CYRILLIC}{_GREEK}][{_LATIN}]".replace(_ACCENTS, "")
)
_LETTERS = re.compile(f"[{ALPHABETS}]+")


def in_one_script(text: str, is_meant: Callable[[str], bool]) -> str:
    """Return a text, as long, in which letters that look alike are of the script of their word.

    Args:
        text: The text.
        is_meant: Tells whether to change a word to what it becomes: "Ivanу" may be "Ivan" with a
            Russian ending.

    Example:
        ```python
        assert in_one_script("Mil\u043e", lambda word: True) == "Milo"
        ```
    """
    if text.isascii() or not (_HAS_TWINS.search(text) and _SCRIPT_CHANGES.search(text)):
        return text
    return _LETTERS.sub(partial(_unmixed, is_meant=is_meant), text)


def _unmixed(match: re.Match[str], is_meant: Callable[[str], bool]) -> str:
    if not _SCRIPT_CHANGES.search(match[0]):
        return match[0]
    ways = (match[0].translate(twins) for twins in _IN_ONE_SCRIPT)
    return next((way for way in ways if WORD.fullmatch(way) and is_meant(way)), match[0])
