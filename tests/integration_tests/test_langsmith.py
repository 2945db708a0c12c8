"""What LangSmith's own client uploads where somebody has it switched on for the whole machine."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.integration_tests.fake_provider import serving
from tests.integration_tests.langsmith_double import collecting
from tests.integration_tests.small_jobs import BASE
from tests.unit_tests.canaries import TEXT, assert_clean

if TYPE_CHECKING:
    from langchain_fbmessenger.local import ServerAddress

ROOT = Path(__file__).parents[2]


def run(arguments: list[str], environment: dict[str, str]) -> str:
    ended = subprocess.run(  # noqa: S603
        [sys.executable, *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


@pytest.mark.parametrize("is_foreign", [False, True], ids=["ours alone", "a foreign Runnable"])
def test_road_uploads_counts_and_nothing_private(tmp_path: Path, *, is_foreign: bool) -> None:
    home = tmp_path / "zqhome"
    with serving() as provider, collecting() as langsmith:
        provider.ends_jobs = True
        settings = {
            **langsmith.environment,
            "LANGCHAIN_FBMESSENGER_HOME": str(home),
            "FINE_TUNING_API_KEY": "x",
        }
        module = ["-m", "tests.integration_tests.traced_road"]
        output = tmp_path / "train.jsonl"
        run([*module, str(output), provider.base_url, *["--foreign"] * is_foreign], settings)
        uploads = list(langsmith.uploads)
    assert output.read_text().count(TEXT) > 8
    uploaded = "\n".join(body for _, body in uploads)
    for trace in (
        '"sessions":8',
        "job_id",
        "UnknownSenderError",
        "FineTuningError",
        '"similar":',
        "PersonaRetriever",
    ):
        assert trace in uploaded, uploads
    if is_foreign:  # what the docs warn of, and the sign that all this would be seen
        assert TEXT in uploaded
    else:
        assert_clean(uploaded)


def test_talk_on_the_command_line_is_traced_nowhere(local_server: ServerAddress) -> None:
    talk = ["-m", "langchain_fbmessenger.cli.app", "chat", BASE]
    with collecting() as langsmith:
        settings = langsmith.environment | {"LANGCHAIN_FBMESSENGER_HOME": str(local_server.home)}
        options = ["-m", f"{TEXT}, hello?", "--system", TEXT, "--max-tokens", "3"]
        assert run([*talk, *options], settings).strip()
        assert langsmith.uploads == []
