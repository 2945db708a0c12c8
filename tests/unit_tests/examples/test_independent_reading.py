"""Written training files, read a second time by code that shares nothing with the package."""

from __future__ import annotations

import json
import random
import re
from itertools import chain, islice, pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from langchain_fbmessenger import (
    ExampleReport,
    FacebookMessengerChatLoader,
    map_ai_messages,
    sample_export_path,
    split_chat_sessions,
    to_training_examples,
    write_training_file,
)
from langchain_fbmessenger.exports.records import Message, Thread
from langchain_fbmessenger.testing import iter_sample_threads, write_export
from tests.unit_tests.examples.independent import (
    _LARGEST,
    PROVIDERS,
    Line,
    fates,
    fixed_windows,
    persona_messages,
    read_file,
    violations,
)

if TYPE_CHECKING:
    from pathlib import Path

OWNER = "Zoë Brandt"
FRIENDS = [
    "Milo Dvořák", "Łucja Wiśniewska", "Björn Sjöberg", "Fatou Ndiaye", "Émile Lefèvre",
    "Iñaki Otxoa", "松本 みどり", "Оксана Левченко",
]  # fmt: skip
PHRASES = (
    "who brings the tent?", "not me", "ok", "šest hodin, u rybníka 😂", "了解です👍", "haha",
    "👩‍👩‍👧‍👦🏳️‍🌈", "I said: seven! Then eight. Whatever…", "first line\nand a second", "so\n\nlate",
)  # fmt: skip
SECOND, HOUR = 1000, 3_600_000
TAG = re.compile(r"#(\d+)\.(\d+)")
# Where two people in a row, or an answer first, are refused or left out by the trainer.
USER_FIRST = {"azure", "nebius", "together", "trl", "axolotl", "llama-factory", "mlx-lm"}


def group_heavy_threads(*, n_threads: int = 12, seed: int = 7) -> list[Thread]:
    """Make up threads, five of six of them groups of 4 to 9, in which every text is unique.

    Each message ends with its own `#thread.number`. The first thread also holds texts longer than
    a window of 300 tokens: of sentences, and of a single one, by the persona and by others.
    """
    rng = random.Random(seed)  # noqa: S311 - no secret
    threads = []
    for index in range(n_threads):
        others = FRIENDS[: 3 + index % 6] if index % 6 != 5 else [FRIENDS[index % 8]]
        time, messages = 1_700_000_000_000 + index * HOUR, list[Message]()

        def say(sender: str, text: str, pause: int) -> None:
            nonlocal time
            time += pause
            tag = f" #{index}.{len(messages)}"  # noqa: B023 - called in this round only
            messages.append(Message(sender, time, text + tag))  # noqa: B023

        for speakers in _conversations(rng, others):
            time += rng.randrange(9, 200) * HOUR
            for sender in speakers:
                say(sender, rng.choice(PHRASES), rng.choice([SECOND, 40 * SECOND, HOUR]))
        if index == 0:
            for sender in (others[0], OWNER, others[1], OWNER):
                say(sender, " ".join(f"Sentence {n} says a little." for n in range(120)), SECOND)
                say(sender, "word " * 900, SECOND)
                say(sender, "and that was that", SECOND)
        threads.append(
            Thread(
                id=f"thread_{1000 + index}",
                title=f"Boat trip {index}" if len(others) > 1 else others[0],
                participants=[*others, OWNER],
                is_group=len(others) > 1,
                folder=("inbox", "archived_threads", "e2ee_cutover")[index % 3],
                source="messenger",
                owner=OWNER,
                messages=messages,
            )
        )
    return threads


def _conversations(rng: random.Random, others: list[str]) -> list[list[str]]:
    """Say who writes in each conversation: bursts, openings, one side only, anything."""
    people = [OWNER, *others]
    found = []
    for _ in range(4):
        bursts = [[sender] * rng.randrange(1, 6) for sender in rng.choices(people, k=14)]
        found += [
            [*chain.from_iterable(bursts)],
            [OWNER, *rng.choices(people, k=rng.randrange(1, 30))],
            [OWNER] * rng.randrange(1, 25),
            rng.choices(others, k=rng.randrange(1, 25)),
            [*rng.choices(others, k=rng.randrange(1, 25)), OWNER],
        ]
    return found


def write_group_heavy(folder: Path) -> Path:
    """Write those threads, with eight of all kinds that have system lines and odd texts."""
    threads = [*group_heavy_threads(), *islice(iter_sample_threads(owner=OWNER), 8)]
    return write_export(threads, folder, owner=OWNER, media_files=False).path


class Made(NamedTuple):
    """Examples of an export, and what each side says of its messages."""

    lines: list[list[Line]]
    examples: list[Any]
    report: ExampleReport

    @property
    def mine(self) -> list[Line]:
        return [line for thread in self.lines for line in thread if line.mine]


