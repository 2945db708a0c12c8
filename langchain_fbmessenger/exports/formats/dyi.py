"""Read one JSON file of "Download your information" (variants A, A0, E, G) into records.

Bytes go in, a `ThreadPart` or a `NotAThreadError` comes out: text repaired, messages in the order
of time, what the fields show to be no person's message marked. Facts: sections 3 and 4 of
docs/formats.md.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from functools import cache
from typing import TYPE_CHECKING, cast

from langchain_fbmessenger._internal.collector import without_gc
from langchain_fbmessenger._internal.names import NormalNames, normal_name
from langchain_fbmessenger.exports.formats.mojibake import (
    BYTE_ORDER_MARK,
    read_repaired,
    repaired_texts,
)
from langchain_fbmessenger.exports.formats.part import (
    Outline,
    ThreadPart,
    Variant,
    outline_of,
    sorted_stamps,
)
from langchain_fbmessenger.exports.formats.wire import (
    ThreadFile,
    ThreadSketch,
    WireMessage,
    decode_sketch,
    decode_thread_file,
    times_of,
)
from langchain_fbmessenger.exports.records import (
    Attachment,
    Call,
    Extra,
    Messages,
    Reaction,
    Share,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

__all__ = ["decode_thread_part", "outline_thread_part"]


# `type` vanished in late 2022, so it helps with older exports only.
_EVENT_TYPES = {"Subscribe", "Unsubscribe", "Payment", "Plan"}
_TELLING_TYPES = {"Call", *_EVENT_TYPES}
_BLOCK = 256  # messages


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
    file, malformed, is_in_order = decode_thread_file(raw)
    part = read_repaired(raw, lambda repair: _to_part(file, repair, malformed))
    if not is_in_order:
        part.senders = None  # as its outline, which is made of its records
    return part


def _to_outline(sketch: ThreadSketch, repair: Callable[[str], str]) -> Outline:
    names, variant = NormalNames(repair), _variant(sketch)
    senders, times = [m.sender_name for m in sketch.messages], times_of(sketch.messages)
    writers = _writers(senders, names)
    of_sender: defaultdict[str | None, list[int]] = defaultdict(list)
    stamps: defaultdict[str, list[int]] = defaultdict(list)
    for sender, time in zip(senders, times, strict=True):
        if time is not None:
            of_sender[sender].append(time)
    for sender, theirs in of_sender.items():
        stamps[names[sender]] += theirs
    return Outline(
        variant=variant,
        index=0,
        title=_title(sketch, repair),
        participants=_participants(sketch, names),
        senders=writers,
        thread_path=repair(sketch.thread_path) if sketch.thread_path else None,
        declared_group=sketch.declared_group,
        found=len(sketch.messages),
        first=min(map(min, stamps.values()), default=None),
        last=max(map(max, stamps.values()), default=None),
        stamps=sorted_stamps(stamps),
        precision=_precision(variant),
    )


def _to_part(file: ThreadFile, repair: Callable[[str], str], malformed: int) -> ThreadPart:
    names = NormalNames(repair)
    reaction_of = _reactions(repair, names)
    skipped = Counter({"malformed": malformed} if malformed else {})
    wire, times, variant = file.messages, times_of(file.messages), _variant(file)
    writers: list[str] | None = None
    if None in times:
        writers = _writers([m.sender_name for m in wire], names)
        timed = [index for index, time in enumerate(times) if time is not None]
        skipped["no time"] = len(times) - len(timed)
        wire, times = [wire[index] for index in timed], [times[index] for index in timed]
    messages = Messages([], cast("list[int]", times), [], {})
    senders, texts, extras = messages.senders, messages.texts, messages.extras
    rare = list[int]()
    # Block by block: to fetch a message from memory takes longer than anything that is done to it.
    for start in range(0, len(wire), _BLOCK):
        block = wire[start : start + _BLOCK]
        senders += [names[m.sender_name] for m in block]
        texts += repaired_texts([m.content for m in block], repair)
        for index, m in enumerate(block, start):
            if (
                m.reactions or m.photos or m.share or m.videos or m.audio_files or m.sticker
                or m.files or m.gifs or m.users or m.is_unsent or m.is_taken_down or m.missed
                or m.call_duration is not None or (m.type is not None and m.type in _TELLING_TYPES)
            ):  # fmt: skip
                rare.append(index)
                extra = _to_extra(m, repair, reaction_of)
                if extra is not None:
                    extras[index] = extra
    writers = writers or [*dict.fromkeys(senders)]
    is_newest_first = _is_newest_first(messages.times, variant)
    wanted: list[object] = [*texts]
    for index in rare:
        wanted[index] = True
    if not all(wanted):
        messages = messages.where(wanted)
        skipped["empty"] = len(wire) - len(messages)  # view-once, expired or removed
    if is_newest_first:
        messages = messages.turned_round()
    return ThreadPart(
        variant=variant,
        title=_title(file, repair),
        participants=_participants(file, names),
        thread_path=repair(file.thread_path) if file.thread_path else None,
        declared_group=file.declared_group,
        messages=messages.in_order(),
        found=len(file.messages) + malformed,
        skipped=skipped,
        precision=_precision(variant),
        senders=writers,
    )


def _writers(senders: Iterable[str | None], names: NormalNames) -> list[str]:
    """Return everybody who wrote, once."""
    return list(dict.fromkeys([names[sender] for sender in dict.fromkeys(senders)]))


def _is_newest_first(times: Sequence[int], variant: Variant) -> bool:
    """Tell whether messages are written as Meta does.

    Turning the list round before the stable sort puts messages with the same stamp into their true
    order. Where all have the same, a hand-made file is believed.
    """
    return bool(times) and (times[0] > times[-1] or (times[0] == times[-1] and variant != "E"))


def _reactions(
    repair: Callable[[str], str], names: NormalNames
) -> Callable[[str | None, str], Reaction]:
    return cache(lambda actor, reaction: Reaction(names[actor], repair(reaction)))


def _variant(file: ThreadFile | ThreadSketch) -> Variant:
    if file.is_group_copy:
        return "G"
    if None in [m.timestamp_ms for m in file.messages] and any(
        m.timestamp_ms is None and m.timestamp is not None for m in file.messages
    ):
        return "A0"
    return "E" if file.thread_path is None else "A"


def _precision(variant: Variant) -> int:
    return 1000 if variant == "A0" else 1


def _title(file: ThreadFile | ThreadSketch, repair: Callable[[str], str]) -> str | None:
    title = file.title or file.thread_name
    return normal_name(repair(title)) if title else None


def _participants(file: ThreadFile | ThreadSketch, names: NormalNames) -> list[str] | None:
    return None if file.participants is None else [names[p.name] for p in file.participants]


def _reason_of_meta(m: WireMessage) -> str | None:
    if m.is_unsent or m.is_taken_down:  # by value: exports of 2021-22 carry `false` everywhere
        return "unsent"
    if m.call_duration is not None or m.missed or m.type == "Call":
        return "call"
    if m.users or m.type in _EVENT_TYPES:
        return "group event"
    return None


def _to_extra(
    m: WireMessage,
    repair: Callable[[str], str],
    reaction_of: Callable[[str | None, str], Reaction],
) -> Extra | None:
    """Return what a message has beside its text; None where all of it says nothing."""
    system, call, share = _reason_of_meta(m), None, None
    reactions: tuple[Reaction, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    if system == "call":
        # `missed` alone is not enough: 284 of 855 missed calls carried it.
        seconds = m.call_duration
        call = Call(None if seconds is None else int(seconds), missed=bool(m.missed))
    if m.reactions:
        given = [reaction_of(r.actor, r.reaction) for r in m.reactions if r.reaction]
        # Exports of 2021-22 list each reaction twice.
        reactions = tuple(given if len(given) == 1 else dict.fromkeys(given))
    if m.photos or m.videos or m.audio_files or m.files or m.gifs or m.sticker:
        several = (
            ("photo", m.photos),
            ("video", m.videos),
            ("audio", m.audio_files),
            ("file", m.files),
            ("gif", m.gifs),
            ("sticker", m.sticker and [m.sticker]),
        )
        attachments = tuple(
            [
                Attachment(kind, repair(media.uri or ""))
                for kind, media_of_kind in several
                if media_of_kind
                for media in media_of_kind
            ]
        )
    if m.share and (m.share.link or m.share.share_text):
        share = Share(
            link=repair(m.share.link) if m.share.link else None,
            text=repair(m.share.share_text) if m.share.share_text else None,
        )
    if not (system or reactions or attachments or share):
        return None
    return Extra(reactions, attachments, share, call, system)
