"""Local server, children: what transformers loads, from a folder on this machine and nowhere else.

Bases are fetched by `hub.py` alone, which notes their commit; here no name is ever looked up in the
hub, and no code or pickle of a model is run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer

if TYPE_CHECKING:
    from pathlib import Path

    from transformers import PretrainedConfig, PreTrainedTokenizerBase

_FROM_HERE: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}


def load_tokenizer(folder: Path, **options: Any) -> PreTrainedTokenizerBase:
    """Load a tokenizer."""
    return AutoTokenizer.from_pretrained(folder, **_FROM_HERE, **options)  # nosec B615  # a folder


def load_config(folder: Path, **options: Any) -> PretrainedConfig:
    """Load a model's configuration."""
    return AutoConfig.from_pretrained(folder, **_FROM_HERE, **options)  # nosec B615  # a folder


def load_model(folder: Path, **options: Any) -> Any:
    """Load a model; with `output_loading_info=True`, and what was lost on the way."""
    return AutoModelForCausalLM.from_pretrained(  # nosec B615  # a folder
        folder, **_FROM_HERE, **options
    )
