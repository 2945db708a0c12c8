"""The looks that spare finders their work never change what is found."""

from __future__ import annotations

import re
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from langchain_fbmessenger.privacy.findings import find_in
from langchain_fbmessenger.privacy.identifiers import (
    IdentifierFinder,
    cards,
    finder,
    ibans,
    ids,
    links,
    phones,
    signs,
    words,
)
from langchain_fbmessenger.privacy.identifiers.address_words import address_file
from langchain_fbmessenger.privacy.identifiers.signs import Sign, fewest_digits, in_ascii, signs_in
from tests.unit_tests.privacy.identifiers.placements import VALUES
from tests.unit_tests.privacy.identifiers.texts import FOUND, LEFT
from tests.unit_tests.privacy.side_by_side import find_in_each

if TYPE_CHECKING:
    from collections.abc import Iterator

ALL_ROWS = [*ids._rows(), *ids._presidio_rows()]
LANGUAGES = address_file().language.values()
STREETS = [
    word
    for language in LANGUAGES
    for form in ("before", "number_first", "behind", "closing", "ends", "live")
    for word in getattr(language, form)
]
NUMBER_WORDS = [*address_file().none.number, *address_file().none.flat]
LISTS = [word.rstrip("*") for one in words._lists().values() for word in one.words]
TOLD = [stem for row in ALL_ROWS for stem in row.stems]
NAMES = ["Lipová", "Dlouhá", "Baker", "de la Paix", "Ленина", "Brno", "602 00 Brno", "Πλάκα"]
PIECES = [text.replace("«", "").replace("»", "") for texts in FOUND.values() for text in texts]
IDENTIFIERS = [value for values in VALUES.values() for value in values]
SEPARATORS = [*" .,-/:;()#@=+%'№°\t\n", " - ", ", ", "", "\u2013", "\u2019", "\u00a0", "\u200b"]
ODD = [*"\u0345\u0301\u0660\u0665\u0967\uff11", "\U000104a1", "\U0001d7d8", "\U0001f389", "è", "年"]

any_pattern = st.sampled_from(ALL_ROWS).flatmap(
    lambda row: st.from_regex(row.pattern, fullmatch=True)
)
any_token = st.from_regex(links._token_pattern(), fullmatch=True)
any_words = st.one_of(*map(st.sampled_from, (STREETS, NUMBER_WORDS, LISTS, TOLD, NAMES)))
numbers = st.text("0123456789", min_size=1, max_size=9)
house_numbers = st.from_regex(r"[1-9][0-9]{0,3}[a-d]?(?:/[0-9]{1,2})?", fullmatch=True)
bits = st.one_of(
    any_words,
    any_words.map(str.capitalize),
    any_words.map(str.upper),
    house_numbers,
    numbers,
    any_pattern,
    any_token,
    st.sampled_from(PIECES + LEFT + IDENTIFIERS),
    st.sampled_from(SEPARATORS + ODD),
    st.text("0123456789 +-./()@:=?&aAéZ[]", max_size=20),
    st.text(max_size=6),
)
SEPARATED = st.tuples(bits, st.sampled_from([" ", " ", *SEPARATORS, *ODD])).map("".join)
TEXTS = st.lists(SEPARATED, max_size=7).map("".join)


@contextmanager
def without_looks() -> Iterator[None]:
    """Have every finder look at every text."""
    yes: Any = lambda *_: True  # noqa: E731 - whatever is asked
    every: Any = lambda part, texts, signs: range(len(texts))  # noqa: ARG005, E731
    with ExitStack() as stack:
        stack.enter_context(patch.object(finder, "_suspects", every))
        stack.enter_context(
            patch.object(IdentifierFinder, "_parts_for", lambda finder, _: finder._parts)
        )
        stack.enter_context(patch.object(phones, "_may_be_of", yes))
        stack.enter_context(patch.object(words, "_may_hold", yes))
        for rows in ("_rows", "_presidio_rows"):
            every = [_asked_always(row) for row in getattr(ids, rows)()]
            stack.enter_context(patch.object(ids, rows, lambda every=every: every))
        yield


def _asked_always(row: Any) -> Any:
    kept = {name: getattr(row, name) for name in row.__struct_fields__}
    return type(row)(**{**kept, "digits": 0, "stems": ()})


@given(st.lists(TEXTS, min_size=1, max_size=9))
def test_texts_side_by_side_hold_what_each_holds(texts: list[str]) -> None:
    for finder_ in FINDERS.values():
        with without_looks():
            expected = [find_in(text, [finder_]) for text in texts]
        assert [found for _, found in find_in_each(texts, [finder_])] == expected


def _test_same(found_by: dict[str, Any], text: str) -> None:
    with without_looks():
        expected = {name: find_in(text, [one]) for name, one in found_by.items()}
    assert {name: find_in(text, [one]) for name, one in found_by.items()} == expected


FINDERS = {
    "all": IdentifierFinder(),
    "addresses": IdentifierFinder(kinds=frozenset({"address"})),
    "ids": IdentifierFinder(kinds=frozenset({"id"})),
    "phones": IdentifierFinder(kinds=frozenset({"phone"})),
}


@given(TEXTS)
def test_looks_change_nothing_that_is_found(text: str) -> None:
    _test_same(FINDERS, text)


