"""Tiny models of random weights, as transformers has them and as llama.cpp's converter writes them.

They stand in for models of the hub: shapes, tensor names and orders of rows are those of the real
ones, the vocabulary is that of the bundled SmolLM2, so the answers are letter soup that depends on
every weight.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import gguf
import torch
from transformers import (
    AutoModelForCausalLM,
    Gemma2Config,
    Gemma3TextConfig,
    LlamaConfig,
    Phi3Config,
    Qwen2Config,
    Qwen3Config,
    Starcoder2Config,
)

from langchain_fbmessenger._internal.bundled_models import bundled_file

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray
    from transformers import PreTrainedModel

CHATML = (
    "{% for message in messages %}{{ '<|im_start|>' + message.role + '\n' + message.content"
    " + '<|im_end|>\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
THINKING = (
    "{% for message in messages %}{{ '<|im_start|>' + message.role + '\n' }}"
    "{% if message.role == 'assistant' and loop.last %}{{ '<think>\n\n</think>\n\n' }}{% endif %}"
    "{{ message.content + '<|im_end|>\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}"
    "{% if enable_thinking is false %}{{ '<think>\n\n</think>\n\n' }}{% endif %}{% endif %}"
)
"""Leaves the thoughts out of all but the last answer, as Qwen3's does."""

VOCABULARY = 2048
"""The first of the bundled tokens, which need the first of the merges only: all is quick then."""

TURNS = (
    "{% for message in messages %}{{ '<|' + message.role + '|>\n' + message.content + '</s>\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|assistant|>\n' }}{% endif %}"
)
"""As TinyLlama's: SentencePiece vocabularies lack ChatML's tokens."""
SENTENCEPIECE = "sentencepiece"

_COMMON = {
    "vocab_size": VOCABULARY,
    "hidden_size": 64,
    "intermediate_size": 96,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 2048,
    "initializer_range": 0.3,
    "tie_word_embeddings": True,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "rope_parameters": {"rope_type": "default", "rope_theta": 10_000.0},
}
_LLAMA3 = {
    "rope_type": "llama3",
    "rope_theta": 500_000.0,
    "factor": 32.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 8192,
}


_GEMMA3 = {
    "head_dim": 32,
    "num_hidden_layers": 7,
    "sliding_window": 512,
    "rope_parameters": {
        "full_attention": {"rope_type": "default", "rope_theta": 1_000_000.0},
        "sliding_attention": {"rope_type": "default", "rope_theta": 10_000.0},
    },
}


@dataclass(frozen=True)
class Tiny:
    """One family: transformers' config, and what its GGUF says beside the common."""

    architecture: str
    config: type
    options: dict[str, Any] = field(default_factory=dict)
    pre: str = "smollm"


FAMILIES = {
    "llama": Tiny("llama", LlamaConfig),
    "llama 3.2": Tiny("llama", LlamaConfig, {"rope_parameters": _LLAMA3}, pre="llama-bpe"),
    "llama 2": Tiny("llama", LlamaConfig, pre=SENTENCEPIECE),
    "phi3": Tiny("phi3", Phi3Config, {"pad_token_id": 2}, pre=SENTENCEPIECE),
    "gemma2": Tiny("gemma2", Gemma2Config, {"head_dim": 32}, pre=SENTENCEPIECE),
    "gemma3": Tiny("gemma3", Gemma3TextConfig, _GEMMA3, pre=SENTENCEPIECE),
    "starcoder2": Tiny("starcoder2", Starcoder2Config),
    "qwen2": Tiny("qwen2", Qwen2Config, {"tie_word_embeddings": False}, pre="qwen2"),
    "qwen3": Tiny("qwen3", Qwen3Config, {"head_dim": 32}, pre="qwen2"),
}


def make(family: str, path: Path, *, template: str = CHATML, **options: Any) -> PreTrainedModel:
    """Make a model of random weights, write it as GGUF, and return it."""
    tiny = FAMILIES[family]
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(tiny.config(**_COMMON | tiny.options | options)).eval()
    for name, parameter in model.named_parameters():
        if "norm" in name or name.endswith(".bias"):  # ones and zeros would hide a mix-up
            torch.nn.init.normal_(parameter, mean=float("norm" in name), std=0.3)
    write_gguf(model, tiny, path, template)
    return model


def write_gguf(model: PreTrainedModel, tiny: Tiny, path: Path, template: str) -> None:
    """Write the model as llama.cpp's convert_hf_to_gguf.py does, in float32."""
    writer = gguf.GGUFWriter(path, arch=tiny.architecture)
    writer.add_name("tiny")
    _add_shape(writer, model.config, tiny)
    if tiny.pre == SENTENCEPIECE:
        _add_sentencepiece(writer, TURNS)
    else:
        _add_tokenizer(writer, tiny.pre, template)
    _add_tensors(writer, model, tiny.architecture)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _add_shape(writer: gguf.GGUFWriter, config: Any, tiny: Tiny) -> None:
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_layer_norm_rms_eps(getattr(config, "rms_norm_eps", 1e-5))
    writer.add_layer_norm_eps(1e-5)
    writer.add_rope_freq_base(_slowest(config.rope_parameters))
    if "head_dim" in tiny.options:
        writer.add_key_length(_head_width(config))
        writer.add_value_length(_head_width(config))
    if window := getattr(config, "sliding_window", None):
        writer.add_sliding_window(window)
    if tiny.architecture == "llama":
        writer.add_rope_dimension_count(_head_width(config))
        writer.add_vocab_size(config.vocab_size)


