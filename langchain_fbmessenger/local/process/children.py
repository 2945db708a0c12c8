"""Give child processes of the server their environment, and paths that they can read.

A path is bytes, which need not be text in any encoding, and Python reads them by the locale, which
need not be the same on both sides. So they are written byte by byte, as in an address (`%FF`).
"""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import quote, unquote_to_bytes

from langchain_fbmessenger._internal.own_processes import MARK_VARIABLE, TELEMETRY_OFF
from langchain_fbmessenger.local.process.logs import MARK

UTF8 = {"PYTHONUTF8": "1"}
"""Has a process take names of files for UTF-8, as nearly all are, whatever the locale says."""

_SETTINGS = {
    **UTF8,
    "HF_HUB_OFFLINE": "1",  # the base model is on this machine by now
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "TRANSFORMERS_VERBOSITY": "error",
    "TOKENIZERS_PARALLELISM": "false",
    # Threads that spin while they wait take the cores from other processes, such as our llama.cpp:
    # with a second busy process on two cores, 75 tokens/s against 10, and no loss on idle ones.
    "OMP_WAIT_POLICY": "PASSIVE",
}


def child_environment() -> dict[str, str]:
    """Return the environment of the server's children: offline, quiet, without telemetry."""
    # What the user has set about telemetry counts; what the children need does not give way.
    own = {"PYTHONPATH": python_path(), MARK_VARIABLE: MARK}
    return {**TELEMETRY_OFF, **os.environ, **_SETTINGS, **own}


def python_path() -> str:
    """Return a PYTHONPATH by which a child finds this very package, then what its parent finds."""
    inherited = os.environ.get("PYTHONPATH")
    package_root = str(Path(__file__).parents[3])
    return f"{package_root}{os.pathsep}{inherited}" if inherited else package_root


def path_to_text(path: object) -> str:
    """Write a path for `path_from_text`, whatever its bytes are."""
    return quote(os.fsencode(str(path)))


def path_from_text(kind: type[Path], text: str) -> Path:
    """Read back what `path_to_text` wrote; its first argument is msgspec's."""
    return kind(os.fsdecode(unquote_to_bytes(text)))


def within(path: Path, root: Path, start: Path | None = None) -> Path:
    """Return a path below the state folder relative to it, others as they are.

    The libraries that train and serve take names in UTF-8 only: the paths that they are given leave
    out what is above the state folder, as only that may be named otherwise.

    Args:
        path: The path.
        root: The state folder.
        start: The folder within it that a relative path is to lead from; `root` if not given.
    """
    return Path(os.path.relpath(path, start or root)) if path.is_relative_to(root) else path
