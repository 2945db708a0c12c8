"""The worked example of docs/jobs.md, as it stands there, against a provider on this machine."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from langchain_openai import ChatOpenAI

from langchain_fbmessenger import FineTuner, FineTuningError, FineTuningJob, InvalidExampleError
from tests.integration_tests.fake_provider import EXAMPLES, FakeProvider, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

DOCS = Path(__file__).parents[2] / "docs" / "jobs.md"


def worked_example() -> str:
    """Return the code below the heading."""
    section = DOCS.read_text(encoding="utf-8").partition("### A provider of your own\n")[2]
    match = re.search(r"```python\n(.*?)```", section, re.DOTALL)
    assert match is not None
    return match[1]


@pytest.fixture
def harbour(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeProvider]:
    monkeypatch.setenv("LANGCHAIN_FBMESSENGER_HOME", str(tmp_path))
    with serving() as provider:
        monkeypatch.setenv("HARBOUR_URL", provider.base_url)
        monkeypatch.setenv("HARBOUR_API_KEY", "sk-harbour")
        provider.models.add("harbour-8b")
        provider.ends_jobs = True
        yield provider


def run(**given: Any) -> dict[str, Any]:
    names: dict[str, Any] = {"__name__": "worked_example", "examples": EXAMPLES, **given}
    exec(compile(worked_example(), str(DOCS), "exec"), names)  # noqa: S102 - our own docs
    return names


def test_the_worked_example_works(harbour: FakeProvider) -> None:
    names = run()
    job, model = names["job"], names["model"]
    assert isinstance(model, ChatOpenAI)
    assert (job.status, model.model_name, model.temperature) == ("succeeded", f"ft:{job.id}", 0.8)
    assert model._get_ls_params()["ls_provider"] == "harbour"
    (asked,) = map(json.loads, harbour.bodies("POST /v1/fine_tuning/jobs"))
    assert (asked["model"], asked["priority"]) == ("harbour-8b", "low")
    assert asked["method"]["supervised"]["hyperparameters"] == {"n_epochs": 2}
    assert harbour.files == {}, "the uploads are gone"
    assert {*harbour.keys} == {"Bearer sk-harbour"}
    assert job.base_chat_model().model_name == "harbour-8b"
    again = FineTuningJob.from_id(job.id, names["HarbourProvider"]())
    assert again.chat_model()._get_llm_string() == job.chat_model()._get_llm_string()


def test_what_it_does_not_take_is_told_before_anything_is_sent(harbour: FakeProvider) -> None:
    provider = run()["HarbourProvider"]()
    harbour.asked.clear()
    with pytest.raises(ValueError, match="'harbour' does not know lora_rank"):
        FineTuner(provider=provider, model="harbour-8b", lora_rank=8)
    with pytest.raises(InvalidExampleError, match="at least 10"):
        FineTuner(provider=provider, model="harbour-8b").submit(EXAMPLES[:9])
    with pytest.raises(FineTuningError, match="no such thing"):
        FineTuner(provider=provider, model="another").submit(EXAMPLES)
    assert "POST /v1/files" not in harbour.routes
