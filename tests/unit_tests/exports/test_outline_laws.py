"""An outline of a file of JSON tells what its messages do, whatever the fields hold."""

from __future__ import annotations

import json
from datetime import timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from langchain_fbmessenger.exports.formats.detect import decode_file, outline_file
from langchain_fbmessenger.exports.formats.lenient import NotAThreadError
from langchain_fbmessenger.exports.formats.part import outline_of
from tests.hypothesis_profiles import profile_examples

relaxed = settings(max_examples=profile_examples(4))
words = st.sampled_from(["", " ", "Al", "Zoë  Brandt", "Zoe\u0308 Brandt", "Bo", "\0", "\ud800"])
times = st.sampled_from(
    [0, 1_700_000_000_000, 1_700_000_000, 1.5e12, "1700000000001", "2019-03-04T05:06:07.123+00:00"]
) | st.integers(1_600_000_000_000, 1_600_000_000_009)
odd: st.SearchStrategy[Any] = st.sampled_from(
    [None, True, False, 0, 10**30, -1, 1.5, "x", [], [1], {}, {"uri": 1}, [{}], [None], "yesterday"]
)


def usually(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(*[values] * 5, odd)


def listed(key: str) -> st.SearchStrategy[Any]:
    return st.lists(st.fixed_dictionaries({}, optional={key: usually(words)}), max_size=2)


def records(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.fixed_dictionaries({}, optional={key: usually(v) for key, v in fields.items()})


encrypted = records(
    participants=st.lists(words, max_size=3),
    messages=st.lists(
        usually(
            records(
                senderName=words,
                timestamp=times,
                text=words,
                type=st.sampled_from(["text", "placeholder"]),
                isUnsent=st.booleans(),
                media=listed("uri"),
                reactions=st.lists(records(actor=words, reaction=words), max_size=2),
            )
        ),
        max_size=6,
    ),
).flatmap(
    # With this key, whatever it holds, a file is taken for one of an encrypted chat.
    lambda file: usually(words.map("{}_12".format)).map(lambda name: {**file, "threadName": name})
)
instagram = st.lists(
    usually(
        records(
            participants=st.lists(words, max_size=3),
            conversation=st.lists(
                usually(
                    records(
                        sender=words,
                        created_at=times,
                        text=words,
                        heart=words,
                        likes=listed("username"),
                        media=words,
                        media_share_url=words,
                        animated_media_images=odd,
                        video_call_action=words,
                    )
                ),
                max_size=6,
            ),
        )
    ),
    max_size=4,
)


@pytest.mark.parametrize("files", [encrypted, instagram], ids=["encrypted", "instagram"])
@relaxed
@given(st.data())
def test_an_outline_tells_what_the_messages_do(
    files: st.SearchStrategy[Any], data: st.DataObject
) -> None:
    raw = json.dumps(data.draw(files)).encode()
    if data.draw(st.integers(0, 9)) == 0:
        raw = raw.replace(b"B", b"\xff")
    results: list[Any] = []
    for read in (decode_file, outline_file):
        try:
            found: list[Any] = read(raw, lambda *_: timezone.utc)
        except NotAThreadError as error:
            results.append(str(error))
        else:
            is_whole = read is decode_file
            results.append([outline_of(p, n) for n, p in enumerate(found)] if is_whole else found)
    assert results[0] == results[1]
