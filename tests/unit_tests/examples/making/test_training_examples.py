from __future__ import annotations

import copy
import json
import pickle
from collections import Counter
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage

from langchain_fbmessenger import (
    ExampleReport,
    split_chat_sessions,
    split_examples,
    to_training_examples,
)
from tests.unit_tests.builders import session, timed_session
from tests.unit_tests.examples.shapes import shape, trained_lines
from tests.unit_tests.operations import operations


def lines_of(roles: str) -> list[str]:
    return [f"{'*Zoë' if role == 'a' else 'Al'}: {n}" for n, role in enumerate(roles)]


def shapes(roles: str, **options: Any) -> list[str]:
    return [shape(e) for e in to_training_examples([session(*lines_of(roles))], **options)]


def contents(example: Any) -> list[str]:
    return [turn["content"] for turn in example["messages"]]


@pytest.mark.parametrize(
    ("roles", "options", "expected"),
    [
        ("ua", {}, ["ua"]),
        ("uauauaua", {}, ["uauauaua"]),
        ("uauauauaua", {}, ["uauauaua", "ucua"]),
        ("uauauauauu", {}, ["uauauaua"]),
        ("uauauau", {"max_messages": 4, "overlap": 2}, ["uaua", "ucua"]),
        ("uauauaua", {"max_messages": 4, "overlap": 0}, ["uaua", "uaua"]),
        ("uauauaua", {"max_messages": 4, "overlap": 1}, ["uaua", "uaua"]),
        ("uauauaua", {"max_messages": 5, "overlap": 3}, ["uaua", "ucua", "ucua"]),
        ("uauaua", {"max_messages": 2, "overlap": 0}, ["ua", "ua", "ua"]),
        ("uuuuuuuuuua", {"max_messages": 4, "overlap": 2}, ["ua"]),
        ("uaaauuua", {}, ["uaua"]),
        ("auau", {}, ["aua"]),
        ("auau", {"opening": "drop"}, ["ua"]),
        ("auau", {"opening": "(start)"}, ["uaua"]),
        ("auauaua", {"opening": "(start)", "max_messages": 4}, ["uaua", "ucua", "ucua"]),
        ("aaaaa", {"max_messages": 2, "overlap": 1}, ["a"]),
        ("uauaua", {"max_messages": 2}, ["ua", "ua", "ua"]),
        ("uauaua", {"max_messages": 4}, ["uaua", "ucua"]),
        ("aua", {"opening": " Drop"}, ["ua"]),
        ("ua", {"system": ""}, ["ua"]),
        ("ua", {"system": " \n"}, ["ua"]),
        ("aaaaa", {"opening": "drop"}, []),
        ("uauauauauauaua", {"max_tokens": 4096}, ["uauauauauauaua"]),
        ("uuuu", {}, []),
        ("", {}, []),
    ],
)
def test_windows(roles: str, options: dict[str, Any], expected: list[str]) -> None:
    assert shapes(roles, **options) == expected


texts = st.text("ab .!\n😂é", min_size=1, max_size=60).filter(str.strip)
conversations = st.lists(st.tuples(st.sampled_from(["*Zoë", "Al", "Bo"]), texts), max_size=30)


