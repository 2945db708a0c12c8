"""A model's or adapter's folder may hold a FIFO, a device, a socket, a folder, a link to itself."""

from __future__ import annotations

import json
import os
import shutil
import socket
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from langchain_fbmessenger.local.models.adapter_import import AdapterError, import_adapter
from langchain_fbmessenger.local.models.bases import BaseModelError, BaseModelInfo, find_base
from langchain_fbmessenger.local.models.gguf_header import read_header
from langchain_fbmessenger.local.models.weights import content_key
from langchain_fbmessenger.local.process.regular_files import (
    NotAFileError,
    open_regular,
    read_regular,
)

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="POSIX's kinds of files")


def _bound(path: Path) -> None:
    here = Path.cwd()
    os.chdir(path.parent)  # a socket's path has a hundred letters at most
    try:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(path.name)
    finally:
        os.chdir(here)


KINDS: dict[str, Callable[[Path], object]] = {
    "a FIFO": os.mkfifo,
    "a link to a device": lambda path: path.symlink_to("/dev/zero"),
    "a link to a terminal": lambda path: path.symlink_to("/dev/tty"),
    "a folder": Path.mkdir,
    "a link to itself": lambda path: path.symlink_to(path.name),
    "a link to a FIFO": lambda path: (os.mkfifo(f"{path}.fifo"), path.symlink_to(f"{path}.fifo")),
    "a socket": _bound,
}


@pytest.fixture(params=KINDS.values(), ids=KINDS)
def make(request: pytest.FixtureRequest) -> Callable[[Path], object]:
    made: Callable[[Path], object] = request.param
    return made


def test_only_regular_files_are_opened(tmp_path: Path, make: Callable[[Path], object]) -> None:
    make(tmp_path / "x")
    with pytest.raises(OSError, match=r"x|symbolic links"):
        open_regular(tmp_path / "x")
    with pytest.raises(ValueError, match="not a readable GGUF file"):
        read_header(tmp_path / "x")
    with pytest.raises(OSError, match=r"x|symbolic links"):
        content_key(tmp_path / "x")


def test_a_file_is_read_whole_or_refused(tmp_path: Path) -> None:
    file = tmp_path / "x"
    file.write_bytes(b"12345")
    (tmp_path / "link").symlink_to(file)
    assert read_regular(tmp_path / "link", 5) == b"12345"
    with pytest.raises(ValueError, match="larger than 4 bytes"):
        read_regular(file, 4)
    with pytest.raises(FileNotFoundError):
        read_regular(tmp_path / "none", 5)


def test_what_is_exchanged_between_look_and_open_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    os.mkfifo(tmp_path / "x")
    real = Path.stat
    monkeypatch.setattr(Path, "stat", lambda self: real(self.with_name("file")))
    with pytest.raises(NotAFileError):
        open_regular(tmp_path / "x")


MODEL = {
    "config.json": json.dumps({"model_type": "qwen3", "architectures": ["Qwen3ForCausalLM"]}),
    "model.safetensors": "",
    "tokenizer.json": "{}",
    "tokenizer_config.json": json.dumps({"chat_template": "{{ messages }}"}),
}
BESIDE = (
    "generation_config.json", "chat_template.jinja", "model.safetensors.index.json", "merges.txt",
    "model-00001-of-00002.safetensors", "tokenizer.model", "special_tokens_map.json", "vocab.json",
)  # fmt: skip


@pytest.mark.parametrize("name", [*MODEL, *BESIDE])
def test_a_model_s_folder_that_holds_one_is_refused(
    tmp_path: Path, make: Callable[[Path], object], name: str
) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    for file, content in MODEL.items():
        (folder / file).write_text(content)
    assert find_base(str(folder)).architecture == "qwen3"
    other = shutil.copytree(folder, tmp_path / "other")
    (other / name).unlink(missing_ok=True)
    make(other / name)
    with pytest.raises(
        BaseModelError, match=r"not a regular file|holds neither|holds no"
    ) as caught:
        find_base(str(other))
    assert str(other.parent) not in str(caught.value).replace(repr(str(other)), "")


@pytest.mark.parametrize("name", ["tiny.gguf", "config.json", "tokenizer_config.json"])
def test_a_gguf_file_that_is_none_or_lies_beside_one_is_refused(
    tmp_path: Path, make: Callable[[Path], object], name: str
) -> None:
    (tmp_path / "tiny.gguf").write_bytes(b"GGUF")
    (tmp_path / name).unlink(missing_ok=True)
    make(tmp_path / name)
    for given in (tmp_path, tmp_path / "tiny.gguf"):
        with pytest.raises(BaseModelError):
            find_base(str(given))


@pytest.mark.parametrize("name", ["adapter_config.json", "adapter_model.safetensors"])
def test_an_adapter_s_folder_that_holds_one_is_refused(
    tmp_path: Path, make: Callable[[Path], object], name: str
) -> None:
    source = tmp_path / "adapter"
    source.mkdir()
    for file in ("adapter_config.json", "adapter_model.safetensors"):
        (source / file).write_text("{}")
    (source / name).unlink()
    make(source / name)
    base = BaseModelInfo("tiny", tmp_path / "tiny.gguf", 128)
    with pytest.raises(AdapterError, match=name.replace(".", r"\.")):
        import_adapter(source, base, tmp_path / "copy")
    assert not (tmp_path / "copy").exists()


def test_devices_are_not_even_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """To open a tape rewinds it, to open a terminal may make it the process's own."""
    opened: list[object] = []
    real = os.open
    monkeypatch.setattr(os, "open", lambda path, *more: (opened.append(path), real(path, *more))[1])
    (tmp_path / "x").symlink_to("/dev/zero")
    with suppress(OSError):
        open_regular(tmp_path / "x")
    assert not opened
