"""Describe families of models, and how llama.cpp stores them compared with transformers.

The families in `PROVEN` were seen to answer the same under llama.cpp, with a LoRA converted by
`adapters.py`, as under transformers and peft (tests/integration_tests/test_local_families.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

_LAYER = (
    "attn_norm.weight",
    "attn_q.weight",
    "attn_k.weight",
    "attn_v.weight",
    "attn_output.weight",
    "ffn_norm.weight",
    "ffn_gate.weight",
    "ffn_up.weight",
    "ffn_down.weight",
)
_AROUND = frozenset({"token_embd.weight", "output_norm.weight", "output.weight"})

ROPE_FACTORS = "rope_freqs.weight"
"""What the rotary frequencies of Llama 3.1 and later are divided by, one factor each."""


@dataclass(frozen=True)
class Family:
    """Models of one architecture.

    Attributes:
        layer: The tensors that each layer may have. One more would be lost on the way to
            transformers, unnoticed.
        has_paired_heads: llama.cpp keeps the rows of q and k in the order in which neighbours are
            rotated together; transformers rotates the first half of a head with the second.
        may_scale_rope: It may hold `rope_freqs.weight`.
    """

    layer: frozenset[str]
    has_paired_heads: bool = False
    may_scale_rope: bool = False

    def unknown(self, tensors: frozenset[str]) -> list[str]:
        """Return the names of those tensors that the family is not known to have."""
        allowed = _AROUND | ({ROPE_FACTORS} if self.may_scale_rope else set())
        return sorted(name for name in tensors - allowed if _within_layer(name) not in self.layer)


LINEAR_LAYERS = frozenset(
    {"q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"}
)
"""Of every proven family, by transformers' names: what a LoRA can be put on."""

PROVEN = {
    "llama": Family(frozenset(_LAYER), has_paired_heads=True, may_scale_rope=True),
    "qwen2": Family(frozenset({*_LAYER, "attn_q.bias", "attn_k.bias", "attn_v.bias"})),
    "qwen3": Family(frozenset({*_LAYER, "attn_q_norm.weight", "attn_k_norm.weight"})),
}
"""By GGUF's `general.architecture`."""

SAME_TOKENS = frozenset({"deepseek-r1-qwen", "gpt-2", "llama-bpe", "qwen2", "smollm", "tekken"})
"""The vocabularies, by GGUF's `tokenizer.ggml.pre`, in which both were seen to cut text alike."""

LOADABLE = frozenset({"gemma2", "gemma3", "phi3", "starcoder2"})
"""Those whose GGUF files transformers was seen to load whole: it trains and serves them."""


def name_map(architecture: str, layers: int) -> Any:
    """Return gguf's translation of transformers' names of tensors, for one architecture."""
    import gguf

    return gguf.get_tensor_name_map(gguf.MODEL_ARCH[architecture.upper()], layers)


def _within_layer(name: str) -> str:
    """Return `attn_q.weight` of `blk.7.attn_q.weight`."""
    block, _, rest = name.partition(".")
    number, _, tensor = rest.partition(".")
    return tensor if block == "blk" and number.isdigit() else name
