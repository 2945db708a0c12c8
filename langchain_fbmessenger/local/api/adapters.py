"""Load and unload LoRAs trained elsewhere: `/v1/load_lora_adapter`, `/v1/unload_lora_adapter`.

The shapes are vLLM's; `base_model_name` is ours, as this server has more than one base, and so is
`force`. An adapter is copied into the state folder and is then a fine-tuned model as any other.
"""

from __future__ import annotations

import os
import shutil
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import anyio
import msgspec
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from langchain_fbmessenger._internal.home import expanded
from langchain_fbmessenger.exceptions import MissingFolderError
from langchain_fbmessenger.local.api.errors import ApiError, not_found
from langchain_fbmessenger.local.api.models import known_base, remove_model
from langchain_fbmessenger.local.api.parameters import decode
from langchain_fbmessenger.local.api.services import Services, services_of
from langchain_fbmessenger.local.models.adapter_import import (
    AdapterError,
    OtherBaseError,
    import_adapter,
)
from langchain_fbmessenger.local.models.bases import AUTO
from langchain_fbmessenger.local.models.ladder import LADDER
from langchain_fbmessenger.local.records import ModelRecord, new_id, now

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

_one_at_a_time = threading.Lock()
Name = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][\w.:-]{0,127}\Z")]
"""Without slashes, so that it can be neither a path nor a hub id."""


class _LoadBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    lora_name: Name
    lora_path: str
    base_model_name: str
    force: bool = False
    """Whether the adapter may name another base as the one that it was trained on."""


class _UnloadBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    lora_name: str


async def _load(request: Request) -> Response:
    body = decode(await request.body(), _LoadBody)
    await anyio.to_thread.run_sync(_add, services_of(request), body)
    return PlainTextResponse(f"Success: LoRA adapter '{body.lora_name}' added successfully.")


async def _unload(request: Request) -> Response:
    services, body = services_of(request), decode(await request.body(), _UnloadBody)
    await anyio.to_thread.run_sync(_check_is_imported, services, body.lora_name)
    await remove_model(services, body.lora_name)
    return PlainTextResponse(f"Success: LoRA adapter '{body.lora_name}' removed successfully.")


def _add(services: Services, body: _LoadBody) -> None:
    if body.lora_name in {AUTO, *(row.name for row in LADDER)}:
        msg = f"{body.lora_name} is the name of a base model."
        raise ApiError(msg, param="lora_name")
    base = known_base(services, body.base_model_name, "base_model_name")
    with _one_at_a_time:
        if services.store.get(ModelRecord, body.lora_name):
            msg = f"A model {body.lora_name} exists already."
            raise ApiError(msg, param="lora_name")
        _sweep(services)
        folder = services.home.adapters / new_id("adapter")
        try:
            source = expanded(Path(os.fsdecode(body.lora_path.encode())))
            import_adapter(source, base, folder, force=body.force)
        except OtherBaseError as error:
            msg = (
                f"The adapter cannot be loaded: {error}. Give its own base as base_model_name or, "
                'if that is the same by another name, "force": true.'
            )
            raise ApiError(msg, param="base_model_name", code="invalid_adapter") from error
        except (AdapterError, MissingFolderError) as error:
            msg = f"The adapter cannot be loaded: {error}."
            raise ApiError(msg, param="lora_path", code="invalid_adapter") from error
        services.store.add(
            ModelRecord(
                id=body.lora_name,
                root=base.pinned_name,
                job_id="",
                created_at=now(),
                adapter=services.home.name_of(folder),
            )
        )


def _check_is_imported(services: Services, name: str) -> None:
    model = services.store.get(ModelRecord, name)
    if model is None:
        raise not_found(what="LoRA adapter", value=name, param="lora_name")
    if model.job_id:
        msg = f"{name} was made by a job here: delete it by DELETE /v1/models/{name}."
        raise ApiError(msg, param="lora_name")


def _sweep(services: Services) -> None:
    """Remove what an import left behind when the server was killed meanwhile."""
    known = {model.adapter for model in services.store.page(ModelRecord)}
    for folder in services.home.adapters.glob("adapter-*"):
        if services.home.name_of(folder) not in known:
            shutil.rmtree(folder, ignore_errors=True)


routes = [
    Route("/v1/load_lora_adapter", _load, methods=["POST"]),
    Route("/v1/unload_lora_adapter", _unload, methods=["POST"]),
]
