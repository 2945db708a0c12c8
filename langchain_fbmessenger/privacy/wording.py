"""How a preview is worded, on a terminal and on its page."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from langchain_fbmessenger.privacy.preview import Preview

__all__ = ["KIND_NAMES", "LEFT_NAMES", "other_lines", "visible"]

KIND_NAMES = {
    "name": "names",
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
_MEDIA_NAMES = {"audio": "voice message", "gif": "GIF"}
_DIRECTIONS = {*map(chr, range(0x202A, 0x202F)), *map(chr, range(0x2066, 0x206A))}


def other_lines(preview: Preview) -> Iterator[str]:
    """Give what else was not touched, a line each: what was not asked for, not read, not seen."""
    if preview.not_asked:
        kinds = ", ".join(KIND_NAMES[kind] for kind in preview.not_asked)
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
    yield "What a text tells of somebody without a name or number stays: a job, an illness, a town."


def visible(text: str) -> str:
    """Return a text without what would steer a terminal or turn a line round; line ends stay."""
    return "".join(
        c if c in "\n\t" or not _steers(c) else "\N{REPLACEMENT CHARACTER}" for c in text
    )


def _steers(character: str) -> bool:
    # Not `str.isprintable`: it would tear emoji apart, whose joints are not printable.
    return unicodedata.category(character) in {"Cc", "Cs"} or character in _DIRECTIONS
