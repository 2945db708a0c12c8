"""Street and number, with the postcode and town behind, by the words of addresses.toml.

Three things make an address: a number, a name, and something that says "street": a word ("ulice",
"Street"), the end of the name ("-straße"), a postcode and town behind, or "I live at" before it.
"""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING

import msgspec

from langchain_fbmessenger.privacy.identifiers.address_words import (
    CAPITALS,
    address_file,
    address_tables,
)
from langchain_fbmessenger.privacy.identifiers.spots import Spot
from langchain_fbmessenger.privacy.identifiers.words import any_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from langchain_fbmessenger.privacy.identifiers.address_words import Language

__all__ = ["find_addresses"]

_WINDOW = 80  # characters on a side within which an address's first line stands
_LIVE = 24
_CAPITAL = f"(?={CAPITALS})"
# A house's number that stands before the street.
_NUMBER_FIRST = r"(?<![\w:/$€£#+-])(?<!\d[.,])\d{1,5}[A-Za-z]?(?:[/-]\d{1,4})?"
_WORD = re.compile(r"(?<![\w'])[^\W\d_][\w'-]*(?:/(?=\s?[^\W\d_])|\.(?:[^\W\d_]{1,3}\.?)?|º)?")
_TWO_WORDS = re.compile(r"[^\W\d_][\w'-]* [^\W\d_][\w'-]*")
_NAME = r"(?:\d{1,2}(?:\.|st|nd|rd|th|º|ª|-[а-яё]{1,2})|[^\W\d_][\w'.-]{0,30})"
_NUMBER = (
    r"\d{1,4}(?:[a-zA-Zа-гА-Г]|[ ][A-D])?(?:[ ]?[/-][ ]?\d{1,4}[a-zA-Z]?|/[a-zA-Zа-г])?"
    r"(?![\w:%€$£°]|[.,]\d|/\d)"
)
_POSTCODE = (
    r"(?:[A-Z]{1,2}-)?(?:\d{6}|\d{5}(?:-\d{4})?|\d{3}[ ]\d\d|\d\d-\d{3}|\d{4}(?:[ ]?[A-Z]{2})?"
    r"|[A-Z]{1,2}\d[A-Z\d]?[ ]\d[A-Z]{2})(?!\w)"
)
_TOWN_WORD = rf"{_CAPITAL}[^\W\d_][\w'.-]{{1,30}}"
_TOWN = (
    rf"(?:(?:г|м)\.\s?)?{_TOWN_WORD}"
    rf"(?:[ -](?:(?:nad|pod|am|an der|sur|de|del|la|le|les|sul|na|do|di|in|the|upon|u)[ -])?"
    rf"{_TOWN_WORD}){{0,3}}(?:[ ]\d{{1,2}}(?![\w:.,]))?"
)


def find_addresses(text: str) -> Iterator[Spot]:
    """Give the addresses of a text; of two that overlap, the surer comes first."""
    tables = address_tables()
    for word in _WORD.finditer(text):
        lower = word[0].casefold()
        yield from _by_street_word(text, word)
        if lower in tables.first_of_two and (two := _TWO_WORDS.match(text, word.start())):
            yield from _by_street_word(text, two)
        if lower.endswith(tables.ends):
            for language in tables.languages:
                found = _ending(text, word, language)
                if found:
                    yield _spot(text, *found, language.name)
        if word[0][0].isupper():
            found = _proven(text, word) or _after_live(text, word)
            if found:
                yield _spot(text, *found, "")


def _by_street_word(text: str, word: re.Match[str]) -> Iterator[Spot]:
    """Give the addresses in which a word, or two, say "street"."""
    for form, language in address_tables().words.get(word[0].casefold(), ()):
        found = _FORMS[form](text, word, language)
        if found:
            yield _spot(text, *found, language.name)


