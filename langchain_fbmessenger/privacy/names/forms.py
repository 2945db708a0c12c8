"""The forms that a part of a name has in texts: itself, its diminutives, inflected, misspelt."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from langchain_fbmessenger.privacy.names.known import known_names
from langchain_fbmessenger.privacy.names.languages import Declension, language_tables
from langchain_fbmessenger.privacy.names.spelling import fold, lower_case

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "EXACT",
    "INFLECTED",
    "IN_ASCII",
    "LATIN",
    "MISSPELT",
    "SHORT",
    "Form",
    "forms_of",
    "inflected",
    "invented_form",
]

EXACT, SHORT, LATIN, INFLECTED, MISSPELT = range(5)
"""How sure a form is; where names share one, the surest has it."""

_SHORTEST_INFLECTED = 3
_SHORTEST_MISSPELT = 5
_SHORTEST_DOUBLED = 4
# Written without their dots as Germans and Scandinavians do who lack the key.
IN_ASCII = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe"})


class Form(NamedTuple):
    """A form of a part of a name.

    Attributes:
        text: The form, in lower case.
        rank: How sure it is: `EXACT`, `SHORT`, `LATIN` (letters), `INFLECTED` or `MISSPELT`.
        declension: How the name declines to get there; None for other forms.
        ending: The ending that it has by that.
        prefix: A word that is written together with it.
    """

    text: str
    rank: int
    declension: Declension | None = None
    ending: str = ""
    prefix: str = ""


def forms_of(part: str, languages: frozenset[str]) -> Iterator[Form]:
    """Give the forms of a part of a name, the surest first.

    Args:
        part: The part.
        languages: Those whose inflected forms and diminutives it has.
    """
    name = lower_case(part)
    yield Form(name, EXACT)
    if (in_ascii := name.translate(IN_ASCII)) != name:
        yield Form(in_ascii, EXACT)
    shorts = [
        lower_case(short)
        for code in sorted(languages)
        for short in language_tables()[code].diminutives.get(fold(name), ())
    ]
    yield from (Form(short, SHORT) for short in shorts)
    if not name.isascii():
        for code in sorted(languages):
            latin = (language_tables()[code].in_latin(one) for one in (name, *shorts))
            yield from (Form(one, LATIN) for one in latin if one)
    # English and German have plurals of any name: "the Dvořáks", "bei Müllers".
    spoken = languages | {"en"} if fold(name).isascii() else languages
    for base in (name, *shorts):
        yield from inflected(base, spoken)
    yield from _misspelt(name)


def inflected(name: str, languages: frozenset[str]) -> Iterator[Form]:
    """Give what a name becomes by the declensions of some languages, and behind their prefixes."""
    for code in sorted(languages):
        language = language_tables()[code]
        for prefix in language.prefixes:
            yield Form(prefix + name, INFLECTED, prefix=prefix)
        declension = language.declension_of(name)
        if declension is not None and len(name) >= _shortest(name):
            for ending in declension.endings:
                yield Form(declension.declined(name, ending), INFLECTED, declension, ending)


def invented_form(invented: str, form: Form, languages: frozenset[str]) -> str:
    """Return the form of an invented name that stands for a form of a real one.

    It has the same ending where both decline alike; else it stands as it is.
    """
    if form.rank == LATIN:
        for code in languages:
            if latin := language_tables()[code].in_latin(invented.casefold()):
                return latin[:1].upper() + latin[1:]
    if form.declension is not None and form.declension.fits(invented):
        return form.declension.declined(invented, form.ending)
    return form.prefix + invented


def _shortest(name: str) -> int:
    return 2 if "\uac00" <= name[0] <= "\ud7a3" else _SHORTEST_INFLECTED


def _misspelt(name: str) -> Iterator[Form]:
    """Give a name with one letter dropped or doubled, or with two neighbours swapped.

    None of them is a name itself: "Martin" is not a slip for "Martina".
    """
    if len(name) < _SHORTEST_DOUBLED or not _is_alphabetic(name):
        return
    known = known_names().languages
    seen = {fold(name)}
    for i, letter in enumerate(name):
        slips = [name[:i] + letter + name[i:]]
        if len(name) >= _SHORTEST_MISSPELT:
            slips.append(name[:i] + name[i + 1 : i + 2] + letter + name[i + 2 :])
            if i:  # nobody forgets the letter that a name begins with
                slips.append(name[:i] + name[i + 1 :])
        for slip in slips:
            folded = fold(slip)
            is_another = folded in known and _undoubled(folded) != _undoubled(fold(name))
            if folded not in seen and not is_another:
                seen.add(folded)
                yield Form(slip, MISSPELT)


def _undoubled(name: str) -> str:
    return "".join(
        letter for letter, before in zip(name, " " + name, strict=False) if letter != before
    )


def _is_alphabetic(name: str) -> bool:
    return name.lower() != name.upper()  # Latin, Greek, Cyrillic: letters come one by one
