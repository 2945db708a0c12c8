"""What an option is and does is declared once: commands take it from the stages and functions."""

from __future__ import annotations

from datetime import timedelta
from inspect import signature
from typing import Any

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from langchain_fbmessenger import (
    FacebookMessengerChatLoader,
    FineTuner,
    audit_leaks,
    check_examples,
    evaluate,
    plant_canaries,
)
from langchain_fbmessenger.cli import app
from langchain_fbmessenger.cli.field_options import default_of, field_docstrings
from langchain_fbmessenger.examples.making.training_examples import ToTrainingExamples
from langchain_fbmessenger.examples.selecting.balance import BalanceExamples
from langchain_fbmessenger.privacy.redaction.redact import Redaction
from langchain_fbmessenger.privacy.stage import PseudonymizeChatSessions
from langchain_fbmessenger.sessions.split import SplitChatSessions

# A command's options by the class whose fields they are; under another name where they have one.
_FIELDS: dict[tuple[str, type], dict[str, str]] = {
    ("prepare", SplitChatSessions): {"gap": "gap"},
    ("prepare", ToTrainingExamples): {},
    ("prepare", BalanceExamples): {},
    ("prepare", PseudonymizeChatSessions): {"unknown_names": "unknown_names"},
    ("redact", PseudonymizeChatSessions): {
        "keep_owner": "keep_owner",
        "unknown_names": "unknown_names",
    },
    ("finetune", FineTuner): {"n_epochs": "epochs"},
}
_FUNCTIONS = [
    ("prepare", FacebookMessengerChatLoader, ["timezone", "workers"]),
    ("inspect", FacebookMessengerChatLoader, ["timezone"]),
    ("check", check_examples, ["provider", "model", "tokenizer"]),
    ("plant-canaries", plant_canaries, ["count", "repeats", "seed"]),
    ("audit", audit_leaks, ["contexts", "samples", "canaries", "base"]),
    ("evaluate", evaluate, ["max_concurrency", "seed"]),
    ("redact", Redaction, ["unknown_names", "keep_owner", "fake"]),
]


def _params(command: str) -> dict[str, Any]:
    commands: Any = get_command(app)
    return {param.name: param for param in commands.commands[command].params}


def _options() -> list[tuple[str, type[Any], str, str]]:
    found: list[tuple[str, type[Any], str, str]] = []
    for (command, stage), named in _FIELDS.items():
        params = _params(command)
        whole = stage in {ToTrainingExamples, BalanceExamples, FineTuner}
        fields = stage.model_fields if whole else named  # type: ignore[attr-defined]
        for field in fields:
            name = named.get(field, field)
            if name in params:
                found.append((command, stage, field, name))
    return found


@pytest.mark.parametrize(("command", "stage", "field", "option"), _options())
def test_an_option_is_the_field_of_its_stage(
    command: str, stage: type[Any], field: str, option: str
) -> None:
    param = _params(command)[option]
    declared = stage.model_fields[field]

    assert param.default == default_of(stage, field)
    least = next((m.ge for m in declared.metadata if getattr(m, "ge", None) is not None), None)
    # Older typers keep it in the type of the option, as click does.
    assert getattr(getattr(param, "type", param), "min", None) == least


def test_all_options_of_training_are_compared() -> None:
    compared = {(stage, option) for _, stage, _, option in _options()}

    assert {"max_messages", "overlap", "max_tokens", "tokenizer", "system", "opening"} <= {
        option for stage, option in compared if stage is ToTrainingExamples
    }
    assert {"max_repeats", "max_share", "half_life", "min_letters"} == {
        option for stage, option in compared if stage is BalanceExamples
    }
    assert {"provider", "model", "epochs", "lora_rank", "early_stopping", "resume"} <= {
        option for stage, option in compared if stage is FineTuner
    }


def test_the_pause_that_is_typed_is_that_of_the_stage() -> None:
    typed = default_of(SplitChatSessions, "gap")

    assert typed == "8h"
    assert SplitChatSessions(gap=typed).gap == SplitChatSessions().gap == timedelta(hours=8)


@pytest.mark.parametrize(("command", "function", "options"), _FUNCTIONS)
def test_the_defaults_of_functions_are_those_of_their_commands(
    command: str, function: Any, options: list[str]
) -> None:
    params, declared = _params(command), signature(function).parameters

    for option in options:
        default = params[option].default
        expected = declared[option].default
        assert (tuple(default) if isinstance(default, list) else default) == expected, option


@pytest.mark.parametrize(
    ("command", "stage", "field"),
    [
        ("prepare", BalanceExamples, "min_letters"),
        ("prepare", SplitChatSessions, "gap"),
        ("redact", PseudonymizeChatSessions, "keep"),
        ("finetune", FineTuner, "keep_files"),
        ("finetune", FineTuner, "learning_rate_multiplier"),
    ],
)
def test_the_help_is_the_docstring_of_the_field(command: str, stage: type[Any], field: str) -> None:
    told = CliRunner().invoke(app, [command, "--help"], env={"COLUMNS": "400"}).output

    assert " ".join(field_docstrings(stage)[field].split()) in told


@pytest.mark.parametrize(
    ("command", "told"),
    [
        ("audit", "How many sampled answers to ask for, beside the likeliest."),
        ("plant-canaries", "so that the audit shows what repetition does. May be repeated."),
        ("check", "Passes over the examples; the provider's own number by default."),
    ],
)
def test_the_help_is_what_the_docstring_of_the_function_says(command: str, told: str) -> None:
    output = CliRunner().invoke(app, [command, "--help"], env={"COLUMNS": "400"}).output

    assert told in output


@pytest.mark.parametrize(
    "command", ["prepare", "redact", "finetune", "audit", "plant-canaries", "check"]
)
def test_help_speaks_of_flags_and_of_nothing_of_python(command: str) -> None:
    told = CliRunner().invoke(app, [command, "--help"], env={"COLUMNS": "400"}).output

    assert not [
        word for word in ("None", "`lora_", "`max_", "ToTraining", "FineTuner.") if word in told
    ]


def test_help_names_other_options_by_their_flags() -> None:
    told = CliRunner().invoke(app, ["finetune", "--help"], env={"COLUMNS": "400"}).output

    assert "by --lora-alpha / --lora-rank" in told
