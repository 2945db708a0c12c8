from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch

from langchain_fbmessenger.local.models import loading

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)


@pytest.mark.parametrize(
    ("flags", "expected"), [("avx2 avx512_bf16", True), ("asimd bf16", True), ("avx2", False)]
)
def test_linux_tells_whether_there_are_units_for_bfloat16(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, flags: str, expected: bool
) -> None:
    (tmp_path / "cpuinfo").write_text(f"flags\t\t: fpu {flags}\n")
    monkeypatch.setattr(loading, "_CPU_INFO", tmp_path / "cpuinfo")

    assert loading.prefers_bf16() is expected


def test_elsewhere_the_faster_type_is_taken(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(loading, "_CPU_INFO", tmp_path / "none")
    seconds = {torch.float32: 1.0, torch.bfloat16: 0.4}
    monkeypatch.setattr(loading, "_matmul_seconds", seconds.__getitem__)

    assert loading.prefers_bf16()
    seconds[torch.bfloat16] = 0.9
    assert not loading.prefers_bf16()
