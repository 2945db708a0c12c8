from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from langchain_fbmessenger.local.api import chat_body
from langchain_fbmessenger.local.bases import BaseModel
from langchain_fbmessenger.local.engines import kinds
from langchain_fbmessenger.local.engines.kinds import LLAMA_CPP, TRANSFORMERS, VLLM, kind_for

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("file", "has_vllm", "has_gpu", "expected"),
    [
        ("tiny.gguf", True, True, LLAMA_CPP),
        ("folder", False, False, TRANSFORMERS),
        ("folder", True, False, TRANSFORMERS),
        ("folder", False, True, TRANSFORMERS),
        ("folder", True, True, VLLM),
    ],
)
def test_a_base_gets_the_best_engine_that_is_there(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    file: str,
    has_vllm: bool,
    has_gpu: bool,
    expected: kinds.EngineKind,
) -> None:
    monkeypatch.setattr(kinds, "vllm_command", lambda: "vllm" if has_vllm else None)
    monkeypatch.setattr(kinds, "_has_nvidia_gpu", lambda: has_gpu)

    assert kind_for(BaseModel("tiny", tmp_path / file, 128)) is expected


@pytest.mark.parametrize(
    ("said", "expected"), [("GPU 0: NVIDIA H100", True), ("No devices", False)]
)
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
