"""How the command line ends, whatever happens: with a status, and a line where there is news."""

from __future__ import annotations

import errno
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperGroup
from typing_extensions import override

from langchain_fbmessenger.cli.common import errors, say
from langchain_fbmessenger.cli.streams import LostOutputError, visible_streams

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Commands"]

# typer brings its own copy of click, older ones use click itself; both have this base.
_UsageError: type[Any] = typer.BadParameter.__bases__[0]
_ClickError: type[Any] = _UsageError.__bases__[0]

_BROKEN_OFF = 130  # 128 + SIGINT, as a shell has it
_NOBODY_READS = 141  # 128 + SIGPIPE


class Commands(TyperGroup):
    """The commands, which write to streams that show what they are given."""

    @override
    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> Any:
        with visible_streams():
            if standalone_mode:
                sys.exit(self._status(args, prog_name, complete_var, **extra))
            return super().main(args, prog_name, complete_var, standalone_mode=False, **extra)

    def _status(
        self,
        args: Sequence[str] | None,
        prog_name: str | None,
        complete_var: str | None,
        **extra: Any,
    ) -> int:
        """Run a command to its end and return its status."""
        try:
            status = super().main(args, prog_name, complete_var, standalone_mode=False, **extra)
            sys.stdout.flush()
        except _ClickError as error:
            _tell_usage(error)
            status = error.exit_code
        except KeyboardInterrupt:
            status = _BROKEN_OFF
        except typer.Abort:  # nobody answers a question any more
            status = 1
        except LostOutputError as error:  # `| head` has what it wants: that is not an error
            status = _NOBODY_READS if error.errno == errno.EPIPE else 1
            if status == 1:
                with suppress(LostOutputError):
                    say("Error", str(error))
        return status if isinstance(status, int) else 0


def _tell_usage(error: Any) -> None:
    """Say what is wrong with a command line; what was typed may stand in it."""
    if not error.format_message():
        return  # help was asked for by no arguments at all, and is shown
    context = error.__dict__.get("ctx")
    if context is not None:
        errors.print(context.get_usage(), highlight=False, soft_wrap=True)
        errors.print(f"Try '{context.command_path} --help' for help.", highlight=False)
    say("Error", error.format_message())
