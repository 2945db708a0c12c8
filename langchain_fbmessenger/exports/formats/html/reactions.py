"""Take the lines of a reaction list apart: "❤Zoë Brandt" is a heart, and who gave it.

Nothing stands between the two, and a name may begin with an emoji of its own. So the names of the
page decide first; only for others one emoji is cut off, as Unicode builds emoji (UTS 51).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from langchain_fbmessenger._internal.names import normal_name
from langchain_fbmessenger.exports.records import Reaction

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["ReactionReader"]

# Ranges rather than the property Emoji, which Python's re does not know: digits, "#" and "*" are
# emoji only as keycaps, and letters of any script must not match.
_PICTURE = "[\u00a9\u00ae\u203c-\u2bff\u3030\u303d\u3297\u3299\U0001f000-\U0001faff]"
_CHANGES = "[\ufe0e\ufe0f\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]*"  # variants, skin, flag tags
_EMOJI = re.compile(
    "[\U0001f1e6-\U0001f1ff]{2}"
    "|[0-9#*]\ufe0f?\u20e3"
    f"|{_PICTURE}{_CHANGES}(?:\u200d{_PICTURE}{_CHANGES})*"
)


class ReactionReader:
    """Reads the reaction lines of one page.

    Args:
        names: The people of the page, in normal form.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self._names = sorted(filter(None, names), key=len, reverse=True)
        self._known: dict[str, Reaction | None] = {}  # few people use few emoji

    def read(self, line: str) -> Reaction | None:
        """Return the reaction that a line shows, None if there is no emoji in front."""
        if line not in self._known:
            self._known[line] = self._split(line)
        return self._known[line]

    def _split(self, line: str) -> Reaction | None:
        whole = normal_name(line)
        for name in self._names:
            reaction = whole.removesuffix(name)
            # Letters in front belong to a longer name: "Al" is no actor in "❤Real Al".
            if reaction != whole and reaction and not any(map(str.isalpha, reaction)):
                return Reaction(actor=name, reaction=reaction.strip())
        found = _EMOJI.match(whole)
        if found is None:
            return None
        return Reaction(actor=whole[found.end() :].strip(), reaction=found[0])
