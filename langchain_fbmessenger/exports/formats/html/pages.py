"""Read one HTML page of Meta's exports (variant C, generations H1 to H4, I3 and I4) into records.

Bytes go in, an `HtmlPage` or a `NotAThreadError` comes out. The page is cut at the tags that open
messages, and each of their layouts is parsed once. A page is never parsed as one tree, in which a
tag that one message left open would cost the others. Text is proper UTF-8
and never repaired. Facts: section 6 of docs/formats.md.
"""

from __future__ import annotations

import re
from collections import Counter
from operator import itemgetter
from typing import TYPE_CHECKING

import msgspec

from langchain_fbmessenger._internal.collector import without_gc
from langchain_fbmessenger.exports.formats.html.blocks import (
    UNKNOWN_HTML,
    Block,
    classes_at,
    opening_tags,
    read_blocks,
)
from langchain_fbmessenger.exports.formats.html.content import ReactionReader
from langchain_fbmessenger.exports.formats.html.dates import DateReader, WallTime
from langchain_fbmessenger.exports.formats.html.head import PageHead, people_of_header, read_head
from langchain_fbmessenger.exports.formats.html.layouts import LayoutReader
from langchain_fbmessenger.exports.formats.html.pages_of_2018 import (
    find_threads_2018,
    is_page_of_2018,
    read_blocks_2018,
    read_heading_2018,
)
from langchain_fbmessenger.exports.formats.html.zone import Clock
from langchain_fbmessenger.exports.formats.lenient import NotAThreadError
from langchain_fbmessenger.exports.formats.mojibake import BYTE_ORDER_MARK
from langchain_fbmessenger.exports.formats.part import ThreadPart
from langchain_fbmessenger.exports.records import Message
from langchain_fbmessenger.exports.report import NOT_A_THREAD

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator
    from datetime import tzinfo

    from langchain_fbmessenger.exports.formats.html.content import Content
    from langchain_fbmessenger.exports.formats.part import Variant

    ZoneOf = Callable[[str, int | None, Collection[str]], tzinfo]
    _Timed = tuple[str, int, Content]
    _ToMessages = Callable[[list[_Timed], ReactionReader], list[Message]]

__all__ = [
    "UNKNOWN_HTML",
    "HtmlPage",
    "decode_page",
    "looks_like_html",
    "outline_page",
]

_HTML = re.compile(
    rb"\s*(?:<\?xml[^<>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body|title|meta)\b",
    re.IGNORECASE | re.DOTALL,
)
_BLOCK_TOKENS = (b"_a6-g", b"_2lej")  # H3, H4, I3, I4; H2
# Parts of messages, looked for where no block is known. Index and settings pages have none.
_TRACES = (b"_a6-o", b"_a6-p", b"_a72d", b"_2lem", b"_2let", b"message_header")
_PRECISIONS = {"minute": 60_000, "second": 1000}
_LAYOUTS = LayoutReader(read_blocks)
_H2_HEADING = re.compile(rb"<h2\b[^<>]*\b_a6-h\b")


class HtmlPage(msgspec.Struct):
    """One page.

    Attributes:
        generation: "H1", "H2", "H3", "H4", "I3" or "I4", as section 6 of docs/formats.md has them.
        owner: The owner of the export, if the page names one.
        utc_offset_minutes: The zone of the export's own date, if the page states it. Messages of
            the other half of the year may be an hour off it.
        has_zone: Whether all dates name their zone, so that it was not assumed.
        precision_ms: The unit of the dates; 1 without dates.
        threads: One; pages of 2018 and before (H1) may hold all threads of an account. Each block
            of a message counts as found; skipped are those with "no time" and "empty" ones.
    """

    generation: Variant
    owner: str | None
    utc_offset_minutes: int | None
    has_zone: bool
    precision_ms: int
    threads: list[ThreadPart]


class _RawThread(msgspec.Struct, gc=False):
    """A thread whose blocks stand as in the page."""

    title: str | None
    participants: list[str] | None
    blocks: list[Block]


