"""Find identifiers in a text: text goes in, findings come out.

Nearly every message has none: what cannot have one is told by a look at many texts at once.
"""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Literal, NamedTuple

from langchain_fbmessenger.exceptions import InvalidOptionError
from langchain_fbmessenger.privacy.findings import (
    IDENTIFIER_KINDS,
    SEPARATOR,
    Finding,
    find_in,
    without_overlaps,
)
from langchain_fbmessenger.privacy.identifiers.address_words import may_hold_addresses
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
from langchain_fbmessenger.privacy.identifiers.links import find_links, find_tokens
from langchain_fbmessenger.privacy.identifiers.phones import PhoneFinder
from langchain_fbmessenger.privacy.identifiers.signs import (
    Sign,
    in_ascii,
    may_hold_identifiers,
    signs_in,
)
from langchain_fbmessenger.privacy.identifiers.spots import STAYS, TAKEN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from langchain_fbmessenger.privacy.identifiers.spots import Spot

__all__ = ["IdentifierFinder", "Style", "find_identifiers"]

Style = Literal["placeholder", "fake"]

_PLACEHOLDERS = {"link": "[token]"}  # of a link, a token is what is replaced
# Signs that only a pattern sees.
_LINK = re.compile(r":/|\.(?:[^\W\d_]{2,24}|\d{1,3})(?::\d+)?[/?#]")
# What presidio's ids have at least: seven digits, or six and a letter, or letters between.
_CODE = re.compile(
    r"\d(?:[ -:]?\d){6}|\d{6}[\w+-]|\d\d ?\d\d ?\d\d ?[A-Da-d]|[A-Z]\d{4}[A-Z]|\w{26}"
    r"|[A-Za-z]{6}\w\w[A-Za-z]\w\w[A-Za-z]\w{3}[A-Za-z]"
)
_DOCUMENT = re.compile(r"[A-Z0-9]{6}|\d{5}")
_RARE_DIGIT = int(Sign.RARE_DIGIT)
_QUAD = re.compile(r"\d\.\d{1,3}\.|:[0-9A-Fa-f]{0,4}:")


class _Part(NamedTuple):
    """What finds identifiers of some kinds, and what a text holds if there are any.

    Attributes:
        kinds: The kinds.
        find: Gives them.
        signs: The least signs; of several, any will do.
        suspects: Tells by a closer look the places of the texts that may hold any; None where
            signs tell enough.
    """

    kinds: set[str]
    find: Callable[[str], Iterator[Spot]]
    signs: tuple[Sign, ...]
    suspects: Callable[[Sequence[str]], Iterable[int]] | None = None


def _parts(phones: PhoneFinder) -> list[_Part]:
    """Return all parts, in this order: what stands earlier has what both would take."""
    number, together = Sign.LONG_NUMBER, Sign.SIX_DIGITS
    capitals = Sign.CAPITALS | Sign.DIGIT
    # What has few digits is all of capitals, or as long as a wallet.
    any_code = (Sign.TWELVE_DIGITS, number, together, capitals, Sign.LONG_WORD)
    return [
        _Part({"link", "id", "phone"}, find_links, (Sign.LINK,), partial(_matching, _LINK)),
        _Part({"ip"}, find_ips, (Sign.DOTS,), partial(_matching, _QUAD)),
        _Part({"email"}, find_emails, (Sign.AT,)),
        _Part({"iban"}, find_ibans, (Sign.IBAN,)),
        _Part({"card"}, find_cards, (number | Sign.TWELVE_DIGITS,)),
        _Part({"id"}, find_tokens, (Sign.LONG_WORD,)),
        _Part({"id"}, find_national_ids, (number, together)),
        _Part({"id"}, find_presidio_ids, any_code, partial(_matching, _CODE)),
        _Part({"id"}, find_documents, (capitals, Sign.FIVE_DIGITS), partial(_matching, _DOCUMENT)),
        _Part({"phone"}, phones.find, (number,)),
        _Part({"address"}, find_addresses, (Sign.DIGIT,), may_hold_addresses),
    ]


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
        self._parts = [part for part in _parts(phones) if part.kinds & self._kinds]
        self._asked: dict[int, list[_Part]] = {}

    def suspects(self, texts: Sequence[str]) -> list[int]:
        """Return the places of the texts that may hold something; the others hold nothing."""
        marked = [place for place, text in enumerate(texts) if may_hold_identifiers(text)]
        looked_at = in_ascii(SEPARATOR.join([texts[place] for place in marked])).split(SEPARATOR)
        alike: dict[int, list[int]] = {}
        for number, signs in enumerate(signs_in(looked_at)):
            alike.setdefault(signs, []).append(number)
        return [
            marked[numbers[place]]
            for signs, numbers in alike.items()
            for place in self._suspects([looked_at[number] for number in numbers], signs)
        ]

    def _suspects(self, texts: list[str], signs: int) -> set[int]:
        """Return the places of the texts, all with the same signs, that may hold something."""
        return {place for part in self._parts_for(signs) for place in _suspects(part, texts, signs)}

    def find(self, text: str) -> list[Finding]:
        """Return what was found, in the order of the text, none over another."""
        if may_hold_identifiers(text) is None:
            return []
        found = [
            Finding(spot.start, spot.end, spot.kind, self._replacement(spot, text))
            for spot in self._spots(in_ascii(text))
        ]
        return [one for one in without_overlaps(found) if one.kind] if found else found

    def _spots(self, text: str) -> Iterator[Spot]:
        left = text  # what one finder has taken, those behind it do not see
        [signs] = signs_in([text])
        for part in self._parts_for(signs):
            if _suspects(part, [left], signs):
                spots = [*self._asked_for(part.find(left), text)]
                yield from spots
                left = _without(left, spots)

    def _parts_for(self, signs: int) -> list[_Part]:
        """Return the parts that may find something in a text, by its signs."""
        if signs not in self._asked:
            self._asked[signs] = [
                part for part in self._parts if any(signs & least == least for least in part.signs)
            ]
        return self._asked[signs]

    def _asked_for(self, spots: Iterator[Spot], text: str) -> Iterator[Spot]:
        for spot in spots:
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


def _suspects(part: _Part, texts: Sequence[str], signs: int) -> Iterable[int]:
    """Return the places of texts in which a part that suits their signs may find something."""
    if part.suspects is None or signs & _RARE_DIGIT:
        return range(len(texts))
    return part.suspects(texts)


def _matching(pattern: re.Pattern[str], texts: Sequence[str]) -> list[int]:
    return [place for place, text in enumerate(texts) if pattern.search(text)]


def _without(text: str, spots: list[Spot]) -> str:
    """Return a text with nothing in the places of spots."""
    if not spots:
        return text
    left = [*text]
    for spot in spots:
        left[spot.start : spot.end] = TAKEN * (spot.end - spot.start)
    return "".join(left)


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
    return find_in(text, [IdentifierFinder(kinds=kinds, regions=regions)])


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
