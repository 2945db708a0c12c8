"""Import a LoRA that was trained elsewhere into a folder that it is served from.

Taken is what every engine can serve: a plain LoRA of linear layers in peft's files. Nothing of it
is loaded as code or pickle, and torch is not needed.
"""

from __future__ import annotations

import os
import shutil
import struct
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec

from langchain_fbmessenger.local.models.adapters import (
    ADAPTER_CONFIG,
    LARGEST,
    read_adapter,
    read_matrices,
    write_gguf_adapter,
)
from langchain_fbmessenger.local.models.families import name_map
from langchain_fbmessenger.local.models.gguf_header import read_header
from langchain_fbmessenger.local.models.same_base import is_named, without_folders
from langchain_fbmessenger.local.process.regular_files import NotAFileError, open_regular

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from langchain_fbmessenger.local.models.bases import BaseModelInfo

_PLAIN: Mapping[str, tuple[object, ...]] = {
    "peft_type": ("LORA",),
    "bias": ("none", None),
    "use_dora": (False, None),
    "use_rslora": (False, None),
    "lora_bias": (False, None),
    "fan_in_fan_out": (False, None),
    "rank_pattern": ({}, None),
    "alpha_pattern": ({}, None),
    "modules_to_save": ([], None),
    "layer_replication": ([], None),
    "layers_to_transform": (None,),
    "layers_pattern": (None, [], ""),
    "auto_mapping": (None,),
    "init_lora_weights": (True, False, "gaussian", None),  # others alter the base as well
    "target_parameters": ([], None),
    "trainable_token_indices": ([], None),
}
"""What peft's config may say: all else changes what the matrices mean, or needs more than them."""
_LARGEST_ALPHA = 1e6
_MAX_HEADER = 100_000_000
"""Bytes; safetensors' own limit."""


class AdapterError(ValueError):
    """The folder holds no adapter that this base can serve; the message holds no path."""


class OtherBaseError(AdapterError):
    """The adapter names another base as the one that it was trained on."""


class _PeftConfig(msgspec.Struct, frozen=True):
    r: int
    lora_alpha: float
    # Never a pattern: a foreign one may take forever to match.
    target_modules: list[str] | Literal["all-linear"]
    base_model_name_or_path: Annotated[str, msgspec.Meta(max_length=4096)] | None = None


class _Described(msgspec.Struct, frozen=True):
    shape: tuple[int, ...] | None = None


def import_adapter(source: Path, base: BaseModelInfo, folder: Path, *, force: bool = False) -> None:
    """Copy a LoRA into a new folder, checked, and as GGUF where llama.cpp serves the base.

    Args:
        source: A folder as peft writes it.
        base: What it was trained on.
        folder: Must not exist; it does only when all is well.
        force: Whether it may name another base as its own. Shapes are checked all the same.

    Raises:
        OtherBaseError: It names another base: shapes alone do not tell two models apart.
        AdapterError: It cannot be served on this base.
    """
    aside = folder.with_suffix(".partial")
    aside.mkdir(mode=0o700, parents=True)
    try:
        for name, most in LARGEST.items():
            _copy(source / name, aside / name, most)
        # The copy is checked, not the source, which may change meanwhile.
        _check(aside, base, force=force)
        if base.engine == "llama.cpp":
            write_gguf_adapter(aside, base.path).chmod(0o600)
        aside.rename(folder)
    except AdapterError:
        raise
    except ValueError as error:
        raise AdapterError(str(error)) from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _copy(source: Path, target: Path, most: int) -> None:
    unfit = f"{target.name} is not a regular file, or is larger than {most} bytes"
    try:
        with open_regular(source) as content:
            if content.seek(0, os.SEEK_END) > most:
                raise AdapterError(unfit)
            content.seek(0)
            with target.open("xb") as copy:
                shutil.copyfileobj(content, copy)
    except NotAFileError:
        raise AdapterError(unfit) from None
    except (FileNotFoundError, NotADirectoryError):
        msg = (
            f"the folder holds no {target.name}: an adapter is given as peft writes it; weights as "
            "pickle (adapter_model.bin) are never loaded"
        )
        raise AdapterError(msg) from None
    except OSError as error:
        msg = f"{target.name} cannot be copied ({error.strerror})"
        raise AdapterError(msg) from None
    target.chmod(0o600)


