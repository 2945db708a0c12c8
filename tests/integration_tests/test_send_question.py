"""`finetune` asks before a provider hears of anything."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from langchain_fbmessenger.cli import app
from tests.integration_tests.fake_provider import BASE, EXAMPLES, FakeProvider, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[FakeProvider]:
    monkeypatch.setenv("LANGCHAIN_FBMESSENGER_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    monkeypatch.setattr("langchain_fbmessenger.cli.send_question.has_terminal", lambda: True)
    with serving() as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
        yield server


@pytest.mark.parametrize(("typed", "is_sent"), [("n\n", False), ("m\n\n", False), ("y\n", True)])
def test_a_request_is_made_after_a_yes_only(
    provider: FakeProvider, tmp_path: Path, typed: str, *, is_sent: bool
) -> None:
    file = tmp_path / "train.jsonl"
    file.write_text("\n".join(map(json.dumps, EXAMPLES)))
    options = ["--provider", "openai", "--model", BASE, "--no-wait"]
    result = CliRunner().invoke(app, ["finetune", str(file), *options], input=typed)
    assert result.exit_code == (0 if is_sent else 1), result.output
    assert bool(provider.asked) is is_sent
    assert ("POST /v1/files" in provider.routes) is is_sent
