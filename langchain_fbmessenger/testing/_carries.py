"""List what each variant can hold, so that a test knows what must come back.

All of them carry text, senders, times (as precise as `TIME_PRECISION` says) and the order of
messages, so only the rest is listed. Facts: docs/formats.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from langchain_fbmessenger.testing._html_dates import DATE_PRECISION, USUAL_DATES
from langchain_fbmessenger.testing._options import VARIANTS

if TYPE_CHECKING:
    from langchain_fbmessenger.testing._options import Variant

__all__ = ["CARRIES", "TIME_PRECISION", "Feature"]

Feature = Literal[
    "thread id",  # the folder's or file's name is `Thread.id`
    "title",
    "participants",  # in any order
    "folder",  # if the layout has folders
    "owner",  # a file, a header or the order of the participants names the owner
    "white space",  # tabs, form feeds, runs of blanks and blanks at the ends
    "reactions",
    "attachments",  # their `uri`
    "attachment kinds",
    "share link",
    "share text",
    "system lines",  # Meta's own sentences are there, to be recognised
    "calls",  # a flag says so
    "call durations",
    "unsent",  # a flag says so
]

_DYI: frozenset[Feature] = frozenset(
    {
        "thread id", "title", "participants", "folder", "owner", "white space", "reactions",
        "attachments", "attachment kinds", "share link", "share text", "system lines", "calls",
        "call durations", "unsent",
    }
)  # fmt: skip
_PAGES: frozenset[Feature] = frozenset(
    {
        "thread id", "title", "folder", "reactions", "attachments", "share link", "share text",
        "system lines",
    }
)  # fmt: skip

CARRIES: dict[Variant, frozenset[Feature]] = {
    "A": _DYI,
    "A0": _DYI - {"folder"},
    # A bare link comes back as text. Calls and system lines are not written at all.
    "B": frozenset(
        {
            "title",
            "participants",
            "owner",
            "white space",
            "reactions",
            "attachments",
            "attachment kinds",
            "unsent",
        }
    ),
    # A message has one media address at most; every reaction is a heart without an emoji.
    "D": frozenset(
        {"participants", "white space", "share link", "share text", "system lines", "calls"}
    ),
    # Messages without text are not written.
    "E": frozenset({"title", "participants", "white space", "system lines"}),
    # System lines are not written. The answer for messages names people as `from` and `to` only.
    "F": frozenset({"participants", "white space", "attachments", "share link", "share text"}),
    "F-conversations": frozenset(
        {"participants", "white space", "attachments", "share link", "share text"}
    ),
    "G": _DYI - {"thread id", "participants", "folder"},
    # The participants are the page's only title.
    "H1": frozenset({"participants", "system lines"}),
    "H1-manifest": frozenset({"participants", "system lines"}),
    # Participants of groups only, and not in all exports. A reader cannot tell a shared link from
    # one that the text holds too, nor a shared page from a file outside of the export.
    "H2": _PAGES | {"owner"},
    "H3": _PAGES | {"owner"},
    "H4": _PAGES | {"owner"},
    "I3": _PAGES,
    "I4": _PAGES,
}

# In milliseconds; for pages it follows from the date layout, and this is that of the usual one.
TIME_PRECISION: dict[Variant, int] = dict.fromkeys(VARIANTS, 1) | {
    "A0": 1_000,
    "F": 1_000,
    "F-conversations": 1_000,
    **{variant: DATE_PRECISION[dates] for variant, dates in USUAL_DATES.items()},
}
