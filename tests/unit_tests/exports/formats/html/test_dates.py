# ruff: noqa: RUF001 - dates in other scripts are the subject
from __future__ import annotations

from datetime import datetime

import pytest

from langchain_fbmessenger.exports.formats.html.date_words import date_table, list_conjunctions
from langchain_fbmessenger.exports.formats.html.dates import DateReader, WallTime

MINUTE, SECOND = "minute", "second"


def read(*texts: str, lang: str | None = None) -> list[str | None]:
    """Read the dates of one page, as ISO strings."""
    reader = DateReader(texts, lang)
    walls = [reader.parse(text) for text in texts]
    return [wall.naive.isoformat(timespec="seconds") if wall else None for wall in walls]


def wall(text: str) -> WallTime:
    found = DateReader([text]).parse(text)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("text", "naive", "precision"),
    [
        ("May 02, 2017 10:57:05am", "2017-05-02T10:57:05", SECOND),
        ("19 Oct 2019, 14:37", "2019-10-19T14:37:00", MINUTE),
        ("Jul 12, 2024 4:54:10pm", "2024-07-12T16:54:10", SECOND),
        ("Mar 12, 2024 8:25:13 pm", "2024-03-12T20:25:13", SECOND),
        ("Jun 01, 2025 3:31:29\u202fpm", "2025-06-01T15:31:29", SECOND),
        ("Mar 10, 2026 7:25 pm", "2026-03-10T19:25:00", MINUTE),
        ("May 14, 2024, 6:21\u202fAM", "2024-05-14T06:21:00", MINUTE),
        ("May\u202f14,\u202f2024,\u202f12:21\u202fAM", "2024-05-14T00:21:00", MINUTE),
        ("Dec 31, 2024 12:00:01 pm", "2024-12-31T12:00:01", SECOND),
    ],
)
def test_the_forms_of_section_6_are_read(text: str, naive: str, precision: str) -> None:
    assert wall(text) == WallTime(datetime.fromisoformat(naive), None, precision)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text",
    [
        "12/03/2021, 14:05",
        "12.03.2021 14:05",
        "12.3.2021 klo 14.05",
        "12. maaliskuuta 2021 klo 14.05",
        "12. März 2021, 14:05",
        "Freitag, 12. März 2021 um 14:05 UTC+01",
        "12 de marzo de 2021 a las 14:05 UTC+01",
        "mar, 12 de marzo de 2021 2:05 p. m.",
        "12 de mar. de 2021 2:05 p.\u00a0m.",
        "sexta-feira, 12 de março de 2021 às 14:05",
        "vendredi 12 mars 2021, 14:05 UTC+01",
        "12 mars 2021, 14 h 05",
        "12 marzo 2021 14:05",
        "12 marca 2021 14:05",
        "12. března 2021 14:05",
        "bře 12, 2021 2:05:00 odpol.",
        "12 maart 2021 om 14:05",
        "2021. márc. 12. 14:05",
        "2021. március 12. du. 2:05",
        "2021. 03. 12. 14:05",
        "12 Tháng 3, 2021 lúc 14:05",
        "12 tháng 3, 2021 2:05 CH",
        "12 марта 2021 г., 14:05",
        "12 березня 2021 р. о 14:05",
        "12 Mart 2021 14:05",
        "2021-03-12 14:05",
        "den 12 mars 2021 kl. 14:05",
        "12. marts 2021 kl. 14.05",
        "12 martie 2021 la 14:05",
        "12 Μαρτίου 2021 - 2:05 μ.μ.",
        "12 Maret 2021 pukul 14.05",
        "3月 12, 2021 2:05:00 PM",
        "2021年3月12日 下午2:05",
        "2021年3月12日下午2:05",
        "2021年3月12日星期五下午2:05",
        "2021年3月12日週五下午2:05",
        "2021年三月12日 下午2:05",
        "2021/03/12(月) 14:05",
        "2021年3月12日 14時05分",
        "2021년 3월 12일 오후 2:05",
        "12 मार्च 2021, 2:05 pm",
        "١٢ مارس ٢٠٢١ ٢:٠٥ م",
        "\u200f12 آذار 2021، 2:05 م",
        "12 มี.ค. 2564 14:05",
        "12 มีนาคม พ.ศ. 2564 14:05",
        "12 במרץ 2021 14:05",
        "12 de març de 2021, 14:05",
        "12 Mar 21, 14:05",
        "12.03.21 14.05",
        "12.03.2021 14.05 UTC+05:30",
        "12 Ma\u200er. 2021 2:05 p.\u200fm.",
        "12 mars 2021, 14 H 05",
        "2021年3月12日 午後2:05",
    ],
)
def test_one_afternoon_in_many_languages(text: str) -> None:
    assert read(text) == ["2021-03-12T14:05:00"]


