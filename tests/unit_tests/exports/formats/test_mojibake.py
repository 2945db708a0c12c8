from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from langchain_fbmessenger._internal.names import normal_name
from langchain_fbmessenger.exports.formats import mojibake as _encoding
from langchain_fbmessenger.exports.formats.mojibake import read_repaired, repaired_texts
from tests.unit_tests.builders import mojibake

if TYPE_CHECKING:
    from collections.abc import Callable

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


ENCODED = st.text().map(lambda text: mojibake(text) if text.isprintable() else text)
CUT = st.builds(lambda text, n: mojibake(text)[:n], st.sampled_from(TEXTS), st.integers(0, 5))


@pytest.mark.parametrize("repair", [_encoding._repair_untouched, _encoding._repair_certain])
@pytest.mark.parametrize("block", [1, 2, 256])
@given(texts=st.lists(st.none() | ENCODED | CUT | st.text("\0aÃ©\xc3\xa9€", max_size=3)))
@example(texts=[mojibake("é\0é"), None, "typed"])
@example(texts=[mojibake("é\0é"), None, "", "\0", "\xc3", "\xa9"])
def test_texts_of_a_file_are_repaired_as_each_of_them_is(
    block: int, repair: Callable[[str], str], texts: list[str | None]
) -> None:
    def each() -> list[str | None]:
        return [repair(text) if text else None for text in texts]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_encoding, "_BLOCK", block)
        try:
            expected = each()
        except _encoding._NotUntouchedError:
            with pytest.raises(_encoding._NotUntouchedError):
                repaired_texts(texts, repair)
        else:
            assert repaired_texts(texts, repair) == expected