def make(export: Path, owner: str, **options: Any) -> Made:
    report = ExampleReport()
    pipeline = (
        split_chat_sessions()
        | map_ai_messages()
        | to_training_examples(system="You are {owner}.", report=report, **options)
    )
    sessions = FacebookMessengerChatLoader(export).lazy_load()
    return Made(persona_messages(export, owner), list(pipeline.stream(sessions)), report)


@pytest.fixture(scope="module", params=["sample", "groups", "groups in 300 tokens"])
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Made:
    if request.param == "sample":
        return make(sample_export_path(), "Noémie Åkerlund")
    export = write_group_heavy(tmp_path_factory.mktemp("groups"))
    return make(export, OWNER, **({"max_tokens": 300} if "300" in request.param else {}))


def test_both_readings_find_the_same_number_of_messages(made: Made) -> None:
    assert made.report.messages.total() == sum(map(len, made.lines))


@pytest.mark.parametrize("provider", PROVIDERS)
def test_each_message_of_the_persona_is_trained_once_by_the_rules(
    made: Made, provider: str, tmp_path: Path
) -> None:
    path = tmp_path / "train.jsonl"
    file = write_training_file(made.examples, path, format=provider)
    assert violations(path, provider) == []
    found = fates(read_file(path, provider), [line.text for line in made.mine])
    assert found.once == made.report.messages["trained"]
    assert (found.more, found.foreign) == (0, 0)
    # What neither a window nor a sentence's end can hold is left out, and is counted.
    assert found.never == made.report.messages["answer that no window holds"]
    assert found.once + found.never == len(made.mine)
    assert found.rows == found.ends_trained == file.lines
    assert found.starts_assistant == (0 if provider in USER_FIRST else openings(made.examples))
    assert found.starts_assistant + found.starts_user == found.rows


def openings(examples: list[Any]) -> int:
    return sum(
        next(turn["role"] for turn in example["messages"] if turn["role"] != "system")
        == "assistant"
        for example in examples
    )


def test_only_a_single_sentence_longer_than_the_window_is_left_out(made: Made) -> None:
    left_out = made.report.messages["answer that no window holds"]
    longest = sum(line.text.startswith("word word") for line in made.mine)
    assert longest == (2 if made.mine[0].sender == OWNER else 0)
    assert left_out in {0, longest}


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_row_is_a_stretch_of_one_thread_without_a_hole(
    made: Made, provider: str, tmp_path: Path
) -> None:
    """Every text of the group threads has a tag: who wrote what, and in which order."""
    path = tmp_path / "train.jsonl"
    write_training_file(made.examples, path, format=provider)
    lines = [line for thread in made.lines for line in thread]
    written = {tag.groups(): line for line in lines if (tag := TAG.search(line.text))}
    for row in read_file(path, provider):
        tags: list[tuple[str, str]] = []
        for role, content in row.turns:
            found = TAG.findall(content)
            tags += found
            assert all(written[tag].mine == (role == "assistant") for tag in found)
            if role == "user" and found and int(found[0][0]) % 6 != 5:  # groups name who speaks
                told = [f"{written[tag].sender}: {written[tag].text}" for tag in found]
                assert content.endswith("\n".join(told[1:]))  # the first may have been shortened
        assert len({thread for thread, _ in tags}) <= 1
        numbers = [int(number) for _, number in tags]
        assert all(after == before + 1 for before, after in pairwise(numbers))


def test_the_fixed_windows_of_the_walk_through_lose_and_repeat_messages(
    made: Made, tmp_path: Path
) -> None:
    """The reader is no yes-man: it finds what those windows are known for."""
    path = tmp_path / "train.jsonl"
    rows = fixed_windows(made.lines)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    found = fates(read_file(path, "openai"), [line.text for line in made.mine])
    assert found.never > 0
    assert found.more > 0
    assert found.ends_trained < found.rows
    assert violations(path, "llama-factory")


def _relabel(role: str, new: str) -> Any:
    def change(rows: list[Any]) -> None:
        turns = rows[1].get("messages") or rows[1]["prompt"]
        next(turn for turn in turns if turn["role"] == role)["role"] = new

    return change


def _put(position: int, turn: dict[str, Any]) -> Any:
    return lambda rows: rows[1]["messages"].insert(position, turn)


def _set(position: int, **values: Any) -> Any:
    return lambda rows: rows[1]["messages"][position].update(values)


