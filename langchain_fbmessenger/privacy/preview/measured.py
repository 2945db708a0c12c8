"""How much is found, as it was measured: the one table that docs, previews and `--help` take from.

`tests/benchmarks/privacy_outside.py --write` measures again and writes `measured.toml`.
"""

from __future__ import annotations

import functools
from importlib import resources

import msgspec
import msgspec.toml

__all__ = ["Measured", "Rate", "measured"]


class Rate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many of how many.

    Attributes:
        found: How many were found, or changed.
        of: How many there are.
    """

    found: int
    of: int

    def __str__(self) -> str:
        return f"{self.found / self.of:.0%}" if self.of else "-"


class Measured(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What `unknown_names="replace"` finds in the labelled lines that are held out.

    Attributes:
        recall: Found mentions of people outside the export, by what they are called.
        languages: The same by language, all kinds together.
        precision: Right findings, of all.
        in_vain: Lines in which something was replaced that is nobody's, of those that name nobody
            outside.
    """

    recall: dict[str, Rate]
    languages: dict[str, Rate]
    precision: Rate
    in_vain: Rate

    @property
    def in_words(self) -> str:
        """The figures in a sentence."""
        found = ", ".join(f"{rate} of {what}" for what, rate in self.recall.items())
        per_thousand = 1000 * self.in_vain.found / self.in_vain.of
        return (
            f"Found in lines that were held out: {found}. "
            f"Of 1,000 lines that name nobody outside, {per_thousand:.0f} are changed in vain."
        )


@functools.cache
def measured() -> Measured:
    """Return what was measured last."""
    file = resources.files(__package__) / "measured.toml"
    return msgspec.toml.decode(file.read_bytes(), type=Measured)
