"""Invented names for people outside the export, in the same key file as everybody's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from langchain_fbmessenger.privacy.names.detect_language import languages_of
from langchain_fbmessenger.privacy.names.forms import forms_of
from langchain_fbmessenger.privacy.names.parts import parts_of
from langchain_fbmessenger.privacy.names.readings import Readings
from langchain_fbmessenger.privacy.names.spelling import fold, name_as_read
from langchain_fbmessenger.privacy.names.unknown import UnknownNameFinder

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager

    from langchain_fbmessenger.privacy.names.assignments import Assignments
    from langchain_fbmessenger.privacy.names.finder import NameFinder
    from langchain_fbmessenger.privacy.names.parts import Role

__all__ = ["Outside"]

_MOST_LANGUAGES = 4  # from which on names say little of the language of texts


class Outside:
    """Invents names for people whom texts name and who take part in no chat.

    Args:
        changing: Lets the names be added to.
        names: What has been assigned.
        keep: Names that stay as they are, by their comparable form; may grow.
    """

    def __init__(
        self,
        changing: Callable[[], AbstractContextManager[None]],
        names: Assignments,
        keep: Mapping[str, str],
    ) -> None:
        self._changing = changing
        self._names = names
        self._keep = keep
        self._kept: tuple[int, frozenset[str]] = (0, frozenset())
        self._readings: Readings | None = None

    def finder(self, known: NameFinder) -> UnknownNameFinder:
        """Return a finder of what another finds, and of names of people outside the export."""
        if self._readings is None:
            self._readings = Readings()
        names = self._names
        few = names.languages if len(names.languages) <= _MOST_LANGUAGES else frozenset[str]()
        languages = names.common_languages or few or frozenset({"en"})
        return UnknownNameFinder(known, self._readings, self, languages)

    def name(self, part: str, role: Role, languages: frozenset[str]) -> str:
        """Return what stands for a part of a name, "" if it is to stay."""
        if fold(part) in self._forms_that_stay():
            return ""
        if not self._names.has_part(part):
            with self._changing():
                self._names.add_outside(part, role, languages)
        return self._names.of_part(part)

    def handle(self, handle: str) -> str:
        """Return what stands for a user name."""
        if not self._names.has_handle(handle):
            with self._changing():
                self._names.add_handle(handle)
        return self._names.of_handle(handle)

    def _forms_that_stay(self) -> frozenset[str]:
        if self._kept[0] != len(self._keep):
            forms = frozenset(
                fold(form.text)
                for name in self._keep.values()
                for part in parts_of(name_as_read(name))
                for form in forms_of(part.text, languages_of(name) | self._names.common_languages)
            )
            self._kept = len(self._keep), forms
        return self._kept[1]
