"""Read JSON that breaks a schema or the grammar somewhere, field by field.

The strict way is tried first, by each format's own decoder; this is the way for the files on which
it fails, so that one oddity costs no message.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any, TypeVar

import msgspec

from langchain_fbmessenger.exports.discovery.files import TOO_LARGE
from langchain_fbmessenger.exports.formats.mojibake import BYTE_ORDER_MARK

__all__ = [
    "BROKEN_JSON",
    "NotAThreadError",
    "convert_leniently",
    "load_json",
    "load_leniently",
]

T = TypeVar("T", bound=msgspec.Struct)
BROKEN_JSON = "broken JSON"

_LENIENT_SIZE = 128 * 2**20  # the standard parser takes several times the file's size
_MOST_DIGITS = 400
_SURROGATES = re.compile("[\ud800-\udfff]")


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
            msgspec.json.decode(raw, type=msgspec.Raw)  # it may be all right but for its fields
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
        pass  # something is odd
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
    fitting: list[Any] = msgspec.convert([], kind)  # of another kind, no item will do
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
