"""Options in the fields of a class: frozen, and told of in our words where they are wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, ValidationError

from langchain_fbmessenger._internal.names import close_names, did_you_mean
from langchain_fbmessenger.exceptions import InvalidOptionError, MessengerError

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Options", "option_error"]


class Options(BaseModel):
    """Base of what is set up by its fields once and for all: stages, tuners, providers.

    A system prompt or a key is nobody's business, so no error quotes what was given.

    Raises:
        InvalidOptionError: There is no such option, or it has none of its values.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    if not TYPE_CHECKING:  # mypy knows the options by the fields

        def __init__(self, **options: Any) -> None:
            try:
                super().__init__(**options)
            except ValidationError as error:
                raise option_error(error, type(self).model_fields) from None

        def __setattr__(self, option: str, value: Any) -> None:
            try:
                super().__setattr__(option, value)
            except ValidationError as error:  # pydantic quotes what was to be set
                raise option_error(error, type(self).model_fields) from None


def option_error(error: ValidationError, known: Iterable[str] = ()) -> MessengerError:
    """Return an error that says what is wrong with options, without what was given.

    Args:
        error: What pydantic says.
        known: The options that there are.

    Returns:
        An `InvalidOptionError`; if one of another kind was all that was wrong, that one.
    """
    wrongs = error.errors(include_input=False)
    own = wrongs[0].get("ctx", {}).get("error")
    if len(wrongs) == 1 and isinstance(own, MessengerError) and type(own) is not InvalidOptionError:
        return own
    return InvalidOptionError("; ".join(_told(wrong, known) for wrong in wrongs))


def _told(wrong: Any, known: Iterable[str]) -> str:
    option = ".".join(map(str, wrong["loc"]))
    message = str(wrong["msg"]).removeprefix("Value error, ")
    if wrong["type"] == "extra_forbidden":
        return f"{option}: no such option (extra).{did_you_mean(close_names(option, known))}"
    if wrong["type"] != "value_error":
        return f"{option}: {message}"
    return message if not option or option in message else f"{message} ({option})"