def _check(folder: Path, base: BaseModelInfo, *, force: bool) -> None:
    config = _config(folder)
    own = config.base_model_name_or_path
    if own and not force and not is_named(own, base):
        msg = f"it was trained on {without_folders(own)!r}, not on {base.short_name!r}"
        raise OtherBaseError(msg)
    shape_of = _shapes(base)
    found: dict[str, set[str]] = {}
    for module, part, weights in read_matrices(folder):
        _check_matrix(module, part, weights, config, shape_of(module))
        found.setdefault(module, set()).add(part)
    halves = [module for module, parts in found.items() if len(parts) == 1]
    if halves or not found:
        msg = f"{halves[0]} has one of its two matrices" if halves else "it holds no matrix"
        raise AdapterError(msg)


def _config(folder: Path) -> _PeftConfig:
    content = read_adapter(folder, ADAPTER_CONFIG)
    try:
        whole = msgspec.json.decode(content, type=dict[str, Any])
        config = msgspec.json.decode(content, type=_PeftConfig)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        msg = f"{ADAPTER_CONFIG} is not the config of a LoRA ({type(error).__name__})"
        raise AdapterError(msg) from None
    for key, plain in _PLAIN.items():
        if whole.get(key, plain[0]) not in plain:
            msg = f"`{key}` is set in {ADAPTER_CONFIG}: only a plain LoRA can be served"
            raise AdapterError(msg)
    if config.r < 1 or not 0 < config.lora_alpha <= _LARGEST_ALPHA:
        msg = (
            f"`r` and `lora_alpha` in {ADAPTER_CONFIG} must be positive, and not unreasonably large"
        )
        raise AdapterError(msg)
    return config


def _check_matrix(
    module: str,
    part: str,
    weights: NDArray[np.float32],
    config: _PeftConfig,
    layer: tuple[int, ...] | None,
) -> None:
    import numpy as np

    if layer is None or len(layer) != 2:  # noqa: PLR2004
        msg = f"the base has no linear layer {module}"
        raise AdapterError(msg)
    n_out, n_in = layer
    expected = (config.r, n_in) if part == ".lora_a" else (n_out, config.r)
    if weights.shape != expected:
        msg = f"{module} has a matrix of {weights.shape}, where base and `r` ask for {expected}"
        raise AdapterError(msg)
    if not np.isfinite(weights).all():
        msg = f"{module} holds values that are not numbers"
        raise AdapterError(msg)
    if not _is_targeted(module, config.target_modules):
        msg = f"{module} is not among the `target_modules` of {ADAPTER_CONFIG}"
        raise AdapterError(msg)


def _is_targeted(module: str, targets: list[str] | str) -> bool:
    if isinstance(targets, str):  # all of them
        return True
    return any(module == name or module.endswith(f".{name}") for name in targets)


def _shapes(base: BaseModelInfo) -> Callable[[str], tuple[int, ...] | None]:
    """Return what gives the shape of a layer's weights by transformers' name for it."""
    if base.path.is_dir():
        shapes = _safetensors_shapes(base.path)
        return lambda module: shapes.get(f"{module}.weight")
    header = read_header(base.path)
    names = name_map(base.architecture, header.whole(f"{base.architecture}.block_count") or 0)

    def shape(module: str) -> tuple[int, ...] | None:
        tensor = header.tensors.get(f"{names.get_name(module)}.weight")
        return tensor.shape if tensor else None

    return shape


def _safetensors_shapes(folder: Path) -> dict[str, tuple[int, ...]]:
    """Read the headers of a folder's safetensors: a length, then JSON."""
    shapes: dict[str, tuple[int, ...]] = {}
    for path in folder.glob("*.safetensors"):
        try:
            with open_regular(path) as file:
                (length,) = struct.unpack("<Q", file.read(8))
                header = file.read(min(length, _MAX_HEADER))
            tensors = msgspec.json.decode(header, type=dict[str, _Described])
        except (OSError, struct.error, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            msg = f"{path.name} of the base is damaged"
            raise AdapterError(msg) from None
        shapes |= {
            name: tensor.shape for name, tensor in tensors.items() if tensor.shape is not None
        }
    return shapes
