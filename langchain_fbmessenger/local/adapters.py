"""Local server: a trained LoRA → the folder that it is served from.

The folder holds the LoRA as peft writes it (`adapter_model.safetensors`, `adapter_config.json`),
which transformers and vLLM load, and as GGUF (`adapter.gguf`), which llama.cpp loads.

GGUF's layout is that of llama.cpp's `convert_lora_to_gguf.py`: `general.type` adapter,
`adapter.type` lora, `adapter.lora.alpha`, and for each linear layer `<name>.lora_a` and
`<name>.lora_b`. Only the llama architecture is written: its rows of q and k are reordered, others'
are not, or in other ways.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray
    from peft import PeftModel

_GGUF = "adapter.gguf"
_PREFIX = "base_model.model."
_PARTS = {".lora_A.weight": ".lora_a", ".lora_B.weight": ".lora_b"}


def gguf_of(adapter: Path | None) -> Path | None:
    """Return the GGUF file of an adapter's folder."""
    return adapter / _GGUF if adapter else None


def save_adapter(model: PeftModel, folder: Path) -> None:
    """Write the LoRA of a model into a folder, all of it or nothing; an older one is replaced."""
    aside = folder.with_suffix(".partial")
    shutil.rmtree(aside, ignore_errors=True)
    model.save_pretrained(aside, save_embedding_layers=False)
    write_gguf_adapter(model, aside / _GGUF)
    shutil.rmtree(folder, ignore_errors=True)
    aside.replace(folder)


def copy_adapter(source: Path, folder: Path) -> None:
    """Copy an adapter's folder, all of it or nothing; an older one is replaced."""
    aside = folder.with_suffix(".partial")
    shutil.rmtree(aside, ignore_errors=True)
    shutil.copytree(source, aside)
    shutil.rmtree(folder, ignore_errors=True)
    aside.replace(folder)


def write_gguf_adapter(model: PeftModel, path: Path) -> None:
    """Write the LoRA of a llama model as GGUF."""
    import gguf
    from peft import get_peft_model_state_dict

    config = model.get_base_model().config
    writer = gguf.GGUFWriter(path, arch="llama")
    writer.add_type(gguf.GGUFType.ADAPTER)
    writer.add_string(gguf.Keys.Adapter.TYPE, "lora")
    writer.add_float32(gguf.Keys.Adapter.LORA_ALPHA, float(model.peft_config["default"].lora_alpha))
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.LLAMA, config.num_hidden_layers)
    for key, tensor in get_peft_model_state_dict(model).items():
        module, part = _split(key)
        weights = tensor.float().cpu().numpy()
        if part == ".lora_b" and module.endswith(".q_proj"):
            weights = interleaved(weights, config.num_attention_heads)
        elif part == ".lora_b" and module.endswith(".k_proj"):
            weights = interleaved(weights, config.num_key_value_heads)
        name = names.get_name(module)
        if name is None:
            msg = f"llama.cpp has no name for the layer {module}"
            raise ValueError(msg)
        writer.add_tensor(f"{name}.weight{part}", weights)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def interleaved(weights: NDArray[np.float32], heads: int) -> NDArray[np.float32]:
    """Reorder the rows of q or k from transformers' half-rotated heads to llama.cpp's pairs."""
    rows, *rest = weights.shape
    grouped = weights.reshape(heads, 2, rows // heads // 2, *rest)
    ordered: NDArray[np.float32] = grouped.swapaxes(1, 2).reshape(weights.shape)
    return ordered


def _split(key: str) -> tuple[str, str]:
    for suffix, part in _PARTS.items():
        if key.endswith(suffix):
            return key.removeprefix(_PREFIX).removesuffix(suffix), part
    msg = f"{key} is no LoRA matrix"
    raise ValueError(msg)
