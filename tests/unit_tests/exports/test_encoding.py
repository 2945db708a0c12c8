from __future__ import annotations

import json

import pytest

from langchain_fbmessenger._names import normal_name
from langchain_fbmessenger.exports._encoding import read_repaired
from tests.unit_tests.builders import mojibake

TEXTS = ["café", "v pět 😂", "❤", "łódź", "plain", "日本語", "Ã©"]


def repair_file(strings: list[str], *, ascii_only: bool = True) -> list[str]:
    raw = json.dumps(strings, ensure_ascii=ascii_only).encode()
    return read_repaired(raw, lambda repair: [repair(s) for s in strings])


def test_untouched_download_is_repaired_throughout() -> None:
    assert repair_file([mojibake(text) for text in TEXTS]) == TEXTS


def test_text_typed_as_mojibake_survives_in_an_untouched_download() -> None:
    """Somebody who typed "Ã©" is in the file as twice encoded "Ã©", and gets it back."""
    assert repair_file([mojibake("Ã©")]) == ["Ã©"]


@pytest.mark.parametrize("ascii_only", [True, False])
def test_proper_text_is_left_alone(ascii_only: bool) -> None:
    strings = ["café", "Zoë", "naïve — “quoted”", "日本語"]
    assert repair_file(strings, ascii_only=ascii_only) == strings


def test_half_repaired_file_is_repaired_string_by_string() -> None:
    strings = ["déjà vu", mojibake("v pět 😂"), mojibake("❤"), "plain"]
    assert repair_file(strings, ascii_only=False) == ["déjà vu", "v pět 😂", "❤", "plain"]


def test_cut_final_character_is_dropped_in_an_untouched_download() -> None:
    cut = "merci 🙏🙏".encode()[:-2].decode("latin-1")
    assert repair_file([cut, mojibake("café")]) == ["merci 🙏", "café"]


def test_cut_final_character_is_left_in_a_file_that_was_saved_again() -> None:
    cut = "merci 🙏🙏".encode()[:-2].decode("latin-1")
    assert repair_file([cut, mojibake("café")], ascii_only=False) == [cut, "café"]


def test_accented_last_letter_is_no_cut_character() -> None:
    """A proper word with an ASCII rest fails to decode in the same way as a cut one."""
    assert repair_file(["café", "ok"]) == ["café", "ok"]


def test_names_are_composed_and_single_spaced() -> None:
    assert normal_name(" Zoe\u0308\u00a0 \u00c5ngstro\u0308m ") == "Zoë Ångström"
