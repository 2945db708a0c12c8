from __future__ import annotations

import html
import os
import re
import stat
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from langchain_fbmessenger import FacebookMessengerChatLoader, sample_export_path
from langchain_fbmessenger._internal.readable_text import plain_text
from langchain_fbmessenger.privacy.findings import Finding, replaced
from langchain_fbmessenger.privacy.preview.figures import Preview, left_in, preview_key
from langchain_fbmessenger.privacy.preview.page import preview_page, write_preview_page
from langchain_fbmessenger.privacy.preview.samples import Reservoir, Sample, sample_of
from langchain_fbmessenger.privacy.preview.wording import (
    MISSED_OUTSIDE,
    measured,
    other_lines,
    visible,
)
from langchain_fbmessenger.privacy.redaction.redact import Redaction
from tests.unit_tests.builders import session

if TYPE_CHECKING:
    from pathlib import Path


def saw(preview: Preview, text: str, *findings: Finding) -> None:
    preview.saw(text, replaced(text, [*findings]), [*findings])


def milo(text: str) -> Finding:
    start = text.index("Milo")
    return Finding(start, start + 4, "name", "Tomas")


def example() -> Preview:
    preview = Preview()
    saw(preview, "so Milo, see Ottokar at 4481 229910", milo("so Milo, see"))
    saw(preview, "nothing here")
    return preview


def test_it_is_a_report_and_keeps_samples() -> None:
    preview = example()
    assert (preview.messages, preview.messages_changed, preview.found["name"]) == (2, 1, 1)
    (sample,) = preview.samples("name")
    assert sample.before == "so Milo, see Ottokar at 4481 229910"
    assert sample.after == "so Tomas, see Ottokar at 4481 229910"
    assert [p.kind for p in sample.parts if p.kind] == ["name", "word", "number"]
    assert preview.left == {"word": 1, "number": 1}
    assert preview.left_words == {"Ottokar": 1}


def test_nothing_of_a_chat_is_in_what_gets_printed() -> None:
    preview = example()
    (sample,) = preview.samples("name")
    shown = f"{preview!r} {preview} {sample!r} {sample} {sample.parts} {Reservoir(1, 'x')}"
    for word in ("Milo", "Tomas", "Ottokar", "4481"):
        assert word not in shown


def test_samples_are_few_even_and_the_same_each_time() -> None:
    def chosen() -> list[int]:
        preview = Preview(samples=20)
        for n in range(2_000):
            saw(preview, f"Milo {n}", milo("Milo"))
        assert preview.messages_with("name") == 2_000
        return [int(sample.before.split()[1]) for sample in preview.samples("name")]

    numbers = chosen()
    assert numbers == chosen()
    assert len(numbers) == 20
    assert numbers == sorted(numbers)
    assert 700 < sum(numbers) / 20 < 1_300


def test_long_texts_are_cut_around_what_is_shown_and_no_finding_is() -> None:
    text = "x" * 5_000 + " Milo " + "y" * 5_000
    sample = sample_of(text, [milo(text)], "name")
    assert len(sample.before) < 400
    assert "Milo" in sample.before
    assert "Tomas" in sample.after
    assert sample.is_cut == (True, True)
    long = Finding(100, 3_000, "id", "[id]")
    assert sample_of(text, [long], "id").after.endswith("[id]…")
    assert sample_of(text, [Finding(0, 50, "ip", "[ip]"), milo(text)], "name").after[0] == "…"
    to_the_end = Finding(100, len(text), "id", "[id]")
    assert sample_of(text, [to_the_end], "id").after == "…" + "x" * 80 + "[id]"
    edge = [Finding(4_900, 4_950, "ip", "[ip]"), milo(text)]
    assert sample_of(text, edge, "name").parts[0] == ("x" * 50, "[ip]", "ip")


texts = st.text(alphabet="aB1 @.é\n", max_size=60)


@given(text=texts, cuts=st.lists(st.integers(0, 60), max_size=6))
def test_parts_of_a_sample_are_the_text(text: str, cuts: list[int]) -> None:
    places = sorted({min(c, len(text)) for c in cuts})
    findings = [
        Finding(a, b, "id", "[id]") for a, b in zip(places[::2], places[1::2], strict=False)
    ]
    sample = sample_of(text, findings, "id")
    assert (sample.before, sample.after) == (text, replaced(text, findings))


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("I met Ottokar", ["Ottokar"]),
        ("Ottokar came. Then Anna", ["Anna"]),
        ("she said: Anna", ["Anna"]),
        ("NO WAY", []),
        ("well I'm off", []),
        ("call +420 601-123 456!", ["+420 601-123 456"]),
        ("in 2024 or 1999", []),
        ("ask @milo.d now, not a@b", ["@milo.d"]),
        ("see https://x.org/12345?a=b", ["https://x.org/12345?a=b"]),
        ("I met Ot\u200btokar", ["Ottokar"]),
        ("call 601\u00ad123456", ["601123456"]),
        ("", []),
    ],
)
def test_what_looks_like_a_name_or_number_is_told(text: str, left: list[str]) -> None:
    found = left_in(text)
    assert [one.replacement for one in found] == left
    assert all(plain_text(text[one.start : one.end]) == one.replacement for one in found)


def test_what_was_replaced_or_kept_by_choice_is_not_left() -> None:
    preview = Preview()
    preview.keep(["Zoë Brandt"])
    saw(preview, "hi Milo and ZOË and Zoë, Brandt", milo("hi Milo"))
    assert preview.left == {}


def test_words_are_counted_in_bounded_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("langchain_fbmessenger.privacy.preview.figures._MOST_WORDS", 10)
    preview = Preview()
    for n in range(300):
        saw(preview, f"the Often and the W{'x' * n}w")
    assert len(preview.left_words) <= 10
    assert preview.left_words["Often"] == 300


