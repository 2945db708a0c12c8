"""What holds for any text: in order, in bounds, gone when replaced, and no line is too long."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from langchain_fbmessenger.privacy.findings import replaced
from langchain_fbmessenger.privacy.identifiers import IdentifierFinder
from tests.unit_tests.privacy.identifiers.texts import FOUND, LEFT

PIECES = [text.replace("«", "").replace("»", "") for texts in FOUND.values() for text in texts]
ANY_TEXT = st.text(max_size=60) | st.text("0123456789 +-./()@:=?&aAéZ[]", max_size=60)
TEXTS = st.lists(st.sampled_from(PIECES + LEFT) | ANY_TEXT, max_size=4).map(" \n".join)
APART = ";" + " " * 40  # no word is about a number that far away
PLAIN = IdentifierFinder()
FAKING = IdentifierFinder(style="fake", secret=b"a secret")


@given(TEXTS)
def test_findings_stand_in_the_order_of_the_text(text: str) -> None:
    end = 0
    for found in PLAIN.find(text):
        assert end <= found.start < found.end <= len(text)
        end = found.end


@given(st.lists(st.sampled_from(PIECES + LEFT), max_size=4).map(APART.join))
def test_a_second_run_finds_nothing_more(text: str) -> None:
    once = replaced(text, PLAIN.find(text))
    assert PLAIN.find(once) == []


@pytest.mark.parametrize("text", PIECES)
def test_fakes_are_not_found_again(text: str) -> None:
    once = replaced(text, FAKING.find(text))
    assert once != text
    assert FAKING.find(once) == []


@pytest.mark.parametrize(
    "text",
    [
        "1" * 100_000,
        "+" * 50_000,
        "@" * 50_000,
        "a@" * 50_000,
        "1 " * 50_000,
        "(1" * 50_000,
        "a.b." * 25_000 + "/",
        "http://a.b/" + ")" * 100_000,
        "?token=a" * 10_000,
        "rue " * 20_000 + "1",
        "CZ65 " * 20_000,
        "1 " + "A" * 200_000,
        "1 " + "HAHA " * 40_000,
        "AB12CDEFGHIJKLM " * 10_000,
        "c." * 50_000 + "1",
        "\ud800\x00\u202e" * 30_000 + "1",
    ],
)
def test_hostile_texts_are_read_in_time_that_grows_with_them(text: str) -> None:
    assert len(PLAIN.find(text)) <= 1  # what is quadratic would not end within minutes
    assert {*PLAIN.suspects([text] * 8)} <= {*range(8)}


def test_presidio_is_imported_when_a_text_needs_it_and_opens_no_socket() -> None:
    script = """
import socket, sys
def refuse(*args, **kwargs): raise AssertionError("a socket was opened")
socket.socket.connect = socket.getaddrinfo = refuse
from langchain_fbmessenger.privacy.identifiers import find_identifiers
assert find_identifiers("call +420 776 401 372, zoe@example.com")
assert "presidio_analyzer" not in sys.modules
assert find_identifiers("my ssn 383-20-5597")
assert "presidio_analyzer" in sys.modules
"""
    subprocess.run([sys.executable, "-c", script], check=True)  # noqa: S603 - the script above
