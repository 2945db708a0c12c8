"""Local server: `limit` and `after` of OpenAI's lists → a page of records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from langchain_fbmessenger.local.api.bodies import convert
from langchain_fbmessenger.local.wire import list_object

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

    from langchain_fbmessenger.local.store import RecordT, Store


class _Query(msgspec.Struct, frozen=True):
    limit: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 20
    after: str | None = None


def page_of(
    request: Request,
    store: Store,
    kind: type[RecordT],
    render: Callable[[RecordT], dict[str, Any]],
    *,
    parent: str | None = None,
) -> dict[str, Any]:
    """Answer a list request: newest first, `has_more` says whether another page follows."""
    query = convert(dict(request.query_params), _Query)
    records = store.page(kind, limit=query.limit + 1, after=query.after, parent=parent)
    shown = records[: query.limit]
    return list_object([render(record) for record in shown], has_more=len(records) > len(shown))
