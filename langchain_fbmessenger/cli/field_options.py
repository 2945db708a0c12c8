"""Options of commands that are fields of a stage: default, least value and help stand there.

The help is a field's docstring. It is read from the stage's file when it is to be shown, as
reading it takes longer than all else that a command does before it starts.
"""

from __future__ import annotations

import ast
import re
import sys
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import typer
from rich.markup import escape
from typer.core import TyperCommand
from typing_extensions import override

if TYPE_CHECKING:
    from pydantic import BaseModel

__all__ = ["FieldCommand", "default_of", "field_docstrings", "option_of"]

_HOUR = timedelta(hours=1)


class _Help(NamedTuple):
    """Where the help of an option stands, and what the command line adds to it."""

    stage: type[BaseModel]
    field: str
    more: str

    def text(self) -> str:
        """Return the docstring of the field, and what is added, as rich takes them."""
        docstring = field_docstrings(self.stage)[self.field]
        return escape(" ".join([*docstring.split(), *self.more.split()]))


_HELP_BY_MARK: dict[str, _Help] = {}


def option_of(
    stage: type[BaseModel], field: str, *flags: str, more: str = "", **settings: Any
) -> Any:
    """Return the option of a command that is a field of a stage.

    Args:
        stage: The stage.
        field: The name of its field.
        flags: The option's flags, where they are not the field's name.
        more: What is added to the field's docstring: what only the command line takes.
        settings: More settings of `typer.Option`. With a `help`, the docstring is not taken.
    """
    mark = f"{stage.__name__}.{field} {more}"
    _HELP_BY_MARK[mark] = _Help(stage, field, more)
    limits = (getattr(limit, "ge", None) for limit in stage.model_fields[field].metadata)
    least = next((limit for limit in limits if limit is not None), None)
    return typer.Option(*flags, **{"help": mark, "min": least, **settings})


def default_of(stage: type[BaseModel], field: str) -> Any:
    """Return the default of a field, a pause as it is typed."""
    default = stage.model_fields[field].get_default(call_default_factory=True)
    return f"{default / _HOUR:g}h" if isinstance(default, timedelta) else default


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
