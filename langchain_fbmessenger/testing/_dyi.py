"""Write "Download your information" as JSON: variants A, A0, E and G.

Threads go in, files come out, part by part. Facts: docs/formats.md, sections 1 to 4 and 9.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import msgspec

from langchain_fbmessenger.testing._files import (
    OutputFile,
    below,
    dyi_json,
    mojibake,
    pages_newest_first,
    plain_json,
    thread_folder,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from langchain_fbmessenger.exports.records import Attachment, Message, Reaction, Thread
    from langchain_fbmessenger.testing._files import Tally
    from langchain_fbmessenger.testing._options import Plan

__all__ = ["dyi_files", "group_copies", "hand_made_files"]

_BOM = b"\xef\xbb\xbf"
_MEDIA_KEYS = {
    "photo": "photos",
    "video": "videos",
    "audio": "audio_files",
    "file": "files",
    "gif": "gifs",
}
_STAYS_MOJIBAKE = 6  # one text in six, in a half-repaired file
_IP = "203.0.113.7"  # of the block that is reserved for documentation


def dyi_files(threads: Iterable[Thread], plan: Plan, tally: Tally) -> Iterator[OutputFile]:
    """Write variants A and A0: the parts of a thread, the newest first."""
    for thread in threads:
        tally.threads += 1
        folder = thread_folder(thread, plan.layout)
        for number, start, stop in _parts(thread, plan):
            name = "message.json" if plan.variant == "A0" else f"message_{number}.json"
            yield OutputFile(f"{folder}/{name}", [_thread_file(thread, start, stop, plan)])
            tally.messages += stop - start


def group_copies(threads: Iterable[Thread], plan: Plan, tally: Tally) -> Iterator[OutputFile]:
    """Write variant G: a second copy of each group, without participants."""
    root = plan.layout.messages.rpartition("/")[0]
    for thread in threads:
        tally.threads += 1
        tally.messages += len(thread.messages)
        copy = {
            "thread_name": thread.title,
            "messages": _messages(thread, 0, len(thread.messages), plan),
        }
        number = thread.id.rpartition("_")[2]
        name = below(root, "groups", "your_group_messages", f"{number}.json")
        yield OutputFile(name, [_encode(copy, plan)])


def hand_made_files(threads: Iterable[Thread], plan: Plan, tally: Tally) -> Iterator[OutputFile]:
    """Write variant E: proper text in the shape of A, as LangChain's sample has it."""
    namesakes: Counter[str] = Counter()
    for thread in threads:
        tally.threads += 1
        written = [m for m in reversed(thread.messages) if m.text]
        tally.messages += len(written)
        name = thread.title.replace("/", "-")
        namesakes[name] += 1
        if namesakes[name] > 1:
            name += f" {namesakes[name]}"
        value = {
            "participants": [{"name": person} for person in thread.participants],
            "messages": [
                {"sender_name": m.sender, "timestamp_ms": m.timestamp_ms, "content": m.text}
                for m in written
            ],
            "title": thread.title,
        }
        file_name = "_".join(["messages", *name.split()]) + ".json"
        yield OutputFile(
            below(thread_folder(thread, plan.layout).rpartition("/")[0], name, file_name),
            [plain_json(value)],
        )


def _parts(thread: Thread, plan: Plan) -> Iterator[tuple[int, int, int]]:
    if plan.variant == "A0":  # the files of spring 2018 were not split
        yield 1, 0, len(thread.messages)
    else:
        yield from pages_newest_first(len(thread.messages), plan)


def _thread_file(thread: Thread, start: int, stop: int, plan: Plan) -> bytes:
    quirks = plan.quirks
    value: dict[str, Any] = {
        "participants": [{"name": name} for name in _owner_last(thread, plan)],
        "messages": _messages(thread, start, stop, plan),
        "title": thread.title,
        "is_still_participant": True,
    }
    if quirks.thread_types:
        value["thread_type"] = "RegularGroup" if thread.is_group else "Regular"
    if plan.variant != "A0":
        folder = plan.layout.folder_of(thread.folder)
        value["magic_words"] = [_magic_word(thread)] if quirks.magic_words else []
        value["thread_path"] = below(folder, thread.id)
        if folder == "message_requests":
            value["is_pending"] = True
    if quirks.joinable and thread.is_group:
        value["joinable_mode"] = {"mode": 1, "link": ""}
    return _encode(value, plan)


