"""The demo ends with how near each model comes, on so little text that no verdict is given."""

from __future__ import annotations

import stat
from io import StringIO
from types import SimpleNamespace
from typing import Any

from rich.console import Console

from langchain_fbmessenger import FacebookMessengerChatLoader, sample_export_path
from langchain_fbmessenger.cli.commands.demo import newest_examples, split_sample
from langchain_fbmessenger.cli.demo_likeness import show_likeness
from langchain_fbmessenger.cli.prepared_records import page_path
from tests.unit_tests.evaluation.scripted import ScriptedModel

JOB = "ftjob-demo"


def test_each_model_has_a_line_and_the_page_is_named() -> None:
    def answering(_: str) -> Any:
        said = iter(f"i'll bake {n} loaves for you, captain" for n in range(99))
        return ScriptedModel(script=lambda *_: next(said))

    base, tuned = answering("base"), answering("tuned")
    job: Any = SimpleNamespace(
        id=JOB, base_chat_model=lambda **_: base, chat_model=lambda **_: tuned
    )
    split = split_sample(FacebookMessengerChatLoader(sample_export_path()))
    shown = StringIO()
    console = Console(file=shown, width=80)
    show_likeness(console, job, split, newest_examples(split.train), {})

    told = shown.getvalue()
    lines = told.splitlines()
    assert [line.split(":")[0] for line in lines[:3]] == ["base", "retrieval", "tuned"]
    assert "No verdict on so little: 12 held-out answers of 200" in told
    page = page_path(JOB)
    assert page.as_uri() in told
    assert stat.S_IMODE(page.stat().st_mode) == 0o600
    assert "captain" in page.read_text("utf-8")
    assert len(base.asked) == 1 + 12 + 12 + 12  # is it there, itself, behind retrieval, the scale
    assert len(tuned.asked) == 12
