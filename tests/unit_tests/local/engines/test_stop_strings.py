from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from langchain_fbmessenger.local.engines.stop_strings import StopStrings

TEXTS = st.text("ab\n", max_size=12)
STOPS = st.lists(st.text("ab\n", min_size=1, max_size=4), max_size=4)


@given(st.lists(TEXTS, max_size=8), STOPS)
def test_what_is_shown_ends_before_the_first_stop_string(
    pieces: list[str], stops: list[str]
) -> None:
    """However the answer comes in pieces, and at no time more than that."""
    whole = "".join(pieces)
    found = [at for stop in stops if (at := whole.find(stop)) >= 0]
    expected = whole[: min(found)] if found else whole
    filtered = StopStrings(stops)
    shown = ""
    for piece in pieces:
        shown += filtered.add(piece)
        assert expected.startswith(shown)
        if filtered.is_met:
            break

    assert shown + filtered.end() == expected
    assert filtered.is_met == bool(found)


def test_text_is_held_back_no_longer_than_it_need_be() -> None:
    filtered = StopStrings(["STOP"])

    assert filtered.add("well S") == "well "
    assert filtered.add("T") == ""
    assert filtered.add("ill") == "STill"
    assert filtered.add(" ST") == " "
    assert filtered.end() == "ST"


def test_an_empty_stop_string_stops_nothing() -> None:
    assert StopStrings([""]).add("text") == "text"
