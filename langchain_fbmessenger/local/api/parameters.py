"""Read what a request asks for, typed: its JSON body, form fields, query, page of a list.

What cannot be read is refused by an error that names the field.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any, Protocol, TypeVar

import msgspec

from langchain_fbmessenger.local.api.errors import ApiError
from langchain_fbmessenger.local.jobs.wire import list_object

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.requests import Request

BodyT = TypeVar("BodyT")
MAX_DEPTH = 100
"""Levels of arrays and objects: Python, chat templates and engines recurse through a body, and get
no further than some hundred."""

_LONGEST_NAME = 100

_AT = re.compile(r" - at `\$\.?(?P<path>[^`]*)`$")
_UNKNOWN = re.compile(r"unknown field `(?P<field>[^`]*)`")
_MISSING = re.compile(r"missing required field `(?P<field>[^`]*)`")
RecordT = TypeVar("RecordT")


def decode(body: bytes, kind: type[BodyT]) -> BodyT:
    """Parse a JSON body.

    Raises:
        ApiError: It is no JSON, or a field is unknown, missing or of the wrong kind.
    """
    try:
        check_depth(body)
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as error:
        raise _refusal(str(error)) from None
    except RecursionError:
        msg = f"The body holds arrays or objects more than {MAX_DEPTH} deep within each other."
        raise ApiError(msg) from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        msg = "The body is not valid JSON."
        raise ApiError(msg) from None


def check_depth(body: bytes) -> None:
    """Refuse arrays and objects that are nested deeper than `MAX_DEPTH`.

    Raises:
        RecursionError: They do.
        msgspec.DecodeError: It is no JSON.
    """
    if body.count(b"[") + body.count(b"{") <= MAX_DEPTH:  # as nearly all
        return
    level = [msgspec.json.decode(body)]
    for _ in range(MAX_DEPTH + 1):
        wholes = [part for part in level if isinstance(part, dict | list)]
        if not wholes:
            return
        level = [
            part
            for whole in wholes
            for part in (whole.values() if isinstance(whole, dict) else whole)
        ]
    raise RecursionError


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
        path = f"{path}.{field['field'][:_LONGEST_NAME]}".lstrip(".")
    if unknown := _UNKNOWN.search(rule):
        name = unknown["field"][:_LONGEST_NAME]
        message = f"Unsupported parameter: '{name}' is not supported by this server."
        return ApiError(message, param=path, code="unsupported_parameter")
    return ApiError(f"Invalid value for '{path}': {rule}", param=path or None)


class _Query(msgspec.Struct, frozen=True):
    limit: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 20
    after: str | None = None


class Find(Protocol[RecordT]):
    """Gives records, newest first, from the one behind `after` on; a `limit` of -1 means all."""

    def __call__(self, *, limit: int, after: str | None) -> list[RecordT]:
        """Return so many records."""
        ...


def page_of(
    request: Request, find: Find[RecordT], render: Callable[[RecordT], dict[str, Any]]
) -> dict[str, Any]:
    """Answer a list request: newest first, `has_more` says whether another page follows."""
    query = convert(dict(request.query_params), _Query)
    records = find(limit=query.limit + 1, after=query.after)
    shown = records[: query.limit]
    return list_object([render(record) for record in shown], has_more=len(records) > len(shown))
