from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from langchain_fbmessenger.local.process.address import (
    ServerAddress,
    proof,
    read_address,
    write_address,
)
from langchain_fbmessenger.local.process.home import Home

if TYPE_CHECKING:
    from pathlib import Path


def test_an_address_is_read_back_and_hides_its_key(tmp_path: Path) -> None:
    home = Home.open(tmp_path)
    address = ServerAddress("http://127.0.0.1:1/v1", "sk-hidden", 5, tmp_path)

    write_address(home, address)

    assert read_address(home) == address
    assert "sk-hidden" not in repr(address)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"pid": "x"}', b"\xff"])
def test_a_broken_file_is_no_address(tmp_path: Path, content: bytes) -> None:
    home = Home.open(tmp_path)
    home.address.write_bytes(content)

    assert read_address(home) is None


def test_no_file_is_no_address(tmp_path: Path) -> None:
    assert read_address(Home.open(tmp_path)) is None


def test_a_proof_is_of_one_key_and_one_challenge() -> None:
    assert proof("k", "a") == proof("k", "a")
    assert len({proof("k", "a"), proof("k", "b"), proof("l", "a")}) == 3
