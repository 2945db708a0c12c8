"""The law: an identifier is found wherever it stands, or the combination is a known gap.

Kind by script by placement by invisible characters, and two or three of any kind beside each other.
"""

from __future__ import annotations

import unicodedata
from itertools import product
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from langchain_fbmessenger._internal.readable_text import plain_text
from langchain_fbmessenger.privacy.findings import find_in, replaced
from langchain_fbmessenger.privacy.identifiers import IdentifierFinder, find_identifiers
from tests.hypothesis_profiles import profile_examples
from tests.unit_tests.privacy.identifiers.placements import (
    BEFORE,
    BEHIND,
    FINDINGS,
    LINK,
    VALUES,
    WORDS,
    Placed,
    placed,
    placements,
)

GAPS: list[dict[str, Any]] = msgspec.toml.decode(
    Path(__file__).parents[1].joinpath("known_gaps.toml").read_bytes()
)["identifiers"]
PLAIN = IdentifierFinder()
FAKING = IdentifierFinder(style="fake", secret=b"a secret")
CF = [char for char in map(chr, range(0x110000)) if unicodedata.category(char) == "Cf"]
UNSEEN = st.sampled_from([*CF, "\u034f", "\u3164", "\ufe0f", "\0", "\x08", "\x9b"])
SEPARATORS = [*"-\u2013+&#=_,;|\u00b7\u2022~*/\n\t", "", " ", ", ", " - ", "\u3001", "\uff0f"]
NEIGHBOURS = [(kind, values[0]) for kind, values in VALUES.items()]
CASES = [(kind, value) for kind, values in VALUES.items() for value in values]


def is_gap(kind: str, script: str, before: str, behind: str) -> bool:
    """Tell whether a combination stands in the table of known gaps."""
    return any(
        kind in gap.get("kinds", ())
        and script in gap["scripts"]
        and (before in gap["before"] or behind in gap["behind"])
        for gap in GAPS
    )


def runs_into(kind: str, value: str, separator: str) -> bool:
    """Tell of a known gap: a link goes on to the next blank, which is amid the value behind it."""
    return kind == "link" and " " in value and not separator[:1].isspace()


def found_kinds(text: str) -> dict[tuple[int, int], str]:
    return {(one.start, one.end): one.kind for one in find_in(text, [PLAIN])}


def is_found(one: Placed) -> bool:
    kind = FINDINGS.get(one.kind, one.kind)
    return any(
        start <= one.start and one.end <= end and found == kind
        for (start, end), found in found_kinds(one.text).items()
    )


@pytest.mark.parametrize(("kind", "script"), [*product(VALUES, WORDS)])
def test_an_identifier_is_found_beside_words_of_any_script(kind: str, script: str) -> None:
    ways = [*product(VALUES[kind], BEFORE, BEHIND)]
    missed = [
        one.text
        for one, (_, before, behind) in zip(placements(kind, script), ways, strict=True)
        if not is_found(one) and not is_gap(kind, script, before, behind)
    ]
    assert missed == []


@settings(max_examples=profile_examples(8))
@given(
    case=st.sampled_from(CASES),
    script=st.sampled_from(sorted(WORDS)),
    before=st.sampled_from(BEFORE),
    behind=st.sampled_from(BEHIND),
    unseen=st.lists(st.tuples(st.integers(0, 60), UNSEEN), min_size=1, max_size=5),
)
def test_what_nobody_sees_changes_nothing(
    case: tuple[str, str], script: str, before: str, behind: str, unseen: list[tuple[int, str]]
) -> None:
    kind, value = case
    assume(not is_gap(kind, script, before, behind))
    first, last = WORDS[script]
    before, behind = before.format(first), behind.format(last)
    with_unseen = value
    for place, char in unseen:
        at = 1 + place % (len(with_unseen) - 1)
        with_unseen = with_unseen[:at] + char + with_unseen[at:]
    clean, text = f"{before}{value}{behind}", f"{before}{with_unseen}{behind}"
    findings, expected = find_in(text, [FAKING]), find_in(clean, [FAKING])
    assert [one[2:] for one in findings] == [one[2:] for one in expected]  # kind and fake
    without = replaced(text, [one._replace(replacement="|") for one in findings])
    clean_without = replaced(clean, [one._replace(replacement="|") for one in expected])
    if kind == "link":  # what is left of a link keeps what was put into it
        assert plain_text(without) == plain_text(clean_without)
    else:
        assert without == clean_without


