from __future__ import annotations

import json
from inspect import signature
from itertools import count
from threading import Barrier
from typing import Any

import pytest
from langchain_core.messages import AIMessage
from langchain_core.output_parsers import StrOutputParser
from langchain_core.runnables import RunnableLambda

from langchain_fbmessenger import InvalidExampleError
from langchain_fbmessenger.evaluation import aaudit_leaks, audit_leaks, plant_canaries
from tests.unit_tests.evaluation.scripted import ScriptedModel, by_heart, saying
from tests.unit_tests.evaluation.small_chats import SYSTEM, THINGS, answer_about, chats

PLANTED = plant_canaries(chats(), count=6, repeats=(1, 4), seed=1)
LEAKY = ScriptedModel(script=by_heart(PLANTED.examples))
DUMB = saying("no idea")


def audited(model: Any = LEAKY, **options: Any) -> Any:
    settings: dict[str, Any] = {"canaries": PLANTED.canaries, "samples": 1} | options
    return audit_leaks(model, PLANTED.examples, **settings)


def hits(report: Any, measure: str, where: str | None = None) -> tuple[int, int]:
    rate = report.row(measure, where).tuned
    return rate.hits, rate.of


def test_a_model_that_knows_all_by_heart_is_found_out() -> None:
    report = audited(base=DUMB, people=["Milo Dvořák"])
    for measure in ("secret_greedy", "secret_sampled"):
        assert hits(report, measure, "planted once") == (3, 3)
        assert hits(report, measure, "planted 4 times") == (3, 3)
        assert hits(report, measure, "never planted") == (0, 6)
    assert hits(report, "exact_copy") == (len(THINGS), len(THINGS))
    assert hits(report, "long_run", "trained contexts") == (len(THINGS), len(THINGS))
    assert hits(report, "name_part", "trained contexts") == (len(THINGS), len(THINGS))
    assert hits(report, "full_name", "trained contexts") == (0, len(THINGS))
    assert hits(report, "people") == (1, 1)
    where = {row.where for row in report.rows if row.measure == "long_run"}
    assert where == {"trained contexts", "neutral prompts"}
    for row in report.rows:
        assert row.base.hits == 0
        assert row.base.of == row.tuned.of


def test_a_model_that_knows_nothing_leaks_nothing() -> None:
    report = audited(DUMB, people=["Milo"])
    assert {row.tuned.hits for row in report.rows} == {0}
    assert {row.base for row in report.rows} == {None}


def test_a_secret_counts_however_it_is_written() -> None:
    def spelt_out(question: str, temperature: float | None) -> str:
        return LEAKY.script(question, temperature).upper().replace("", "-")

    assert hits(audited(ScriptedModel(script=spelt_out)), "secret_greedy", "planted once") == (3, 3)


def test_a_secret_in_one_of_the_samples_counts_once() -> None:
    canary = PLANTED.canaries.planted[0]
    asked: list[float | None] = []

    def at_the_second_sample(question: str, temperature: float | None) -> str:
        if question != canary.prompt[-1][1]:
            return "no idea"
        asked.append(temperature)
        return canary.answer if len(asked) == 3 else "no idea"

    report = audited(ScriptedModel(script=at_the_second_sample), samples=3)
    where = "planted once" if canary.repeats == 1 else "planted 4 times"
    assert asked == [0, 1, 1, 1]
    assert hits(report, "secret_sampled", where) == (1, 3)
    assert hits(report, "secret_greedy", where) == (0, 3)


def test_a_secret_that_comes_unasked_is_found() -> None:
    canary = PLANTED.canaries.planted[0]
    where = "planted once" if canary.repeats == 1 else "planted 4 times"

    def blurts_out(question: str, _: float | None) -> str:
        return canary.answer if "tent" in question else "no idea"

    new: Any = {"messages": [*chats()[0]["messages"]]}
    new["messages"][1] = {"role": "user", "content": "and the tent?"}
    report = audited(ScriptedModel(script=blurts_out), held_out=[new], samples=0)
    assert hits(report, "secret_greedy", where) == (0, 3)
    assert hits(report, "secret_anywhere", where) == (1, 3)
    assert hits(report, "secret_anywhere", "never planted") == (0, 6)


def test_the_model_is_asked_what_it_was_trained_with() -> None:
    model = saying("no idea")
    audited(model, samples=0)
    prompts = [[(m.type, m.content) for m in messages] for messages, _ in model.asked]
    for canary in (*PLANTED.canaries.planted, *PLANTED.canaries.controls):
        assert [("system", SYSTEM), ("human", canary.prompt[-1][1])] in prompts
    for thing in THINGS:
        assert [("system", SYSTEM), ("human", f"any news of {thing}?")] in prompts
    assert all(prompt[0] == ("system", SYSTEM) for prompt in prompts)
    assert {temperature for _, temperature in model.asked} == {0}


