"""Find identifiers in a text: text goes in, findings come out.

Nearly every message has none, and is let pass after a look for the signs that all of them have.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

from langchain_fbmessenger.exceptions import InvalidOptionError
from langchain_fbmessenger.privacy.findings import IDENTIFIER_KINDS, Finding, without_overlaps
from langchain_fbmessenger.privacy.identifiers.addresses import find_addresses
from langchain_fbmessenger.privacy.identifiers.cards import find_cards
from langchain_fbmessenger.privacy.identifiers.emails import find_emails
from langchain_fbmessenger.privacy.identifiers.fakes import Fakes
from langchain_fbmessenger.privacy.identifiers.ibans import find_ibans
from langchain_fbmessenger.privacy.identifiers.ids import (
    find_documents,
    find_national_ids,
    find_presidio_ids,
)
from langchain_fbmessenger.privacy.identifiers.ips import find_ips
from langchain_fbmessenger.privacy.identifiers.links import find_links
from langchain_fbmessenger.privacy.identifiers.phones import PhoneFinder
from langchain_fbmessenger.privacy.identifiers.plain import may_hold_identifiers, plain
from langchain_fbmessenger.privacy.identifiers.spot import STAYS
from langchain_fbmessenger.privacy.identifiers.tokens import find_tokens

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from langchain_fbmessenger.privacy.identifiers.spot import Spot

__all__ = ["IdentifierFinder", "Style", "find_identifiers"]

Style = Literal["placeholder", "fake"]

_PLACEHOLDERS = {"link": "[token]"}  # of a link, a token is what is replaced
_LONG_NUMBER = re.compile(r"\d(?:\W{0,3}\d){6}")  # seven digits: a phone number has as many
_BANK = re.compile(r"[A-Za-z]{2}[ -]?\d\d[ -]?[A-Za-z0-9]")
_CODE = re.compile(r"\d(?:[ .-]?\d){4}|[A-Z]\d{4}[A-Z]|\d\d[A-Za-z]\d\d[A-Za-z]\d|\w{26}")
_CAPITALS = re.compile(r"[A-Z0-9]{6}")
_TOKEN = re.compile(r"(?<![\w.:-])[\w.:-]{20}")
_DIGIT = re.compile("[0-9]")
_QUAD = re.compile(r"\d\.\d{1,3}\.|:[0-9A-Fa-f]{0,4}:")


class IdentifierFinder:
    """Finds phone numbers, e-mail addresses, cards and the like.

    Args:
        kinds: Which of `IDENTIFIER_KINDS` to find; None for all.
        style: "placeholder" replaces a phone number by "[phone]"; "fake" by an invented one, the
            same for the same number.
        secret: What fakes are derived from.
        regions: Countries whose national phone numbers are read, such as "CZ"; None for those of
            phones.toml.

    Raises:
        MissingExtraError: The extra `[privacy]` is not installed.
        InvalidOptionError: There is no such kind or region.
    """

    def __init__(
        self,
        *,
        kinds: frozenset[str] | None = None,
        style: Style = "placeholder",
        secret: bytes = b"",
        regions: tuple[str, ...] | None = None,
    ) -> None:
        self._kinds = _known_kinds(IDENTIFIER_KINDS if kinds is None else kinds)
        phones = PhoneFinder(regions)
        self._fakes = Fakes(secret, self._is_found) if style == "fake" else None
        # In this order: what stands earlier has what both would take.
        self._finders: list[tuple[set[str], re.Pattern[str], Callable[[str], Iterator[Spot]]]] = [
            ({"link", "id", "phone"}, re.compile("[/=]"), find_links),
            ({"email"}, re.compile("@"), find_emails),
            ({"iban"}, _BANK, find_ibans),
            ({"card"}, _LONG_NUMBER, find_cards),
            ({"ip"}, _QUAD, find_ips),
            ({"id"}, _TOKEN, find_tokens),
            ({"id"}, _LONG_NUMBER, find_national_ids),
            ({"id"}, _CODE, find_presidio_ids),
            ({"id"}, _CAPITALS, find_documents),
            ({"phone"}, _LONG_NUMBER, phones.find),
            ({"address"}, _DIGIT, find_addresses),
        ]
        self._finders = [one for one in self._finders if one[0] & self._kinds]

    def find(self, text: str) -> list[Finding]:
        """Return what was found, in the order of the text, none over another."""
        if may_hold_identifiers(text) is None:
            return []
        ascii_text = plain(text)
        found = [
            Finding(spot.start, spot.end, spot.kind, self._replacement(spot, text))
            for spot in self._spots(ascii_text)
        ]
        return [one for one in without_overlaps(found) if one.kind] if found else found

    def _spots(self, text: str) -> Iterator[Spot]:
        for _, sign, find in self._finders:
            if sign.search(text):
                for spot in find(text):
                    if self._is_own(spot, text):
                        yield spot._replace(kind=STAYS)
                    elif spot.kind in self._kinds or spot.kind == STAYS:
                        yield spot

    def _replacement(self, spot: Spot, text: str) -> str:
        if spot.kind == STAYS:
            return ""
        if self._fakes is None:
            return _PLACEHOLDERS.get(spot.form or spot.kind, f"[{spot.kind}]")
        return self._fakes.of(spot, text[spot.start : spot.end])

    def _is_own(self, spot: Spot, text: str) -> bool:
        """Tell whether a finding is a fake of an earlier run, where its shape does not say so."""
        if self._fakes is None or spot.kind != "address":
            return False
        return self._fakes.is_own_address(text[spot.start : spot.end])

    def _is_found(self, text: str) -> bool:
        return any(spot.kind for spot in self._spots(text))


def find_identifiers(
    text: str, *, kinds: frozenset[str] | None = None, regions: tuple[str, ...] | None = None
) -> list[Finding]:
    """Return the identifiers in a text, for looking at what the stages would replace.

    Args:
        text: Any text.
        kinds: As in `redact_identifiers`.
        regions: As in `redact_identifiers`.

    Returns:
        What was found, in the order of the text.

    Example:
        ```python
        [found] = find_identifiers("mail me: zoe@example.com")
        assert (found.kind, found.replacement) == ("email", "[email]")
        ```
    """
    return IdentifierFinder(kinds=kinds, regions=regions).find(text)


def _known_kinds(kinds: frozenset[str] | tuple[str, ...]) -> frozenset[str]:
    """Return kinds of identifiers.

    Raises:
        InvalidOptionError: There is no such kind.
    """
    unknown = sorted(set(kinds) - set(IDENTIFIER_KINDS))
    if unknown:
        message = f"no such kind: {', '.join(unknown)}. Kinds: {', '.join(IDENTIFIER_KINDS)}"
        raise InvalidOptionError(message)
    return frozenset(kinds)