@pytest.mark.parametrize("separator", SEPARATORS)
def test_neighbours_are_both_found(separator: str) -> None:
    missed = []
    for (kind, value), (other_kind, other) in product(NEIGHBOURS, NEIGHBOURS):
        if runs_into(kind, other, separator):
            continue
        if separator == "" and other[0] != "+":
            continue
        one = placed(kind, value, "", separator + other)
        second = placed(other_kind, other, value + separator, "")
        for each in (one, second):
            covered = {n for start, end in found_kinds(each.text) for n in range(start, end)}
            if not covered.issuperset(range(each.start, each.end)):
                missed.append((each.kind, each.text))
    assert missed == []


@given(st.lists(st.sampled_from(CASES), min_size=3, max_size=3), st.sampled_from(SEPARATORS[:17]))
def test_three_in_a_row_are_all_found(cases: list[tuple[str, str]], separator: str) -> None:
    text = separator.join(value for _, value in cases)
    kinds = [kind for kind, _ in cases]
    behind_link = cases[kinds.index("link") + 1 :] if "link" in kinds else []
    assume(not any(runs_into("link", value, separator) for _, value in behind_link))
    covered = {n for start, end in found_kinds(text) for n in range(start, end)}
    start = 0
    for kind, value in cases:
        secret = start + (len(LINK) if kind == "link" else 0)
        letters = {n for n in range(secret, start + len(value)) if text[n].isalnum()}
        assert letters <= covered, text
        start += len(value) + len(separator)


def test_numbers_behind_a_word_are_found_where_scripts_touch() -> None:
    for text in (
        "电话13812345678",
        "我的手机13812345678谢谢",
        "電話は090-1234-5678です",
        "전화01012345678입니다",
        "โทร0812345678",
        "هاتف 0501234567",
        "هاتفي0501234567",  # noqa: RUF001
        "טלפון 050-123-4567",
        "फ़ोन 9812345678",
        "тел777123456",  # noqa: RUF001
        "τηλ2101234567",
        "tel777123456",
        "volej 777123456/777123457,777123458;777123459",
        "777 123 456-777 123 457",
        "777123456, 777123457",
        "护照号码E12345678谢谢",
        "パスポートTK1234567です",
        "여권번호 M12345678입니다",
        "pas č. 41203377/41203378/41203379",
        "passport41203377",
    ):
        left = replaced(text, find_identifiers(text))
        assert not any(char.isdigit() for char in left), (text, left)


@pytest.mark.parametrize(
    "text",
    [
        "order AB4111111111111111",
        "x4111111111111111",
        "4111111111111111A",
        "a4111111111111111f3",
        "AB-604330814",
        "ref RR44051401359CZ",
        "12,604330814",
        "3.14159265358979",
        "1,234,567,890",
        "주문번호 604330814",
        "IMG-20240101-WA0001",
        "file_20240101_123456.jpg",
        "#604330814",
        "C++11",
    ],
)
def test_codes_and_sums_stay(text: str) -> None:
    assert find_identifiers(text) == []


@pytest.mark.parametrize(
    "text",
    ["👨\u200d👩\u200d👧 ❤\ufe0f", "نمی\u200cشود", "Mi\u00adlo", "e\u0301a\x08", "\ufb01x"],
)
def test_texts_without_a_finding_are_as_they_were(text: str) -> None:
    assert replaced(text, find_in(text, [FAKING])) == text
    around = f"{text} zoe@example.com {text}"
    assert replaced(around, find_identifiers(around)) == f"{text} [email] {text}"
