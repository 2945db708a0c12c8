"""Whatever is broken: no error, no warning and no log record carries a word of it.

That counts for the whole chain of an error. Crash reporters read what it was raised from, too, with
its attributes: a `JSONDecodeError` holds the whole document.
"""

from __future__ import annotations

import json
import logging
import random
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from langchain_fbmessenger import (
    FacebookMessengerChatLoader,
    FineTuner,
    InvalidOptionError,
    SingleFileFacebookMessengerChatLoader,
    balance_examples,
    check_examples,
    convert_messages_for_finetuning,
    map_ai_messages,
    merge_chat_runs,
    read_jsonl,
    split_chat_sessions,
    split_examples,
    to_preference_pairs,
    to_training_examples,
    write_jsonl,
    write_training_file,
)
from langchain_fbmessenger.local.training.training_file import read_examples
from tests.unit_tests.builders import dyi_bytes, message, thread_json
from tests.unit_tests.canaries import (
    NAME,
    OWNER,
    PROMPT,
    TEXT,
    TITLE,
    assert_clean,
    assert_clean_error,
    session,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

TIMES = 150


@contextmanager
def watched(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Let nothing that is raised, warned of or logged in the block carry a canary."""
    with (
        caplog.at_level(logging.DEBUG, "langchain_fbmessenger"),
        warnings.catch_warnings(record=True) as warned,
    ):
        warnings.simplefilter("always")
        try:
            yield
        except Exception as error:  # noqa: BLE001 - whatever is raised
            assert_clean_error(error)
    assert_clean([str(warning.message) for warning in warned], "warnings")
    assert_clean([vars(record) for record in caplog.records], "log")


THREAD = dyi_bytes(
    thread_json(
        [
            message(OWNER, 1_700_000_000_000 + n, f"{TEXT} é {n}", reactions=[{"actor": NAME}])
            for n in range(4)
        ],
        participants=(NAME, OWNER),
        title=TITLE,
    )
)
PAGE = f"""<html><head><title>{TITLE}</title></head><body><div class="_3-95 _a6-g"><div
class="_2ph_ _a6-h">{NAME}</div><div class="_a6-p"><div><div></div><div>{TEXT}</div></div></div>
<div class="_3-94 _a6-o"><div class="_a72d">Nov 14, 2023 10:13:20 pm</div></div></div></body></html>
""".encode()
LINE = json.dumps(
    {
        "messages": [
            {"role": "system", "content": PROMPT},
            {"role": "user", "content": TEXT, "name": "zqname"},
            {"role": "assistant", "content": TEXT, "weight": 1},
        ]
    }
).encode()


def damaged(content: bytes, chance: random.Random) -> bytes:
    """Cut, doubled, changed at a byte, or with a value of another kind."""
    at = chance.randrange(len(content))
    cuts = (
        content[:at],
        content[at:],
        content[:at] + content,
        content[:at] + bytes([chance.randrange(256)]) + content[at + 1 :],
        content.replace(b'"', b"'", chance.randrange(3)),
        content.replace(b": ", b": [", chance.randrange(3)),
        content.replace(b'"content": "', b'"content": {"a": "', 1 + chance.randrange(2)),
        content.replace(b'"role": "user', b'"role": "zqrole'),
        content.replace(b": 1", chance.choice([b": NaN", b': "zqtext"', b": 1e999"])),
        content.replace(b"\\u00", chance.choice([b"\\ud8", b"\xff", b"\\x"])),
        content[:at] + b"\xff\xfe" + content[at:],
        content.decode("utf-8", "replace").encode("utf-16"),
    )
    return chance.choice(cuts)


@pytest.mark.parametrize(
    ("content", "name"), [(THREAD, "message_1.json"), (PAGE, "message_1.html")]
)
def test_broken_exports_are_reported_without_a_word(
    content: bytes, name: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "inbox" / "al_1"
    folder.mkdir(parents=True)
    chance = random.Random(7)  # noqa: S311 - repeatable
    for _ in range(TIMES):
        (folder / name).write_bytes(damaged(content, chance))
        with watched(caplog):
            list(SingleFileFacebookMessengerChatLoader(folder / name).lazy_load())
        with watched(caplog):
            loader = FacebookMessengerChatLoader(tmp_path)
            list(loader.lazy_load())
        assert_clean(str(loader.report).replace(str(tmp_path), ""))


def read(path: Path) -> None:
    list(read_jsonl(path))


def check(path: Path) -> None:
    report = check_examples(path, "openai")
    assert_clean([str(violation) for violation in report], "report")


def train(path: Path) -> None:
    list(read_examples(path))


@pytest.mark.parametrize("use", [read, check, train])
def test_broken_lines_are_reported_without_a_word(
    use: Callable[[Path], object], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "train.jsonl"
    chance = random.Random(7)  # noqa: S311 - repeatable
    for _ in range(TIMES):
        path.write_bytes(LINE + b"\n" + damaged(LINE, chance) + b"\n" + LINE)
        with watched(caplog):
            use(path)


def odd_sessions() -> Iterator[Any]:
    yield {"messages": [TEXT]}
    yield {"messages": TEXT}
    yield {"messages": None, "thread": TITLE}
    yield TEXT
    yield [[TEXT]]
    for key, value in [
        ("sender", [TEXT]),
        ("sender", {"a": NAME}),
        ("events", TEXT),
        ("events", [TEXT]),
        ("events", [{"message_time": TEXT}]),
        ("events", [{"message_time": 1, "reactions": TEXT}]),
        ("events", [{"message_time": 1, "reactions": [TEXT]}]),
    ]:
        odd = session()
        odd["messages"][1].additional_kwargs[key] = value
        yield odd
    for thread in (TITLE, [TITLE], {"owner": [OWNER]}, {"participants": TEXT}, {"title": [TITLE]}):
        yield {**session(), "thread": thread}
    half = session()
    half["messages"][1].content = f"{TEXT} \ud800"
    yield half
    parts = session()
    parts["messages"][1].content = [{"type": TEXT}, TEXT]
    yield parts


MAKE = to_training_examples(system=f"{PROMPT} {{owner}} to {{others}}", max_messages=4, overlap=0)
STAGES = {
    "merge": merge_chat_runs(),
    "map": map_ai_messages(),
    "map by name": map_ai_messages(sender=OWNER),
    "split": split_chat_sessions(gap="auto"),
    "examples": MAKE,
    "balance": MAKE | balance_examples(min_letters=1),
    "held out": MAKE | split_examples(valid=0.5),
    "pairs": to_preference_pairs(),
}
LIST_NAMES = (
    "UnknownSenderError",  # both are of no use without the names that there are
    "UnknownOwnerError",
)


@pytest.mark.parametrize("stage", STAGES.values(), ids=STAGES)
def test_odd_sessions_are_reported_without_a_word(
    stage: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for number, odd in enumerate(odd_sessions()):
        with watched(caplog):
            try:
                made = list(stage.stream([session(), odd] if number else odd))
                write_jsonl(made, tmp_path / "made.jsonl")
                write_training_file(made, tmp_path / "made.jsonl", format="openai")
            except LookupError as error:
                if type(error).__name__ not in LIST_NAMES:
                    raise
        with watched(caplog):
            convert_messages_for_finetuning([odd])


def test_options_are_never_quoted(caplog: pytest.LogCaptureFixture) -> None:
    for make in (to_training_examples, map_ai_messages, FineTuner):
        with pytest.raises((InvalidOptionError, TypeError)) as caught:
            make(system=[PROMPT], sender=[PROMPT])  # type: ignore[call-arg, arg-type]
        assert_clean_error(caught.value)
    assert_clean(repr(FineTuner(system=PROMPT)))
    assert_clean(repr(FineTuner(system=PROMPT).invoke.__self__))  # type: ignore[attr-defined]
    assert_clean(caplog.text)