ANSWER, PROMPT = {"role": "assistant", "content": "x"}, {"role": "user", "content": "x"}
SYSTEM = {"role": "system", "content": "x"}
# Each rule once: the provider, what is done to a good file, what the reader says.
BROKEN = [
    *((name, lambda rows: rows.__delitem__(slice(9, None)), "9 rows") for name in PROVIDERS[:2]),
    ("fireworks", lambda rows: rows.__delitem__(slice(2, None)), "2 rows"),
    ("mlx-lm", lambda rows: rows.__delitem__(slice(3, None)), "3 rows"),
    ("fireworks", lambda rows: rows[1].update(weight=2.0), "several forms"),
    ("mlx-lm", lambda rows: rows[2].update(prompt=[], completion=[]), "several forms"),
    *((name, lambda rows: rows[1].update(thread="x"), "keys") for name in PROVIDERS),
    *((name, _relabel("user", "developer"), "role 'developer'") for name in PROVIDERS),
    *((name, _set(1, sent="x"), "message keys") for name in ("openai", "azure", "local")),
    *((name, _set(1, content=" "), "no content") for name in ("openai", "nebius", "mistral")),
    *((name, _set(1, content=None), "no content") for name in PROVIDERS if name != "trl"),
    *((name, _set(1, weight=0), "weight on user") for name in ("openai", "local", "fireworks")),
    *((name, _set(2, weight=True), "weight True") for name in ("openai", "together", "mistral")),
    ("openai", _set(1, name="Zoë B."), "name"),
    ("together", lambda rows: rows[1]["messages"][1].pop("weight"), "trains user"),
    ("axolotl", _set(1, train=True), "trains user"),
    ("azure", _put(3, ANSWER), "alternate"),
    *((name, _put(3, PROMPT), "alternate") for name in ("together", "nebius", "llama-factory")),
    *((name, _put(1, ANSWER), "start with the user") for name in ("together", "llama-factory")),
    *((name, _put(3, SYSTEM), "a system message that is not") for name in PROVIDERS[4:7]),
    *(
        (name, lambda rows: rows[1]["messages"].append(PROMPT), "ends with user")
        for name in ("nebius", "fireworks", "mistral", "axolotl", "llama-factory", "mlx-lm")
    ),
    ("mlx-lm", lambda rows: rows[1]["messages"].append(PROMPT), "trains user"),
    ("llama-factory", lambda rows: rows[1]["messages"].pop(), "odd number"),
    ("trl", lambda rows: rows[1]["prompt"].append(ANSWER), "the prompt ends with assistant"),
    ("trl", lambda rows: rows[1].update(messages=rows[1].pop("prompt")), "keys"),
    ("openai", lambda rows: rows[1].update(messages=[PROMPT]), "nothing is trained"),
    ("azure", lambda rows: rows[1].update(messages=[ANSWER]), "no user"),
]


@pytest.mark.parametrize(("provider", "change", "said"), BROKEN)
def test_the_reader_finds_each_broken_rule(
    provider: str, change: Any, said: str, tmp_path: Path
) -> None:
    path = tmp_path / "train.jsonl"
    write_training_file(
        make(sample_export_path(), "Noémie Åkerlund").examples, path, format=provider
    )
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8-sig").splitlines()]
    change(rows)
    text = "".join(json.dumps(row) + "\n" for row in rows)
    path.write_text(text, encoding="utf-8-sig" if provider == "azure" else "utf-8")
    assert any(said in rule for rule in violations(path, provider))


@pytest.mark.parametrize(
    ("provider", "before", "after"),
    [("azure", "\ufeff", ""), ("together", "", "\ufeff"), ("mlx-lm", "", "\ufeff"),
     ("together", "", "\n"), ("mlx-lm", "", "\n"), ("openai", "", "[]\n")],
)  # fmt: skip
def test_the_reader_finds_what_is_wrong_with_a_file(
    provider: str, before: str, after: str, tmp_path: Path
) -> None:
    path = tmp_path / "train.jsonl"
    write_training_file(
        make(sample_export_path(), "Noémie Åkerlund").examples, path, format=provider
    )
    text = path.read_text(encoding="utf-8").removeprefix(before)
    path.write_text(after + text, encoding="utf-8")
    assert any(rule.startswith("file: ") for rule in violations(path, provider))


@pytest.mark.parametrize("provider", ["openai", "azure", "mistral", "nebius"])
def test_the_reader_finds_a_file_that_is_too_large(
    provider: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "train.jsonl"
    write_training_file(
        make(sample_export_path(), "Noémie Åkerlund").examples, path, format=provider
    )
    monkeypatch.setitem(_LARGEST, provider, path.stat().st_size)
    assert violations(path, provider) == ["file: too large"]


def test_the_reader_finds_an_answer_that_is_trained_twice_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "train.jsonl"
    made = make(sample_export_path(), "Noémie Åkerlund")
    mine = [line.text for line in made.mine]
    write_training_file([*made.examples, made.examples[3]], path)
    assert fates(read_file(path, "openai"), mine).more > 0
    write_training_file(made.examples[1:], path)
    assert fates(read_file(path, "openai"), mine).never > 0
    made.examples[3]["messages"][-1]["content"] += " x"
    write_training_file(made.examples, path)
    found = fates(read_file(path, "openai"), mine)
    assert (found.foreign, found.never) == (1, 1)
