"""Texts that come bit by bit are restored as whole ones are."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import asdict

from langchain_fbmessenger import restore_names
from langchain_fbmessenger._internal.roster import Person
from langchain_fbmessenger.privacy.findings import Finding, replaced
from langchain_fbmessenger.privacy.names import NameBook
from langchain_fbmessenger.privacy.names.key_file import new_key
from langchain_fbmessenger.privacy.restoring import StreamRestorer

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

PEOPLE = (
    "Milo Dvořák", "Jana Nováková", "Petr Novák", "Emma Johnson", "Katarzyna Wiśniewska",
    "Мария Иванова", "佐藤太郎", "김민수", "Γιώργος Παππάς", "Jean-Pierre O'Brien",
    "Anna van der Berg", "Will Brown", "李",
)  # fmt: skip
WORDS = ("ahoj", "will", "rose", "a", "van", "de", ",", "!", "@", "/", ".", "\n", " ", "は", "'s")


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("key") / "names.key"
    book = NameBook(path)
    book.learn(map(Person, PEOPLE))
    assert replaced("@zoe_b", book.finder(unknown=True).find("@zoe_b")) != "@zoe_b"
    return path


@pytest.fixture(scope="module")
def invented(key: Path) -> list[str]:
    book = NameBook(key)
    names = [book.invented(name) for name in PEOPLE]
    return [*names, *(part for name in names for part in name.split())]


def streamed(restorer: StreamRestorer, chunks: Sequence[str]) -> str:
    return "".join([*map(restorer.feed, chunks), restorer.flush()])


@given(data=st.data())
def test_in_whatever_bits_it_comes_a_text_is_restored_as_a_whole_one(
    key: Path, invented: list[str], data: st.DataObject
) -> None:
    words = st.sampled_from([*invented, *(n.lower() for n in invented), *WORDS])
    pieces = data.draw(st.lists(words | st.text(max_size=6), max_size=20))
    text = data.draw(st.sampled_from([" ", ""])).join(pieces)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=30)))
    chunks = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]

    assert streamed(StreamRestorer.of_key(key), chunks) == restore_names(text, key=key)


@pytest.mark.parametrize(
    ("text", "restored"),
    [
        ("then marks Havel", "then milos Dvořák"),  # a word, but for the name behind it
        ("then marks van de Havel", "then milos van de Dvořák"),
        ("then marks van de hovel", "then marks van de hovel"),
        ("M a r k", "Milo"),
        ("a M a r k b", "a Milo b"),
    ],
)
def test_what_a_word_is_may_be_told_by_those_behind_it(
    tmp_path: Path, text: str, restored: str
) -> None:
    key = tmp_path / "names.key"
    told = {**asdict(new_key()), "names": {"Milo": "Mark", "Dvořák": "Havel"}}
    key.write_text(json.dumps({**told, "people": [["Milo Dvořák"]]}), "utf-8")

    assert streamed(StreamRestorer.of_key(key), [*text]) == restored
    assert restore_names(text, key=key) == restored


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_long_texts_of_all_scripts_come_back(key: Path, size: int) -> None:
    book = NameBook(key)
    told = [book.invented(name) for name in PEOPLE]
    text = (
        " ".join(f"Then {name} said that {name.split()[0]} was there." for name in told)
        + "昨日" * 60 + book.invented("佐藤太郎") + "と会った" * 60
        + " " + "x" * 1000 + " " + ".".join(told[0].split()[0]) + " " + " ".join("Zyx")
    )  # fmt: skip
    chunks = [text[i : i + size] for i in range(0, len(text), size)]
    restored = streamed(StreamRestorer.of_key(key), chunks)

    assert restored == restore_names(text, key=key)
    assert all(name in restored for name in PEOPLE[:6])


def test_words_that_are_nobodys_name_wait_for_nothing(key: Path) -> None:
    restorer = StreamRestorer.of_key(key)

    assert [restorer.feed(bit) for bit in ("Well", ", that", " is", " fine")] == [
        "",
        "Well, ",
        "that ",
        "is ",
    ]
    assert restorer.flush() == "fine"


def test_little_is_held_back_of_a_text_without_spaces(key: Path) -> None:
    restorer = StreamRestorer.of_key(key)
    out = "".join(restorer.feed("昨日") for _ in range(500))

    assert 900 < len(out) < 1000
    assert out + restorer.flush() == "昨日" * 500


def test_what_holds_spaces_is_waited_for() -> None:
    class Street:
        def suspects(self, texts: Sequence[str]) -> list[int]:
            return [n for n, text in enumerate(texts) if "Long Lane" in text]

        def find(self, text: str) -> list[Finding]:
            at = text.find("Long Lane")
            return [Finding(at, at + 9, "address", "High Street")] if at >= 0 else []

    def unfinished(text: str) -> int:
        ends = (len(text) - n for n in range(8, 0, -1) if "Long Lane".startswith(text[-n:]))
        return next(ends, len(text))

    restorer = StreamRestorer([Street()], unfinished=unfinished)

    assert restorer.feed("In Long ") == "In "
    assert restorer.feed("Lane it ") + restorer.flush() == "High Street it "


def test_a_restorer_can_be_fed_nothing(key: Path) -> None:
    restorer = StreamRestorer.of_key(key)

    assert (restorer.feed(""), restorer.flush(), restorer.flush()) == ("", "", "")
