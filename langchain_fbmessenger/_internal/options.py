"""Give classes options as frozen fields, with clear errors for wrong values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, ValidationError

from langchain_fbmessenger._internal.names import close_names, did_you_mean
from langchain_fbmessenger.exceptions import InvalidOptionError, MessengerError

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Options", "option_error"]


class Options(BaseModel):
    """Base class with options as frozen fields: of stages, tuners and providers.

    A system prompt and a key are private, so no error quotes a value that was given.

    Raises:
        InvalidOptionError: There is no such option, or it may not have this value.
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
    """Return an error that says what is wrong with options, without quoting their values.

    Args:
        error: The error of pydantic.
        known: The names of all options.

    Returns:
        An `InvalidOptionError`; or the one error of this package that a validator raised.
    """
    wrongs = error.errors(include_input=False)
    own = wrongs[0].get("ctx", {}).get("error")
    if len(wrongs) == 1 and isinstance(own, MessengerError) and type(own) is not InvalidOptionError:
        return own
    return InvalidOptionError("; ".join(_describe(wrong, known) for wrong in wrongs))


def _describe(wrong: Any, known: Iterable[str]) -> str:
    option = ".".join(map(str, wrong["loc"]))
    message = str(wrong["msg"]).removeprefix("Value error, ")
    if wrong["type"] == "extra_forbidden":
        return f"{option}: no such option (extra).{did_you_mean(close_names(option, known))}"
    if wrong["type"] != "value_error":
        return f"{option}: {message}"
    return message if not option or option in message else f"{message} ({option})"
