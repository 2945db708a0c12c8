"""Zones that dates name: offsets, abbreviations, IANA names, and what only looks like one."""

# ruff: noqa: RUF001 - dates in other scripts are the subject
from __future__ import annotations

from contextlib import nullcontext
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from langchain_fbmessenger import FacebookMessengerChatLoader
from langchain_fbmessenger.exports.formats.html import date_words
from langchain_fbmessenger.exports.formats.html.date_words import cut_zone, offset_in
from langchain_fbmessenger.exports.formats.html.dates import DateReader
from tests.unit_tests.exports.html_pages import GENERATIONS, block, decode, only_thread, page

if TYPE_CHECKING:
    from pathlib import Path

NAIVE = datetime(2013, 10, 4, 22, 5)  # noqa: DTZ001 - a wall time
SHOWN = "Friday, October 4, 2013 at 10:05pm"
ANYWHERE = "America/Noronha"


def moment(naive: str, zone: str) -> int:
    return round(datetime.fromisoformat(naive).replace(tzinfo=ZoneInfo(zone)).timestamp() * 1000)


def read(text: str) -> tuple[datetime, float | None, str]:
    reader = DateReader([text])
    wall = reader.parse(text)
    assert wall is not None
    offset = wall.zone.utcoffset(wall.naive) if wall.zone else None
    return wall.naive, offset and offset / timedelta(hours=1), wall.unknown_zone


@pytest.mark.parametrize(
    ("zone", "hours"),
    [
        ("PDT", -7),
        ("PST", -8),
        ("CEST", 2),
        ("SGT", 8),
        ("MSK", 4),  # from 2011 to 2014
        ("NPT", 5.75),
        ("NST", -3.5),
        ("EST5EDT", -4),
        ("UTC+08", 8),
        ("UTC-03", -3),
        ("UTC-04:00", -4),
        ("UTC\u221204:00", -4),
        ("UTC+05:30", 5.5),
        ("UTC+0530", 5.5),
        ("UTC+530", 5.5),
        ("UTC+5:30", 5.5),
        ("UTC +5", 5),
        ("GMT+8", 8),
        ("GMT-8", -8),
        ("gmt+08:45", 8.75),
        ("+0530", 5.5),
        ("-03", -3),
        ("+05:45", 5.75),
        ("Asia/Kuala_Lumpur", 8),
        ("Asia/Kuala Lumpur", 8),
        ("asia/kuala_lumpur", 8),
        ("Asia/Kolkata", 5.5),
        ("Asia/Kathmandu", 5.75),
        ("Australia/Adelaide", 9.5),
        ("America/Los_Angeles", -7),
        ("America/Argentina/Buenos_Aires", -3),
        ("America/Port-au-Prince", -4),
        ("America/St_Johns", -2.5),
        ("US/Pacific", -7),
        ("Europe/London", 1),
        ("Etc/GMT-8", 8),
        ("Etc/GMT\u22128", 8),
        ("Etc/GMT+3", -3),
        ("Africa/Casablanca", 1),
    ],
)
def test_a_date_may_name_its_zone(zone: str, hours: float) -> None:
    assert read(f"{SHOWN} {zone}") == (NAIVE, hours, "")
    assert read(f"{SHOWN} ({zone})") == (NAIVE, hours, "")


@pytest.mark.parametrize(
    "zone", ["UTC", "GMT", "Etc/UTC", "UTC+00:00", "Etc/GMT", "utc", "WET", "Etc/GMT0"]
)
def test_zone_of_greenwich_is_a_zone(zone: str) -> None:
    assert cut_zone(f"October 4, 2013 at |pm {zone}").zone is not None
    assert not read(f"{SHOWN} {zone}")[1]


