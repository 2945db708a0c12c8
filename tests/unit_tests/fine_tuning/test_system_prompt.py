from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import pytest

from langchain_fbmessenger import InvalidExampleError, split_chat_sessions, to_training_examples
from langchain_fbmessenger.examples import values_in
from langchain_fbmessenger.fine_tuning.job import FineTuningJob
from langchain_fbmessenger.fine_tuning.providers import LocalProvider
from langchain_fbmessenger.fine_tuning.system_prompt import (
    SystemPrompt,
    SystemPromptSeen,
    from_metadata,
    to_metadata,
)
from tests.unit_tests.builders import timed_session


@pytest.mark.parametrize("system", ["You are {Zoë}.", "x" * 512, "y" * 513, "z" * 6144])
@pytest.mark.parametrize("is_template", [False, True])
def test_it_comes_back_from_a_jobs_metadata(system: str, is_template: bool) -> None:
    prompt = SystemPrompt(system, is_template=is_template)
    metadata = to_metadata(prompt)
    assert from_metadata({"other": "pair", **metadata}) == prompt
    assert all(len(value) <= 512 for value in metadata.values()), "OpenAI's limit"


@pytest.mark.parametrize("system", [None, "", "x" * 6145])
def test_none_and_overlong_ones_are_not_kept(system: str | None) -> None:
    prompt = None if system is None else SystemPrompt(system)
    told = nullcontext() if not system else pytest.warns(UserWarning, match="6,145 characters")
    with told:
        assert to_metadata(prompt) == {}
    assert from_metadata({}) is None
    assert from_metadata(None) is None


def example(system: str | None) -> dict:
    head = [] if system is None else [{"role": "system", "content": system}]
    return {"messages": [*head, {"role": "assistant", "content": "a"}]}


@pytest.mark.parametrize(
    ("systems", "shared"),
    [(["s", "s"], "s"), (["s", "t"], None), (["s", None], None), ([None], None), ([], None)],
)
def test_only_a_prompt_that_all_examples_share_counts(
    systems: list[str | None], shared: str | None
) -> None:
    seen = SystemPromptSeen()
    examples: Any = [example(system) for system in systems]
    assert list(seen.watch(examples)) == examples
    assert seen.shared() == (None if shared is None else SystemPrompt(shared))


def seen_of(system: str | None) -> SystemPrompt | None:
    """Return what a tuner notes of the examples of two conversations with two people."""
    threads = [
        timed_session((day * 24, f"{name}: a"), (day * 24, "*Zoë: b"), thread={"title": name})
        for day, name in enumerate(["Al", "Bo"])
    ]
    seen = SystemPromptSeen()
    list(seen.watch((split_chat_sessions() | to_training_examples(system=system)).invoke(threads)))
    return seen.shared()


@pytest.mark.parametrize(
    ("system", "stored"),
    [
        (None, None),
        ("You are {x}.", SystemPrompt("You are {x}.")),
        ("You are {owner}.", SystemPrompt("You are Zoë.")),
        ("{owner} to {others}", SystemPrompt("Zoë to {others}", is_template=True)),
        ("{owner} on {date} {x}", SystemPrompt("Zoë on {date} {x}", is_template=True)),
    ],
)
def test_a_template_is_stored_with_what_all_examples_share(
    system: str | None, stored: SystemPrompt | None
) -> None:
    assert seen_of(system) == stored


def template(text: str) -> SystemPrompt:
    return SystemPrompt(text, is_template=True)


class State:
    """As much of a provider's job as a prompt needs."""

    id = "ftjob-1"

    def __init__(self, system: SystemPrompt | None) -> None:
        self.metadata = to_metadata(system)


def prompt_of(system: SystemPrompt | None, **values: str) -> Any:
    return FineTuningJob(State(system), LocalProvider(), None).prompt(**values)  # type: ignore[arg-type]


def test_a_name_in_braces_does_not_become_a_placeholder() -> None:
    threads = [
        timed_session((0, f"{name}: a"), (0, "*{date}: b"), thread={"title": name})
        for name in ("Al", "Bo")
    ]
    seen = SystemPromptSeen()
    list(seen.watch(to_training_examples(threads, system="{owner} to {others}")))
    assert seen.shared() == template("{owner} to {others}")


def test_what_is_left_of_the_template_is_an_input_of_the_prompt() -> None:
    prompt = prompt_of(seen_of('{owner} to {others}, {"a": {b}}'))
    assert prompt.input_variables == ["input", "others"]
    messages = prompt.invoke({"input": "{hi}", "others": "Cy {"}).to_messages()
    assert [m.content for m in messages] == ['Zoë to Cy {, {"a": {b}}', "{hi}"]


def test_values_can_be_given_once() -> None:
    prompt = prompt_of(template("To {others} in {title}"), others="Cy")
    assert prompt.input_variables == ["input", "title"]
    assert prompt.invoke({"input": "a", "title": "T"}).to_messages()[0].content == "To Cy in T"
    with pytest.raises(ValueError, match="job ftjob-1 has no owner"):
        prompt_of(template("To {others}"), owner="Zoë")
    with pytest.raises(ValueError, match="has no others"):
        prompt_of(None, others="Zoë")


def test_the_day_is_today_unless_given() -> None:
    prompt = prompt_of(template("On {date}"))
    assert prompt.input_variables == ["input"]
    content = prompt.invoke({"input": "a"}).to_messages()[0].content
    assert content.startswith("On 20")
    assert len(content) == len("On 2026-11-24")
    given = prompt_of(template("On {date}"), date="1999-01-01")
    assert given.invoke({"input": "a"}).to_messages()[0].content == "On 1999-01-01"


def test_a_template_may_be_given_for_examples_that_forgot_theirs() -> None:
    seen = SystemPromptSeen("{owner} to {others}")
    plain: Any = [example("Zoë to Al"), example("Zoë to Bo, Cy")]
    assert list(seen.watch(plain)) == plain
    assert seen.shared() == SystemPrompt("Zoë to {others}", is_template=True)
    same = SystemPromptSeen("{owner} to {others}")
    list(same.watch([example("Zoë to Al")]))  # type: ignore[list-item]
    assert same.shared() == SystemPrompt("Zoë to Al")


@pytest.mark.parametrize("prompt", ["secret", None, "Zoë to Al!"])
def test_a_template_of_other_examples_is_refused(prompt: str | None) -> None:
    seen = SystemPromptSeen("{owner} to {others}.")
    with pytest.raises(InvalidExampleError, match="example 2: its system prompt is not made") as w:
        list(seen.watch([example("Zoë to Al."), example(prompt)]))  # type: ignore[list-item]
    assert w.value.rule == "system_prompt"
    assert "secret" not in str(w.value)


@pytest.mark.parametrize(
    ("template_", "prompt", "values"),
    [
        ("{owner}", "a\nb", {"owner": "a\nb"}),
        ("({owner}) {owner}+", "(a) a+", {"owner": "a"}),
        ("({owner}) {owner}+", "(a) b+", None),
        ("s {x}", "s {x}", {}),
        ("s", "t", None),
        ("{owner}{others}", "ab", None),
        ("{owner} {date}.", "Zoë Ångström 2024-05-18.", None),
        (
            "{owner} on {date}.",
            "Zoë Ångström on 2024-05-18.",
            {"owner": "Zoë Ångström", "date": "2024-05-18"},
        ),
    ],
)
def test_values_are_found_in_a_prompt(template_: str, prompt: str, values: Any) -> None:
    assert values_in(template_, prompt) == values
