from __future__ import annotations

import pytest

from langchain_fbmessenger.fine_tuning.system_prompt import (
    SystemPromptSeen,
    from_metadata,
    to_metadata,
)


@pytest.mark.parametrize("system", ["You are {Zoë}.", "x" * 512, "y" * 513, "z" * 6144])
def test_it_comes_back_from_a_jobs_metadata(system: str) -> None:
    metadata = to_metadata(system)
    assert from_metadata({"other": "pair", **metadata}) == system
    assert all(len(value) <= 512 for value in metadata.values()), "OpenAI's limit"


@pytest.mark.parametrize("system", [None, "", "x" * 6145])
def test_none_and_overlong_ones_are_not_kept(system: str | None) -> None:
    assert to_metadata(system) == {}
    assert from_metadata(to_metadata(system)) is None
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
    examples = [example(system) for system in systems]
    assert list(seen.watch(examples)) == examples
    assert seen.shared() == shared
