"""Which languages people speak, guessed from their names: what their names decline like."""

from __future__ import annotations

import functools
import re
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, NamedTuple

from langchain_fbmessenger.privacy.names.known import known_names
from langchain_fbmessenger.privacy.names.languages import language_tables, telling_words
from langchain_fbmessenger.privacy.names.spelling import WORD, fold

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "Told",
    "common_languages",
    "languages_of",
    "languages_of_scripts",
    "languages_of_words",
]

# Of scripts that one language (or nearly one) is written in, no list needs to be asked.
_SCRIPTS = {
    "ko": re.compile("[\u1100-\u11ff\uac00-\ud7a3]"),
    "ja": re.compile("[\u3040-\u30ff]"),
    "el": re.compile("[\u0370-\u03ff]"),
    "he": re.compile("[\u0590-\u05ff]"),
    "ar": re.compile("[\u0600-\u06ff]"),
    "hi": re.compile("[\u0900-\u097f]"),
    "th": re.compile("[\u0e00-\u0e7f]"),
    "ka": re.compile("[\u10a0-\u10ff]"),
    "hy": re.compile("[\u0530-\u058f]"),
}
_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
_CYRILLIC = re.compile("[\u0400-\u04ff]")
_LISTED, _LETTER = 2, 3  # what a listed name and a letter of its own speak for a language
_FEWEST = 2  # people who tell what an export's language is
_ENOUGH = 2  # common words of a text, from which on its language is told
_SHARE = 0.2  # of the people, from which on a language is everybody's in this export


def languages_of(name: str) -> frozenset[str]:
    """Return the languages that a name is of, all that it fits equally well."""
    for code, script in _SCRIPTS.items():
        if script.search(name):
            return frozenset({code})
    known, tables = known_names(), language_tables()
    words = [fold(word) for word in WORD.findall(name)]
    if _HAN.search(name):
        is_japanese = any(fold(name).startswith(one) for one in known.family["ja"] if len(one) > 1)
        return frozenset({"ja" if is_japanese else "zh"})
    scores = Counter(
        {
            code: _LETTER
            for code, table in tables.items()
            if not table.letters.isdisjoint(name.casefold())
        }
    )
    for word in words:
        scores.update(dict.fromkeys(known.languages.get(word, ()), _LISTED))
    if not scores:
        return frozenset({"ru"} if _CYRILLIC.search(name) else ())
    most = max(scores.values())
    return frozenset(code for code, score in scores.items() if score == most)


class Told(NamedTuple):
    """What the words of a text tell of its language.

    Attributes:
        languages: Those that most of its commonest words are of, or nearly; none if it has none.
        is_sure: Whether there are enough of them.
    """

    languages: frozenset[str]
    is_sure: bool


def languages_of_words(words: Iterable[str]) -> Told:
    """Return the languages that a text of some folded words may be in."""
    counts: Counter[str] = Counter()
    for word in words:
        counts.update(_languages_of_word().get(word, ()))
    most = max(counts.values(), default=0)
    # Neighbours share most of their small words, once their accents are set aside.
    least = max(1, most - 1)
    return Told(frozenset(code for code, n in counts.items() if n >= least), most >= _ENOUGH)


def languages_of_scripts(text: str) -> frozenset[str]:
    """Return the languages of a text that is in a script of few."""
    if text.isascii():
        return frozenset()
    found = {code for code, script in _SCRIPTS.items() if script.search(text)}
    return frozenset(found | ({"fa"} if "ar" in found else set()))


@functools.cache
def _languages_of_word() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for code, words in telling_words().items():
        for word in words:
            found.setdefault(word, []).append(code)
    return found


def common_languages(names: Iterable[frozenset[str]]) -> frozenset[str]:
    """Return what many of some people speak, who may have told their names to anybody there."""
    weights: defaultdict[str, float] = defaultdict(float)
    for languages in names:
        for code in languages:
            weights[code] += 1 / len(languages)
    enough = max(_FEWEST, _SHARE * sum(weights.values()))
    return frozenset(code for code, weight in weights.items() if weight >= enough)
