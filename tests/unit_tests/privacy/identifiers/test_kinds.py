from __future__ import annotations

import re

import pytest

from langchain_fbmessenger.privacy.identifiers import find_identifiers
from tests.unit_tests.privacy.identifiers.texts import FOUND, LEFT


@pytest.mark.parametrize(
    ("kind", "marked"), [(kind, text) for kind, texts in FOUND.items() for text in texts]
)
def test_identifiers_are_found_whole(kind: str, marked: str) -> None:
    text = re.sub("[«»]", "", marked)
    [found] = find_identifiers(text)
    assert (found.kind, text[found.start : found.end]) == (kind, re.findall("«(.*)»", marked)[0])
    assert found.replacement == ("[token]" if kind == "link" else f"[{kind}]")


@pytest.mark.parametrize("text", LEFT)
def test_what_only_looks_like_an_identifier_stays(text: str) -> None:
    assert find_identifiers(text) == []


def test_kinds_that_are_not_asked_for_stay() -> None:
    text = "81.2.194.117 zoe@example.com"
    assert [f.kind for f in find_identifiers(text, kinds=frozenset({"phone", "email"}))] == [
        "email"
    ]


def test_regions_say_whose_national_numbers_are_read() -> None:
    assert find_identifiers("06 49 48 21 75")
    assert find_identifiers("06 49 48 21 75", regions=("fr",))
    assert find_identifiers("06 49 48 21 75", regions=("CZ",)) == []


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"kinds": frozenset({"phones"})}, "no such kind: phones. Kinds: phone, email"),
        ({"regions": ("XX", "CZ")}, "no such region: XX"),
    ],
)
def test_unknown_options_name_those_that_are_known(options: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        find_identifiers("", **options)  # type: ignore[arg-type]


def test_a_card_is_found_whatever_digits_it_is_written_in() -> None:
    number = "4111 1111 1111 111"
    for zero in "\u0660\u0966\U0001e950":
        written = "".join(chr(ord(zero) + int(c)) if c.isdigit() else c for c in number)
        [found] = find_identifiers(f"moje {written}1")
        assert found.kind == "card"


def test_one_digit_repeated_is_no_id() -> None:
    assert find_identifiers("CPF 529.982.247-25")
    assert not find_identifiers("CPF 111.111.111-11")


def test_words_of_streets_are_compared_in_folded_case() -> None:
    [found] = find_identifiers("το γραφείο είναι οδός Ερμού 12")
    assert found.kind == "address"
