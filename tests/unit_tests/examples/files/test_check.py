from __future__ import annotations

import json
import re
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from langchain_fbmessenger import check_examples, write_jsonl, write_training_file
from langchain_fbmessenger.examples import ExampleRules, provider_names
from langchain_fbmessenger.examples.files import jsonl

if TYPE_CHECKING:
    from pathlib import Path

USER = {"role": "user", "content": "secret a"}
ANSWER = {"role": "assistant", "content": "b"}
CONTEXT = {**ANSWER, "weight": 0}
SYSTEM = {"role": "system", "content": "s"}


def chat(*turns: Any) -> Any:
    return {"messages": list(turns)}


GOOD = chat(SYSTEM, USER, ANSWER)


def rules_broken(example: Any, provider: str) -> list[str]:
    report = check_examples([GOOD] * 20 + [example], provider=provider)
    assert all(violation.line == 21 for violation in report.violations)
    assert "secret" not in str(report.violations)
    return [violation.rule for violation in report.violations]


@pytest.mark.parametrize("provider", provider_names())
@pytest.mark.parametrize(
    ("wrong", "rule"),
    [
        (None, "shape"),
        ([], "shape"),
        ("secret", "shape"),
        ({"messages": None}, "shape"),
        ({"messages": []}, "shape"),
        ({"prompt": [USER], "completion": None}, "shape"),
        ({"messages": None, "prompt": [USER], "completion": [ANSWER]}, "shape"),
        (chat(7, ANSWER), "role"),
        (chat({"role": "developer", "content": "a"}, ANSWER), "role"),
        (chat({"role": {}, "content": "a"}, ANSWER), "role"),
        (chat(USER, {"role": "assistant"}), "content"),
        (chat(USER, {"role": "assistant", "content": [{"text": "secret"}]}), "content"),
        (chat(USER, {**ANSWER, "content": "\ud800"}), "utf-8"),
        (chat(USER, {**ANSWER, "weight": 0.5}), "weight"),
        (chat({**USER, "weight": 1}, ANSWER), "weight"),
        (chat(USER, {**ANSWER, "train": "yes"}), "weight"),
        (chat({**USER, "name": "Zoë Ångström"}, ANSWER), "name"),
        (chat({**USER, "sender": "secret"}, ANSWER), "keys"),
        (chat(USER, ANSWER, USER), "last_message"),
        (chat(USER, CONTEXT), "last_message"),
        (chat(SYSTEM), "last_message"),
    ],
)
def test_rules_that_hold_everywhere(provider: str, wrong: Any, rule: str) -> None:
    report = check_examples([wrong], provider=provider)
    assert rule in [violation.rule for violation in report.violations]
    assert "secret" not in str(report.violations)


@pytest.mark.parametrize(
    ("example", "rule", "refused_by"),
    [
        (GOOD, "", "trl"),
        (chat(ANSWER), "first_role", "azure nebius together axolotl llama-factory mlx-lm trl"),
        (chat(USER, USER, ANSWER), "alternation",
         "azure nebius together axolotl llama-factory mlx-lm trl"),
        (chat(USER, ANSWER, ANSWER), "alternation",
         "azure nebius together axolotl llama-factory mlx-lm trl"),
        (chat(USER, CONTEXT, USER, ANSWER), "weight",
         "nebius mistral together axolotl llama-factory mlx-lm trl"),
        (chat(USER, SYSTEM, ANSWER), "system",
         "nebius together fireworks mistral llama-factory"),
        (chat(SYSTEM, SYSTEM, USER, ANSWER), "system",
         "nebius together fireworks mistral llama-factory"),
        (chat({**USER, "name": "Al-1"}, ANSWER), "name",
         "nebius together fireworks mistral trl axolotl llama-factory mlx-lm"),
        ({**GOOD, "tools": []}, "keys", "local trl axolotl llama-factory mlx-lm"),
        ({**GOOD, "prompt": "a"}, "keys",
         "openai azure nebius local together fireworks mistral trl axolotl llama-factory mlx-lm"),
        (chat(USER, ANSWER, USER, ANSWER), "weight", "llama-factory mlx-lm trl"),
        ({**GOOD, "id": 7}, "keys",
         "openai azure nebius local together fireworks mistral trl axolotl llama-factory mlx-lm"),
        (chat({**USER, "weight": 0}, {**ANSWER, "weight": 1}), "weight",
         "openai azure nebius local fireworks mistral trl axolotl llama-factory mlx-lm"),
        (chat(USER, {**ANSWER, "train": True}), "weight",
         "openai azure nebius local together fireworks mistral trl llama-factory mlx-lm"),
    ],
)  # fmt: skip
def test_each_provider_refuses_what_it_does_not_take(
    example: Any, rule: str, refused_by: str
) -> None:
    report = check_examples([example] * 10)
    refusing = {name for name, rules in report.refused_by.items() if rule in rules}
    if rule:
        assert refusing == set(refused_by.split())
    taken = set(provider_names()) - set(refused_by.split()) - {"trl"}
    assert set(report.taken_by) == taken


def test_every_broken_rule_is_told_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    lines = [json.dumps(GOOD), "{secret", "", json.dumps(chat(USER)), json.dumps([1]), "\xff"]
    path.write_bytes("\n".join(lines).encode("latin-1"))
    report = check_examples(path, provider="openai")
    told = [(violation.line, violation.rule) for violation in report.violations]
    assert told == [
        (2, "json"), (4, "last_message"), (5, "shape"), (6, "json"), (None, "min_examples"),
    ]  # fmt: skip
    assert str(report.violations[0]) == "line 2: the line is not valid JSON [json]"
    assert not report.ok
    assert report.examples == 5
    assert "secret" not in str(report)


