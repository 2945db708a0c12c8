"""Ask a provider for the files and jobs of an account, page after page, and delete files.

This is the one place that asks for a next page. The SDK's own iteration goes on as long as pages
hold anything. A server that leaves `has_more` out and passes over `after` gives it the same page
for ever.
"""

from __future__ import annotations

import itertools
import warnings
from itertools import count
from typing import TYPE_CHECKING, Any, TypeVar

from langchain_fbmessenger._internal.visible_text import visible
from langchain_fbmessenger.fine_tuning.identity import KEY, key_of, name_prefix

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from openai import OpenAI
    from openai.pagination import SyncCursorPage
    from openai.types import FileObject
    from openai.types.fine_tuning import FineTuningJob as JobState

    from langchain_fbmessenger.fine_tuning.providers import Provider

__all__ = [
    "delete_files",
    "files_named",
    "items_of",
    "jobs_of",
    "list_jobs",
    "mark_of",
    "newest_jobs",
    "uploads_of",
]

_JOBS_LOOKED_AT = 500
_FILES_LOOKED_AT = 5_000
_PAGE = 100
_MOST_PAGES = 1000
"""Of a list that never ends: a hundred thousand items, in pages of a hundred."""
T = TypeVar("T")


def list_jobs(client: OpenAI, limit: int, **query: Any) -> list[JobState]:
    """Return the newest jobs of an account, newest first."""
    first = client.fine_tuning.jobs.list(limit=min(limit, _PAGE), **query)
    return list(itertools.islice(items_of(first), limit))


def newest_jobs(
    client: OpenAI, provider: Provider, metadata: Mapping[str, str] | None
) -> list[JobState]:
    """Return the newest jobs, only those with the key of that metadata if the provider can."""
    key = (metadata or {}).get(KEY)
    query = {"metadata": {KEY: key}} if provider.filters_jobs and key else {}
    return list_jobs(client, _JOBS_LOOKED_AT, **query)


def jobs_of(
    client: OpenAI, provider: Provider, key: str, file_ids: Iterable[str] = ()
) -> list[JobState]:
    """Return the jobs of a key, newest first.

    Args:
        client: A client of the provider.
        provider: The provider.
        key: The key.
        file_ids: Files of that key: where a provider keeps no metadata, jobs are known by them.
    """
    known = set(file_ids)
    # Compared here too: a provider that does not know the filter lists all.
    return [
        job
        for job in newest_jobs(client, provider, {KEY: key})
        if key_of(job) == key or job.training_file in known
    ]


def files_named(client: OpenAI, beginning: str) -> list[FileObject]:
    """Return the files at the provider whose names begin so."""
    import openai

    try:
        files = items_of(client.files.list(purpose="fine-tune"))
        newest = itertools.islice(files, _FILES_LOOKED_AT)
        return [file for file in newest if (file.filename or "").startswith(beginning)]
    except (openai.NotFoundError, openai.PermissionDeniedError):
        return []  # no such list there: the manifest knows them


def uploads_of(client: OpenAI, key: str) -> list[FileObject]:
    """Return the files at the provider that were uploaded for a key."""
    return files_named(client, name_prefix(key))


def delete_files(client: OpenAI, ids: Iterable[str]) -> bool:
    """Delete files; say whether all of them are gone.

    Warns:
        UserWarning: One could not be deleted; names it.
    """
    import openai

    all_gone = True
    for file_id in ids:
        try:
            client.files.delete(file_id)
        except openai.NotFoundError:
            continue
        except openai.APIError as error:
            all_gone = False
            warnings.warn(
                f"The uploaded file {visible(file_id)} could not be deleted "
                f"({type(error).__name__}): it holds chats. Look at the job again later "
                "(job.refresh()), or delete it yourself.",
                stacklevel=2,
            )
    return all_gone


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
