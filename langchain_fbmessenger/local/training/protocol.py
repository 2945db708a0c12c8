"""Define what the server and its training child exchange.

Down goes one `TrainingSpec`, a JSON file in the job's folder; up come `Report`s, one JSON object
per line of the child's standard output. Neither ever carries the text of a chat.
"""

from __future__ import annotations

from pathlib import Path  # noqa: TC003  # msgspec evaluates the annotations

import msgspec

from langchain_fbmessenger.local.process.children import path_from_text, path_to_text
from langchain_fbmessenger.local.process.home import JobFolder, write_private
from langchain_fbmessenger.local.records import (  # noqa: TC001  # as above
    Compute,
    FullSettings,
    LoraShape,
)

PAUSE = b"p"
"""The one command to a running child, on its standard input."""


class TrainingSpec(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that one run of the training child needs to know.

    Paths below the state folder are relative to the folder of the job, in which the child runs.
    """

    base: Path
    """The GGUF file that is trained, and served later."""
    bases: Path
    """Where converted base models are kept."""
    training_file: Path
    validation_file: Path | None
    adapter: Path
    """The folder to write the adapter to."""
    context_length: int
    seed: int
    settings: FullSettings
    lora: LoraShape
    compute: Compute
    checkpoints: Path
    """Where the training goes on from when it was cut off."""
    epochs: Path
    """Gets a folder like `adapter` after each epoch, named by the step."""
    checkpoint_seconds: float
    """Time between two checkpoints."""


class Note(msgspec.Struct, frozen=True, tag="note"):
    """A sentence for the job's list of events."""

    text: str


class Step(msgspec.Struct, frozen=True, tag="step"):
    """Sent after each optimizer step."""

    step: int
    total_steps: int
    epoch: float
    train_loss: float
    tokens_per_second: float
    seconds_left: float


class Validation(msgspec.Struct, frozen=True, tag="validation"):
    """Sent after each epoch of a job with a validation file."""

    step: int
    total_steps: int
    epoch: float
    valid_loss: float


class Saved(msgspec.Struct, frozen=True, tag="saved"):
    """What was trained so far cannot be lost any more."""

    step: int


class EpochEnd(msgspec.Struct, frozen=True, tag="epoch_end"):
    """The model of an epoch is written, into the folder `epochs` / `step`."""

    step: int
    train_loss: float
    valid_loss: float | None


class Paused(msgspec.Struct, frozen=True, tag="paused"):
    """All was saved and the child ends, as it was asked to. The last report of such a child."""

    step: int


class Done(msgspec.Struct, frozen=True, tag="done"):
    """The adapter is written. The last report of a child that succeeded."""

    trained_tokens: int


class Failed(msgspec.Struct, frozen=True, tag="failed"):
    """The job cannot be done as it was asked for. The last report of such a child."""

    code: str
    message: str
    param: str | None = None


Report = Note | Step | Validation | Saved | EpochEnd | Paused | Done | Failed

_encoder = msgspec.json.Encoder(enc_hook=path_to_text)
_report_decoder = msgspec.json.Decoder(Report)


def encode_report(report: Report) -> bytes:
    """Render a report as one line."""
    return _encoder.encode(report) + b"\n"


def decode_report(line: bytes) -> Report:
    """Parse a line of the child's output.

    Raises:
        msgspec.DecodeError: The line is not a report.
    """
    report: Report = _report_decoder.decode(line)
    return report


def write_spec(spec: TrainingSpec, folder: Path) -> None:
    """Leave the spec where the child of this job looks for it."""
    write_private(JobFolder(folder).spec, _encoder.encode(spec))


def read_spec(folder: Path) -> TrainingSpec:
    """Read back what `write_spec` wrote."""
    return msgspec.json.decode(
        JobFolder(folder).spec.read_bytes(),
        type=TrainingSpec,
        dec_hook=path_from_text,
    )