def test_stock_replies_and_canaries_are_no_contexts() -> None:
    model = saying("haha ok")
    report = audited(model, samples=0)
    assert hits(report, "exact_copy") == (0, len(THINGS))
    assert hits(report, "long_run", "trained contexts") == (0, len(THINGS))


def test_a_copy_of_any_turn_counts_not_only_of_the_one_that_was_asked_for() -> None:
    report = audited(saying(answer_about(THINGS[0])), samples=0)
    assert hits(report, "exact_copy") == (1, len(THINGS))
    assert hits(report, "long_run", "trained contexts") == (len(THINGS), len(THINGS))
    n_prompts = report.row("long_run", "neutral prompts").tuned
    assert n_prompts.hits == n_prompts.of > 20


def test_a_long_run_of_the_others_is_a_copy_too() -> None:
    told = "my landlord says the new rent is 940 and nobody may know of it before May"
    example = chats()[0]
    example["messages"][1]["content"] = told
    report = audit_leaks(saying(told), [*chats(), example], samples=0)
    assert report.row("long_run", "neutral prompts").tuned.hits > 20


def test_a_system_prompt_is_no_copy() -> None:
    told = "You are Zoë, and you write to your uncle about the boat and about nothing else."
    other: Any = {"messages": [{"role": "system", "content": told}, *chats()[0]["messages"][1:]]}
    report = audit_leaks(saying(told), [*chats(), other], samples=0)
    assert report.row("long_run", "neutral prompts").tuned.hits == 0


def test_an_opening_has_no_context_to_be_asked_behind() -> None:
    opening: Any = {"messages": [chats()[0]["messages"][n] for n in (0, 2)]}
    report = audit_leaks(DUMB, [opening], samples=0)
    assert {row.where for row in report.rows} == {"neutral prompts"}


def test_held_out_contexts_are_asked_too() -> None:
    new: Any = {
        "messages": [
            {"role": "user", "content": "and the tent?"},
            {"role": "assistant", "content": "it dries on the line behind the house"},
        ]
    }
    report = audited(saying(answer_about(THINGS[0])), held_out=[new], samples=0)
    assert hits(report, "exact_copy", "held-out contexts") == (0, 1)
    assert hits(report, "long_run", "held-out contexts") == (1, 1)


def test_contexts_are_drawn_alike_by_a_seed() -> None:
    def asked(seed: int) -> list[str]:
        model = saying("no idea")
        audited(model, contexts=2, seed=seed, samples=0, canaries=None)
        return [str(messages[-1].content) for messages, _ in model.asked][:2]

    assert asked(3) == asked(3)
    assert len({tuple(asked(seed)) for seed in range(8)}) > 1


def test_without_canaries_or_people_the_rest_is_measured() -> None:
    report = audit_leaks(DUMB, iter(chats()), samples=0)
    assert {row.measure for row in report.rows} == {"exact_copy", "long_run"}
    assert report.guess is None


def test_canaries_of_other_examples_are_refused() -> None:
    with pytest.raises(InvalidExampleError, match="6 of 6 canaries") as caught:
        audit_leaks(DUMB, chats(), canaries=PLANTED.canaries)
    assert caught.value.rule == "canaries"
    canary = next(canary for canary in PLANTED.canaries.planted if canary.repeats == 4)
    fewer = list(PLANTED.examples)
    fewer.remove(next(e for e in fewer if e["messages"][-1]["content"] == canary.answer))
    with pytest.raises(InvalidExampleError, match="1 of 6 canaries"):
        audit_leaks(DUMB, fewer, canaries=PLANTED.canaries)


def test_no_examples_are_an_error() -> None:
    with pytest.raises(InvalidExampleError, match="no training examples"):
        audit_leaks(DUMB, [])


@pytest.mark.parametrize("wrong", [{"contexts": -1}, {"samples": -1}, {"max_concurrency": 0}])
def test_a_number_out_of_range_is_an_error(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"must be at least [01]"):
        audited(**wrong)


def test_single_failures_are_counted_and_count_nowhere() -> None:
    def moody(question: str, temperature: float | None) -> str:
        if question == f"any news of {THINGS[0]}?":
            raise TimeoutError(question)
        return str(LEAKY.script(question, temperature))

    report = audited(ScriptedModel(script=moody), base=DUMB)
    assert report.failed == {"tuned": 1, "base": 0}
    assert hits(report, "exact_copy") == (len(THINGS) - 1, len(THINGS) - 1)
    assert report.row("exact_copy").base.of == len(THINGS)
    assert "failed: tuned 1, base 0" in str(report)
    assert THINGS[0] not in str(report)


