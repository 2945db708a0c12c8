"""Which invented name stands for which real one, and what people are called besides."""

from __future__ import annotations

import hashlib
import hmac
import itertools
from collections import Counter
from itertools import islice
from typing import TYPE_CHECKING

from langchain_fbmessenger._internal.names import comparable_name
from langchain_fbmessenger.exceptions import MalformedFileError
from langchain_fbmessenger.privacy.names.detect_language import common_languages, languages_of
from langchain_fbmessenger.privacy.names.forms import forms_of
from langchain_fbmessenger.privacy.names.handles import invented_handle, is_invented_handle
from langchain_fbmessenger.privacy.names.inventor import Inventor
from langchain_fbmessenger.privacy.names.known import known_names
from langchain_fbmessenger.privacy.names.languages import words_in
from langchain_fbmessenger.privacy.names.parts import PARTICLES, has_no_spaces, parts_of
from langchain_fbmessenger.privacy.names.spelling import WORD, fold, in_case_of, name_as_read

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from langchain_fbmessenger._internal.roster import Person
    from langchain_fbmessenger.privacy.names.index import NameIndex
    from langchain_fbmessenger.privacy.names.key_file import KeyFile
    from langchain_fbmessenger.privacy.names.languages import Words
    from langchain_fbmessenger.privacy.names.parts import Part, Role

__all__ = ["Assignments"]

_MOST_LANGUAGES = 4  # a name that more of them share says little of its forms


