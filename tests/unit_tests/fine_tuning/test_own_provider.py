"""A provider of one's own: what its class lacks is missed by name, where it is defined or made."""

from __future__ import annotations

import copy
import pickle
from typing import Any, ClassVar

import pytest

from langchain_fbmessenger import FineTuner, InvalidInputError, MessengerError
from langchain_fbmessenger.examples import ExampleRules
from langchain_fbmessenger.fine_tuning import (
    AzureProvider,
    Connection,
    LocalProvider,
    NebiusProvider,
    OpenAIProvider,
    Provider,
    find_provider,
)

WHOLE: dict[str, Any] = {
    "__module__": __name__,
    "name": "harbour",
    "connection": lambda _: Connection("https://host.invalid/v1", "key"),
    "preflight": lambda *_: ExampleRules(provider="harbour"),
}


def provider_class(*without: str, **more: Any) -> type[Provider]:
    given = {name: value for name, value in WHOLE.items() if name not in without}
    return type(Provider)("Harbour", (Provider,), given | more)


@pytest.mark.parametrize("lacking", ["name", "connection", "preflight"])
def test_what_is_missing_is_named(lacking: str) -> None:
    with pytest.raises(
        InvalidInputError, match=f"Harbour is no provider yet, it lacks {lacking}"
    ) as e:
        provider_class(lacking)()
    assert isinstance(e.value, TypeError)
    assert isinstance(e.value, MessengerError)


def test_all_that_is_missing_is_named_at_once() -> None:
    with pytest.raises(
        InvalidInputError, match=r"Provider is to be subclassed, it lacks name.*preflight"
    ):
        Provider()  # type: ignore[abstract]
    with pytest.raises(InvalidInputError, match=r"lacks connection\(\).*; preflight\(\)"):
        provider_class("connection", "preflight")()


def test_a_base_of_ones_own_may_leave_the_rest_to_its_subclasses() -> None:
    class Named(provider_class("name")):  # type: ignore[misc]
        name: ClassVar[str] = "mine"

    assert Named().label == "mine"


@pytest.mark.parametrize(
    ("fact", "value"),
    [
        ("name", ""),
        ("name", " "),
        ("name", 3),
        ("poll_seconds", "5"),
        ("poll_seconds", 0),
        ("known_settings", frozenset({"epochs"})),
        ("known_settings", "n_epochs"),
        ("upload_lifetime", -1),
        ("checks_files", "no"),
        ("keeps_metadata", None),
        ("tokenize_path", "tokenize"),
    ],
)
def test_a_fact_of_no_use_is_refused_where_the_class_is_defined(fact: str, value: Any) -> None:
    with pytest.raises(InvalidInputError, match=rf"Harbour\.{fact} must be "):
        provider_class(**{fact: value})


def test_a_fact_of_another_base_is_looked_at_as_well() -> None:
    class Facts:
        name = 3

    with pytest.raises(InvalidInputError, match=r"Harbour\.name must be a text"):
        type(Provider)("Harbour", (Facts, provider_class("name")), {"__module__": __name__})


async def later(_: Any) -> Connection:
    return Connection("https://host.invalid/v1", "key")


@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited")
@pytest.mark.parametrize(
    ("method", "gives", "wanted"),
    [
        ("connection", lambda _: None, "Connection, not a NoneType"),
        ("connection", lambda _: "https://host.invalid/v1", "Connection, not a str"),
        ("connection", later, "Connection, not a coroutine"),
        ("preflight", lambda *_: None, "ExampleRules, not a NoneType"),
        ("preflight", lambda *_: True, "ExampleRules, not a bool"),
        ("base_model", lambda *_: "m", "tuple, not a str"),
        ("job_body", lambda *_: None, "dict, not a NoneType"),
        ("identity", lambda *_: None, "str, not a NoneType"),
    ],
)
def test_a_method_that_returns_another_thing_is_named(method: str, gives: Any, wanted: str) -> None:
    provider = provider_class(**{method: gives})()
    needed = {"connection": 0, "job_body": 1, "identity": 1}.get(method, 2)
    with pytest.raises(InvalidInputError, match=rf"Harbour\.{method}\(\) has to return a {wanted}"):
        getattr(provider, method)(*[None] * needed)


@pytest.mark.parametrize("wrong", [None, 3, b"local", [], {}, object()])
def test_what_is_no_provider_is_told(wrong: Any) -> None:
    for take in (find_provider, lambda it: FineTuner(provider=it)):
        with pytest.raises(InvalidInputError, match=f"not a {type(wrong).__name__}"):
            take(wrong)


@pytest.mark.parametrize("kind", [AzureProvider, LocalProvider, provider_class()])
def test_a_misspelt_option_is_refused(kind: type[Provider]) -> None:
    with pytest.raises(ValueError, match="deploymnt"):
        kind(deploymnt="zoe")


def test_a_fact_that_is_written_as_a_field_is_told_how_it_is_written() -> None:
    with pytest.raises(InvalidInputError, match=r"write name: ClassVar\[str\] ="):

        class Harbour(Provider):
            name: str = "harbour"  # type: ignore[misc]


def test_a_class_is_no_instance() -> None:
    whole = provider_class()
    for wrong in (whole, LocalProvider):
        with pytest.raises(InvalidInputError, match=rf"{wrong.__name__}\(\), not its class"):
            FineTuner(provider=wrong)  # type: ignore[arg-type]
        with pytest.raises(InvalidInputError):
            find_provider(wrong)  # type: ignore[arg-type]
    assert FineTuner(provider=whole()).provider == whole()


@pytest.mark.parametrize("kind", [LocalProvider, OpenAIProvider, AzureProvider, NebiusProvider])
def test_our_own_are_whole_and_can_be_copied(kind: type[Provider]) -> None:
    one = kind()
    for again in (copy.copy(one), copy.deepcopy(one), pickle.loads(pickle.dumps(one))):  # noqa: S301
        assert again == one
