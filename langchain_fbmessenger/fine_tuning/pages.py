"""Lists of a provider, page after page: the one place that asks for a next page.

The SDK's own iteration goes on as long as pages hold anything. A server that leaves `has_more` out
and passes over `after` gives it the same page for ever.
"""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from openai.pagination import SyncCursorPage

__all__ = ["items_of", "mark_of"]

_MOST_PAGES = 1000
"""Of a list that never ends: a hundred thousand items, in pages of a hundred."""

T = TypeVar("T")


def mark_of(item: object) -> str:
    """Return what tells an item from others: its id, else all that it holds."""
    return str(getattr(item, "id", None) or repr(item))


def items_of(page: SyncCursorPage[T], seen: Collection[str] = ()) -> Iterator[T]:
    """Give the items of a list, each once, and ask for another page only where this one was new.

    The last page is one that says so, is empty, has no id to ask on from, or holds an item that is
    known: from an earlier page or an earlier look.

    Args:
        page: The first page.
        seen: Marks of the items that an earlier look has given; they are left out.
    """
    known = set(seen)
    for number in count(1):
        on_page: dict[str, T] = {}
        for item in page.data or ():
            mark = mark_of(item)
            twin = on_page.setdefault(mark, item)
            # Different items of one page may share an id that means nothing.
            if mark not in known and (twin is item or twin != item):
                yield item
        is_new = known.isdisjoint(on_page)
        if not is_new or number >= _MOST_PAGES or not page.has_next_page():
            return
        known |= on_page.keys()
        page = page.get_next_page()
