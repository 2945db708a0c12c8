# ruff: noqa: RUF001 - names in many scripts
"""Names beside letters of other scripts, with invisible characters in them and in other fonts."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from langchain_fbmessenger import restore_names
from langchain_fbmessenger._internal.roster import Person
from langchain_fbmessenger.privacy.consent.mentions import MentionFinder, NamesLeftOut
from langchain_fbmessenger.privacy.findings import find_in, replaced
from langchain_fbmessenger.privacy.names import NameBook

if TYPE_CHECKING:
    from pathlib import Path

    from langchain_fbmessenger.privacy.findings import TextFinder

NAMES = {
    "Latin": "Milo", "Cyrillic": "Мария", "Greek": "Νίκος", "Armenian": "Արամ", "Georgian": "აკაკი",
    "Arabic": "محمد", "Hebrew": "יוסי", "Devanagari": "राहुल", "Tamil": "குமார்", "Hangul": "도윤",
    "Han and kana": "小明", "Thai": "สมชาย", "Ethiopic": "አበበ", "Khmer": "សុខា",
}  # fmt: skip
PEOPLE = [
    "Milo Dvořák", "Мария Петрова", "Νίκος Παπάς", "Արամ Սարգսյան", "აკაკი ბერიძე", "محمد النجار",
    "יוסי כהן", "राहुल शर्मा", "குமார் ராஜா", "김도윤", "王小明", "สมชาย ใจดี", "አበበ ቢቂላ", "សុខា ចាន់",
    "Rose Klein", "Will Brown", "佐藤さくら",
]  # fmt: skip
BESIDE = {
    "Latin": "ok", "Cyrillic": "да", "Greek": "ναι", "Armenian": "այո", "Georgian": "კი",
    "Arabic": "مرحبا", "Hebrew": "שלום", "Devanagari": "हाँ", "Tamil": "ஆம்", "Hangul": "는",
    "Han and kana": "さんは", "Thai": "นะ", "Ethiopic": "እና", "Khmer": "និង",
    "digits": "24", "nothing": "", "a space": " ", "a sign": "!", "an emoji": "🎉",
}  # fmt: skip
UNSEEN = (
    "\u00ad\u034f\u061c\u200b\u200c\u200d\u200e\u200f\u202a\u202c\u2060\u2063\u2066\u2069"
    "\ufe0f\ufeff"
)


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("key") / "names.key"
    NameBook(path).learn(map(Person, PEOPLE))
    return path


@pytest.fixture(scope="module")
def finder(key: Path) -> TextFinder:
    return NameBook(key).finder()


def spans(finder: TextFinder, text: str) -> list[tuple[int, int]]:
    return [(one.start, one.end) for one in find_in(text, [finder])]


@pytest.mark.parametrize(
    ("script", "left"), [(script, left) for script in NAMES for left in BESIDE if script != left]
)
def test_a_word_ends_where_the_script_changes(finder: TextFinder, script: str, left: str) -> None:
    name, before = NAMES[script], BESIDE[left]
    expected = [(len(before), len(before + name))]

    found = {
        right: spans(finder, f"{before}{name}{behind}")
        for right, behind in BESIDE.items()
        if right != script
    }

    assert found == dict.fromkeys(found, expected)


@st.composite
def planted(draw: st.DrawFn) -> tuple[str, int, int]:
    """Draw a text with a name in it, and where the name stands."""
    script = draw(st.sampled_from([*NAMES]))
    beside = st.sampled_from([text for other, text in BESIDE.items() if other != script])
    name = draw(st.sampled_from([NAMES[script], NAMES[script].upper()]))
    name = unicodedata.normalize(draw(st.sampled_from(["NFC", "NFD"])), name)
    for _ in range(draw(st.integers(0, 3))):
        place = draw(st.integers(1, len(name) - 1))
        name = name[:place] + draw(st.sampled_from(UNSEEN)) + name[place:]
    before = draw(st.sampled_from(["", "ahoj ", "@", "#", "(", "… "])) + draw(beside)
    behind = draw(beside) + draw(st.sampled_from(["", " ok", ", ", ")", "\n", "’s"]))
    return before + name + behind, len(before), len(before + name)


@given(planted())
def test_a_name_is_found_in_whatever_script_beside_whatever_with_whatever_in_it(
    finder: TextFinder, case: tuple[str, int, int]
) -> None:
    text, start, end = case
    assert (start, end) in spans(finder, text)


@given(planted())
def test_what_stands_beside_a_name_stays(finder: TextFinder, case: tuple[str, int, int]) -> None:
    text, start, end = case
    after = replaced(text, find_in(text, [finder]))
    assert after.startswith(text[:start])
    assert after.endswith(text[end:])


@given(planted())
def test_who_is_left_out_is_found_likewise(case: tuple[str, int, int]) -> None:
    text, start, end = case
    assert (start, end) in spans(LEFT_OUT, text)


LEFT_OUT = MentionFinder(NamesLeftOut(PEOPLE))


@pytest.mark.parametrize("text", ["Tamilo", "Milodrag", "kamilové", "МарияX2", "محمدي", "Xиvan"])
def test_letters_of_one_script_make_one_word(finder: TextFinder, text: str) -> None:
    assert [text[a:b] for a, b in spans(finder, text)] in ([], ["Мария"])


@pytest.mark.parametrize(
    "text",
    [
        "Roseさん",
        "roseちゃん来た",
        "Will는 왔어",
        "昨日Willと話した",
        "和Will去",
        "will씨",
        "قالت Roseنعم",
    ],
)
def test_a_name_that_is_a_word_too_counts_beside_other_scripts(
    finder: TextFinder, text: str
) -> None:
    ((start, end),) = spans(finder, text)
    assert text[start:end].casefold() in {"rose", "will"}


@pytest.mark.parametrize("text", ["roseは花です", "ok will는", "hopeさ"])
def test_a_word_in_lower_case_stays_a_word(finder: TextFinder, text: str) -> None:
    assert spans(finder, text) == []


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("昨日Karelと話した", ["Karel"]),
        ("Karelさん", ["Karel"]),
        ("我和Zdeněk去吃饭", ["Zdeněk"]),
        ("Karel는 온다", ["Karel"]),
        ("مرحباKarel", ["Karel"]),
        ("Сергейさん", ["Сергей"]),
    ],
)
def test_people_outside_the_export_are_found_beside_other_scripts(
    key: Path, text: str, names: list[str]
) -> None:
    finder = NameBook(key).finder(unknown=True)
    assert [text[start:end] for start, end in spans(finder, text)] == names


@pytest.mark.parametrize(
    ("text", "handle"),
    [
        ("見てinstagram.com/zoe_bを", "zoe_b"),
        ("看github.com/zoe-b吧", "zoe-b"),
        ("는@zoe_b님", "zoe_b"),
        ("مرحبا@zoe_bنعم", "zoe_b"),
    ],
)
def test_user_names_end_where_the_script_changes(key: Path, text: str, handle: str) -> None:
    finder = NameBook(key).finder(unknown=True)
    ((start, end),) = spans(finder, text)
    assert text[start:end] == handle
    after = replaced(text, find_in(text, [finder]))
    assert restore_names(after, key=key) == text


@pytest.mark.parametrize(
    "form", ["{}さんは", "我和{}去", "{}는", "กับ{}นะ", "مرحبا{}", "{}²", "#team{}"]
)
@pytest.mark.parametrize("name", ["Milo", "Мария", "小明", "Rose Klein"])
def test_names_beside_other_scripts_come_back(key: Path, form: str, name: str) -> None:
    text = form.format(name)
    after = replaced(text, find_in(text, [NameBook(key).finder()]))
    assert name not in after
    assert restore_names(after, key=key) == text


def test_an_invented_name_is_read_through_invisible_characters(key: Path) -> None:
    invented = NameBook(key).invented("Milo Dvořák")
    written = " ".join("\u200b".join(word) for word in invented.split())
    assert restore_names(f"ask {written}!", key=key) == "ask Milo Dvořák!"
