"""Make the function form of a stage: called with sessions it runs, without it is a Runnable."""

from __future__ import annotations

from functools import wraps
from inspect import Parameter, signature
from typing import TYPE_CHECKING, Any, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from langchain_fbmessenger.sessions.stage import SessionStage

__all__ = ["function_of", "runnable_or_iterator"]

F = TypeVar("F", bound="Callable[..., Any]")
S = TypeVar("S", bound="SessionStage")


def function_of(stage: type[SessionStage], typed: type) -> Callable[[F], F]:
    """Return a decorator that gives the function form of a stage the stage's options.

    An option is declared as a field of the stage, with its default, and for type checkers in a
    typed dict, with all types that it may have. The signature that `help` and notebooks show is
    made of these two; any other option is a TypeError, as with any function.

    Args:
        stage: The stage.
        typed: The typed dict of its options.
    """
    taken = {name: getattr(a, "__forward_arg__", a) for name, a in typed.__annotations__.items()}
    options = [
        Parameter(
            name,
            Parameter.KEYWORD_ONLY,
            default=Parameter.empty
            if field.is_required()
            else field.get_default(call_default_factory=True),
            annotation=taken[name],
        )
        for name, field in stage.model_fields.items()
        if name != "name"
    ]

    def decorate(function: F) -> F:
        own = signature(function)
        given, *_ = own.parameters.values()
        shown = own.replace(parameters=[given, *options])

        @wraps(function)
        def checked(*args: Any, **kwargs: Any) -> Any:
            try:
                shown.bind(*args, **kwargs)
            except TypeError as error:
                message = f"{function.__name__}(): {error}"
                raise TypeError(message) from None
            return function(*args, **kwargs)

        checked.__signature__ = shown  # type: ignore[attr-defined]  # what `inspect` asks for
        return cast("F", checked)

    return decorate


def runnable_or_iterator(stage: S, sessions: Any) -> S | Iterator[Any]:
    """Return an iterator if sessions are given, else the Runnable.

    Raises:
        InvalidInputError: What was given as data is something else.
    """
    return stage if sessions is None else stage.items_of(sessions)
