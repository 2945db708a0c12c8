"""The page of a likeness report in a real browser: it asks nobody, fits telephones, passes axe."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.integration_tests.browser import axe_violations
from tests.unit_tests.evaluation.likeness.reports import (
    example_report,
    refused_report,
    report_of_texts,
)
from tests.unit_tests.hostile import HARMLESS, HOSTILE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

EVIL = [
    "</style><script>window.broken = 1</script>",
    "</title></svg><img src=https://evil.example/x.png onerror='window.broken = 1'>",
    '"><base href="https://evil.example/"><link rel=stylesheet href=a.css>',
    "a" * 3_000,
    "\n".join(f"line {n}" for n in range(200)),
    *HARMLESS.values(),
    *list(HOSTILE.values())[::6],
]
REPORTS = {
    "three models": example_report,
    "refused": refused_report,
    "hostile texts": lambda: report_of_texts(EVIL),
    "unbroken names": lambda: report_of_texts(["x" * 300]),
}


class Looking:
    """A page that is open, and what was asked for and complained of while it was."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.asked: list[str] = []
        self.errors: list[str] = []
        page.context.on("request", lambda request: self.asked.append(request.url))
        page.on("console", lambda message: self.errors.append(message.text))
        page.on("pageerror", lambda error: self.errors.append(str(error)))


@pytest.fixture(params=["light", "dark"])
def looking(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Looking]:
    size = {"width": 390, "height": 844}
    context = browser.new_context(viewport=size, color_scheme=request.param)
    yield Looking(context.new_page())
    context.close()


@pytest.mark.parametrize("name", REPORTS)
def test_the_page_asks_nobody_fits_a_telephone_and_can_be_heard(
    looking: Looking, name: str, tmp_path: Path
) -> None:
    file = tmp_path / "likeness.html"
    REPORTS[name]().write_html(file)
    page = looking.page
    page.goto(file.as_uri(), wait_until="networkidle")
    assert page.title() == "Does it sound like you?"
    assert axe_violations(page) == []
    for width in (390, 1280):
        page.set_viewport_size({"width": width, "height": 844})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate("window.broken") is None
    assert [url for url in looking.asked if not url.startswith("data:")] == [file.as_uri()]
    assert looking.errors == []


def test_the_style_is_let_in_and_follows_the_reader(looking: Looking, tmp_path: Path) -> None:
    file = tmp_path / "likeness.html"
    example_report().write_html(file)
    page = looking.page
    page.goto(file.as_uri())
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    is_dark = page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    assert paper == ("rgb(22, 24, 28)" if is_dark else "rgb(252, 251, 249)")


def test_what_is_folded_can_be_unfolded_without_a_script(looking: Looking, tmp_path: Path) -> None:
    file = tmp_path / "likeness.html"
    example_report().write_html(file)
    page = looking.page
    page.goto(file.as_uri())
    assert not page.get_by_text("You are Noémie.").is_visible()
    page.get_by_text("3 turns before that").click()
    assert page.get_by_text("You are Noémie.").is_visible()
    page.emulate_media(media="print")
    assert page.locator(".answers > .you").is_visible()
