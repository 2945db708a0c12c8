"""JSON that is broken somewhere; times as files write them: digits in quotes change nothing."""

# ruff: noqa: RUF001 - digits of other scripts are the subject
from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from langchain_fbmessenger import FacebookMessengerChatLoader
from langchain_fbmessenger.exports.formats.lenient import (
    NotAThreadError,
    convert_leniently,
    load_leniently,
    time_of_stamp,
)
from langchain_fbmessenger.testing import sample_threads, write_export

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

KEYS = {"timestamp_ms", "timestamp", "creation_timestamp", "created_at", "created_time"}


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
def test_broken_json_is_reported(raw: bytes) -> None:
    with pytest.raises(NotAThreadError, match="broken JSON"):
        load_leniently(raw)


def test_duplicate_keys_give_the_last_value() -> None:
    assert load_leniently(b'{"a": 1, "a": 2}') == json.loads('{"a": 2}')


@pytest.mark.parametrize(
    ("stamp", "expected"),
    [
        (1_522_000_000, 1_522_000_000_000),
        (1_522_000_000_123, 1_522_000_000_123),
        (1_522_000_000.5, 1_522_000_000_500),
        (-1, -1000),
        (0, 0),
        (10**17, None),
        (float("nan"), None),
        (float("inf"), None),
        (None, None),
        (True, None),
        ([], None),
        ({}, None),
    ],
)
def test_unit_of_a_time_is_recognised_by_its_size(stamp: object, expected: int | None) -> None:
    assert time_of_stamp(stamp) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1700000000123", 1_700_000_000_123),
        (" 1700000000123\n", 1_700_000_000_123),
        ("\u00a01700000000123\u00a0", 1_700_000_000_123),
        ("1700000000123.0", 1_700_000_000_123),
        ("1700000000123.", 1_700_000_000_123),
        ("1.700000000123E+12", 1_700_000_000_123),
        ("1700000000", 1_700_000_000_000),
        ("1700000000.5", 1_700_000_000_500),
        ("1601011100000", 1_601_011_100_000),  # no date of the year 1601
        ("0", 0),
        ("١٧٠٠٠٠٠٠٠٠١٢٣", 1_700_000_000_123),
        ("１７０００００００００００", 1_700_000_000_000),
        ("", None),
        (" ", None),
        ("abc", None),
        ("-1700000000123", None),
        ("+1700000000123", None),
        ("1_700_000_000_123", None),
        ("1,700,000,000,123", None),
        ("0x18bcfe56800", None),
        ("²", None),
        ("nan", None),
        ("inf", None),
        ("1e999", None),
        ("9" * 17 + "9", None),
        ("9" * 400, None),
        ("9" * 5000, None),
        ("9" * 400 + ".0", None),
        ("1e999999999", None),
        ("1e9999999999", None),
        ("\ud83d", None),
    ],
)
def test_digits_in_a_text_are_the_number(text: str, expected: int | None) -> None:
    assert time_of_stamp(text) == expected


@given(st.integers(0, 10**18) | st.floats(0, 1e18))
def test_a_number_and_its_digits_are_one_time(number: float) -> None:
    assert time_of_stamp(str(number)) == time_of_stamp(number)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2019-05-18T10:00:00+00:00", 1_558_173_600_000),
        ("2019-05-18T10:00:00+0000", 1_558_173_600_000),
        ("2019-05-18T10:00:00Z", 1_558_173_600_000),
        ("2019-05-18T10:00:00", 1_558_173_600_000),
        (" 2019-05-18 12:00:00+02:00 ", 1_558_173_600_000),
        ("2019-05-18T02:00:00-0800", 1_558_173_600_000),
        ("2019-05-18T10:00:00.5+00:00", 1_558_173_600_500),
        ("2019-05-18T10:00:00.123456789Z", 1_558_173_600_123),
        ("1969-12-31T23:59:59.999+00:00", -1),
        ("0001-01-01T00:00:00+23:59", -62_135_683_140_000),
        ("9999-12-31T23:59:59-23:59", 253_402_387_139_000),
        ("2019-05-18T10:00:00+99:00", None),
        ("2019-02-30T10:00:00", None),
        ("yesterday", None),
    ],
)
def test_time_in_iso_8601_is_read_on_every_python(text: str, expected: int | None) -> None:
    assert time_of_stamp(text) == expected


def stamped(value: Any, write: Callable[[int], object]) -> Any:
    """Write every time of a file in another way."""
    if isinstance(value, list):
        return [stamped(item, write) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: write(time)
        if key in KEYS and (time := time_of_stamp(item)) is not None
        else stamped(item, write)
        for key, item in value.items()
    }


@pytest.mark.parametrize("variant", ["A", "A0", "B", "D", "E", "F", "F-conversations", "G"])
@pytest.mark.parametrize(
    "write",
    [str, "  {}\t".format, "{}.0".format, float, lambda time: str(time / 1000)],
    ids=["digits", "blanks", "decimal", "float", "seconds"],
)
def test_an_export_whose_times_are_texts_reads_as_the_same(
    tmp_path: Path, variant: Any, write: Callable[[int], object]
) -> None:
    write_export(sample_threads(n_threads=3), tmp_path, variant=variant, owner="Zoë Brandt")

    def load() -> Any:
        loader = FacebookMessengerChatLoader(tmp_path, folders=None)
        return loader.load(), loader.report, loader.owner

    before = load()
    assert before[1].messages_loaded > 50
    files = [*tmp_path.rglob("*.json")]
    for path in files:
        path.write_text(json.dumps(stamped(json.loads(path.read_bytes()), write)))
    after = load()
    assert after == before


@pytest.mark.parametrize("odd", ["-5", "abc", "", " ", "9" * 30, True, [1], {"a": 1}])
def test_a_text_that_is_no_time_is_counted_in_both_passes(tmp_path: Path, odd: Any) -> None:
    lines = [{"sender_name": "Al", "timestamp_ms": odd, "content": "lost"}]
    lines += [{"sender_name": "Zoë", "timestamp_ms": "1700000000123", "content": "kept"}]
    found = {"participants": [{"name": "Al"}, {"name": "Zoë"}], "messages": lines}
    (tmp_path / "message_1.json").write_text(json.dumps(found))
    loader = FacebookMessengerChatLoader(tmp_path)
    (session,) = loader.load()
    assert [m.content for m in session["messages"]] == ["kept"]
    assert loader.report.messages_skipped == {"no time": 1}


def test_another_time_stands_in_for_one_that_cannot_be_read(tmp_path: Path) -> None:
    line = {"sender_name": "Al", "timestamp_ms": "", "timestamp": "1700000000", "content": "kept"}
    (tmp_path / "m.json").write_text(json.dumps({"participants": [], "messages": [line]}))
    (session,) = FacebookMessengerChatLoader(tmp_path).load()
    (event,) = session["messages"][0].additional_kwargs["events"]
    assert event["message_time"] == 1_700_000_000_000
