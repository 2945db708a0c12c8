"""Read JSON that breaks a schema or the grammar somewhere, field by field, and times of any form.

The strict way is tried first, by each format's own decoder; this is the way for the files on which
it fails, so that one oddity costs no message. When a message was sent may be written as a number,
its digits or ISO 8601, in a file that is otherwise in order too.
"""

from __future__ import annotations

import json
import math
import re
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, TypeVar, cast

import msgspec

from langchain_fbmessenger.exports.discovery.files import TOO_LARGE
from langchain_fbmessenger.exports.formats.mojibake import BYTE_ORDER_MARK

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "BROKEN_JSON",
    "NotAThreadError",
    "convert_leniently",
    "load_json",
    "load_leniently",
    "time_of_stamp",
    "times_of_stamps",
]

T = TypeVar("T", bound=msgspec.Struct)
BROKEN_JSON = "broken JSON"

_LENIENT_SIZE = 128 * 2**20  # the standard parser takes several times the file's size
_MOST_DIGITS = 400
_SURROGATES = re.compile("[\ud800-\udfff]")

_SECONDS_BELOW = 100_000_000_000  # as milliseconds this would be March 1973
_ABSURD_TIME = 10**17  # milliseconds in three million years
# Spreadsheets and databases write numbers as texts. Digits of any script count; a number with a
# sign is no time of a message.
_NUMBER = re.compile(r"\d{1,400}(\.\d{0,400})?([eE][+-]?\d{1,9})?")
_OFFSET = re.compile(r"([+-]\d\d):?(\d\d)$")
_FRACTION = re.compile(r"\.(\d+)")
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


class NotAThreadError(Exception):
    """The file is not read as a thread; the argument is the reason that reports count."""


def load_json(raw: bytes) -> Any:
    """Parse JSON strictly, and leniently where that fails; a byte order mark may stand before it.

    Raises:
        NotAThreadError: It is broken.
    """
    raw = raw.removeprefix(BYTE_ORDER_MARK)
    try:
        return msgspec.json.decode(raw)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        return load_leniently(raw)


def load_leniently(raw: bytes) -> Any:
    """Parse JSON as editors and scripts leave it behind.

    Args:
        raw: The file, without a byte order mark. Raw control characters, NaN, infinite numbers and
            bytes that are no UTF-8 pass; lone surrogates, which could not be written on, become
            U+FFFD.

    Raises:
        NotAThreadError: It is broken beyond that, or too large to be looked at field by field.
    """
    try:
        if len(raw) > _LENIENT_SIZE:
            msgspec.json.decode(raw, type=msgspec.Raw)  # raises for broken JSON
            raise NotAThreadError(TOO_LARGE)
        found = json.loads(
            raw.decode("utf-8", errors="replace"),
            strict=False,
            parse_constant=lambda _: None,
            parse_int=_bounded_int,
            parse_float=_finite_float,
        )
        return msgspec.json.decode(
            _SURROGATES.sub("\N{REPLACEMENT CHARACTER}", json.dumps(found, ensure_ascii=False))
        )
    except (ValueError, RecursionError) as error:
        raise NotAThreadError(BROKEN_JSON) from error


def convert_leniently(found: dict[str, Any], struct: type[T]) -> T:
    """Make a struct of an object; a field of the wrong type counts as absent.

    Of a list with odd items the others are kept.
    """
    try:
        return msgspec.convert(found, struct)
    except msgspec.ValidationError:
        pass  # a field has a wrong type
    fitting = {}
    for field in msgspec.structs.fields(struct):
        if field.encode_name in found:
            try:
                fitting[field.name] = _fit(found[field.encode_name], field.type)
            except msgspec.ValidationError:
                continue
    return struct(**fitting)


def _fit(value: Any, kind: Any) -> Any:
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError:
        if not isinstance(value, list):
            raise
    fitting: list[Any] = msgspec.convert([], kind)  # raises if no list is expected
    for item in value:
        try:
            fitting += msgspec.convert([item], kind)
        except msgspec.ValidationError:
            continue
    return fitting


def _bounded_int(text: str) -> int | None:
    return int(text) if len(text) <= _MOST_DIGITS else None  # Python refuses to read 4,300


def _finite_float(text: str) -> float | None:
    number = float(text)
    return number if math.isfinite(number) else None


def time_of_stamp(stamp: object) -> int | None:
    """Return a time as Unix ms; None if it is not a time.

    Args:
        stamp: Seconds or milliseconds, told apart by their size, as a number or a text of digits;
            or a text in ISO 8601, in UTC unless it names an offset.
    """
    if isinstance(stamp, str):
        stamp = stamp.strip()
        number = _NUMBER.fullmatch(stamp)
        if number is None:
            return _of_iso(stamp)
        stamp = float(stamp) if number[1] or number[2] else int(stamp)
    elif type(stamp) is not int and type(stamp) is not float:  # True is an int to isinstance
        return None
    if not -_ABSURD_TIME < stamp < _ABSURD_TIME:  # NaN is neither
        return None
    return round(stamp * 1000) if abs(stamp) < _SECONDS_BELOW else int(stamp)


def times_of_stamps(stamps: Sequence[object]) -> list[int | None]:
    """Return several times as `time_of_stamp` does, but fast if all are ms, as in downloads."""
    if {*map(type, stamps)} == {int}:
        times = cast("list[int]", stamps)
        if min(times) >= _SECONDS_BELOW and max(times) < _ABSURD_TIME:
            return [*times]
    return [*map(time_of_stamp, stamps)]


def _of_iso(text: str) -> int | None:
    # Python 3.10 wants "+00:00" with a colon, no "Z", and three or six decimals.
    text = _OFFSET.sub(r"\1:\2", text.replace("Z", "+00:00"))
    text = _FRACTION.sub(lambda found: "." + found[1][:6].ljust(6, "0"), text)
    try:
        when = datetime.fromisoformat(text)
        if when.tzinfo is None:
            when = when.replace(tzinfo=timezone.utc)
        passed = when - _EPOCH
    except ValueError:
        return None
    return (passed.days * 86_400 + passed.seconds) * 1000 + passed.microseconds // 1000
