"""Examples passed on to a provider or a file, unless one breaks a rule: the first ends the run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from langchain_fbmessenger.examples.files.facts import broken_rules, facts_of, turns_of_line
from langchain_fbmessenger.exceptions import InvalidExampleError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from langchain_fbmessenger.examples.files.rules import ExampleRules
    from langchain_fbmessenger.examples.schema import TrainingExample

__all__ = ["checked_count", "raise_if_invalid", "valid_examples"]

T = TypeVar("T")

# More than the words around a turn take in any chat template that we have seen.
_TEMPLATE_TOKENS_PER_TURN = 16


def valid_examples(
    examples: Iterable[TrainingExample], rules: ExampleRules
) -> Iterator[TrainingExample]:
    """Pass examples on, each checked against the chat format and a provider's rules.

    Args:
        examples: Training examples, or lines in the provider's own shape.
        rules: What the provider asks of them.

    Yields:
        The same examples. That they are enough is known, and checked, at their end.

    Raises:
        InvalidExampleError: An example breaks a rule (named, with its number), or there are too
            few or too many of them.
    """
    yield from checked_count(_each_valid(examples, rules), rules)


def raise_if_invalid(line: Any, number: int, rules: ExampleRules) -> None:
    """Refuse a line that breaks a rule.

    Args:
        line: An example, in the provider's own shape.
        number: The number of the example.
        rules: What the provider asks of it.

    Raises:
        InvalidExampleError: It breaks one.
    """
    for broken in broken_rules(facts_of(line), rules):
        raise InvalidExampleError(broken.reason, rule=broken.rule, line=number)
    _check_length(line, number, rules)


def checked_count(lines: Iterable[T], rules: ExampleRules) -> Iterator[T]:
    """Pass lines on; that they are enough and not too many is checked as they pass.

    Raises:
        InvalidExampleError: There are too few or too many.
    """
    count = 0
    for count, line in enumerate(lines, start=1):
        if rules.max_examples is not None and count > rules.max_examples:
            message = f"{rules.provider} takes at most {rules.max_examples:,} training examples."
            raise InvalidExampleError(message, rule="max_examples")
        yield line
    if count < max(rules.min_examples, 1):
        message = (
            f"{rules.provider} needs at least {rules.min_examples} training examples, got {count}."
            if count
            else "there are no training examples: no session holds a message of the persona."
        )
        raise InvalidExampleError(message, rule="min_examples")


def _each_valid(
    examples: Iterable[TrainingExample], rules: ExampleRules
) -> Iterator[TrainingExample]:
    for number, example in enumerate(examples, start=1):
        raise_if_invalid(example, number, rules)
        yield example


def _check_length(example: Any, number: int, rules: ExampleRules) -> None:
    if rules.max_tokens is None or rules.count_tokens is None:
        return
    turns = turns_of_line(example) or []
    most = sum(
        len(t["content"].encode(errors="replace")) + _TEMPLATE_TOKENS_PER_TURN for t in turns
    )
    if most <= rules.max_tokens:
        return
    tokens = rules.count_tokens(turns)
    if tokens > rules.max_tokens:
        message = (
            f"it has {tokens:,} tokens, the model reads {rules.max_tokens:,}. "
            "to_training_examples(max_tokens=..., tokenizer=...) makes windows that fit"
        )
        raise InvalidExampleError(message, rule="context_length", line=number)
