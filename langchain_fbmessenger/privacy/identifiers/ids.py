"""National numbers, documents, wallets: by their check digits, or a word before them.

presidio-analyzer's recognisers are used one by one: its engine would ask for a language model, and
of most countries' numbers it knows the check digits. It is imported when a text first holds a word
that may be one (it takes a second), and nothing of it that opens a socket is used.
"""

from __future__ import annotations

import functools
import logging
import re
import string
from typing import TYPE_CHECKING, Any

import msgspec

from langchain_fbmessenger._internal.package_tables import read_table
from langchain_fbmessenger.exceptions import MissingExtraError
from langchain_fbmessenger.privacy.identifiers.checksums import check_of
from langchain_fbmessenger.privacy.identifiers.signs import fewest_digits
from langchain_fbmessenger.privacy.identifiers.spots import NEVER, Spot, is_behind_another, is_whole
from langchain_fbmessenger.privacy.identifiers.words import REACH, any_of, stands_before, stem_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["UNCHECKED", "find_documents", "find_national_ids", "find_presidio_ids"]

_DOCUMENT = re.compile(
    r"(?<!\d)(?:(?=(?:[A-Z]{0,9}\d){4})[A-Z0-9]{6,10}|(?<![A-Za-z])[A-Za-z]{1,3}\d{5,10}|\d{5,10}"
    r"|\d\d ?\d\d ?\d{6})(?!\d)"
)
_DOCUMENT_REACH = 24
UNCHECKED = "unchecked"  # the form of numbers without check digits


def find_national_ids(text: str) -> Iterator[Spot]:
    """Give the numbers whose check digits are known here."""
    yield from _found(_rows(), text)


def find_presidio_ids(text: str) -> Iterator[Spot]:
    """Give the numbers that presidio-analyzer knows.

    Raises:
        MissingExtraError: The extra `[privacy]` is not installed, and the text may hold one.
    """
    yield from _found(_presidio_rows(), text)


def _found(rows: list[_Row], text: str) -> Iterator[Spot]:
    digits = sum(map(text.count, string.digits))
    folded = text.casefold()
    for row in rows:
        if row.digits > digits:
            continue
        if not row.stems or any(map(folded.__contains__, row.stems)):
            yield from row.find(text)


def _passes(check: Callable[[str], bool], number: str, _written: str) -> bool:
    return len({*number}) > 1 and check(number)  # "111.111.111-11" passes, and is no number


def _is_all_of_one(recognizer: str, number: str, written: str) -> bool:
    """Tell whether a recogniser takes all of some writing for one number."""
    recognizes = _recognizer(recognizer)
    return any(
        result.end - result.start == len(one)
        for one in (written, number)
        for result in recognizes.analyze(one, recognizes.supported_entities, None)
    )


def find_documents(text: str) -> Iterator[Spot]:
    """Give the numbers of passports and the like, behind their word."""
    told = False
    for match in _DOCUMENT.finditer(text):
        start, end = match.span()
        told = stands_before(text, start, "passport", _DOCUMENT_REACH) or (
            told and is_behind_another(text, start)
        )
        is_fake = re.sub(r"\D", "", match[0]).startswith(NEVER)
        if told and not is_fake and is_whole(text, start, end, signs="", marks=""):
            yield Spot(start, end, "id", match[0].upper(), UNCHECKED)


class _Row(msgspec.Struct, frozen=True):
    """A sort of numbers: how it is written, what it has to pass, and the words that tell of it.

    What it has to pass is given its letters and digits, and how it is written.
    """

    pattern: re.Pattern[str]
    digits: int  # the fewest that it has
    words: re.Pattern[str] | None
    stems: tuple[str, ...]  # of the words, one of which a text holds if one stands in it
    check: Callable[[str, str], bool]
    form: str

    def find(self, text: str) -> Iterator[Spot]:
        """Give the numbers of this sort."""
        told = False
        for match in self.pattern.finditer(text):
            number = re.sub(r"[^0-9A-Za-z]", "", match[0])
            told = self._is_told(text, match.start()) or (
                told and is_behind_another(text, match.start())
            )
            is_fake = self.form == UNCHECKED and number.startswith(NEVER)
            is_whole_one = told and not is_fake and is_whole(text, *match.span())
            if is_whole_one and self.check(number, match[0]):
                yield Spot(*match.span(), "id", number.upper(), self.form)

    def _is_told(self, text: str, start: int) -> bool:
        """Tell whether a word that has to stand before a number does."""
        before = text[max(0, start - REACH) : start].casefold()
        return self.words is None or self.words.search(before) is not None


class _OwnId(msgspec.Struct, forbid_unknown_fields=True):
    of: str
    pattern: str
    check: str
    words: list[str] = []


class _PresidioId(msgspec.Struct, forbid_unknown_fields=True):
    recognizer: str
    pattern: str
    words: list[str] = []


class _Table(msgspec.Struct, forbid_unknown_fields=True):
    id: list[_OwnId]
    presidio: list[_PresidioId]


@functools.cache
def _table() -> _Table:
    return read_table(__package__, "ids.toml", _Table)


def _row(row: _OwnId | _PresidioId, check: Callable[[str, str], bool], form: str) -> _Row:
    # Their alphabet is ASCII's: a letter of another script is not in it.
    pattern = re.compile(rf"(?<!\d)(?:{row.pattern})(?!\d)", re.ASCII)
    return _Row(
        pattern,
        fewest_digits(row.pattern),
        re.compile(any_of(row.words)) if row.words else None,
        tuple(map(stem_of, row.words)),
        check,
        form,
    )


@functools.cache
def _rows() -> list[_Row]:
    return [
        _row(
            row,
            functools.partial(_passes, check_of(row.check)),
            UNCHECKED if row.check == "shape_alone" else "",
        )
        for row in _table().id
    ]


@functools.cache
def _presidio_rows() -> list[_Row]:
    return [
        _row(row, functools.partial(_is_all_of_one, row.recognizer), UNCHECKED)
        for row in _table().presidio
    ]


@functools.cache
def _recognizer(name: str) -> Any:
    try:
        from presidio_analyzer import predefined_recognizers
    except ImportError as error:
        message = "Finding national ids"
        raise MissingExtraError(message, extra="privacy", missing="presidio-analyzer") from error
    # It logs the texts that it cannot check.
    logging.getLogger("presidio-analyzer").setLevel(logging.CRITICAL + 1)
    return getattr(predefined_recognizers, name)()
