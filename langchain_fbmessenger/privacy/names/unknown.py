"""Find names of people outside the export, and user names: text goes in, findings come out.

Nobody has told who they are: given names are those of Faker's lists, and a word that is one counts
as a name where the writing says so. What is known of the export's people comes first.
"""

from __future__ import annotations

import re
from bisect import bisect
from itertools import islice
from typing import TYPE_CHECKING, Protocol

from langchain_fbmessenger._internal.scripts import CAPITALS, WITH_CAPITALS
from langchain_fbmessenger.privacy.findings import Finding, without_overlaps
from langchain_fbmessenger.privacy.names.context import Context
from langchain_fbmessenger.privacy.names.evidence import tokens_of
from langchain_fbmessenger.privacy.names.forms import INFLECTED, Form, invented_form
from langchain_fbmessenger.privacy.names.handles import find_handles
from langchain_fbmessenger.privacy.names.languages import language_tables
from langchain_fbmessenger.privacy.names.mentions import Mentions
from langchain_fbmessenger.privacy.names.readings import Sign
from langchain_fbmessenger.privacy.names.spaceless import find_spaceless
from langchain_fbmessenger.privacy.names.spelling import fold, in_case_of, words_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from langchain_fbmessenger.privacy.names.finder import NameFinder
    from langchain_fbmessenger.privacy.names.handles import Handle
    from langchain_fbmessenger.privacy.names.mentions import Mention
    from langchain_fbmessenger.privacy.names.parts import Role
    from langchain_fbmessenger.privacy.names.readings import Reading, Readings

__all__ = ["Inventing", "UnknownNameFinder"]


_CAPITALISED = re.compile(rf"[{CAPITALS}](?<![{WITH_CAPITALS}].)[{WITH_CAPITALS}]*")
_EAST_ASIAN = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3\uf900-\ufaff]")


class Inventing(Protocol):
    """Invents names for people outside the export."""

    def name(self, part: str, role: Role, languages: frozenset[str]) -> str:
        """Return what stands for a part of a name, "" if it is to stay."""

    def handle(self, handle: str) -> str:
        """Return what stands for a user name."""


class UnknownNameFinder:
    """Finds names of known people as before, and names of people outside the export.

    Args:
        known: Finds the names of known people.
        readings: Read words as names.
        inventing: Invents names.
        languages: What the export's people speak, as far as their names tell.
    """

    def __init__(
        self,
        known: NameFinder,
        readings: Readings,
        inventing: Inventing,
        languages: frozenset[str],
    ) -> None:
        self._known = known
        self._readings = readings
        self._inventing = inventing
        self._languages = languages

    def suspects(self, texts: Sequence[str]) -> Iterable[int]:
        """Return the places of all texts: whether one names somebody, it takes a look at each."""
        return range(len(texts))

    def find(self, text: str) -> list[Finding]:
        """Return what was found, in the order of the text, none over another."""
        found = self._known.find(text)
        if self._may_name_somebody(text):
            found = without_overlaps([*found, *self._names(text, found)])
        if not text.isascii() and _EAST_ASIAN.search(text):
            found = without_overlaps([*found, *self._in_spaceless(text)])
        if "@" in text or "\uff20" in text or "/" in text:
            found = self._with_handles(text, found)
        return found

    def _may_name_somebody(self, text: str) -> bool:
        """Tell whether any word of a text can be read as a name; nearly all texts have none."""
        sign_of = self._readings.sign_of
        is_lower = text.islower()
        least = Sign.NAME if is_lower else Sign.TITLE
        for word in words_of(fold(text)):
            if sign_of(word) >= least:
                return True
        return not is_lower and any(sign_of(fold(word)) for word in _CAPITALISED.findall(text))

    def _names(self, text: str, found: Sequence[Finding]) -> Iterator[Finding]:
        context = Context(text, tokens_of(text), self._known, self._languages, found)
        for mention in Mentions(context, self._readings):
            if replacement := self._replacement(mention, context.languages):
                token = mention.token
                particles = text[mention.start : token.start]
                yield Finding(mention.start, token.end, "unknown_name", particles + replacement)

    def _replacement(self, mention: Mention, languages: frozenset[str]) -> str:
        written, reading = mention.token.written, mention.reading
        if reading is None:
            base = written[:1].upper() + (written[1:].lower() if written.isupper() else written[1:])
        else:
            base = reading.base_in(written)
        invented = self._inventing.name(base, mention.role, languages)
        if invented and reading is not None and not reading.is_as_listed:
            form = Form(
                written.casefold(),
                INFLECTED,
                reading.declension,
                reading.ending,
                reading.prefix,
            )
            if _declines_alike(invented, reading):
                invented = invented_form(invented, form, languages)
        return in_case_of(written, invented)

    def _in_spaceless(self, text: str) -> Iterator[Finding]:
        for start, end, role in find_spaceless(text):
            if invented := self._inventing.name(text[start:end], role, frozenset()):
                yield Finding(start, end, "unknown_name", invented)

    def _with_handles(self, text: str, found: list[Finding]) -> list[Finding]:
        handles = []
        for handle in find_handles(text):
            if not _is_covered(handle, found):
                invented = self._inventing.handle(handle.text)
                handles.append(Finding(handle.start, handle.end, "handle", invented))
        # A user name of which only a part is a name tells all the same who it is.
        return without_overlaps([*handles, *found]) if handles else found


def _declines_alike(invented: str, reading: Reading) -> bool:
    """Tell whether an invented name may take the ending that a real one has."""
    if reading.declension is None:
        return True
    language = language_tables()[reading.declension.language]
    return language.declension_of(invented.casefold()) == reading.declension


def _is_covered(handle: Handle, found: Sequence[Finding]) -> bool:
    """Tell whether nothing is left of a user name without what was found."""
    left = {n for n, char in enumerate(handle.text, handle.start) if char.isalnum()}
    first = max(0, bisect(found, handle.start, key=_start_of) - 1)
    for one in islice(found, first, None):
        if one.start >= handle.end:
            break
        left.difference_update(range(one.start, one.end))
    return not left


def _start_of(found: Finding) -> int:
    return found.start
