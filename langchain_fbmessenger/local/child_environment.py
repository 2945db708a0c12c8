"""Local server: the environment of its child processes."""

from __future__ import annotations

import os

from langchain_fbmessenger._own_process import TELEMETRY_OFF
from langchain_fbmessenger.local.python_path import python_path

_SETTINGS = {
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
    return {**TELEMETRY_OFF, **os.environ, **_SETTINGS, "PYTHONPATH": python_path()}
