"""National numbers, documents, wallets: by their check digits, or a word before them.

presidio-analyzer's recognisers are used one by one: its engine would ask for a language model, and
of most countries' numbers it knows the check digits. It is imported when a text first holds a word
that may be one (it takes a second), and nothing of it that opens a socket is used.
"""

from __future__ import annotations

import functools
import logging
import re
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import msgspec

from langchain_fbmessenger.exceptions import MissingExtraError
from langchain_fbmessenger.privacy.identifiers.checksums import CHECKS
from langchain_fbmessenger.privacy.identifiers.spot import NEVER, Spot
from langchain_fbmessenger.privacy.identifiers.words import REACH, any_of, stands_before

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["UNCHECKED", "find_documents", "find_national_ids", "find_presidio_ids"]

# Not amid a word, a sum, a time or a longer number.
_BEFORE, _BEHIND = r"(?<![\w+@#/=])(?<!\d[.,:/-])", r"(?![\w@=]|[.,:/-]\d)"
_DOCUMENT = re.compile(
    r"(?<!\w)(?:(?=(?:[A-Z]*\d){4})[A-Z0-9]{6,10}|[A-Za-z]{0,3}\d{5,10}|\d\d ?\d\d ?\d{6})(?!\w)"
)
_DOCUMENT_REACH = 24
UNCHECKED = "unchecked"  # the form of numbers without check digits


def find_national_ids(text: str) -> Iterator[Spot]:
    """Give the numbers whose check digits are known here."""
    for row in _rows():
        for match in row.pattern.finditer(text):
            number = re.sub(r"[^0-9A-Za-z]", "", match[0])
            is_fake = row.form == UNCHECKED and number.startswith(NEVER)
            if row.check(number) and row.is_told(text, match.start()) and not is_fake:
                yield Spot(*match.span(), "id", number.upper(), row.form)


def find_presidio_ids(text: str) -> Iterator[Spot]:
    """Give the numbers that presidio-analyzer knows.

    Raises:
        MissingExtraError: The extra `[privacy]` is not installed, and the text may hold one.
    """
    for name, row in _presidio_rows():
        for match in row.pattern.finditer(text):
            number = re.sub(r"[^0-9A-Za-z]", "", match[0])
            if (
                not number.startswith(NEVER)
                and row.is_told(text, match.start())
                and _is_whole(name, match[0], number)
            ):
                yield Spot(*match.span(), "id", number.upper(), UNCHECKED)


def _is_whole(recognizer: str, *writings: str) -> bool:
    """Tell whether a recogniser takes all of some writing for one number."""
    recognizes = _recognizer(recognizer)
    return any(
        result.end - result.start == len(written)
        for written in writings
        for result in recognizes.analyze(written, recognizes.supported_entities, None)
    )


def find_documents(text: str) -> Iterator[Spot]:
    """Give the numbers of passports and the like, behind their word."""
    for match in _DOCUMENT.finditer(text):
        digits = re.sub(r"\D", "", match[0])
        if not digits.startswith(NEVER) and stands_before(
            text, match.start(), "passport", _DOCUMENT_REACH
        ):
            yield Spot(*match.span(), "id", match[0].upper(), UNCHECKED)


class _Row(msgspec.Struct, frozen=True):
    """A sort of numbers: how it is written, what it has to pass, and the words that tell of it."""

    pattern: re.Pattern[str]
    words: re.Pattern[str] | None
    check: Callable[[str], bool]
    form: str

    def is_told(self, text: str, start: int) -> bool:
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
    form: str
    words: list[str] = []


class _Table(msgspec.Struct, forbid_unknown_fields=True):
    id: list[_OwnId]
    presidio: list[_PresidioId]


@functools.cache
def _table() -> _Table:
    return msgspec.toml.decode(
        files(__package__).joinpath("ids.toml").read_text("utf-8"), type=_Table
    )


def _row(pattern: str, words: list[str], check: str) -> _Row:
    return _Row(
        re.compile(f"{_BEFORE}(?:{pattern}){_BEHIND}"),
        re.compile(any_of(words)) if words else None,
        CHECKS[check],
        UNCHECKED if check == "shape_alone" else "",
    )


@functools.cache
def _rows() -> list[_Row]:
    return [_row(row.pattern, row.words, row.check) for row in _table().id]


@functools.cache
def _presidio_rows() -> list[tuple[str, _Row]]:
    rows = _table().presidio
    return [(row.recognizer, _row(row.form, row.words, "shape_alone")) for row in rows]


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
