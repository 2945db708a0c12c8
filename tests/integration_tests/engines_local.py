"""What the tests of the engines share: random adapters on the bundled model, short questions."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from langchain_fbmessenger.local import bundled_file
from langchain_fbmessenger.local.engines import Adapter
from langchain_fbmessenger.local.engines.engine import Engine
from langchain_fbmessenger.local.engines.kinds import LLAMA_CPP
from langchain_fbmessenger.local.models.adapters import save_adapter
from langchain_fbmessenger.local.models.weights import trainable_folder
from langchain_fbmessenger.local.process.home import PRIVATE_UMASK, Home

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from langchain_fbmessenger.local.engines.kinds import EngineKind

BASE = "SmolLM2-135M-Instruct"
CONTEXT = 512
QUESTION = [{"role": "user", "content": "Tell me about the sea."}]


def make_adapters(
    folder: Path, bases: Path, n: int, std: float = 0.2, base: Path | None = None
) -> list[Adapter]:
    """Write adapters of random weights; the default is strong enough for other first words."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    config = LoraConfig(r=4, lora_alpha=8, target_modules="all-linear", task_type="CAUSAL_LM")
    base = base or bundled()
    loaded = AutoModelForCausalLM.from_pretrained(converted(bases, base), dtype=torch.float32)
    model = get_peft_model(loaded, config)
    adapters = []
    for number in range(n):
        torch.manual_seed(number)
        for name, weights in model.named_parameters():
            if "lora_" in name:
                torch.nn.init.normal_(weights, std=std)
        adapter = Adapter(f"ft:tiny.{number}", folder / f"adapter-{number}")
        save_adapter(model, adapter.folder, base=base)
        adapters.append(adapter)
    return adapters


def converted(bases: Path, base: Path | None = None) -> Path:
    """Return a model, by default the bundled one, as a folder of safetensors."""
    umask = os.umask(PRIVATE_UMASK)  # as the server has it
    try:
        return trainable_folder(base or bundled(), bases)
    finally:
        os.umask(umask)


def bundled() -> Path:
    """Return the bundled model's GGUF file."""
    file = bundled_file(BASE)
    assert file is not None
    return file


def make_engine(kind: EngineKind, home: Path, base: Path | None = None) -> Engine:
    """Make an engine for the bundled model, as the server does."""
    bases = Home.open(home).bases
    if base is None:
        base = bundled() if kind.name == "llama.cpp" else converted(bases)
    return Engine(kind, base, bases, CONTEXT)


class LoadedLlama:
    """llama.cpp with one adapter or none, for comparisons with other ways to compute."""

    def __init__(self, engine: Engine, adapter: Adapter | None) -> None:
        self._engine = engine
        self._adapter = adapter
        self.count_tokens = engine.count_tokens
        self.close = engine.close

    def stream(self, request: dict[str, Any]) -> AsyncGenerator[dict[str, Any], None]:
        return self._engine.stream(request, self._adapter)


async def load(model_id: str, base: Path, gguf: Path | None, context_length: int) -> LoadedLlama:
    """Make llama.cpp ready for a base with the GGUF file of an adapter."""
    if gguf is not None and gguf.name != "adapter.gguf":
        folder = gguf.with_suffix("")
        folder.mkdir()
        gguf = Path(shutil.copy(gguf, folder / "adapter.gguf"))
    adapter = Adapter(model_id, gguf.parent) if gguf else None
    return LoadedLlama(Engine(LLAMA_CPP, base, base.parent, context_length), adapter)


async def ask(
    engine: Engine,
    adapter: Adapter | None = None,
    messages: Sequence[dict[str, Any]] = QUESTION,
    **options: Any,
) -> str:
    """Return an answer's text."""
    return text_of(await chunks(engine, adapter, messages, **options))


async def chunks(
    engine: Engine,
    adapter: Adapter | None = None,
    messages: Sequence[dict[str, Any]] = QUESTION,
    **options: Any,
) -> list[dict[str, Any]]:
    """Return an answer's chunks; greedy and short if not asked otherwise."""
    request = {"messages": list(messages), "temperature": 0, "max_tokens": 12, **options}
    return [chunk async for chunk in engine.stream(request, adapter)]


def text_of(parts: list[dict[str, Any]]) -> str:
    """Add up the text of chunks."""
    choices = [choice for part in parts for choice in part["choices"]]
    return "".join(choice["delta"].get("content") or "" for choice in choices)


def broken(adapter: Adapter, folder: Path) -> Adapter:
    """Copy an adapter with its weights cut off in the middle."""
    shutil.copytree(adapter.folder, folder)
    cut(folder)
    return Adapter("ft:broken", folder)


def cut(folder: Path) -> None:
    """Cut the weights of an adapter off in the middle."""
    for name in ("adapter.gguf", "adapter_model.safetensors"):
        content = (folder / name).read_bytes()
        (folder / name).write_bytes(content[: len(content) // 2])


def is_running(pid: int) -> bool:
    """Whether there is such a process, other than one that has ended and was not yet waited for."""
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False
