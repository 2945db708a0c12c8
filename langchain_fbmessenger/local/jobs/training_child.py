"""Start the training child, listen to it and end it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import msgspec

from langchain_fbmessenger.local.process.children import child_environment
from langchain_fbmessenger.local.process.home import JobFolder
from langchain_fbmessenger.local.process.logs import copy_in_background
from langchain_fbmessenger.local.training import protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from langchain_fbmessenger.local.training.protocol import Report, TrainingSpec

_MODULE = "langchain_fbmessenger.local.training.train"
_KILL_AFTER_SECONDS = 10.0
_LAST_WORDS_SECONDS = 5.0
_REPEATABLE = {"PYTHONHASHSEED": "0"}  # sets are written to files in one order


class TrainingChild:
    """A running training process."""

    def __init__(self, process: subprocess.Popen[bytes], *, can_pause: bool) -> None:
        self._process = process
        self._can_pause = can_pause

    def reports(self) -> Iterator[Report]:
        """Yield what the child reports, until it ends or is ended."""
        for line in self._process.stdout or ():
            try:
                yield protocol.decode_report(line)
            except msgspec.DecodeError:
                continue  # a library's stray print

    def wait(self) -> int:
        """Return the exit status, negative for a signal."""
        return self._process.wait()

    def pause(self, within: float) -> None:
        """Ask the child to save and end; end it without if it does not in time.

        Args:
            within: Seconds. A step that runs is finished first, which may take that long.
        """
        if not self._can_pause:
            self.terminate()
            return
        with contextlib.suppress(OSError):  # it has ended
            os.write(self._stdin(), protocol.PAUSE)
        self._later(within, self.terminate)

    def terminate(self) -> None:
        """Ask the child to end, and make it if it does not in time."""
        self._process.terminate()
        self._later(_KILL_AFTER_SECONDS, self.kill)

    def kill(self) -> None:
        """End the child at once, with the processes that it has started."""
        if self._process.poll() is None:
            _kill(self._process)

    def _stdin(self) -> int:
        return self._process.stdin.fileno() if self._process.stdin else -1

    def _later(self, seconds: float, act: Callable[[], None]) -> None:
        timer = threading.Timer(seconds, act)
        timer.daemon = True
        timer.start()


@contextmanager
def training_child(spec: TrainingSpec, folder: Path) -> Iterator[TrainingChild]:
    """Run the training of a job; when the block is left, the child is gone.

    Args:
        spec: What to train.
        folder: The job's own; gets spec and log.
    """
    protocol.write_spec(spec, folder)
    processes = spec.compute.processes
    with (
        JobFolder(folder).log.open("a", encoding="utf-8", buffering=1) as log,
        subprocess.Popen(  # noqa: S603  # our own module under our own interpreter
            [sys.executable, "-m", *_launcher(processes), _MODULE, str(folder)],
            stdin=subprocess.PIPE,  # its end tells the child that we are gone
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=folder,
            start_new_session=True,  # Ctrl-C is for the server, which ends it
            env={**child_environment(), **_REPEATABLE, **_gpus(processes)},
        ) as process,
    ):
        # Several processes stop at different steps, so they go on from the last checkpoint.
        child = TrainingChild(process, can_pause=processes == 1)
        assert process.stderr is not None  # noqa: S101  # it is a pipe
        copying = copy_in_background(process.stderr, "training", log.write)
        try:
            yield child
        finally:
            child.kill()
            copying.join(_LAST_WORDS_SECONDS)


def _kill(process: subprocess.Popen[bytes]) -> None:
    if sys.platform == "win32":
        process.kill()
        return
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def _launcher(processes: int) -> list[str]:
    """Return the arguments that start several processes which train together, one per GPU."""
    if processes == 1:
        return []
    shape = ["--num_processes", str(processes), "--num_machines", "1", "--mixed_precision", "no"]
    return ["accelerate.commands.launch", *shape, "--dynamo_backend", "no", "--module"]


def _gpus(processes: int) -> dict[str, str]:
    """Show one process one GPU: Trainer would split each batch over all that it sees."""
    if processes > 1:
        return {}
    return {"CUDA_VISIBLE_DEVICES": os.environ.get("CUDA_VISIBLE_DEVICES", "0").split(",")[0]}
