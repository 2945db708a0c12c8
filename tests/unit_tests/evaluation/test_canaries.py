from __future__ import annotations

import json
import stat
from typing import TYPE_CHECKING

import pytest

from langchain_fbmessenger.evaluation import Canaries, plant_canaries
from tests.unit_tests.evaluation.small_chats import chats

if TYPE_CHECKING:
    from pathlib import Path


def test_they_are_read_as_they_were_written_by_their_owner_alone(tmp_path: Path) -> None:
    canaries = plant_canaries(chats(), seed=1).canaries
    path = tmp_path / "canaries.json"
    canaries.write(path)
    assert Canaries.read(path) == canaries
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert json.loads(path.read_bytes())["planted"][0]["repeats"] >= 1


@pytest.mark.parametrize("content", [b"[]", b'{"planted": "hush"}', b"\xff", b""])
def test_another_file_is_an_error_that_does_not_quote_it(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "canaries.json"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="holds no canaries") as caught:
        Canaries.read(path)
    assert str(tmp_path) not in str(caught.value)
    assert "hush" not in str(caught.value)


def test_what_is_printed_holds_neither_prompt_nor_secret() -> None:
    canary = plant_canaries(chats(), seed=1).canaries.planted[0]
    assert canary.secret not in repr(canary)
    assert "Zoë" not in repr(canary)
