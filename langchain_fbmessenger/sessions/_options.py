"""Options of stages that are wrong: pydantic's error goes in, one of the tree comes out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from langchain_fbmessenger._names import close_names, did_you_mean
from langchain_fbmessenger.exceptions import InvalidOptionError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pydantic import ValidationError

__all__ = ["option_error"]


def option_error(error: ValidationError, known: Iterable[str]) -> InvalidOptionError:
    """Return an error that says what is wrong with options, without what was given.

    Args:
        error: What pydantic says.
        known: The options that there are.
    """
    told = [_told(wrong, known) for wrong in error.errors(include_input=False)]
    return InvalidOptionError("; ".join(told))


def _told(wrong: Any, known: Iterable[str]) -> str:
    option = ".".join(map(str, wrong["loc"]))
    message = str(wrong["msg"]).removeprefix("Value error, ")
    if wrong["type"] == "extra_forbidden":
        return f"{option}: no such option (extra).{did_you_mean(close_names(option, known))}"
    if wrong["type"] != "value_error":
        return f"{option}: {message}"
    return message if not option or option in message else f"{message} ({option})"
