"""Bad JSON: what is kept of it, what is reported, and that nothing else suffers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.unit_tests.bad_input import BAD, INBOX, NO_THREAD, START, Case, check, row, thread
from tests.unit_tests.builders import AL, ZOE, dyi_bytes, message, thread_json

if TYPE_CHECKING:
    from pathlib import Path

BROKEN = "broken JSON"
GOOD = thread("kept", "too")
SENDER = b'"sender_name": "Al"'


def raw_thread(member: str, text: str = "kept") -> bytes:
    """Make a thread whose first message has a member that is written as it stands."""
    odd = f'{{"sender_name": "Al", "timestamp_ms": {START}, {member}}}'
    fine = f'{{"sender_name": "Al", "timestamp_ms": {START + 1}, "content": "{text}"}}'
    people = '[{"name": "Al"}, {"name": "Zoe"}]'
    return f'{{"participants": {people}, "messages": [{odd}, {fine}]}}'.encode()


def timed(stamp: str) -> bytes:
    return raw_thread(f'"content": "odd", "timestamp_ms": {stamp}')


CUT = [
    *(
        row(f"cut {where}", GOOD[: GOOD.rindex(mark) + more], lost=BROKEN)
        for where, mark, more in [
            ("in a key", b"sender_name", 5),
            ("in a name", b'"Al"', 2),
            ("in a text", b'"kept"', 3),
            ("in a number", b"1700000000000", 5),
            ("between messages", b"},", 1),
            ("behind a comma", b"},", 2),
            ("before the end", b"}", 0),
            ("behind the first brace", GOOD, 1),
        ]
    ),
    row(
        "cut in an escape", thread("kept é", "é")[: thread("é").index(rb"\u00c3") + 3], lost=BROKEN
    ),
    row("cut in the list's key", b'{"participants": [], "messa', lost=BROKEN),
    row("cut behind the list's key", b'{"participants": [], "messages":', lost=BROKEN),
    row("two files run together", GOOD + GOOD, lost=BROKEN),
    row("a comma too many", GOOD.replace(b'"kept"\n', b'"kept",\n'), lost=BROKEN),
    row("comments", b"// mine\n" + GOOD, lost=BROKEN),
    row("an unknown escape", raw_thread(r'"content": "a\xb"'), lost=BROKEN),
    row("half of an escape", raw_thread(r'"content": "a\u00"'), lost=BROKEN),
]
ENCODINGS = [
    row("a byte order mark", b"\xef\xbb\xbf" + GOOD, "kept", "too"),
    row("two byte order marks", b"\xef\xbb\xbf" * 2 + GOOD, lost=BROKEN),
    row("UTF-16", GOOD.decode().encode("utf-16"), lost=BROKEN),
    row("UTF-16 without a mark", GOOD.decode().encode("utf-16-be"), lost=BROKEN),
    row("UTF-32", GOOD.decode().encode("utf-32"), lost=BROKEN),
    row("Latin-1", GOOD.replace(b"kept", b"caf\xe9"), "caf\ufffd", "too"),
    row(
        "Shift-JIS",
        GOOD.replace(b"kept", "今日".encode("shift-jis")),
        "\ufffd\ufffd\ufffd\ufffd",
        "too",
    ),
    row("an overlong encoding", GOOD.replace(b"kept", b"a\xc0\xafb"), "a\ufffd\ufffdb", "too"),
    row(
        "a surrogate as UTF-8",
        GOOD.replace(b"kept", b"a\xed\xa0\x80b"),
        "a\ufffd\ufffd\ufffdb",
        "too",
    ),
    row("a byte of NUL in a text", GOOD.replace(b"kept", b"a\0b"), "a\0b", "too"),
    row("a byte of NUL between", GOOD.replace(b"[", b"[\0"), lost=BROKEN),
    row("bytes of NUL behind the end", GOOD + bytes(100), lost=BROKEN),
    row("NUL escaped", GOOD.replace(b"kept", rb"a\u0000b"), "a\0b", "too"),
    row("NUL in a name", GOOD.replace(SENDER, rb'"sender_name": "A\u0000l"'), "kept", "too"),
    row("raw line breaks in a text", GOOD.replace(b"kept", b"a\r\nb\tc"), "a\r\nb\tc", "too"),
    row("a high surrogate", GOOD.replace(b"kept", rb"a\ud83d"), "a\ufffd", "too"),
    row("a low surrogate", GOOD.replace(b"kept", rb"\ude02b"), "\ufffdb", "too"),
    row(
        "surrogates the wrong way round",
        GOOD.replace(b"kept", rb"\ude02\ud83d"),
        "\ufffd\ufffd",
        "too",
    ),
    row("a surrogate in a name", GOOD.replace(b'"Al"', rb'"Al\ud83d"'), "kept", "too"),
    row("a surrogate in a key", raw_thread(r'"content": "odd", "\ud83d": 1'), "kept", "odd"),
    row(
        "a surrogate in the title",
        GOOD.replace(b'"title": "Al"', rb'"title": "\udc00"'),
        "kept",
        "too",
    ),
    row(
        "an emoji cut in half",
        GOOD.replace(b"kept", rb"caf\u00c3\u00a9 \u00f0\u009f"),
        "café ",
        "too",
    ),
    row("an emoji cut, nothing before", GOOD.replace(b"kept", rb"\u00f0\u009f"), "ð\x9f", "too"),
    row(
        "half repaired",
        GOOD.replace(b"kept", "café".encode()).replace(b"too", rb"caf\u00c3\u00a9!"),
        "café",
        "café!",
    ),
    row("repaired and double", GOOD.replace(b"kept", rb"\u201ccaf\u00c3\u00a9"), "“cafÃ©", "too"),
]
NOTHING = [
    row(name, raw, lost=reason)
    for name, raw, reason in [
        ("an empty file", b"", BROKEN),
        ("a byte order mark alone", b"\xef\xbb\xbf", BROKEN),
        ("white space", b" \r\n\t" * 50, BROKEN),
        ("null", b"null", NO_THREAD),
        ("true", b"true", NO_THREAD),
        ("a number", b"-1e5", NO_THREAD),
        ("a text", b'"messages"', NO_THREAD),
        ("an empty object", b"{}", NO_THREAD),
        ("an empty list", b"[]", NO_THREAD),
        ("a list of nulls", b"[null, null]", NO_THREAD),
        ("a list of lists", b"[[[]]]", NO_THREAD),
        ("an object that was printed", b"[object Object]", NO_THREAD),
        ("Python's own", b"{'messages': [], 'participants': []}", BROKEN),
        ("lines of JSON", b'{"content": "a"}\n{"content": "b"}', BROKEN),
        ("no messages", b'{"participants": [{"name": "Al"}]}', NO_THREAD),
        ("messages are null", b'{"participants": [], "messages": null}', NO_THREAD),
        ("messages are an object", b'{"participants": [], "messages": {}}', NO_THREAD),
        ("messages are a text", b'{"participants": [], "messages": "a"}', NO_THREAD),
        ("messages are of something else", b'{"messages": [{"id": 1}, {"id": 2}]}', NO_THREAD),
        ("messages alone, none", b'{"messages": []}', NO_THREAD),
    ]
]
DEEP = 10_000
NESTED = [
    row("nested lists", b"[" * DEEP + b"]" * DEEP, lost=BROKEN),
    row("nested lists, never closed", b"[" * 10 * DEEP, lost=BROKEN),
    row("nested objects", b'{"messages":' * DEEP + b"1" + b"}" * DEEP, lost=BROKEN),
    row(
        "nested in a text's place", raw_thread(f'"content": {"[" * DEEP}{"]" * DEEP}'), lost=BROKEN
    ),
    row("nested in an unknown field", raw_thread(f'"x": {"[" * DEEP}{"]" * DEEP}'), lost=BROKEN),
    row(
        "nested somewhat",
        raw_thread(f'"x": {"[" * 300}{"]" * 300}, "content": "odd"'),
        "kept",
        "odd",
    ),
]
TIMES = [
    row(f"time {stamp}", timed(stamp), "kept", skipped={"no time": 1})
    for stamp in [
        *(
            "null",
            "true",
            '"-1700000000000"',
            '"yesterday"',
            '""',
            '" "',
            "[1]",
            "{}",
            "NaN",
            "Infinity",
        ),
        *("-Infinity", "1e999", "-1e999", "1e300", "-1e300", "1" + "0" * 30, "1" + "0" * 400),
    ]
] + [
    row(f"time {stamp}", timed(stamp), "kept", "odd")
    for stamp in [
        *("-1", "0", "-0.0", "1.5", "1e3", "1700000000", "1700000000.25", "99999999999999"),
        *('"1700000000000"', '" 1700000000 "', '"1700000000000.0"'),
    ]
]
TIMES.append(row("time of 5,000 digits", timed("1" + "0" * 5000), "kept", skipped={"no time": 1}))
PEOPLE = [
    row(f"participants: {people}", thread("kept", "too", participants=people), "kept", "too")
    for people in [
        *(None, [], {}, 7, "Al", [None], [[]], ["Al", "Zoë"], [{}], [{"name": None}]),
        *([{"name": 7}], [{"name": ""}], [{"name": AL}] * 3, [{"name": AL}, None, {"name": ZOE}]),
    ]
]
CROWD = [{"name": f"P{n}"} for n in range(5000)]
PEOPLE.append(row("participants: 5,000", thread("kept", participants=CROWD), "kept"))
MISSING = [
    row(
        f"no {key}",
        dyi_bytes({k: v for k, v in thread_json([message(AL, 1, "kept")]).items() if k != key}),
        "kept",
    )
    for key in ("participants", "title", "thread_path", "is_still_participant")
] + [
    row("no sender", thread(message(None, START, "kept")), "kept"),
    row("an empty sender", thread(message("", START, "kept")), "kept"),
    row("no text", thread(message(AL, START), "kept"), "kept", skipped={"empty": 1}),
    row("no time", thread(message(AL, None, "odd"), "kept"), "kept", skipped={"no time": 1}),
    row("an empty message", thread({}, "kept"), "kept", skipped={"no time": 1}),
    row("messages, not objects", thread(None, 7, [], "kept"), "kept", skipped={"malformed": 3}),
    row("nulls alone", thread(None, None), skipped={"malformed": 2}),
    row("no message at all", thread(), is_thread=True),
    row("only what has no time", thread({}, {}), skipped={"no time": 2}),
    row("a key twice", raw_thread('"content": "first", "content": "last"'), "kept", "last"),
    row(
        "a message twice",
        thread(message(AL, START, "twice"), message(AL, START, "twice")),
        "twice",
        "twice",
    ),
]
PARTS = [
    row(
        "the same part twice",
        {BAD: GOOD, BAD.replace("_1.json", "_2.json"): GOOD},
        "kept",
        "too",
        skipped={"duplicate": 2},
    ),
    row(
        "the same thread twice",
        {BAD: GOOD, f"{INBOX}/copy/chat.json": GOOD},
        "kept",
        "kept",
        "too",
        "too",
    ),
    row(
        "a broken part",
        {BAD: b"{", BAD.replace("_1.json", "_2.json"): GOOD},
        "kept",
        "too",
        lost=BROKEN,
    ),
    row(
        "numbers with gaps",
        {BAD.replace("_1", f"_{n}"): thread(str(n)) for n in (1, 3, 40)},
        "1",
        "3",
        "40",
    ),
    *(
        row(name, {f"{INBOX}/al_2222222222/{name}": GOOD}, "kept", "too")
        for name in (
            *("message_0.json", "message_-1.json", "message_1.5.json", "message_.json"),
            *(
                "message_999999999999999999999.json",
                "message_٣.json",
                "MESSAGE_1.JSON",
                ".json.json",
            ),
        )
    ),
]


@pytest.mark.parametrize(
    "case", [*CUT, *ENCODINGS, *NOTHING, *NESTED, *TIMES, *PEOPLE, *MISSING, *PARTS]
)
def test_bad_json_costs_no_more_than_itself(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    check(case, tmp_path, monkeypatch)
