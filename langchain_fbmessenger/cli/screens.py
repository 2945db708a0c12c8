"""What the commands show: sessions, reports and examples as tables and lines for a terminal."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, cast

from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from langchain_core.chat_sessions import ChatSession

    from langchain_fbmessenger.examples import TrainingExample
    from langchain_fbmessenger.exports import LoadReport

__all__ = ["example_table", "report_lines", "threads_table"]

_PEOPLE_SHOWN = 3
_ROLE_STYLES = {"system": "dim", "user": "cyan", "assistant": "green"}


def threads_table(sessions: Iterable[ChatSession]) -> Table:
    """Return a table with a row per thread; holds one session at a time."""
    table = Table(title="Threads", title_justify="left")
    table.add_column("thread", overflow="fold")
    table.add_column("folder")
    table.add_column("who wrote", overflow="fold")
    table.add_column("messages", justify="right")
    table.add_column("from")
    table.add_column("to")
    for session in sessions:
        thread: dict[str, Any] = cast("dict[str, Any]", session)["thread"]
        messages = session["messages"]
        writers = Counter(m.additional_kwargs["sender"] or "(no name)" for m in messages)
        named = ", ".join(f"{name} {n:,}" for name, n in writers.most_common(_PEOPLE_SHOWN))
        if len(writers) > _PEOPLE_SHOWN:
            named += f" and {len(writers) - _PEOPLE_SHOWN} more"
        table.add_row(
            _plain(thread["title"] or thread["id"]),
            thread["folder"] or "",
            _plain(named),
            f"{len(messages):,}",
            _day(messages[0]),
            _day(messages[-1]),
        )
    return table


def report_lines(report: LoadReport) -> list[str]:
    """Return what was read and what was left out, a line each."""
    return str(report).splitlines()


def example_table(example: TrainingExample) -> Table:
    """Return a training example as a table of its turns."""
    table = Table(title="One training example", title_justify="left", show_header=False)
    table.add_column("role")
    table.add_column("content")
    for turn in example["messages"]:
        style = "dim" if turn.get("weight") == 0 else _ROLE_STYLES[turn["role"]]
        role = turn["role"] + (" (context)" if turn.get("weight") == 0 else "")
        table.add_row(Text(role, style=style), Text(turn["content"], style=style))
    return table


def _plain(name: str) -> Text:
    """Return a name as it is: brackets are no markup, and no control character gets through."""
    return Text("".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in name))


def _day(message: Any) -> str:
    milliseconds = message.additional_kwargs["events"][0]["message_time"]
    try:
        return datetime.fromtimestamp(milliseconds / 1000, tz=timezone.utc).date().isoformat()
    except (OverflowError, ValueError, OSError):
        return "?"  # a time that no calendar has
