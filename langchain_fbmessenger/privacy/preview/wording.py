"""How previews put it in words, and how much is found, as it was measured.

Docs, previews and `--help` take what was measured from one table (measured.toml).
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import msgspec
import msgspec.toml

from langchain_fbmessenger._internal.package_tables import read_table
from langchain_fbmessenger._internal.visible_text import visible
from langchain_fbmessenger.privacy.findings import OUTSIDE_KINDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from langchain_fbmessenger.privacy.options import UnknownNames
    from langchain_fbmessenger.privacy.preview.figures import Preview

__all__ = [
    "KIND_NAMES",
    "LEFT_NAMES",
    "MISSED_OUTSIDE",
    "Measured",
    "Rate",
    "measured",
    "other_lines",
    "outside_line",
    "visible",
]


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
        in_vain: Lines in which something was replaced although they name nobody outside, of all
            such lines.
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
            f"Of 1,000 lines that name nobody outside, {per_thousand:.0f} are changed by mistake."
        )


@functools.cache
def measured() -> Measured:
    """Return what was measured last."""
    return read_table(__package__, "measured.toml", Measured)


KIND_NAMES = {
    "name": "names",
    "unknown_name": "names of people outside the export",
    "handle": "user names",
    "phone": "phone numbers",
    "email": "e-mail addresses",
    "card": "payment cards",
    "iban": "bank accounts (IBAN)",
    "ip": "IP addresses",
    "link": "secrets in links",
    "address": "postal addresses",
    "id": "ID numbers",
}
LEFT_NAMES = {
    "word": "words with a capital inside a sentence",
    "number": "runs of five or more digits",
    "mention": "words behind an @",
    "url": "web addresses",
}
MISSED_OUTSIDE = (
    'family names alone (but behind "Dr" and the like), nicknames, names that no list of Faker\'s '
    "holds, names in lower case of languages that nobody there speaks, and names that are words "
    "where a sentence begins"
)
"""What `unknown_names="replace"` does not find."""

_MEDIA_NAMES = {"audio": "voice message", "gif": "GIF"}


def other_lines(preview: Preview) -> Iterator[str]:
    """Give what else was not touched, a line each: what was not asked for, not read, not seen."""
    if not_asked := [kind for kind in preview.not_asked if kind not in OUTSIDE_KINDS]:
        kinds = ", ".join(KIND_NAMES[kind] for kind in not_asked)
        yield f"Not asked for, so they stay: {kinds}."
    if preview.media:
        media = ", ".join(
            f"{n:,} {_MEDIA_NAMES.get(kind, kind)}{'s' * (n != 1)}"
            for kind, n in preview.media.most_common()
        )
        yield f"Not looked at: {media}. Whom they show is not known; a redacted copy has no files."
    off = {
        reason.removeprefix("folder not chosen: "): n
        for reason, n in preview.left_out.most_common()
        if reason.startswith("folder not chosen: ")
    }
    if off:
        folders = ", ".join(f"{folder} ({n:,} messages)" for folder, n in off.items())
        yield f"Off, neither read nor written: {folders}."
    rest = {r: n for r, n in preview.left_out.items() if not r.startswith("folder not chosen: ")}
    if rest:
        reasons = ", ".join(f"{reason} {n:,}" for reason, n in rest.items())
        yield f"Not loaded, so not written either: {reasons}."
    if "name" not in preview.not_asked:
        is_asked = not set(OUTSIDE_KINDS) & set(preview.not_asked)
        yield outside_line("replace" if is_asked else "keep")
    yield "What a text tells of somebody without a name or number stays: a job, an illness, a town."


def outside_line(unknown_names: UnknownNames) -> str:
    """Return what becomes of people whom texts name and who take part in no chat."""
    if unknown_names == "keep":
        return (
            "People who take part in no chat keep their names in texts, and so do all user names "
            "that do not hold a known name: --unknown-names replace looks for them."
        )
    return (
        "Names of people outside the export are not all found. Missed above all: "
        f"{MISSED_OUTSIDE}. {measured().in_words}"
    )
