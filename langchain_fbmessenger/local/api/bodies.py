"""Local server: request bodies → typed values, or a refusal that names the field."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeVar

import msgspec

from langchain_fbmessenger.local.api.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Mapping

BodyT = TypeVar("BodyT")

_AT = re.compile(r" - at `\$\.?(?P<path>[^`]*)`$")
_UNKNOWN = re.compile(r"unknown field `(?P<field>[^`]*)`")
_MISSING = re.compile(r"missing required field `(?P<field>[^`]*)`")


def decode(body: bytes, kind: type[BodyT]) -> BodyT:
    """Parse a JSON body.

    Raises:
        ApiError: It is no JSON, or a field is unknown, missing or of the wrong kind.
    """
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as error:
        raise _refusal(str(error)) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        msg = "The body is not valid JSON."
        raise ApiError(msg) from None


def convert(values: Mapping[str, object], kind: type[BodyT]) -> BodyT:
    """Turn form fields or query parameters, which are all text, into a typed value."""
    try:
        return msgspec.convert(values, kind, strict=False)
    except msgspec.ValidationError as error:
        raise _refusal(str(error)) from None


def _refusal(error: str) -> ApiError:
    path = match["path"] if (match := _AT.search(error)) else ""
    rule = _AT.sub("", error)
    if field := (_UNKNOWN.search(rule) or _MISSING.search(rule)):
        path = f"{path}.{field['field']}".lstrip(".")
    if unknown := _UNKNOWN.search(rule):
        message = f"Unsupported parameter: '{unknown['field']}' is not supported by this server."
        return ApiError(message, param=path, code="unsupported_parameter")
    return ApiError(f"Invalid value for '{path}': {rule}", param=path or None)