@pytest.mark.parametrize(
    ("zone", "unknown"),
    [
        ("IST", "IST"),  # India, Ireland or Israel
        ("XYZ", "XYZ"),
        ("UTC+99", "utc+99"),
        ("GMT-25:00", "gmt-25:00"),
        ("+99", "+99"),
        ("Mars/Phobos", "Mars/Phobos"),
        ("Asia/Atlantis City", "Asia/Atlantis City"),
        ("Asia/" + "x" * 5000, "Asia/" + "x" * 35),
    ],
)
def test_unknown_zone_is_reported(zone: str, unknown: str) -> None:
    naive, hours, name = read(f"{SHOWN} {zone}")
    assert (naive, hours) == (NAIVE, None)
    assert name.casefold() == unknown.casefold()


def test_without_a_time_zone_database_no_zone_is_lost_in_silence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(date_words, "_zone_called", lambda _: None)
    for zone in ("MSK", "Asia/Kolkata", "EST5EDT"):
        assert read(f"{SHOWN} {zone}") == (NAIVE, None, zone)
    assert read(f"{SHOWN} PDT") == (NAIVE, -7, "")


@pytest.mark.parametrize(
    "date",
    [
        "",
        "4 OCT 2013 |",
        "| FRI 4 Oct 2013",
        "| 12 DEC",
        "October 4, 2013 at |pm",
        "4/Oct/2013 |",
        "4/Oct/Fri |",
        "2013/10/04(金) |",
        "4. Oktober 2013 um | Uhr",
        "4 tháng 10, 2013 lúc | CH",
        "| - 4 октября 2013",
        "|-04/10/2013",
    ],
)
def test_what_is_no_zone_is_not_read(date: str) -> None:
    assert cut_zone(date)[1:] == (None, "")


@pytest.mark.parametrize(
    "shown",
    [
        "4 de octubre de 2013 a las 22:05",
        "Freitag, 4. Oktober 2013 um 22:05",
        "vendredi 4 octobre 2013, 22:05",
        "4 октября 2013 г. в 22:05",
        "4 Tháng 10 2013 lúc 22:05",
        "4 Ekim 2013 22:05",
        "4 října 2013 v 22:05",
        "2013年10月4日 22:05",
        "2013년 10월 4일 오후 10:05",
        "4 أكتوبر، 2013 10:05 م",
        "4 באוקטובר 2013 בשעה 22:05",
        "04/10/2013 22:05",
    ],
)
@pytest.mark.parametrize(
    ("zone", "hours"),
    [
        ("Asia/Kuala_Lumpur", 8),
        ("America/Martinique", -4),
        ("Etc/GMT-8", 8),
        ("UTC+05:30", 5.5),
        ("-03", -3),
        ("JST", 9),
    ],
)
def test_zone_is_read_in_every_language(shown: str, zone: str, hours: float) -> None:
    assert read(f"{shown} {zone}") == (NAIVE, hours, "")


@given(st.integers(-14, 12).filter(bool))
def test_sign_of_an_etc_zone_is_the_other_way_round(west: int) -> None:
    etc = read(f"{SHOWN} Etc/GMT{west:+}")
    assert etc == read(f"{SHOWN} UTC{-west:+03}") == (NAIVE, -west, "")
    assert read(f"{SHOWN} GMT{west:+}")[1] != etc[1]


@given(st.integers(-14 * 60, 14 * 60), st.sampled_from(["UTC", "GMT", "utc ", ""]))
def test_every_offset_is_read_as_it_is_written(minutes: int, prefix: str) -> None:
    hours, rest = divmod(abs(minutes), 60)
    sign = "-" if minutes < 0 else "+"
    for form in (f"{sign}{hours:02}:{rest:02}", f"{sign}{hours:02}{rest:02}"):
        naive, offset, unknown = read(f"{SHOWN} {prefix}{form}")
        assert (naive, offset or 0, unknown) == (NAIVE, minutes / 60, "")


def test_the_offset_of_a_sentence() -> None:
    assert offset_in("Generated by Zoë on Sunday, July 14, 2024 at 6:31 PM UTC-04:00") == -240
    assert offset_in("Generated by Zoë on Sunday, July 14, 2024 at 6:31 PM UTC") is None
    assert offset_in("Generated by Zoë on Sunday, July 14, 2024 at 6:31 PM Etc/GMT-8") is None


