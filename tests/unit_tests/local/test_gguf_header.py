from __future__ import annotations

import struct
from dataclasses import replace
from typing import TYPE_CHECKING

import gguf
import numpy as np
import pytest

from langchain_fbmessenger.local.gguf_header import read_floats, read_header

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "model.gguf"
    writer = gguf.GGUFWriter(path, arch="llama")
    writer.add_context_length(2048)
    writer.add_array("tokenizer.ggml.tokens", ["a", "bc", "é"])
    writer.add_array("tokenizer.ggml.token_type", [1, 2, 3])
    writer.add_bool("tokenizer.ggml.add_bos_token", val=True)
    writer.add_float32("llama.rope.freq_base", 0.5)
    writer.add_string("tokenizer.chat_template", "{{ messages }}")
    writer.add_tensor("token_embd.weight", np.arange(32, dtype=np.float32).reshape(4, 8))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def test_scalars_and_tensor_names_are_read_past_arrays(model: Path) -> None:
    header = read_header(model)

    assert header.metadata == {
        "general.architecture": "llama",
        "llama.context_length": 2048,
        "tokenizer.ggml.add_bos_token": True,
        "llama.rope.freq_base": 0.5,
        "tokenizer.chat_template": "{{ messages }}",
    }
    assert set(header.tensors) == {"token_embd.weight"}
    assert header.tensors["token_embd.weight"].shape == (4, 8)


def test_the_values_of_a_tensor_are_read_where_they_lie(model: Path) -> None:
    tensor = read_header(model).tensors["token_embd.weight"]

    assert read_floats(model, tensor) == tuple(range(32))
    with pytest.raises(ValueError, match="not as its header says"):
        read_floats(model, replace(tensor, kind=1))
    model.write_bytes(model.read_bytes()[:-1])
    with pytest.raises(ValueError, match="not as its header says"):
        read_floats(model, tensor)


def test_a_header_that_is_cut_short_anywhere_is_refused(model: Path) -> None:
    content = model.read_bytes()
    shape_type_and_offset = struct.calcsize("<I2QIQ")
    end = content.index(b"token_embd.weight") + len(b"token_embd.weight") + shape_type_and_offset

    for size in range(end):
        model.write_bytes(content[:size])
        with pytest.raises(ValueError, match=r"model\.gguf is not a readable GGUF file"):
            read_header(model)


@pytest.mark.parametrize(
    "content",
    [
        b"PK\x03\x04" + b"\0" * 60,
        b"GGUF" + struct.pack("<IQQ", 99, 0, 0),
        b"GGUF" + struct.pack("<IQQQ", 3, 0, 1, 2**63),
        b"GGUF" + struct.pack("<IQQQ", 3, 0, 2**60, 0),
    ],
    ids=["a zip", "a version of the future", "a huge string", "a huge count"],
)
def test_what_is_no_gguf_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "poisoned.gguf"
    path.write_bytes(content)

    with pytest.raises(ValueError, match="not a readable GGUF"):
        read_header(path)
