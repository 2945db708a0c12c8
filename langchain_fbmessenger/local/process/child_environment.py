"""Local server: the environment of its child processes."""

from __future__ import annotations

import os

from langchain_fbmessenger._internal.own_processes import MARK_VARIABLE, TELEMETRY_OFF
from langchain_fbmessenger.local.process.native_log import MARK
from langchain_fbmessenger.local.process.python_path import python_path

UTF8 = {"PYTHONUTF8": "1"}
"""Has a process take names of files for UTF-8, as nearly all are, whatever the locale says."""

_SETTINGS = {
    **UTF8,
    "HF_HUB_OFFLINE": "1",  # the base model is on this machine by now
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "TRANSFORMERS_VERBOSITY": "error",
    "TOKENIZERS_PARALLELISM": "false",
    # Threads that spin while they wait take the cores from whoever else runs, as our llama.cpp:
    # with a second busy process on two cores, 75 tokens/s against 10, and no loss on idle ones.
    "OMP_WAIT_POLICY": "PASSIVE",
}


def child_environment() -> dict[str, str]:
    """Return what children of the server run with: offline, quiet, and reporting to nobody."""
    # What the user has set about telemetry counts; what the children need does not give way.
    own = {"PYTHONPATH": python_path(), MARK_VARIABLE: MARK}
    return {**TELEMETRY_OFF, **os.environ, **_SETTINGS, **own}