@given(
    conversations,
    st.integers(2, 9).flatmap(lambda m: st.tuples(st.just(m), st.integers(0, m - 1))),
    st.one_of(st.none(), st.integers(40, 200)),
    st.sampled_from(["keep", "drop", "(start)"]),
)
def test_laws_of_every_setting(
    said: list[tuple[str, str]], limits: tuple[int, int], max_tokens: int | None, opening: str
) -> None:
    """Every example ends trained; all is trained once or counted; no window is overfull."""
    one = session(*(f"{sender}: {n} {text}" for n, (sender, text) in enumerate(said)))
    before = copy.deepcopy(one)
    report = ExampleReport()
    examples = list(
        to_training_examples(
            [one],
            max_messages=limits[0],
            overlap=limits[1],
            max_tokens=max_tokens,
            tokenizer=len,
            opening=opening,
            report=report,
        )
    )
    assert one == before
    for example in examples:
        turns = example["messages"]
        roles = [turn["role"] for turn in turns]
        assert len(turns) <= limits[0]
        assert (turns[-1]["role"], turns[-1].get("weight")) == ("assistant", None)
        assert all(one != other for one, other in pairwise(roles))
        assert roles[0] == "user" or opening == "keep"
        assert all("weight" not in turn for turn in turns if turn["role"] == "user")
        assert sum(len(t["content"]) + 4 for t in turns) + 3 <= (max_tokens or 4096)
        assert not any("(start)" in t["content"] and t["role"] == "assistant" for t in turns)
    assert report.messages.total() == len(said), "each message has one fate"
    assert report.examples == len(examples)
    trained = "\n".join(
        t["content"] for e in examples for t in e["messages"]
        if t["role"] == "assistant" and "weight" not in t
    )  # fmt: skip
    numbers = Counter(word for line in trained.split("\n") for word in line.split(" ")[:1])
    mine = [n for n, (sender, _) in enumerate(said) if sender == "*Zoë"]
    assert all(numbers[str(n)] <= 1 for n in mine), "nothing is trained twice"
    whole = sum(numbers[str(n)] for n in mine)
    left_out = sum(
        count for fate, count in report.messages.items()
        if fate not in {"trained", "prompt of an answer", "never answered by the persona"}
    )  # fmt: skip
    assert whole >= len(mine) - left_out, "nothing is lost without being counted"
    if max_tokens is None and opening != "drop":
        assert whole == len(mine) == report.messages["trained"]


def test_bursts_stay_visible_as_lines_and_users_are_joined() -> None:
    lines = ["Al: hi", "Al: there?", "*Zoë: yes", "*Zoë: I am", "*Zoë: 😂"]
    (example,) = to_training_examples([session(*lines)])
    assert contents(example) == ["hi\nthere?", "yes\nI am\n😂"]


@pytest.mark.parametrize("thread", [None, {"is_group": True, "id": "t"}])
def test_speakers_of_groups_are_named(thread: Any) -> None:
    lines = ["Al: a", "Al: b", "Bo: c\nd", "*Zoë: e", "Bo: f", "*Zoë: g"]
    (example,) = to_training_examples([session(*lines, thread=thread)])
    assert contents(example) == ["Al: a\nAl: b\nBo: c\nd", "e", "Bo: f", "g"]


def test_a_group_is_a_group_also_where_only_one_of_the_others_writes() -> None:
    group = session("Al: a", "*Zoë: b", thread={"is_group": True})
    assert contents(next(to_training_examples([group])))[0] == "Al: a"
    pair = session("Al: a", "*Zoë: b", thread={"is_group": False})
    assert contents(next(to_training_examples([pair])))[0] == "a"


def test_people_without_a_name_are_not_named() -> None:
    group = session("Al: a", "Bo: b", "*Zoë: c")
    group["messages"][1].additional_kwargs["sender"] = " "
    group["thread"] = {"is_group": True}  # type: ignore[typeddict-unknown-key]
    assert contents(next(to_training_examples([group])))[0] == "Al: a\nb"


def test_years_apart_is_no_burst_and_no_answer() -> None:
    hours = 24 * 400
    thread = timed_session(
        (0, "Al: a"), (1, "*Zoë: b"), (hours, "*Zoë: c"), (hours + 1, "Al: d"),
        (2 * hours, "Al: e"), (2 * hours + 1, "*Zoë: f"),
    )  # fmt: skip
    report = ExampleReport()
    examples = list(to_training_examples([thread], report=report))
    assert [contents(example) for example in examples] == [["a", "b"], ["c"], ["e", "f"]]
    assert report.messages["never answered by the persona"] == 1


def test_system_prompt_is_filled_in_from_the_thread() -> None:
    info = {"id": "t", "title": "Soup", "participants": ["Al", "Bo", "Zoë"], "is_group": True}
    thread = timed_session(
        (0, "Al: a"), (0.1, "*Zoë: b"), (99, "Bo: {c}"), (99, "*Zoë: d"), thread=info
    )
    system = "You are {owner}, writing to {others} in {title} on {date}. {x: 1}"
    stage = split_chat_sessions() | to_training_examples(system=system)
    assert [contents(example)[0] for example in stage.invoke(thread)] == [
        "You are Zoë, writing to Al in Soup on 2023-11-14. {x: 1}",
        "You are Zoë, writing to Bo in Soup on 2023-11-19. {x: 1}",
    ]


