"""Write, compare and find names of people."""

from __future__ import annotations

import difflib
import re
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING

from langchain_fbmessenger._internal.readable_text import plain_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

__all__ = [
    "NameSearch",
    "NormalNames",
    "close_names",
    "comparable_name",
    "did_you_mean",
    "find_person",
    "fold",
    "normal_name",
    "plain_name",
    "words_of_name",
]

_SPACES = re.compile(r"\s+")  # U+00A0 too, which names from Meta hold at times

# Letters that Unicode does not decompose, as people without them on the keyboard type them.
_LETTERS = dict(
    zip(
        # Arabic: alef with hamza, madda, wasla; the carriers of hamza; Persian yeh and kaf.
        "łđðø\u0131ŀħŋəё\u0623\u0625\u0622\u0671\u0649\u0629\u0624\u0626\u06cc\u06a9",
        "lddoilhne\u0435\u0627\u0627\u0627\u0627\u064a\u0647\u0648\u064a\u064a\u0643",
        strict=True,
    )
) | {
    "æ": "ae",
    "œ": "oe",
    "þ": "th",
}
_IN_TWO_LETTERS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe"})
# Accents, Hebrew and Arabic vowel points, the dot of Indian letters, as characters of their own.
_VANISHING = re.compile(
    "[\u0300-\u036f\u0591-\u05bd\u05bf-\u05c7\u0610-\u061a\u064b-\u065f\u0670"
    "\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed\u093c]"
)
_WITHIN_WORDS = re.compile("['\u2019\u02bc`\u00b4.\ufe0f]")
_MOST_SUGGESTED = 3
_ALIKE = 0.75  # share of letters in common: enough for "Mlo" and "Milo", not for "Bo" and "Zoe"


class _Folding(dict[int, str]):
    """Maps each character to what it is without its accent; filled as characters are met."""

    def __missing__(self, code: int) -> str:
        letter = chr(code)
        folded = _LETTERS.get(letter, letter)
        if folded == letter:
            if _VANISHING.match(letter):
                folded = ""
            else:  # of other scripts letters differ by what looks like an accent ("й", "が")
                plain = unicodedata.normalize("NFD", letter)[0]
                is_accented = plain.isascii() or "\u0370" <= plain <= "\u03ff"
                folded = plain if is_accented else letter
        self[code] = folded
        return folded


_FOLDING = _Folding()
# What may fold to something else. Nothing of most scripts does, nor emoji and dashes, and a look is
# many times as fast as a translation of all characters.
_FOLDS = re.compile(
    "[\u00c0-\u0259\u0300-\u03d4\u0451\u0591-\u05c7\u0610-\u06ed\u093c\u1e00-\u1ffc"
    "\u2126-\u212b\u2260-\u226f]"
)


def normal_name(name: str) -> str:
    """Return a (repaired) name in NFC with single spaces, as sessions carry it."""
    return _SPACES.sub(" ", unicodedata.normalize("NFC", name)).strip()


class NormalNames(dict["str | None", str]):
    """Maps names as written to names in normal form: few people write many messages.

    Args:
        repair: Is applied to a name first.
    """

    def __init__(self, repair: Callable[[str], str] = str) -> None:
        super().__init__()
        self._repair = repair

    def __missing__(self, written: str | None) -> str:
        name = self[written] = normal_name(self._repair(written or ""))
        return name


def plain_name(name: str) -> str:
    """Return a name as people read it, or as it is where nothing of it is visible.

    Example:
        ```python
        assert plain_name("Mi\u00adlo") == "Milo"
        ```
    """
    plain = plain_text(name)
    return plain if plain.strip() else name


@lru_cache(maxsize=2**12)  # people are few, and asked for in every conversation
def comparable_name(name: str) -> str:
    """Return the form by which two spellings of one name are equal.

    Exports and keyboards differ in case, in white space (U+00A0 too), in invisible characters,
    fonts, and in whether "ë" is one code point or two.

    Example:
        ```python
        assert comparable_name("Zoe\u0308  BRANDT") == comparable_name("Zoë Brandt")
        ```
    """
    # Folding takes letters apart ("İ"): composed again, without what is left over.
    folded = unicodedata.normalize("NFC", plain_name(name).casefold())
    return " ".join(plain_name(folded).split())


