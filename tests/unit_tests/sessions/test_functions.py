"""The function form of a stage has the stage's options: no more, no fewer, with its defaults."""

from __future__ import annotations

import inspect
import pickle
from typing import TYPE_CHECKING, Any

import pytest

import langchain_fbmessenger as package
from langchain_fbmessenger.examples.making import training_examples
from langchain_fbmessenger.examples.selecting import balance, preference
from langchain_fbmessenger.privacy import stage as privacy
from langchain_fbmessenger.privacy.consent import stage as consent
from langchain_fbmessenger.sessions import merge, split

if TYPE_CHECKING:
    from collections.abc import Callable

FORMS: dict[str, tuple[Any, Any]] = {
    "merge_chat_runs": (merge.MergeChatRuns, merge.MergeOptions),
    "split_chat_sessions": (split.SplitChatSessions, split.SplitOptions),
    "to_training_examples": (
        training_examples.ToTrainingExamples,
        training_examples.TrainingExampleOptions,
    ),
    "balance_examples": (balance.BalanceExamples, balance.BalanceOptions),
    "to_preference_pairs": (preference.ToPreferencePairs, preference.PreferenceOptions),
    "redact_identifiers": (privacy.RedactIdentifiers, privacy.RedactOptions),
    "pseudonymize_chat_sessions": (
        privacy.PseudonymizeChatSessions,
        privacy.PseudonymizeOptions,
    ),
    "apply_consent": (consent.ApplyConsent, consent.ConsentOptions),
}


def function(name: str) -> Callable[..., Any]:
    form: Callable[..., Any] = getattr(package, name)
    return form


@pytest.mark.parametrize("name", FORMS)
def test_options_are_those_of_the_stage_to_type_checkers_and_to_help(name: str) -> None:
    stage, typed = FORMS[name]
    fields = {*stage.model_fields} - {"name"}
    given, *options = inspect.signature(function(name)).parameters.values()
    assert given.default is None
    assert {*typed.__annotations__} == {option.name for option in options} == fields
    assert all(option.kind is option.KEYWORD_ONLY for option in options)
    documented = inspect.getdoc(function(name)) or ""
    assert not [field for field in fields if f"\n    {field}: " not in documented]


@pytest.mark.parametrize("name", FORMS)
def test_another_option_is_a_type_error_as_with_any_function(name: str) -> None:
    needed = {"key": "key"} if name == "pseudonymize_chat_sessions" else {}
    with pytest.raises(TypeError, match=rf"{name}.*no_option"):
        function(name)(no_option=1, **needed)
    with pytest.raises(TypeError, match="positional"):
        function(name)([], "8h")


@pytest.mark.parametrize("name", FORMS)
def test_a_function_is_pickled_by_its_name(name: str) -> None:
    assert pickle.loads(pickle.dumps(function(name))) is function(name)  # noqa: S301 - own


def test_what_an_option_is_given_as_and_by_default_is_shown() -> None:
    shown = inspect.signature(package.merge_chat_runs)
    assert shown.parameters["max_gap"].annotation == "str | timedelta | None"
    assert shown.return_annotation == "Iterator[ChatSession] | MergeChatRuns"
    key = inspect.signature(package.pseudonymize_chat_sessions).parameters["key"]
    assert key.default is inspect.Parameter.empty
    with pytest.raises(TypeError, match="key"):
        package.pseudonymize_chat_sessions([])  # type: ignore[call-overload]
