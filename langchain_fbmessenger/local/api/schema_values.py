"""Check the keywords of a schema that hold no further schema."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from langchain_fbmessenger.local.api import schema_tables as tables
from langchain_fbmessenger.local.api.patterns import PatternError, choices_of

if TYPE_CHECKING:
    from collections.abc import Collection

    from langchain_fbmessenger.local.api.schema_tables import Limit

_LONGEST_WORD = 40


class SchemaError(ValueError):
    """What is wrong with a schema; of the schema itself, only a keyword is quoted, cut short."""


def check_limit(limit: Limit, count: int) -> None:
    """Refuse what is more than a limit allows."""
    if count > limit.most:
        msg = f"this is more than the limit, which is {limit}"
        raise SchemaError(msg)


def check_known(said: Collection[str], known: Collection[str], where: str) -> None:
    """Refuse keywords that an answer would not be held to."""
    for key in said:
        if key not in known:
            word = "".join(filter(str.isprintable, key))[:_LONGEST_WORD]
            usable = ", ".join(sorted(known))
            msg = f"the keyword '{word}' is not supported {where}: only {usable} is"
            raise SchemaError(msg)


def types_of(said: dict[str, Any]) -> list[str]:
    """Return the types that a schema allows; an empty list allows all."""
    if "type" not in said:
        return list({tables.IMPLIED[key]: None for key in said if key in tables.IMPLIED})
    types = said["type"] if isinstance(said["type"], list) else [said["type"]]
    if not types or not all(isinstance(name, str) and name in tables.BY_TYPE for name in types):
        msg = f"'type' must be one of {', '.join(tables.BY_TYPE)}, or a list of them"
        raise SchemaError(msg)
    return types


def check_values(said: dict[str, Any]) -> None:
    """Check the values of lengths, numbers of items, bounds, formats and patterns."""
    for one, other in tables.EXCLUSIVE:
        if one in said and other in said:
            msg = f"'{one}' and '{other}' are not supported together"
            raise SchemaError(msg)
    for key in tables.COUNTS:
        _check_count(key, said.get(key, 0))
    for key in tables.BOUNDS:
        if type(said.get(key, 0)) is not int:
            msg = f"'{key}' must be a whole number: it is supported for integers only"
            raise SchemaError(msg)
    for low, high in (("minItems", "maxItems"), ("minLength", "maxLength"), ("minimum", "maximum")):
        if low in said and high in said and said[low] > said[high]:
            msg = f"'{low}' is larger than '{high}'"
            raise SchemaError(msg)
    if "format" in said and said["format"] not in tables.FORMATS:
        msg = f"of 'format', only {', '.join(tables.FORMATS)} are supported"
        raise SchemaError(msg)
    if "pattern" in said:
        _check_pattern(said["pattern"])


def check_numbers(value: Any) -> None:
    """Refuse numbers that the engine cannot take in, wherever they stand."""
    waiting = [value]
    while waiting:
        found = waiting.pop()
        if isinstance(found, dict):
            waiting += found.values()
        elif isinstance(found, list):
            waiting += found
        elif isinstance(found, int):
            check_limit(tables.NUMBER, abs(found))


def _check_count(key: str, count: Any) -> None:
    if type(count) is not int or count < 0:  # True is an int, but not a count
        msg = f"'{key}' must be a whole number, at least 0"
        raise SchemaError(msg)
    check_limit(tables.COUNT, count)


def _check_pattern(pattern: Any) -> None:
    if not isinstance(pattern, str):
        msg = "'pattern' must be a string"
        raise SchemaError(msg)
    try:
        choices_of(pattern)
    except PatternError as error:
        msg = f"this 'pattern' is not supported: {error}"
        raise SchemaError(msg) from None
