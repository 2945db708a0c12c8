"""Find the weights that are trained and served by the name of a base model.

A base is named by a row of the ladder (`ladder.toml`), by `auto`, by a path to a .gguf file or to
a folder that holds one or safetensors, or by the id of a repository on the Hugging Face hub, with
`@revision` behind it where it is not to be the newest. Jobs and models note its commit.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from langchain_fbmessenger._internal.bundled_models import BUNDLED, bundled_file
from langchain_fbmessenger._internal.home import expanded
from langchain_fbmessenger.local.models.auto_base import choose_base
from langchain_fbmessenger.local.models.hub import (
    HubError,
    HubName,
    cached_file,
    cached_folder,
    commit_of,
    download_file,
    download_folder,
    without_revision,
)
from langchain_fbmessenger.local.models.inspection import (
    EngineName,
    Findings,
    UnusableError,
    inspect,
    marker,
)
from langchain_fbmessenger.local.models.ladder import LADDER

_COMMIT = re.compile("@[0-9a-f]{40}$")
MAX_CONTEXT = 4096
"""Tokens per chat, at most: what a laptop can train on and serve, whatever the model could."""

AUTO = "auto"
"""The name that stands for the base that suits this machine, see `auto_base.py`."""


class BaseModelError(ValueError):
    """A base model is not there, or cannot be trained and served here.

    Attributes:
        is_missing: It was not found; otherwise it was found and cannot be used.
    """

    def __init__(self, message: str, *, is_missing: bool = False) -> None:
        super().__init__(message)
        self.is_missing = is_missing


@dataclass(frozen=True)
class BaseModelInfo:
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
    commit: str = ""
    """Of the hub's repository that it was fetched from; empty for other bases."""

    @property
    def pinned_name(self) -> str:
        """The name by which `find_base` finds these very weights, whatever the hub holds later."""
        return f"{without_revision(self.name)[0]}@{self.commit}" if self.commit else self.name

    @property
    def short_name(self) -> str:
        """The name without folders and colons, to be part of a fine-tuned model's id."""
        return short_name(self.name)


def short_name(name: str) -> str:
    """Return a base's name without folders, revision and colons."""
    return Path(_COMMIT.sub("", name)).name.removesuffix(".gguf").replace(":", "-")


def find_base(name: str) -> BaseModelInfo:
    """Find a base model by name, path or hub id; a hub id may download.

    Raises:
        BaseModelError: It does not exist, or is not one that this server can train and serve.
    """
    if name == AUTO:
        return find_base(choose_base().row.name)
    try:
        path, is_of_hub = _place_of(name)
        commit = commit_of(path) if is_of_hub else ""
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
    return BaseModelInfo(
        name,
        path,
        min(findings.context_length or MAX_CONTEXT, MAX_CONTEXT),
        findings.architecture,
        findings.engine,
        commit,
    )


def installed_bases() -> list[BaseModelInfo]:
    """Return the bases of the ladder that are on this machine, without using the network."""
    names = [row.name for row in LADDER if bundled_file(row.name)]
    for row in LADDER:
        if row.gguf_repo and cached_file(HubName(row.gguf_repo), row.gguf_file):
            names.append(row.name)
        if row.hub_id and cached_folder(HubName(row.hub_id)):
            names.append(row.hub_id)
    return [base for name in names if (base := _found(name))]


def _found(name: str) -> BaseModelInfo | None:
    try:
        return find_base(name)
    except BaseModelError:
        return None


def _place_of(name: str) -> tuple[Path, bool]:
    """Return where the weights of a base are, and whether the hub's cache decides that."""
    plain, revision = without_revision(name)
    if row := next((row for row in LADDER if row.name == plain), None):
        if row.gguf_repo:
            return download_file(HubName(row.gguf_repo, revision), row.gguf_file), True
        if plain != name:
            msg = f"{plain} comes with an installed package: name it without a revision."
            raise BaseModelError(msg, is_missing=True)
        if file := bundled_file(name):
            return file, False
        msg = f"The weights of {name} are not installed: {BUNDLED[name].install}"
        raise BaseModelError(msg, is_missing=True)
    # A request is UTF-8, whatever encoding this process uses for names of files.
    path = expanded(Path(os.fsdecode(name.encode("utf-8", "surrogateescape"))))
    if path.suffix == ".gguf" and path.is_file():
        return path.absolute(), False
    if name and path.is_dir():
        return _weights_in(path.absolute(), name), False
    if not name.startswith((".", "/", "~")):
        owner, _, rest = plain.partition("/")
        repo, _, within = rest.partition("/")
        if within.endswith(".gguf"):
            return download_file(HubName(f"{owner}/{repo}", revision), within), True
        if repo and not within:
            return _of_hub(HubName(plain, revision)), True
    msg = (
        f"The base model {name!r} does not exist. Give {', '.join(row.name for row in LADDER)}, "
        "the path of a .gguf file, a folder that holds one or safetensors, or a hub id such as "
        "'owner/name', 'owner/name/file.gguf' or 'owner/name@revision'."
    )
    raise BaseModelError(msg, is_missing=True)


def _of_hub(repo: HubName) -> Path:
    folder = cached_folder(repo)
    if folder is not None:
        try:
            path = _weights_in(folder, str(repo))
            inspect(path)
        except (BaseModelError, UnusableError):
            pass  # a part of it was downloaded, say its tokenizer: the rest is fetched now
        else:
            return path
    return _weights_in(download_folder(repo), str(repo))


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
