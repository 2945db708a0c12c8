"""Write large exports of invented messages as Meta does, quickly: a thread is a few strings.

`bulk` has short runs, texts of many scripts that all end in their number, photos and reactions;
`plain` has runs of 1.7 messages, whose texts are twelve words in some order, without a digit;
`one thread` is bulk in a single conversation, in as many files as Meta makes of it.
"""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["OWNER", "as_meta_writes", "write_bulk", "write_one_thread", "write_plain"]

OWNER = "Zoë Ångström"
PART = 10_000  # messages; Meta begins another file after as many
_PLAIN_WORDS = "the café is open and Łucja brings crêpes 😂 than we eat"
_BULK_WORDS = (
    "the a to of in you I it that was on are with be have this not but at we they what so just "
    "like going tomorrow tonight haha yeah okay sure maybe pizza beer work train home café naïve "
    "😂 👍🏽 ❤️ zażółć gęślą jaźń привет как дела 今日は 元気 مرحبا שלום "
    "“quoted” – dash … it’s 100% "  # noqa: RUF001 - as phones write
    '\\u00e9 C:\\new "said" Ã©clair {x} </b> &amp; 🇨🇿 👨‍👩‍👧'
)
_EMOJI = ["❤", "😂", "😮", "👍", "😢", "❤️", "🥲"]
_SOON, _LATER = (2_000, 15_000, 60_000), (3_600_000, 86_400_000)  # ms from a message to the next
_SHARE_OF_TEXTS = 0.88
_SHARE_OF_REACTIONS = 0.1
_PHOTO = (
    '   "photos": [\n    {\n     "uri": "messages/inbox/x/photos/1.jpg",\n'
    '     "creation_timestamp": 1600000000\n    }\n   ],\n'
)


def as_meta_writes(text: str) -> str:
    """Return a text as it stands in an export: its bytes of UTF-8, each a character."""
    return text.encode().decode("latin-1")


def write_bulk(export: Path, messages: int) -> None:
    """Write threads of 10,000 messages, or one."""
    rng = random.Random(7)  # noqa: S311 - no secret
    threads, size = _threads(messages)
    for thread in range(threads):
        start = 1_600_000_000_000 + thread
        blocks = _bulk_messages(rng, thread, start=start, steps=_SOON + _LATER, size=size)
        _write_parts(export, f"friend{thread}_{10**15 + thread}", _friend(thread), [blocks])


def _threads(messages: int) -> tuple[int, int]:
    threads = max(1, messages // PART)
    return threads, messages // threads


def write_one_thread(export: Path, messages: int) -> None:
    """Write one thread; its first file holds the newest messages."""
    rng = random.Random(7)  # noqa: S311 - no secret
    # A million steps as above would take more than five hundred years.
    start, steps = 1_100_000_000_000, _SOON * 32 + _LATER
    blocks = _bulk_messages(rng, 0, start=start, steps=steps, size=messages)
    parts = [blocks[start : start + PART] for start in range(0, messages, PART)]
    _write_parts(export, f"friend0_{10**15}", _friend(0), parts)


def _friend(thread: int) -> str:
    return f"Friend {thread} Łoś"


def _bulk_messages(
    rng: random.Random, thread: int, *, start: int, steps: tuple[int, ...], size: int
) -> list[str]:
    """Return the JSON of a thread's messages, the newest first."""
    words = [_quoted(word)[1:-1] for word in _BULK_WORDS.split(" ")]
    senders, emoji = (_quoted(OWNER), _quoted(_friend(thread))), [_quoted(one) for one in _EMOJI]
    now, blocks = start, []
    for number in range(size):
        now += rng.choice(steps)
        body = _PHOTO
        if rng.random() < _SHARE_OF_TEXTS:
            text = " ".join(rng.choices(words, k=rng.randint(1, 22)))
            body = f'   "content": "{text} {thread}-{number}",\n'
        if rng.random() < _SHARE_OF_REACTIONS:
            body += (
                f'   "reactions": [\n    {{\n     "reaction": {rng.choice(emoji)},\n'
                f'     "actor": {senders[0]}\n    }}\n   ],\n'
            )
        blocks.append(
            f'  {{\n   "sender_name": {rng.choice(senders)},\n   "timestamp_ms": {now},\n'
            f'{body}   "is_geoblocked_for_viewer": false\n  }}'
        )
    blocks.reverse()
    return blocks


def _write_parts(export: Path, name: str, friend: str, parts: list[list[str]]) -> None:
    folder = export / "messages/inbox" / name
    folder.mkdir(parents=True)
    for number, blocks in enumerate(parts, 1):
        (folder / f"message_{number}.json").write_text(
            f'{{\n "participants": [\n  {{"name": {_quoted(friend)}}},\n'
            f'  {{"name": {_quoted(OWNER)}}}\n ],\n "messages": [\n'
            + ",\n".join(blocks)
            + f'\n ],\n "title": {_quoted(friend)},\n "is_still_participant": true,\n'
            f' "thread_path": "inbox/{name}",\n "magic_words": []\n}}\n',
            encoding="ascii",
        )


def write_plain(export: Path, messages: int) -> None:
    """Write threads of 10,000 messages, or one."""
    rng = random.Random(1)  # noqa: S311 - no secret
    words = _PLAIN_WORDS.split()
    threads, size = _threads(messages)
    for thread in range(threads):
        friend = f"Friend №{thread}"
        written, sender = [], friend
        for number in range(size):
            if rng.random() < 0.6:
                sender = OWNER if sender == friend else friend
            text = " ".join(rng.choices(words, k=rng.randint(2, 14)))
            written.append(
                {
                    "sender_name": as_meta_writes(sender),
                    "timestamp_ms": 1_700_000_000_000 - number * 61_000,
                    "content": as_meta_writes(text),
                    "is_geoblocked_for_viewer": False,
                }
            )
        path = export / "your_facebook_activity/messages/inbox" / f"friend_{thread}/message_1.json"
        path.parent.mkdir(parents=True)
        names = [{"name": as_meta_writes(name)} for name in (friend, OWNER)]
        file = {"participants": names, "messages": written, "title": as_meta_writes(friend)}
        path.write_text(json.dumps(file, indent=2), encoding="ascii")


def _quoted(text: str) -> str:
    return json.dumps(as_meta_writes(text))
