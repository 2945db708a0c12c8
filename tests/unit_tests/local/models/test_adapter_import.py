from __future__ import annotations

import json
import stat
import sys
from typing import TYPE_CHECKING, Any

import gguf
import numpy as np
import pytest
from safetensors.numpy import save_file

from langchain_fbmessenger.local.models import adapter_import
from langchain_fbmessenger.local.models.adapter_import import (
    AdapterError,
    OtherBaseError,
    import_adapter,
)
from langchain_fbmessenger.local.models.adapters import gguf_of, interleaved, read_matrices
from langchain_fbmessenger.local.models.bases import BaseModelInfo, find_base

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

HIDDEN, KV, R = 16, 8, 2
CONFIG = {"peft_type": "LORA", "r": R, "lora_alpha": 4, "target_modules": ["q_proj", "k_proj"]}
Q = "model.layers.0.self_attn.q_proj"
K = "model.layers.0.self_attn.k_proj"
Matrices = dict[str, "NDArray[Any]"]


def matrices() -> Matrices:
    numbers = np.random.default_rng(0)
    return {
        f"base_model.model.{module}.lora_{part}.weight": numbers.normal(size=shape).astype(
            "float32"
        )
        for module, out in ((Q, HIDDEN), (K, KV))
        for part, shape in (("A", (R, HIDDEN)), ("B", (out, R)))
    }


def write_adapter(folder: Path, tensors: Matrices | None = None, **config: Any) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "adapter_config.json").write_text(json.dumps({**CONFIG, **config}))
    save_file(tensors or matrices(), folder / "adapter_model.safetensors")
    return folder