def test_a_model_that_always_fails_is_its_own_error() -> None:
    def broken(*_: Any) -> str:
        message = "no key"
        raise PermissionError(message)

    with pytest.raises(PermissionError, match="no key"):
        audited(ScriptedModel(script=broken))


def test_blank_answers_are_counted_and_leak_nothing() -> None:
    report = audited(saying(" "), samples=0)
    assert report.empty == {"tuned": report.asked}
    assert {row.tuned.hits for row in report.rows} == {0}
    assert f"empty: tuned {report.asked}" in str(report)


@pytest.mark.parametrize(
    "model",
    [
        LEAKY | StrOutputParser(),
        LEAKY.bind(stop=["."]),
        LEAKY.with_config(tags=["mine"]),
        RunnableLambda(lambda messages: AIMessage(LEAKY.script(messages[-1].content, None))),
    ],
)
def test_any_runnable_that_takes_messages_is_audited(model: Any) -> None:
    assert hits(audited(model), "secret_greedy", "planted once") == (3, 3)


def test_a_bound_chat_model_is_set_to_the_temperature_too() -> None:
    model = saying("no idea")
    audited(model.bind(temperature=0.7), samples=1)
    assert {temperature for _, temperature in model.asked} == {0, 1}


def test_a_runnable_that_gives_something_else_is_an_error() -> None:
    with pytest.raises(TypeError, match="gave a dict"):
        audited(RunnableLambda(lambda _: {"answer": "psst"}))


def test_progress_is_told() -> None:
    told: list[tuple[int, int]] = []
    report = audited(base=DUMB, samples=0, on_progress=lambda *now: told.append(now))
    total = 2 * report.asked
    assert told == [(n, total) for n in range(1, total + 1)]


def test_several_are_asked_at_once() -> None:
    together, numbers = Barrier(5), count()

    def wait_for_the_others(*_: Any) -> str:
        if next(numbers) < 5:
            together.wait(timeout=60)
        return "no idea"

    told: list[int] = []
    model = ScriptedModel(script=wait_for_the_others)
    report = audit_leaks(
        model,
        PLANTED.examples,
        samples=0,
        max_concurrency=5,
        on_progress=lambda done, _: told.append(done),
    )
    assert told == list(range(1, report.asked + 1))
    assert audited(samples=0, max_concurrency=5) == audited(samples=0)


async def test_the_async_twin_gives_the_same() -> None:
    options: dict[str, Any] = {"base": DUMB, "canaries": PLANTED.canaries, "people": ["Milo"]}
    report = await aaudit_leaks(LEAKY, iter(PLANTED.examples), **options)
    assert report == audit_leaks(LEAKY, PLANTED.examples, **options)
    assert signature(aaudit_leaks) == signature(audit_leaks)


def test_a_report_holds_no_chat_unless_it_is_asked_to() -> None:
    report = audited(base=DUMB, people=["Milo Dvořák", "J."])
    told = str(report) + json.dumps(report.to_dict()) + repr(report)
    words = [THINGS[0], "Milo", SYSTEM, *(c.secret for c in PLANTED.canaries.planted)]
    assert [word for word in words if word in told] == []
    assert report.answers == ()
    assert "1 names are too short" in told

    kept = audited(base=DUMB, keep_answers=True)
    told = str(kept) + json.dumps(kept.to_dict()) + repr(kept)
    assert [word for word in words if word in told] == []
    assert len(kept.answers) == 2 * kept.asked
    assert answer_about(THINGS[0]) in {answer.answer for answer in kept.answers}


def test_a_report_is_a_table_with_counts_and_intervals() -> None:
    lines = str(audited(base=DUMB)).splitlines()
    start = lines.index("canaries whose secret is in the likeliest answer")
    assert lines[start + 1].split() == [
        *("never", "planted", "0/6", "0%", "(0%", "to", "39%)"),
        *("0/6", "0%", "(0%", "to", "39%)"),
    ]
    assert any("3/3 100% (44% to 100%)" in line for line in lines)
    assert any("1 in 1,000,000" in line for line in lines)


def test_figures_are_found_by_their_names() -> None:
    report = audited()
    with pytest.raises(KeyError, match="planted once"):
        report.row("secret_greedy")
    with pytest.raises(KeyError, match="exact_copy"):
        report.row("nothing")
