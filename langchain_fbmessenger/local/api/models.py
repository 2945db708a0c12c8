"""Serve `/v1/models`, the base models that are there and the models that jobs have made."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

import anyio
from starlette.responses import JSONResponse
from starlette.routing import Route

from langchain_fbmessenger.local.api.errors import ApiError
from langchain_fbmessenger.local.api.services import Services, services_of
from langchain_fbmessenger.local.jobs.wire import (
    base_object,
    deleted_object,
    list_object,
    model_object,
)
from langchain_fbmessenger.local.models.auto_base import choose_base
from langchain_fbmessenger.local.models.bases import (
    AUTO,
    MAX_CONTEXT,
    BaseModelError,
    BaseModelInfo,
    find_base,
    installed_bases,
    short_name,
)
from langchain_fbmessenger.local.models.ladder import LADDER
from langchain_fbmessenger.local.records import ModelRecord

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.requests import Request
    from starlette.responses import Response


_TUNED = ("ft:", "fetched:")
"""How the ids of models begin that jobs of this server have made, or other providers' jobs."""
_NAME = re.compile(r"(?!.*\.gguf$)[A-Za-z0-9][\w.:-]*")
"""What may have been the name of an adapter from elsewhere: neither a path nor a hub id."""
_LISTED = 10


@dataclass(frozen=True)
class ServedModel:
    """What a model id stands for."""

    id: str
    base: BaseModelInfo
    adapter: Path | None
    """The folder of its adapter, see `adapters.save_adapter`."""


def served_model(services: Services, model_id: str) -> ServedModel:
    """Find the base model and the adapter behind a model id.

    Raises:
        ApiError: There is no such model, or its base is not there (any more).
    """
    tuned = services.store.get(ModelRecord, model_id)
    if tuned is None:
        return ServedModel(model_id, known_base(services, model_id), None)
    try:
        base = find_base(tuned.root)
    except BaseModelError as error:
        # The client gave the id only, not the path that its base may be named by.
        msg = f"The base model {short_name(tuned.root)!r} is gone or of no use."
        raise ApiError(msg, status=404, param="model", code="model_not_found") from error
    adapter = services.home.root / tuned.adapter
    if not adapter.is_dir():
        raise _not_found(_no_tuned_model(services, model_id), "model")
    return ServedModel(model_id, base, adapter)


def known_base(services: Services, name: str, param: str = "model") -> BaseModelInfo:
    """Find a base model by what a request says in `param`, where that names no fine-tuned one.

    Raises:
        ApiError: There is no such base. The message says so where the name may have been that of a
            fine-tuned model.
    """
    if name.startswith(_TUNED):
        raise _not_found(_no_tuned_model(services, name), param)
    try:
        return find_base(name)
    except BaseModelError as error:
        if not error.is_missing:
            code = "unsupported_model"
            raise ApiError(str(error), param=param, code=code) from error
        may_be_tuned = _NAME.fullmatch(name) and name not in {AUTO, *(row.name for row in LADDER)}
        why = f"{_no_tuned_model(services, name)} {error}" if may_be_tuned else str(error)
        raise _not_found(why, param) from error


def _no_tuned_model(services: Services, name: str) -> str:
    models = services.store.page(ModelRecord, limit=_LISTED + 1)
    listed = ", ".join(model.id for model in models[:_LISTED])
    more = " and more" if len(models) > _LISTED else ""
    there_is = f"there are: {listed}{more}" if models else "there are no fine-tuned models"
    return f"No fine-tuned model {name[:200]!r} is here (any more); {there_is}."


def _not_found(message: str, param: str) -> ApiError:
    return ApiError(message, status=404, param=param, code="model_not_found")


def _list(request: Request) -> Response:
    tuned = services_of(request).store.page(ModelRecord)
    models = [_tuned_object(model) for model in tuned]
    return JSONResponse(list_object([base_object(base) for base in installed_bases()] + models))


def _retrieve(request: Request) -> Response:
    services, model_id = services_of(request), request.path_params["model_id"]
    if model_id == AUTO:
        return JSONResponse(_auto_object())
    if model := services.store.get(ModelRecord, model_id):
        return JSONResponse(_tuned_object(model))
    return JSONResponse(base_object(served_model(services, model_id).base))


async def _delete(request: Request) -> Response:
    services, model_id = services_of(request), request.path_params["model_id"]
    await remove_model(services, model_id)
    return JSONResponse(deleted_object("model", model_id))


async def remove_model(services: Services, model_id: str) -> None:
    """Delete a fine-tuned model: its record, its adapter's folder, and its place in an engine.

    Raises:
        ApiError: There is no such model, or it is a base.
    """
    await anyio.to_thread.run_sync(_remove, services, model_id)
    await services.engines.forget(model_id)


def _remove(services: Services, model_id: str) -> None:
    model = services.store.get(ModelRecord, model_id)
    if model is None:
        served_model(services, model_id)
        msg = f"{model_id} is a base model; only fine-tuned models can be deleted."
        raise ApiError(msg, param="model")
    services.store.delete(ModelRecord, model_id)
    shutil.rmtree(services.home.root / model.adapter, ignore_errors=True)


def _tuned_object(model: ModelRecord) -> dict[str, object]:
    try:
        context_length = find_base(model.root).context_length
    except BaseModelError:
        context_length = None
    # A base may be named by its path, which stays private.
    return {**model_object(model, context_length), "root": short_name(model.root)}


def _auto_object() -> dict[str, object]:
    """Describe what "auto" stands for here; it need not have been downloaded yet."""
    choice = choose_base()
    return {
        "object": "model",
        "id": choice.row.name,
        "created": 0,
        "owned_by": "local",
        "context_length": min(choice.row.context, MAX_CONTEXT),
        "reason": choice.reason,
    }


routes = [
    Route("/v1/models", _list, methods=["GET"]),
    # A path, as a base model may be named by its file's.
    Route("/v1/models/{model_id:path}", _retrieve, methods=["GET"]),
    Route("/v1/models/{model_id:path}", _delete, methods=["DELETE"]),
]
