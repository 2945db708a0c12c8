"""Training examples as this room reads them: of any format that has `messages`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from langchain_fbmessenger.examples.files.facts import RuleViolation, facts_of
from langchain_fbmessenger.exceptions import InvalidExampleError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from langchain_fbmessenger.examples import TrainingExample

__all__ = ["checked_examples"]


def checked_examples(examples: Iterable[TrainingExample]) -> Iterator[TrainingExample]:
    """Pass examples on, each checked.

    Raises:
        InvalidExampleError: There are none, or one breaks a rule of the chat format.
    """
    number = 0
    for number, example in enumerate(examples, start=1):
        facts = facts_of(example)
        broken = list(facts.broken)
        if facts.shape != "messages":
            broken.append(RuleViolation("shape", "the canaries and the audit read messages"))
        if broken:
            raise InvalidExampleError(broken[0].reason, rule=broken[0].rule, line=number)
        yield example
    if not number:
        message = "there are no training examples"
        raise InvalidExampleError(message, rule="min_examples")
