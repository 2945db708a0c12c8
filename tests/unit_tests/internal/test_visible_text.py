"""What is shown of somebody else's text: all that can be read, nothing that is obeyed."""

from __future__ import annotations

import json
import sys
import unicodedata
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from langchain_fbmessenger import MessengerError
from langchain_fbmessenger._internal.shown import html_table
from langchain_fbmessenger._internal.visible_text import escaped, visible, visible_pieces
from langchain_fbmessenger.fine_tuning.following.notebook import NotebookBar
from tests.unit_tests.hostile import HARMLESS, HOSTILE, raw_in

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

# Letters of which each is something else to a terminal, so that all pairs of them come up.
PARTS = [*"a\n\t\r\x1b\x9b\x07é漢", "\r\n", "\ud83d", *HOSTILE.values(), *HARMLESS.values()]
TEXTS = st.lists(st.sampled_from(PARTS) | st.text(max_size=5), max_size=8).map("".join)


@pytest.mark.parametrize("kind", HOSTILE)
def test_nothing_of_it_gets_through_and_nothing_else_is_lost(kind: str) -> None:
    shown = visible(f"before {HOSTILE[kind]} behind")
    assert raw_in(shown) == set()
    assert shown.startswith("before ")
    assert shown.endswith(" behind")
    assert "\N{REPLACEMENT CHARACTER}" in shown


@pytest.mark.parametrize("kind", HARMLESS)
def test_what_languages_and_emoji_are_written_with_stays(kind: str) -> None:
    assert visible(HARMLESS[kind]) == HARMLESS[kind]
    assert "".join(visible_pieces(HARMLESS[kind])) == HARMLESS[kind]


@pytest.mark.parametrize(
    "character",
    [
        chr(n)
        for n in range(0x110000)
        if chr(n) not in "\n\t" and unicodedata.category(chr(n)) in {"Cc", "Zl", "Zp"}
    ],
)
def test_no_control_of_unicode_passes(character: str) -> None:
    assert visible(f"a{character}b") == "a\N{REPLACEMENT CHARACTER}b"


@given(TEXTS)
def test_what_is_shown_is_shown_again_as_it_is(text: str) -> None:
    assert visible(visible(text)) == visible(text)


@given(TEXTS, st.lists(st.integers(0, 200)))
def test_a_text_in_pieces_is_shown_as_the_whole(text: str, cuts: list[int]) -> None:
    places = sorted({0, len(text), *(cut for cut in cuts if cut < len(text))})
    pieces = [text[a:b] for a, b in pairwise(places)]
    assert "".join(visible_pieces(pieces)) == visible(text)


@given(TEXTS, st.sampled_from(["utf-8", "ascii", "latin-1", "cp1252"]))
def test_json_with_escapes_holds_the_same(text: str, encoding: str) -> None:
    told = escaped(json.dumps([text], ensure_ascii=False), encoding=encoding)
    assert json.loads(told) == [text]
    told.encode(encoding)
    assert visible(told) == told


@given(TEXTS)
def test_toml_with_escapes_holds_the_same(text: str) -> None:
    text = text.encode(errors="replace").decode()  # it has no halves of characters
    told = escaped(f"a = {json.dumps(text, ensure_ascii=False)}", is_toml=True)
    assert tomllib.loads(told) == msgspec.toml.decode(told) == {"a": text}
    assert visible(told) == told


@pytest.mark.parametrize("kind", HOSTILE)
def test_errors_tables_and_bars_of_notebooks_show_it(kind: str) -> None:
    text = HOSTILE[kind]
    assert raw_in(str(MessengerError(f"no model {text}"))) == set()
    assert raw_in(html_table("x", [(text, 1)])) == set()
    bar = NotebookBar()
    bar._words = text
    assert raw_in(repr(bar) + bar._repr_html_()) == set()
