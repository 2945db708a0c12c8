"""Phone numbers: digits go in, and libphonenumber's numbering plans say what they are.

A number with its country's code is one wherever it stands. A national one looks like a price, an
order or a date as well, so something has to speak for it: blanks or signs between groups, a word
such as "call" before it, or that it is all of the message.
"""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, Any

import msgspec

from langchain_fbmessenger._internal.package_tables import read_table
from langchain_fbmessenger.exceptions import InvalidOptionError, MissingExtraError
from langchain_fbmessenger.privacy.identifiers.spots import NEVER, Spot, is_behind_another, is_whole
from langchain_fbmessenger.privacy.identifiers.words import (
    stands_before,
    stands_behind,
    stands_right_before,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["PhoneFinder", "known_regions"]

_FEWEST, _MOST, _MOST_WRITTEN = 7, 15, 18  # digits, ITU-T E.164; with "00" and "(0)"
_MOST_GROUPS = 6  # of a number beside others: "8 (912) 345-67-89" has five
# All digits that may be one number or several: what separates groups separates numbers, too.
_RUN = re.compile(r"(?:\+\s?\(?|\(?)\d(?:(?:[ .-]|/ ?|\)[ /-]?| ?\()?\d)*")
_GROUP = re.compile(r"(?:\+\s?)?\(?\d+")
_BEHIND_LETTER = re.compile(r"[^\W\d_]-\(?\Z")  # "AB-604330814"
_GOES_ON = re.compile(r"\w|[.,:/-]\d")
_NUMBERS_ALONE = re.compile(r"\W*(?:\d{9,}\W{1,3})*\d{9,}\W*")
_INTERNATIONAL = re.compile(r"\+|\(\+|00[1-9]")
_DATE = re.compile(
    r"\(?(?:(?:19|20)\d\d([-./ ])\d{1,2}\1\d{1,2}|\d{1,2}([-./ ]{1,2})\d{1,2}\2(?:19|20)\d\d)"
    r"(?:[ -].*)?"
)
_IP = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}")
_YEARS = re.compile(r"(?:(?:19|20)\d\d[ ./-]*)+")
_DECIMAL = re.compile(r"-?\d+\.\d+(?:[ -]+\d+\.\d+)?")
_THOUSANDS = re.compile(r"\d{1,3}([ .])000(?:\1\d{3})*|\d{1,3}(?:([ .])\d{3})*\2000")
_MIN_GROUPS, _FRENCH_GROUPS, _MIN_BARE, _SHORT_TEXT = 3, 5, 9, 60


class PhoneFinder:
    """Finds phone numbers.

    Args:
        regions: Countries whose national numbers are read; None for those of phones.toml.

    Raises:
        MissingExtraError: The extra `[privacy]` is not installed.
        InvalidOptionError: There is no such region.
    """

    def __init__(self, regions: tuple[str, ...] | None = None) -> None:
        self._library = _library()
        self.regions = _table().regions if regions is None else known_regions(regions)
        self._behind_word = self.regions + (_table().behind_word if regions is None else ())

    def find(self, text: str) -> Iterator[Spot]:
        """Give the phone numbers of a text."""
        is_told = False
        for run in _RUN.finditer(text):
            if run.end() - run.start() < _FEWEST:
                continue
            is_told = stands_before(text, run.start(), "phone") or (
                is_told and is_behind_another(text, run.start())
            )
            groups = [group.span() for group in _GROUP.finditer(text, *run.span())]
            while groups:
                found = self._first(text, groups, is_told=is_told)
                found = found or self._row(text, groups, is_told=is_told)
                for start, end, number in found:
                    national = self._library.national_significant_number(number)
                    yield Spot(start, end, "phone", national, str(number.country_code))
                groups = [one for one in groups if found and one[0] >= found[-1][1]]

    def _first(
        self, text: str, groups: list[tuple[int, int]], *, is_told: bool
    ) -> list[tuple[int, int, Any]]:
        """Return the number that groups of digits make.

        With its country's code, it is one whatever comes behind. Else all groups have to belong to
        it, but for the last if that is something else's: "604 330 814 12:30".
        """
        fewest = max(1, len(groups) - (_GOES_ON.match(text, groups[-1][1]) is not None))
        if _INTERNATIONAL.match(text, groups[0][0]):
            fewest = 1
        for last in range(min(len(groups), _MOST_WRITTEN), fewest - 1, -1):
            found = self._number(text, groups[:last], is_told=is_told)
            if found is not None:
                return [found]
        return []

    def _row(
        self, text: str, groups: list[tuple[int, int]], *, is_told: bool
    ) -> list[tuple[int, int, Any]]:
        """Return numbers that stand one behind the other, if all groups belong to one of them."""
        # From each group on, what numbers the rest makes; None if something is left over.
        rows: list[list[tuple[int, int, Any]] | None] = [*([None] * len(groups)), []]
        for first in reversed(range(len(groups))):
            for last in range(first + 1, min(first + _MOST_GROUPS, len(groups)) + 1):
                rest = rows[last]
                if rest is None or (first == 0 and not rest):  # not all together, see `_first`
                    continue
                found = self._number(text, groups[first:last], is_told=is_told)
                if found is not None:
                    rows[first] = [found, *rest]
                    break
        return rows[0] or []

    def _number(
        self, text: str, groups: list[tuple[int, int]], *, is_told: bool
    ) -> tuple[int, int, Any] | None:
        """Return the number that all of some groups make, if it is one somewhere, and its place."""
        start, end = groups[0][0], groups[-1][1]
        # "(call 777 123 456)": the bracket does not belong to the number.
        start += text[start] == "(" and ")" not in text[start:end]
        written = text[start:end]
        digits = re.sub(r"\D", "", written)
        if not _FEWEST <= len(digits) <= _MOST_WRITTEN:
            return None
        if _INTERNATIONAL.match(written):
            number = self._international(text, start, end)
        elif self._may_be_national(text, start, end, is_told=is_told):
            regions = self._behind_word if is_told else self.regions
            regions = tuple(one for one in regions if _may_be_of(one, digits))
            number = next(filter(None, (self._valid(written, one) for one in regions)), None)
        else:
            number = None
        return None if number is None else (start, end, number)

    def _international(self, text: str, start: int, end: int) -> Any:
        written = text[start:end]
        code = re.sub(r"\D", "", written.replace("(0)", ""))
        if "+" not in written:
            code = code.removeprefix("00")
            if not is_whole(text, start, end, marks=""):
                return None
        return self._valid(f"+{code}", None) if _FEWEST <= len(code) <= _MOST else None

    def _may_be_national(self, text: str, start: int, end: int, *, is_told: bool) -> bool:
        written = text[start:end]
        shapes = (_DATE, _IP, _YEARS, _DECIMAL, _THOUSANDS)
        is_money = stands_right_before(text, start, "currency") or stands_behind(text, end, "money")
        if is_money or any(shape.fullmatch(written) for shape in shapes):
            return False
        if is_told:
            return is_whole(text, start, end, marks="")
        return _speaks_for_itself(text, start, end) and is_whole(text, start, end)

    def _valid(self, written: str, region: str | None) -> Any:
        try:
            number = self._library.parse(written, region)
        except self._library.NumberParseException:
            return None
        if not self._library.is_valid_number(number):
            return None
        national = self._library.national_significant_number(number)
        # "32" may be a country's code without its plus, but hardly before a national number.
        is_short = region is not None and len(re.sub(r"\D", "", written)) > len(national) + 1
        return None if is_short or national.startswith(NEVER) else number