def looks_like_html(head: bytes) -> bool:
    """Return whether a file that begins like this is an HTML page."""
    return _HTML.match(head.removeprefix(BYTE_ORDER_MARK)) is not None


@without_gc
def decode_page(raw: bytes, zone_of: ZoneOf) -> HtmlPage:
    """Decode a page.

    Args:
        raw: The bytes of the file.
        zone_of: Returns the zone of dates that name none, given the generation, the offset in
            minutes that the page states for the day of the export (or None), and the names of
            unknown zones. It is not called if all dates name a known zone.

    Returns:
        The page's threads.

    Raises:
        NotAThreadError: The page holds something else, or has an unknown layout.
    """
    return _decode(raw, zone_of, _to_messages)


@without_gc
def outline_page(raw: bytes, zone_of: ZoneOf) -> HtmlPage:
    """Decode a page with the senders and times of its messages only."""

    def without_contents(timed: list[_Timed], _: ReactionReader) -> list[Message]:
        return [Message(sender, stamp) for sender, stamp, _ in timed]

    return _decode(raw, zone_of, without_contents)


def _decode(raw: bytes, zone_of: ZoneOf, to_messages: _ToMessages) -> HtmlPage:
    if is_page_of_2018(raw):
        generation: Variant = "H1"
        head, raws = _read_threads_2018(raw)
    else:
        generation, head, thread = _read_thread(raw)
        raws = [thread]
    dates = [block.date for thread in raws for block in thread.blocks]
    reader = DateReader(filter(None, dates), head.lang)
    walls = [reader.parse(date) if date else None for date in dates]
    read = [wall for wall in walls if wall is not None]
    has_zone = bool(read) and all(wall.zone is not None for wall in read)
    needs_zone = bool(read) and not has_zone
    unknown = {wall.unknown_zone for wall in read} - {""}
    stated = head.utc_offset_minutes
    clock = Clock(zone_of(generation, stated, unknown) if needs_zone else None)
    people = {block.sender for thread in raws for block in thread.blocks if block.sender}
    people |= {name for thread in raws for name in thread.participants or ()}
    if generation == "H1":  # the heading of the page, if it is not just "Messages"
        owner = head.heading if head.heading in people else None
    else:
        owner = head.find_owner(people)
    reactions = ReactionReader(people | {owner or ""})
    precision = min((_PRECISIONS[wall.precision] for wall in read), default=1)
    times = iter(walls)
    threads = []
    for thread in raws:
        timed, skipped, unknown_zones = _timed(thread, times, clock)
        found, thread.blocks = len(thread.blocks), []
        threads.append(
            ThreadPart(
                variant=generation,
                title=thread.title,
                participants=thread.participants,
                messages=to_messages(timed, reactions),
                found=found,
                skipped=skipped,
                unknown_zones=unknown_zones,
                owner=owner,
                precision=precision,
            )
        )
    return HtmlPage(
        generation=generation,
        owner=owner,
        utc_offset_minutes=head.utc_offset_minutes,
        has_zone=has_zone,
        precision_ms=precision,
        threads=threads,
    )


def _read_threads_2018(raw: bytes) -> tuple[PageHead, list[_RawThread]]:
    spans = find_threads_2018(raw)
    threads: dict[tuple[str, ...], _RawThread] = {}
    for start, end in spans:
        title, people = read_heading_2018(raw, start, end)
        blocks = read_blocks_2018(raw, start, end)
        # A long thread goes on under a second heading with the same people [P].
        key = (title or "", *sorted(people)) if people else (str(start),)
        if key in threads:
            threads[key].blocks += blocks
        else:
            threads[key] = _RawThread(title, people, blocks)
    return read_head(raw[: spans[0][0]], b""), list(threads.values())


