"""A real browser for tests of pages: Debian's Chromium, which reaches no host."""

from __future__ import annotations

import os
import shutil
from importlib.resources import files
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

__all__ = ["axe_violations", "browser"]

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_ARGUMENTS = (
    "--no-sandbox",  # which root, in containers, may not have
    "--disable-gpu",
    "--disable-background-networking",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)


# Not for the session: while Playwright runs, no test of its process has an event loop of its own.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Start a browser; where there is none the test is skipped, but never in CI."""
    path = next(filter(None, map(shutil.which, _NAMES)), None)
    if path is None:
        message = f"no browser is installed ({', '.join(_NAMES)}): make browser"
        pytest.fail(message) if os.environ.get("CI") else pytest.skip(message)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=_ARGUMENTS)
        yield started
        started.close()


def axe_violations(page: Page) -> list[tuple[str, list[str]]]:
    """Return the rules of axe-core that a page breaks, each with the elements that do."""
    axe = (files("axe_playwright_python") / "axe.min.js").read_text("utf-8")
    page.evaluate(f"{axe};0")  # by the debugger: the page's own policy lets no script in
    found = page.evaluate("async () => (await axe.run()).violations")
    return [(rule["id"], [node["html"] for node in rule["nodes"]]) for rule in found]
