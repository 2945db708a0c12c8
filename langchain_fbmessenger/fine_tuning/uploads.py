"""The files of a job: examples are checked and written on this machine, and then uploaded."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from langchain_fbmessenger.examples import HeldOut, valid_examples, write_jsonl
from langchain_fbmessenger.fine_tuning.system_prompt import SystemPrompt, SystemPromptSeen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from openai import OpenAI

    from langchain_fbmessenger.examples import ExampleRules, TrainingExample

__all__ = ["JobFiles", "several", "written_files"]

_LIFETIME_S = 7 * 24 * 3600  # uploads are private chats: they expire where the provider can


@dataclass(frozen=True)
class JobFiles:
    """Files of examples that passed a provider's rules, in a folder that lives for a moment."""

    training: Path
    validation: Path | None
    n_examples: int
    system: SystemPrompt | None

    def upload(self, client: OpenAI) -> dict[str, Any]:
        """Upload them and return how a job names them."""
        ids = {"training_file": _upload(client, self.training)}
        if self.validation is not None:
            ids["validation_file"] = _upload(client, self.validation)
        return ids


@contextmanager
def written_files(
    examples: Iterable[TrainingExample],
    validation: Iterable[TrainingExample] | None,
    rules: ExampleRules,
    system: str | None = None,
) -> Iterator[JobFiles]:
    """Check examples and write them to files, which are removed in the end.

    Args:
        examples: Training examples, or the two lists that `split_examples` gives.
        validation: Held-out examples.
        rules: What the provider asks of them.
        system: Template of the system prompt, if the examples do not know it.

    Raises:
        InvalidExampleError: An example breaks a rule, or there are too few.
    """
    parted = _Parted(several(examples))
    seen = SystemPromptSeen(system)
    with tempfile.TemporaryDirectory(prefix="langchain-fbmessenger-") as folder:
        training_path = Path(folder, "training_examples.jsonl")
        validation_path = Path(folder, "validation_examples.jsonl")
        count = write_jsonl(seen.watch(valid_examples(parted.train(), rules)), training_path)
        validation = parted.held_out if validation is None else validation
        if validation is not None:
            rules = replace(rules, min_examples=1)
            write_jsonl(valid_examples(several(validation), rules), validation_path)
        yield JobFiles(
            training=training_path,
            validation=None if validation is None else validation_path,
            n_examples=count,
            system=seen.shared(),
        )


def several(examples: Any) -> Iterable[TrainingExample]:
    """Return what holds several examples.

    Raises:
        TypeError: It is one, or none at all.
    """
    if isinstance(examples, Mapping | str | bytes) or not isinstance(examples, Iterable):
        message = f"FineTuner takes an iterable of training examples, got {type(examples).__name__}"
        raise TypeError(message)
    return examples


class _Parted:
    """Examples of which some are held out: `split_examples` gives two lists in a row."""

    def __init__(self, items: Iterable[Any]) -> None:
        self._items = items
        self.held_out: list[TrainingExample] | None = None

    def train(self) -> Iterator[TrainingExample]:
        """Give those that are to be trained; `held_out` is known when all have been given."""
        for item in self._items:
            if isinstance(item, HeldOut):
                self.held_out = item or None
            elif isinstance(item, list):
                yield from item
            else:
                yield item


def _upload(client: OpenAI, path: Path) -> str:
    with path.open("rb") as file:
        uploaded = client.files.create(
            file=file,
            purpose="fine-tune",
            expires_after={"anchor": "created_at", "seconds": _LIFETIME_S},
        )
    return uploaded.id
