from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from langchain_core.messages import HumanMessage

from langchain_fbmessenger.transcripts.times import as_gap, milliseconds, read_times, times_in


@pytest.mark.parametrize(
    ("text", "gap"),
    [
        ("8h", timedelta(hours=8)),
        ("90m", timedelta(minutes=90)),
        ("5min", timedelta(minutes=5)),
        ("45 s", timedelta(seconds=45)),
        ("1d 12h", timedelta(hours=36)),
        ("1.5H", timedelta(minutes=90)),
        ("2w", timedelta(days=14)),
        (timedelta(days=3), timedelta(days=3)),
    ],
)
def test_gaps_as_people_write_them(text: Any, gap: timedelta) -> None:
    assert as_gap(text) == gap


@pytest.mark.parametrize(
    "wrong", ["", "8", "8x", "h", "-8h", "0h", "8h!", 8, None, timedelta(0), "9" * 40 + "w"]
)
def test_what_is_no_gap_is_refused_with_an_example(wrong: Any) -> None:
    with pytest.raises(ValueError, match="such as '8h'"):
        as_gap(wrong)


@pytest.mark.parametrize(
    ("time", "expected"),
    [
        (1_700_000_000_000, 1_700_000_000_000),
        (1_700_000_000, 1_700_000_000_000),
        ("1645460475.123", 1_645_460_475_123),  # the loader for Slack
        ("2023-11-14T22:13:20Z", 1_700_000_000_000),
        ("2023-11-14 22:13:20", 1_700_000_000_000),
        ("23.08.2023 13:11:23 UTC-08:00", None),  # Telegram's: by all of a session
        (True, None),
        (None, None),
        (float("nan"), None),
        (float("inf"), None),
        (10**400, None),
        (1e300, None),
        ("1e300", None),
        ("1972-06-01T12:00:00Z", 76_248_000_000),
        (-1, -1000),
        ([], None),
    ],
)
def test_times_of_other_loaders(time: Any, expected: int | None) -> None:
    assert milliseconds(time) == expected


@pytest.mark.parametrize(
    ("kwargs", "times"),
    [
        ({}, []),
        ({"events": None}, []),
        ({"events": 7}, []),
        ({"events": [7, {}, {"message_time": None}, {"message_time": 10**12}]}, [10**12]),
    ],
)
def test_messages_without_times_have_none(kwargs: dict, times: list[int]) -> None:
    messages: list[Any] = [HumanMessage("a", additional_kwargs=kwargs)]
    assert times_in(messages) == [times]
    assert read_times(messages) == (messages, [times])