def test_system_prompt_counts_not_as_a_message() -> None:
    (example,) = to_training_examples(
        [session("Al: a", "*Zoë: b")], max_messages=2, overlap=0, system="You are Zoë."
    )
    assert example["messages"][0] == {"role": "system", "content": "You are Zoë."}
    assert shape(example) == "sua"


def test_sessions_without_names_and_times_have_empty_placeholders() -> None:
    bare = {"messages": [HumanMessage("a"), AIMessage("b")]}
    (example,) = to_training_examples([bare], system="{owner}|{others}|{title}|{date}")
    assert contents(example)[0] == "|||"


def test_other_braces_are_text_and_what_looks_like_a_slip_is_told() -> None:
    system = 'secret {onwer} {Zoë} {"a": {}} {owner.__class__} {{owner}}'
    with pytest.warns(
        UserWarning, match=r"\{onwer\} stays as it is: the placeholders are \{owner\}"
    ) as w:
        stage = to_training_examples(system=system)
    assert len(w) == 1
    assert "secret" not in str(w[0].message)
    (example,) = stage.invoke(session("Al: a", "*Zoë: b"))
    assert contents(example)[0] == 'secret {onwer} {Zoë} {"a": {}} {owner.__class__} {Zoë}'


def test_the_opening_stands_before_the_answer_and_never_holds_it() -> None:
    given_session = session("*Zoë: hi, soup?", "Al: yes", "*Zoë: good")
    kept = next(to_training_examples([given_session]))
    assert contents(kept) == ["hi, soup?", "yes", "good"]
    dropped = next(to_training_examples([given_session], opening="drop"))
    assert contents(dropped) == ["yes", "good"]
    opened = next(to_training_examples([given_session], opening="(write first)"))
    assert contents(opened) == ["(write first)", "hi, soup?", "yes", "good"]


def test_the_report_says_where_each_message_went() -> None:
    report = ExampleReport()
    sessions = [
        session("Al: a", "Al:  ", "*Zoë: b", "*Zoë: c", "Al: d"),
        session("*Zoë: e", "Al: f", "*Zoë: g"),
        session("Al: h", "Al: i"),
    ]
    list(to_training_examples(sessions, opening="drop", report=report))
    assert dict(report.messages) == {
        "prompt of an answer": 2,
        "blank": 1,
        "trained": 3,
        "never answered by the persona": 1,
        "opening of the persona, dropped": 1,
        "in a session without the persona": 2,
    }
    assert (report.sessions, report.examples, report.answers) == (3, 2, 2)
    assert str(report).startswith(
        "3 sessions → 2 training examples with 2 trained answers\n10 mess"
    )


def test_a_report_adds_up_and_a_stage_with_one_is_still_a_value() -> None:
    report = ExampleReport()
    stage = to_training_examples(report=report)
    for _ in range(2):
        list(stage.stream([session("Al: a", "*Zoë: b")]))
    assert report.messages == {"trained": 2, "prompt of an answer": 2}
    assert stage == to_training_examples(report=report)
    assert hash(stage) == hash(to_training_examples(report=report))
    assert pickle.loads(pickle.dumps(stage)).report.messages == report.messages  # noqa: S301 - own


def test_no_two_examples_share_a_turn() -> None:
    lines = ["Al: a", "*Zoë: b"] * 4
    examples = list(to_training_examples([session(*lines)], max_messages=4, overlap=2, system="s"))
    turns = [turn for example in examples for turn in example["messages"]]
    assert len({id(turn) for turn in turns}) == len(turns)


def test_examples_are_plain_dicts_that_remember_their_source() -> None:
    info = {"id": "al_1", "title": "Al", "participants": ["Al", "Zoë"], "is_group": False}
    thread = timed_session((0, "Al: a"), (1, "*Zoë: b"), thread=info)
    (example,) = to_training_examples([thread], system="To {others}")
    for one in (example, pickle.loads(pickle.dumps(example)), copy.deepcopy(example)):  # noqa: S301
        assert one == {"messages": example["messages"]}
        assert json.loads(json.dumps(one)) == one
        source = one.source  # type: ignore[attr-defined]
        assert (source.thread, source.contact, source.conversation) == ("al_1", "al", 1)
        assert source.time - source.started == 3_600_000
        assert (source.system, source.values) == ("To {others}", {"others": "Al"})


