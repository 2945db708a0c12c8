from __future__ import annotations

import stat
import sys
from pathlib import Path

import pytest

from langchain_fbmessenger._internal.home import HOME_VARIABLE
from langchain_fbmessenger.exceptions import LocalServerError
from langchain_fbmessenger.local.process.home import Home, default_home, locked, write_private

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="rights are POSIX's")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_variable_decides(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("LANGCHAIN_FBMESSENGER_HOME", str(tmp_path))

    assert default_home() == tmp_path


@pytest.mark.parametrize(
    ("platform", "variable", "expected"),
    [
        ("linux", "XDG_DATA_HOME", "/d/langchain-fbmessenger"),
        ("win32", "LOCALAPPDATA", "/d/langchain-fbmessenger"),
    ],
)
def test_else_the_platform_does(
    monkeypatch: pytest.MonkeyPatch, platform: str, variable: str, expected: str
) -> None:
    monkeypatch.delenv(HOME_VARIABLE)
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setenv(variable, "/d")

    assert default_home() == Path(expected)


@posix_only
def test_the_folder_is_its_owners_only(tmp_path: Path) -> None:
    root = tmp_path / "a" / "home"
    root.mkdir(mode=0o755, parents=True)

    home = Home.open(root)

    assert mode(home.root) == mode(home.files) == mode(home.jobs) == 0o700


def test_a_folder_that_cannot_be_is_an_error_of_ours(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(LocalServerError, match="cannot be used"):
        Home.open(tmp_path / "file" / "home")


@posix_only
def test_a_private_file_was_never_readable_by_others(tmp_path: Path) -> None:
    path = tmp_path / "secret.json"
    path.touch(mode=0o644)
    (tmp_path / "secret.json.partial").touch(mode=0o644)

    write_private(path, b"x")

    assert mode(path) == 0o600
    assert [found.name for found in tmp_path.iterdir()] == ["secret.json"]


def test_one_holds_the_lock_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "lock"

    with locked(path, timeout=0) as first, locked(path, timeout=0.1) as second:
        assert (first, second) == (True, False)
    with locked(path, timeout=0) as third:
        assert third
