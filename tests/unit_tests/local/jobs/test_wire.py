from __future__ import annotations

import pytest
from openai.types import FileDeleted, FileObject, Model
from openai.types.fine_tuning import FineTuningJob, FineTuningJobEvent

from langchain_fbmessenger.local.jobs import wire
from langchain_fbmessenger.local.records import (
    EventRecord,
    FileRecord,
    FullSettings,
    JobError,
    JobRecord,
    ModelRecord,
)

JOB = JobRecord(id="ftjob-1", model="m", training_file="file-1", created_at=1, seed=7)
SETTINGS = FullSettings(n_epochs=3, batch_size=8, learning_rate_multiplier=1.0, learning_rate=1e-3)


def test_a_file_is_openais() -> None:
    record = FileRecord(id="file-1", filename="x.jsonl", bytes=9, created_at=1, expires_at=2)

    file = FileObject.model_validate(wire.file_object(record), strict=True)

    assert (file.filename, file.bytes, file.expires_at) == ("x.jsonl", 9, 2)


def test_a_new_job_is_openais_and_says_auto() -> None:
    job = FineTuningJob.model_validate(wire.job_object(JOB), strict=True)

    assert job.status == "validating_files"
    assert job.hyperparameters.n_epochs == "auto"
    assert job.error is None


@pytest.mark.parametrize("status", ["queued", "running", "succeeded", "failed", "cancelled"])
def test_a_job_on_its_way_is_openais(status: str) -> None:
    error = JobError("training_failed", "why", "model")
    record = JobRecord(
        **{field: getattr(JOB, field) for field in ("id", "model", "training_file", "seed")},
        created_at=1,
        status=status,  # type: ignore[arg-type]  # all of them, one by one
        settings=SETTINGS,
        error=error,
        suffix="cap",
        metadata={"a": "b"},
        trained_tokens=12,
    )

    job = FineTuningJob.model_validate(wire.job_object(record), strict=True)

    assert job.hyperparameters.n_epochs == 3
    assert job.method is not None
    assert job.method.supervised is not None
    assert job.error is not None
    assert job.error.code == "training_failed"
    assert job.to_dict()["hyperparameters"]["lora"] == {
        "r": 16,
        "alpha": 32,
        "dropout": 0.0,
        "target_modules": "all-linear",
    }  # type: ignore[index]


def test_an_event_is_openais() -> None:
    record = EventRecord(
        id="ftevent-1", job_id="j", created_at=1, message="m", type="metrics", data={"step": 1}
    )

    event = FineTuningJobEvent.model_validate(wire.event_object(record), strict=True)

    assert (event.type, event.data) == ("metrics", {"step": 1})


def test_a_fine_tuned_model_is_openais_and_names_its_base() -> None:
    record = ModelRecord(
        id="ft:m:local::1", root="m", job_id="ftjob-1", created_at=1, adapter="jobs/ftjob-1/adapter"
    )

    model = Model.model_validate(wire.model_object(record, 4096), strict=True)

    assert model.to_dict()["root"] == "m"
    assert model.to_dict()["context_length"] == 4096


def test_a_deletion_is_openais() -> None:
    deleted = FileDeleted.model_validate(wire.deleted_object("file", "file-1"), strict=True)

    assert deleted.deleted


def test_a_list_names_its_ends() -> None:
    page = wire.list_object([{"id": "a"}, {"id": "b"}], has_more=True)

    assert (page["first_id"], page["last_id"], page["has_more"]) == ("a", "b", True)
    assert wire.list_object([])["first_id"] is None
