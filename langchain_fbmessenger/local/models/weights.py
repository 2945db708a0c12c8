"""Write a base model that is GGUF as the folder that transformers trains from.

What is trained should be what is served, so the weights are dequantised from the very GGUF that
llama.cpp serves. transformers can do that too (`from_pretrained(gguf_file=…)`), but reads the file
three times and rebuilds gguf's table of names for every tensor; for the proven families both happen
once here. Its configuration and tokenizer are used as they are, but for what it overlooks.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from langchain_fbmessenger.local.models.families import PROVEN, name_map
from langchain_fbmessenger.local.models.gguf_header import read_header
from langchain_fbmessenger.local.models.inspection import UnusableError, rope_scaling
from langchain_fbmessenger.local.process.home import UNFINISHED_BASE
from langchain_fbmessenger.local.process.regular_files import open_regular

if TYPE_CHECKING:
    import numpy as np
    import torch
    from numpy.typing import NDArray

    from langchain_fbmessenger.local.models.gguf_header import GgufHeader

_CHUNK = 1 << 20
_LARGE = 1_000_000_000
"""Parameters from which the folder is written in bfloat16, for which disk and memory are small
enough: such models train on GPUs, in bfloat16."""


def content_key(path: Path) -> str:
    """Name a file by what it holds: two copies share one converted folder."""
    digest = hashlib.sha256()
    with open_regular(path) as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()[:24]


def trainable_folder(base: Path, bases: Path) -> Path:
    """Return the folder with config, tokenizer and safetensors of a base.

    A folder is one already. A GGUF file is converted by the first call (some ten seconds for 135M
    weights), later ones find the folder below `bases`. Two processes may convert at once: each
    works aside, the first to finish wins.

    Raises:
        UnusableError: transformers cannot load all that the file holds.
    """
    if base.is_dir():
        return base
    folder = bases / content_key(base)
    if folder.is_dir():
        return folder
    bases.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=UNFINISHED_BASE, dir=bases))
    try:
        _convert(base, aside)
        try:
            aside.rename(folder)
        except OSError:
            if not folder.is_dir():
                raise
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return folder


def _convert(gguf_path: Path, folder: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM

    from langchain_fbmessenger.local.models.loading import load_config, load_tokenizer

    header = read_header(gguf_path)
    where, name = gguf_path.parent, gguf_path.name
    load_tokenizer(where, gguf_file=name).save_pretrained(folder)
    config = load_config(where, gguf_file=name)
    _complete(config, gguf_path, header)
    with torch.device("meta"):
        # A model loaded from GGUF refuses to be saved ("not serializable"): fill a fresh one.
        model = AutoModelForCausalLM.from_config(config)
    is_large = sum(parameter.numel() for parameter in model.parameters()) > _LARGE
    config.dtype = torch.bfloat16 if is_large else torch.float32
    if header.metadata["general.architecture"] in PROVEN:
        state = _state_dict(gguf_path, model, config.dtype)
    else:
        state = _loaded_by_transformers(gguf_path, config.dtype)
    model.load_state_dict(state, strict=True, assign=True)
    model.tie_weights()
    model.save_pretrained(folder)


def _complete(config: Any, gguf_path: Path, header: GgufHeader) -> None:
    """Set what transformers does not take over from the file."""
    architecture = header.metadata["general.architecture"]
    # Heads may be wider than the hidden state's share of them, as Qwen3's are.
    if architecture in PROVEN and (width := header.whole(f"{architecture}.attention.key_length")):
        config.head_dim = width
    if scaling := rope_scaling(gguf_path, header):
        config.rope_parameters = scaling


def _loaded_by_transformers(gguf_path: Path, dtype: torch.dtype) -> dict[str, torch.Tensor]:
    """Let transformers read a family that is not proven here, as long as nothing is left over."""
    from langchain_fbmessenger.local.models.loading import load_model

    model, told = load_model(
        gguf_path.parent, gguf_file=gguf_path.name, dtype=dtype, output_loading_info=True
    )
    lost = sorted(told["missing_keys"] | told["unexpected_keys"])
    if lost:
        msg = f"transformers cannot load {gguf_path.name} whole: {', '.join(lost[:3])}."
        raise UnusableError(msg)
    state: dict[str, torch.Tensor] = model.state_dict()
    return state


def _state_dict(gguf_path: Path, model: Any, dtype: torch.dtype) -> dict[str, torch.Tensor]:
    """Give each parameter of the model its dequantised tensor, under transformers' name."""
    import gguf
    import torch

    config = model.config
    reader = gguf.GGUFReader(gguf_path)
    architecture = reader.fields["general.architecture"].contents()
    tensors = {tensor.name: tensor for tensor in reader.tensors}
    names = name_map(architecture, config.num_hidden_layers)
    state: dict[str, torch.Tensor] = {}
    for parameter in model.state_dict():
        tensor = tensors.get(names.get_name(parameter, try_suffixes=(".weight", ".bias")))
        if tensor is None and parameter == "lm_head.weight" and config.tie_word_embeddings:
            tensor = tensors["token_embd.weight"]
        if tensor is None:
            msg = f"{gguf_path.name} holds no tensor for {parameter}."
            raise UnusableError(msg)
        weights = gguf.dequantize(tensor.data, tensor.tensor_type)
        if PROVEN[architecture].has_paired_heads:
            if ".q_proj." in parameter:
                weights = _half_rotated(weights, config.num_attention_heads)
            elif ".k_proj." in parameter:
                weights = _half_rotated(weights, config.num_key_value_heads)
        state[parameter] = torch.from_numpy(weights.astype("float32", copy=True)).to(dtype)
    return state


def _half_rotated(weights: NDArray[np.float32], heads: int) -> NDArray[np.float32]:
    """Undo llama.cpp's order of the rows of q and k, which interleaves the halves of a head."""
    rows, *rest = weights.shape
    grouped = weights.reshape(heads, rows // heads // 2, 2, *rest)
    ordered: NDArray[np.float32] = grouped.swapaxes(1, 2).reshape(weights.shape)
    return ordered
