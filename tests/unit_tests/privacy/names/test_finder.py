# ruff: noqa: RUF001 - names in many scripts
"""What is found of names in texts, form by form, and what stays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from langchain_fbmessenger._internal.roster import Person
from langchain_fbmessenger.privacy.findings import replaced
from langchain_fbmessenger.privacy.names import NameBook

if TYPE_CHECKING:
    from pathlib import Path

    from langchain_fbmessenger.privacy.findings import TextFinder

PEOPLE = (
    "Milo Dvořák", "Jana Nováková", "Petr Novák", "Marek Svoboda", "Will Brown", "Rose Klein",
    "Noémie Lefèvre", "Jörg Müller", "Wolf Steinbach", "Katarzyna Wiśniewska", "Мария Иванова",
    "김민수", "佐藤太郎", "王小明", "J Novotny", "🦄", "Jean-Pierre O'Brien", "Anna van der Berg",
    "Nagy Péter", "May Castle", "Faith 🌹 Hope", "Grace | Young",
    "محمد النجار", "Μαρία Παπαδοπούλου", "Bernadette Hauser",
)  # fmt: skip


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> NameBook:
    book = NameBook(tmp_path_factory.mktemp("key") / "names.key")
    book.learn(map(Person, PEOPLE))
    return book


@pytest.fixture(scope="module")
def finder(book: NameBook) -> TextFinder:
    return book.finder()


def found(finder: TextFinder, text: str) -> list[str]:
    return [text[one.start : one.end] for one in finder.find(text)]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Milo Dvořák přišel", ["Milo", "Dvořák"]),
        ("dvořák milo", ["dvořák", "milo"]),
        ("MILO!!!", ["MILO"]),
        ("ahoj milo", ["milo"]),
        ("@milo", ["milo"]),
        ("@Milo Dvořák", ["Milo", "Dvořák"]),
        ("#milodvorak", ["milodvorak"]),
        ("https://facebook.com/milo.dvorak?x", ["milo", "dvorak"]),
        ("instagram.com/milo_dvorak99", ["milo", "dvorak"]),
        ("t.me/bernadettehauser", ["bernadettehauser"]),
        ("Milo-Fan", ["Milo"]),
        ("Faith 🌹 Hope ", ["Faith", "Hope"]),
        ("Grace | Young", ["Grace", "Young"]),
        ("Grace|Young", ["Grace", "Young"]),
        ("Milo's", ["Milo"]),
        ("Milooooo", ["Milooooo"]),
        # inflected
        ("dej to Milovi", ["Milovi"]),
        ("s petrem novákem", ["petrem", "novákem"]),
        ("o Petře, u Nováků", ["Petře", "Nováků"]),
        ("Janou Novákovou", ["Janou", "Novákovou"]),
        ("Markovi Svobodovi", ["Markovi", "Svobodovi"]),
        ("dla Katarzyny Wiśniewskiej", ["Katarzyny", "Wiśniewskiej"]),
        ("с Марией Ивановой", ["Марией", "Ивановой"]),
        ("Bernadettes Auto", ["Bernadettes"]),
        ("Péternek és Nagy Péterrel", ["Péternek", "Nagy", "Péterrel"]),
        ("민수가 왔어, 김민수는", ["민수가", "김민수는"]),
        ("ومحمد", ["ومحمد"]),
        # accents missing, taken apart, or written out
        ("noemie lefevre", ["noemie", "lefevre"]),
        ("Noe\u0301mie", ["Noe\u0301mie"]),
        ("Joerg Mueller", ["Joerg", "Mueller"]),
        ("Dvorak", ["Dvorak"]),
        ("η Μαρια", ["Μαρια"]),
        # misspelt
        ("Bernadete Bernaddette Benradette", ["Bernadete", "Bernaddette", "Benradette"]),
        # what people are called besides
        ("Kasia idzie, Kasię widzę", ["Kasia", "Kasię"]),
        ("Маша дома", ["Маша"]),
        ("ahoj Péťo a Maruško", ["Péťo"]),
        # scripts without spaces
        ("昨日佐藤太郎と会った", ["佐藤太郎"]),
        ("太郎は元気?", ["太郎"]),
        ("我和小明去", ["小明"]),
        # particles go with their name
        ("Anna van der Berg", ["Anna", " van der Berg".strip()]),
        ("Jean-Pierre O'Brien", ["Jean", "Pierre", "O'Brien"]),
        ("mariaivanova", ["mariaivanova"]),
        # one letter, an emoji: only as a mention or with the rest of the name
        ("@J", ["J"]),
        ("J Novotny", ["J", "Novotny"]),
        ("@🦄 hi", ["🦄"]),
    ],
)
def test_forms_of_names_are_found(finder: TextFinder, text: str, names: list[str]) -> None:
    assert found(finder, text) == names


@pytest.mark.parametrize(
    "text",
    [
        "Hey Will, will you come?",
        "thanks will!",
        "I asked Will about it",
        "are you in, Will?",
        "are you in, will?",
        "Will said so",
        "Will is late",
        "Will's car",
        "@will",
        "Brown, Will",
        "instagram.com/will.x",
        "mit Wolf",
        "Herr Wolf",
        "ask May",
        "u Klein",
    ],
)
def test_ordinary_words_are_names_where_the_writing_says_so(finder: TextFinder, text: str) -> None:
    assert found(finder, text)


@pytest.mark.parametrize(
    "text",
    [
        "will you come?",
        "Will you come?",
        "a brown rose",
        "Rose petals everywhere",
        "I WILL COME",
        "der Wolf schläft",
        "Ein Wolf im Wald",
        "see you in May",
        "klein aber fein",
        "hello will you be there",
        "milovat",
        "Milovník",
        "Annahme",
        "Marktplatz",
        "j",
        "J",
        "🦄🦄",
        "sama doma",
        "máme tomu věřit",
        "",
    ],
)
def test_words_stay(finder: TextFinder, text: str) -> None:
    assert found(finder, text) == []


def test_letter_case_and_endings_are_kept(book: NameBook, finder: TextFinder) -> None:
    invented = book.invented("Petr Novák").split()

    assert replaced("PETR", finder.find("PETR")) == invented[0].upper()
    assert replaced("petr", finder.find("petr")) == invented[0].lower()
    assert book.invented("milo dvořák").islower()
    ending = replaced("Novákovi", finder.find("Novákovi"))
    assert ending.endswith("ovi")
    assert ending != "Novákovi"


@pytest.mark.parametrize(
    "text",
    [
        "Milo " * 20_000,
        "Will, " * 20_000,
        "a" * 100_000,
        "van " * 20_000,
        "@" * 100_000,
        "e\u0301" * 20_000,
        "\ud83d Milo \udc00",
        "Milo\0Milo",
        "\u200fMilo\u200e",
        "\n" * 100_000 + "Will",
        "i\u0307" * 1000,
    ],
)
def test_no_text_breaks_it(finder: TextFinder, text: str) -> None:
    findings = finder.find(text)

    assert findings == sorted(findings)
    assert bool(findings) == ("Milo" in text or "Will," in text or text.strip() == "Will")
    assert "Milo" not in replaced(text, findings)


def test_nicknames_are_their_persons_names_in_their_thread(book: NameBook) -> None:
    finder = book.finder([("Milo Dvořák", "Captain"), ("Milo Dvořák", "Big Boss"), ("", "Zzyzx")])
    milo = book.invented("Milo Dvořák").split()[0]

    assert replaced("Captain!", finder.find("Captain!")) == f"{milo}!"
    assert replaced("ask Big Boss", finder.find("ask Big Boss")) == f"ask {milo}"
    assert found(finder, "the captain of a ship, a big bossy one") == []
    assert found(finder, "hey captain!") == ["captain"]
    assert found(finder, "Zzyzx") == ["Zzyzx"]
    assert found(book.finder(), "Captain! Big Boss") == []


def test_odd_nicknames_are_found_as_mentions(book: NameBook) -> None:
    finder = book.finder([("Milo Dvořák", "🐻"), ("Jana Nováková", "~*~"), ("Petr Novák", " ")])

    assert found(finder, "@🐻 and @~*~, 🐻") == ["🐻", "~*~"]


def test_names_that_stay_are_not_found(tmp_path: Path) -> None:
    book = NameBook(tmp_path / "k", keep=["Zoë Ångström"])
    book.learn([Person("Zoë Ångström"), Person("Milo Dvořák")])

    assert book.invented("zoë ångström") == "zoë ångström"
    assert found(book.finder(), "Zoë and Milo") == ["Milo"]


def test_words_that_every_chat_is_full_of_are_no_forms_of_a_name(tmp_path: Path) -> None:
    book = NameBook(tmp_path / "names.key")
    polish = ("Łucja Wiśniewska", "Matylda Kępa", "Kasia Lis")
    book.learn(map(Person, ("Théo Lefèvre", *polish)))
    finder = book.finder()
    assert found(finder, "They give me a hat. The end, then") == []
    assert found(finder, "Théo, z Theo") == ["Théo", "Theo"]


def test_greek_names_with_a_final_sigma_decline(tmp_path: Path) -> None:
    book = NameBook(tmp_path / "names.key")
    book.learn([Person("Στέφανος Αξαόπουλος")])
    text = "Στέφανε, ρώτα τον Στέφανο για του Αξαόπουλου"
    assert found(book.finder(), text) == ["Στέφανε", "Στέφανο", "Αξαόπουλου"]
    (genitive,) = book.finder().find("του Αξαόπουλου")
    assert not genitive.replacement.endswith("σ")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Will!", ["Will"]),
        ("BROWN", ["BROWN"]),
        ("Rose.", []),  # a German noun, which has its capital anyway
        ("May?", []),  # a month, and written with a capital as one
        ("will", []),
        ("Will you come? Will", ["Will"]),
        ("Ask. Will. Now", ["Will"]),
        ("will, but not today", []),
        ("Will, but not today", ["Will"]),
    ],
)
def test_a_name_that_is_a_word_may_be_all_that_is_said(
    finder: TextFinder, text: str, expected: list[str]
) -> None:
    assert found(finder, text) == expected


def test_names_that_several_languages_share_are_found_inflected(tmp_path: Path) -> None:
    book = NameBook(tmp_path / "names.key")
    book.learn(map(Person, ("Jana Malá", "Jan Král")))
    assert found(book.finder(), "byla jsem tam s Janem") == ["Janem"]