@pytest.fixture
def base(tmp_path: Path) -> BaseModelInfo:
    path = tmp_path / "tiny.gguf"
    writer = gguf.GGUFWriter(path, arch="llama")
    writer.add_block_count(1)
    writer.add_head_count(4)
    writer.add_head_count_kv(2)
    writer.add_chat_template("{{ messages }}")
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("smollm")
    writer.add_tensor("blk.0.attn_q.weight", np.zeros((HIDDEN, HIDDEN), dtype=np.float32))
    writer.add_tensor("blk.0.attn_k.weight", np.zeros((KV, HIDDEN), dtype=np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return find_base(str(path))


@pytest.fixture
def safetensors_base(tmp_path: Path) -> BaseModelInfo:
    folder = tmp_path / "base"
    folder.mkdir()
    shapes = {Q: (HIDDEN, HIDDEN), K: (KV, HIDDEN)}
    tensors = {f"{name}.weight": np.zeros(shape, "float32") for name, shape in shapes.items()}
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    return BaseModelInfo("base", folder, 128, "llama", "transformers")


def test_an_adapter_is_copied_and_converted_and_private(
    tmp_path: Path, base: BaseModelInfo
) -> None:
    source, folder = write_adapter(tmp_path / "source"), tmp_path / "state" / "imported"

    import_adapter(source, base, folder)

    assert {path.name for path in folder.iterdir()} == {
        "adapter_config.json",
        "adapter_model.safetensors",
        "adapter.gguf",
    }
    reader = gguf.GGUFReader(str(gguf_of(folder)))
    found = {tensor.name: tensor.data for tensor in reader.tensors}
    expected = matrices()
    assert reader.fields["adapter.lora.alpha"].contents() == 4
    k_b = expected[f"base_model.model.{K}.lora_B.weight"]
    assert np.array_equal(found["blk.0.attn_k.weight.lora_b"], interleaved(k_b, 2))
    assert not np.array_equal(found["blk.0.attn_k.weight.lora_b"], k_b)
    assert np.array_equal(
        found["blk.0.attn_q.weight.lora_a"], expected[f"base_model.model.{Q}.lora_A.weight"]
    )
    if sys.platform != "win32":
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}


def test_for_transformers_peft_s_own_files_are_enough(
    tmp_path: Path, safetensors_base: BaseModelInfo
) -> None:
    import_adapter(write_adapter(tmp_path / "source"), safetensors_base, tmp_path / "imported")

    assert not (tmp_path / "imported" / "adapter.gguf").exists()
    assert len(list(read_matrices(tmp_path / "imported"))) == 4


def test_matrices_in_half_precision_are_read(tmp_path: Path) -> None:
    """bfloat16 is not known to numpy: it is the upper half of a float32."""
    halves = np.array([[0x3F80, 0xC000]], dtype=np.uint16)  # 1 and -2
    content = halves.tobytes()
    header = json.dumps(
        {
            "m.lora_A.weight": {
                "dtype": "BF16",
                "shape": [1, 2],
                "data_offsets": [0, len(content)],
            }
        }
    ).encode()
    (tmp_path / "adapter_model.safetensors").write_bytes(
        len(header).to_bytes(8, "little") + header + content
    )

    ((module, part, weights),) = read_matrices(tmp_path)

    assert (module, part, weights.tolist()) == ("m", ".lora_a", [[1.0, -2.0]])


@pytest.mark.parametrize(
    ("config", "reason"),
    [
        ({"peft_type": "IA3"}, "`peft_type` is set"),
        ({"use_dora": True}, "`use_dora` is set"),
        ({"use_rslora": True}, "`use_rslora` is set"),
        ({"rank_pattern": {"q_proj": 4}}, "`rank_pattern` is set"),
        ({"modules_to_save": ["lm_head"]}, "`modules_to_save` is set"),
        ({"bias": "all"}, "`bias` is set"),
        ({"r": 0}, "must be positive"),
        ({"r": 3}, r"ask for \(3, 16\)"),
        ({"r": "x"}, "not the config of a LoRA"),
        ({"target_modules": ["q_proj"]}, "k_proj is not among the `target_modules`"),
        ({"target_modules": "(([a-z_.0-9]+)+)+!"}, "not the config of a LoRA"),  # would never end
        ({"init_lora_weights": "pissa"}, "init_lora_weights"),
        ({"layers_to_transform": [0]}, "layers_to_transform"),
        ({"lora_alpha": 1e308}, "unreasonably large"),
        ({"base_model_name_or_path": 5}, "not the config of a LoRA"),
        ({"base_model_name_or_path": "-q1" * 5000}, "not the config of a LoRA"),
    ],
)
def test_a_config_of_another_kind_is_refused(
    tmp_path: Path, base: BaseModelInfo, config: dict[str, Any], reason: str
) -> None:
    source = write_adapter(tmp_path / "source", **config)

    with pytest.raises(AdapterError, match=reason):
        import_adapter(source, base, tmp_path / "imported")
    assert not (tmp_path / "imported").exists()
    assert not (tmp_path / "imported.partial").exists()


@pytest.mark.parametrize("own", ["Qwen/Qwen3-0.6B", "/home/zoe/models/tiny-v2", r"C:\m\other"])
def test_an_adapter_of_another_base_is_refused_although_its_shapes_fit(
    tmp_path: Path, base: BaseModelInfo, safetensors_base: BaseModelInfo, own: str
) -> None:
    source = write_adapter(tmp_path / "source", base_model_name_or_path=own)

    for on in (base, safetensors_base):
        with pytest.raises(OtherBaseError) as caught:
            import_adapter(source, on, tmp_path / "imported")
        told = own if own.startswith("Qwen") else own.replace("\\", "/").rpartition("/")[2]
        expected = f"it was trained on {told!r}, not on {on.short_name!r}"
        assert str(caught.value) == expected
    assert not (tmp_path / "imported").exists()

    import_adapter(source, base, tmp_path / "imported", force=True)
    assert (tmp_path / "imported").exists()


def test_force_does_not_pass_shapes_by(tmp_path: Path, base: BaseModelInfo) -> None:
    source = write_adapter(tmp_path / "source", base_model_name_or_path="x/y", r=3)

    with pytest.raises(AdapterError, match=r"ask for \(3, 16\)"):
        import_adapter(source, base, tmp_path / "imported", force=True)


@pytest.mark.parametrize("own", ["someone/tiny", "tiny.gguf", None, ""])
def test_an_adapter_of_the_same_base_or_of_one_that_is_not_said_is_taken(
    tmp_path: Path, base: BaseModelInfo, own: str | None
) -> None:
    source = write_adapter(tmp_path / "source", base_model_name_or_path=own)

    import_adapter(source, base, tmp_path / "imported")

    assert (tmp_path / "imported").is_dir()


def _without(name: str) -> Matrices:
    return {key: value for key, value in matrices().items() if name not in key}


def _with(key: str, weights: NDArray[Any]) -> Matrices:
    return {**matrices(), f"base_model.model.{key}": weights}


@pytest.mark.parametrize(
    ("tensors", "reason"),
    [
        (_without("k_proj.lora_B"), "k_proj has one of its two matrices"),
        (_with(f"{K}.lora_B.weight", np.zeros((KV + 1, R), "float32")), r"matrix of \(9, 2\)"),
        (_with(f"{K}.lora_B.weight", np.full((KV, R), np.nan, "float32")), "are not numbers"),
        (_with(f"{K}.lora_B.weight", np.zeros((KV, R), "int8")), "of the type I8"),
        (_with("lm_head.weight", np.zeros(2, "float32")), "lm_head.weight is not a LoRA matrix"),
        (
            _with("model.layers.7.self_attn.q_proj.lora_A.weight", np.zeros((R, HIDDEN), "f4")),
            "no linear layer model.layers.7.self_attn.q_proj",
        ),
    ],
)
def test_matrices_that_do_not_fit_the_base_are_refused(
    tmp_path: Path,
    base: BaseModelInfo,
    safetensors_base: BaseModelInfo,
    tensors: Matrices,
    reason: str,
) -> None:
    source = write_adapter(tmp_path / "source", tensors)

    for on in (base, safetensors_base):
        with pytest.raises(AdapterError, match=reason) as caught:
            import_adapter(source, on, tmp_path / "imported")
        assert str(tmp_path) not in str(caught.value)
    assert not (tmp_path / "imported").exists()


def _pickled(folder: Path) -> None:
    (folder / "adapter_model.safetensors").rename(folder / "adapter_model.bin")


def _damaged(folder: Path) -> None:
    (folder / "adapter_model.safetensors").write_bytes(b"\x80\x04pickle")


def _not_json(folder: Path) -> None:
    (folder / "adapter_config.json").write_text("{" * 100_000)


def _gone(folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (_pickled, "pickle"),
        (_damaged, "adapter_model.safetensors is damaged"),
        (_not_json, "not the config of a LoRA"),
        (_gone, "holds no adapter_config.json"),
    ],
)
def test_a_folder_that_is_no_adapter_is_refused(
    tmp_path: Path, base: BaseModelInfo, spoil: Callable[[Path], None], reason: str
) -> None:
    source = write_adapter(tmp_path / "source")
    spoil(source)

    with pytest.raises(AdapterError, match=reason) as caught:
        import_adapter(source, base, tmp_path / "imported")
    assert str(tmp_path) not in str(caught.value)


def test_what_is_no_file_or_too_large_is_not_copied(
    tmp_path: Path, base: BaseModelInfo, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = write_adapter(tmp_path / "source")
    weights = source / "adapter_model.safetensors"
    monkeypatch.setitem(adapter_import.LARGEST, weights.name, weights.stat().st_size - 1)
    with pytest.raises(AdapterError, match="larger than"):
        import_adapter(source, base, tmp_path / "imported")

    weights.unlink()
    weights.symlink_to("/dev/zero")
    with pytest.raises(AdapterError, match="is not a regular file"):
        import_adapter(source, base, tmp_path / "imported")
    assert not (tmp_path / "imported").exists()
