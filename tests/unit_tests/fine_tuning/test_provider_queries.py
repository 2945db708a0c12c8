"""Lists that do not end as they should: few requests, and each item once."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any

import pytest

from langchain_fbmessenger.fine_tuning import provider_queries
from langchain_fbmessenger.fine_tuning.following.polling import events_since
from langchain_fbmessenger.fine_tuning.provider_queries import files_named, items_of, list_jobs
from langchain_fbmessenger.fine_tuning.providers.nebius import NebiusProvider
from tests.unit_tests.fine_tuning.wire import (
    CHECKPOINTS,
    EVENTS,
    FILES,
    JOBS,
    Query,
    Wire,
    item,
    listed,
    set_status,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    import openai


@pytest.fixture
def wire() -> Wire:
    return Wire()


def ignores_after() -> Callable[[Query], dict[str, Any]]:
    return lambda _: listed(1, 2, 3)


def always_has_more() -> Callable[[Query], dict[str, Any]]:
    return lambda _: listed(1, 2, 3, has_more=True)


def empty_with_more() -> Callable[[Query], dict[str, Any]]:
    return lambda query: listed(*(() if "after" in query else (1, 2, 3)), has_more=True)


def turns_in_a_circle() -> Callable[[Query], dict[str, Any]]:
    pages = {None: (1, 2), "x-2": (3,), "x-3": (1, 2)}
    return lambda query: listed(*pages[query.get("after")], has_more=True)


def repeats_its_last() -> Callable[[Query], dict[str, Any]]:
    return lambda query: listed(*((3,) if "after" in query else (1, 2, 3)), has_more=True)


def without_ids() -> Callable[[Query], dict[str, Any]]:
    return lambda _: listed(None, has_more=True)


def without_data() -> Callable[[Query], dict[str, Any]]:
    return lambda _: {"object": "list", "has_more": True}


def honest_without_has_more() -> Callable[[Query], dict[str, Any]]:
    pages = {None: (1, 2), "x-2": (3,), "x-3": ()}
    return lambda query: listed(*pages[query.get("after")])


LISTS = {
    ignores_after: ([1, 2, 3], 2),
    always_has_more: ([1, 2, 3], 2),
    empty_with_more: ([1, 2, 3], 2),
    turns_in_a_circle: ([1, 2, 3], 3),
    repeats_its_last: ([1, 2, 3], 2),
    without_ids: ([None], 1),
    without_data: ([], 1),
    honest_without_has_more: ([1, 2, 3], 3),
}
READERS: dict[str, Callable[[openai.OpenAI], list[Any]]] = {
    JOBS: lambda client: list_jobs(client, 500),
    FILES: lambda client: files_named(client, "mine"),
    EVENTS: lambda client: events_since(client, "ftjob-1")[::-1],
    CHECKPOINTS: lambda client: list(items_of(client.fine_tuning.jobs.checkpoints.list("ftjob-1"))),
}


@pytest.mark.parametrize("route", READERS)
@pytest.mark.parametrize("kind", LISTS, ids=lambda kind: kind.__name__)
def test_a_list_is_read_once_and_with_few_requests(
    wire: Wire, route: str, kind: Callable[[], Callable[[Query], dict[str, Any]]]
) -> None:
    wire.answers[route] = kind()
    expected, requests = LISTS[kind]

    found = READERS[route](wire.client())

    ids = [None if number is None else f"x-{number}" for number in expected]
    assert [one.id for one in found] == ids
    assert wire.asked[route] == requests


def test_a_list_that_never_ends_is_left(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provider_queries, "_MOST_PAGES", 5)
    numbers = count()
    wire.answers[EVENTS] = lambda _: listed(next(numbers), next(numbers))

    assert len(events_since(wire.client(), "ftjob-1")) == 10
    assert wire.asked[EVENTS] == 5


def test_what_was_seen_before_is_not_given_again_nor_passed(wire: Wire) -> None:
    wire.answers[EVENTS] = lambda _: listed(4, 3, 2, 1, has_more=True)

    new = events_since(wire.client(), "ftjob-1", {"x-2", "x-1"})

    assert [event.id for event in new] == ["x-3", "x-4"]
    assert wire.asked[EVENTS] == 1


def test_different_items_that_share_an_id_are_all_given(wire: Wire) -> None:
    """As of a server that has no ids and says the same of each."""
    twins = [item(1), {**item(1), "message": "other"}, item(1)]
    wire.answers[EVENTS] = lambda _: {"data": twins, "has_more": True}

    assert [event.message for event in events_since(wire.client(), "ftjob-1")] == ["other", "m 1"]


def test_nebius_takes_the_newest_checkpoint_of_a_list_without_end(
    wire: Wire,
) -> None:
    set_status(wire, "succeeded")
    wire.answers[CHECKPOINTS] = always_has_more()
    client = wire.client()
    job = client.fine_tuning.jobs.retrieve("ftjob-1")

    assert NebiusProvider().adapter_files(client, job) == ["file-3"]
    assert wire.asked[CHECKPOINTS] == 2