def fold(text: str) -> str:
    """Return a text in lower case without accents."""
    if text.isascii():
        return text.lower()
    lower = unicodedata.normalize("NFC", text.casefold())
    return lower.translate(_FOLDING) if _FOLDS.search(lower) else lower


class NameSearch:
    """Finds the person meant by a typed name, among people who are added one by one.

    A name as it is written (see `comparable_name`) wins over one that only lacks accents, emoji and
    the like ("Milo Dvorak", "Joerg"), and today's name over a former one.

    Args:
        wanted: The name that was typed.
    """

    def __init__(self, wanted: str) -> None:
        self.wanted = wanted
        self._comparable = comparable_name(wanted)
        self._typed = _typed(wanted)
        self._ranks: list[dict[str, dict[str, None]]] = [{}, {}, {}, {}]

    def meet(self, names: Sequence[str]) -> None:
        """Compare the wanted name with those of one person.

        Args:
            names: All names of the person, today's first.
        """
        for position, name in enumerate(names):
            key = comparable_name(name)
            if key == self._comparable:
                rank = 0
            elif key and not self._typed.isdisjoint(_typed(name)):
                rank = 2
            else:
                continue
            people = self._ranks[rank + (position > 0)]
            people.setdefault(comparable_name(names[0]), {}).update(dict.fromkeys(names))

    @property
    def candidates(self) -> list[tuple[str, ...]]:
        """All names of each person who may be meant: several people where it is ambiguous."""
        return [tuple(names) for names in next(filter(None, self._ranks), {}).values()]

    @property
    def found(self) -> tuple[str, ...]:
        """All names of the person who is meant; () if nobody or several people may be."""
        candidates = self.candidates
        return candidates[0] if len(candidates) == 1 else ()


def find_person(wanted: str, people: Iterable[Sequence[str]]) -> tuple[str, ...]:
    """Return all names of the person who is meant by a typed name.

    Args:
        wanted: The name.
        people: The names of each person, today's first.

    Returns:
        The person's names; () if nobody or several people may be meant.

    Example:
        ```python
        assert find_person("milo dvorak", [["Milo Dvořák"], ["Zoë"]]) == ("Milo Dvořák",)
        ```
    """
    search = NameSearch(wanted)
    for names in people:
        search.meet(names)
    return search.found


def close_names(wanted: str, known: Iterable[str]) -> list[str]:
    """Return the few known names that are most like an unknown one, the most alike first."""
    typed = _typed(wanted)
    words = {word for form in typed for word in form.split()}
    forms: dict[str, str] = {}
    near: list[str] = []
    for name in known:
        own = _typed(name)
        forms.update(dict.fromkeys(own, name))
        own_words = {word for form in own for word in form.split()}
        if not typed.isdisjoint(own):
            near.insert(0, name)
        elif words and own_words and (words <= own_words or own_words <= words):
            near.append(name)
    for form in typed:
        alike = difflib.get_close_matches(form, forms, n=_MOST_SUGGESTED, cutoff=_ALIKE)
        near += [forms[one] for one in alike]
    return [*dict.fromkeys(near)][:_MOST_SUGGESTED]


def did_you_mean(names: Sequence[str]) -> str:
    """Return a question to add to an error message, "" without names."""
    return f" Did you mean {' or '.join(map(repr, names))}?" if names else ""


def words_of_name(name: str) -> frozenset[str]:
    """Return the words of a name without accents, signs or emoji.

    Example:
        ```python
        assert words_of_name("Zoë ✨") == words_of_name("zoe")
        ```
    """
    return frozenset(_letters(fold(plain_name(name))).split())


def _typed(name: str) -> set[str]:
    """Return how a name may be typed without accents and other letters that keyboards lack."""
    small = unicodedata.normalize("NFC", plain_name(name).casefold())
    forms = {small, small.translate(_IN_TWO_LETTERS)}
    return {plain for form in forms if (plain := _letters(fold(form)))} or {comparable_name(name)}


def _letters(folded: str) -> str:
    """Return a text's letters and digits, with blanks for what stands between words."""
    kept = (
        c if unicodedata.category(c)[0] in "LMN" else " " for c in _WITHIN_WORDS.sub("", folded)
    )
    return " ".join("".join(kept).split())
