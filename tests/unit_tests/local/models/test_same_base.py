"""Names of hub, folder and file that are of one base model, and those that are of another."""

from __future__ import annotations

from pathlib import Path

import gguf
import pytest
from hypothesis import given
from hypothesis import strategies as st

from langchain_fbmessenger.local.models.bases import BaseModelInfo
from langchain_fbmessenger.local.models.ladder import LADDER
from langchain_fbmessenger.local.models.same_base import is_named, without_folders
from langchain_fbmessenger.local.models.weights import content_key

HUB = "/home/zoe/.cache/huggingface/hub"


def named(name: str, path: str | None = None) -> BaseModelInfo:
    return BaseModelInfo(name, Path(path or f"/nowhere/{name}"), 128)


SAME = [
    ("SmolLM2-135M-Instruct", "HuggingFaceTB/SmolLM2-135M-Instruct"),
    ("SmolLM2-135M-Instruct", "unsloth/SmolLM2-135M-Instruct-bnb-4bit"),
    ("SmolLM2-135M-Instruct", "smollm2-135m-instruct"),
    ("SmolLM2-135M-Instruct", "/content/SmolLM2-135M-Instruct/"),
    ("SmolLM2-135M-Instruct", r"C:\models\SmolLM2-135M-Instruct"),
    ("SmolLM2-135M-Instruct", "SmolLM2-135M-Instruct.Q4_1.gguf"),
    ("HuggingFaceTB/SmolLM2-135M-Instruct", "SmolLM2-135M-Instruct"),
    ("Qwen3-0.6B", "Qwen/Qwen3-0.6B"),
    ("Qwen3-0.6B", "Qwen/Qwen3-0.6B-GGUF"),
    ("Qwen3-0.6B", "unsloth/qwen3-0.6b-unsloth-bnb-4bit"),
    ("Qwen3-0.6B", f"{HUB}/models--Qwen--Qwen3-0.6B/snapshots/0123abcd"),
    ("Qwen3-0.6B", "https://hub.example.org/Qwen/Qwen3-0.6B/tree/main"),
    ("Qwen/Qwen3-0.6B-GGUF/Qwen3-0.6B-Q8_0.gguf", "Qwen/Qwen3-0.6B"),
    ("./Qwen3-0.6B-Q8_0.gguf", "Qwen/Qwen3-0.6B"),
    ("/models/Qwen3-4B-Instruct-2507-UD-Q4_K_XL.gguf", "Qwen/Qwen3-4B-Instruct-2507"),
    ("/models/big-00001-of-00003.gguf", "owner/Big"),
    ("meta-llama/Llama-2-7b-hf", "TheBloke/Llama-2-7B-GPTQ"),
    ("~/my model", "me/my-model"),
]


@pytest.mark.parametrize(("served", "own"), SAME)
def test_names_of_one_base(served: str, own: str) -> None:
    assert is_named(own, named(served))


OTHER = [
    ("SmolLM2-135M-Instruct", "HuggingFaceTB/SmolLM2-135M"),  # the same shapes
    ("SmolLM2-135M-Instruct", "HuggingFaceTB/SmolLM-135M-Instruct"),  # the same shapes
    ("SmolLM2-135M-Instruct", "HuggingFaceTB/SmolLM2-360M-Instruct"),
    ("Qwen3-0.6B", "Qwen/Qwen3-0.6B-Base"),
    ("Qwen3-0.6B", "Qwen/Qwen3-1.7B"),
    ("Qwen3-4B-Instruct-2507", "Qwen/Qwen3-4B"),
    ("Qwen3-4B-Instruct-2507", "Qwen/Qwen3-4B-Thinking-2507"),
    ("Llama-3.2-1B-Instruct", "meta-llama/Llama-3.2-1B"),
    ("Llama-3.2-1B-Instruct", "/models/checkpoint-500"),
    ("Llama-3.2-1B-Instruct", f"{HUB}/models--Qwen--Qwen3-0.6B/snapshots/0123abcd"),
    ("/models/Qwen3-0.6B.gguf", "/models/Qwen3-8B.gguf"),
]


@pytest.mark.parametrize(("served", "own"), OTHER)
def test_names_of_different_bases(served: str, own: str) -> None:
    assert not is_named(own, named(served))


@given(st.sampled_from(LADDER), st.sampled_from(LADDER))
def test_bases_of_the_ladder_are_told_apart_by_every_name(served: object, own: object) -> None:
    aliases = [own.name, own.hub_id]  # type: ignore[attr-defined]
    if own.gguf_repo:  # type: ignore[attr-defined]
        aliases += [own.gguf_repo, f"{own.gguf_repo}/{own.gguf_file}"]  # type: ignore[attr-defined]
    for name in (served.name, served.hub_id):  # type: ignore[attr-defined]
        assert {is_named(alias, named(name)) for alias in aliases} == {served is own}


def test_a_file_is_known_by_its_folder_and_by_what_it_says_of_itself(tmp_path: Path) -> None:
    path = tmp_path / "Cap-1B" / "model.gguf"
    path.parent.mkdir()
    writer = gguf.GGUFWriter(path, arch="llama")
    writer.add_name("Captain 1B Instruct")
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()
    base = named(str(path), str(path))

    assert is_named("someone/Cap-1B", base)
    assert is_named("someone/captain-1b-instruct", base)
    assert not is_named("someone/captain-1b", base)


def test_the_folder_that_a_file_was_converted_to_is_the_same_base(tmp_path: Path) -> None:
    path = tmp_path / "tiny.safetensors"
    path.write_bytes(b"weights")
    base = named("tiny", str(path))

    assert is_named(f"/home/zoe/state/bases/{content_key(path)}", base)
    assert not is_named(f"/home/zoe/state/bases/{'0' * 24}", base)


@pytest.mark.parametrize("name", ["", "  ", "/", "//", ".gguf", ".", "-gguf"])
def test_a_name_that_says_nothing_fits(name: str) -> None:
    assert is_named(name, named("Qwen3-0.6B"))


@given(st.text(max_size=60))
def test_any_text_is_a_name(name: str) -> None:
    is_named(name, named("Qwen3-0.6B"))
    shown = without_folders(name)
    assert shown.isprintable()
    assert shown.count("/") <= 1


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Qwen/Qwen3-0.6B", "Qwen/Qwen3-0.6B"),
        ("/home/zoe/models/cap", "cap"),
        ("~/models/cap", "cap"),
        ("./cap", "cap"),
        (r"C:\zoe\cap", "cap"),
        ("C:/cap", "cap"),
        (f"{HUB}/models--Qwen--Qwen3-0.6B/snapshots/0123abcd", "Qwen/Qwen3-0.6B"),
        ("home/zoe/cap", "cap"),
    ],
)
def test_no_folder_is_shown(name: str, shown: str) -> None:
    assert without_folders(name) == shown
