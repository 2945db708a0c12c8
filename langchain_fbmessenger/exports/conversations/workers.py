"""Start, use and end worker processes that read conversations for this one.

They are plain children with two pipes, not `multiprocessing`'s: those import the caller's main
module again, with all that it imports and does, and live on if their parent is killed.
"""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from multiprocessing import spawn
from typing import TYPE_CHECKING, Any

from langchain_fbmessenger.exceptions import WorkerError
from langchain_fbmessenger.exports.conversations.worker import READY

if TYPE_CHECKING:
    from datetime import tzinfo

    from typing_extensions import Self

    from langchain_fbmessenger.exports.conversations.dealing import Answer, Chosen

__all__ = ["Worker", "Workers", "reason_against", "usable_cores"]

_MARK = "LANGCHAIN_FBMESSENGER_WORKER"
_PATIENCE = 120  # seconds for a start; from a slow network drive it takes some
_HERE = "workers=1 reads in this process"


def usable_cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def reason_against(timezone: tzinfo | None) -> str | None:
    """Return why there cannot be workers with this time zone; None if there can."""
    if getattr(sys, "frozen", False) or not spawn.get_executable():
        return "a frozen or embedded Python cannot start others"
    if _MARK in os.environ:
        return "this is a worker, and workers start none"
    try:
        pickle.dumps(timezone)
    except Exception:  # noqa: BLE001 - a class of the user's may raise anything
        return f"a timezone of the class {type(timezone).__name__} cannot be pickled"
    return None


class Worker:
    """A process that reads conversations.

    Attributes:
        waiting: How many chunks were sent and not yet received in full.

    Raises:
        WorkerError: It cannot be started.
    """

    def __init__(self) -> None:
        self.waiting = 0
        self._is_ready = False
        try:
            self._process = subprocess.Popen(  # noqa: S603 - our own module
                _command(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env={**os.environ, _MARK: "1"},
                # Ctrl-C is for this process, which ends its workers.
                start_new_session=True,
                creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
            )
        except OSError as error:
            message = f"a worker process could not be started ({error.strerror}); {_HERE}"
            raise WorkerError(message) from error

    def set_up(self, reader: bytes) -> None:
        """Hand over the pickled reader.

        Raises:
            WorkerError: The process is gone.
        """
        self._send(reader)

    def send(self, chunk: list[Chosen]) -> None:
        """Send conversations to be read.

        Raises:
            WorkerError: The process is gone.
        """
        self._send(pickle.dumps(chunk, pickle.HIGHEST_PROTOCOL))

    def receive(self) -> Answer:
        """Wait for the next conversation.

        Raises:
            WorkerError: The process is gone.
            Exception: The error that was raised in the worker.
        """
        if not self._is_ready:
            self._wait_for_start()
        assert self._process.stdout  # noqa: S101 - a pipe, as asked for
        try:
            received: Any = pickle.load(self._process.stdout)  # noqa: S301 - our own process
        except (EOFError, OSError, pickle.UnpicklingError) as error:
            raise self._error() from error
        if isinstance(received, BaseException):
            raise received
        answer: Answer = received
        return answer

    def kill(self) -> None:
        """Ask the system to end the process at once."""
        with suppress(OSError):
            self._process.kill()

    def end(self) -> None:
        """Wait for the end of the process after it was killed."""
        for pipe in (self._process.stdin, self._process.stdout):
            with suppress(OSError):  # what was not sent yet has nowhere to go
                if pipe is not None:
                    pipe.close()
        self._process.wait()

    def _send(self, pickled: bytes) -> None:
        assert self._process.stdin  # noqa: S101 - a pipe, as asked for
        try:
            self._process.stdin.write(pickled)
            self._process.stdin.flush()
        except OSError as error:
            raise self._error() from error

    def _wait_for_start(self) -> None:
        assert self._process.stdout  # noqa: S101 - a pipe, as asked for
        timer = threading.Timer(_PATIENCE, self.kill)
        timer.daemon = True
        timer.start()
        try:
            self._is_ready = self._process.stdout.read(len(READY)) == READY
        finally:
            timer.cancel()
        if not self._is_ready:
            raise self._error()

    def _error(self) -> WorkerError:
        """Return the error for a process that does not answer."""
        ended = self._process.poll()
        if ended is None:  # it may be about to end, with a status that says more
            with suppress(subprocess.TimeoutExpired):
                ended = self._process.wait(1)
        how = "closed its pipes" if ended is None else f"exit status {ended}"
        if ended is not None and ended < 0:
            with suppress(ValueError):  # a signal that Python has no name for
                how = f"killed by {signal.Signals(-ended).name}"
        advice = f"If memory ran out, take fewer workers; {_HERE}"
        what = "has ended early" if self._is_ready else "could not be started"
        return WorkerError(f"a worker process {what} ({how}). {advice}.")


class Workers:
    """A pool of workers, each started when there is work for it; all end with the context.

    Args:
        most: How many workers there may be.
        reader: The pickled reader.
    """

    def __init__(self, most: int, reader: bytes) -> None:
        self._most = most
        self._reader = reader
        self._started: list[Worker] = []
        self._process = os.getpid()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if os.getpid() != self._process:
            return  # in a fork of this process: the workers are not its children
        for worker in self._started:
            worker.kill()
        for worker in self._started:
            worker.end()

    def has_room(self, chunks: int) -> bool:
        """Return whether a worker has fewer chunks, or one more may be started."""
        return len(self._started) < self._most or any(w.waiting < chunks for w in self._started)

    def least_busy(self) -> Worker:
        """Return the worker that has the fewest chunks."""
        least = min(self._started, key=lambda worker: worker.waiting, default=None)
        if least is not None and (least.waiting == 0 or len(self._started) == self._most):
            return least
        worker = Worker()
        self._started.append(worker)
        worker.set_up(self._reader)
        return worker


def _command() -> list[str]:
    """Return the command line of a worker: of this Python, its options and its search path."""
    path = [entry for entry in sys.path if isinstance(entry, str)]
    code = (
        f"import sys; sys.path[:] = {path!a}; "
        "from langchain_fbmessenger.exports.conversations.worker import main; main()"
    )
    # As multiprocessing and the tests of Python do; with -X utf8, paths are other texts.
    options: list[str] = subprocess._args_from_interpreter_flags()  # type: ignore[attr-defined]  # noqa: SLF001
    return [os.fsdecode(spawn.get_executable()), *options, "-c", code]
