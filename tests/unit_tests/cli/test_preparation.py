"""The options of `prepare` as one value: what it makes, and where its paths lead."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from langchain_fbmessenger import ConsentReport, ExampleReport, InvalidOptionError, PrivacyReport
from langchain_fbmessenger.cli.field_options import default_of
from langchain_fbmessenger.cli.preparation import Preparation
from langchain_fbmessenger.examples.making.training_examples import ToTrainingExamples
from langchain_fbmessenger.examples.selecting.balance import BalanceExamples
from langchain_fbmessenger.sessions import ChatSessionPipeline
from tests.unit_tests.cli.prepared_authors import ME, export_of_authors

if TYPE_CHECKING:
    from langchain_fbmessenger.examples import TrainingExample

MAKING = ("max_messages", "overlap", "max_tokens", "tokenizer", "system", "opening")
BALANCING = ("max_repeats", "max_share", "half_life", "min_letters")


def preparation(**options: Any) -> Preparation:
    usual = {name: default_of(ToTrainingExamples, name) for name in MAKING}
    usual |= {name: default_of(BalanceExamples, name) for name in BALANCING}
    return Preparation(**{"exports": [], "gap": "8h", "unknown_names": "keep", **usual, **options})


def examples_of(value: Preparation) -> list[TrainingExample]:
    stages = value.session_stages(ConsentReport(), PrivacyReport())
    stages += value.example_stages(ExampleReport())
    pipeline = ChatSessionPipeline(steps=tuple(stages))
    return list(pipeline.stream(value.loader().lazy_load()))


@pytest.mark.parametrize("options", [{}, {"gap": "none"}, {"redact": True}, {"max_repeats": 1}])
def test_the_same_value_makes_the_same_examples(tmp_path: Path, options: dict[str, Any]) -> None:
    value = preparation(exports=[str(export_of_authors(tmp_path / "export"))], **options)
    first = examples_of(value)
    assert first
    assert examples_of(value) == first


def test_each_option_reaches_its_stage() -> None:
    value = preparation(
        me=["Al"], forget=["Bo"], max_messages=6, system="You are {owner}.", min_letters=3
    )
    stages = value.session_stages(ConsentReport(), PrivacyReport())
    assert [stage.get_name() for stage in stages] == [
        "apply_consent",
        "split_chat_sessions",
        "map_ai_messages",
    ]
    making, balancing = value.example_stages(ExampleReport())
    told: Any = making
    assert (told.max_messages, told.system) == (6, "You are {owner}.")
    told = balancing
    assert told.min_letters == 3


def test_paths_lead_to_the_files_from_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tokens").mkdir()
    value = preparation(
        exports=["a", "b.zip"], contacts="contacts.toml", pseudonymize="k", tokenizer="tokens"
    ).absolute()
    assert value.exports == [str(tmp_path / "a"), str(tmp_path / "b.zip")]
    assert value.contacts == str(tmp_path / "contacts.toml")
    assert value.pseudonymize == str(tmp_path / "k")
    assert value.tokenizer == str(tmp_path / "tokens")
    assert preparation(tokenizer="gpt-4").absolute().tokenizer == "gpt-4"  # a name
    assert value.with_exports([Path("c")]).exports == ["c"]


def test_options_that_contradict_each_other_are_refused() -> None:
    with pytest.raises(InvalidOptionError, match="add --pseudonymize"):
        preparation(unknown_names="replace").session_stages(ConsentReport(), PrivacyReport())


def test_it_shows_no_names() -> None:
    value = preparation(exports=["x"], me=[ME.name], system="You are Zoë.")
    assert repr(value) == "Preparation(exports=1)"
