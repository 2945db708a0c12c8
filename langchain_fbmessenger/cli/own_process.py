"""What the command line does before any command: its process keeps what it reads to itself."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from langsmith import tracing_context  # comes with langchain-core, which traces by it

from langchain_fbmessenger._internal.own_processes import no_core_dumps, switch_off_telemetry

if TYPE_CHECKING:
    import typer

__all__ = ["disable_tracing_and_dumps"]

_OLD_SWITCHES = ("LANGCHAIN_TRACING", "LANGCHAIN_HANDLER")


def disable_tracing_and_dumps(context: typer.Context) -> None:
    """Switch off traces, telemetry and core dumps for as long as the command runs.

    Tracing is often switched on for a whole machine. A chain of somebody's own may be traced as
    they wish; what is typed into `chat` was not meant to be.
    """
    context.with_resource(tracing_context(enabled=False))
    for name in _OLD_SWITCHES:  # langchain-core ends with an error where only they are set
        os.environ.pop(name, None)
    switch_off_telemetry()
    no_core_dumps()
