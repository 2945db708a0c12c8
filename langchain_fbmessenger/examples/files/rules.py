"""What providers and trainers ask of training examples, read from a table (providers.toml).

Each rule of the table names its source, the day it was read and how sure it is.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, Optional

import msgspec

from langchain_fbmessenger._internal.package_tables import read_table
from langchain_fbmessenger.exceptions import UnknownProviderError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["ExampleRules", "RuleSource", "provider_names", "rules_for", "settings_for"]


@dataclass(frozen=True)
class RuleSource:
    """Where a rule was read: an address, a day, and whether it was read, reported or inferred."""

    url: str
    read: str
    sure: Literal["read", "reported", "inferred"]


@dataclass(frozen=True)
class ExampleRules:
    """What one provider or trainer asks of a file of training examples.

    Attributes:
        provider: The provider's or trainer's name.
        kind: `provider` takes uploads, `trainer` reads files on your machine.
        shape: `messages`, or `prompt_completion` (two lists of messages).
        keys: Keys that a line may have.
        weights: Which messages may carry a weight: `assistant` (0 or 1, OpenAI's format), `every`
            (all must, if one does), `train` (true or false on the assistant's, under that name),
            or `none`.
        trains: What is trained where nothing is weighted: `all` answers, or the `last` only.
        system: `first` for at most one system message, at the head; `any` for no rule.
        first: Who has to speak first after it: the `user`, or `any`.
        alternate: Whether user and assistant must take turns.
        names: Whether a message may carry a name.
        min_examples: Fewest examples of a file.
        max_examples: Most examples of a file.
        max_tokens: Most tokens of an example, or the base model's context.
        max_bytes: Largest file.
        length_setting: The option that says how long a line may be there, where longer ones are
            not refused.
        length_default: Its value where it is not set.
        longer: What becomes of longer lines: `cut` or `dropped`.
        bom: Whether a byte order mark is `required`, `refused` or `tolerated`.
        blank_lines: Whether blank lines between the examples are passed over.
        count_tokens: Counts the tokens of a list of turns. It is asked only where an example has
            more bytes than `max_tokens`, since no token is shorter than a byte.
        sources: Where each rule was read, by its name here.
    """

    provider: str
    kind: Literal["provider", "trainer"] = "provider"
    shape: Literal["messages", "prompt_completion"] = "messages"
    keys: tuple[str, ...] = ("messages",)
    weights: Literal["assistant", "every", "train", "none"] = "assistant"
    trains: Literal["all", "last"] = "all"
    system: Literal["first", "any"] = "any"
    first: Literal["user", "any"] = "any"
    alternate: bool = False
    names: bool = False
    min_examples: int = 1
    max_examples: int | None = None
    max_tokens: int | None = None
    max_bytes: int | None = None
    length_setting: str | None = None
    length_default: int | None = None
    longer: Literal["cut", "dropped"] = "cut"
    bom: Literal["required", "refused", "tolerated"] = "tolerated"
    blank_lines: bool = True
    count_tokens: Callable[[list[Any]], int] | None = None
    sources: dict[str, RuleSource] = field(default_factory=dict, compare=False, repr=False)


# `Optional`, not `|`: msgspec reads the annotations on Python 3.10 too.
class _Rule(msgspec.Struct, forbid_unknown_fields=True, rename={"value": "is", "source": "from"}):
    value: Any
    source: str
    sure: Literal["read", "reported", "inferred"]


class _Source(msgspec.Struct, forbid_unknown_fields=True):
    url: str
    read: str


class _Provider(msgspec.Struct, forbid_unknown_fields=True):
    kind: Literal["provider", "trainer"]
    shape: Optional[_Rule] = None  # noqa: UP045
    keys: Optional[_Rule] = None  # noqa: UP045
    weights: Optional[_Rule] = None  # noqa: UP045
    trains: Optional[_Rule] = None  # noqa: UP045
    system: Optional[_Rule] = None  # noqa: UP045
    first: Optional[_Rule] = None  # noqa: UP045
    alternate: Optional[_Rule] = None  # noqa: UP045
    names: Optional[_Rule] = None  # noqa: UP045
    min_examples: Optional[_Rule] = None  # noqa: UP045
    max_examples: Optional[_Rule] = None  # noqa: UP045
    max_tokens: Optional[_Rule] = None  # noqa: UP045
    max_bytes: Optional[_Rule] = None  # noqa: UP045
    length_setting: Optional[_Rule] = None  # noqa: UP045
    length_default: Optional[_Rule] = None  # noqa: UP045
    longer: Optional[_Rule] = None  # noqa: UP045
    bom: Optional[_Rule] = None  # noqa: UP045
    blank_lines: Optional[_Rule] = None  # noqa: UP045


def rules_for(provider: str) -> ExampleRules:
    """Return the rules of a provider or trainer by its name.

    Raises:
        UnknownProviderError: There is no provider of that name; says which there are.

    Example:
        ```python
        rules = rules_for("together")
        print(rules.alternate, rules.sources["alternate"].url)
        ```
    """
    table = _table()[0]
    if not isinstance(provider, str) or provider not in table:
        raise UnknownProviderError(provider, table)
    return table[provider]


def provider_names() -> list[str]:
    """Return the names of all providers and trainers."""
    return list(_table()[0])


def settings_for(provider: str) -> str | None:
    """Return what else has to be set at a provider or trainer, for a file to mean what it says."""
    rules, settings = _table()
    told = [settings.get(provider), _told_of_length(rules[provider]) if provider in rules else None]
    return " ".join(filter(None, told)) or None


def _told_of_length(rules: ExampleRules) -> str | None:
    """Return how to see to it that lines stay whole, where longer ones are not refused."""
    if rules.length_setting is None:
        return None
    default = f" ({rules.length_default:,} by default)" if rules.length_default else ""
    return (
        f"Set {rules.length_setting}{default} to at least your max_tokens: longer lines are "
        f"{rules.longer} without an error."
    )


@cache
def _table() -> tuple[dict[str, ExampleRules], dict[str, str]]:
    tables = read_table(__package__, "providers.toml", dict[str, Any])
    sources = msgspec.convert(tables.pop("sources"), dict[str, _Source])
    settings = msgspec.convert(tables.pop("settings"), dict[str, str])
    providers = msgspec.convert(tables, dict[str, _Provider])
    return {name: _rules(name, one, sources) for name, one in providers.items()}, settings


def _rules(name: str, provider: _Provider, sources: dict[str, _Source]) -> ExampleRules:
    given = {
        key: rule
        for key in _Provider.__struct_fields__
        if isinstance(rule := getattr(provider, key), _Rule)
    }
    where = {
        key: RuleSource(sources[rule.source].url, sources[rule.source].read, rule.sure)
        for key, rule in given.items()
    }
    values: dict[str, Any] = {
        key: tuple(rule.value) if isinstance(rule.value, list) else rule.value
        for key, rule in given.items()
    }
    return ExampleRules(provider=name, kind=provider.kind, **values, sources=where)
