"""Pages with several messages in one block: each is read, and what cannot be is counted."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from langchain_fbmessenger import FacebookMessengerChatLoader
from langchain_fbmessenger.exports.formats.html.pages import UNKNOWN_HTML
from langchain_fbmessenger.exports.formats.lenient import NotAThreadError
from tests.unit_tests.exports.html_pages import (
    DATED,
    GENERATIONS,
    SHAPES,
    block,
    only_thread,
    page,
)

if TYPE_CHECKING:
    from pathlib import Path

ZOE, MILO = "Zoë Brandt", "Milo Dvořák"
SINCE_2018 = GENERATIONS[1:]
SAID = [(ZOE, "first"), (MILO, "second"), (MILO, "third"), (ZOE, "fourth")]


def inner(generation: str, part: str) -> str:
    """Take the wrapping off a block: its parts alone are left."""
    if generation == "H1":
        return part.replace('<div class="message_header">', "<div>", 1)
    opening, end = SHAPES[generation].block.split("{}")
    return part.removeprefix(opening).removesuffix(end)


def joined(generation: str, blocks: list[str], wrap: str = "{}") -> str:
    """Put the parts of several messages into one block."""
    if generation == "H1":
        first, *others = blocks
        # No header but the first has the class that tells one.
        return first + "".join(wrap.format(inner("H1", part)) for part in others)
    return SHAPES[generation].block.format(
        "".join(wrap.format(inner(generation, part)) for part in blocks)
    )


def read(generation: str, *blocks: str) -> list[tuple[str, str | None]]:
    thread = only_thread(page(generation, *blocks))
    assert thread.found == len(thread.messages) + sum(thread.skipped.values())
    return [(m.sender, m.text) for m in thread.messages]


def written(generation: str) -> list[str]:
    return [block(generation, who, text) for who, text in SAID[::-1]]


@pytest.mark.parametrize("generation", GENERATIONS)
@pytest.mark.parametrize("wrap", ["{}", "<div>{}</div>", "<div><div>{}</div></div>"])
def test_all_messages_of_one_block_are_read(generation: str, wrap: str) -> None:
    if generation == "H1" and wrap != "{}":
        wrap = "{}"  # there, what follows a header stands beside it
    assert read(generation, joined(generation, written(generation), wrap)) == SAID


@pytest.mark.parametrize("generation", GENERATIONS)
@given(data=st.data())
def test_how_messages_are_put_into_blocks_changes_nothing(
    generation: str, data: st.DataObject
) -> None:
    said = data.draw(
        st.lists(
            st.tuples(st.sampled_from([ZOE, MILO]), st.sampled_from(["a", "b", "c d"])), min_size=1
        )
    )
    blocks = [block(generation, who, text) for who, text in said[::-1]]
    rest, together = iter(blocks), []
    while taken := list(islice(rest, data.draw(st.integers(1, 4)))):
        together.append(joined(generation, taken))
    assert read(generation, *together) == read(generation, *blocks) == said


@pytest.mark.parametrize("generation", SINCE_2018)
def test_messages_in_a_row_may_share_a_name_and_a_date(generation: str) -> None:
    shape = SHAPES[generation]
    name, date = shape.sender.format(MILO), shape.date.format(DATED[generation])
    one, two = (
        shape.body.format(f"<div><div></div><div>{t}</div><div></div><div></div></div>")
        for t in "12"
    )
    known = block(generation, ZOE, "known")
    expected = [(ZOE, "known"), (MILO, "1"), (MILO, "2")]
    for parts in (
        [name, two, date, one, date],
        [name, two, one, date],
        [name, date, two, one],
    ):
        assert read(generation, shape.block.format("".join(parts)), known) == expected


@pytest.mark.parametrize("generation", SINCE_2018)
def test_what_lacks_a_part_is_counted(generation: str, tmp_path: Path) -> None:
    full = written(generation)
    undated = block(generation, ZOE, "lost", date="")
    empty = block(generation, ZOE)
    raw = page(generation, joined(generation, [full[0], undated, full[1], empty]), full[2])
    (tmp_path / "message_1.html").write_bytes(raw)
    loader = FacebookMessengerChatLoader(tmp_path, timezone="UTC")
    (session,) = loader.load()
    assert [m.content for m in session["messages"]] == ["second", "third", "fourth"]
    assert loader.report.messages_read == 5
    assert loader.report.messages_skipped == {"no time": 1, "empty": 1}


def test_headers_in_a_row_have_a_paragraph_each() -> None:
    header = '<span class="user">{}</span><span class="meta">{}</span>'
    headers = "".join(header.format(who, DATED["H1"]) for who in (ZOE, MILO))
    one = f'<div class="message"><div class="message_header">{headers}</div></div>'
    raw = page("H1", f"{one}<p>second</p><p>first</p><p>half</p>")
    found = only_thread(raw)
    assert [(m.sender, m.text) for m in found.messages] == [(MILO, "first\nhalf"), (ZOE, "second")]


def test_parts_that_were_only_typed_are_text() -> None:
    typed = "&lt;div class=&quot;_a6-h _a6-p _a6-o&quot;&gt; _a6-p _a6-p"
    assert read("H3", block("H3", MILO, typed), block("H3", ZOE, "x")) == [
        (ZOE, "x"),
        (MILO, '<div class="_a6-h _a6-p _a6-o"> _a6-p _a6-p'),
    ]


def test_a_group_is_recognised_by_a_list_of_several_blocks_in_one() -> None:
    people = "Participants: Al, Zoë Brandt and Milo Dvořák"
    header = SHAPES["H3"].block.format(SHAPES["H3"].body.format(f"<div>{people}</div>"))
    thread = only_thread(page("H3", header, joined("H3", written("H3"))))
    assert thread.participants == ["Al", ZOE, MILO]
    assert len(thread.messages) == len(SAID)


@pytest.mark.parametrize("generation", SINCE_2018)
def test_a_whole_page_may_stand_in_one_block(generation: str) -> None:
    parts = [block(generation, (ZOE, MILO)[n % 2], str(n)) for n in range(4000)]
    assert sum(part.count("<") for part in parts) > 25_000, "more than one message may have"
    read_back = read(generation, joined(generation, parts))
    assert [text for _, text in read_back] == [str(n) for n in reversed(range(4000))]


@pytest.mark.parametrize("generation", GENERATIONS)
def test_page_is_refused_where_messages_would_be_cut_off(generation: str) -> None:
    if generation == "H1":
        huge = joined("H1", [block("H1", MILO, str(n)) for n in range(4000)])
    else:
        shape = SHAPES[generation]
        bodies = "".join(shape.body.format(f"<div><b>{n}</b></div>") for n in range(5000))
        huge = shape.block.format(shape.sender.format(MILO) + bodies)
    with pytest.raises(NotAThreadError, match=UNKNOWN_HTML):
        read(generation, block(generation, ZOE, "x"), huge)
