"""The page of a report: what it says, and that no text gets out of where it stands."""

from __future__ import annotations

import base64
import hashlib
import re
import stat
from dataclasses import replace
from html.parser import HTMLParser
from math import nan
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from langchain_fbmessenger._internal.visible_text import visible
from langchain_fbmessenger.evaluation.likeness.markup import quoted, table
from langchain_fbmessenger.evaluation.likeness.page import page_of, summary_of
from langchain_fbmessenger.evaluation.likeness.page_texts import texts_section
from langchain_fbmessenger.evaluation.likeness.phrases import Phrase
from langchain_fbmessenger.evaluation.likeness.placing import Place
from langchain_fbmessenger.evaluation.likeness.report import AnswersBeside
from tests.unit_tests.evaluation.likeness.reports import (
    QUOTED,
    example_report,
    refused_report,
    report_of_texts,
)
from tests.unit_tests.hostile import HARMLESS, HOSTILE, raw_in

if TYPE_CHECKING:
    from pathlib import Path

    from langchain_fbmessenger.evaluation.likeness.report import LikenessReport

ESCAPES = (
    "</style><script>alert(1)</script>",
    "</title></svg><script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "<!-- <svg/onload=alert(1)> -->",
    "]]><base href=//evil.example>",
    "&lt;script&gt; &amp;#60;",
    "$style ${style} $$ {0} %s",
    "javascript:alert(1)",
)
_VOID = {"meta", "link"}
_SELF_CLOSED = {"line", "rect", "circle", "path"}


