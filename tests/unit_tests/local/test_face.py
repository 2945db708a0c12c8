from __future__ import annotations

import importlib.util
import subprocess
import sys

import pytest

from langchain_fbmessenger import local
from langchain_fbmessenger.exceptions import MissingExtraError
from langchain_fbmessenger.local.process.launcher import check_extra

EXPECTED_ALL = [
    "ServerAddress",
    "bundled_file",
    "default_home",
    "ensure_server",
    "find_server",
    "serve",
    "stop_server",
]


def test_the_face_is_what_it_was() -> None:
    assert sorted(local.__all__) == EXPECTED_ALL
    assert all(hasattr(local, name) for name in EXPECTED_ALL)


def test_importing_it_loads_nothing_heavy() -> None:
    heavy = "{'torch', 'transformers', 'starlette', 'uvicorn', 'xllamacpp', 'gguf', 'numpy'}"
    code = f"import langchain_fbmessenger.local, sys; print({heavy} & set(sys.modules))"

    shown = subprocess.run(  # noqa: S603  # our own line under our own interpreter
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert shown.stdout == "set()\n"


def test_a_missing_extra_names_package_and_command(monkeypatch: pytest.MonkeyPatch) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "peft" else found(name)
    )

    with pytest.raises(MissingExtraError, match=r"'peft'.*langchain-fbmessenger\[local\]"):
        check_extra()
