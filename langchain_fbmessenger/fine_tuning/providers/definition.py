"""Check a provider class where it is defined or made, and name what it lacks."""

from __future__ import annotations

from functools import wraps
from inspect import isfunction
from typing import TYPE_CHECKING, Any

from langchain_fbmessenger.examples import ExampleRules
from langchain_fbmessenger.exceptions import InvalidInputError
from langchain_fbmessenger.fine_tuning.connection import Connection
from langchain_fbmessenger.fine_tuning.settings import JobSettings

if TYPE_CHECKING:
    from collections.abc import Callable

    from pydantic import BaseModel

__all__ = ["check_complete", "check_facts", "check_results"]

_REQUIRED = {
    "name": 'name: ClassVar[str] = "…", its name',
    "connection": "connection(), where it is reached",
    "preflight": "preflight(), what it asks of training examples",
}
_RESULTS = {
    "connection": Connection,
    "lazy_connection": Connection,
    "preflight": ExampleRules,
    "base_model": tuple,
    "identity": str,
    "job_body": dict,
    "answering_model": str,
    "base_answering_model": str,
}
_SETTINGS = frozenset(JobSettings.model_fields)


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_bool(value: Any) -> bool:
    return isinstance(value, bool)


def _is_positive(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value > 0


_FACTS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "name": (_is_text, "a text that is not empty"),
    "poll_seconds": (_is_positive, "a number of seconds"),
    "known_settings": (
        lambda value: isinstance(value, set | frozenset) and value <= _SETTINGS,
        f"a set of some of {', '.join(sorted(_SETTINGS))}",
    ),
    "upload_lifetime": (lambda value: value is None or _is_positive(value), "seconds, or None"),
    "checks_files": (_is_bool, "True or False"),
    "keeps_metadata": (_is_bool, "True or False"),
    "filters_jobs": (_is_bool, "True or False"),
    "deletes_jobs": (_is_bool, "True or False"),
    "moves": (_is_bool, "True or False"),
    "tokenize_path": (
        lambda value: value is None or (_is_text(value) and value.startswith("/")),
        "a path such as /tokenize, or None",
    ),
}


def check_facts(cls: type[BaseModel], base: type[BaseModel]) -> None:
    """Check the class facts of a provider class.

    Raises:
        InvalidInputError: One is a field of the instances, or no value that it can have; names it.
    """
    for fact, (is_right, wanted) in _FACTS.items():
        if fact in cls.model_fields:
            message = (
                f"{cls.__name__}.{fact} is a fact of the class, not of its instances: write "
                f"{fact}: ClassVar[{base.__annotations__[fact].removeprefix('ClassVar[')} = …"
            )
            raise InvalidInputError(message)
        if hasattr(cls, fact) and not is_right(getattr(cls, fact)):
            message = f"{cls.__name__}.{fact} must be {wanted}, not {getattr(cls, fact)!r}"
            raise InvalidInputError(message)


def check_results(cls: type[BaseModel]) -> None:
    """Check what the methods return that a provider class defines itself.

    A `return` that was forgotten, or an `async`, becomes an error that names the method.
    """
    for name, kind in _RESULTS.items():
        if isfunction(method := vars(cls).get(name)):
            setattr(cls, name, _giving(kind, f"{cls.__name__}.{name}", method))


def _giving(kind: type, name: str, method: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(method)
    def checked(*args: Any, **options: Any) -> Any:
        found = method(*args, **options)
        if not isinstance(found, kind):
            wanted, got = kind.__name__, type(found).__name__
            message = f"{name}() has to return a {wanted}, not a {got}"
            raise InvalidInputError(message)
        return found

    return checked


def check_complete(cls: type[BaseModel], base: type[BaseModel]) -> None:
    """Check that a provider class has all that is asked of it.

    Raises:
        InvalidInputError: It lacks something; names it.
    """
    abstract: set[str] = set(getattr(cls, "__abstractmethods__", ()))
    missing = [name for name in _REQUIRED if name in abstract or not hasattr(cls, name)]
    missing += sorted(abstract - set(missing))
    if missing:
        told = "; ".join(_REQUIRED.get(name, f"{name}()") for name in missing)
        what = "is to be subclassed" if cls is base else "is no provider yet"
        message = f"{cls.__name__} {what}, it lacks {told}"
        raise InvalidInputError(message)
