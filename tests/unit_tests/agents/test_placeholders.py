"""What stands for an identifier leads back to it, in one call."""

from __future__ import annotations

import pytest

from langchain_fbmessenger.agents.placeholders import Placeholders
from langchain_fbmessenger.privacy.findings import replaced


def back(placeholders: Placeholders, text: str) -> str:
    return replaced(text, placeholders.find(text))


def test_a_value_has_one_placeholder_with_one_secret() -> None:
    one, same, other = Placeholders(b"a"), Placeholders(b"a"), Placeholders(b"b")
    made = one.placeholder("phone", "777 123 456")

    assert (
        made == one.placeholder("phone", "777 123 456") == same.placeholder("phone", "777 123 456")
    )
    assert made != other.placeholder("phone", "777 123 456")
    assert back(other, made) == made
    assert made != one.placeholder("card", "777 123 456")
    assert back(one, f"{made}, {made}") == "777 123 456, 777 123 456"


def test_another_way_to_write_a_value_has_a_number_behind_it() -> None:
    placeholders = Placeholders(b"a")
    made = [placeholders.placeholder("phone", one) for one in ("777 1", "7771", "777-1")]

    assert made[1:] == [f"{made[0][:-1]}-2]", f"{made[0][:-1]}-3]"]
    assert back(placeholders, " | ".join(made)) == "777 1 | 7771 | 777-1"


def test_of_two_values_with_one_fake_the_second_gets_a_placeholder() -> None:
    placeholders = Placeholders(b"a")
    first = placeholders.fake("email", "user.1@example.org", "Zoe@x.example")
    second = placeholders.fake("email", "user.1@example.org", "zoe@x.example")

    assert first == placeholders.fake("email", "user.1@example.org", "Zoe@x.example")
    assert second.startswith("[email-")
    assert back(placeholders, f"{first} {second}") == "Zoe@x.example zoe@x.example"


def test_a_fake_within_more_is_none() -> None:
    placeholders = Placeholders(b"a")
    placeholders.fake("phone", "000 12 34", "777 1")

    assert back(placeholders, "0001234, 1000 12 34, 000 12 345") == "777 1, 1000 12 34, 000 12 345"


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("so", ""),
        ("so [", "["),
        ("so [phone-", "[phone-"),
        ("so \\[phone-bb", "\\[phone-bb"),
        ("so [x] ", ""),
        ("so [" + "x" * 50, ""),
        ("in Long", "Long"),
        ("in Long Stre", "Long Stre"),
        ("in Lon", "Lon"),
        ("call 000 1", "000 1"),
    ],
)
def test_what_may_go_on_is_held(text: str, held: str) -> None:
    placeholders = Placeholders(b"a")
    placeholders.placeholder("phone", "777 1")
    placeholders.fake("address", "Long Street 123a", "221B Baker Street")
    placeholders.fake("phone", "000 12 34", "777 2")

    assert text[placeholders.unfinished(text) :] == held
    assert Placeholders(b"a").unfinished(text) == len(text)


def test_texts_with_a_stand_in_are_told_from_others() -> None:
    placeholders = Placeholders(b"a")
    made = placeholders.placeholder("phone", "777 1")

    assert placeholders.suspects(["no", made, "[x]", f"a {made}"]) == [1, 3]
