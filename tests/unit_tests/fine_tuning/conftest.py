"""Keep the tests out of the state folder of the user who runs them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def own_state_folder(
    no_provider_settings: None,  # noqa: ARG001 - it deletes the variable first
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setenv("LANGCHAIN_FBMESSENGER_HOME", str(tmp_path / "home"))
