"""Show jobs in notebooks: lists as tables, and a progress bar as HTML.

IPython is never imported here: in a notebook it is there already. rich's own way would need
ipywidgets, which many notebooks lack.
"""

from __future__ import annotations

import sys
from datetime import datetime, timezone
from html import escape
from typing import TYPE_CHECKING, Any, TypeVar

from langchain_fbmessenger._internal.shown import html_table
from langchain_fbmessenger._internal.visible_text import visible

if TYPE_CHECKING:
    from collections.abc import Callable

    from openai.types.fine_tuning import FineTuningJobEvent

    from langchain_fbmessenger.fine_tuning.job import FineTuningJob

__all__ = ["EventList", "JobList", "NotebookBar", "in_notebook", "moment"]
_Job = TypeVar("_Job", bound="FineTuningJob")


def in_notebook() -> bool:
    """Say whether this is a notebook's kernel: Jupyter's, Colab's, VS Code's or another one's."""
    ipython: Any = sys.modules.get("IPython")
    shell = ipython.get_ipython() if hasattr(ipython, "get_ipython") else None
    kinds = {kind.__name__ for kind in type(shell).__mro__}
    return getattr(shell, "kernel", None) is not None or "ZMQInteractiveShell" in kinds


class NotebookBar:
    """A bar below a notebook's cell, which is drawn anew with each `show`."""

    def __init__(self) -> None:
        self._done: int | None = None
        self._total: int | None = None
        self._words = "waiting"
        self._update: Callable[[Any], Any] | None = None

    def show(self, done: int | None, total: int | None, words: str) -> None:
        """Draw the bar.

        Args:
            done: Steps that are done.
            total: All that there will be; None where that is not known yet.
            words: What stands beside it.
        """
        self._done, self._total, self._words = done, total, words
        if self._update is not None:
            self._update(self)
            return
        from IPython.display import display  # type: ignore[import-not-found, unused-ignore]

        handle = display(self, display_id=True)
        self._update = handle.update if handle is not None else display

    def __repr__(self) -> str:
        return visible(f"{self._steps()} {self._words}".strip())

    def _repr_html_(self) -> str:
        is_known = self._total is not None and self._done is not None
        values = f' value="{self._done}" max="{self._total}"' if is_known else ""
        return f"<progress{values}></progress> {escape(repr(self))}"

    def _steps(self) -> str:
        return "" if self._total is None else f"{self._done or 0:,}/{self._total:,}"


class JobList(list[_Job]):
    """Jobs, newest first."""

    def _repr_html_(self) -> str:
        rows = (
            (j.id, j.status, moment(j.state.created_at), j.state.model, j.fine_tuned_model or "")
            for j in self
        )
        return html_table("Fine-tuning jobs", rows, ("job", "status", "made", "base", "model"))


class EventList(list["FineTuningJobEvent"]):
    """What has happened to a job, oldest first."""

    def _repr_html_(self) -> str:
        rows = ((moment(event.created_at), event.level, event.message) for event in self)
        return html_table("Events", rows, ("when", "level", "what"))


def moment(seconds: int) -> str:
    """Return a time of a provider's as people read it."""
    return datetime.fromtimestamp(seconds, tz=timezone.utc).strftime("%Y-%m-%d %H:%M UTC")