def _spot(text: str, start: int, end: int, language: str) -> Spot:
    """Return an address with the rest of it: a flat, the postcode, the town."""
    town = _patterns().before.search(text, max(0, start - _WINDOW), start)
    start = town.start() if town else start
    rest = _patterns().rest.match(text, end)
    end = rest.end() if rest else end
    value = " ".join(re.findall(r"\w+", text[start:end].casefold()))
    return Spot(start, end, "address", value, language)


def _before(text: str, word: re.Match[str], language: Language) -> tuple[int, int] | None:
    """Find "ulice Lidická 12"."""
    match = _patterns().name_and_number.match(text, word.end())
    if match is None or not _is_name(match[1], word[0], language):
        return None
    if word[0].casefold() in language.proven:
        return None
    if match[1].split()[0].casefold() in language.not_streets:
        return None
    return None if _is_amount(text, match.end()) else (word.start(), match.end())


def _number_first(text: str, word: re.Match[str], language: Language) -> tuple[int, int] | None:
    """Find "12 rue de la Paix"."""
    number = _patterns().number_before.search(text, max(0, word.start() - 16), word.start())
    name = _patterns().french_name.match(text, word.end())
    if number is None or name is None or not _is_name(name[1], word[0], language):
        return None
    return number.start(), name.end()


def _behind(text: str, word: re.Match[str], language: Language) -> tuple[int, int] | None:
    """Find "221B Baker Street"."""
    start = max(0, word.start() - _WINDOW)
    match = _patterns().number_and_name.search(text, start, word.start())
    if match is None or not _is_name(match[1], word[0], language):
        return None
    return match.start(), word.end()


def _closing(text: str, word: re.Match[str], _: Language) -> tuple[int, int] | None:
    """Find "Karlovo náměstí 5"."""
    start = max(0, word.start() - _WINDOW)
    name = _patterns().name_before.search(text, start, word.start())
    number = _patterns().number_behind.match(text, word.end())
    if name is None or number is None or _is_amount(text, number.end()):
        return None
    return name.start(), number.end()


def _ending(text: str, word: re.Match[str], language: Language) -> tuple[int, int] | None:
    """Find "Hauptstraße 5"."""
    lower = word[0].casefold()
    end = next((end for end in language.ends if lower.endswith(end)), None)
    if end is None or len(lower) < len(end) + 3 or lower in language.not_streets:
        return None
    if end in language.capital_ends and not word[0][0].isupper():
        return None
    number = _patterns().number_behind.match(text, word.end())
    if number is None or _is_amount(text, number.end()):
        return None
    return word.start(), number.end()


def _proven(text: str, word: re.Match[str]) -> tuple[int, int] | None:
    """Find "Lipová 12, 602 00 Brno": postcode and town say what the name is, or a flat.

    Of Czech and Slovak houses, two numbers do so: "Lipová 1042/5".
    """
    match = _patterns().with_town.match(text, word.start()) or _patterns().with_two.match(
        text, word.start()
    )
    return match and match.span(1)


def _after_live(text: str, word: re.Match[str]) -> tuple[int, int] | None:
    """Find "I live at Lipová 12"."""
    if not _patterns().live.search(text[max(0, word.start() - _LIVE) : word.start()].casefold()):
        return None
    match = _patterns().capital_and_number.match(text, word.start())
    if match is None or _is_amount(text, match.end()):
        return None
    return match.span()


_FORMS = {
    "before": _before,
    "number_first": _number_first,
    "behind": _behind,
    "closing": _closing,
}


def _is_name(name: str, word: str, language: Language) -> bool:
    """Tell whether words may be a street's name."""
    words = name.replace(",", " ").split()
    has_capital = any(one[0].isupper() or one[0].isdigit() for one in words)
    if word.casefold() in language.plain and not has_capital:
        return False
    others = [one.casefold().strip(".") for one in words if not one[0].isupper()]
    return has_capital or not address_tables().no_names.intersection(others)