def test_a_weekday_that_looks_like_a_month_is_not_taken_for_one() -> None:
    assert read("mar, 12 de octubre de 2021 14:05") == ["2021-10-12T14:05:00"]


def test_noon_may_be_zero() -> None:
    assert read("2021年3月12日 午後0:05", "2021年3月12日 午前0:05") == [
        "2021-03-12T12:05:00",
        "2021-03-12T00:05:00",
    ]


def test_every_month_of_every_language_is_read_beside_the_others_of_its_page() -> None:
    for code, locale in date_table().locales.items():
        spellings = [(n, word) for n, words in enumerate(locale.months, 1) for word in words]
        texts = [f"5 {word} 2021 14:05" for _, word in spellings]
        wanted = [f"2021-{n:02}-05T14:05:00" for n, _ in spellings]
        assert read(*texts) == wanted, code
        assert len(locale.months) in {0, 12}, code


def test_a_word_of_two_languages_is_read_in_that_of_the_page() -> None:
    assert read("5 lis 2021 14:05", "5 gru 2021 14:05")[0] == "2021-11-05T14:05:00"
    assert read("5 lis 2021 14:05", "5 stu 2021 14:05")[0] == "2021-10-05T14:05:00"
    assert read("5 lis 2021 14:05", lang="hr") == ["2021-10-05T14:05:00"]


@pytest.mark.parametrize(
    ("texts", "lang", "first"),
    [
        (["03/04/2021, 14:05", "25/04/2021, 14:05"], "en-US", "2021-04-03"),
        (["03/04/2021, 14:05", "04/25/2021, 14:05"], "fr", "2021-03-04"),
        (["03/04/2021, 14:05"], "en_US", "2021-03-04"),
        (["03/04/2021, 14:05"], "en_GB", "2021-04-03"),
        (["03/04/2021, 14:05"], "de", "2021-04-03"),
        (["03/04/2021, 14:05"], "hu", "2021-04-03"),
        (["03/04/2021, 14:05"], "xx", "2021-04-03"),
        (["03/04/2021, 2:05 PM"], None, "2021-04-03"),
        (["21/03/04, 14:05"], "ja", "2021-03-04"),
        (["2021/03/04, 14:05", "25/04/2021, 14:05"], None, "2021-03-04"),
    ],
)
def test_numbers_are_settled_by_the_page_then_its_language(
    texts: list[str], lang: str | None, first: str
) -> None:
    assert (read(*texts, lang=lang)[0] or "")[:10] == first


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "14:05",
        "May 2021",
        "May 02, 2017",
        "99 May 2021 14:05",
        "30 Feb 2021 14:05",
        "2 May 2021 25:05",
        "2 May 1234 14:05",
        "13/13/2021 14:05",
        "Zoë 1 2 3 4 5",
    ],
)
def test_what_is_no_date_is_not_read(text: str) -> None:
    assert DateReader([text, "2 May 2021 14:05"]).parse(text) is None


def test_lists_end_with_a_word_in_every_language() -> None:
    assert {"and", "et", "und", "og", "és"} <= list_conjunctions()
    assert "" not in list_conjunctions()
