from __future__ import annotations

import time
from datetime import date, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from langchain_fbmessenger.exports.selection import Selection, make_selection, to_zone

if TYPE_CHECKING:
    from collections.abc import Iterator

PRAGUE = ZoneInfo("Europe/Prague")
MIDNIGHT_UTC = 1_715_990_400_000  # 2024-05-18
HOUR = 3_600_000


@pytest.fixture
def new_york(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let the machine's clock be in New York."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "America/New_York")
        time.tzset()
        yield
    time.tzset()


def test_nothing_asked_for_limits_nothing() -> None:
    assert make_selection() == Selection(None, None, None, None, None, groups=True)


@pytest.mark.parametrize("option", ["threads", "participants"])
@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (["Zoe\u0308\u00a0 BRANDT", "al"], {"zoë brandt", "al"}),
        ("Zoë Brandt", {"zoë brandt"}),
        (("A", "a"), {"a"}),
        ([], set()),
    ],
)
def test_names_are_taken_as_they_are_compared(option: str, given: Any, expected: Any) -> None:
    assert getattr(make_selection(**{option: given}), option) == expected


@pytest.mark.parametrize("given", ["inbox", ["inbox"], {"inbox": 1}])
def test_one_text_is_not_taken_for_its_letters(given: Any) -> None:
    assert make_selection(folders=given).folders == {"inbox"}


@pytest.mark.parametrize("folder", ["Inbox", "", "inbox/", "stickers_used"])
def test_folder_that_exports_do_not_have_is_refused(folder: str) -> None:
    with pytest.raises(ValueError, match=r"no folder .*folders are inbox, e2ee_cutover"):
        make_selection(folders=["inbox", folder])


@pytest.mark.parametrize("option", ["folders", "threads", "participants"])
@pytest.mark.parametrize("given", [[7], [None], b"inbox", [["inbox"]]])
def test_what_is_no_text_is_refused(option: str, given: Any) -> None:
    with pytest.raises(ValueError, match=f"{option} takes texts"):
        make_selection(**{option: given})


@pytest.mark.parametrize(
    ("moment", "zone", "expected"),
    [
        ("2024-05-18", timezone.utc, MIDNIGHT_UTC),
        (" 2024-05-18T00:00:00Z ", PRAGUE, MIDNIGHT_UTC),
        ("2024-05-18T02:00:00+02:00", None, MIDNIGHT_UTC),
        ("2024-05-18 01:30", timezone.utc, MIDNIGHT_UTC + HOUR * 3 // 2),
        (date(2024, 5, 18), PRAGUE, MIDNIGHT_UTC - 2 * HOUR),
        (datetime(2024, 5, 18), PRAGUE, MIDNIGHT_UTC - 2 * HOUR),  # noqa: DTZ001 - that is the point
        (datetime(2024, 5, 18, tzinfo=timezone.utc), PRAGUE, MIDNIGHT_UTC),
        ("2024-05-18T00:00:00.123Z", None, MIDNIGHT_UTC + 123),
        ("1969-12-31T23:59:59.999Z", None, -1),
        ("0001-01-01", timezone.utc, -62_135_596_800_000),
        ("9999-12-31", timezone.utc, 253_402_214_400_000),
    ],
)
def test_times_become_milliseconds(moment: Any, zone: Any, expected: int) -> None:
    assert make_selection(since=moment, zone=zone).since == expected
    assert make_selection(until=moment, zone=zone).until == expected


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="Windows keeps its zone")
@pytest.mark.usefixtures("new_york")
def test_time_without_a_zone_is_the_machines() -> None:
    assert make_selection(since="2024-05-18").since == MIDNIGHT_UTC + 4 * HOUR


@pytest.mark.parametrize("option", ["since", "until"])
@pytest.mark.parametrize("text", ["", "yesterday", "2024-13-01", "2024-05-18T25:00", "18.5.2024"])
def test_text_that_is_no_time_is_refused(option: str, text: str) -> None:
    with pytest.raises(ValueError, match=f"{option}=.* is no time in ISO 8601"):
        make_selection(**{option: text})  # type: ignore[arg-type]


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="Windows keeps its zone")
@pytest.mark.usefixtures("new_york")
def test_year_that_the_machine_does_not_know_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="since: the year 1 is out of range"):
        make_selection(since=datetime.min)  # noqa: DTZ901 - that is the point


@pytest.mark.parametrize("later", [timedelta(), timedelta(milliseconds=-1)])
def test_nothing_between_since_and_until_is_refused(later: timedelta) -> None:
    since = datetime(2024, 5, 18, tzinfo=timezone.utc)
    with pytest.raises(ValueError, match="since must be before until"):
        make_selection(since=since, until=since + later)
    assert make_selection(since=since, until=since + timedelta(milliseconds=1))


@pytest.mark.parametrize("zone", [None, timezone.utc, PRAGUE])
def test_zone_that_is_one_is_passed_on(zone: Any) -> None:
    assert to_zone(zone) is zone


def test_zone_is_found_by_name() -> None:
    assert to_zone("Europe/Prague") == PRAGUE


@pytest.mark.parametrize(
    "name", ["", "Europe", "Prague", "../etc", "/etc/passwd", "a\x00", "\ud83d", "x" * 5000]
)
def test_name_of_no_zone_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=r"no time zone .* Europe/Prague or UTC"):
        to_zone(name)
