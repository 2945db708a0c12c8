from __future__ import annotations

import time
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest

from langchain_fbmessenger.exports.formats.html.zone import ZoneChooser

if TYPE_CHECKING:
    from collections.abc import Iterator

WINTER, SUMMER = datetime(2024, 1, 15, 12), datetime(2024, 7, 15, 12)  # noqa: DTZ001 - wall times
MACHINE = "this machine's time zone"
PACIFIC = "Instagram's fixed UTC-08:00"
INDIA = "UTC+05:30 all year, which pages name for the day of the export"

pytestmark = [
    pytest.mark.skipif(not hasattr(time, "tzset"), reason="Windows keeps its zone"),
    pytest.mark.usefixtures("new_york"),
]


@pytest.fixture
def new_york(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let the machine's clock be in New York."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "America/New_York")
        time.tzset()
        yield
    time.tzset()


def hours(chooser: ZoneChooser, generation: str, stated: int | None) -> tuple[float, float]:
    """Return a page's offsets in winter and in summer."""
    zone = chooser(generation, stated)
    winter, summer = (zone.utcoffset(when) or timedelta() for when in (WINTER, SUMMER))
    return winter / timedelta(hours=1), summer / timedelta(hours=1)


@pytest.mark.parametrize(
    ("generation", "stated", "expected", "assumed"),
    [
        ("I3", None, (-8, -8), PACIFIC),
        ("I4", -240, (-8, -8), PACIFIC),
        ("H3", None, (-5, -4), MACHINE),
        ("H3", -240, (-5, -4), MACHINE),
        ("H2", -300, (-5, -4), MACHINE),
        ("H4", 330, (5.5, 5.5), INDIA),
        ("H4", 0, (0, 0), "UTC all year, which pages name for the day of the export"),
        ("H4", 5940, (-5, -4), MACHINE),
        ("H4", -1440, (-5, -4), MACHINE),
    ],
)
def test_zone_is_what_is_known_else_the_machines(
    generation: str, stated: int | None, expected: tuple[float, float], assumed: str
) -> None:
    chooser = ZoneChooser(None)
    assert hours(chooser, generation, stated) == expected
    assert chooser.assumed == assumed


@pytest.mark.parametrize("generation", ["H2", "I3"])
def test_zone_that_is_given_is_taken_without_a_word(generation: str) -> None:
    chooser = ZoneChooser(timezone.utc)
    assert hours(chooser, generation, -240) == (0, 0)
    assert chooser.assumed is None


def test_all_that_was_assumed_is_named_once() -> None:
    chooser = ZoneChooser(None)
    for generation, stated in [("H3", None), ("I3", None), ("H3", -240), ("H3", 330)]:
        chooser(generation, stated)
    assert chooser.assumed == f"{MACHINE} and {PACIFIC} and {INDIA}"


def test_machines_zone_knows_both_hours_of_autumn() -> None:
    zone = ZoneChooser(None)("H3", None)
    again = datetime(2024, 11, 3, 1, 30, tzinfo=zone)
    assert again.utcoffset() == timedelta(hours=-4)
    assert again.replace(fold=1).utcoffset() == timedelta(hours=-5)


@pytest.mark.parametrize("when", [datetime.min, datetime.max])  # noqa: DTZ901 - wall times
def test_years_that_no_clock_knows_are_borne(when: datetime) -> None:
    offset = when.replace(tzinfo=ZoneChooser(None)("H3", None)).utcoffset()
    assert offset is not None
    assert abs(offset) < timedelta(hours=6)


def test_machines_zone_has_a_name_and_no_offset_of_nothing() -> None:
    zone = ZoneChooser(None)("H3", None)
    assert (zone.tzname(None), zone.utcoffset(None), zone.dst(WINTER)) == ("local", None, None)