DATES = {  # a form of each generation, with an hour of winter and one of summer
    "H1": ("Friday, January 4, 2013 at 3:26pm", "Thursday, July 4, 2013 at 3:26pm"),
    "H2": ("Jan 04, 2013 3:26:00pm", "Jul 04, 2013 3:26:00pm"),
    "H3": ("Jan 04, 2013 3:26:00pm", "Jul 04, 2013 3:26:00pm"),
    "H4": ("Jan 04, 2013 3:26:00 pm", "Jul 04, 2013 3:26:00 pm"),
    "I3": ("Jan 04, 2013, 3:26\u202fPM", "Jul 04, 2013, 3:26\u202fPM"),
    "I4": ("Jan 04, 2013 3:26 pm", "Jul 04, 2013 3:26 pm"),
}


@pytest.mark.parametrize("generation", GENERATIONS)
@pytest.mark.parametrize("zone", ["Asia/Kuala_Lumpur", "America/New_York", "Asia/Kolkata"])
def test_pages_of_every_generation_are_read_in_the_zone_that_they_name(
    generation: str, zone: str
) -> None:
    winter, summer = (f"{date} {zone}" for date in DATES[generation])
    raw = page(
        generation, block(generation, "Al", "b", summer), block(generation, "Al", "a", winter)
    )
    found = decode(raw, ZoneInfo(ANYWHERE))
    assert found.has_zone
    assert [m.timestamp_ms for m in found.threads[0].messages] == [
        moment("2013-01-04T15:26", zone),
        moment("2013-07-04T15:26", zone),
    ]


def test_hour_that_a_named_zone_goes_through_twice_is_read_twice() -> None:
    dates = [
        f"Sunday, November 3, 2013 at {t}am America/New_York" for t in ("1:50", "1:10", "1:55")
    ]
    blocks = (block("H1", "Al", str(n), date) for n, date in enumerate(dates[::-1]))
    found = [m.timestamp_ms for m in only_thread(page("H1", *blocks)).messages]
    first = moment("2013-11-03T01:50", "America/New_York")
    assert found == [first, first + 20 * 60_000, first + 65 * 60_000]


@pytest.mark.parametrize("generation", GENERATIONS)
@pytest.mark.parametrize("given_zone", [None, "UTC"])
def test_an_unknown_zone_is_never_taken_without_a_word(
    tmp_path: Path, generation: str, given_zone: str | None
) -> None:
    dates = [f"{DATES[generation][0]} {zone}" for zone in ("IST", "Asia/Kolkata")]
    raw = page(generation, *(block(generation, "Al", "x", date) for date in dates))
    (tmp_path / "message_1.html").write_bytes(raw)
    loader = FacebookMessengerChatLoader(tmp_path, timezone=given_zone)
    told = "for the zone IST, which is not known, was taken"
    with nullcontext() if given_zone else pytest.warns(UserWarning, match=told):
        (session,) = loader.load()
    times: list[Any] = [
        m.additional_kwargs["events"][0]["message_time"] for m in session["messages"]
    ]
    assert moment("2013-01-04T15:26", "Asia/Kolkata") in times
    assert given_zone is None or moment("2013-01-04T15:26", given_zone) in times
    assert loader.report.unknown_zones == {"IST": 1}
    assert "1 message in a time zone that is not known: IST" in str(loader.report)


def test_zones_that_are_known_are_taken_without_a_word(
    tmp_path: Path, recwarn: pytest.WarningsRecorder
) -> None:
    raw = page("H1", block("H1", "Al", "x", "Friday, January 4, 2013 at 3:26pm Asia/Kuala_Lumpur"))
    (tmp_path / "message_1.html").write_bytes(raw)
    loader = FacebookMessengerChatLoader(tmp_path, timezone=timezone(timedelta(hours=-3)))
    assert len(loader.load()) == 1
    assert loader.report.assumed_zone is None
    assert not recwarn.list
