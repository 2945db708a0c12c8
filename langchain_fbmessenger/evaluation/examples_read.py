"""Training examples as this room reads them: checked, with all their answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from langchain_fbmessenger.examples import ExampleRules, valid_examples

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from langchain_fbmessenger.examples import TrainingExample

__all__ = ["checked_examples"]

_RULES = ExampleRules(provider="the leak audit", names=True)


def checked_examples(examples: Iterable[TrainingExample]) -> Iterator[TrainingExample]:
    """Pass examples on, each checked.

    Raises:
        InvalidExampleError: There are none, or one breaks a rule of the chat format.
    """
    yield from valid_examples(examples, _RULES)
