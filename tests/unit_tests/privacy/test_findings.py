"""What finders read, where what they find stands in the text as written, and the text without."""

from __future__ import annotations

import re
import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from langchain_fbmessenger._internal.readable_text import plain_text
from langchain_fbmessenger.privacy.findings import Finding, find_in, replaced, without_overlaps


def test_replacements_stand_where_the_findings_were() -> None:
    text = "call Milo at 601 234 567!"
    findings = [Finding(5, 9, "name", "Tomas"), Finding(13, 24, "phone", "[phone]")]
    assert replaced(text, findings) == "call Tomas at [phone]!"
    assert replaced(text, []) == text
    assert replaced("Milo", [Finding(0, 4, "name", "")]) == ""


def test_of_two_that_overlap_the_earlier_given_is_kept() -> None:
    email = Finding(0, 10, "email", "[email]")
    name = Finding(2, 4, "name", "Tomas")
    after = Finding(10, 12, "name", "Lea")
    assert without_overlaps([email, name, after]) == [email, after]
    assert without_overlaps([after, name, email]) == [name, after]


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(1, 8)), max_size=20))
def test_no_two_that_are_kept_overlap_and_none_is_left_out_without_a_reason(spans: list) -> None:
    given_findings = [Finding(s, s + n, "name", "x") for s, n in spans]
    kept = without_overlaps(given_findings)
    assert kept == sorted(kept)
    assert all(one.end <= other.start for one, other in pairwise(kept))
    for found in given_findings:
        assert found in kept or any(k.start < found.end and found.start < k.end for k in kept)


ODD = [char for char in map(chr, range(0x110000)) if plain_text(char) != char]
TEXTS = st.lists(st.sampled_from([*ODD, *"ab 1é가\n\u0301\u20e3"]) | st.characters(), max_size=12)


class Letters:
    """Finds runs of small letters of ASCII, in pieces of two or fewer."""

    def find(self, text: str) -> list[Finding]:
        return [Finding(*match.span(), "name", "_") for match in re.finditer("[a-z]{1,2}", text)]


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Mi\u200blo", "Milo"),
        ("Mi\u00adlo\ufeff", "Milo"),
        ("Mi\x08l\0o", "Milo"),
        ("\uff2d\uff49\uff4c\uff4f", "Milo"),
        ("\U0001d5e0\U0001d5f6\U0001d5f9\U0001d5fc", "Milo"),
        ("M\u0336i\u0336l\u0336o\u0336", "Milo"),
        ("\U0001f15c\U0001f178\u24db\u24de", "MIlo"),
        ("Zoe\u0308", "Zoë"),
        ("\u1112\u200b\u1161\u11ab", "한"),
        ("4\ufe0f\u20e32\ufe0f\u20e3 \u207a\u2074\u00b2", "42 +42"),
        ("\ufb01n", "fin"),
        ("a\tb\r\nc\u0085d\u2028e", "a\tb\r\nc\u0085d\u2028e"),
    ],
)
def test_the_plain_text_is_what_one_sees_in_the_usual_font(text: str, plain: str) -> None:
    assert plain_text(text) == plain


def test_every_format_character_is_unseen() -> None:
    kept = [
        hex(code)
        for code in range(0x110000)
        if unicodedata.category(chr(code)) == "Cf" and plain_text(f"a{chr(code)}b") != "ab"
    ]
    assert kept == []


@given(TEXTS.map("".join))
def test_the_plain_text_of_a_plain_text_is_itself(text: str) -> None:
    assert plain_text(plain_text(text)) == plain_text(text)


@given(TEXTS.map("".join))
def test_findings_stand_in_the_text_as_it_was_written(text: str) -> None:
    findings = find_in(text, [Letters()])
    end = 0
    for one in findings:
        assert end <= one.start <= one.end <= len(text)
        end = one.end
    assert [one.kind for one in findings] == [one.kind for one in Letters().find(plain_text(text))]
    # Nothing that was found is left, and nothing else is gone.
    left = replaced(text, [one._replace(replacement=" ") for one in findings])
    assert not re.search("[a-z]", plain_text(left))


@given(
    st.text("MO \u200b\u00ad\u2060\U0001f468\u200d", max_size=8), st.text("M \u200b", max_size=4)
)
def test_what_stands_around_a_finding_stays(before: str, behind: str) -> None:
    text = f"{before}.m\u200bi.{behind}"
    assert replaced(text, find_in(text, [Letters()])) == f"{before}._.{behind}"
