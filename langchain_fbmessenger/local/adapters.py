"""Local server, training child: a trained LoRA → the GGUF adapter that llama.cpp loads.

Layout after llama.cpp's `convert_lora_to_gguf.py`: `general.type` adapter, `adapter.type` lora,
`adapter.lora.alpha`, and for each linear layer `<name>.lora_a` and `<name>.lora_b`. Only the llama
architecture is written: its rows of q and k are reordered, others' are not, or in other ways.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import gguf
from peft import get_peft_model_state_dict

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray
    from peft import PeftModel

_PREFIX = "base_model.model."
_PARTS = {".lora_A.weight": ".lora_a", ".lora_B.weight": ".lora_b"}


def write_gguf_adapter(model: PeftModel, path: Path) -> None:
    """Write the LoRA of a llama model as GGUF, all of it or nothing."""
    config = model.get_base_model().config
    aside = path.with_suffix(".partial")
    writer = gguf.GGUFWriter(aside, arch="llama")
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
    aside.replace(path)


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
