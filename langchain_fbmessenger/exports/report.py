"""Count what a load read and what it left out, and why."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, ClassVar

from langchain_fbmessenger._internal.shown import Shown
from langchain_fbmessenger._internal.visible_text import visible

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["NOT_A_THREAD", "LoadReport"]

NOT_A_THREAD = "not a message thread"
"""The reason for files that exports are full of: settings, indexes and the like."""


@dataclass(repr=False)
class LoadReport(Shown):
    """Counts of what a load has read so far, and of what it has skipped, by reason.

    Every message that was found is either loaded or counted as skipped:
    `messages_read == messages_loaded + sum(messages_skipped.values())`.

    Attributes:
        files_read: Files whose messages were read, or counted where they were not chosen.
        files_skipped: Number of files by reason, such as `broken JSON`.
        skipped_paths: Each skipped file with its reason. Paths hold people's names: they stay in
            this object and are never logged.
        variants: Number of files by format: A, A0, B, D, E, F, G and the HTML generations H1 to
            H4, I3 and I4, as docs/formats.md names them.
        threads_read: Conversations found, their parts joined.
        threads_joined: Threads of other folders, archives and exports that were joined to one of
            these.
        messages_read: Messages found in the files that were read.
        messages_loaded: Messages that were given out.
        messages_skipped: Number of messages by reason, such as `unsent` or `duplicate`.
        system_lines: Number of system lines, by language.
        assumed_zone: The time zone taken for pages that name none; None without such pages.
        unknown_zones: Number of messages by time zones that pages name and that are not known: for
            them, too, `assumed_zone` was taken.
    """

    _figures: ClassVar[tuple[str, ...]] = (
        "files_read",
        "files_skipped",
        "threads_read",
        "messages_read",
        "messages_loaded",
        "messages_skipped",
    )

    files_read: int = 0
    files_skipped: Counter[str] = field(default_factory=Counter)
    skipped_paths: list[tuple[Path, str]] = field(default_factory=list)
    variants: Counter[str] = field(default_factory=Counter)
    threads_read: int = 0
    threads_joined: int = 0
    messages_read: int = 0
    messages_loaded: int = 0
    messages_skipped: Counter[str] = field(default_factory=Counter)
    system_lines: Counter[str] = field(default_factory=Counter)
    assumed_zone: str | None = None
    unknown_zones: Counter[str] = field(default_factory=Counter)

    def skip_file(self, path: Path, reason: str) -> None:
        """Count a file that is left out."""
        self.files_skipped[reason] += 1
        self.skipped_paths.append((path, reason))

    def forget_variant(self, variant: str) -> None:
        """Undo the count of a file by its variant."""
        self.variants[variant] -= 1  # below zero where a worker undoes what another counted
        if not self.variants[variant]:
            del self.variants[variant]

    def skip_messages(self, reason: str, count: int) -> None:
        """Count messages that are left out."""
        if count:
            self.messages_skipped[reason] += count

    def add(self, other: LoadReport) -> None:
        """Add what another part of the load has read and left out."""
        for name in (one.name for one in fields(self)):
            theirs = getattr(other, name)
            if not theirs:
                continue
            mine = getattr(self, name)
            if isinstance(mine, Counter):
                mine.update(theirs)
                setattr(self, name, +mine)
            elif isinstance(mine, list):
                mine += theirs
            else:
                setattr(self, name, mine + theirs)

    def files_lost(self) -> dict[str, int]:
        """Return the skipped files by reason, without those that are a normal part of exports."""
        return {r: n for r, n in self.files_skipped.most_common() if r != NOT_A_THREAD}

    def __str__(self) -> str:
        lines = [
            f"{self.files_read:,} files read with {self.threads_read:,} threads",
            f"{self.messages_read:,} messages found, {self.messages_loaded:,} of them loaded",
        ]
        if self.threads_joined:
            lines.append(f"{self.threads_joined:,} threads joined to others of the same people")
        for what, skipped in (("files", self.files_skipped), ("messages", self.messages_skipped)):
            lines += [
                f"skipped {n:,} {what[:-1] if n == 1 else what}: {reason}"
                for reason, n in skipped.most_common()
            ]
        lines += [
            f"{n:,} {'message' if n == 1 else 'messages'} in a time zone that is not known: {zone}"
            for zone, n in self.unknown_zones.most_common()
        ]
        return "\n".join(map(visible, lines))  # with names of the export's folders
