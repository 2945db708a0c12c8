"""Phone numbers: digits go in, and libphonenumber's numbering plans say what they are.

A number with its country's code is one wherever it stands. A national one looks like a price, an
order or a date as well, so something has to speak for it: blanks or signs between groups, a word
such as "call" before it, or that it is all of the message.
"""

from __future__ import annotations

import functools
import re
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import msgspec

from langchain_fbmessenger.exceptions import InvalidOptionError, MissingExtraError
from langchain_fbmessenger.privacy.identifiers.spot import NEVER, Spot
from langchain_fbmessenger.privacy.identifiers.words import (
    stands_before,
    stands_behind,
    stands_right_before,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["PhoneFinder", "known_regions"]

_FEWEST, _MOST = 7, 15  # digits, ITU-T E.164
_CANDIDATE = re.compile(
    r"(?<![\w+#@&=/])(?<!\w-)"  # not amid a word, a link, a mention
    r"(?:\+\s?\(?|(?<!\d[ .,:/-])\(?)\d"
    r"(?:(?:[ .-]|/ ?|\)[ /-]?| ?\()?\d){6,17}"
    r"(?![\w@=]|[.,:/-]\d)"
)
_INTERNATIONAL = re.compile(r"\+|\(\+|00[1-9]")
_DATE = re.compile(
    r"\(?(?:(?:19|20)\d\d([-./ ])\d{1,2}\1\d{1,2}|\d{1,2}([-./ ]{1,2})\d{1,2}\2(?:19|20)\d\d)"
    r"(?:[ -].*)?"
)
_IP = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}")
_YEARS = re.compile(r"(?:(?:19|20)\d\d[ ./-]*)+")
_DECIMAL = re.compile(r"-?\d+\.\d+(?:[ -]+\d+\.\d+)?")
_THOUSANDS = re.compile(r"\d{1,3}([ .])000(?:\1\d{3})*|\d{1,3}(?:([ .])\d{3})*\2000")
_MIN_GROUPS, _FRENCH_GROUPS, _MIN_BARE, _SHORT_TEXT = 3, 5, 9, 40


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
        self.regions = _default_regions() if regions is None else known_regions(regions)
        self._chosen = regions is not None

    def find(self, text: str) -> Iterator[Spot]:
        """Give the phone numbers of a text."""
        for match in _CANDIDATE.finditer(text):
            # "(call 777 123 456)": the bracket is none of the number's.
            start = match.start() + (match[0][0] == "(" and ")" not in match[0])
            number = self._number(text, start, text[start : match.end()])
            if number is not None:
                national = self._library.national_significant_number(number)
                yield Spot(start, match.end(), "phone", national, str(number.country_code))

    def _number(self, text: str, start: int, written: str) -> Any:
        """Return the number that is written somewhere, or None."""
        if _INTERNATIONAL.match(written):
            digits = re.sub(r"\D", "", written.replace("(0)", ""))
            code = digits.removeprefix("00") if "+" not in written else digits
            return self._valid(f"+{code}", None) if _FEWEST <= len(code) <= _MOST else None
        if not self._may_be_national(text, start, written):
            return None
        return next(filter(None, (self._valid(written, region) for region in self.regions)), None)

    def _may_be_national(self, text: str, start: int, written: str) -> bool:
        end = start + len(written)
        shapes = (_DATE, _IP, _YEARS, _DECIMAL, _THOUSANDS)
        if any(shape.fullmatch(written) for shape in shapes):
            return False
        if stands_right_before(text, start, "currency") or stands_behind(text, end, "money"):
            return False
        if stands_before(text, start, "phone"):
            return True
        if stands_before(text, start, "order") or text[end : end + 1] == "%":
            return False
        groups = re.findall(r"\d+", written)
        if len(groups) == 1:
            is_all = len(text) < _SHORT_TEXT and text.strip() == written
            is_all &= len(written) >= _MIN_BARE
            return is_all or (len(written) > _MIN_BARE and written[0] == "0")
        return _is_grouped(groups)

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


@functools.cache
def _default_regions() -> tuple[str, ...]:
    text = files(__package__).joinpath("phones.toml").read_text("utf-8")
    return msgspec.toml.decode(text, type=_Table).regions


def _library() -> Any:
    try:
        import phonenumbers
    except ImportError as error:
        message = "Finding phone numbers"
        raise MissingExtraError(message, extra="privacy", missing="phonenumbers") from error
    return phonenumbers
