"""Inspect a file or folder of weights: what it is, and which engine can serve it.

These are the checks before a job is taken, so they must be quick and need no torch: headers and
JSON are read, weights are not.
"""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from langchain_fbmessenger.local.models.families import LOADABLE, PROVEN, ROPE_FACTORS, SAME_TOKENS
from langchain_fbmessenger.local.models.gguf_header import read_floats, read_header
from langchain_fbmessenger.local.process.regular_files import is_regular_or_missing, read_json

if TYPE_CHECKING:
    from pathlib import Path

    from langchain_fbmessenger.local.models.gguf_header import GgufHeader

EngineName = Literal["llama.cpp", "transformers"]

_INDEX = "model.safetensors.index.json"
_TOKENIZERS = ("tokenizer.json", "tokenizer.model", "vocab.json", "vocab.txt")
_BYTE_LEVEL = "gpt2"
"""What GGUF calls byte-level BPE."""
_LLAMA3 = {
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 8192,
}
"""What all of Meta's models with scaled rotary embeddings share, from 3.1 to 3.3."""
_TOLERANCE = 1e-3
_COUNTED = (
    "block_count", "attention.head_count", "attention.head_count_kv", "attention.key_length",
)  # fmt: skip
"""What is counted with later, when a job runs or an adapter is served."""
_LARGEST_THETA = 1e12
_LONGEST_NAME = 100
_READ_BY_LIBRARIES = (".json", ".jinja", ".model", ".safetensors", ".txt")
_READ_BESIDE_GGUF = (".json", ".jinja", ".model")


@dataclass(frozen=True)
class Findings:
    """What a file or folder of weights is."""

    architecture: str
    """As GGUF names it (`qwen3`), or transformers (`model_type` in config.json)."""
    context_length: int | None
    """None where it does not say."""
    engine: EngineName
    """What can serve it."""


class UnusableError(ValueError):
    """The weights cannot be trained and served here; the message holds no path."""


def marker(path: Path) -> Path:
    """Return the file whose time of change stands for that of the whole."""
    return path / "config.json" if path.is_dir() else path


def inspect(path: Path) -> Findings:
    """Look into a GGUF file or a folder of safetensors.

    Raises:
        UnusableError: It cannot be trained and served here.
    """
    try:
        if path.is_dir():
            _check_entries(path, _READ_BY_LIBRARIES)
            return _folder(path)
        _check_entries(path.parent, _READ_BESIDE_GGUF)
        return _gguf(path)
    except OSError as error:
        msg = f"It cannot be read ({error.strerror or type(error).__name__})."
        raise UnusableError(msg) from None


