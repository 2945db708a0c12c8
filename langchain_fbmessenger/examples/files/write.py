"""Write training examples as each provider and trainer takes them: examples in, a file out.

What a format cannot say is said in another way, and nothing is lost: where messages carry no
weights, an example with several trained answers becomes several, each trained once.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from typing_extensions import deprecated

from langchain_fbmessenger.examples.files.jsonl import several, write_objects
from langchain_fbmessenger.examples.files.rules import ExampleRules, rules_for, settings_for
from langchain_fbmessenger.examples.files.validate import (
    checked_count,
    raise_if_invalid,
    valid_examples,
)
from langchain_fbmessenger.examples.schema import DEFAULT_OPENING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from langchain_fbmessenger.examples.schema import TrainingExample

__all__ = ["TrainingFile", "export_examples", "write_by_rules", "write_training_file"]

_ANY = ExampleRules(provider="the chat format", names=True)


@dataclass
class TrainingFile:
    """A file that was written for a provider or trainer.

    Attributes:
        path: The file.
        format: The provider or trainer.
        lines: Lines that were written.
        openings: Lines that got a user turn because the assistant may not speak first there.
        settings: What else has to be set there for the file to mean what it says; None for nothing.
    """

    path: Path
    format: str
    lines: int = 0
    openings: int = 0
    settings: str | None = None


def write_training_file(
    examples: Iterable[TrainingExample],
    path: str | Path,
    *,
    format: str = "openai",  # noqa: A002 - the word that users know it by
    opening: str = DEFAULT_OPENING,
    min_examples: int | None = None,
) -> TrainingFile:
    """Write examples to a file in the form that a provider or trainer takes.

    Every answer that is trained in the examples is trained exactly once by the file, and every
    line is checked against the rules of that provider. The file is streamed, replaces `path` when
    it is whole, and is yours alone to read (0600).

    Args:
        examples: Training examples; an iterator is fine.
        path: The file; its folder must exist.
        format: A provider (`openai`, `azure`, `nebius`, `local`, `together`, `fireworks`,
            `mistral`) or a trainer (`trl`, `axolotl`, `llama-factory`, `mlx-lm`).
        opening: The user's turn before an example that begins with the assistant, where the format
            asks for a user first. `to_training_examples` has kept room for its tokens.
        min_examples: Fewest lines; None for what the provider asks of training files, 1 for a
            validation set.

    Returns:
        What was written, and what else has to be set there.

    Raises:
        InvalidExampleError: An example breaks a rule that no other form mends (its number and the
            rule are named), or there are too few or too many.
        UnknownProviderError: There is no such format.
        InvalidInputError: These are not examples.
        OSError: The file cannot be written.

    Example:
        ```python
        file = write_training_file(examples, "train.jsonl", format="trl")
        print(file.lines, file.settings)
        ```
    """
    rules = rules_for(format)
    if min_examples is not None:
        rules = replace(rules, min_examples=min_examples)
    return write_by_rules(examples, path, rules, opening)


@deprecated("export_examples is called write_training_file now: an export is what Meta hands out")
def export_examples(
    examples: Iterable[TrainingExample],
    path: str | Path,
    *,
    format: str = "openai",  # noqa: A002 - as there
    opening: str = DEFAULT_OPENING,
    min_examples: int | None = None,
) -> TrainingFile:
    """Write examples to a file; the former name of `write_training_file`."""
    return write_training_file(
        examples, path, format=format, opening=opening, min_examples=min_examples
    )


def write_by_rules(
    examples: Iterable[TrainingExample],
    path: str | Path,
    rules: ExampleRules,
    opening: str = DEFAULT_OPENING,
    watch: Callable[[Iterator[TrainingExample]], Iterator[TrainingExample]] = iter,
) -> TrainingFile:
    """Write examples to a file by rules of one's own, such as those of one base model.

    The chat format is checked before examples are rewritten for a provider, and the provider's
    rules on what is written; `watch` sees the examples in between, sound and as they were made.
    """
    file = TrainingFile(Path(path), rules.provider, settings=settings_for(rules.provider))
    lines = _lines_of(watch(valid_examples(several(examples), _ANY)), rules, opening, file)
    file.lines = write_objects(
        checked_count(lines, rules),
        file.path,
        bom=rules.bom == "required",
        max_bytes=rules.max_bytes,
    )
    return file


def _lines_of(
    examples: Iterable[TrainingExample], rules: ExampleRules, opening: str, file: TrainingFile
) -> Iterator[Any]:
    for number, example in enumerate(examples, start=1):
        turns: list[Any] = list(example["messages"])
        for line in _weighted(turns, rules):
            if rules.first == "user" and (missing := _user_missing_at(line)) is not None:
                user = {"role": "user", "content": opening}
                line.insert(missing, _weighted_by_all(user) if rules.weights == "every" else user)
                file.openings += 1
            written: dict[str, Any] = {"messages": line}
            if rules.shape == "prompt_completion":
                written = {"prompt": line[:-1], "completion": line[-1:]}
            raise_if_invalid(written, number, rules)
            yield written


def _weighted(turns: list[Any], rules: ExampleRules) -> Iterator[list[Any]]:
    """Give the turns as lists in which what is trained is said as the rules have it."""
    if rules.weights == "assistant":
        yield turns
    elif rules.weights == "every":
        yield [_weighted_by_all(turn) for turn in turns]
    elif rules.weights == "train":
        yield [
            _bare(turn) | ({"train": _is_trained(turn)} if turn["role"] == "assistant" else {})
            for turn in turns
        ]
    elif rules.trains == "last":
        for stop, turn in enumerate(turns, start=1):
            if _is_trained(turn):
                yield [_bare(one) for one in turns[:stop]]
    else:
        yield from _without_untrained(turns)


def _without_untrained(turns: list[Any]) -> Iterator[list[Any]]:
    """Cut a chat at its untrained answers, for where all answers of a line are trained."""
    head = [turn for turn in turns[:1] if turn["role"] == "system"]
    line: list[Any] = []
    trained = 0  # turns of the line up to its last trained one
    for turn in [*turns[len(head) :], None]:
        if turn is None or (turn["role"] == "assistant" and not _is_trained(turn)):
            if trained:
                yield [_bare(one) for one in (*head, *line[:trained])]
            line, trained = [], 0
            continue
        line.append(turn)
        if turn["role"] == "assistant":
            trained = len(line)


def _is_trained(turn: Any) -> bool:
    return bool(turn["role"] == "assistant" and turn.get("weight") != 0)


def _bare(turn: Any) -> dict[str, Any]:
    return {key: value for key, value in turn.items() if key != "weight"}


def _weighted_by_all(turn: Any) -> dict[str, Any]:
    return _bare(turn) | {"weight": int(_is_trained(turn))}


def _user_missing_at(line: list[Any]) -> int | None:
    """Return where a user turn has to be put in, None if the user speaks before the assistant."""
    for position, turn in enumerate(line):
        if turn["role"] != "system":
            return position if turn["role"] == "assistant" else None
    return None
