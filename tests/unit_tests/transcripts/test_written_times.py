"""Times as WhatsApp's exports have them: the law holds for each locale's way to write them."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from langchain_fbmessenger.transcripts.written_times import is_written_time, read_written_times

if TYPE_CHECKING:
    from collections.abc import Callable

ARABIC = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")
PERSIAN = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")
DEVANAGARI = str.maketrans("0123456789", "०१२३४५६७८९")


def half(moment: datetime, am: str, pm: str) -> str:
    return pm if moment.hour >= 12 else am


def twelve(moment: datetime) -> int:
    return moment.hour % 12 or 12


# How a locale writes a time, and the number of seconds that it shows.
LOCALES: dict[str, tuple[Callable[[datetime], str], int]] = {
    "en-US, iOS": (
        lambda t: f"{t.month}/{t.day}/{t:%y}, {twelve(t)}:{t:%M:%S}\u202f{half(t, 'AM', 'PM')}",
        1,
    ),
    "en-US, Android": (
        lambda t: f"{t.month}/{t.day}/{t:%y}, {twelve(t)}:{t:%M} {half(t, 'AM', 'PM')}",
        60,
    ),
    "sq": (
        lambda t: (
            f"{t.day}.{t.month}.{t:%y}, {twelve(t)}:{t:%M} {half(t, 'e paradites', 'e pasdites')}"
        ),
        60,
    ),
    "pl, with a word": (lambda t: f"{t.day}.{t:%m.%Y} r., {t.hour}:{t:%M}", 60),
    "en-GB, iOS": (lambda t: f"[{t:%d/%m/%Y, %H:%M:%S}]", 1),
    "en-GB, Android": (lambda t: f"{t:%d/%m/%Y, %H:%M} - ", 60),
    "en-IN": (lambda t: f"{t:%d/%m/%y}, {twelve(t)}:{t:%M} {half(t, 'am', 'pm')}", 60),
    "en-AU": (lambda t: f"{t.day}/{t.month}/{t:%y}, {twelve(t)}:{t:%M}{half(t, 'am', 'pm')}", 60),
    "de": (lambda t: f"\u200e[{t:%d.%m.%y, %H:%M:%S}]", 1),
    "cs": (lambda t: f"{t.day}. {t.month}. {t.year} {t.hour}:{t:%M}", 60),
    "hr": (lambda t: f"{t:%d.%m.%Y. %H:%M}", 60),
    "bg": (lambda t: f"{t.day}.{t:%m.%y} \u0433., {t.hour}:{t:%M}", 60),
    "fi": (lambda t: f"{t.day}.{t.month}.{t.year} klo {t.hour}.{t:%M.%S}", 1),
    "da": (lambda t: f"{t:%d.%m.%Y %H.%M}", 60),
    "nl": (lambda t: f"{t:%d-%m-%Y %H:%M}", 60),
    "fr": (lambda t: f"{t:%d/%m/%Y} à {t:%H:%M}", 60),
    "fr-CA": (lambda t: f"{t:%Y-%m-%d} {t:%H} h {t:%M}", 60),
    "pt-BR": (lambda t: f"{t:%d/%m/%Y} às {t:%H:%M}", 60),
    "es": (
        lambda t: f"{t.day}/{t.month}/{t:%y}, {twelve(t)}:{t:%M} {half(t, 'a. m.', 'p. m.')}",
        60,
    ),
    "es-MX": (
        lambda t: (
            f"[{t.day}/{t:%m/%y} {twelve(t)}:{t:%M:%S}\u00a0{half(t, 'a.m.', 'p.m.').upper()}]"
        ),
        1,
    ),
    "el": (
        lambda t: f"{t.day}/{t.month}/{t:%y}, {twelve(t)}:{t:%M} {half(t, 'π.μ.', 'μ.μ.')}",
        60,
    ),
    "tr": (lambda t: f"{t.day}.{t:%m.%Y} {half(t, 'ÖÖ', 'ÖS')} {twelve(t)}:{t:%M}", 60),
    "sv": (lambda t: f"{t:%Y-%m-%d, %H:%M}", 60),
    "lt": (lambda t: f"[{t:%Y-%m-%d, %H:%M:%S}]", 1),
    "hu": (lambda t: f"{t:%Y. %m. %d}. {t.hour}:{t:%M}", 60),
    "ja": (lambda t: f"[{t:%Y/%m/%d} {t.hour}:{t:%M:%S}]", 1),
    "ja, in words": (lambda t: f"{t.year}年{t.month}月{t.day}日 {t.hour}時{t:%M}分", 60),
    "zh": (
        lambda t: f"[{t.year}/{t.month}/{t.day} {half(t, '上午', '下午')}{twelve(t)}:{t:%M:%S}]",
        1,
    ),
    "ko": (
        lambda t: f"{t.year}. {t.month}. {t.day}. {half(t, '오전', '오후')} {twelve(t)}:{t:%M}",
        60,
    ),
    "ko, in words": (
        lambda t: f"{t.year}년 {t.month}월 {t.day}일 {half(t, '오전', '오후')} {twelve(t)}:{t:%M}",
        60,
    ),
    "vi": (lambda t: f"{t:%H:%M, %d/%m/%Y}", 60),
    "th": (lambda t: f"{t.day}/{t.month}/{t.year + 543} {t:%H:%M}", 60),
    "ar": (
        lambda t: (
            f"{t.day}\u200f/{t.month}\u200f/{t.year}، {twelve(t)}:{t:%M} {half(t, 'ص', 'م')}"
        ).translate(ARABIC),
        60,
    ),
    "fa": (
        lambda t: f"{t.day}/{t.month}/{t.year}، {t.hour}:{t:%M}".translate(PERSIAN),
        60,
    ),
    "mr": (lambda t: f"{t:%d/%m/%y}, {t.hour}:{t:%M}".translate(DEVANAGARI), 60),
    "he": (lambda t: f"\u2068{t.day}.{t.month}.{t.year}\u2069, {t.hour}:{t:%M}", 60),
    "Telegram's pages": (lambda t: f"{t:%d.%m.%Y %H:%M:%S} UTC", 1),
}


def ms(moment: datetime, precision: int = 1) -> int:
    seconds = int(moment.replace(tzinfo=timezone.utc).timestamp())
    return seconds // precision * precision * 1000


@pytest.mark.parametrize("locale", LOCALES)
@given(
    days=st.lists(st.integers(1, 40), max_size=30),
    start=st.datetimes(datetime(2010, 1, 1), datetime(2024, 1, 1)),  # noqa: DTZ001 - wall times
    seconds=st.integers(0, 86_000),
)
def test_a_session_that_tells_its_order_is_read_as_it_was_written(
    locale: str, days: list[int], start: datetime, seconds: int
) -> None:
    write, precision = LOCALES[locale]
    # Half a year, day by day: both orders could not be read so, whatever else is in between.
    moments = [start + timedelta(days=day, seconds=seconds) for day in range(183)]
    for step in days:
        moments.append(moments[-1] + timedelta(days=step, seconds=step))
    read = read_written_times([write(moment) for moment in moments])
    assert read == [ms(moment, precision) for moment in moments]


@pytest.mark.parametrize("locale", LOCALES)
def test_midnight_and_noon_are_told_apart(locale: str) -> None:
    write, precision = LOCALES[locale]
    day = datetime(2023, 8, 15)  # noqa: DTZ001
    for hour in (0, 1, 11, 12, 13, 23):
        moment = day + timedelta(hours=hour, minutes=5)
        assert read_written_times([write(moment)]) == [ms(moment, precision)], write(moment)


@pytest.mark.parametrize(
    ("texts", "days"),
    [
        # A number above 12 settles the lines that could be either.
        (["3/4/23, 9:10", "13/4/23, 9:10"], ["2023-04-03", "2023-04-13"]),
        (["3/4/23, 9:10", "3/14/23, 9:10"], ["2023-03-04", "2023-03-14"]),
        # Where none does, a chat goes forward …
        (["01/12/23, 09:10", "02/01/24, 09:10", "02/02/24, 09:10"], None),
        (["12/1/22, 09:10", "1/2/23, 09:10", "2/1/23, 09:10"], ["2022-12-01"]),
        # … in the smallest steps.
        (["01/02/2023, 09:10", "02/02/2023, 09:10"], ["2023-02-01", "2023-02-02"]),
        (["02/01/2023, 09:10", "02/02/2023, 09:10"], ["2023-02-01", "2023-02-02"]),
        # Where nothing tells: month first as in America, else day first.
        (["3/4/23, 9:10 AM"], ["2023-03-04"]),
        (["03/04/23, 9:10 am"], ["2023-04-03"]),
        (["3/4/23, 9:10\u202fam"], ["2023-04-03"]),  # Australia's
        (["3/4/23, 9:10 p. m."], ["2023-04-03"]),  # Spain's
        # No app has seen 2001, so the year stands first.
        (["23/03/01, 9:10", "23/03/12, 9:10"], ["2023-03-01", "2023-03-12"]),
        # Who writes on birthdays only does not live through three days of 2005.
        (["05/03/21, 9:10", "05/03/22, 9:10"], ["2021-03-05", "2022-03-05"]),
        (["3/4/23, 9:10"], ["2023-04-03"]),
        (["3.4.23, 9:10"], ["2023-04-03"]),
    ],
)
def test_the_whole_session_tells_the_order(texts: list[str], days: list[str] | None) -> None:
    read = read_written_times(texts)
    written = [
        datetime.fromtimestamp((t or 0) / 1000, timezone.utc).date().isoformat() for t in read
    ]
    expected = days or ["2023-12-01", "2024-01-02", "2024-02-02"]
    assert written[: len(expected)] == expected


def test_parts_that_are_written_in_other_ways_are_settled_apart() -> None:
    """A phone that was set to another language writes on in another order."""
    texts = ["8/1/23, 9:10:00 PM", "8/15/23, 9:10:00 PM", "[01.09.23, 09:10:00]"]
    read = read_written_times(texts)
    assert [
        datetime.fromtimestamp((t or 0) / 1000, timezone.utc).date().isoformat() for t in read
    ] == [
        "2023-08-01",
        "2023-08-15",
        "2023-09-01",
    ]


def test_parts_whose_clocks_differ_are_settled_apart() -> None:
    """Two exports in one file: one of an American phone, one of a British."""
    days = [datetime(2023, 3, 1, 21, 10) + timedelta(days=day) for day in range(62)]  # noqa: DTZ001
    american, _ = LOCALES["en-US, Android"]
    texts = [*map(american, days[:31]), *(f"{day:%d/%m/%y, %H:%M}" for day in days[31:])]
    assert read_written_times(texts) == [ms(day) for day in days]


@pytest.mark.parametrize(
    "text",
    [
        *("", "hello", "9:10", "1/2", "1/2/3/4/5", "\u200e", "x" * 999, "15/08/2023 PM"),
        *("15/08/2023 call at 9", "15/08/2023, 9:10 and 10:15"),
        *("31/02/2023, 10:00", "15/08/2023, 25:00"),
    ],
)
def test_what_is_no_time_is_not_read(text: str) -> None:
    assert read_written_times([text]) == [None]


@given(st.text(alphabet="0123456789/.-:, []amp\u200e\u202f٣年", max_size=30))
def test_no_text_is_an_error(text: str) -> None:
    (read,) = read_written_times([text])
    assert read is None or is_written_time(text)