@given(any_words, st.sampled_from(SEPARATORS), any_words, st.sampled_from(SEPARATORS), TEXTS)
def test_looks_change_no_address(
    street: str, first: str, name: str, second: str, behind: str
) -> None:
    for text in (
        f"{street}{first}{name}{second}{behind}",
        f"{behind}{first}{name}{second}{street}",
    ):
        _test_same({"addresses": FINDERS["addresses"]}, text)
        _test_same({"addresses": FINDERS["addresses"]}, text.title())


@pytest.mark.parametrize("text", [*PIECES, *IDENTIFIERS, *LEFT])
def test_looks_let_pass_what_we_know_to_be_identifiers(text: str) -> None:
    _test_same(FINDERS, text)


def _part(find: Any) -> Any:
    return next(part for part in finder._parts(phones.PhoneFinder()) if part.find == find)


def _is_asked(find: Any, text: str) -> bool:
    part, [signs] = _part(find), signs_in([text])
    fits = any(signs & least == least for least in part.signs)
    return fits and bool(finder._suspects(part, [text], signs))


@pytest.mark.parametrize(
    ("find", "row"),
    [(ids.find_national_ids, row) for row in ids._rows()]
    + [(ids.find_presidio_ids, row) for row in ids._presidio_rows()],
)
def test_whatever_is_written_as_an_id_has_the_signs_of_one(find: Any, row: Any) -> None:
    @given(st.from_regex(row.pattern, fullmatch=True))
    def is_asked(number: str) -> None:
        assert sum(map(str.isdecimal, number)) >= row.digits
        assert _is_asked(find, number)

    is_asked()


@given(any_token)
def test_every_token_has_the_signs_of_one(token: str) -> None:
    assert _is_asked(links.find_tokens, token)


@given(
    st.lists(st.sampled_from(["", " ", ".", "-", "/", "/ ", ")", ") ", ")-", ")/", "(", " ("]))
    .filter(lambda between: len(between) >= phones._FEWEST - 1)
    .map(lambda between: "1" + "".join(f"{sign}2" for sign in between))
)
def test_every_long_run_of_digits_has_the_signs_of_a_phone_number(run: str) -> None:
    assert phones._RUN.fullmatch(run)
    assert signs_in([run])[0] & Sign.LONG_NUMBER


@given(st.lists(st.sampled_from(["", " ", "-"]), min_size=12, max_size=18))
def test_every_run_of_groups_has_the_signs_of_a_card(between: list[str]) -> None:
    assert _is_asked(cards.find_cards, "4" + "".join(f"{sign}1" for sign in between))


@given(st.from_regex(ids._DOCUMENT, fullmatch=True))
def test_every_document_beside_capitals_has_the_signs_of_one(number: str) -> None:
    if number.isascii():
        assert _is_asked(ids.find_documents, f"ABCDEF {number}")


@pytest.mark.parametrize(
    ("pattern", "digits"),
    [
        (r"\d{3}-?(?:\d\d|[a-f]\d)", 4),
        (r"[12] ?\d*x+\d+(?:ab|\d{2,3})?", 2),
        (r"a|\d", 0),
        (r"(?:\d(?:1|\d\d){2}){3}", 9),
        (r"[A-Z9]\.\d{6}", 6),
    ],
)
def test_the_fewest_digits_are_those_of_the_pattern(pattern: str, digits: int) -> None:
    assert fewest_digits(pattern) == digits


def test_no_iban_is_shorter_than_is_looked_for() -> None:
    shortest = min(ibans._lengths().values())
    longer, shorter = ("NO93" + "8" * (shortest - cut) for cut in (4, 5))
    assert [bool(signs & Sign.IBAN) for signs in signs_in([longer, shorter])] == [True, False]


@given(st.text() | st.lists(st.sampled_from(ODD + SEPARATORS)).map("".join))
def test_the_text_in_ascii_is_as_long_and_has_no_other_digits(text: str) -> None:
    assert len(in_ascii(text)) == len(text)
    assert not [
        char for char in in_ascii(text) if char.isdecimal() and "\x7f" < char < "\U00010000"
    ]


@given(st.sampled_from(sorted(phonenumbers.SUPPORTED_REGIONS)), st.randoms())
def test_every_valid_number_may_be_one_of_its_region(region: str, rng: Any) -> None:
    example = phonenumbers.example_number(region)
    assert example is not None
    for style in (
        phonenumbers.PhoneNumberFormat.NATIONAL,
        phonenumbers.PhoneNumberFormat.INTERNATIONAL,
    ):
        written = phonenumbers.format_number(example, style)
        changed = "".join(
            str(rng.randrange(10)) if char.isdigit() and rng.random() < 0.2 else char
            for char in written.lstrip("+")
        )
        for one in (written.lstrip("+"), changed):
            if phones.PhoneFinder()._valid(one, region) is not None:
                assert phones._may_be_of(region, re.sub(r"\D", "", one))


def test_what_is_not_ascii_has_no_sign_of_a_link() -> None:
    assert signs_in(["в 5 часов", "v 5? Ano", "5 a/b"]) == [
        Sign.DIGIT,
        Sign.DIGIT | Sign.LINK,
        Sign.DIGIT | Sign.LINK,
    ]


def test_no_long_text_is_remembered_for_its_signs() -> None:
    marks = signs._signs_of_marks
    signs_in([f"{n} " + "1 " * 1000 for n in range(50)])
    assert max(map(len, marks)) <= signs._LONGEST_REMEMBERED