def preview_of_sample(**options: Any) -> Preview:
    loader = FacebookMessengerChatLoader(sample_export_path())
    return Redaction(**options).preview(loader)


def test_people_and_what_was_off_are_told() -> None:
    preview = preview_of_sample(keep_owner=True)
    assert preview.kept == {"Noémie Åkerlund"}
    assert "Milo Dvořák" in preview.renamed
    assert "Noémie Åkerlund" not in preview.renamed
    writes = [preview.written[name] for name in preview.renamed]
    assert writes == sorted(writes, reverse=True)
    lines = "\n".join(other_lines(preview))
    off = re.search(r"Off, neither read nor written: (.*)\.", lines)
    assert off is not None
    assert "message_requests (" in off[1]
    assert "filtered_threads (" in off[1]
    assert "photo" in lines
    assert "Not asked for" not in lines


def test_what_becomes_of_people_outside_is_told_with_its_rates() -> None:
    kept, replaced = preview_of_sample(), preview_of_sample(unknown_names="replace")

    assert "--unknown-names replace" in "\n".join(other_lines(kept))
    assert {"unknown_name", "handle"} <= {*kept.not_asked}
    told = "\n".join(other_lines(replaced))
    assert measured().in_words in told
    assert MISSED_OUTSIDE in told
    assert not replaced.not_asked
    page = preview_page(replaced)
    assert html.escape(measured().in_words) in page
    assert "names of people outside the export" in page
    assert replaced.found["name"] == kept.found["name"]


def test_kinds_that_were_not_asked_for_are_told() -> None:
    preview = preview_of_sample(names=False, kinds=("email", "phone"))
    assert "Not asked for, so they stay: names, payment cards," in "\n".join(other_lines(preview))
    assert preview.renamed == {}
    assert "not asked for" in preview_page(preview)


def test_a_preview_leaves_the_key_as_it_is(tmp_path: Path) -> None:
    key = tmp_path / "k.key"
    key.write_text("mine")
    with preview_key(key) as path:
        assert path.read_text() == "mine"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        path.write_text("changed")
    assert not path.exists()
    assert key.read_text() == "mine"
    with preview_key(tmp_path / "none") as path:
        assert not path.exists()
        path.write_text("x")
    assert [*tmp_path.iterdir()] == [key]


def test_watching_bears_sessions_of_other_loaders() -> None:
    preview = Preview()
    sessions = [session("Al: hi", "Bo: ho"), session("Al: x", thread={"participants": ["Cy"]})]
    sessions[0]["messages"][0].additional_kwargs.pop("events")
    assert [*preview.watch(sessions)] == sessions
    assert preview.written == {"Al": 2, "Bo": 1}


EVIL = '<script>alert("x")</script><img src=x onerror=alert(1)>\'"&'


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes.update(name for name, _ in attrs)


def evil_page() -> str:
    preview = Preview()
    text = f"hey Milo, {EVIL} and Ottokar{EVIL} https://x/{EVIL} \u202e\x00\x1b[0m"
    saw(preview, text, milo(text)._replace(replacement=EVIL))
    preview.renamed, preview.kept = {EVIL: EVIL}, {EVIL}
    preview.left_words[EVIL] = 1
    preview.media[EVIL] = preview.left_out[EVIL] = 1
    return preview_page(preview)


def test_chats_are_no_markup_and_the_page_loads_nothing() -> None:
    page = evil_page()
    parser = _Tags()
    parser.feed(page)
    assert not parser.tags & {"script", "img", "link", "iframe", "base", "form", "object"}
    assert not {a for a in parser.attributes if a.startswith("on")} | (
        parser.attributes & {"src", "srcset", "style", "action"}
    )
    assert page.count("&lt;script&gt;") > 5
    assert "default-src 'none'; style-src 'unsafe-inline'" in page
    assert not re.search(r"url\(|@import", page)
    assert not {"\u202e", "\x00", "\x1b"} & {*page}
    assert "for your eyes" in page


def test_page_says_how_much_and_shows_both_sides() -> None:
    page = preview_page(example())
    assert '<del title="names">Milo</del>' in page
    assert '<ins title="names">Tomas</ins>' in page
    assert 'title="runs of five or more digits">4481 229910</mark>' in page
    assert "1 of 1 message<" in page
    assert "so Milo" not in page  # where it says what stays, it shows what would stay


def test_page_of_nothing_says_so() -> None:
    page = preview_page(Preview())
    assert "Nothing would be replaced." in page
    assert "No message holds anything else" in page


def test_many_people_are_folded() -> None:
    preview = Preview()
    preview.renamed = {f"P{n}": f"Q{n}" for n in range(13)}
    assert "<details><summary>13 people" in preview_page(preview)
    preview.renamed = {"P": "Q"}
    assert "<details open>" in preview_page(preview)


def test_page_is_for_one_pair_of_eyes(tmp_path: Path) -> None:
    mask = os.umask(0)
    try:
        write_preview_page(example(), tmp_path / "p.html")
    finally:
        os.umask(mask)
    assert [p.name for p in tmp_path.iterdir()] == ["p.html"]
    assert stat.S_IMODE((tmp_path / "p.html").stat().st_mode) == 0o600


def test_emoji_stay_whole_and_half_characters_harm_nothing(tmp_path: Path) -> None:
    assert visible("👩\u200d👧 ❤\ufe0f é\n") == "👩\u200d👧 ❤\ufe0f é\n"
    preview = Preview()
    saw(preview, "a Milo \ud800", milo("a Milo"))
    write_preview_page(preview, tmp_path / "p.html")
    assert Sample(()).before == ""
