"""Write records as OpenAI's JSON objects (platform.openai.com/docs/api-reference)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Sequence

    from langchain_fbmessenger.local.models.bases import BaseModelInfo
    from langchain_fbmessenger.local.records import (
        CheckpointRecord,
        EventRecord,
        FileRecord,
        JobRecord,
        ModelRecord,
    )

JsonObject = dict[str, Any]


def file_object(file: FileRecord) -> JsonObject:
    """Write an uploaded file; it is only known to be readable, jobs check its content."""
    return {
        "object": "file",
        **msgspec.structs.asdict(file),
        "purpose": "fine-tune",
        "status": "processed",
    }


def job_object(job: JobRecord) -> JsonObject:
    """Write a fine-tuning job."""
    hyperparameters = _hyperparameters(job)
    return {
        "object": "fine_tuning.job",
        "id": job.id,
        "model": job.model,
        "created_at": job.created_at,
        "finished_at": job.finished_at,
        "estimated_finish": job.estimated_finish,
        "status": job.status,
        "error": msgspec.structs.asdict(job.error) if job.error else None,
        "fine_tuned_model": job.fine_tuned_model,
        "trained_tokens": job.trained_tokens,
        "training_file": job.training_file,
        "validation_file": job.validation_file,
        "user_provided_suffix": job.suffix or None,
        "seed": job.seed,
        "metadata": job.metadata,
        "hyperparameters": hyperparameters,
        "method": {"type": "supervised", "supervised": {"hyperparameters": hyperparameters}},
        "organization_id": "local",
        "result_files": [],
        "integrations": [],
    }


def event_object(event: EventRecord) -> JsonObject:
    """Write an event of a job."""
    return {
        "object": "fine_tuning.job.event",
        "id": event.id,
        "created_at": event.created_at,
        "level": event.level,
        "message": event.message,
        "type": event.type,
        "data": event.data,
    }


def checkpoint_object(checkpoint: CheckpointRecord) -> JsonObject:
    """Write a checkpoint, the model of an epoch."""
    return {
        "object": "fine_tuning.job.checkpoint",
        "id": checkpoint.id,
        "created_at": checkpoint.created_at,
        "fine_tuning_job_id": checkpoint.job_id,
        "fine_tuned_model_checkpoint": checkpoint.model,
        "step_number": checkpoint.step,
        "metrics": {
            "step": checkpoint.step,
            "train_loss": checkpoint.train_loss,
            "valid_loss": checkpoint.valid_loss,
            "full_valid_loss": checkpoint.valid_loss,  # over the whole file, always
        },
    }


def base_object(base: BaseModelInfo) -> JsonObject:
    """Write a base model; `context_length` is ours."""
    return {
        "object": "model",
        "id": base.name,
        "created": int(base.path.stat().st_mtime),
        "owned_by": "local",
        "context_length": base.context_length,
    }


def model_object(model: ModelRecord, context_length: int | None) -> JsonObject:
    """Write a fine-tuned model; `root` is its base, `context_length` None if that is gone."""
    return {
        "object": "model",
        "id": model.id,
        "created": model.created_at,
        "owned_by": "local",
        "root": model.root,
        "context_length": context_length,
    }


def deleted_object(kind: str, object_id: str) -> JsonObject:
    """Write the answer to a DELETE."""
    return {"object": kind, "id": object_id, "deleted": True}


def list_object(objects: Sequence[JsonObject], *, has_more: bool = False) -> JsonObject:
    """Write a page of a list."""
    return {
        "object": "list",
        "data": list(objects),
        "has_more": has_more,
        "first_id": objects[0]["id"] if objects else None,
        "last_id": objects[-1]["id"] if objects else None,
    }


def _hyperparameters(job: JobRecord) -> JsonObject:
    settings = job.settings or job.hyperparameters
    told = msgspec.structs.asdict(settings)
    return {
        **{name: "auto" if value is None else value for name, value in told.items()},
        "early_stopping_patience": settings.early_stopping_patience,
        "lora": msgspec.structs.asdict(job.lora),
        "compute": msgspec.structs.asdict(job.compute),
    }
