from __future__ import annotations

import copy
import math
import random
import warnings
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from langchain_fbmessenger import merge_chat_runs, sample_export_path, split_chat_sessions
from langchain_fbmessenger.chat_loaders import FacebookMessengerChatLoader
from langchain_fbmessenger.sessions._pauses import LONGEST_GAP, SHORTEST_GAP, learned_gap
from tests.unit_tests.builders import session, timed_session


def contents(sessions: Any) -> list[list[str]]:
    return [[m.content for m in one["messages"]] for one in sessions]


def test_a_thread_is_cut_where_it_paused() -> None:
    thread = timed_session((0, "Al: a"), (7.9, "Zoë: b"), (16, "Al: c"), (24 * 900, "Zoë: d"))
    before = copy.deepcopy(thread)
    assert contents(split_chat_sessions([thread])) == [["a", "b"], ["c"], ["d"]]
    assert contents(split_chat_sessions([thread], gap="9h")) == [["a", "b", "c"], ["d"]]
    assert contents(split_chat_sessions(gap=timedelta(hours=1)).invoke(thread)) == [
        ["a"], ["b"], ["c"], ["d"],
    ]  # fmt: skip
    assert thread == before


def test_a_pause_of_exactly_the_gap_does_not_split() -> None:
    assert len(list(split_chat_sessions([timed_session((0, "Al: a"), (8, "Al: b"))]))) == 1


def test_all_keys_go_to_every_part() -> None:
    thread = {**timed_session((0, "Al: a"), (99, "Al: b"), thread={"id": "t"}), "own": 7}
    parts = list(split_chat_sessions([thread]))
    assert [(part["thread"], part["own"]) for part in parts] == [({"id": "t"}, 7)] * 2


@given(st.lists(st.integers(0, 10**9), max_size=30), st.integers(1, 10**6))
def test_nothing_is_lost_or_doubled_and_no_part_holds_a_longer_pause(
    pauses: list[int], gap: int
) -> None:
    hours, lines = 0.0, []
    for number, pause in enumerate(pauses):
        hours += pause / 3600
        lines.append((hours, f"Al: {number}"))
    parts = list(split_chat_sessions([timed_session(*lines)], gap=timedelta(seconds=gap)))
    assert [c for part in contents(parts) for c in part] == [str(n) for n in range(len(pauses))]
    starts = [int(part[0]) for part in contents(parts)[1:]]
    assert starts == [n for n, pause in enumerate(pauses) if n and pause > gap]


def test_messages_without_a_time_stay_with_the_one_before() -> None:
    thread = timed_session((0, "Al: a"), (0, "Al: b"), (99, "Al: c"), (99, "Al: d"))
    for index in (1, 3):
        del thread["messages"][index].additional_kwargs["events"]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert contents(split_chat_sessions([thread])) == [["a", "b"], ["c", "d"]]


def test_sessions_without_readable_times_are_left_whole_with_one_warning() -> None:
    thread = session("Al: secret", "Al: b")
    for message in thread["messages"]:
        message.additional_kwargs["events"] = [{"message_time": "yesterday at 6:30 PM"}]
    with pytest.warns(UserWarning, match="2 sessions carry no time") as caught:
        assert len(list(split_chat_sessions([thread, thread]))) == 2
    assert len(caught) == 1
    assert "secret" not in str(caught[0].message)


def test_merged_messages_with_a_pause_inside_are_counted() -> None:
    thread = timed_session((0, "Al: a"), (20, "Al: b"), (20, "Zoë: c"))
    with pytest.warns(UserWarning, match=r"1 messages had been merged.*before merge_chat_runs"):
        assert len((merge_chat_runs() | split_chat_sessions()).invoke(thread)) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len((split_chat_sessions() | merge_chat_runs()).invoke(thread)) == 2
        assert len((merge_chat_runs(max_gap="8h") | split_chat_sessions()).invoke(thread)) == 2


