"""A model that has learnt a secret by heart, its base that has not, and the audit of both."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from langchain_fbmessenger import FineTuner, plant_canaries, write_jsonl
from langchain_fbmessenger.cli import app
from tests.integration_tests.small_jobs import TOPICS, chat

if TYPE_CHECKING:
    from pathlib import Path

TINY = "tiny"


@pytest.mark.parametrize(
    "learning",
    [
        # A model of random weights has all to learn, and learns it soon.
        {"model": TINY, "n_epochs": 40, "batch_size": 6, "learning_rate": 0.01},
        pytest.param(
            {"n_epochs": 5, "batch_size": 2, "learning_rate_multiplier": 2},
            marks=pytest.mark.thorough,
        ),
    ],
    ids=["tiny", "bundled"],
)
@pytest.mark.usefixtures("local_server")
def test_a_secret_that_was_learnt_by_heart_is_found_in_the_tuned_model_alone(
    learning: dict[str, Any], tiny_base: str, tmp_path: Path
) -> None:
    examples: list[Any] = [chat(topic, n) for n, topic in enumerate(TOPICS[:2])]
    planted = plant_canaries(examples, count=1, repeats=[4], seed=3)
    write_jsonl(planted.examples, tmp_path / "train.jsonl")
    planted.canaries.write(tmp_path / "canaries.json")
    if learning.get("model") == TINY:
        learning = {**learning, "model": tiny_base}
    job = FineTuner(seed=7, **learning).submit(planted.examples).wait(progress=False)

    options = ["--canaries", str(tmp_path / "canaries.json"), "--people", "Milo Dvořák"]
    options += ["--samples", "0", "--max-tokens", "40", "--json"]
    shown = CliRunner().invoke(app, ["audit", job.id, str(tmp_path / "train.jsonl"), *options])
    assert shown.exit_code == 0, shown.output

    report = json.loads(shown.output)
    rows = {(row["measure"], row["where"]): row for row in report["rows"]}
    secret = rows["secret_greedy", "planted 4 times"]
    assert (secret["tuned"]["hits"], secret["base"]["hits"]) == (1, 0)
    assert rows["secret_greedy", "never planted"]["tuned"]["hits"] == 0
    assert (
        rows["people", "of those looked for"]["tuned"]
        == rows["people", "of those looked for"]["base"]
    )
    assert report["failed"] == {"tuned": 0, "base": 0}
    assert planted.canaries.planted[0].secret not in shown.output
