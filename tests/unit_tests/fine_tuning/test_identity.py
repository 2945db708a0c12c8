from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from langchain_fbmessenger.fine_tuning import JobSettings
from langchain_fbmessenger.fine_tuning.identity import file_name, job_key, name_prefix
from langchain_fbmessenger.fine_tuning.submitting.uploads import JobFile, JobFiles

TRAINING = JobFile("training", Path("a"), 3, 30, "11")
FILES = JobFiles(TRAINING, None, None)
KNOWN: dict[str, Any] = {
    "provider": "openai https://api.openai.com/v1/",
    "model": "m",
    "files": FILES,
    "asked": JobSettings(n_epochs=2, extra_body={"a": 1, "b": 2}).given(),
    "metadata": {"system_prompt_00": "s"},
}


def test_a_key_is_the_same_wherever_files_lie_and_however_things_are_ordered() -> None:
    moved = JobFiles(replace(TRAINING, path=Path("elsewhere")), None, None)
    asked = JobSettings(extra_body={"b": 2, "a": 1}, n_epochs=2).given()
    assert job_key(**KNOWN) == job_key(**KNOWN | {"files": moved, "asked": asked})
    assert len(job_key(**KNOWN)) == 64


@pytest.mark.parametrize(
    "change",
    [
        {"provider": "openai https://another/v1/"},
        {"model": "n"},
        {"files": JobFiles(replace(TRAINING, sha256="22"), None, None)},
        {"files": JobFiles(TRAINING, replace(TRAINING, role="validation"), None)},
        {"asked": JobSettings(n_epochs=3).given()},
        {"metadata": {}},
    ],
)
def test_a_key_changes_with_what_decides_the_outcome(change: dict[str, Any]) -> None:
    assert job_key(**KNOWN) != job_key(**KNOWN | change)


def test_names_of_files_carry_the_key_and_nothing_else() -> None:
    key = job_key(**KNOWN)
    name = file_name(key, "abcd", "training")
    assert name.startswith(name_prefix(key))
    assert name == f"langchain-fbmessenger-{key[:32]}-abcd-training.jsonl"