def _read_thread(raw: bytes) -> tuple[Variant, PageHead, _RawThread]:
    starts = _find_blocks(raw)
    if not starts:
        is_trace = any(trace in raw for trace in _TRACES)
        raise NotAThreadError(UNKNOWN_HTML if is_trace else NOT_A_THREAD)
    ends = [*starts[1:], len(raw)]
    spans = zip(starts, ends, strict=True)
    blocks = _LAYOUTS.read(raw, spans)
    head = read_head(raw[: starts[0]], raw[starts[-1] :])
    # Above the messages stand blocks without a date: participants, a picture, "pending".
    first = next((n for n, block in enumerate(blocks) if block.date), len(blocks))
    senders = {block.sender for block in blocks[first:] if block.sender}
    # But such a block by a person who writes below is their newest message, without its date.
    undated = (n for n, b in enumerate(blocks[:first]) if b.sender in senders and b.content)
    first = next(undated, first)
    lists = (people_of_header(block.header, senders) for block in blocks[:first])
    participants = next(filter(None, lists), None)
    if participants is None and not any(b.date and b.content is not None for b in blocks):
        # Lists of friends, devices or posts have the same blocks, but not with all three parts.
        is_message = any(block.sender and block.content is not None for block in blocks)
        raise NotAThreadError(UNKNOWN_HTML if is_message and first else NOT_A_THREAD)
    thread = _RawThread(head.heading or head.title, participants, blocks[first:])
    return _generation(raw, starts[0]), head, thread


def _find_blocks(raw: bytes) -> list[int]:
    """Return where the blocks of messages begin."""
    return next(filter(None, (opening_tags(raw, token) for token in _BLOCK_TOKENS)), [])


def _generation(raw: bytes, start: int) -> Variant:
    tokens = classes_at(raw, start)
    if b"_2lej" in tokens:
        return "H2"
    is_new = _H2_HEADING.search(raw, start) is not None  # senders became headings in 2025
    if b"uiBoxWhite" in tokens:
        return "I4" if is_new else "I3"
    return "H4" if is_new else "H3"


def _timed(
    thread: _RawThread, times: Iterator[WallTime | None], clock: Clock
) -> tuple[list[_Timed], Counter[str], Counter[str]]:
    """Return sender, moment and content of messages, oldest first, and two counts.

    The first counts skipped messages by reason, the second messages by unknown zones.
    """
    skipped: Counter[str] = Counter()
    dated: list[tuple[str, WallTime, Content]] = []
    for block, wall in zip(thread.blocks, times, strict=False):
        if wall is None:
            skipped["no time"] += 1
        elif block.content is None or block.content.is_empty():
            skipped["empty"] += 1
        else:
            dated.append((block.sender or "", wall, block.content))
    unknown = Counter(wall.unknown_zone for _, wall, _ in dated if wall.unknown_zone)
    stamps = [clock.milliseconds(wall) for _, wall, _ in dated]
    # Meta writes newest first, and to the minute: reversed, the stable sort keeps ties in order.
    if not stamps or stamps[0] >= stamps[-1]:
        dated.reverse()
        stamps.reverse()
    timed: list[_Timed] = []
    previous = stamps[0] if stamps else 0
    for (sender, wall, content), stamp in zip(dated, stamps, strict=True):
        # A step back in time: it is the second of the hours that clocks show twice in autumn.
        again = clock.second_time(wall) if stamp < previous else stamp
        previous = again if again >= previous else stamp
        timed.append((sender, previous, content))
    timed.sort(key=itemgetter(1))
    return timed, skipped, unknown


def _to_messages(timed: list[_Timed], reactions: ReactionReader) -> list[Message]:
    messages = []
    for sender, stamp, content in timed:
        message = Message(sender, stamp, content.text)
        if content.reactions:
            read = (reactions.read(line) for line in content.reactions)
            message.reactions = tuple(dict.fromkeys(found for found in read if found is not None))
        if content.attachments:
            message.attachments = content.attachments
        if content.share:
            message.share = content.share
        messages.append(message)
    return messages
