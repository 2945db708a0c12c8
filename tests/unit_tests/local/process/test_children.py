"""Children find this package, and read paths of any bytes that their parents write."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

import langchain_fbmessenger
from langchain_fbmessenger.local.engines.protocol import (
    AdapterFolder,
    Start,
    decode_request,
    encode,
)
from langchain_fbmessenger.local.process.address import ServerAddress, read_address, write_address
from langchain_fbmessenger.local.process.children import (
    path_from_text,
    path_to_text,
    python_path,
    within,
)
from langchain_fbmessenger.local.process.home import Home
from langchain_fbmessenger.local.records import Compute, FullSettings, LoraShape
from langchain_fbmessenger.local.training import protocol
from langchain_fbmessenger.local.training.protocol import TrainingSpec

names_are_bytes = pytest.mark.skipif(
    sys.platform == "win32", reason="names of files are text there"
)

names = st.binary(min_size=1).filter(lambda name: b"\0" not in name)
NAMES = [b"zo\xc3\xab \xe4\xba\xba", b"bad\xff\xfe", b"100%41 %FF", b"a\nb\x1b[31m", b"\"'\\"]


ROOT = str(Path(langchain_fbmessenger.__file__).parents[1])


@names_are_bytes
@given(names)
def test_a_path_of_any_bytes_is_read_back(name: bytes) -> None:
    path = Path(os.fsdecode(name))

    text = path_to_text(path)

    assert path_from_text(Path, text) == path
    assert text.isascii()
    assert text.isprintable()
    assert msgspec.json.decode(msgspec.json.encode(text)) == text


@names_are_bytes
@pytest.mark.parametrize("name", NAMES)
def test_whatever_the_state_folder_is_called_processes_tell_each_other(
    tmp_path: Path, name: bytes
) -> None:
    home = Home.open(tmp_path / os.fsdecode(name))
    address = ServerAddress("http://127.0.0.1:1/v1", "sk", 5, home.root)
    start = Start(
        engine="vllm",
        base=home.bases / "0",
        bases=home.bases,
        context_length=8,
        adapters=[AdapterFolder("a", home.jobs)],
    )
    spec = TrainingSpec(
        base=home.root / "m.gguf",
        bases=home.bases,
        training_file=home.files / "file-1",
        validation_file=None,
        adapter=Path("adapter"),
        checkpoints=Path("checkpoints"),
        epochs=Path("epochs"),
        checkpoint_seconds=1,
        context_length=8,
        seed=1,
        settings=FullSettings(
            n_epochs=1, batch_size=1, learning_rate_multiplier=1, learning_rate=1
        ),
        lora=LoraShape(),
        compute=Compute(),
    )

    write_address(home, address)
    protocol.write_spec(spec, home.jobs)

    assert read_address(home) == address
    assert protocol.read_spec(home.jobs) == spec
    assert decode_request(encode(start)) == start


@names_are_bytes
def test_below_the_state_folder_a_path_leaves_out_what_is_above(tmp_path: Path) -> None:
    root = tmp_path / os.fsdecode(b"bad\xff")

    assert within(root / "bases" / "0", root) == Path("bases/0")
    assert within(root / "bases" / "0", root, root / "jobs" / "1") == Path("../../bases/0")
    assert within(tmp_path / "m.gguf", root) == tmp_path / "m.gguf"


def test_this_package_comes_first_and_the_users_path_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", f"mine{os.pathsep}other")
    assert python_path().split(os.pathsep) == [ROOT, "mine", "other"]
    monkeypatch.delenv("PYTHONPATH")
    assert python_path() == ROOT, "an empty entry would be the working folder"