def _encode(value: Any, plan: Plan) -> bytes:
    encoded = dyi_json(value, plan.quirks.encoding)
    return _BOM + encoded if plan.quirks.bom else encoded


def _owner_last(thread: Thread, plan: Plan) -> list[str]:
    owner = plan.owner or thread.owner
    return sorted(thread.participants, key=lambda name: name == owner)


def _magic_word(thread: Thread) -> dict[str, Any]:
    time = thread.messages[0].timestamp_ms if thread.messages else 0
    return {"magic_word": "soup", "creation_timestamp_ms": time, "animation_emoji": "🍲"}


def _messages(thread: Thread, start: int, stop: int, plan: Plan) -> list[dict[str, Any]]:
    newest_first = reversed(thread.messages[start:stop])
    written = [_message(message, thread, plan) for message in newest_first]
    if plan.quirks.encoding == "half-repaired":
        for index, fields in enumerate(written):
            _half_repair(fields, keeps_text=index % _STAYS_MOJIBAKE == 0)
    return written


def _message(message: Message, thread: Thread, plan: Plan) -> dict[str, Any]:
    quirks = plan.quirks
    fields: dict[str, Any] = {"sender_name": message.sender}
    if plan.variant == "A0":
        fields["timestamp"] = message.timestamp_ms // 1000
    else:
        fields["timestamp_ms"] = message.timestamp_ms
    if message.text is not None:
        fields["content"] = message.text
    seconds = message.timestamp_ms // 1000
    for attachment in message.attachments:
        _attach(fields, attachment, seconds)
    if message.attachments and quirks.ip_addresses:
        fields["ip"] = _IP
    if message.share:
        share = {"link": message.share.link, "share_text": message.share.text}
        fields["share"] = {key: value for key, value in share.items() if value is not None}
    if message.reactions:
        listed = message.reactions * 2 if quirks.double_reactions else message.reactions
        fields["reactions"] = [_reaction(r, seconds, plan) for r in listed]
    if message.call:
        fields["call_duration"] = message.call.duration or 0
        if message.call.missed:
            fields["missed"] = True
    _add_era_fields(fields, message, thread, plan)
    return fields


def _attach(fields: dict[str, Any], attachment: Attachment, seconds: int) -> None:
    if attachment.kind == "sticker":  # one object, not a list
        fields["sticker"] = {"uri": attachment.uri}
    else:
        item: dict[str, Any] = {"uri": attachment.uri}
        if attachment.kind != "gif":
            item["creation_timestamp"] = seconds
        fields.setdefault(_MEDIA_KEYS[attachment.kind], []).append(item)


def _reaction(reaction: Reaction, seconds: int, plan: Plan) -> dict[str, Any]:
    fields: dict[str, Any] = {"reaction": reaction.reaction, "actor": reaction.actor}
    if plan.quirks.reaction_times:
        fields["timestamp"] = seconds + 60
    return fields


def _add_era_fields(fields: dict[str, Any], message: Message, thread: Thread, plan: Plan) -> None:
    quirks = plan.quirks
    is_event = message.system == "group event"
    if quirks.message_types:
        fields["type"] = (
            "Call" if message.call else "Subscribe" if is_event
            else "Share" if message.share else "Generic"
        )  # fmt: skip
        if is_event:
            others = [name for name in thread.participants if name != message.sender]
            fields["users"] = [{"name": name} for name in others[:1]]
    is_unsent = message.system == "unsent"
    if is_unsent or quirks.unsent_flags:
        fields["is_unsent"] = is_unsent
    if quirks.unsent_flags:
        fields["is_taken_down"] = False
    if quirks.geoblocked_flags:
        fields["is_geoblocked_for_viewer"] = False
        fields["is_unsent_image_by_messenger_kid_parent"] = False
    if quirks.bumped_metadata and message.text is not None:
        fields["bumped_message_metadata"] = {"bumped_message": message.text, "is_bumped": False}


def _half_repair(fields: dict[str, Any], *, keeps_text: bool) -> None:
    """Repair a message only in part, as a table of replacements does."""
    if keeps_text and "content" in fields:
        fields["content"] = mojibake(fields["content"])
    for reaction in fields.get("reactions", ()):
        for key in ("reaction", "actor"):
            reaction[key] = msgspec.Raw(dyi_json(reaction[key]))