@pytest.mark.parametrize("gap", ["8h", "auto", " AUTO "])
def test_times_that_no_calendar_has_are_ignored(gap: str) -> None:
    thread = timed_session(*((n, f"{'Al' if n % 2 else 'Zoë'}: {n}") for n in range(80)))
    for n in range(0, 80, 3):
        time: Any = [10**400, 1e300, float("inf"), float("-inf")][n % 4]
        thread["messages"][n].additional_kwargs["events"] = [{"message_time": time}]
    parts = contents(split_chat_sessions([thread], gap=gap))
    assert [c for part in parts for c in part] == [str(n) for n in range(80)]


def test_empty_sessions_stay() -> None:
    assert list(split_chat_sessions([{"messages": []}])) == [{"messages": []}]


@pytest.mark.parametrize("wrong", ["", "auto8h", "-1h", 8, timedelta(0)])
def test_senseless_gaps_are_refused(wrong: Any) -> None:
    with pytest.raises(ValueError, match="a gap is a timedelta"):
        split_chat_sessions(gap=wrong)


def pauses_of(reply: float, restart: float, share: float, n: int = 3000) -> list[float]:
    rng = random.Random(1)  # noqa: S311 - no secret
    return [
        1000 * math.exp(rng.gauss(math.log(restart), 0.8))
        if rng.random() < share
        else 1000 * math.exp(rng.gauss(math.log(reply), 1.2))
        for _ in range(n)
    ]


@pytest.mark.parametrize(
    ("reply", "restart", "share"),
    [(20, 8 * 3600, 0.05), (60, 20 * 3600, 0.1), (600, 2 * 86_400, 0.3), (120, 86_400, 0.5)],
)
def test_auto_finds_the_gap_between_replies_and_restarts(
    reply: float, restart: float, share: float
) -> None:
    pauses = pauses_of(reply, restart, share)
    gap = learned_gap(pauses)
    assert reply * 6 < gap.total_seconds() < restart
    above = [pause for pause in pauses if pause > gap.total_seconds() * 1000]
    wrong = sum(pause < restart * 1000 / 6 for pause in above)
    assert wrong < len(pauses) / 50


@pytest.mark.parametrize(
    ("pauses", "gap"),
    [
        ([], timedelta(hours=8)),
        ([60_000] * 29, timedelta(hours=8)),
        ([60_000] * 5000, timedelta(hours=8)),
        ([0, -5] * 50, timedelta(hours=8)),
        (pauses_of(60, 60, 0), timedelta(hours=8)),
        (pauses_of(3, 1200, 0.2), SHORTEST_GAP),
        (pauses_of(20_000, 900_000, 0.3), LONGEST_GAP),
        ([1000, 10**14] * 50, LONGEST_GAP),
    ],
)
def test_auto_has_bounds_and_a_default(pauses: list[float], gap: timedelta) -> None:
    assert learned_gap(pauses) == gap


def test_auto_learns_each_thread_of_the_sample_its_own() -> None:
    sessions = FacebookMessengerChatLoader(sample_export_path()).load()
    auto = list(split_chat_sessions(sessions, gap="auto"))
    assert len(auto) == len(list(split_chat_sessions(sessions))) > 5 * len(sessions)


def test_auto_tells_a_fast_thread_from_a_slow_one() -> None:
    """Six hours end a conversation of people who answer at once, not one of letter writers."""
    rng = random.Random(2)  # noqa: S311 - no secret

    def thread(reply_hours: float, restart_hours: float) -> Any:
        hours, lines = 0.0, []
        for number in range(200):
            typical = restart_hours if number % 10 == 0 else reply_hours
            hours += typical * math.exp(rng.gauss(0, 0.5))
            lines.append((hours, f"{'Al' if number % 2 else 'Zoë'}: {number}"))
        return timed_session(*lines, (hours + 6, "Al: later"))

    fast = list(split_chat_sessions([thread(0.01, 20)], gap="auto"))
    slow = list(split_chat_sessions([thread(4, 200)], gap="auto"))
    assert contents(fast)[-1] == ["later"]
    assert len(contents(slow)[-1]) > 1
