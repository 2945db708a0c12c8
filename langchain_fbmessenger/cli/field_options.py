"""Options of commands that are fields of a stage, or parameters of a function: declared there.

Default, least value and help are taken from there. The help is a field's docstring, or what the
function's docstring says of the parameter. It is read when it is to be shown: reading a stage's
file takes longer than all else that a command does before it starts.
"""

from __future__ import annotations

import ast
import inspect
import re
import sys
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeGuard

import typer
from pydantic import BaseModel
from rich.markup import escape
from typer.core import TyperCommand
from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["FieldCommand", "default_of", "field_docstrings", "option_of"]

_HOUR = timedelta(hours=1)
_ARGUMENTS = re.compile(r"^Args:\n(.*?)(?:\n\n|\Z)", re.DOTALL | re.MULTILINE)
_ARGUMENT = re.compile(r"^ {4}(\w+): (.*(?:\n {8}.*)*)", re.MULTILINE)


class _Help(NamedTuple):
    """Where the help of an option stands, and what the command line adds to it."""

    source: Callable[..., Any]
    name: str
    more: str

    def text(self) -> str:
        """Return what the docstring says of it, and what is added, as rich takes them."""
        docstring = _docstrings(self.source)[self.name]
        return escape(" ".join([*docstring.split(), *self.more.split()]))


_HELP_BY_MARK: dict[str, _Help] = {}


def option_of(
    source: Callable[..., Any], name: str, *flags: str, more: str = "", **settings: Any
) -> Any:
    """Return the option of a command that is a field of a stage, or a parameter of a function.

    Args:
        source: The stage or function.
        name: The name of its field or parameter.
        flags: The option's flags, where they are not the name.
        more: What is added to the docstring: what only the command line takes.
        settings: More settings of `typer.Option`. With a `help`, the docstring is not taken.
    """
    mark = f"{source.__name__}.{name} {more}"
    _HELP_BY_MARK[mark] = _Help(source, name, more)
    metadata = source.model_fields[name].metadata if _is_stage(source) else []
    limits = (getattr(limit, "ge", None) for limit in metadata)
    least = next((limit for limit in limits if limit is not None), None)
    return typer.Option(*flags, **{"help": mark, "min": least, **settings})


def default_of(source: Callable[..., Any], name: str) -> Any:
    """Return the default of a field or parameter as it is typed: a pause in hours, a list."""
    if _is_stage(source):
        default = source.model_fields[name].get_default(call_default_factory=True)
    else:
        default = inspect.signature(source).parameters[name].default
    if isinstance(default, timedelta):
        return f"{default / _HOUR:g}h"
    return list(default) if isinstance(default, tuple) else default


def _is_stage(source: Callable[..., Any]) -> TypeGuard[type[BaseModel]]:
    return isinstance(source, type) and issubclass(source, BaseModel)


def _docstrings(source: Callable[..., Any]) -> dict[str, str]:
    if _is_stage(source):
        return field_docstrings(source)
    arguments = _ARGUMENTS.search(inspect.getdoc(source) or "")
    return dict(_ARGUMENT.findall(arguments[1])) if arguments else {}


@cache
def field_docstrings(stage: type) -> dict[str, str]:
    """Return the docstrings of a class's fields, by their names; those of our base classes too."""
    found: dict[str, str] = {}
    for base in reversed(stage.__mro__):
        if base.__module__.startswith("langchain_fbmessenger."):
            found |= _own_docstrings(base)
    return found


def _own_docstrings(stage: type) -> dict[str, str]:
    file = sys.modules[stage.__module__].__file__
    tree = ast.parse(Path(file or "").read_text(encoding="utf-8"))
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and node.name == stage.__name__:
            for field, behind in zip(node.body, node.body[1:], strict=False):
                match field, behind:
                    case (
                        ast.AnnAssign(target=ast.Name(id=name)),
                        ast.Expr(value=ast.Constant(value=str(text))),
                    ):
                        found[name] = text
    return found


class FieldCommand(TyperCommand):
    """A command that shows the help of its `option_of` options."""

    @override
    def format_help(self, ctx: Any, formatter: Any) -> None:
        flags = {param.name: param.opts[0] for param in self.params if param.name}
        for param in self.params:
            settings: Any = param
            told = _HELP_BY_MARK.get(settings.help or "")
            if told is not None:
                settings.help = re.sub(r"`(\w+)`", lambda m: flags.get(m[1], m[0]), told.text())
        super().format_help(ctx, formatter)
