"""Local server: the name of a base model → the weights that are trained and served.

A base is named by a row of the ladder (`ladder.toml`), by `auto`, by a path to a .gguf file or to
a folder that holds one or safetensors, or by the id of a repository on the Hugging Face hub.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from langchain_fbmessenger._bundled import BUNDLED, bundled_file
from langchain_fbmessenger.local.auto_base import choose_base
from langchain_fbmessenger.local.hub import (
    HubError,
    cached_file,
    cached_folder,
    download_file,
    download_folder,
)
from langchain_fbmessenger.local.inspection import (
    EngineName,
    Findings,
    UnusableError,
    inspect,
    marker,
)
from langchain_fbmessenger.local.ladder import LADDER

MAX_CONTEXT = 4096
"""Tokens per chat, at most: what a laptop can train on and serve, whatever the model could."""

AUTO = "auto"
"""The name that stands for the base that suits this machine, see `auto_base.py`."""


class BaseModelError(ValueError):
    """A base model is not there, or cannot be trained and served here.

    Attributes:
        is_missing: It was not found, as against found and of no use.
    """

    def __init__(self, message: str, *, is_missing: bool = False) -> None:
        super().__init__(message)
        self.is_missing = is_missing


@dataclass(frozen=True)
class BaseModel:
    """A base model that can be trained and served."""

    name: str
    """As the user named it."""
    path: Path
    """Its GGUF file, or its folder of safetensors."""
    context_length: int
    architecture: str = "llama"
    """As GGUF names it, such as `qwen3`; of safetensors the `model_type` of transformers."""
    engine: EngineName = "llama.cpp"
    """What serves it."""

    @property
    def short_name(self) -> str:
        """The name without folders and colons, to be part of a fine-tuned model's id."""
        return short_name(self.name)


def short_name(name: str) -> str:
    """Return a base's name without folders and colons."""
    return Path(name).name.removesuffix(".gguf").replace(":", "-")


def find_base(name: str) -> BaseModel:
    """Find a base model by name, path or hub id; a hub id may download.

    Raises:
        BaseModelError: It does not exist, or is not one that this server can train and serve.
    """
    if name == AUTO:
        return find_base(choose_base().row.name)
    try:
        path = _path_of(name)
        modified = marker(path).stat().st_mtime_ns if marker(path).exists() else 0
    except HubError as error:
        raise BaseModelError(str(error), is_missing=True) from error
    except (OSError, RuntimeError) as error:  # such as a name too long, or an unknown ~user
        msg = f"The base model {name[:200]!r} cannot be read ({type(error).__name__})."
        raise BaseModelError(msg, is_missing=True) from error
    try:
        findings = _inspected(path, modified)
    except UnusableError as error:
        msg = f"The base model {name!r} cannot be used. {error}"
        raise BaseModelError(msg) from error
    return BaseModel(
        name,
        path,
        min(findings.context_length or MAX_CONTEXT, MAX_CONTEXT),
        findings.architecture,
        findings.engine,
    )


def installed_bases() -> list[BaseModel]:
    """Return the bases of the ladder that are on this machine: no network is asked."""
    names = [row.name for row in LADDER if bundled_file(row.name)]
    for row in LADDER:
        if row.gguf_repo and cached_file(row.gguf_repo, row.gguf_file):
            names.append(row.name)
        if row.hub_id and cached_folder(row.hub_id):
            names.append(row.hub_id)
    return [base for name in names if (base := _found(name))]


def _found(name: str) -> BaseModel | None:
    try:
        return find_base(name)
    except BaseModelError:
        return None


def _path_of(name: str) -> Path:
    if row := next((row for row in LADDER if row.name == name), None):
        if row.gguf_repo:
            return download_file(row.gguf_repo, row.gguf_file)
        if file := bundled_file(name):
            return file
        msg = f"The weights of {name} are not installed: {BUNDLED[name].install}"
        raise BaseModelError(msg, is_missing=True)
    path = Path(name).expanduser()
    if path.suffix == ".gguf" and path.is_file():
        return path.absolute()
    if name and path.is_dir():
        return _weights_in(path.absolute(), name)
    if not name.startswith((".", "/", "~")):
        owner, _, rest = name.partition("/")
        repo, _, within = rest.partition("/")
        if within.endswith(".gguf"):
            return download_file(f"{owner}/{repo}", within)
        if repo and not within:
            return _of_hub(name)
    msg = (
        f"The base model {name!r} does not exist. Give {', '.join(row.name for row in LADDER)}, "
        "the path of a .gguf file, a folder that holds one or safetensors, or a hub id such as "
        "'owner/name' or 'owner/name/file.gguf'."
    )
    raise BaseModelError(msg, is_missing=True)


def _of_hub(repo: str) -> Path:
    folder = cached_folder(repo)
    if folder is not None:
        try:
            path = _weights_in(folder, repo)
            inspect(path)
        except (BaseModelError, UnusableError):
            pass  # a part of it was downloaded, say its tokenizer: the rest is fetched now
        else:
            return path
    return _weights_in(download_folder(repo), repo)


def _weights_in(folder: Path, name: str) -> Path:
    """Return the one GGUF file of a folder, else the folder itself if it holds safetensors."""
    found = sorted(folder.glob("*.gguf"))
    if len(found) == 1:
        return found[0]
    if any(folder.glob("*.safetensors")):
        return folder
    msg = f"The base model {name!r} holds neither a .gguf file nor safetensors."
    if found:
        msg = f"The base model {name!r} holds {len(found)} .gguf files: name one by its path."
    raise BaseModelError(msg)


@lru_cache(maxsize=32)
def _inspected(path: Path, modified: int) -> Findings:
    """Look into the weights; cached, with their time of change as part of the key."""
    del modified
    return inspect(path)
