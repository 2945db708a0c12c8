"""Define what the server remembers of files, jobs, events and models.

Field names are those of OpenAI's objects (platform.openai.com/docs/api-reference), so that
`wire.py` has little to translate.
"""

from __future__ import annotations

import secrets
import time
from typing import Annotated, Any, Generic, Literal, TypeVar

import msgspec
from msgspec import Meta

_Count = TypeVar("_Count")
_Rate = TypeVar("_Rate")

JobStatus = Literal[
    "validating_files", "queued", "running", "paused", "succeeded", "failed", "cancelled"
]
FINAL: frozenset[JobStatus] = frozenset({"succeeded", "failed", "cancelled"})
"""States that a job never leaves."""
UNFINISHED: tuple[JobStatus, ...] = ("validating_files", "queued", "running", "paused")


def new_id(prefix: str) -> str:
    """Return an id such as `file-5f0c…` that cannot be guessed."""
    return f"{prefix}-{secrets.token_hex(12)}"


def now() -> int:
    """Return the time as the wire has it, in whole seconds since 1970."""
    return int(time.time())


class FileRecord(msgspec.Struct, frozen=True, kw_only=True):
    """An uploaded file; its content lies in the state folder under its id."""

    id: str
    filename: str
    bytes: int
    created_at: int
    expires_at: int | None = None


class LoraShape(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The LoRA matrices that are trained, as peft's `LoraConfig` names them."""

    r: Annotated[int, Meta(ge=1, le=256)] = 16
    alpha: Annotated[int, Meta(ge=1, le=1024)] = 32
    dropout: Annotated[float, Meta(ge=0, lt=1)] = 0.0
    target_modules: Literal["all-linear"] | Annotated[tuple[str, ...], Meta(min_length=1)] = (
        "all-linear"
    )


class TrainingSettings(msgspec.Struct, Generic[_Count, _Rate], frozen=True, kw_only=True):
    """How a job trains: from the request to the training child."""

    n_epochs: _Count
    batch_size: _Count
    learning_rate_multiplier: _Rate
    learning_rate: _Rate
    early_stopping_patience: int | None = None
    """Epochs without a better validation loss after which training ends; None never ends early."""


AskedSettings = TrainingSettings[int | None, float | None]
"""What a job was asked for; None stands for OpenAI's "auto"."""
FullSettings = TrainingSettings[int, float]
"""What a job trains with, once its number of examples is known."""
ALL_AUTO = AskedSettings(
    n_epochs=None, batch_size=None, learning_rate_multiplier=None, learning_rate=None
)


class Compute(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a job trains with."""

    quantization: Literal["4bit"] | None = None
    """Holds the base model in 4 bits while its LoRA is trained (QLoRA)."""
    processes: Annotated[int, Meta(ge=1, le=64)] = 1
    """Training processes, one per GPU."""


class JobError(msgspec.Struct, frozen=True):
    """Why a job failed."""

    code: str
    message: str
    param: str | None = None


class JobRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A fine-tuning job."""

    id: str
    model: str
    training_file: str
    created_at: int
    seed: int
    status: JobStatus = "validating_files"
    validation_file: str | None = None
    suffix: str = ""
    metadata: dict[str, str] | None = None
    hyperparameters: AskedSettings = ALL_AUTO
    settings: FullSettings | None = None
    lora: LoraShape = LoraShape()
    compute: Compute = Compute()
    error: JobError | None = None
    fine_tuned_model: str | None = None
    trained_tokens: int | None = None
    estimated_finish: int | None = None
    finished_at: int | None = None


class EventRecord(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened to a job."""

    id: str
    job_id: str
    created_at: int
    message: str
    level: Literal["info", "warn", "error"] = "info"
    type: Literal["message", "metrics"] = "message"
    data: dict[str, Any] = {}


class CheckpointRecord(msgspec.Struct, frozen=True, kw_only=True):
    """The model as it was after an epoch."""

    id: str
    job_id: str
    created_at: int
    step: int
    train_loss: float
    valid_loss: float | None
    model: str
    """The id under which it can be used."""


class ModelRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A fine-tuned model: a base and the adapter that a job made for it."""

    id: str
    root: str
    job_id: str
    created_at: int
    adapter: str
    """The folder of the adapter, relative to the state folder; see `adapters.save_adapter`."""
