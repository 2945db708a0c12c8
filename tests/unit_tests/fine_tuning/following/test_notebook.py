"""In a notebook `job.wait()` draws a bar below the cell; IPython is a stand-in here."""

from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from langchain_fbmessenger.fine_tuning import JobProgress
from langchain_fbmessenger.fine_tuning.following.notebook import in_notebook
from langchain_fbmessenger.fine_tuning.following.progress import show_progress

if TYPE_CHECKING:
    from collections.abc import Callable


class ZMQInteractiveShell:
    """Jupyter's shell, by its name."""


class TerminalInteractiveShell:
    """That of `ipython` on a terminal."""


class Notebook:
    """What a notebook shows: the newest state of each display."""

    def __init__(self) -> None:
        self.drawn: list[str] = []
        self.words: list[str] = []

    def display(self, shown: Any, *, display_id: bool = False) -> Any:
        assert display_id
        self.update(shown)
        return SimpleNamespace(update=self.update)

    def update(self, shown: Any) -> None:
        self.drawn.append(shown._repr_html_())
        self.words.append(repr(shown))


@pytest.fixture
def run_in(
    no_blocking_in_the_loop: None,  # noqa: ARG001 - its order counts
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[[Any], Notebook]:
    """Let IPython be there, with a shell."""

    def running(shell: Any) -> Notebook:
        notebook = Notebook()
        ipython, display = ModuleType("IPython"), ModuleType("IPython.display")
        ipython.get_ipython = lambda: shell  # type: ignore[attr-defined]
        display.display = notebook.display  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "IPython", ipython)
        monkeypatch.setitem(sys.modules, "IPython.display", display)
        return notebook

    return running


@pytest.mark.parametrize(
    ("shell", "is_one"),
    [
        (ZMQInteractiveShell(), True),
        (SimpleNamespace(kernel=object()), True),  # Colab's has another name
        (TerminalInteractiveShell(), False),
        (SimpleNamespace(kernel=None), False),
        (None, False),
    ],
)
def test_a_kernel_is_told_from_a_terminal(
    run_in: Callable[[Any], Notebook], shell: Any, is_one: bool
) -> None:
    run_in(shell)
    assert in_notebook() is is_one


def test_without_ipython_there_is_no_notebook() -> None:
    assert "IPython" not in sys.modules or not in_notebook()


def test_a_wait_draws_one_bar(run_in: Callable[[Any], Notebook]) -> None:
    notebook = run_in(ZMQInteractiveShell())
    with show_progress(None) as show:
        show(JobProgress("validating_files"))
        show(JobProgress("running", 12, 50, 2.314, 2.5, 65))
        show(JobProgress("succeeded", 50, 50, 1.9, None))
    waiting, running, done = notebook.drawn
    assert waiting == "<progress></progress> validating files"
    assert running.startswith('<progress value="12" max="50"></progress> 12/50 running, ')
    assert running.endswith("loss 2.31, validation 2.50, 0:01:05 left")
    assert done == '<progress value="50" max="50"></progress> 50/50 succeeded, loss 1.90'
    assert notebook.words[0] == "validating files"


def test_a_providers_status_is_no_html(run_in: Callable[[Any], Notebook]) -> None:
    notebook = run_in(ZMQInteractiveShell())
    with show_progress(None) as show:
        show(JobProgress("<script>"))
    assert "<script>" not in notebook.drawn[0]


def test_no_bar_where_none_is_wanted(run_in: Callable[[Any], Notebook]) -> None:
    notebook = run_in(ZMQInteractiveShell())
    with show_progress(enabled=False) as show:
        show(JobProgress("running", 1, 2))
    assert notebook.drawn == []


def test_a_terminal_keeps_its_own_bar(
    run_in: Callable[[Any], Notebook], capsys: pytest.CaptureFixture[str]
) -> None:
    notebook = run_in(TerminalInteractiveShell())
    with show_progress(enabled=True) as show:
        show(JobProgress("running", 1, 2))
    assert notebook.drawn == []
    assert "running" in capsys.readouterr().err
