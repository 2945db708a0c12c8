"""Local server: how much memory this machine has for training, asked for without torch."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import psutil

_CGROUP_ROOT = Path("/sys/fs/cgroup")
_OWN_CGROUP = Path("/proc/self/cgroup")
_NVIDIA = ("nvidia-smi", "--query-gpu=memory.total", "--format=csv,noheader,nounits")
_PATIENCE_SECONDS = 10
_MIB = 1 << 20


@dataclass(frozen=True)
class Memory:
    """Where training would happen, and the bytes there are."""

    device: str
    """`CPU` or `GPU`."""
    size: int


def measure() -> Memory:
    """Return the memory of the GPU that torch would use, else that of this machine."""
    gpu = _gpu_bytes()
    return Memory("GPU", gpu) if gpu else Memory("CPU", _ram_bytes())


def _ram_bytes() -> int:
    """Return what this process may use: a container's limit counts, not its host's memory."""
    total: int = psutil.virtual_memory().total
    return min([total, *_cgroup_limits()])


def _cgroup_limits() -> list[int]:
    """Return the limits of this process's groups and of those around them (Linux only)."""
    try:
        lines = _OWN_CGROUP.read_text().splitlines()
    except OSError:
        return []
    limits = []
    for line in lines:
        _, controllers, group = line.split(":", 2)
        # Version 2 has one tree and an empty list here, version 1 a tree per controller.
        tree = _CGROUP_ROOT / "memory" if "memory" in controllers.split(",") else _CGROUP_ROOT
        name = "memory.max" if controllers == "" else "memory.limit_in_bytes"
        folder = tree / group.lstrip("/")
        for path in (folder, *folder.parents):
            limits += _limit(path / name)
            if path == tree:
                break
    return limits


def _limit(file: Path) -> list[int]:
    try:
        text = file.read_text().strip()
    except OSError:
        return []
    return [int(text)] if text.isdigit() else []  # "max" is none


def _gpu_bytes() -> int:
    """Return the memory of the first NVIDIA GPU, 0 without one or without a torch that uses it."""
    try:
        if metadata.version("torch").endswith("+cpu"):
            return 0
        listed = subprocess.run(  # noqa: S603  # a constant
            _NVIDIA, capture_output=True, text=True, timeout=_PATIENCE_SECONDS, check=True
        ).stdout.split()
    except (OSError, subprocess.SubprocessError, metadata.PackageNotFoundError):
        return 0
    return int(listed[0]) * _MIB if listed and listed[0].isdigit() else 0