def _add_tensors(writer: gguf.GGUFWriter, model: PreTrainedModel, architecture: str) -> None:
    config = model.config
    names = gguf.get_tensor_name_map(
        gguf.MODEL_ARCH[architecture.upper()], config.num_hidden_layers
    )
    if config.rope_parameters.get("rope_type") == "llama3":
        writer.add_tensor("rope_freqs.weight", _rope_factors(model))
    for parameter, tensor in model.state_dict().items():
        if parameter == "lm_head.weight" and config.tie_word_embeddings:
            continue
        weights = tensor.float().numpy()
        if architecture == "llama" and ".q_proj." in parameter:
            weights = _paired(weights, config.num_attention_heads)
        elif architecture == "llama" and ".k_proj." in parameter:
            weights = _paired(weights, config.num_key_value_heads)
        elif architecture.startswith("gemma") and "norm" in parameter:
            weights = weights + 1  # the converter adds what the model adds at run time
        name = names.get_name(parameter, try_suffixes=(".weight", ".bias"))
        writer.add_tensor(name, weights)


def _head_width(config: Any) -> int:
    width: int = getattr(config, "head_dim", None) or (
        config.hidden_size // config.num_attention_heads
    )
    return width


def _slowest(rope: dict[str, Any]) -> float:
    """Return the base of the rotary frequencies, of full attention where there are two."""
    theta: float = rope.get("full_attention", rope)["rope_theta"]
    return theta


def _paired(weights: NDArray[np.float32], heads: int) -> NDArray[np.float32]:
    """Put the rows that are rotated together beside each other: i and i + half of each head."""
    rows, columns = weights.shape
    halves = weights.reshape(heads, 2, rows // heads // 2, columns)
    return halves.transpose(0, 2, 1, 3).reshape(rows, columns).copy()


def _rope_factors(model: PreTrainedModel) -> NDArray[np.float32]:
    """Return what transformers' own frequencies were divided by."""
    theta, width = model.config.rope_parameters["rope_theta"], _head_width(model.config)
    plain = 1.0 / theta ** (torch.arange(0, width, 2).float() / width)
    factors: NDArray[np.float32] = (plain / model.model.rotary_emb.inv_freq).numpy()
    return factors


def _add_sentencepiece(writer: gguf.GGUFWriter, template: str) -> None:
    """Spell the bundled tokens as SentencePiece does: `▁` for a space, bytes for the rest."""
    kinds = gguf.TokenType
    pieces = {" ".join(token.split()).replace("Ġ", "▁"): None for token in _ascii_tokens()}
    tokens = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256)), *pieces]
    types = [kinds.UNKNOWN, kinds.CONTROL, kinds.CONTROL, *[kinds.BYTE] * 256]
    tokens = tokens[:VOCABULARY]
    writer.add_tokenizer_model("llama")
    writer.add_tokenizer_pre("default")
    writer.add_token_list(tokens)
    writer.add_token_scores([0.0 if at < 259 else 259.0 - at for at in range(len(tokens))])
    writer.add_token_types([*types, *[kinds.NORMAL] * (len(tokens) - len(types))])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)
    writer.add_pad_token_id(2)
    writer.add_add_bos_token(True)  # noqa: FBT003  # gguf's signature
    writer.add_chat_template(template)


def _ascii_tokens() -> list[str]:
    letters = [*map(chr, range(33, 127)), "Ġ"]
    return [*letters, *(t for t in _bundled_tokenizer()["tokens"][17:] if set(t) <= {*letters})]


@lru_cache
def _bundled_tokenizer() -> dict[str, Any]:
    fields = gguf.GGUFReader(bundled_file("SmolLM2-135M-Instruct")).fields
    keys = ("tokens", "token_type", "merges")
    return {key: fields[f"tokenizer.ggml.{key}"].contents() for key in keys}


def _add_tokenizer(writer: gguf.GGUFWriter, pre: str, template: str) -> None:
    bundled = _bundled_tokenizer()
    tokens = bundled["tokens"][:VOCABULARY]
    known = set(tokens)

    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(pre)
    writer.add_token_list(tokens)
    writer.add_token_types(bundled["token_type"][:VOCABULARY])
    writer.add_token_merges([m for m in bundled["merges"] if m.replace(" ", "") in known])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_pad_token_id(2)
    writer.add_add_bos_token(False)  # noqa: FBT003  # gguf's signature
    writer.add_chat_template(template)
