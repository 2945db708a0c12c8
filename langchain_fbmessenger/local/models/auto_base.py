"""Local server: `model="auto"`: the largest base of the ladder that this machine can train."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from langchain_fbmessenger._internal.bundled_models import bundled_file
from langchain_fbmessenger.local.models.hub import HubError, HubName, cached_file, is_downloadable
from langchain_fbmessenger.local.models.ladder import LADDER
from langchain_fbmessenger.local.models.memory import measure

if TYPE_CHECKING:
    from collections.abc import Callable

    from langchain_fbmessenger.local.models.ladder import CatalogModel, Precision
    from langchain_fbmessenger.local.models.memory import Memory

_SHARE = 0.85
"""Of the memory; the rest is the system's and whoever else's."""


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
