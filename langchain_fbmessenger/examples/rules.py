"""What a provider asks of training examples, and the check of it before anything leaves."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from langchain_fbmessenger.exceptions import InvalidExampleError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from langchain_fbmessenger.examples.schema import TrainingExample

__all__ = ["ExampleRules", "check_examples"]

_ROLES = ("system", "user", "assistant")
_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
# More than the words around a turn take in any chat template that we have seen.
_TEMPLATE_TOKENS_PER_TURN = 16


@dataclass(frozen=True)
class ExampleRules:
    """The limits of one provider and base model.

    Attributes:
        provider: The provider's name, for error texts.
        min_examples: Fewest examples of a training file.
        max_tokens: The base model's context, or the most tokens that an example may have.
        count_tokens: Counts the tokens of a list of turns. It is asked only where an example has
            more bytes than `max_tokens`, since no token is shorter than a byte.
    """

    provider: str
    min_examples: int = 1
    max_tokens: int | None = None
    count_tokens: Callable[[list[Any]], int] | None = None


def check_examples(
    examples: Iterable[TrainingExample], rules: ExampleRules
) -> Iterator[TrainingExample]:
    """Pass examples on, each checked against the chat format and the provider's limits.

    Args:
        examples: Training examples.
        rules: What the provider asks of them.

    Yields:
        The same examples. That they are enough is known, and checked, at their end.

    Raises:
        InvalidExampleError: An example breaks a rule (named, with its number), or there are too
            few of them.
    """
    count = 0
    for count, example in enumerate(examples, start=1):
        _check_turns(example, count)
        _check_length(example, count, rules)
        yield example
    if count < max(rules.min_examples, 1):
        message = (
            f"{rules.provider} needs at least {rules.min_examples} training examples, got {count}."
            if count
            else "there are no training examples: no session holds a message of the persona."
        )
        raise InvalidExampleError(message, rule="min_examples")


def _check_turns(example: Any, number: int) -> None:
    turns = example.get("messages") if isinstance(example, Mapping) else None
    if not isinstance(turns, list) or not turns:
        message = 'an example is an object {"messages": [...]} with at least one message'
        raise InvalidExampleError(message, rule="shape", line=number)
    for position, turn in enumerate(turns, start=1):
        broken = _broken_rule(turn)
        if broken:
            rule, what = broken
            message = f"message {position}: {what}"
            raise InvalidExampleError(message, rule=rule, line=number)
    if turns[-1]["role"] != "assistant" or turns[-1].get("weight") == 0:
        message = "its last message is not one of the assistant that is trained"
        raise InvalidExampleError(message, rule="last_message", line=number)


def _broken_rule(turn: Any) -> tuple[str, str] | None:
    if not isinstance(turn, Mapping) or turn.get("role") not in _ROLES:
        return "role", f"needs a role, one of {', '.join(_ROLES)}"
    if not isinstance(turn.get("content"), str) or not turn["content"].strip():
        return "content", "needs text as content"
    weight = turn.get("weight")
    is_number = type(weight) is int  # `true` equals 1, yet providers refuse it
    if weight is not None and not (turn["role"] == "assistant" and is_number and weight in (0, 1)):
        return "weight", "weight is 0 or 1, on messages of the assistant only"
    name = turn.get("name")
    if name is not None and not (isinstance(name, str) and _NAME.fullmatch(name)):
        return "name", f"name must match {_NAME.pattern}"
    return None


def _check_length(example: TrainingExample, number: int, rules: ExampleRules) -> None:
    if rules.max_tokens is None or rules.count_tokens is None:
        return
    turns = example["messages"]
    most = sum(
        len(t["content"].encode(errors="replace")) + _TEMPLATE_TOKENS_PER_TURN for t in turns
    )
    if most <= rules.max_tokens:
        return
    tokens = rules.count_tokens(turns)
    if tokens > rules.max_tokens:
        message = (
            f"it has {tokens:,} tokens, the model reads {rules.max_tokens:,}. Make the windows "
            "smaller (max_messages) or leave out the overlong message"
        )
        raise InvalidExampleError(message, rule="context_length", line=number)
