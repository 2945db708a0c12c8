"""Write a trained LoRA into the folder that it is served from.

The folder holds the LoRA as peft writes it (`adapter_model.safetensors`, `adapter_config.json`),
which transformers and vLLM load, and, where llama.cpp serves the base, as GGUF (`adapter.gguf`).
The GGUF is made from peft's files without torch, so that the server can import adapters, too.

GGUF's layout is that of llama.cpp's `convert_lora_to_gguf.py`: `general.type` adapter,
`adapter.type` lora, `adapter.lora.alpha`, and for each linear layer `<name>.lora_a` and
`<name>.lora_b`. Where llama.cpp reorders the rows of q and k (`families.py`), those of their
`lora_b` are, too.
"""

from __future__ import annotations

import shutil
from operator import itemgetter
from typing import TYPE_CHECKING

import msgspec

from langchain_fbmessenger.local.models.families import PROVEN, name_map
from langchain_fbmessenger.local.models.gguf_header import read_header
from langchain_fbmessenger.local.models.inspection import inspect
from langchain_fbmessenger.local.process.regular_files import read_regular

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray
    from peft import PeftModel

ADAPTER_CONFIG = "adapter_config.json"
ADAPTER_WEIGHTS = "adapter_model.safetensors"
LARGEST = {ADAPTER_CONFIG: 2**20, ADAPTER_WEIGHTS: 2**32}
"""The files of an adapter, and the bytes that one may have."""
_GGUF = "adapter.gguf"
_PREFIX = "base_model.model."
_PARTS = {".lora_A.weight": ".lora_a", ".lora_B.weight": ".lora_b"}


class _Config(msgspec.Struct, frozen=True):
    lora_alpha: float


def gguf_of(adapter: Path | None) -> Path | None:
    """Return the GGUF file of an adapter's folder."""
    return adapter / _GGUF if adapter else None


def save_adapter(model: PeftModel, folder: Path, *, base: Path) -> None:
    """Write the LoRA of a model into a folder, all of it or nothing; an older one is replaced.

    Args:
        model: The trained model.
        folder: Where to.
        base: The base that is served, a GGUF file or a folder of safetensors.
    """
    aside = folder.with_suffix(".partial")
    shutil.rmtree(aside, ignore_errors=True)
    model.save_pretrained(aside, save_embedding_layers=False)
    if inspect(base).engine == "llama.cpp":
        write_gguf_adapter(aside, base)
    shutil.rmtree(folder, ignore_errors=True)
    aside.replace(folder)


def copy_adapter(source: Path, folder: Path) -> None:
    """Copy an adapter's folder, all of it or nothing; an older one is replaced."""
    aside = folder.with_suffix(".partial")
    shutil.rmtree(aside, ignore_errors=True)
    shutil.copytree(source, aside)
    shutil.rmtree(folder, ignore_errors=True)
    aside.replace(folder)


def write_gguf_adapter(folder: Path, base: Path) -> Path:
    """Write `adapter.gguf` beside the files of peft in a folder, for a base as GGUF.

    Raises:
        ValueError: A matrix is for no layer that llama.cpp knows.
    """
    import gguf

    header = read_header(base)
    architecture = str(header.metadata["general.architecture"])
    names = name_map(architecture, header.whole(f"{architecture}.block_count") or 0)
    heads: dict[str, int] = {}
    if PROVEN[architecture].has_paired_heads:
        n_heads = header.whole(f"{architecture}.attention.head_count") or 1
        n_kv = header.whole(f"{architecture}.attention.head_count_kv") or n_heads
        heads = {"q_proj": n_heads, "k_proj": n_kv}
    config = msgspec.json.decode(read_adapter(folder, ADAPTER_CONFIG), type=_Config)
    writer = gguf.GGUFWriter(folder / _GGUF, arch=architecture)
    writer.add_type(gguf.GGUFType.ADAPTER)
    writer.add_string(gguf.Keys.Adapter.TYPE, "lora")
    writer.add_float32(gguf.Keys.Adapter.LORA_ALPHA, config.lora_alpha)
    for module, part, weights in read_matrices(folder):
        name = names.get_name(module)
        if name is None:
            msg = f"llama.cpp has no name for the layer {module}"
            raise ValueError(msg)
        kind = module.rpartition(".")[2]
        ordered = part == ".lora_b" and kind in heads
        writer.add_tensor(
            f"{name}.weight{part}", interleaved(weights, heads[kind]) if ordered else weights
        )
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return folder / _GGUF


def read_adapter(folder: Path, name: str) -> bytes:
    """Read one of the two files of an adapter as peft writes it.

    Raises:
        ValueError: It is larger than `LARGEST` allows.
        OSError: It is not a regular file, or cannot be read.
    """
    return read_regular(folder / name, LARGEST[name])


def read_matrices(folder: Path) -> Iterator[tuple[str, str, NDArray[np.float32]]]:
    """Yield (layer, `.lora_a` or `.lora_b`, matrix) of the LoRA in a folder.

    Raises:
        ValueError: The file holds something else, or is damaged.
    """
    import numpy as np
    import safetensors

    content = read_adapter(folder, ADAPTER_WEIGHTS)
    try:
        tensors = safetensors.deserialize(content)  # type: ignore[no-untyped-call]
    except safetensors.SafetensorError as error:
        msg = f"{ADAPTER_WEIGHTS} is damaged"
        raise ValueError(msg) from error
    kinds = {"F32": np.float32, "F16": np.float16, "BF16": np.uint16}
    for key, tensor in sorted(tensors, key=itemgetter(0)):  # the same file gives the same GGUF
        module, part = _split(key)
        if tensor["dtype"] not in kinds:
            msg = f"{key} is of the type {tensor['dtype']}; a LoRA has floats"
            raise ValueError(msg)
        flat = np.frombuffer(tensor["data"], dtype=kinds[tensor["dtype"]])
        if tensor["dtype"] == "BF16":  # numpy has no such type: it is the upper half of a float32
            flat = (flat.astype(np.uint32) << 16).view(np.float32)
        yield module, part, flat.astype(np.float32).reshape(tensor["shape"])


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
    msg = f"{key} is not a LoRA matrix"
    raise ValueError(msg)
