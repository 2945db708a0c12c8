"""A bar for notebooks, which show HTML where a terminal shows letters.

IPython is never imported here: in a notebook it is there already. rich's own way would need
ipywidgets, which many notebooks lack.
"""

from __future__ import annotations

import sys
from html import escape
from typing import TYPE_CHECKING, Any

from langchain_fbmessenger._internal.visible_text import visible

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["NotebookBar", "in_notebook"]


def in_notebook() -> bool:
    """Say whether this is a notebook's kernel: Jupyter's, Colab's, VS Code's or another one's."""
    ipython: Any = sys.modules.get("IPython")
    shell = ipython.get_ipython() if hasattr(ipython, "get_ipython") else None
    kinds = {kind.__name__ for kind in type(shell).__mro__}
    return getattr(shell, "kernel", None) is not None or "ZMQInteractiveShell" in kinds


class NotebookBar:
    """A bar below a notebook's cell, which is drawn anew each time that it is told something."""

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
