"""Check an uploaded JSONL file before anything is trained on it.

The format is OpenAI's chat format for supervised fine-tuning (platform.openai.com, "Supervised
fine-tuning"): one JSON object per line, `messages` with role and content, `weight` 0 or 1 on the
assistant's. Errors name the line and the rule and never quote what stands there: it is private.
"""

from __future__ import annotations

import codecs
from functools import partial
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


MAX_LINE = 4 * 1024 * 1024
"""Bytes of one example: far more than any base model reads, and little enough to be held whole."""


class Message(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """One turn of a chat."""

    role: Literal["system", "user", "assistant"]
    content: str
    weight: Annotated[int, msgspec.Meta(ge=0, le=1)] | None = None
    name: str | None = None

    @property
    def is_trained(self) -> bool:
        """Whether the loss is taken over this turn."""
        return self.role == "assistant" and self.weight != 0


class Example(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One line of the file."""

    messages: Annotated[tuple[Message, ...], msgspec.Meta(min_length=1)]


class TrainingFileError(ValueError):
    """A line of the file, or the file as a whole, cannot be trained on."""


def read_examples(path: Path) -> Iterator[tuple[int, Example]]:
    """Yield each example with the number of its line, counted from 1; blank lines are skipped.

    Raises:
        TrainingFileError: At the first line that breaks a rule, or if there is no example at all.
    """
    decoder = msgspec.json.Decoder(Example)
    is_empty = True
    for number, line in _lines(path):
        yield number, _checked(number, line, decoder)
        is_empty = False
    if is_empty:
        msg = "the file holds no example"
        raise TrainingFileError(msg)


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    try:
        with path.open("rb") as lines:
            for number, line in enumerate(iter(partial(lines.readline, MAX_LINE + 1), b""), 1):
                if len(line) > MAX_LINE:
                    msg = f"line {number}: longer than {MAX_LINE} bytes"
                    raise TrainingFileError(msg)
                stripped = (line.removeprefix(codecs.BOM_UTF8) if number == 1 else line).strip()
                if stripped:
                    yield number, stripped
    except OSError as error:
        msg = f"the file cannot be read, was it deleted? ({error.strerror})"
        raise TrainingFileError(msg) from error


def _checked(number: int, line: bytes, decoder: msgspec.json.Decoder[Example]) -> Example:
    example = _decoded(line, decoder)
    if isinstance(example, str):
        # Out here, so that our error does not hold the decoder's as its context.
        msg = f"line {number}: {example}"
        raise TrainingFileError(msg)
    if any(m.weight is not None and m.role != "assistant" for m in example.messages):
        msg = f"line {number}: `weight` is for assistant messages only"
        raise TrainingFileError(msg)
    if not any(message.is_trained for message in example.messages):
        msg = f"line {number}: no assistant message to train on (all absent or `weight` 0)"
        raise TrainingFileError(msg)
    return example


def _decoded(line: bytes, decoder: msgspec.json.Decoder[Example]) -> Example | str:
    """Return the example, or what is wrong with it."""
    try:
        return decoder.decode(line)
    except msgspec.ValidationError as error:
        return _without_values(str(error))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return "not a JSON object in UTF-8"


def _without_values(error: str) -> str:
    """Keep the rule of a msgspec error and drop the value that it may quote ("Invalid enum …")."""
    return "unknown value for `role`" if error.startswith("Invalid enum value") else error
