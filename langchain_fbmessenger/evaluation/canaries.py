"""Canaries: invented secrets whose way from the training data into answers can be measured.

The idea is Carlini, Liu, Erlingsson, Kos and Song's ("The Secret Sharer", USENIX Security 2019): a
random secret that was planted can be in an answer for one reason only. Their measure, exposure,
ranks a secret by the probability that the model gives it, which chat APIs do not tell; so secrets
are asked for here, and secrets of the same form that were planted nowhere are asked for beside.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from langchain_fbmessenger._internal.output import writing
from langchain_fbmessenger._internal.shown import line
from langchain_fbmessenger.examples.files.facts import RuleViolation, facts_of
from langchain_fbmessenger.exceptions import InvalidExampleError, MalformedFileError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from langchain_fbmessenger.examples import TrainingExample

__all__ = ["Canaries", "Canary", "checked_examples"]


class Canary(msgspec.Struct, frozen=True):
    """An invented secret, what to ask for it, and how often it was planted.

    Attributes:
        form: What kind of secret it is: `pin`, `email` or `passphrase`.
        prompt: The turns before the answer, each a role and a text.
        answer: The answer that is trained.
        secret: The part of it that nobody can know.
        space: From how many secrets it was drawn: a guess hits with one in so many.
        repeats: How often it was planted; 0 for a control, which is only asked for.
    """

    form: str
    prompt: tuple[tuple[str, str], ...]
    answer: str
    secret: str
    space: int
    repeats: int

    def __repr__(self) -> str:
        # The system prompt of an example may name people.
        return f"Canary(form={self.form!r}, repeats={self.repeats})"


class Canaries(msgspec.Struct, frozen=True):
    """The canaries of a set of training examples, to be kept for the audit of what it tunes.

    Attributes:
        planted: Those that stand in the examples.
        controls: As many that stand nowhere: what of them is found in answers is chance.

    Example:
        ```python
        planted = plant_canaries(train)
        planted.canaries.write("canaries.json")
        audit_leaks(model, planted.examples, canaries=Canaries.read("canaries.json"))
        ```
    """

    planted: tuple[Canary, ...]
    controls: tuple[Canary, ...]

    def __repr__(self) -> str:
        return line("Canaries", {"planted": self.planted, "controls": self.controls})

    def write(self, path: str | Path) -> None:
        """Write them to a file that only its owner can read.

        Raises:
            OSError: It cannot be written.
        """
        with writing(path) as file:
            file.write(msgspec.json.format(msgspec.json.encode(self)))

    @classmethod
    def read(cls, path: str | Path) -> Canaries:
        """Read what `write` has written.

        Raises:
            MalformedFileError: The file holds something else.
            OSError: It cannot be read.
        """
        content: Any = Path(path).read_bytes()
        try:
            return msgspec.json.decode(content, type=cls)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            # The parser's own words may quote the file.
            message = f"{Path(path).name} holds no canaries: plant_canaries makes them"
            raise MalformedFileError(message) from None


def checked_examples(examples: Iterable[TrainingExample]) -> Iterator[TrainingExample]:
    """Pass examples on, each checked.

    Raises:
        InvalidExampleError: There are no examples, or one breaks a rule of the chat format.
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