def test_a_byte_order_mark_is_for_azure(tmp_path: Path) -> None:
    write_jsonl([GOOD] * 10, tmp_path / "plain")
    assert [v.rule for v in check_examples(tmp_path / "plain", provider="azure").violations] == [
        "bom"
    ]
    write_training_file([GOOD] * 10, tmp_path / "azure", format="azure")
    assert check_examples(tmp_path / "azure", provider="azure").ok
    report = check_examples(tmp_path / "azure", provider="together")
    assert [violation.rule for violation in report.violations] == ["bom"]
    assert check_examples(tmp_path / "azure", provider="local").ok


def test_blank_lines_are_for_none_but_careful_readers(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("\n\n".join([json.dumps(GOOD)] * 10))
    assert check_examples(tmp_path / "x", provider="openai").ok
    broken = check_examples(tmp_path / "x", provider="mlx-lm").violations
    assert [violation.rule for violation in broken] == ["blank_lines"]


def test_endless_lines_are_told_and_passed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jsonl, "_LONGEST_LINE", 100)
    long = json.dumps(chat(USER, {**ANSWER, "content": "x" * 950}))
    (tmp_path / "x").write_text(f"{long}\n{json.dumps(chat(USER, ANSWER))}\n{long}")
    report = check_examples(tmp_path / "x")
    assert [(v.line, v.rule) for v in report.violations] == [
        (1, "line_length"), (3, "line_length"),
    ]  # fmt: skip


def test_counts_and_sizes_of_files() -> None:
    assert rules_of([GOOD] * 9, "openai") == ["min_examples"]
    assert rules_of([GOOD] * 10, "openai") == []
    assert rules_of([], "local") == ["min_examples"]
    own = ExampleRules(provider="mine", max_examples=2)
    assert rules_of([GOOD] * 3, own) == ["max_examples"]


def rules_of(examples: list[Any], provider: Any) -> list[str]:
    return [v.rule for v in check_examples(examples, provider=provider).violations]


def test_a_file_that_is_too_large(tmp_path: Path) -> None:
    write_jsonl([GOOD], tmp_path / "x")
    own = ExampleRules(provider="mine", max_bytes=50)
    report = check_examples(tmp_path / "x", provider=own)
    assert [violation.rule for violation in report.violations] == ["file_size"]


def test_tokens_are_counted_and_held_against_the_limit() -> None:
    long = chat(USER, {**ANSWER, "content": "x" * 5000})
    report = check_examples([GOOD, long], provider="local", tokenizer=len)
    assert [(v.line, v.rule) for v in report.violations] == [(2, "context_length")]
    assert "it has 5,019 tokens, local reads 4,096" in report.violations[0].reason
    assert dict(report.tokens) == {25: 1, 5019: 1}
    assert dict(report.turns) == {3: 1, 2: 1}
    assert report.total_tokens == 5044
    assert not report.is_estimate
    assert check_examples([GOOD]).is_estimate


@pytest.mark.parametrize(
    ("model", "day", "told"),
    [
        ("gpt-4.1-mini-2025-04-14", date(2026, 11, 24), "on 2027-01-14, in 51 days"),
        ("gpt-4o-mini", date(2026, 11, 24), "on 2027-01-14, in 51 days"),
        ("gpt-4.1-mini-2025-04-14", date(2026, 11, 14), None),
        ("gpt-4.1-nano-2025-04-14", date(2026, 11, 24), "has shut down .* on 2026-10-23"),
        ("gpt-9", date(2026, 11, 24), None),
        ("gpt-9", date(2027, 1, 6), "takes no training jobs since 2027-01-06"),
    ],
)
def test_a_base_model_that_leaves_soon_is_refused_with_the_day(
    model: str, day: date, told: str | None
) -> None:
    report = check_examples([GOOD] * 10, provider="openai", model=model, today=day)
    if told is None:
        assert report.ok
    else:
        (violation,) = report.violations
        assert violation.rule == "shutdown"
        assert re.search(told, violation.reason)


def test_a_provider_that_closes_is_refused_without_a_model_too() -> None:
    report = check_examples([GOOD] * 10, provider="openai", today=date(2027, 3, 1))
    assert [violation.rule for violation in report.violations] == ["shutdown"]
    assert "openai" not in report.taken_by
    assert check_examples([GOOD] * 10, provider="openai", today=date(2026, 11, 24)).ok


def test_examples_that_an_estimate_cannot_tell_of_are_counted() -> None:
    czech = chat(USER, {**ANSWER, "content": "Přišel žluťoučký kůň. " * 300})
    report = check_examples([GOOD, czech], provider="local")
    assert (report.ok, report.maybe_too_long) == (True, 1)
    assert check_examples([GOOD, czech], tokenizer=lambda t: len(t) // 4).maybe_too_long == 0


def test_the_same_model_stays_longer_at_azure() -> None:
    day = date(2026, 11, 24)
    report = check_examples([GOOD] * 10, provider="azure", model="gpt-4o-mini", today=day)
    assert report.ok


def test_an_unknown_provider_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown provider or format 'none'"):
        check_examples([GOOD], provider="none")
    with pytest.raises(ValueError, match="unknown provider or format"):
        check_examples([GOOD], provider=["local"])  # type: ignore[arg-type]


def test_in_a_file_of_its_own_earlier_answers_are_context() -> None:
    several = chat(USER, ANSWER, USER, ANSWER)
    assert check_examples([several] * 10, provider="llama-factory").ok
    report = check_examples([several] * 10, provider="openai")
    assert report.ok
    assert "llama-factory" not in report.taken_by
