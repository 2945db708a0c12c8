"""Define the options of a written export: variants, layouts, quirks, packaging.

Facts: docs/formats.md, sections 1, 2, 3 and 6.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from datetime import date, tzinfo
    from pathlib import Path

__all__ = [
    "ERAS",
    "LAYOUTS",
    "VARIANTS",
    "DateLayoutName",
    "Encoding",
    "HtmlPages",
    "Layout",
    "LayoutName",
    "Plan",
    "Quirks",
    "Variant",
    "WrittenExport",
    "Zips",
]

Variant = Literal[
    "A", "A0", "B", "D", "E", "F", "F-conversations", "G",
    "H1", "H1-manifest", "H2", "H3", "H4", "I3", "I4",
]  # fmt: skip
LayoutName = Literal[
    "2018", "2018-2022", "2023-2024", "now", "instagram-old", "instagram",
    "e2ee", "e2ee-messages", "hand-made",
]  # fmt: skip
Encoding = Literal["untouched", "raw", "ascii", "raw-mojibake", "half-repaired"]
DateLayoutName = Literal[
    "h1", "us-glued", "us-blank", "us-minutes", "us-comma", "gb", "fr", "cs", "ja"
]

_FACEBOOK_FOLDERS = frozenset(
    {"inbox", "e2ee_cutover", "archived_threads", "filtered_threads", "message_requests"}
)


@dataclass(frozen=True)
class Layout:
    """The folders in which an export keeps its threads.

    `messages` is the folder below the root. A thread stands in one of `folders` below it; in a
    layout without any it stands in `messages` itself, and `Thread.folder` is lost.
    """

    messages: str
    folders: frozenset[str]
    zip_prefix: str

    def folder_of(self, folder: str | None) -> str | None:
        """Return the folder for a thread of a given folder; mostly the same."""
        if not self.folders:
            return None
        return folder if folder in self.folders else "inbox"


LAYOUTS: dict[LayoutName, Layout] = {
    "2018": Layout("messages", frozenset(), "facebook"),
    "2018-2022": Layout("messages", _FACEBOOK_FOLDERS - {"e2ee_cutover"}, "facebook"),
    "2023-2024": Layout("your_activity_across_facebook/messages", _FACEBOOK_FOLDERS, "facebook"),
    "now": Layout("your_facebook_activity/messages", _FACEBOOK_FOLDERS, "facebook"),
    "instagram-old": Layout("messages", frozenset({"inbox", "message_requests"}), "instagram"),
    "instagram": Layout(
        "your_instagram_activity/messages", frozenset({"inbox", "message_requests"}), "instagram"
    ),
    "e2ee": Layout("", frozenset(), "messages"),
    "e2ee-messages": Layout("messages", frozenset(), "messages"),
    "hand-made": Layout("", frozenset({"inbox"}), "chats"),
}

# Each variant with its default layout.
VARIANTS: dict[Variant, LayoutName] = {
    "A": "now",
    "A0": "2018",
    "B": "e2ee",
    "D": "instagram-old",
    "E": "hand-made",
    "F": "hand-made",
    "F-conversations": "hand-made",
    "G": "now",
    "H1": "2018",
    "H1-manifest": "2018",
    "H2": "2018-2022",
    "H3": "2023-2024",
    "H4": "now",
    "I3": "instagram",
    "I4": "instagram",
}


@dataclass(frozen=True)
class Quirks:
    r"""What Meta wrote at some times and not at others (variants A, A0 and G).

    The default is a Facebook export of today. `ERAS` holds those of other years.

    Attributes:
        encoding: `untouched` is what Meta writes: ASCII, each byte of UTF-8 one `\u00xx`. The
            others are what tools make of it: `raw` (repaired, as UTF-8), `ascii` (repaired, with
            real `\uxxxx`), `raw-mojibake` (not repaired, as UTF-8), `half-repaired` (most texts
            repaired, some whole mojibake, reactions still escaped).
        bom: Begin each file with a byte order mark.
        unsent_flags: `is_unsent` and `is_taken_down`, mostly false, on every message (2021-22).
        double_reactions: Each reaction is listed twice (2021-22).
        geoblocked_flags: `is_geoblocked_for_viewer: false` and its sister on every message.
        bumped_metadata: `bumped_message_metadata` with the text once more (2022).
        message_types: `type`, and `users` of group events (to mid-2022).
        thread_types: `thread_type` (to 2023-24).
        ip_addresses: `ip` on messages with media (old Facebook exports).
        reaction_times: `timestamp` of reactions, in seconds (Instagram, 2025).
        magic_words: The thread has one magic word.
        joinable: The thread has a `joinable_mode`, as Instagram's groups have.
    """

    encoding: Encoding = "untouched"
    bom: bool = False
    unsent_flags: bool = False
    double_reactions: bool = False
    geoblocked_flags: bool = False
    bumped_metadata: bool = False
    message_types: bool = False
    thread_types: bool = False
    ip_addresses: bool = False
    reaction_times: bool = False
    magic_words: bool = False
    joinable: bool = False


ERAS: dict[str, Quirks] = {
    "2018": Quirks(message_types=True, thread_types=True, ip_addresses=True),
    "2021": Quirks(message_types=True, thread_types=True, unsent_flags=True, double_reactions=True),
    "2022": Quirks(
        message_types=True,
        thread_types=True,
        unsent_flags=True,
        double_reactions=True,
        bumped_metadata=True,
    ),
    "2023": Quirks(thread_types=True, geoblocked_flags=True),
    "now": Quirks(),
    "instagram-2025": Quirks(geoblocked_flags=True, reaction_times=True, joinable=True),
}


@dataclass(frozen=True)
class HtmlPages:
    """Options of HTML pages (variants H1 to I4).

    Attributes:
        dates: A date layout; None takes the one that is usual for the variant. Minutes are the
            precision of `h1`, `us-minutes`, `us-comma`, `gb` and `fr`, seconds that of the rest.
        zone: The zone of the dates; None is UTC-04:00, or UTC-08:00 for Instagram. Give a
            `ZoneInfo` for dates with summer time.
        narrow_blanks: Write the blank before AM and PM as U+202F.
        participants: Write "Participants: A, B and C" into the first block of groups.
        header: Write "Generated by …" (Facebook's pages from 2018 on have it).
    """

    dates: DateLayoutName | None = None
    zone: tzinfo | None = None
    narrow_blanks: bool = False
    participants: bool = True
    header: bool = True


@dataclass(frozen=True)
class Zips:
    """Options of zip archives.

    Attributes:
        parts: The number of archives over which `packaging="zips"` spreads the files.
        compressed: Deflate the members; else they are stored.
        zip64: Give every member the fields of ZIP64, as archives over 4 GB have them.
    """

    parts: int = 3
    compressed: bool = True
    zip64: bool = False


@dataclass(frozen=True)
class Plan:
    """All options of one call, for the writers."""

    variant: Variant
    layout: Layout
    owner: str | None
    messages_per_part: int
    exported_on: date
    quirks: Quirks = field(default_factory=Quirks)
    html: HtmlPages = field(default_factory=HtmlPages)


@dataclass(frozen=True)
class WrittenExport:
    """The result of writing an export: its paths, files and counts.

    Attributes:
        paths: What to hand to a loader: the export's root, or its zip archives.
        files: Every file in the order of writing; a member of an archive is the archive's path
            with the member's name below it.
        messages: The number of messages written. It is less than what was given where a variant
            has no place for some, such as calls in end-to-end encrypted exports.
        threads: The number of threads written.
    """

    paths: tuple[Path, ...]
    files: tuple[Path, ...]
    messages: int
    threads: int

    @property
    def path(self) -> Path:
        """The only path, for exports that are not spread over several archives.

        Raises:
            ValueError: There are several.
        """
        (path,) = self.paths
        return path