class Assignments:
    """Invented names for parts of real ones: two parts never share one, two people called Milo do.

    Args:
        key: What has been assigned so far, and is added to.

    Attributes:
        secret: Decides which names are invented.
        people: Everybody, by their comparable name: their name, then former ones.
        unindexed: Comparable names of those who have been added since somebody emptied this.
    """

    def __init__(self, key: KeyFile) -> None:
        self.secret = key.secret_bytes
        self.people: dict[str, list[str]] = {}
        self.unindexed: list[str] = []
        self._former: dict[str, str] = {}
        self._of_part: dict[str, str] = {}
        self._used: set[str] = set()
        self._real: set[str] = set()
        self._made_real: set[str] = set()
        self._languages: dict[str, frozenset[str]] = {}
        self._counts: Counter[str] = Counter()
        self.common_languages: frozenset[str] = frozenset()
        self._seen = (0, 0)  # names and people of the key; it is only ever added to
        self._inventor = Inventor(self.secret, self._is_taken)
        self.update(key)
        for (
            names
        ) in self.people.values():  # of a file that was mended by hand, or other tables made
            for name in names:
                for part in parts_of(name):
                    self._assign(part.text, part.role, name)

    @property
    def languages(self) -> frozenset[str]:
        """All languages that somebody may speak."""
        return frozenset(self._counts)

    def update(self, key: KeyFile) -> None:
        """Take up what a key file holds by now, and write to it from now on.

        Raises:
            MalformedFileError: It is another key by now.
        """
        if key.secret_bytes != self.secret:
            message = "the key file was replaced while it was used: start again with one that stays"
            raise MalformedFileError(message)
        self._key = key
        for part, invented in islice(key.names.items(), self._seen[0], None):
            self._take(part, invented)
        for names in key.people[self._seen[1] :]:
            self._enter(names[0], names[1:])
        self._look_around()

    def knows(self, name: str) -> bool:
        """Tell whether a name is somebody's, or was."""
        comparable = comparable_name(name)
        return comparable in self.people or comparable in self._former

    def has_part(self, part: str) -> bool:
        """Tell whether something has been invented for a part of a name."""
        return fold(part) in self._of_part

    def of_part(self, part: str) -> str:
        """Return what was invented for a part of a name."""
        return self._of_part[fold(part)]

    def reserve(self, names: Iterable[str]) -> None:
        """Let nobody be given one of these names: those whose they are keep them."""
        for name in map(name_as_read, names):
            self._make_real(name, languages_of(name))

    def add_people(self, people: Sequence[Person]) -> None:
        """Invent names for people, and write them into the key."""
        for person in people:
            new = tuple(alias for alias in person.aliases if alias and not self.knows(alias))
            if new or comparable_name(person.name) not in self.people:
                self._enter(person.name, new)
                self._key.people.append((person.name, *new))
        self._look_around()
        for person in people:
            name = name_as_read(person.name)
            own = parts_of(name)
            for part in own:
                self._assign(part.text, part.role, name)
            for alias in map(name_as_read, person.aliases):
                self._assign_former(alias, own)

    def add_nicknames(self, nicknames: Iterable[str]) -> None:
        """Invent names for nicknames of people whom nobody knows."""
        for nickname in map(name_as_read, nicknames):
            self._assign(nickname, "given", "")

    def add_outside(self, part: str, role: Role, languages: frozenset[str]) -> None:
        """Invent a name for a part of the name of somebody outside the export.

        Args:
            part: The part.
            role: Whether it is the person's own or the family's.
            languages: What the text that names them may be in.
        """
        self._assign(part, role, "", languages)

    def add_handle(self, handle: str) -> None:
        """Invent a user name."""
        for count in itertools.count():
            told = f"handle {count} {fold(handle)}".encode("utf-8", "surrogatepass")
            invented = invented_handle(hmac.digest(self.secret, told, hashlib.sha256))
            if not self._is_taken(invented):
                self._write(f"@{handle}", invented)
                return

    def has_handle(self, handle: str) -> bool:
        """Tell whether something has been invented for a user name."""
        return self.has_part(f"@{handle}")

    def of_handle(self, handle: str) -> str:
        """Return what was invented for a user name."""
        return self.of_part(f"@{handle}")

    def invented(self, name: str) -> str:
        """Return the invented name of somebody who is known."""
        comparable = comparable_name(name)
        if comparable not in self.people and comparable in self._former:
            name = self.people[self._former[comparable]][0]
        name = name_as_read(name)
        made, end = [], 0
        for part in parts_of(name):
            made += [name[end : part.start], in_case_of(part.text, self.of_part(part.text))]
            end = part.end
        return "".join([*made, name[end:]])

    def given_name(self, name: str) -> str:
        """Return the invented given name of somebody who is known."""
        comparable = comparable_name(name)
        names = self.people.get(comparable) or self.people[self._former[comparable]]
        parts = parts_of(names[0])
        return self.of_part(next((p for p in parts if p.role == "given"), parts[0]).text)

    def add_to_index(self, index: NameIndex, comparable: str) -> None:
        """Take up a person's names into an index."""
        for name in self.people[comparable]:
            languages = self._spoken(name)
            words = self._words(name)
            found = parts_of(name)
            parts = [part.text for part in found]
            for part in found:
                # What follows a particle is a place or a trade, and a word: "de la Tour".
                is_word = part.role == "family" and _follows_particle(name, part)
                index.add_part(
                    part.text, self.of_part(part.text), languages, words, is_word=is_word
                )
            index.add_whole(parts, [self.of_part(part) for part in parts], languages, words)
            if len(given := [part.text for part in found if part.role == "given"]) > 1:
                index.add_word(given, [self.of_part(part) for part in given], languages)
            if len(all_words := WORD.findall(name)) > len(parts) and not has_no_spaces(name):
                invented = [self.of_part(word) if word in parts else word for word in all_words]
                for start in range(len(all_words) - 1):  # "orourke" and "siobhanorourke"
                    index.add_word(all_words[start:], invented[start:], languages)

    def add_way_back(self, index: NameIndex) -> None:
        """Take up the invented names into an index, the real ones to stand for them."""
        real: dict[str, str] = {}
        theirs: set[str] = set()
        for part, invented in self._key.names.items():
            real.setdefault(invented, part)  # a person's own name comes before former ones
        for names in self.people.values():
            languages, words = self._spoken(names[0]), self._words(names[0])
            parts = [self.of_part(part.text) for part in parts_of(names[0])]
            theirs.update(parts)
            for invented in parts:
                index.add_part(invented, real[invented], languages, words, is_plain=True)
            index.add_whole(parts, [real[one] for one in parts], languages, words, is_plain=True)
        for invented, part in real.items():
            if is_invented_handle(invented):
                continue
            # Of a former name, or of somebody outside, whose language their name has to tell.
            spoken = frozenset() if invented in theirs else self._spoken_outside(part)
            index.add_part(invented, part, spoken, words_in(frozenset()), is_plain=True)

    def handles(self) -> dict[str, str]:
        """Return the real user names by the folded invented ones."""
        return {
            fold(invented): part.removeprefix("@")
            for part, invented in self._key.names.items()
            if is_invented_handle(invented)
        }

    def _is_taken(self, folded: str) -> bool:
        return folded in self._real or folded in self._used

    def _take(self, part: str, invented: str) -> None:
        self._of_part.setdefault(fold(part), invented)
        self._used.add(fold(invented))
        self._real.add(fold(part))

    def _enter(self, name: str, aliases: Iterable[str]) -> None:
        comparable = comparable_name(name)
        names = self.people.setdefault(comparable, [name_as_read(name)])
        for alias in aliases:
            self._former.setdefault(comparable_name(alias), comparable)
            if (read := name_as_read(alias)) not in names:
                names.append(read)
        for one in names:
            if comparable_name(one) not in self._languages:
                languages = languages_of(one)
                self._languages[comparable_name(one)] = languages
                self._counts.update(languages)
        self.unindexed.append(comparable)

    def _make_real(self, name: str, languages: frozenset[str]) -> None:
        for part in parts_of(name):
            self._real.update(fold(form.text) for form in forms_of(part.text, languages))

    def _look_around(self) -> None:
        self._seen = len(self._key.names), len(self._key.people)
        common = common_languages(self._languages.values())
        if common != self.common_languages:
            self.common_languages = common
            self._made_real.clear()
        for comparable in self._languages.keys() - self._made_real:
            self._make_real(comparable, self._spoken(comparable))
        self._made_real |= self._languages.keys()

    def _spoken(self, name: str) -> frozenset[str]:
        """Return the languages whose forms of a person's name are looked for."""
        own = self._languages[comparable_name(name)]
        return self.common_languages | _told_by(own)

    def _spoken_outside(self, part: str) -> frozenset[str]:
        return self.common_languages | _told_by(languages_of(part))

    def _words(self, name: str) -> Words:
        """Return the words of all languages that a person may speak."""
        return words_in(self._languages[comparable_name(name)] | self.common_languages | {"en"})

    def _assign_former(self, alias: str, own: Sequence[Part]) -> None:
        """Let a former name's parts be called as those that have taken their place."""
        for part in (former := parts_of(alias)):
            place = [one for one in former if one.role == part.role].index(part)
            heirs = [one for one in own if one.role == part.role][place:]
            if heirs and not self.has_part(part.text):
                self._write(part.text, self.of_part(heirs[0].text))
            else:
                self._assign(part.text, part.role, alias)

    def _assign(self, part: str, role: Role, name: str, also: frozenset[str] = frozenset()) -> None:
        if not self.has_part(part):
            language = self._language_to_invent_in(part, name, also)
            self._write(part, self._inventor.invent(part, role, language, self._of_part))

    def _write(self, part: str, invented: str) -> None:
        self._key.names[part] = invented
        self._take(part, invented)

    def _language_to_invent_in(self, part: str, name: str, also: frozenset[str]) -> str:
        """Return the language of a name, of its part, or of where it stands, in this order."""
        known = known_names()
        listed = known.languages.get(fold(part), frozenset())
        own = self._languages.get(comparable_name(name), frozenset())
        for languages in (own, listed & (also or self.common_languages), listed, also):
            fitting = [
                one for one in languages if _is_latin(known.given[one][0]) == _is_latin(part)
            ]
            if fitting:
                return max(fitting, key=self._how_likely)
        return ""

    def _how_likely(self, language: str) -> tuple[bool, int, int, str]:
        names = len(known_names().family[language])
        return language == "en", self._counts[language], names, language


def _told_by(languages: frozenset[str]) -> frozenset[str]:
    return languages if 0 < len(languages) <= _MOST_LANGUAGES else frozenset({"en"})


def _follows_particle(name: str, part: Part) -> bool:
    words = WORD.findall(name[: part.start])
    return bool(words) and fold(words[-1]) in PARTICLES


def _is_latin(name: str) -> bool:
    return fold(name)[:1].isascii()