def _speaks_for_itself(text: str, start: int, end: int) -> bool:
    """Tell whether digits look like a phone number where no word says so."""
    if _BEHIND_LETTER.search(text, max(0, start - 3), start) or text[end : end + 1] == "%":
        return False
    if stands_before(text, start, "order"):
        return False
    written = text[start:end]
    groups = re.findall(r"\d+", written)
    if len(groups) == 1:
        is_all = len(text) < _SHORT_TEXT and _NUMBERS_ALONE.fullmatch(text) is not None
        return (is_all and len(written) >= _MIN_BARE) or (
            len(written) > _MIN_BARE and written[0] == "0"
        )
    return _is_grouped(groups)


def _is_grouped(groups: list[str]) -> bool:
    """Tell whether digits are grouped as a national number's, and not as a score or a lottery's."""
    if max(map(len, groups)) < 3:  # noqa: PLR2004 - "01 23 45 67 89"
        return len(groups) == _FRENCH_GROUPS and groups[0][0] == "0"
    if min(map(len, groups[1:])) == 1 or (len(groups[0]) == 1 and groups[0] not in "0178"):
        return False
    if len(groups) < _MIN_GROUPS and groups[0][0] != "0":
        return len(groups[0]) == 3 and len(groups[1]) >= 6  # noqa: PLR2004 - "347 1234567"
    return True


def known_regions(regions: tuple[str, ...]) -> tuple[str, ...]:
    """Return regions in capitals.

    Raises:
        InvalidOptionError: There is no such region.
    """
    known = _library().SUPPORTED_REGIONS
    upper = tuple(region.upper() for region in regions)
    unknown = [region for region in upper if region not in known]
    if unknown:
        message = (
            f"no such region: {', '.join(unknown)}. Regions are ISO codes of countries: "
            f"{', '.join(sorted(known))}"
        )
        raise InvalidOptionError(message)
    return upper


class _Table(msgspec.Struct, forbid_unknown_fields=True):
    regions: tuple[str, ...]
    behind_word: tuple[str, ...]


@functools.cache
def _table() -> _Table:
    return read_table(__package__, "phones.toml", _Table)


def _may_be_of(region: str, digits: str) -> bool:
    """Tell whether digits may be a region's national number: to read them takes fifty times longer.

    Of a valid number at most one digit is not part of the national one, see `PhoneFinder`.
    """
    pattern = _national_pattern(region) if digits.isascii() else None
    return pattern is None or pattern.fullmatch(digits) is not None


@functools.cache
def _national_pattern(region: str) -> re.Pattern[str] | None:
    """Return what a region's national numbers match; None where prefixes are rewritten."""
    library = _library()
    metadata_of = library.PhoneMetadata.metadata_for_region
    if metadata_of(region).national_prefix_transform_rule:
        return None
    # Regions that share a code share their numbers.
    sharing = library.region_codes_for_country_code(library.country_code_for_region(region))
    plans = (metadata_of(one) for one in sharing)
    ways = dict.fromkeys(plan.general_desc.national_number_pattern for plan in plans)
    return re.compile(rf"\d?(?:{'|'.join(ways)})")


def _library() -> Any:
    try:
        import phonenumbers
    except ImportError as error:
        message = "Finding phone numbers"
        raise MissingExtraError(message, extra="privacy", missing="phonenumbers") from error
    return phonenumbers