def _is_amount(text: str, end: int) -> bool:
    """Tell whether a unit follows a number: "5 minutes"."""
    return _patterns().unit.match(text[end : end + 16].casefold()) is not None


class _Patterns(msgspec.Struct, frozen=True, kw_only=True):
    name_and_number: re.Pattern[str]
    number_before: re.Pattern[str]
    french_name: re.Pattern[str]
    number_and_name: re.Pattern[str]
    name_before: re.Pattern[str]
    number_behind: re.Pattern[str]
    with_town: re.Pattern[str]
    with_two: re.Pattern[str]
    capital_and_number: re.Pattern[str]
    live: re.Pattern[str]
    unit: re.Pattern[str]
    rest: re.Pattern[str]
    before: re.Pattern[str]


@functools.cache
def _patterns() -> _Patterns:
    none = address_file().none
    number_word = rf"(?:,?\s*(?:{any_of(none.number)})\.?\s*)?"
    flat = rf"(?:,?\s*(?i:{any_of(none.flat)})\.?\s*\d{{1,4}}[A-Za-z]?(?!\w))"
    number = rf",?\s*{number_word}{_NUMBER}"
    capital = rf"{_CAPITAL}{_NAME}"
    rest = (
        rf"(?:{flat}){{0,3}}"
        rf"(?:(?:,[^,\n]{{1,20}}){{0,2}}?\s*[,-]?\s*{_POSTCODE}(?:,?\s+{_TOWN})?(?:\s?\([A-Z]{{2}}\))?"
        rf"|,\s*{_TOWN}(?:,\s*[A-Z]{{2}})?"
        rf"(?:,?\s+(?:{_POSTCODE}|[A-Z]{{1,2}}\d{{1,2}}(?!\w))|(?=\s*(?:[.,;!?)]|$))))?"
    )
    live = [word for language in address_file().language.values() for word in language.live]
    return _Patterns(
        name_and_number=re.compile(rf"\s*({_NAME}(?:\s+{_NAME}){{0,4}}?){number}"),
        number_before=re.compile(rf"{_NUMBER_FIRST}(?:\s?(?:bis|ter|quater))?,?\s+\Z"),
        french_name=re.compile(
            rf"\s+((?:(?:de|du|des|la|le|les|aux|au)\s+|[dl]'\s?)*[^\W\d_][\w'.-]{{1,30}}"
            rf"(?:\s+(?:(?:de|du|des|la|le|les|et)\s+|[dl]')*{capital}){{0,3}})"
        ),
        number_and_name=re.compile(rf"{_NUMBER_FIRST},?\s+((?:{_NAME}\s+){{1,4}})\Z"),
        name_before=re.compile(rf"(?<!\w)(?:{capital}[ ]){{1,3}}\Z"),
        number_behind=re.compile(number),
        with_town=re.compile(
            rf"({_TOWN_WORD}(?:[ ](?:\w{{1,3}}[ ])?{_TOWN_WORD}){{0,3}}[ ]{_NUMBER})"
            rf"(?:,?\s+{_POSTCODE},?[ ]{_CAPITAL}|{flat})"
        ),
        with_two=re.compile(
            rf"({_TOWN_WORD}(?:[ ]{_TOWN_WORD}){{0,3}}"
            r"[ ](?!(?:19|20)\d\d/)\d{3,4}/\d{1,3}[a-z]?)(?![\w/%]|[.,]\d)"
        ),
        capital_and_number=re.compile(rf"{capital}(?:[ ]{capital}){{0,2}}{number}"),
        live=re.compile(any_of(live)),
        unit=re.compile(rf"\s*-?(?:{any_of(none.units)})"),
        rest=re.compile(rest),
        before=re.compile(
            rf"(?:\d{{6}},\s*)?(?:г\.?|город)\s?{_TOWN_WORD},?\s+\Z"
            rf"|(?<![^.!?\n]){_TOWN},\s+\Z"
        ),
    )
