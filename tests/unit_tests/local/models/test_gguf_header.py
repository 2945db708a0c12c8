from __future__ import annotations

import math
import struct
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

import gguf
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from langchain_fbmessenger.local.models.bases import BaseModelError, find_base
from langchain_fbmessenger.local.models.gguf_header import read_floats, read_header

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
    with pytest.raises(ValueError, match="contradicts its header"):
        read_floats(model, replace(tensor, kind=1))
    model.write_bytes(model.read_bytes()[:-1])
    with pytest.raises(ValueError, match="contradicts its header"):
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


ODD = (math.inf, -math.inf, math.nan)


@pytest.mark.parametrize("value", ODD)
@pytest.mark.parametrize("kind", ["f", "d"])
@pytest.mark.parametrize(
    "key",
    [
        "general.alignment", "llama.context_length", "llama.block_count", "llama.rope.freq_base",
        "llama.attention.head_count", "no.such.key",
    ],
)  # fmt: skip
def test_numbers_that_are_none_are_refused(
    tmp_path: Path, key: str, kind: str, value: float
) -> None:
    number = {"f": 6, "d": 12}[kind]
    content = named(key) + struct.pack(f"<I{kind}", number, value)
    path = tmp_path / "x.gguf"
    path.write_bytes(b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + content + b"\0" * 64)
    with pytest.raises(ValueError, match="not a readable GGUF file"):
        read_header(path)


def named(key: str) -> bytes:
    return struct.pack("<Q", len(key)) + key.encode()


def field(key: str, kind: int, content: bytes) -> bytes:
    return named(key) + struct.pack("<I", kind) + content


KEYS = (
    "general.alignment", "general.architecture", "llama.context_length", "llama.block_count",
    "llama.rope.freq_base", "llama.rope.scaling.type", "llama.attention.head_count",
    "llama.attention.head_count_kv", "llama.attention.key_length", "tokenizer.chat_template",
    "tokenizer.ggml.model", "tokenizer.ggml.pre", "tokenizer.ggml.add_bos_token",
)  # fmt: skip
NUMBERS = {
    0: "B",
    1: "b",
    2: "H",
    3: "h",
    4: "I",
    5: "i",
    6: "f",
    7: "?",
    10: "Q",
    11: "q",
    12: "d",
}
RAW = st.sampled_from(sorted(NUMBERS)).flatmap(
    lambda kind: st.tuples(st.just(kind), st.binary(min_size=8, max_size=8)).map(
        lambda pair: (pair[0], pair[1][: struct.calcsize(NUMBERS[pair[0]])])
    )
)
STRINGS = st.sampled_from(["llama", "gpt2", "none", "", "\0", "é" * 40]).map(
    lambda text: (8, struct.pack("<Q", len(text.encode())) + text.encode())
)
COUNT = st.integers(0, 5) | st.integers(0, 2**64 - 1)
ARRAYS = st.tuples(st.integers(0, 13), COUNT).map(lambda pair: (9, struct.pack("<IQ", *pair)))
TENSORS = st.tuples(
    st.sampled_from(["rope_freqs.weight", "blk.0.attn_q.weight", "token_embd.weight", ""]),
    st.lists(COUNT, max_size=6),
    st.integers(0, 2),
    COUNT,
).map(
    lambda t: (
        named(t[0])
        + struct.pack("<I", len(t[1]))
        + b"".join(struct.pack("<Q", size) for size in t[1])
        + struct.pack("<IQ", t[2], t[3])
    )
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.sampled_from(KEYS), RAW | STRINGS | ARRAYS), max_size=8),
    st.lists(TENSORS, max_size=3),
    st.tuples(COUNT, COUNT) | st.none(),
    st.binary(max_size=64),
)
def test_whatever_a_header_says_it_is_read_or_refused(
    tmp_path: Path,
    fields: list[tuple[str, tuple[int, bytes]]],
    tensors: list[bytes],
    counts: tuple[int, int] | None,
    rest: bytes,
) -> None:
    """Of a file that says that it is a llama with a chat template, which is looked into further."""
    begin = [
        field("general.architecture", *string("llama")),
        field("tokenizer.chat_template", *string("{{ messages }}")),
    ]
    told = [*begin, *(field(key, *value) for key, value in fields)]
    n_tensors, n_fields = counts or (len(tensors), len(told))
    header = b"GGUF" + struct.pack("<IQQ", 3, n_tensors, n_fields)
    path = tmp_path / "x.gguf"
    path.write_bytes(header + b"".join(told) + b"".join(tensors) + rest)
    with suppress(BaseModelError):
        assert find_base(str(path)).context_length >= 1


def string(text: str) -> tuple[int, bytes]:
    return 8, struct.pack("<Q", len(text)) + text.encode()


@pytest.mark.parametrize("factors", [[math.nan] * 8, [math.inf] * 8, [0.0] * 8, [-1.0] * 8])
@pytest.mark.parametrize("theta", [0.0, -1.0, 1e38, 10_000.0])
def test_rotary_factors_that_are_none_are_refused(
    tmp_path: Path, factors: list[float], theta: float
) -> None:
    path = tmp_path / "x.gguf"
    writer = gguf.GGUFWriter(path, arch="llama")
    writer.add_chat_template("{{ messages }}")
    writer.add_rope_freq_base(theta)
    writer.add_tensor("rope_freqs.weight", np.array(factors, dtype=np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    with pytest.raises(BaseModelError, match="rotary"):
        find_base(str(path))


def test_a_count_of_what_is_not_there_is_not_counted_through(tmp_path: Path) -> None:
    """The file is as large as it says, though it holds nothing: it is one hole."""
    path = tmp_path / "x.gguf"
    path.write_bytes(b"GGUF" + struct.pack("<IQQ", 3, 0, 2**40))
    with path.open("r+b") as file:
        file.truncate(2**40)
    with pytest.raises(ValueError, match="not a readable GGUF file"):
        read_header(path)
