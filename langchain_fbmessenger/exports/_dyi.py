"""Read one JSON file of "Download your information" (variants A, A0, E, G) into records.

Bytes go in, a `ThreadPart` or a `NotAThreadError` comes out: text repaired, messages in the order
of time, what the fields show to be no person's message marked. Facts: sections 3 and 4 of
docs/formats.md.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from langchain_fbmessenger._gc import without_gc
from langchain_fbmessenger._names import normal_name
from langchain_fbmessenger.exports._encoding import BYTE_ORDER_MARK, read_repaired
from langchain_fbmessenger.exports._part import (
    Outline,
    ThreadPart,
    Variant,
    outline_of,
    sorted_stamps,
)
from langchain_fbmessenger.exports._wire import (
    ThreadFile,
    ThreadSketch,
    WireMessage,
    decode_sketch,
    decode_thread_file,
)
from langchain_fbmessenger.exports.records import Attachment, Call, Message, Reaction, Share

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["decode_thread_part", "outline_thread_part"]


# Lists of media by the key that Meta gives them; a sticker is one object and stands apart.
_MEDIA_KINDS = {
    "photos": "photo",
    "videos": "video",
    "audio_files": "audio",
    "files": "file",
    "gifs": "gif",
}
# `type` vanished in late 2022, so it helps with older exports only.
_EVENT_TYPES = {"Subscribe", "Unsubscribe", "Payment", "Plan"}


def outline_thread_part(raw: bytes) -> Outline:
    """Return what a file says of its thread, who wrote and when, in a third of the time.

    Args:
        raw: The bytes of the file.

    Raises:
        NotAThreadError: The file is broken or holds something else.
    """
    text = raw.removeprefix(BYTE_ORDER_MARK)
    sketch = decode_sketch(text)
    if sketch is None:
        return outline_of(decode_thread_part(raw))
    return read_repaired(text, lambda repair: _to_outline(sketch, repair))


@without_gc
def decode_thread_part(raw: bytes) -> ThreadPart:
    """Decode a file of a thread.

    Args:
        raw: The bytes of the file.

    Returns:
        The part of the thread that it holds, its text repaired.

    Raises:
        NotAThreadError: The file is broken or holds something else.
    """
    raw = raw.removeprefix(BYTE_ORDER_MARK)  # one exporter's fixture starts with it
    file, malformed = decode_thread_file(raw)
    return read_repaired(raw, lambda repair: _to_part(file, repair, malformed))


def _to_outline(sketch: ThreadSketch, repair: Callable[[str], str]) -> Outline:
    name_of = _names(repair)
    by_sender: defaultdict[str | None, list[int]] = defaultdict(list)
    for m in sketch.messages:
        time = m.time()
        if time is not None:
            by_sender[m.sender_name].append(time)
    stamps: defaultdict[str, list[int]] = defaultdict(list)
    for name, theirs in by_sender.items():
        stamps[name_of(name)] += theirs
    return Outline(
        variant=_variant(sketch),
        index=0,
        title=_title(sketch, repair),
        participants=_participants(sketch, name_of),
        senders=list(dict.fromkeys(name_of(m.sender_name) for m in sketch.messages)),
        thread_path=repair(sketch.thread_path) if sketch.thread_path else None,
        declared_group=sketch.declared_group,
        found=len(sketch.messages),
        first=min(map(min, stamps.values()), default=None),
        last=max(map(max, stamps.values()), default=None),
        stamps=sorted_stamps(stamps),
        precision=_precision(sketch),
    )


def _to_part(file: ThreadFile, repair: Callable[[str], str], malformed: int) -> ThreadPart:
    name_of = _names(repair)
    skipped = Counter({"malformed": malformed} if malformed else {})
    times = [m.time() for m in file.messages]
    known = [time for time in times if time is not None]
    # Meta writes newest first. Turning the list round before the stable sort puts messages with
    # the same stamp into their true order. Where all have the same, a hand-made file is believed.
    is_falling = bool(known) and (
        known[0] > known[-1] or (known[0] == known[-1] and _variant(file) != "E")
    )
    direction = -1 if is_falling else 1
    messages = []
    for m, time in zip(file.messages[::direction], times[::direction], strict=True):
        if time is None:
            skipped["no time"] += 1
            continue
        system = _reason_of_meta(m)
        if system or m.content or m.has_media() or m.share or m.reactions:
            messages.append(_to_message(m, time, system, repair, name_of))
        else:
            skipped["empty"] += 1  # view-once, expired or removed
    messages.sort(key=lambda message: message.timestamp_ms)
    return ThreadPart(
        variant=_variant(file),
        title=_title(file, repair),
        participants=_participants(file, name_of),
        thread_path=repair(file.thread_path) if file.thread_path else None,
        declared_group=file.declared_group,
        messages=messages,
        found=len(file.messages) + malformed,
        skipped=skipped,
        precision=_precision(file),
    )


def _names(repair: Callable[[str], str]) -> Callable[[str | None], str]:
    names: dict[str, str] = {}  # few people write many messages

    def name_of(raw_name: str | None) -> str:
        key = raw_name or ""
        if key not in names:
            names[key] = normal_name(repair(key))
        return names[key]

    return name_of


def _variant(file: ThreadFile | ThreadSketch) -> Variant:
    if file.is_group_copy:
        return "G"
    if any(m.timestamp_ms is None and m.timestamp is not None for m in file.messages):
        return "A0"
    return "E" if file.thread_path is None else "A"


def _precision(file: ThreadFile | ThreadSketch) -> int:
    return 1000 if _variant(file) == "A0" else 1


def _title(file: ThreadFile | ThreadSketch, repair: Callable[[str], str]) -> str | None:
    title = file.title or file.thread_name
    return normal_name(repair(title)) if title else None


def _participants(
    file: ThreadFile | ThreadSketch, name_of: Callable[[str | None], str]
) -> list[str] | None:
    return None if file.participants is None else [name_of(p.name) for p in file.participants]


def _reason_of_meta(m: WireMessage) -> str | None:
    if m.is_unsent or m.is_taken_down:  # by value: exports of 2021-22 carry `false` everywhere
        return "unsent"
    if m.call_duration is not None or m.missed or m.type == "Call":
        return "call"
    if m.users or m.type in _EVENT_TYPES:
        return "group event"
    return None


def _to_message(
    m: WireMessage,
    time: int,
    system: str | None,
    repair: Callable[[str], str],
    name_of: Callable[[str | None], str],
) -> Message:
    text = repair(m.content) if m.content else None
    message = Message(name_of(m.sender_name), time, text, system=system)
    if system == "call":
        # `missed` alone is not enough: 284 of 855 missed calls carried it.
        seconds = m.call_duration
        message.call = Call(None if seconds is None else int(seconds), missed=bool(m.missed))
    if m.reactions:
        # Exports of 2021-22 list each reaction twice.
        message.reactions = tuple(
            dict.fromkeys(
                Reaction(actor=name_of(r.actor), reaction=repair(r.reaction))
                for r in m.reactions
                if r.reaction
            )
        )
    if m.has_media():
        message.attachments = tuple(_attachments(m, repair))
    if m.share:
        share = Share(
            link=repair(m.share.link) if m.share.link else None,
            text=repair(m.share.share_text) if m.share.share_text else None,
        )
        message.share = share if share != Share() else None
    return message


def _attachments(m: WireMessage, repair: Callable[[str], str]) -> Iterator[Attachment]:
    for key, kind in _MEDIA_KINDS.items():
        for media in getattr(m, key) or ():
            yield Attachment(kind=kind, uri=repair(media.uri or ""))
    if m.sticker:
        yield Attachment(kind="sticker", uri=repair(m.sticker.uri or ""))
