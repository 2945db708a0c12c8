"""Serve `/v1/fine_tuning/jobs`.

Beside OpenAI's parameters, `lora`, an absolute `learning_rate`, `early_stopping_patience` and
`compute` are taken (`extra_body` in OpenAI's client), and a job can be deleted. What a job cannot
do is refused when it is created, not after an hour.
"""

from __future__ import annotations

import importlib.util
import re
import secrets
from functools import partial
from typing import TYPE_CHECKING, Annotated, Literal

import anyio
import msgspec
from starlette.responses import JSONResponse
from starlette.routing import Route

from langchain_fbmessenger.local.api.errors import ApiError, not_found
from langchain_fbmessenger.local.api.models import known_base
from langchain_fbmessenger.local.api.parameters import decode, page_of
from langchain_fbmessenger.local.api.services import Services, services_of
from langchain_fbmessenger.local.jobs.job_log import tell
from langchain_fbmessenger.local.jobs.wire import (
    checkpoint_object,
    deleted_object,
    event_object,
    job_object,
)
from langchain_fbmessenger.local.models.auto_base import choose_base
from langchain_fbmessenger.local.models.bases import AUTO
from langchain_fbmessenger.local.models.families import LINEAR_LAYERS
from langchain_fbmessenger.local.records import (
    AskedSettings,
    CheckpointRecord,
    Compute,
    EventRecord,
    FileRecord,
    JobRecord,
    LoraShape,
    ModelRecord,
    new_id,
    now,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request
    from starlette.responses import Response

    from langchain_fbmessenger.local.models.bases import BaseModelInfo

_JOBS = "/v1/fine_tuning/jobs"
_METADATA = re.compile(r"metadata\[(?P<key>[^\]]*)\]")
Auto = Literal["auto"]
Count = Annotated[int, msgspec.Meta(ge=1, le=1000)]
Metadata = Annotated[
    dict[Annotated[str, msgspec.Meta(max_length=64)], Annotated[str, msgspec.Meta(max_length=512)]],
    msgspec.Meta(max_length=16),
]
Rate = Annotated[float, msgspec.Meta(gt=0, le=100)]


class _Strict(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A part of a request in which an unknown field is refused, not ignored."""


class _HyperparametersBody(_Strict, frozen=True):
    n_epochs: Auto | Count = "auto"
    batch_size: Auto | Count = "auto"
    learning_rate_multiplier: Auto | Rate = "auto"


class _Supervised(_Strict, frozen=True):
    hyperparameters: _HyperparametersBody | None = None


class _Method(_Strict, frozen=True):
    type: Literal["supervised"]
    supervised: _Supervised | None = None


class _JobBody(_Strict, frozen=True, kw_only=True):
    model: str
    training_file: str
    validation_file: str | None = None
    suffix: Annotated[str, msgspec.Meta(max_length=64, pattern=r"^[\w.-]*\Z")] | None = None
    seed: Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)] | None = None
    metadata: Metadata | None = None
    hyperparameters: _HyperparametersBody | None = None
    method: _Method | None = None
    integrations: Annotated[list[object], msgspec.Meta(max_length=0)] | None = None
    lora: LoraShape | None = None
    learning_rate: Annotated[float, msgspec.Meta(gt=0, le=1)] | None = None
    early_stopping_patience: Annotated[int, msgspec.Meta(ge=1, le=100)] | None = None
    compute: Compute | None = None


async def _create(request: Request) -> Response:
    body = decode(await request.body(), _JobBody)
    job = await anyio.to_thread.run_sync(_submit, services_of(request), body)
    return JSONResponse(job_object(job))


def _submit(services: Services, body: _JobBody) -> JobRecord:
    base = _base(services, body.model)
    _check_said_once(body)
    lora, compute = body.lora or LoraShape(), body.compute or Compute()
    _check_targets(base, lora)
    _check_early_stopping(body)
    _check_compute(compute)
    for param in ("training_file", "validation_file"):
        file_id = getattr(body, param)
        if file_id is not None and services.store.get(FileRecord, file_id) is None:
            msg = f"The file {file_id} does not exist."
            raise ApiError(msg, param=param, code="invalid_training_file")
    job = services.store.add(
        JobRecord(
            id=new_id("ftjob"),
            model=base.pinned_name,
            training_file=body.training_file,
            validation_file=body.validation_file,
            created_at=now(),
            seed=secrets.randbelow(2**31) if body.seed is None else body.seed,
            suffix=body.suffix or "",
            metadata=body.metadata,
            hyperparameters=_asked(body),
            lora=lora,
            compute=compute,
        )
    )
    if body.model == AUTO:
        tell(services.store, job.id, choose_base().reason)
    services.queue.submit(job)
    return job


def _base(services: Services, name: str) -> BaseModelInfo:
    if services.store.get(ModelRecord, name):
        msg = f"{name} is fine-tuned already: train its base model on the larger set of examples."
        raise ApiError(msg, param="model", code="model_not_available")
    return known_base(services, name)


def _check_said_once(body: _JobBody) -> None:
    """Refuse what is given in two places: one of them would be without effect."""
    if body.hyperparameters and body.method and body.method.supervised:
        msg = "Give hyperparameters within `method` or beside it, not both."
        raise ApiError(msg, param="hyperparameters")
    if body.learning_rate is not None and _asked(body).learning_rate_multiplier is not None:
        msg = "Give learning_rate or learning_rate_multiplier, not both."
        raise ApiError(msg, param="learning_rate")


def _check_targets(base: BaseModelInfo, lora: LoraShape) -> None:
    if base.engine != "llama.cpp" or isinstance(lora.target_modules, str):
        return  # what transformers has no layer for, the training says
    if unknown := sorted(set(lora.target_modules) - LINEAR_LAYERS):
        known = ", ".join(sorted(LINEAR_LAYERS))
        msg = f"{base.short_name} has no layers {unknown} to train a LoRA on; it has {known}."
        raise ApiError(msg, param="lora.target_modules")


def _check_early_stopping(body: _JobBody) -> None:
    if body.early_stopping_patience is not None and body.validation_file is None:
        msg = "early_stopping_patience needs a validation_file, whose loss it goes by."
        raise ApiError(msg, param="early_stopping_patience")


def _check_compute(compute: Compute) -> None:
    if compute.quantization and importlib.util.find_spec("bitsandbytes") is None:
        msg = 'Training in 4 bits needs bitsandbytes: pip install "langchain-fbmessenger[qlora]"'
        raise ApiError(msg, param="compute", code="unsupported_value")


def _asked(body: _JobBody) -> AskedSettings:
    supervised = body.method.supervised if body.method else None
    asked = (supervised and supervised.hyperparameters) or body.hyperparameters
    asked = asked or _HyperparametersBody()
    told = msgspec.structs.asdict(asked)
    return AskedSettings(
        **{name: None if value == "auto" else value for name, value in told.items()},
        learning_rate=body.learning_rate,
        early_stopping_patience=body.early_stopping_patience,
    )


def _list(request: Request) -> Response:
    store = services_of(request).store
    wanted = {
        match["key"]: value
        for name, value in request.query_params.items()
        if (match := _METADATA.fullmatch(name))
    }

    def find(*, limit: int, after: str | None) -> list[JobRecord]:
        if not wanted:
            return store.page(JobRecord, limit=limit, after=after)
        jobs = store.page(JobRecord, after=after)
        return [job for job in jobs if wanted.items() <= (job.metadata or {}).items()][:limit]

    return JSONResponse(page_of(request, find, job_object))


def _retrieve(request: Request) -> Response:
    return JSONResponse(job_object(_job_of(request)))


def _cancel(request: Request) -> Response:
    return _changed(request, services_of(request).queue.cancel, "cancelled: it has ended")


def _pause(request: Request) -> Response:
    return _changed(request, services_of(request).queue.pause, "paused: it neither waits nor runs")


def _resume(request: Request) -> Response:
    return _changed(request, services_of(request).queue.resume, "resumed: it is not paused")


def _changed(request: Request, change: Callable[[str], bool], not_so: str) -> Response:
    job = _job_of(request)
    if not change(job.id):
        msg = f"Job {job.id} cannot be {not_so}. Its status is {_job_of(request).status}."
        raise ApiError(msg, code="invalid_job_status")
    return _retrieve(request)


async def _delete(request: Request) -> Response:
    """Delete a job that does not run, with its models; ours, OpenAI's jobs stay forever."""
    services = services_of(request)
    job = await anyio.to_thread.run_sync(_job_of, request)
    models = await anyio.to_thread.run_sync(services.queue.delete, job.id)
    if models is None:
        msg = f"Job {job.id} is {job.status}: cancel it first."
        raise ApiError(msg, code="invalid_job_status")
    for model in models:
        await services.engines.forget(model)
    return JSONResponse(deleted_object("fine_tuning.job", job.id))


def _events(request: Request) -> Response:
    job, store = _job_of(request), services_of(request).store
    return JSONResponse(
        page_of(request, partial(store.page, EventRecord, parent=job.id), event_object)
    )


def _checkpoints(request: Request) -> Response:
    job, store = _job_of(request), services_of(request).store
    return JSONResponse(
        page_of(request, partial(store.page, CheckpointRecord, parent=job.id), checkpoint_object)
    )


def _job_of(request: Request) -> JobRecord:
    job_id = request.path_params["job_id"]
    job = services_of(request).store.get(JobRecord, job_id)
    if job is None:
        raise not_found(what="fine-tuning job", value=job_id, param="fine_tuning_job_id")
    return job


routes = [
    Route(_JOBS, _create, methods=["POST"]),
    Route(_JOBS, _list, methods=["GET"]),
    Route(f"{_JOBS}/{{job_id}}", _retrieve, methods=["GET"]),
    Route(f"{_JOBS}/{{job_id}}", _delete, methods=["DELETE"]),
    Route(f"{_JOBS}/{{job_id}}/cancel", _cancel, methods=["POST"]),
    Route(f"{_JOBS}/{{job_id}}/pause", _pause, methods=["POST"]),
    Route(f"{_JOBS}/{{job_id}}/resume", _resume, methods=["POST"]),
    Route(f"{_JOBS}/{{job_id}}/events", _events, methods=["GET"]),
    Route(f"{_JOBS}/{{job_id}}/checkpoints", _checkpoints, methods=["GET"]),
]
