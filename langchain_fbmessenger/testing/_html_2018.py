"""Write Facebook's first HTML pages, to spring 2018: variants H1 and H1-manifest.

Facts: docs/formats.md, sections 2 and 6.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from langchain_fbmessenger.testing._files import OutputFile
from langchain_fbmessenger.testing._html import escape, markup_text
from langchain_fbmessenger.testing._html_dates import Clock

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from langchain_fbmessenger.exports.records import Message, Thread
    from langchain_fbmessenger.testing._files import Tally
    from langchain_fbmessenger.testing._options import Plan

__all__ = ["manifest_and_pages", "one_page"]

_HEAD = (
    '<html><head><meta http-equiv="Content-Type" content="text/html; charset=utf-8" />'
    "<title>Messages</title></head><body>"
    '<div class="contents"><h1>Messages</h1><div>'
)
_TAIL = "</div></div></body></html>"


def one_page(threads: Iterable[Thread], plan: Plan, tally: Tally) -> Iterator[OutputFile]:
    """Write all threads into `html/messages.htm`."""
    yield OutputFile("html/messages.htm", _all_threads(threads, plan, tally))


def manifest_and_pages(threads: Iterable[Thread], plan: Plan, tally: Tally) -> Iterator[OutputFile]:
    """Write a page for each thread, and `html/messages.htm` with links to them."""
    links: list[str] = []
    for number, thread in enumerate(threads):
        yield OutputFile(f"messages/{number}.html", _one_thread(thread, plan, tally))
        names = escape(", ".join(thread.participants))
        links.append(f'<p><a href="../messages/{number}.html">{names}</a></p>')
    manifest = f"{_HEAD}{''.join(links)}{_TAIL}"
    yield OutputFile("html/messages.htm", [manifest.encode()])


def _all_threads(threads: Iterable[Thread], plan: Plan, tally: Tally) -> Iterator[bytes]:
    yield _HEAD.encode()
    for thread in threads:
        yield from _thread(thread, plan, tally)
    yield _TAIL.encode()


def _one_thread(thread: Thread, plan: Plan, tally: Tally) -> Iterator[bytes]:
    yield _HEAD.encode()
    yield from _thread(thread, plan, tally)
    yield _TAIL.encode()


def _thread(thread: Thread, plan: Plan, tally: Tally) -> Iterator[bytes]:
    tally.threads += 1
    tally.messages += len(thread.messages)
    clock = Clock(plan.variant, plan.html)
    yield f'<div class="thread">{escape(", ".join(thread.participants))}'.encode()
    for message in reversed(thread.messages):
        yield _block(message, clock).encode()
    yield b"</div>"


def _block(message: Message, clock: Clock) -> str:
    return (
        '<div class="message"><div class="message_header">'
        f'<span class="user">{escape(message.sender)}</span>'
        f'<span class="meta">{clock.show(message.timestamp_ms)}</span>'
        f"</div></div><p>{markup_text(message.text or '')}</p>"
    )
