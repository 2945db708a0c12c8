"""Bad HTML pages: what is no message never becomes one, and nothing else suffers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.unit_tests.bad_input import BAD, NO_THREAD, Case, check, row, thread
from tests.unit_tests.exports.html_pages import DATED, GENERATIONS, block, page

if TYPE_CHECKING:
    from pathlib import Path

PAGE = BAD.replace(".json", ".html")
UNKNOWN = "HTML page of an unknown layout"
BROKEN = "broken JSON"
DEEP = 10_000
FAKE = block("H3", "Al", "fake")
KEPT = block("H3", "Al", "kept")
BASE = "<base href=../../../../../outside/messages/inbox/x_9/>"


def h3(*blocks: str, above: str = "", below: str = "") -> dict[str, bytes]:
    """Make a page of the generation that most real ones are of; newest message first."""
    return {PAGE: page("H3", *blocks, title="Al", above=above, below=below)}


def of(raw: bytes) -> dict[str, bytes]:
    return {PAGE: raw}


def dated(date: str) -> str:
    return block("H3", "Al", "odd", date)


def cut(mark: str, more: int = 0) -> dict[str, bytes]:
    """Cut a page of two messages in the second, behind the last of a mark."""
    raw = page("H3", KEPT, block("H3", "Al", "second"), title="Al")
    return of(raw[: raw.rindex(mark.encode()) + more])


HIDDEN = (
    [
        row(f"fake message in {name}", h3(KEPT, above=before + FAKE + after), "kept")
        for name, before, after in [
            ("a comment", "<!--", "-->"),
            ("a script", "<script>", "</script>"),
            ("a script of a kind", "<script type='text/html'>", "</script >"),
            ("a style", "<style>", "</style>"),
            ("a SCRIPT", "<SCRIPT>", "</SCRIPT>"),
            ("a template", "<template>", "</template>"),
            ("a noscript", "<noscript>", "</noscript>"),
            ("a textarea", "<textarea>", "</textarea>"),
            ("an iframe", "<iframe>", "</iframe>"),
        ]
    ]
    + [
        row(
            f"fake message in {name}",
            h3(KEPT, above=before + FAKE + after),
            "kept",
            wrong="what browsers hide is read",
        )
        for name, before, after in [
            ("an attribute", "<img alt='", "'>"),
        ]
    ]
    + [
        row(f"fake message behind, in {name}", h3(KEPT, below=before + FAKE + after), "kept")
        for name, before, after in [
            ("a comment", "<!--", "-->"),
            ("a comment that is never closed", "<!--", ""),
            ("a script that is never closed", "<script>", ""),
        ]
    ]
    + [
        row("message in entities", h3(KEPT, FAKE.replace("<", "&lt;")), "kept"),
        row("message typed as a text", h3(block("H3", "Al", FAKE.replace("<", "&lt;"))), FAKE),
        row("script in a text", h3(block("H3", "Al", "kept<script>alert(1)</script>")), "kept"),
        row("style in a text", h3(block("H3", "Al", "kept<style>a{}</style>")), "kept"),
        row("comment in a text", h3(block("H3", "Al", "ke<!-- hidden -->pt")), "kept"),
    ]
)
LINKS = [
    row("base outside", h3(KEPT, above=BASE), "kept"),
    row("base elsewhere", h3(KEPT, above="<base href='https://example.org/'>"), "kept"),
    row(
        "iframe of a file outside",
        h3(KEPT, above=f"{BASE}<iframe src=message_1.json></iframe>"),
        "kept",
    ),
    row(
        "refresh",
        h3(KEPT, above="<meta http-equiv=refresh content='0;url=file:///etc/passwd'>"),
        "kept",
    ),
    row(
        "frames alone",
        of(b"<html><frameset><frame src=../x_9/message_1.html></frameset></html>"),
        lost=NO_THREAD,
    ),
    row(
        "refresh alone",
        of(b"<html><meta http-equiv=refresh content='0;url=a.html'></html>"),
        lost=NO_THREAD,
    ),
    row(
        "link out of it",
        h3(block("H3", "Al", "kept", link="<a href='../../../../../outside'>x</a>")),
        "kept",
    ),
    row(
        "entity of a file",
        of(
            b'<?xml version="1.0"?><!DOCTYPE html [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
            + page("H3", block("H3", "Al", "kept"))
        ),
        "kept",
    ),
    row(
        "picture of a device",
        h3(block("H3", "Al", "kept", media="<img src='file:///dev/zero'>")),
        "kept",
    ),
]
ENTITIES = [
    row(f"entity {name}", h3(block("H3", "Al", f"a{entity}b")), f"a{text}b")
    for name, entity, text in [
        ("without an end", "&lt", "<"),
        ("unknown", "&xyz;", "&xyz;"),
        ("cut off", "&#;", "&#;"),
        ("lone ampersand", " & ", " & "),
        ("of NUL", "&#0;", "\ufffd"),
        ("of a surrogate", "&#xD83D;", "\ufffd"),
        ("of two surrogates", "&#xD83D;&#xDE02;", "\ufffd\ufffd"),
        ("too large", "&#x110000;", "\ufffd"),
        ("absurdly large", f"&#{'9' * 5000};", "\ufffd"),
        ("twice", "&amp;lt;", "&lt;"),
    ]
]
ENCODINGS = [
    row("byte order mark", of(b"\xef\xbb\xbf" + page("H3", KEPT)), "kept"),
    row("UTF-16", of(page("H3", KEPT).decode().encode("utf-16")), lost=BROKEN),
    row("Latin-1", of(page("H3", KEPT).replace(b"kept", b"caf\xe9")), "caf\ufffd"),
    row(
        "said to be Latin-1",
        of(page("H3", block("H3", "Al", "café"), above="<meta charset=latin1>")),
        "café",
    ),
    row(
        "two encodings",
        of(page("H3", block("H3", "Al", "café"), KEPT).replace(b"kept", b"caf\xe9")),
        "café",
        "caf\ufffd",
    ),
    row(
        "surrogate as UTF-8",
        of(page("H3", KEPT).replace(b"kept", b"a\xed\xa0\x80b")),
        "a\ufffd\ufffd\ufffdb",
    ),
    row("surrogate in a name", of(page("H3", KEPT).replace(b"Al", b"A\xed\xa0\x80l")), "kept"),
    row(
        "emoji cut in half", of(page("H3", KEPT).replace(b"kept", b"kept \xf0\x9f")), "kept \ufffd"
    ),
    row("NUL in a text", of(page("H3", KEPT).replace(b"kept", b"a\0b")), "ab"),
    row(
        "NUL in a tag",
        of(page("H3", KEPT, FAKE.replace("_a6-p", "_a6\0-p"))),
        "kept",
        skipped={"empty": 1},
    ),
]
STRUCTURE = [
    row(
        f"block of {generation} never closed",
        of(
            page(
                generation,
                block(generation, "Al", "kept").replace("</", "<"),
                block(generation, "Al", "too"),
            )
        ),
        "kept",
        "too",
    )
    for generation in ("H3", "I3")
] + [
    row("classes in another attribute", h3(KEPT.replace("class", "data-class")), lost=UNKNOWN),
    row(
        "no classes",
        h3(re.sub('_a[67][^ "]*', "x", KEPT * 2)),
        lost=UNKNOWN,
    ),
    row(
        "other classes",
        of(b"<html><div class=_zz>" + KEPT.replace("_a6-g", "_zz").encode()),
        lost=UNKNOWN,
    ),
    row("empty class", h3(KEPT, above="<p class='' id=_a6-g>"), "kept"),
    row("no sender", h3(KEPT.replace("_a6-h", "x")), "kept"),
    row("no body", h3(KEPT, FAKE.replace("_a6-p", "x")), "kept", skipped={"empty": 1}),
    row("empty body", h3(KEPT, block("H3", "Al")), "kept", skipped={"empty": 1}),
    row("reactions without names", h3(block("H3", "Al", "kept", reactions=("❤", "", " "))), "kept"),
    row(
        "reactions that are lists",
        h3(block("H3", "Al", "kept", reactions=("<ul><li>❤Al</li></ul>",))),
        "kept",
    ),
    row(
        "block in a block",
        h3(KEPT, block("H3", "Al", f"odd{FAKE}")),
        "fake",
        "kept",
        skipped={"no time": 1},
    ),
    row(
        "divs, 10,000 deep",
        h3(block("H3", "Al", "<div>" * DEEP + "x" + "</div>" * DEEP), KEPT),
        "x",
        "kept",
    ),
    row("spans, 10,000 deep", h3(block("H3", "Al", "<span>" * DEEP + "x"), KEPT), "x", "kept"),
    row("lists, 2,000 deep", h3(block("H3", "Al", "x" + "<ul><li>" * 2000), KEPT), "x", "kept"),
    row("tables, deep", h3(block("H3", "Al", "x" + "<table><tr><td>" * 1000), KEPT), "x", "kept"),
    row(
        "an open tag of 1 MB",
        h3(block("H3", "Al", "x"), KEPT, above="<div " + "a" * 10**6),
        "x",
        "kept",
    ),
    row("many brackets", h3(KEPT, above="<" * 10**5), "kept"),
    row("many open comments", h3(KEPT, above="<!-- -->" * 10**5), "kept"),
    row("many open scripts", h3(KEPT, above="<script></script>" * 10**4), "kept"),
    *(row(f"empty page of {g}", of(page(g)), lost=NO_THREAD) for g in GENERATIONS),
    row("empty file", of(b""), lost=BROKEN),
    row("white space", of(b"\n \n"), lost=BROKEN),
    row("a tag alone", of(b"<html>"), lost=NO_THREAD),
    row("a text", of(b"hello"), lost=BROKEN),
    row("JSON", of(thread("kept")), "kept"),
    row("page named .json", {BAD: page("H3", KEPT)}, "kept"),
    row(
        "page and JSON",
        {BAD: thread("kept"), PAGE: page("H3", block("H3", "Al", "other"))},
        "kept",
        "other",
    ),
    row(
        "page of something else",
        {"posts/your_posts.html": page("H3", FAKE), PAGE: page("H3", KEPT)},
        "kept",
    ),
]
CUTS = [
    row("cut in a text", cut("second", 3), "kept", skipped={"no time": 1}),
    row("cut in a tag", cut('<div class="_a72d', 8), "kept", skipped={"no time": 1}),
    row("cut before the body", cut("_2ph_ _a6-p", 4), "kept", skipped={"no time": 1}),
    row("cut in the date", cut(DATED["H3"], 6), "kept", skipped={"no time": 1}),
    row("cut in the block's tag", cut('<div class="_a6-g', 8), "kept"),
    row("cut in the only text", of(page("H3", KEPT).partition(b"kept")[0]), lost=UNKNOWN),
    row("cut in the head", of(page("H3", KEPT)[:60]), lost=NO_THREAD),
]
DATES = [
    row(f"date {date[:30]!r}", h3(KEPT, dated(date)), "kept", skipped={"no time": 1})
    for date in [
        *("yesterday", "Jul 32, 2024 4:54:10pm", "Jul 12, 2024", "4:54:10pm", "Jul 12, 2024 25:54"),
        *(
            "Jul 12, 1024 4:54:10pm",
            "00/00/0000 00:00",
            "Xyz 12, 2024 4:54pm",
            "\u0663\u0663:99",
            "-",
        ),
    ]
] + [
    row("date of a far year", h3(KEPT, dated("Jul 12, 9999 4:54:10pm")), "kept", "odd"),
    row("date of zone +99", h3(KEPT, dated("Jul 12, 2024 4:54:10pm UTC+99")), "kept", "odd"),
    *(
        row(name, h3(KEPT, dated(date)), "kept", skipped={"no time": 1})
        for name, date in [
            ("date of an absurd year", f"Jul 12, {'9' * 30} 4:54:10pm"),
            ("date of 5,000 digits", f"Jul 12, {'9' * 5000} 4:54:10pm"),
            ("date of an absurd day", f"Jul {'9' * 30}, 2024 4:54:10pm"),
        ]
    ),
]


@pytest.mark.parametrize(
    "case", [*HIDDEN, *LINKS, *ENTITIES, *ENCODINGS, *STRUCTURE, *CUTS, *DATES]
)
def test_bad_page_costs_no_more_than_itself(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    check(case, tmp_path, monkeypatch)
