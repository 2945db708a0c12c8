"""Local server: `limit` and `after` of OpenAI's lists → a page of records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Protocol, TypeVar

import msgspec

from langchain_fbmessenger.local.api.bodies import convert
from langchain_fbmessenger.local.jobs.wire import list_object

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request


RecordT = TypeVar("RecordT")


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
