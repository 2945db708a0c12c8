"""Local server, training child: a base model as GGUF → the folder that transformers trains from.

What is trained should be what is served, so the weights are dequantised from the very GGUF that
llama.cpp serves. transformers can do that too (`from_pretrained(gguf_file=…)`), but reads the file
three times and rebuilds gguf's table of names for every tensor; here both happen once. Its
configuration and tokenizer are used as they are.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import torch
    from numpy.typing import NDArray

_CHUNK = 1 << 20


def content_key(path: Path) -> str:
    """Name a file by what it holds: two copies share one converted folder."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()[:24]


def trainable_folder(gguf_path: Path, bases: Path) -> Path:
    """Return the folder with config, tokenizer and float32 safetensors of a llama GGUF.

    The first call converts (some ten seconds for 135M weights), later ones find the folder below
    `bases`. Two processes may convert at once: each works aside, the first to finish wins.
    """
    folder = bases / content_key(gguf_path)
    if folder.is_dir():
        return folder
    bases.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix="converting-", dir=bases))
    try:
        _convert(gguf_path, aside)
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
    from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer

    where, name = gguf_path.parent, gguf_path.name
    AutoTokenizer.from_pretrained(where, gguf_file=name).save_pretrained(folder)
    config = AutoConfig.from_pretrained(where, gguf_file=name)
    config.dtype = torch.float32
    with torch.device("meta"):
        # A model loaded from GGUF refuses to be saved ("not serializable"): fill a fresh one.
        model = AutoModelForCausalLM.from_config(config)
    model.load_state_dict(_state_dict(gguf_path, model), strict=True, assign=True)
    model.tie_weights()
    model.save_pretrained(folder)


def _state_dict(gguf_path: Path, model: Any) -> dict[str, torch.Tensor]:
    """Give each parameter of the model its dequantised tensor, under transformers' name."""
    import gguf
    import torch

    config = model.config
    reader = gguf.GGUFReader(gguf_path)
    tensors = {tensor.name: tensor for tensor in reader.tensors}
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.LLAMA, config.num_hidden_layers)
    state: dict[str, torch.Tensor] = {}
    for parameter in model.state_dict():
        tensor = tensors.get(names.get_name(parameter, try_suffixes=(".weight", ".bias")))
        if tensor is None and parameter == "lm_head.weight" and config.tie_word_embeddings:
            tensor = tensors["token_embd.weight"]
        if tensor is None:
            msg = f"{gguf_path.name} holds no tensor for {parameter}"
            raise ValueError(msg)
        weights = gguf.dequantize(tensor.data, tensor.tensor_type)
        if ".q_proj." in parameter:
            weights = _half_rotated(weights, config.num_attention_heads)
        elif ".k_proj." in parameter:
            weights = _half_rotated(weights, config.num_key_value_heads)
        state[parameter] = torch.from_numpy(weights.astype("float32", copy=True))
    return state


def _half_rotated(weights: NDArray[np.float32], heads: int) -> NDArray[np.float32]:
    """Undo llama.cpp's order of the rows of q and k, which interleaves the halves of a head."""
    rows, *rest = weights.shape
    grouped = weights.reshape(heads, rows // heads // 2, 2, *rest)
    ordered: NDArray[np.float32] = grouped.swapaxes(1, 2).reshape(weights.shape)
    return ordered