class Outline(HTMLParser):
    """What elements there are, how they are nested, and which text stands in them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, ...]] = []
        self.attributes: dict[str, set[str]] = {}
        self.texts: list[str] = []
        self._open: list[str] = []
        self.feed(page)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, *(name for name, _ in attrs)))
        for name, value in attrs:
            self.attributes.setdefault(name, set()).add(value or "")
        if tag not in _VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in _SELF_CLOSED
        self.elements.append((tag, *(name for name, _ in attrs)))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    @property
    def tags(self) -> set[str]:
        return {tag for tag, *_ in self.elements}


def heads_of(page: str) -> list[str]:
    return re.findall("<h2>(.*?)</h2>", page)


@pytest.mark.parametrize("report", [example_report(), refused_report()])
@pytest.mark.parametrize("text", [True, False])
def test_the_page_loads_nothing_and_runs_nothing(report: LikenessReport, *, text: bool) -> None:
    page = page_of(report, text=text)
    outline = Outline(page)
    assert not outline.tags & {"script", "img", "iframe", "base", "form", "object", "use", "image"}
    # A field that is typed in makes Chromium itself ask how to fill it.
    assert not outline.tags & {"input", "textarea", "a"}
    names = {*outline.attributes}
    assert not names & {"src", "srcset", "style", "action"}
    assert not any(name.startswith("on") for name in names)
    assert outline.attributes["href"] == {"data:,"}
    # No address at all, not even that of a namespace.
    assert not re.search(r"https?:|//|url\(|@import", page.replace("http-equiv", ""))


def test_the_policy_lets_in_the_one_style_alone() -> None:
    page = page_of(example_report())
    (style,) = re.findall("<style>(.*?)</style>", page, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:;" in page
    assert "unsafe" not in page


def test_verdicts_come_first_and_all_parts_in_order() -> None:
    page = page_of(example_report())
    assert heads_of(page) == [
        "Between your friends and you",
        "Told apart from you",
        "Beside the scale",
        "Too much, too little",
        "Side by side",
        "On how much it rests",
        "What it cannot see",
    ]
    said = [one.strip() for one in Outline(page).texts if one.strip()]
    body = said[said.index("base") - 1 :]
    assert body[0] == "Does it sound like you?"
    assert body[2].startswith("is no nearer to you than a friend: voice -2.61")
    assert body[7].startswith("The scale measures voice, not sense")


def test_each_model_stands_beside_the_persona_and_the_friends() -> None:
    page = page_of(example_report())
    for number in ("-2.61 (-3.10 to -2.20)", "0.55 (0.40 to 0.71)", "1.02 (0.84 to 1.21)"):
        assert f'<span class="number">{number}</span>' in page
    assert '<span class="number">-0.80 to 0.34</span>' in page
    assert "<title>friends: MN -0.21, AO -0.02, AO 2 0.01, ZM 0.34, ع ب -0.80</title>" in page
    row = re.search("letters of the median reply</th>(.*?)</tr>", page)
    assert row
    assert re.findall(">([0-9]+)<", row[1]) == ["31"] * 4
    assert "<td>-</td>" not in page_of(example_report(), text=False).partition("</table>")[0]


def test_what_was_asked_and_answered_stands_side_by_side() -> None:
    page = texts_section(example_report())
    prompt, answers = page.partition("<article>")[2].split('<div class="answers">')
    folded, last = prompt.split("</details>")
    assert "3 turns before that" in folded
    assert "You are Noémie." in folded
    assert "When, then?" in last
    assert re.findall("<h4>(?:<bdi>)?(.*?)<", answers) == [
        "you, really", "base", "retrieval", "tuned",
    ]  # fmt: skip
    assert "the harbour at noon\nbring the dog" in answers
    assert "no answer" in answers


def test_no_more_than_eight_prompts_are_quoted() -> None:
    report = example_report()
    many = replace(report, beside=report.beside * 20)
    assert texts_section(many).count("<article>") == 8


def test_without_text_nothing_of_a_chat_is_on_the_page() -> None:
    assert all(quote in page_of(example_report()) for quote in QUOTED)
    page = page_of(example_report(), text=False)
    assert not [quote for quote in QUOTED if quote in page]
    assert "Too much" not in page
    assert "No word of a chat is on this page" in page
    assert "for your eyes" not in page


def test_phrases_say_how_often_both_use_them() -> None:
    page = texts_section(example_report())
    assert "<bdi>ahoy then</bdi> <small>1%, you 22%</small>" in page
    assert page.index("too much</h4>") < page.index("as an") < page.index("too little</h4>")


def test_refused_figures_are_grey_and_what_is_missing_is_said() -> None:
    page = page_of(refused_report())
    assert page.count('<li class="refused">') == 6  # verdict, line and bar of two models
    missing = "60 held-out answers of 200; 1 friend with 100 messages of 4"
    assert page.count(f"<strong>No model can be judged yet</strong>: {missing}.") == 1
    assert "<ul><li>60 held-out answers of 200</li>" in page
    assert 'class="n refused"' in page
    assert "nan" not in page.partition("</style>")[2]


def test_a_report_of_nothing_is_a_page() -> None:
    report = replace(example_report(), models=(), beside=())
    basis = replace(report.basis, friends={}, friends_told_apart={}, own_half=Place(nan, nan, nan))
    page = page_of(replace(report, basis=basis))
    Outline(page)
    assert "Your friends" not in page


def test_very_long_texts_are_cut_and_it_is_said() -> None:
    assert "and 4,000 characters more" in quoted("a" * 5_000)
    assert len(quoted("a" * 5_000)) < 1_200
    assert "more" not in quoted("a" * 1_000)


def test_texts_of_all_scripts_stay_and_keep_their_direction() -> None:
    texts = [*HARMLESS.values(), "مرحبا كيف حالك", "ごめん、今起きた"]
    page = page_of(report_of_texts(texts))
    assert all(text in page for text in texts)
    assert page.count('<p class="text" dir="auto">') == page.count('<p class="text"')


@pytest.mark.parametrize("evil", [*ESCAPES, *HOSTILE.values(), "\ud800"])
def test_hostile_texts_are_texts(evil: str) -> None:
    page = page_of(report_of_texts([evil]))
    assert Outline(page).elements == Outline(page_of(report_of_texts(["harmless"]))).elements
    assert not raw_in(page) - {"\t"}
    assert page.encode()


@given(st.lists(st.text(min_size=1, max_size=60), min_size=1, max_size=12))
def test_no_text_can_break_out(texts: list[str]) -> None:
    outline = Outline(page_of(report_of_texts(texts)))
    assert outline.elements == Outline(page_of(report_of_texts(["harmless"] * len(texts)))).elements
    shown = {one.replace("\r", "") for one in outline.texts}
    assert {visible(text) for text in texts} <= shown


@given(st.text(max_size=40))
def test_nor_out_of_the_table_of_a_notebook(text: str) -> None:
    harmless, given_text = (summary_of(report_of_texts([one])) for one in ("harmless", text))
    assert Outline(given_text).elements == Outline(harmless).elements


def test_a_notebook_shows_the_line_without_a_style() -> None:
    shown = example_report()._repr_html_()
    assert shown.count("<svg role") == 4  # the scale and three models
    assert "writes like you" in shown
    assert not re.search('http|<style|<script|class="text"', shown)
    assert not [quote for quote in QUOTED if quote in shown]


def test_a_wide_table_can_be_moved_without_a_mouse() -> None:
    page = table("Figures & more", ["", "a"], [["<b>x</b>", "1"]], ["", "n"])
    assert '<div class="wide" role="region" aria-label="Figures &amp; more" tabindex="0">' in page
    assert '<th scope="row"><b>x</b></th><td class="n">1</td>' in page


def test_the_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    report = example_report()
    report.write_html(tmp_path / "likeness.html", text=False)
    (file,) = tmp_path.iterdir()
    assert file.read_text("utf-8") == report.to_html(text=False)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_answers_of_models_that_the_report_does_not_know_are_shown() -> None:
    beside = AnswersBeside((("user", "Hi"),), "ahoy", {"other": "hello"})
    report = replace(example_report(), beside=(beside,))
    model = replace(report.models[0], too_much=(Phrase("hi", 0.0, 1.0, 9.0),), too_little=())
    page = page_of(replace(report, models=(model,)))
    assert "<h4><bdi>other</bdi></h4>" in page
    assert "too little</h4>" not in page