def _check_entries(folder: Path, endings: tuple[str, ...]) -> None:
    """Refuse a folder with devices, FIFOs and the like: libraries open what they find."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.endswith(endings) and not is_regular_or_missing(folder / entry.name):
                name = "".join(filter(str.isprintable, entry.name))[:_LONGEST_NAME]
                msg = f"Its folder holds {name}, which is not a regular file."
                raise UnusableError(msg)


def rope_scaling(path: Path, header: GgufHeader) -> dict[str, Any] | None:
    """Return transformers' `rope_parameters` of a llama GGUF that holds rotary factors.

    The file keeps what was computed from Meta's four numbers, not the numbers: three are the same
    for all their models, the fourth is the largest factor. That they yield the factors in the file
    is checked.

    Raises:
        UnusableError: The factors are others.
    """
    if ROPE_FACTORS not in header.tensors:
        return None
    architecture = header.metadata["general.architecture"]
    factors = read_floats(path, header.tensors[ROPE_FACTORS])
    theta = header.metadata.get(f"{architecture}.rope.freq_base", 10_000.0)
    is_sound = isinstance(theta, int | float) and 1 <= theta <= _LARGEST_THETA
    is_sound = is_sound and all(0 < factor < math.inf for factor in factors)
    expected = _llama3_factors(len(factors), float(theta), max(factors)) if is_sound else []
    scaling = {"rope_type": "llama3", "rope_theta": theta, "factor": max(factors), **_LLAMA3}
    if len(expected) != len(factors) or any(
        abs(a - b) > _TOLERANCE * b for a, b in zip(factors, expected, strict=True)
    ):
        msg = (
            f"{path.name} scales its rotary embeddings in another way than Llama 3.1 to 3.3: that "
            "was not proven. Give the model as safetensors instead."
        )
        raise UnusableError(msg)
    return scaling


def _gguf(path: Path) -> Findings:
    try:
        return _findings(path, read_header(path))
    except UnusableError:
        raise
    except ValueError as error:
        msg = f"{error}."
        raise UnusableError(msg) from None


def _findings(path: Path, header: GgufHeader) -> Findings:
    architecture = header.metadata.get("general.architecture")
    if not isinstance(architecture, str) or architecture not in (*PROVEN, *LOADABLE):
        msg = (
            f"{path.name} is of the architecture {architecture!r}, for which fine-tuning from GGUF "
            f"was not proven ({', '.join(PROVEN)}) and which transformers cannot load from GGUF "
            f"either ({', '.join(sorted(LOADABLE))}). Give the model as a folder of safetensors."
        )
        raise UnusableError(msg)
    if "tokenizer.chat_template" not in header.metadata:
        msg = f"{path.name} has no chat template: give an instruct model."
        raise UnusableError(msg)
    _check_tensors(path, header, architecture)
    for key in _COUNTED:
        header.whole(f"{architecture}.{key}")  # or it is refused
    return Findings(
        architecture,
        header.whole(f"{architecture}.context_length"),
        "llama.cpp" if _is_proven(header, architecture) else "transformers",
    )


def _is_proven(header: GgufHeader, architecture: str) -> bool:
    """Say whether llama.cpp answers as transformers does: by family, and by its tokenizer.

    SentencePiece is left out: llama.cpp puts a space behind each special token, transformers not.
    """
    return (
        architecture in PROVEN
        and header.metadata.get("tokenizer.ggml.model") == _BYTE_LEVEL
        and header.metadata.get("tokenizer.ggml.pre") in SAME_TOKENS
    )


def _check_tensors(path: Path, header: GgufHeader, architecture: str) -> None:
    """Refuse what the way to transformers would lose: what is trained must be what is served."""
    tensors = frozenset(header.tensors)
    if family := PROVEN.get(architecture):
        unknown = family.unknown(tensors)
    else:  # transformers reports what it misses, but for these, which it skips
        unknown = sorted(name for name in tensors if name.startswith("rope_"))
    scaling = header.metadata.get(f"{architecture}.rope.scaling.type", "none")
    if unknown or scaling != "none":
        what = ", ".join(unknown[:3]) or f"scaled rotary embeddings ({scaling})"
        msg = (
            f"{path.name} holds {what}: fine-tuning such a model from GGUF was not proven. Give it "
            "as a folder of safetensors."
        )
        raise UnusableError(msg)
    rope_scaling(path, header)


def _llama3_factors(count: int, theta: float, factor: float) -> list[float]:
    """Compute the divisors of the frequencies as Meta's code does (llama-models, `apply_scaling`).

    Waves longer than the context of the model before are stretched, short ones are left alone,
    and in between one goes over into the other.
    """
    low, high = _LLAMA3["low_freq_factor"], _LLAMA3["high_freq_factor"]
    divisors = []
    for index in range(count):
        turns = _LLAMA3["original_max_position_embeddings"] / (
            2 * math.pi * theta ** (index / count)
        )
        share = min(1.0, max(0.0, (turns - low) / (high - low)))
        divisors.append(1 / ((1 - share) / factor + share))
    return divisors


def _folder(folder: Path) -> Findings:
    config = _json(folder / "config.json")
    model_type = config.get("model_type")
    if not isinstance(model_type, str):
        msg = "Its config.json names no model_type."
        raise UnusableError(msg)
    if "auto_map" in config:
        msg = "It needs Python code of its own (auto_map in config.json), which is never run here."
        raise UnusableError(msg)
    if "quantization_config" in config:
        msg = "Its weights are quantised: give the original, or the model as GGUF."
        raise UnusableError(msg)
    architectures = config.get("architectures") or ["ForCausalLM"]
    if not isinstance(architectures, list):
        msg = "The architectures in its config.json are not a list."
        raise UnusableError(msg)
    if not any(str(name).endswith("ForCausalLM") for name in architectures):
        msg = f"It is not a text model ({str(architectures[0])[:_LONGEST_NAME]})."
        raise UnusableError(msg)
    _check_weights(folder)
    if not any((folder / name).is_file() for name in _TOKENIZERS):
        msg = f"It holds no tokenizer ({', '.join(_TOKENIZERS)})."
        raise UnusableError(msg)
    if not _has_chat_template(folder):
        msg = "It has no chat template: give an instruct model."
        raise UnusableError(msg)
    context = config.get("max_position_embeddings")
    is_length = isinstance(context, int) and context >= 1
    return Findings(model_type, context if is_length else None, "transformers")


def _check_weights(folder: Path) -> None:
    if (folder / _INDEX).is_file():
        listed = _json(folder / _INDEX).get("weight_map")
        parts = set(map(str, listed.values())) if isinstance(listed, dict) else set()
        missing = sorted(part[:_LONGEST_NAME] for part in parts if not _is_file(folder, part))
        if missing or not parts:
            msg = f"It is incomplete: {', '.join(missing[:3]) or 'weights'} are missing."
            raise UnusableError(msg)
    elif not (folder / "model.safetensors").is_file():
        msg = "It holds no model.safetensors; weights as pickle (.bin) are never loaded."
        raise UnusableError(msg)


def _is_file(folder: Path, name: str) -> bool:
    try:
        return (folder / name).is_file()
    except (OSError, ValueError):  # not a name of a file
        return False


def _has_chat_template(folder: Path) -> bool:
    if (folder / "chat_template.jinja").is_file():
        return True
    settings = folder / "tokenizer_config.json"
    return settings.is_file() and bool(_json(settings).get("chat_template"))


def _json(path: Path) -> dict[str, Any]:
    try:
        return read_json(path)
    except FileNotFoundError:
        msg = f"It holds no {path.name}."
        raise UnusableError(msg) from None
    except ValueError:
        msg = f"Its {path.name} is not valid JSON."
        raise UnusableError(msg) from None
