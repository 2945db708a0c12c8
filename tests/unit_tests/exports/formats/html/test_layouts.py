"""The law of layouts: whatever stands in a page, it is read as if each block were parsed."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from langchain_fbmessenger.exports.formats.detect import decode_file, outline_file
from langchain_fbmessenger.exports.formats.html import layouts as _html_layouts
from langchain_fbmessenger.exports.formats.html import pages_of_2018
from langchain_fbmessenger.exports.formats.html.blocks import Block, read_blocks
from langchain_fbmessenger.exports.formats.html.layouts import LayoutReader
from langchain_fbmessenger.exports.formats.html.pages import _find_blocks
from langchain_fbmessenger.exports.formats.html.pages_of_2018 import _MESSAGE
from langchain_fbmessenger.exports.formats.lenient import NotAThreadError
from langchain_fbmessenger.exports.formats.part import outline_of
from langchain_fbmessenger.testing import HtmlPages, sample_threads, write_export
from tests.hypothesis_profiles import profile_examples
from tests.unit_tests.exports.html_pages import DATED, GENERATIONS, block, page

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import tzinfo

relaxed = settings(max_examples=profile_examples(2), suppress_health_check=list(HealthCheck))
FEBRUARY = "Feb 30, 2024 4:54:10pm"
DATES = [*DATED.values(), "Oct 27, 2024 2:30:00 am", "Oct 27, 2024 2:10:00 am", FEBRUARY, ""]
TEXTS = [
    *(
        "x",
        "hi there",
        " ok",
        "ok ",
        "two  blanks",
        "\u00a0a",
        "a\u00a0",
        "",
        " ",
        "a\nb",
        "\r",
        "\0",
    ),
    *("\x01", "\x1c", "\x85", "\ufeff", "\u200b", "e\u0301", "\ue000", "(0000)", "x > y", "'\""),
    *(
        "&amp;",
        "&nbsp;",
        "&#0;",
        "&amp",
        "AT&T",
        "&#x41;",
        "&lt;b&gt;",
        "&#039;s",
        "&#32;x",
        "&#1;",
    ),
    *("_a6-p", "_a6-g x", "_a72d", "message_header", "snake_case", "<", "a<b", "@bytes@"),
    *(
        "IP Address: ::1",
        "IP",
        "IP Address: ::1 x",
        "P Address: ::1",
        "https://e.org/1",
        "http://e.org/?a=1&amp;b=2",
    ),
    *("❤Zoë Brandt (Jun 01, 2025 3:32:01 pm)", "❤Al", "Participants: Al and Bo", FEBRUARY),
]
FILES = [
    *("photos/1.jpg", "a/b/photos/1.jpg", "photos/2.jpg", "videos/1.mp4", "audio/x.mp4", "1.jpg"),
    *("photos/photos/1.jpg", "gifs/photos/1.jpg", "photos/../1.jpg", "a b/photos/1.jpg", "files/1"),
    *("#photos/1.jpg", "//photos/1.jpg", "x:photos/1.jpg", "data:image/png;base64,AA", ""),
    *("_a6-p/photos/1.jpg", "photos/_a6-p.jpg", "photos/1.jpg?x=1", "https://e.org/1.jpg"),
]
LINKS = [
    *("https://e.org/1", "http://e.org/?a=1&amp;b=2", "https://e.org/&copy=1", "https://e.org/ "),
    *("mailto:a@b", "#x", "https://e.org/_a6-p", f"https://e.org/{'e' * 1200}"),
]
SOUND = [
    *(
        "T",
        "T",
        "T",
        "T<br /> T",
        '<span dir="rtl">T</span>',
        " T ",
        "\n  T\n",
        "T <b>T</b>",
        "T<b>T</b>",
    ),
    *("<div>T</div><div>T</div>", "<p>T</p>", "<div></div>", "<br /> <br />T", "<i>I</i><i>T</i>"),
    *('<a target="_blank" href="F"><img src="F" class="x" /></a>', '<img src="F" />'),
    *('<video src="F" controls="1"><a href="F">T</a></video>', '<a href="L">T</a>'),
    *('<div>T</div><div><a href="L">L</a></div>', '<a href="L"><img src="F" /></a>'),
    *('<a href="L"> </a>', '<ul class="_a6-q"><li>T</li><li><span>T</span></li></ul>'),
    '<ul class="_a6-q"><li><span>❤T<span> (T)</span></span></li></ul>',
]
HOSTILE = [
    *(
        "<div",
        "</div>",
        "<b>",
        "</b>",
        "<li>T",
        "</p><p>T",
        "<em>T</b></em>",
        "<h1>T</h2>",
        "<a href=L>",
    ),
    *("<!-- T -->", "<!--", "<script>T</script>", "<textarea>T</textarea>", "<title>T</title>"),
    *("<table><tr><td>T</table>", "<select>T</select>", '<svg><a href="L">T</a></svg>', "<DIV>T"),
    *(
        '<img alt="T">',
        "<a title='T'>T</a>",
        '<img title="x href=" src="F" />',
        '<div class="_2pin">T',
    ),
    *('<div class="_a6-p">T</div>', '<div class="_a72d">T</div>', '<h2 class="_a6-h">T</h2>'),
    *('<div class="_a6-g">T', '<span class="user">T</span>', '<span class="meta">T</span>'),
    "<template>T</template>",
]
VALUES = {"T": [*TEXTS], "F": FILES, "L": LINKS}


@st.composite
def pages(draw: Callable[..., Any]) -> bytes:
    """Make a page whose blocks have few layouts, each with many values."""
    generation = draw(st.sampled_from(GENERATIONS))
    usual = draw(st.booleans())
    values = VALUES | ({"T": ["x", "ahoj", "é &amp; b", *TEXTS[:6]]} if usual else {})

    def filled(markup: str) -> str:
        same = {key: draw(st.sampled_from(known)) for key, known in values.items()}
        is_same = draw(st.booleans())
        pieces = (
            (same[c] if is_same and c != "T" else draw(st.sampled_from(values[c])))
            if c in "TFL" and (n == 0 or not markup[n - 1].isalpha())
            else c
            for n, c in enumerate(markup)
        )
        return "".join(pieces)

    fragments = st.lists(st.sampled_from(SOUND if usual else SOUND + HOSTILE), max_size=2)
    blocks = []
    for _ in range(draw(st.integers(1, 3))):
        body, media, link = ("".join(draw(fragments)) for _ in range(3))
        for _ in range(draw(st.integers(1, 4))):
            sender = draw(st.sampled_from(["Al", "Bo & Co", "Zoë  Brandt", *TEXTS[:12]]))
            date = draw(st.sampled_from(DATES))
            blocks.append(
                block(
                    generation, sender, filled(body), date, media=filled(media), link=filled(link)
                )
            )
            blocks.append(draw(st.sampled_from(["", "", "", "\n", "x", "</div>", "<div>", "<!--"])))
    raw = page(generation, *blocks).replace(b"@bytes@", draw(st.binary(max_size=4)))
    if draw(st.integers(0, 3)) == 0:  # something is lost
        start, end = (draw(st.integers(0, len(raw))) for _ in range(2))
        raw = raw[:start] + raw[end:] if end - start < len(raw) // 2 else raw[:end]
    return raw


@pytest.fixture(autouse=True)
def _learns_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_html_layouts, "_MET_BEFORE", 1)


def parts_of(raw: bytes) -> tuple[Callable[[bytes], list[Block]], list[tuple[int, int]]]:
    """Return what parses the blocks of a page, and where they are."""
    starts = [found.start() for found in _MESSAGE.finditer(raw)] or _find_blocks(raw)
    parse = pages_of_2018._read_block if _MESSAGE.search(raw) else read_blocks
    return parse, list(zip(starts, [*starts[1:], len(raw)], strict=False))


PLACE = re.compile("(?<![A-Za-z])[TFL](?![A-Za-z])")
USUAL = {
    "T": [f"text {n}" for n in range(9)],
    "F": [f"a/photos/{n}.jpg" for n in range(9)],
    "L": [f"https://e.org/{n}" for n in range(9)],
}
TWICE = [
    "<div><b>I</b>T</div>",
    "<xmp>T</xmp>",
    '<img src="F" /><img src="F" />',
    "<p>T</p><p>T</p>",
    "T<br />T",
]
PICTURE = '<img src="https://e.org/{}" />'


def usual(markup: str) -> str:
    values = {key: iter(known) for key, known in USUAL.items()}
    return PLACE.sub(lambda found: next(values[found[0]]), markup)


def unusual(markup: str) -> Iterator[str]:
    """Give a piece with each odd value in each of its places, and with equal values."""
    for found in PLACE.finditer(markup):
        for value in VALUES[found[0]]:
            yield usual(markup[: found.start()]) + value + usual(markup[found.end() :])
    for key, values in USUAL.items():
        if markup.count(key) > 1:
            same = re.sub(f"(?<![A-Za-z]){key}(?![A-Za-z])", values[0], markup)
            yield usual(same)


@pytest.mark.parametrize("markup", [*SOUND, *TWICE])
@pytest.mark.parametrize("generation", ["H1", "H3", "I4"])
@pytest.mark.parametrize("where", ["body", "media", "sender"])
def test_a_layout_that_is_known_from_usual_values_reads_unusual_ones(
    generation: str, where: str, markup: str
) -> None:
    def written(piece: str) -> bytes:
        if where == "sender":
            return block(generation, "Al", "x").replace(">Al<", f">{piece}<").encode()
        body, media = (piece, "") if where == "body" else ("text", piece)
        return block(generation, "Al", body, media=media).encode()

    parse, _ = parts_of(page(generation, block(generation, "Al", "x")))
    reader = LayoutReader(parse)

    def read(raw: bytes) -> list[Block]:
        start = max(raw.find(b'<div class="message_header"'), 0)
        found = reader.read(raw, [(start, len(raw))])
        assert found == parse(raw[start:]), raw
        return found

    read(written(usual(markup)))
    read(written(usual(markup)))
    for piece in unusual(markup):
        read(written(piece))


def test_a_picture_from_elsewhere_is_known_by_its_own_end() -> None:
    reader = LayoutReader(read_blocks)
    for name in ("1.jpg", "2.jpg", "3.gif"):
        raw = block("H3", "Al", "x", media=PICTURE.format(name)).encode()
        assert reader.read(raw, [(0, len(raw))]) == read_blocks(raw)


READERS: dict[Any, LayoutReader] = {}


@relaxed
@given(pages())
def test_a_layout_that_is_known_reads_as_the_parser_does(raw: bytes) -> None:
    parse, spans = parts_of(raw)
    reader = READERS.setdefault(parse, LayoutReader(parse))  # knows what other pages had
    try:
        expected = [block for start, end in spans for block in parse(raw[start:end])]
    except NotAThreadError:
        return
    assert reader.read(raw, spans) == expected
    assert reader.read(raw, spans) == expected, "and so it does when it has seen the page"


def results_of(read: Callable[..., list[Any]], raw: bytes) -> tuple[Any, list[Any]]:
    """Return what a page holds, or why it holds nothing, and how its zone was asked for."""
    asked: list[Any] = []

    def zone_of(*args: Any) -> tzinfo:
        asked.append(args)
        return ZoneInfo("Europe/Prague")

    try:
        return read(raw, zone_of), asked
    except NotAThreadError as error:
        return str(error), asked


def same_of_outline(raw: bytes) -> None:
    def decoded(raw: bytes, zone_of: Any) -> list[Any]:
        return [outline_of(part, index) for index, part in enumerate(decode_file(raw, zone_of))]

    assert results_of(outline_file, raw) == results_of(decoded, raw)


@relaxed
@given(pages())
def test_an_outline_tells_what_the_messages_do(raw: bytes) -> None:
    same_of_outline(raw)


@pytest.mark.parametrize("generation", GENERATIONS)
@settings(max_examples=profile_examples(1 / 3))
@given(
    st.sampled_from([None, "gb", "fr", "cs", "ja"]),
    st.integers(0, 10**6),
    st.booleans(),
    st.booleans(),
)
def test_an_outline_tells_what_the_messages_of_an_export_do(
    generation: Any, dates: Any, seed: int, narrow: bool, header: bool
) -> None:
    html = HtmlPages(dates=dates, narrow_blanks=narrow, header=header)
    with tempfile.TemporaryDirectory() as folder:
        threads = sample_threads(seed, n_messages=20, n_threads=2)
        for file in write_export(threads, folder, variant=generation, html=html).files:
            if file.suffix in {".html", ".htm"}:
                same_of_outline(Path(file).read_bytes())


@pytest.mark.parametrize("generation", GENERATIONS)
def test_few_blocks_of_a_page_are_parsed(generation: Any, tmp_path: Path) -> None:
    (thread,) = sample_threads(n_messages=1000, n_threads=1, hostile=False)
    files = write_export([thread], tmp_path, variant=generation, messages_per_part=1000).files
    raw = max((Path(file).read_bytes() for file in files), key=len)
    parse, spans = parts_of(raw)
    parsed = []

    def counted(part: bytes) -> list[Block]:
        parsed.append(part)
        return parse(part)

    blocks = LayoutReader(counted).read(raw, spans)
    assert len(blocks) == len(thread.messages)
    assert len(parsed) < 100, "each layout, and what is odd"


def test_the_zone_of_a_page_is_asked_for_once() -> None:
    _, asked = results_of(outline_file, page("H3", block("H3", "Al", "x")))
    assert len(asked) == 1
