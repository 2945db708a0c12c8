from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import langchain_fbmessenger
from langchain_fbmessenger.local.process.python_path import python_path

if TYPE_CHECKING:
    import pytest

ROOT = str(Path(langchain_fbmessenger.__file__).parents[1])


def test_this_package_comes_first_and_the_users_path_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", f"mine{os.pathsep}other")
    assert python_path().split(os.pathsep) == [ROOT, "mine", "other"]
    monkeypatch.delenv("PYTHONPATH")
    assert python_path() == ROOT, "an empty entry would be the working folder"
