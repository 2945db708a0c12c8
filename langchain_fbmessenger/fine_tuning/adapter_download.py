"""Fetch adapters that a provider gives away to this machine, and serve them here."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from langchain_fbmessenger._internal.home import default_home, private_folder, replacing
from langchain_fbmessenger.exceptions import FineTuningError
from langchain_fbmessenger.fine_tuning.errors import provider_errors
from langchain_fbmessenger.fine_tuning.providers.local import LocalProvider, as_text

if TYPE_CHECKING:
    from pathlib import Path

    from langchain_openai import ChatOpenAI
    from openai import OpenAI
    from openai.types.fine_tuning import FineTuningJob as JobState

    from langchain_fbmessenger.fine_tuning.providers import Provider

__all__ = ["adapter_folder", "fetch_adapter", "served_adapter"]

_SAFE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,199}")


def adapter_folder(job_id: str) -> Path:
    """Return where the adapter of a job is kept in the state folder."""
    return default_home() / "fetched" / _safe_name(job_id)


def fetch_adapter(client: OpenAI, provider: Provider, job: JobState, folder: Path) -> Path:
    """Fetch the files of a job's adapter into a folder that only its owner can read.

    Raises:
        FineTuningError: The provider gives none away, or a file has an unsafe name.
    """
    ids = provider.adapter_files(client, job)
    names = [_safe_name(client.files.retrieve(file).filename) for file in ids]
    if len(set(names)) < len(names):
        message = f"two files of job {job.id} have the same name: none of them was fetched"
        raise FineTuningError(message, job_id=job.id, code="unsafe_name")
    private_folder(folder)
    for file, name in zip(ids, names, strict=True):
        _fetch(client, file, folder / name)
    return folder


def _fetch(client: OpenAI, file: str, path: Path) -> None:
    """Fetch a file; it gets its name when it is whole."""
    with replacing(path) as target, client.files.with_streaming_response.content(file) as content:
        for piece in content.iter_bytes():
            target.write(piece)


def served_adapter(
    folder: Path, base: str, job_id: str, *, force: bool = False, **options: Any
) -> ChatOpenAI:
    """Have the local server serve an adapter, and return the model.

    Args:
        folder: The adapter, as peft writes it.
        base: The base model that it was trained from, as the local server names it.
        job_id: Becomes the model's name.
        force: Whether the adapter may name another base as its own.
        **options: Options of the `ChatOpenAI`.

    Raises:
        FineTuningError: The local server does not take it; says why.
    """
    local = LocalProvider()
    name = f"fetched:{_safe_name(job_id)}"
    body: dict[str, object] = {
        "lora_name": name,
        "lora_path": as_text(str(folder.absolute())),
        "base_model_name": base,
        **({"force": True} if force else {}),
    }
    connection = local.connection()
    with provider_errors(local.label), connection.client() as client:
        if not _is_served(client, name):
            client.post("/load_lora_adapter", body=body, cast_to=str)
    known: dict[str, Any] = {"provider": local, "job_id": job_id, "base_model": base}
    return connection.chat_model(name, **(options | known))


def _is_served(client: OpenAI, name: str) -> bool:
    import openai

    try:
        client.models.retrieve(name)
    except openai.NotFoundError:
        return False
    return True


def _safe_name(name: str) -> str:
    """Return the last part of a file's name at a provider, if it cannot lead out of a folder.

    Raises:
        FineTuningError: It could.
    """
    parts = name.split("/")
    if any(part in {"", ".."} for part in parts) or not _SAFE.fullmatch(parts[-1]):
        message = "a file of the adapter has a name that leads out of its folder: nothing was kept"
        raise FineTuningError(message, code="unsafe_name")
    return parts[-1]
