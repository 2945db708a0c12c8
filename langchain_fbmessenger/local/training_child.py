"""Local server: the training child as the server sees it: start, listen, end."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import msgspec

from langchain_fbmessenger.local import protocol
from langchain_fbmessenger.local.python_path import python_path

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from langchain_fbmessenger.local.protocol import Report, TrainingSpec

LOG_NAME = "training.log"

_KILL_AFTER_SECONDS = 10.0
_ENVIRONMENT = {
    "HF_HUB_OFFLINE": "1",  # the base model is on this machine by now
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "TRANSFORMERS_VERBOSITY": "error",
    "TOKENIZERS_PARALLELISM": "false",
    # Threads that spin while they wait take the cores from whoever else runs, as our llama.cpp:
    # with a second busy process on two cores, 75 tokens/s against 10, and no loss on idle ones.
    "OMP_WAIT_POLICY": "PASSIVE",
    # Several GPUs would make Trainer split each batch over them, which pays for large models only.
    "CUDA_VISIBLE_DEVICES": os.environ.get("CUDA_VISIBLE_DEVICES", "0").split(",")[0],
}


class TrainingChild:
    """A running training process."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

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

    def terminate(self) -> None:
        """Ask the child to end, and make it if it does not in time."""
        self._process.terminate()
        killer = threading.Timer(_KILL_AFTER_SECONDS, self._process.kill)
        killer.daemon = True
        killer.start()


@contextmanager
def training_child(spec: TrainingSpec, folder: Path) -> Iterator[TrainingChild]:
    """Run the training of a job; when the block is left, the child is gone.

    Args:
        spec: What to train.
        folder: The job's own; gets spec and log.
    """
    protocol.write_spec(spec, folder)
    with (
        (folder / LOG_NAME).open("ab") as log,
        subprocess.Popen(  # noqa: S603  # our own module under our own interpreter
            [sys.executable, "-m", "langchain_fbmessenger.local.train", str(folder)],
            stdin=subprocess.PIPE,  # never written to: its end tells the child that we are gone
            stdout=subprocess.PIPE,
            stderr=log,
            cwd=folder,
            env={**os.environ, **_ENVIRONMENT, "PYTHONPATH": python_path()},
        ) as process,
    ):
        try:
            yield TrainingChild(process)
        finally:
            process.kill()
