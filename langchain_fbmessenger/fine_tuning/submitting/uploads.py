"""Check and write the files of a job on this machine, before they are sent."""

from __future__ import annotations

import hashlib
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from langchain_fbmessenger._internal.home import temporary_folder
from langchain_fbmessenger.examples import ExampleRules, HeldOut
from langchain_fbmessenger.examples.files.jsonl import several
from langchain_fbmessenger.examples.files.write import write_by_rules
from langchain_fbmessenger.fine_tuning.manifests import state_folder
from langchain_fbmessenger.fine_tuning.system_prompt import SystemPrompt, SystemPromptSeen

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from langchain_fbmessenger.examples import TrainingExample

__all__ = ["JobFile", "JobFiles", "written_files"]

_HASHED_AT_ONCE = 2**20


@dataclass(frozen=True)
class JobFile:
    """A file of examples.

    Attributes:
        role: `training` or `validation`.
        path: Where it lies, for a moment.
        examples: How many lines it has.
        bytes: Its size.
        sha256: Its content's hash.
    """

    role: str
    path: Path
    examples: int
    bytes: int
    sha256: str


@dataclass(frozen=True)
class JobFiles:
    """Files of examples that passed a provider's rules, in a folder that lives for a moment."""

    training: JobFile
    validation: JobFile | None
    system: SystemPrompt | None

    def __iter__(self) -> Iterator[JobFile]:
        """Give those that there are."""
        yield self.training
        if self.validation is not None:
            yield self.validation


@contextmanager
def written_files(
    examples: Iterable[TrainingExample],
    validation: Iterable[TrainingExample] | None,
    rules: ExampleRules,
    system: str | None = None,
) -> Iterator[JobFiles]:
    """Check examples and write them as a provider reads them to files, removed in the end.

    Args:
        examples: Training examples, or the two lists that `split_examples` gives.
        validation: The validation set.
        rules: What the provider asks of them.
        system: Template of the system prompt, if the examples do not know it.

    Raises:
        InvalidExampleError: An example breaks a rule, or there are too few.
        FineTuningError: The state folder cannot be written to.
    """
    parted = _Parted(several(examples))
    seen = SystemPromptSeen(system)
    # Not among all programs' temporary files: a process that is killed here leaves chats behind.
    with temporary_folder(state_folder("outgoing")) as folder:
        training = _written(parted.train(), Path(folder, "training.jsonl"), rules, watch=seen.watch)
        validation = parted.validation if validation is None else validation
        validation_file = None
        if validation is not None:
            path = Path(folder, "validation.jsonl")
            validation_file = _written(several(validation), path, replace(rules, min_examples=1))
        yield JobFiles(training=training, validation=validation_file, system=seen.shared())


class _Parted:
    """Examples, and perhaps a validation set: `split_examples` gives two lists in a row."""

    def __init__(self, items: Iterable[Any]) -> None:
        self._items = items
        self.validation: list[TrainingExample] | None = None

    def train(self) -> Iterator[TrainingExample]:
        """Give those that are to be trained; `validation` is known when all have been given."""
        for item in self._items:
            if isinstance(item, HeldOut):
                self.validation = item or None
            elif isinstance(item, list):
                yield from item
            else:
                yield item


def _written(
    examples: Iterable[TrainingExample], path: Path, rules: ExampleRules, **options: Any
) -> JobFile:
    lines = write_by_rules(examples, path, rules, **options).lines
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(_HASHED_AT_ONCE):
            digest.update(piece)
    return JobFile(path.stem, path, lines, path.stat().st_size, digest.hexdigest())
