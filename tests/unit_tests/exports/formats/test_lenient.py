from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from langchain_fbmessenger.exports.formats.lenient import (
    NotAThreadError,
    convert_leniently,
    load_leniently,
)


class Inner(msgspec.Struct):
    uri: str | None = None


class Outer(msgspec.Struct):
    name: str | None = None
    sender: str | None = msgspec.field(name="senderName", default=None)
    media: list[Inner] | None = None


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ({"name": "a", "other": 1}, Outer("a")),
        ({"name": 7, "senderName": "b"}, Outer(sender="b")),
        ({"name": ["a"]}, Outer()),
        ({"media": "x"}, Outer()),
        ({"media": [{"uri": "p"}, 7, {"uri": 8}, None]}, Outer(media=[Inner("p")])),
    ],
)
def test_odd_fields_and_items_cost_only_themselves(found: dict[str, Any], expected: Outer) -> None:
    assert convert_leniently(found, Outer) == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b'["a\tb"]', ["a\tb"]),
        (b"[NaN, -Infinity, 1e999]", [None, None, None]),
        (b'["\xff"]', ["\ufffd"]),
        (b'["\\ud83d!"]', ["\ufffd!"]),
        (b'["\\ud83d\\ude00"]', ["😀"]),
    ],
)
def test_what_editors_leave_behind_is_read(raw: bytes, expected: list[Any]) -> None:
    assert load_leniently(raw) == expected


@pytest.mark.parametrize("raw", [b"", b"{", b'{"a": }', b"[" * 10_000, b'{"a":' * 100_000])
def test_broken_json_is_told(raw: bytes) -> None:
    with pytest.raises(NotAThreadError, match="broken JSON"):
        load_leniently(raw)


def test_duplicate_keys_give_the_last_value() -> None:
    assert load_leniently(b'{"a": 1, "a": 2}') == json.loads('{"a": 2}')
