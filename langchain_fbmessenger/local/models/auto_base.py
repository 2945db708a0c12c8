"""Choose the base for `model="auto"`: the largest of the ladder that this machine can train.

Memory is measured without torch.
"""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from langchain_fbmessenger._internal.bundled_models import bundled_file
from langchain_fbmessenger.local.models.hub import HubError, HubName, cached_file, is_downloadable
from langchain_fbmessenger.local.models.ladder import LADDER

if TYPE_CHECKING:
    from collections.abc import Callable

    from langchain_fbmessenger.local.models.ladder import CatalogModel, Precision

_SHARE = 0.85
"""Of the memory; the rest is for the system and other programs."""
_CGROUP_ROOT = Path("/sys/fs/cgroup")
_OWN_CGROUP = Path("/proc/self/cgroup")
_NVIDIA = ("nvidia-smi", "--query-gpu=memory.total", "--format=csv,noheader,nounits")
_PATIENCE_SECONDS = 10
_MIB = 1 << 20


@dataclass(frozen=True)
class Choice:
    """A base, and why it is this one."""

    row: CatalogModel
    reason: str


def choose_base() -> Choice:
    """Pick the largest base that fits this machine's memory and is to be had.

    Nothing is downloaded; the hub is asked once, for some seconds at most, if it is needed.
    """
    return pick(measure(), _is_here, _is_to_be_had)


def pick(
    memory: Memory,
    is_here: Callable[[CatalogModel], bool],
    is_to_be_had: Callable[[CatalogModel], bool],
) -> Choice:
    """Pick by what was measured.

    Args:
        memory: What there is to train in.
        is_here: Whether a base lies on this machine.
        is_to_be_had: Whether it can be downloaded; raises HubError if the hub cannot be reached.
    """
    fitting = [row for row in reversed(LADDER) if _fits(row, memory)]
    hub_answers = True
    missed: list[CatalogModel] = []
    for row in fitting:
        if is_here(row):
            return Choice(row, _reason(row, memory, missed, hub_answers=hub_answers))
        try:
            if hub_answers and is_to_be_had(row):
                return Choice(row, _reason(row, memory, missed, hub_answers=True))
        except HubError:
            hub_answers = False
        missed.append(row)
    # Nothing fits, or nothing is to be had: the smallest says itself how it can be installed.
    smallest = LADDER[0]
    missed = [row for row in missed if row is not smallest]
    return Choice(smallest, _reason(smallest, memory, missed, hub_answers=hub_answers))


def _fits(row: CatalogModel, memory: Memory) -> bool:
    if row.asks_consent:
        return False
    if memory.device == "CPU":
        # float32 is what CPUs without bfloat16 units train in.
        return row.hardware == "cpu" and row.train_bytes("f32") <= _SHARE * memory.size
    return row.train_bytes("bf16") <= _SHARE * memory.size


def _is_here(row: CatalogModel) -> bool:
    if row.gguf_repo:
        return cached_file(HubName(row.gguf_repo), row.gguf_file) is not None
    return bundled_file(row.name) is not None


def _is_to_be_had(row: CatalogModel) -> bool:
    return bool(row.gguf_repo) and is_downloadable(row.gguf_repo, row.gguf_file)


def _reason(
    row: CatalogModel, memory: Memory, missed: list[CatalogModel], *, hub_answers: bool
) -> str:
    precision: Precision = "f32" if memory.device == "CPU" else "bf16"
    known = "" if precision == "f32" and row.measured.train_f32 else "about "
    sentence = (
        f"{row.name} was chosen: this machine has {_gb(memory.size)} of {memory.device} memory, "
        f"and its training takes {known}{_gb(row.train_bytes(precision))}."
    )
    if memory.device == "CPU":
        sentence += " Without a GPU, larger ones would train for too long."
    if missed:
        names = ", ".join(other.name for other in missed)
        why = "the hub does not give them" if hub_answers else "the hub cannot be reached"
        sentence += f" These would fit, but are not to be had, as {why}: {names}."
    return sentence


def _gb(count: float) -> str:
    return f"{count / 1e9:.1f} GB"


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
    return [int(text)] if text.isdigit() else []  # "max" means no limit


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
