"""Read the base models worth taking (`ladder.toml`), and the memory that each needs.

Memory is estimated by formulas, for this server's own defaults: a LoRA of r=16 on all linear
layers, 2048 tokens at once, no recomputation of activations, two chats of 4096 tokens served side
by side. The estimates are meant to be rather too high than too low.
"""

from __future__ import annotations

from typing import Literal

import msgspec
import msgspec.toml

from langchain_fbmessenger._internal.package_tables import read_table

_RANK = 16
_TOKENS_TRAINED_AT_ONCE = 2048
_TOKENS_SERVED = 2 * 4096
_LIBRARIES = 0.7e9
"""What torch, transformers and peft take before the first weight; measured."""
_SERVER = 0.1e9
_BYTES = {"f32": 4.0, "bf16": 2.0, "4bit": 0.55}
"""Per parameter; 4 bits have a scale per block beside them."""
_BYTES_PER_TRAINED_PARAMETER = 16
"""Weight, gradient and Adam's two moments, in float32."""

Precision = Literal["f32", "bf16", "4bit"]


class Measured(msgspec.Struct, frozen=True):
    """Bytes that were measured, where they were."""

    train_f32: float | None = None
    serve_gguf: float | None = None


class CatalogModel(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A base model of the ladder; `kv_width` is the width of the keys of one layer."""

    name: str
    hub_id: str
    gguf_repo: str = ""
    """Empty where an installed package carries the file."""
    gguf_file: str = ""
    gguf_bytes: int
    parameters: int
    layers: int
    hidden: int
    feed_forward: int
    kv_width: int
    context: int
    licence: str
    asks_consent: bool = False
    hardware: Literal["cpu", "gpu"]
    good_for: str
    measured: Measured = Measured()

    def train_bytes(self, precision: Precision) -> float:
        """Return the memory of a training whose frozen weights are kept in this precision."""
        if precision == "f32" and self.measured.train_f32:
            return self.measured.train_f32
        # Each linear layer keeps its input for the backward pass, and the norms theirs.
        width = 10 * self.hidden + 4 * self.feed_forward
        bytes_each = max(2.0, _BYTES[precision])
        activations = _TOKENS_TRAINED_AT_ONCE * self.layers * width * bytes_each
        trained = self._lora_parameters() * _BYTES_PER_TRAINED_PARAMETER
        return _LIBRARIES + self.parameters * _BYTES[precision] + trained + activations

    def serve_bytes(self, weights: Literal["gguf", "bf16"]) -> float:
        """Return the memory of the served model, by llama.cpp or in bfloat16."""
        if weights == "gguf" and self.measured.serve_gguf:
            return self.measured.serve_gguf
        cache = _TOKENS_SERVED * self.layers * 2 * self.kv_width * 2
        if weights == "gguf":
            return _SERVER + self.gguf_bytes + cache
        return _LIBRARIES + 2 * self.parameters + cache

    def _lora_parameters(self) -> int:
        """Estimate: q and o are taken to be as wide as the hidden state."""
        attention = 4 * self.hidden + 2 * (self.hidden + self.kv_width)
        feed_forward = 3 * (self.hidden + self.feed_forward)
        return _RANK * self.layers * (attention + feed_forward)


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    base: tuple[CatalogModel, ...]


def _read() -> tuple[CatalogModel, ...]:
    return read_table(__package__, "ladder.toml", _Table).base


LADDER = _read()
"""From the smallest to the largest."""


def markdown_table() -> str:
    """Return the ladder as the table in docs/base-models.md."""
    head = (
        "| base | parameters | GGUF file | train, f32 | train, bf16 | train, 4-bit | serve, GGUF "
        "| serve, bf16 | licence | good for |"
    )
    rule = "|---" * head.count(" | ") + "|---|"
    return "\n".join([head, rule, *map(_markdown_row, LADDER)])


def _markdown_row(row: CatalogModel) -> str:
    parameters = f"{row.parameters / 1e9:.2f} B"
    trained = [_gigabytes(row.train_bytes(precision)) for precision in ("f32", "bf16", "4bit")]
    if row.measured.train_f32:
        trained[0] += " (measured)"
    served = _gigabytes(row.serve_bytes("gguf"))
    if row.measured.serve_gguf:
        served += " (measured)"
    cells = [
        f"`{row.name}`",
        parameters,
        _gigabytes(row.gguf_bytes),
        *trained,
        served,
        _gigabytes(row.serve_bytes("bf16")),
        row.licence,
        row.good_for,
    ]
    return f"| {' | '.join(cells)} |"


def _gigabytes(count: float) -> str:
    return f"{count / 1e9:.1f} GB" if count > 1e9 else f"{count / 1e9:.2f} GB"  # noqa: PLR2004
