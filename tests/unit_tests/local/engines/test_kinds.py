from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import pytest

from langchain_fbmessenger.local.api import chat_body
from langchain_fbmessenger.local.engines import kinds
from langchain_fbmessenger.local.engines.kinds import LLAMA_CPP, TRANSFORMERS, VLLM, kind_for


class Base(NamedTuple):
    """The part of a base model by which its engine is chosen."""

    engine: str
    path: Path


@pytest.mark.parametrize(
    ("base", "there", "expected"),
    [
        (Base("llama.cpp", Path("tiny.gguf")), {"vllm", "gpu"}, LLAMA_CPP),
        (Base("transformers", Path("tiny.gguf")), {"vllm", "gpu"}, TRANSFORMERS),
        (Base("transformers", Path("folder")), set(), TRANSFORMERS),
        (Base("transformers", Path("folder")), {"vllm"}, TRANSFORMERS),
        (Base("transformers", Path("folder")), {"gpu"}, TRANSFORMERS),
        (Base("transformers", Path("folder")), {"vllm", "gpu"}, VLLM),
    ],
)
def test_a_base_gets_the_best_engine_that_is_there(
    monkeypatch: pytest.MonkeyPatch, base: Any, there: set[str], expected: kinds.EngineKind
) -> None:
    monkeypatch.setattr(kinds, "vllm_command", lambda: "vllm" if "vllm" in there else None)
    monkeypatch.setattr(kinds, "_has_nvidia_gpu", lambda: "gpu" in there)

    assert kind_for(base) is expected


@pytest.mark.parametrize(("said", "expected"), [("GPU 0: NVIDIA H100", True), ("None", False)])
def test_a_gpu_is_what_its_driver_lists(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, said: str, expected: bool
) -> None:
    program = tmp_path / "nvidia-smi"
    program.write_text(f"#!/bin/sh\necho '{said}'\n")
    program.chmod(0o700)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    kinds._has_nvidia_gpu.cache_clear()

    assert kinds._has_nvidia_gpu() is expected
    kinds._has_nvidia_gpu.cache_clear()


def test_every_parameter_of_an_engine_is_one_that_is_checked() -> None:
    checked = set(chat_body._Body.__struct_fields__)

    for kind in (LLAMA_CPP, TRANSFORMERS, VLLM):
        assert kind.parameters <= checked
        assert not kind.parameters & chat_body._OURS
        assert not kind.parameters & chat_body._WITHOUT_EFFECT