@pytest.mark.parametrize(
    ("thread", "contact"),
    [
        ({"id": "t", "participants": ["Al", "Zoë"], "is_group": False}, "al"),
        ({"id": "t", "participants": ["Al", "Zoë"], "is_group": True}, "t"),
        ({"id": "t", "participants": ["Al", "Bo", "Zoë"], "is_group": True}, "t"),
        (None, "al"),
    ],
)
def test_a_contact_is_a_person_or_a_group(thread: Any, contact: str) -> None:
    (example,) = to_training_examples([session("Al: a", "*Zoë: b", thread=thread)])
    assert example.source.contact == contact  # type: ignore[attr-defined]


def test_blank_messages_are_no_turns_and_nothing_is_changed() -> None:
    given_session = session("Al: a", "Al: \n", "*Zoë:  ", "*Zoë: b")
    before = copy.deepcopy(given_session)
    (example,) = to_training_examples([given_session])
    assert contents(example) == ["a", "b"]
    assert given_session == before


def test_content_blocks_become_text() -> None:
    blocks = [{"type": "text", "text": "b"}]
    (example,) = to_training_examples([{"messages": [HumanMessage("a"), AIMessage(blocks)]}])
    assert example["messages"][1] == {"role": "assistant", "content": "b"}


def test_messages_of_other_kinds_are_refused_without_their_text() -> None:
    with pytest.raises(TypeError, match="system") as caught:
        list(to_training_examples([{"messages": [SystemMessage("secret")]}]))
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "options",
    [
        {"max_messages": 1},
        {"overlap": -1},
        {"max_messages": 2, "overlap": 2},
        {"overlap": 8},
        {"max_tokens": 0},
        {"opening": " "},
    ],
)
def test_impossible_settings_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"max_messages|overlap|max_tokens|opening"):
        to_training_examples(**options)


def test_a_window_without_room_beside_the_system_prompt_is_refused() -> None:
    stage = to_training_examples(max_tokens=50, tokenizer=len, system="x" * 60)
    with pytest.raises(ValueError, match="max_tokens=50 leaves no room"):
        list(stage.stream([session("Al: a", "*Zoë: b")]))


def test_a_prompt_that_is_filled_in_with_nothing_is_left_out() -> None:
    bare = {"messages": [HumanMessage("a"), AIMessage("b")]}
    (example,) = to_training_examples([bare], system="{others}")
    assert shape(example) == "ua"


def test_errors_and_reprs_do_not_quote_the_system_prompt() -> None:
    with pytest.raises(ValueError, match="overlap") as caught:
        to_training_examples(system="secret", overlap=8)
    assert "secret" not in str(caught.value)
    assert "secret" not in repr(to_training_examples(system="secret") | split_examples())


def test_many_conversations_in_one_session_take_linear_time() -> None:
    def count(n: int) -> int:
        thread = timed_session(*((n * 24 * 40, "*Zoë: a") for n in range(n)))
        return operations(lambda: list(to_training_examples([thread])))

    assert count(2_000) < 11 * count(200)


def test_a_group_whose_names_fill_the_window_ends_no_run() -> None:
    crowd = session(*(f"Person {n}: hi" for n in range(100)), "*Zoë: hi")
    report = ExampleReport()
    stage = to_training_examples(max_tokens=400, tokenizer=len, system="To {others}", report=report)
    examples = stage.invoke([session("Al: a", "*Zoë: b"), crowd, session("Bo: c", "*Zoë: d")])
    assert [contents(example)[1:] for example in examples] == [["a", "b"], ["c", "d"]]
    assert report.messages["behind a system prompt that no window holds"] == 101


def test_no_turns_are_no_fate() -> None:
    report = ExampleReport()
    list(to_training_examples([session("Al: ", "Al: \n")], report=report))
    assert str(report).endswith("2 messages: 2 blank")


def test_trained_lines_are_the_personas() -> None:
    lines = [f"{'*Zoë' if n % 3 == 0 else 'Al'}: {n}" for n in range(100)]
    examples = to_training_examples([session(*lines)], max_messages=6, overlap=4)
    assert trained_lines(examples) == Counter(str(n) for n in range(0, 100, 3))
