"""Which words of a text name people outside the export: what the writing says for it, and against."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from langchain_fbmessenger.privacy.names.evidence import Surroundings, may_begin_a_sentence
from langchain_fbmessenger.privacy.names.languages import common_words, words_in
from langchain_fbmessenger.privacy.names.parts import HANGUL, PARTICLES
from langchain_fbmessenger.privacy.names.readings import MORE_ENGLISH, table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from langchain_fbmessenger.privacy.findings import Finding
    from langchain_fbmessenger.privacy.names.evidence import Place
    from langchain_fbmessenger.privacy.names.finder import NameFinder
    from langchain_fbmessenger.privacy.names.parts import Role
    from langchain_fbmessenger.privacy.names.readings import Reading, Readings

__all__ = ["Mention", "Mentions"]

# Where words are none of a sentence: links, addresses of sites and mail, names of files.
_NOT_WORDS = re.compile(
    r"\S*(?:://|www\.)\S*|\S+@\S+|(?:[\w-]+\.)+(?:com|org|net|eu|info|app|io|me|tv|cz|sk|de|at|ch|fr|es|it|pl|ru|uk|us|"
    r"jpe?g|png|gif|heic|mp[34]|mov|pdf|docx?|xlsx?|zip|html?)\b(?:/\S*)?"
)
_JOINS = re.compile(r"\s|\s?[-\u2010\u2011]\s?")
_BEHIND_TITLE = re.compile(r"\.?[ \xa0]")
_NISBA = re.compile("\u0627\u0644\\w{3,}\u064a")  # "the Egyptian", as families are called
_MOST_PARTS = 4
_MOST_PARTICLES = 3
_SHORTEST_LOWER = 5  # of a name in lower case that nothing else speaks for
_SHORTEST_LOWER_POINTED_AT = 4
_SHORTEST_INFLECTED = 5
_AT_HOME_ELSEWHERE = 2  # the rank of a name inflected in a language that does not have it
_SHORTEST_SHOUTED = 4
_SHORTEST_UNCASED = 3
_FEWEST_IN_TITLE = 4
_MOSTLY = 0.7
_TWO_CASES = ("\u0041", "\u052f")  # Latin, Greek, Cyrillic


class Mention(NamedTuple):
    """A word that is a part of somebody's name.

    Attributes:
        place: The word.
        role: Whether it is the person's own or the family's.
        reading: Of which listed name it is a form; None of one that is in no list.
        start: Where it begins with the particles before it ("van", "de"), which stay.
    """

    place: Place
    role: Role
    reading: Reading | None
    start: int


class Mentions:
    """The names in a text that are nobody's in the export.

    Args:
        text: The text.
        places: Its words.
        known: Finds the names of known people.
        readings: Read words as names.
        languages: What the text is in, or may be.
        found: What is somebody's in the export.
        is_german: Whether any noun may have a capital.
        is_untold: Whether no word says what it is in.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - what is known of a text
        self,
        text: str,
        places: list[Place],
        known: NameFinder,
        readings: Readings,
        languages: frozenset[str],
        found: Sequence[Finding],
        *,
        is_german: bool,
        is_untold: bool,
    ) -> None:
        self._text = text
        self._places = places
        self._known = known
        self._readings = readings
        self._languages = languages
        self._words = words_in(languages | {"en"})
        self._around = Surroundings(text, places, known.index, self._words)
        self._closed = [(one.start, one.end) for one in found]
        self._closed += [match.span() for match in _NOT_WORDS.finditer(text)]
        self._is_german = is_german
        self._is_untold = is_untold
        self._is_titled = _is_titled(places)
        self._is_shouted = text.upper() == text

    def __iter__(self) -> Iterator[Mention]:
        end = 0
        for i, place in enumerate(self._places):
            may_be_one = self._readings.given(place.folded) or self._is_behind_a_title(i)
            if i >= end and may_be_one and self._is_open(i):
                run = self._run(i, end)
                yield from (mention for _, mention in run)
                end = run[-1][0] + 1 if run else end

    def _run(self, i: int, end: int) -> list[tuple[int, Mention]]:
        """Return the name of which a word is the first or the given one.

        Args:
            i: The word.
            end: The word behind the last name.
        """
        reading = self._given(i)
        if reading is None:
            if not self._is_behind_a_title(i):
                return []
            return [*self._mention(i, "family", self._family(i)), *self._behind(i)]
        given = self._mention(i, "given", reading)
        behind = self._behind(i)
        if not behind and i > end and (family := self._family_before(i)) is not None:
            return [*self._mention(i - 1, "family", family), *given]
        return [*given, *behind]

    def _mention(self, i: int, role: Role, reading: Reading | None) -> list[tuple[int, Mention]]:
        return [(i, Mention(self._places[i], role, reading, self._places[i].start))]

    def _is_open(self, i: int) -> bool:
        """Tell whether a word may be a stranger's name: not where something else is already."""
        if not 0 <= i < len(self._places) or self._known.knows(self._places[i].folded):
            return False
        start = self._places[i].start
        return not any(begin <= start < end for begin, end in self._closed)

    # Given names

    def _given(self, i: int) -> Reading | None:
        """Return how a word is a given name; None if it is none."""
        if not self._is_open(i):
            return None
        place = self._places[i]
        readings = self._readings.given(place.folded)
        fitting = [one for one in readings if self._fits(one, place)]
        for reading in fitting or readings[:1]:
            if self._is_given(i, reading, fits=bool(fitting)):
                return reading
        return None

    def _is_given(self, i: int, reading: Reading, *, fits: bool) -> bool:  # noqa: PLR0911
        place, around = self._places[i], self._around
        is_as_listed = reading.is_as_listed
        is_word = self._is_word(place.folded) or self._is_word(reading.base)
        if not is_as_listed and not fits:
            is_long = len(reading.base) >= _SHORTEST_INFLECTED
            if not self._is_untold or not is_long or reading.rank == _AT_HOME_ELSEWHERE:
                return False
        if self._is_mentioned(place):
            return is_as_listed and not (is_word and place.written.islower())
        if not _has_case(place.written):
            is_long = len(reading.base) >= _SHORTEST_UNCASED or HANGUL.match(place.written)
            is_clear = bool(is_long) and not is_word
            return is_clear or self._is_behind_a_word_for_people(i) or self._has_family_name(i)
        is_pointed_at = self._is_behind_a_word_for_people(i) or around.is_spoken_to(i)
        if place.written.islower():
            if is_word or not fits or place.folded in self._words.before:
                return False
            is_long = len(place.folded) >= _SHORTEST_LOWER
            is_known = not reading.languages.isdisjoint(self._languages)
            is_sure = is_known and reading.rank < _AT_HOME_ELSEWHERE
            is_short = len(place.folded) < _SHORTEST_LOWER_POINTED_AT
            return is_sure and not is_short and (is_pointed_at or (is_long and is_as_listed))
        if not place.has_capital:  # in capitals
            is_clear = fits and is_as_listed and len(place.folded) >= _SHORTEST_SHOUTED
            return is_clear and not is_word and (self._is_shouted or is_pointed_at)
        if self._is_called_after(i):
            return False
        is_named = is_pointed_at or around.is_possessive(i) or self._has_family_name(i)
        has_capital_anyway = (is_word and self._is_german) or any(
            map(self._is_capitalised_word, (place.folded, reading.base))
        )
        if has_capital_anyway:
            return is_named and is_as_listed
        if is_named:
            return True
        if not (self._is_titled or may_begin_a_sentence(self._text, place.start)):
            return fits or is_as_listed
        if is_word:
            return self._is_before_a_verb(i) and is_as_listed
        if not is_as_listed:
            return len(place.folded) >= _SHORTEST_INFLECTED
        return fits or self._is_before_a_verb(i) or around.is_alone(i)

    def _fits(self, reading: Reading, place: Place) -> bool:
        """Tell whether a name is one in a language that the text may be in."""
        letter = place.folded[:1]
        if not "a" <= letter <= "z" and not "\u0400" <= letter <= "\u052f":
            return True  # scripts of few languages
        if MORE_ENGLISH in reading.languages and "en" in self._languages:
            return True
        return not reading.languages.isdisjoint(self._languages)

    def _is_word(self, folded: str) -> bool:
        unknown = table()
        return (
            folded in unknown.words
            or folded in unknown.capitalised
            or folded in self._words.ordinary
            or folded in self._words.capitalised
            or folded in common_words()
        )

    def _is_capitalised_word(self, folded: str) -> bool:
        return folded in table().capitalised or folded in self._words.capitalised

    def _is_before_a_verb(self, i: int) -> bool:
        return self._around.is_before_a_verb(i) or (
            i + 1 < len(self._places)
            and self._places[i + 1].folded in table().verbs
            and self._around.gap(i + 1).isspace()
        )

    def _is_called_after(self, i: int) -> bool:
        """Tell whether a saint, a street or a house is meant that has somebody's name."""
        places = self._places
        j = i
        while j > 0 and self._around.gap(j) in {" ", "-"}:
            j -= 1
            if places[j].folded in table().places:
                return True
            if not places[j].has_capital:
                break
        j = i
        while j + 1 < len(places) and j - i < _MOST_PARTS and self._joins(j, j + 1):
            j += 1
            if places[j].folded in table().behind_places:
                return True
        return False

    def _is_mentioned(self, place: Place) -> bool:
        return place.start > 0 and self._text[place.start - 1] in "@\uff20"

    def _is_behind_a_word_for_people(self, i: int) -> bool:
        return self._around.is_behind_a_word_for_people(i) or self._is_behind_a_title(i)

    # Family names

    def _has_family_name(self, i: int) -> bool:
        return bool(self._behind(i, listed=True))

    def _behind(self, i: int, *, listed: bool = False) -> list[tuple[int, Mention]]:
        """Return the names that follow a name: further given names, the family's."""
        run: list[tuple[int, Mention]] = []
        last = i
        while len(run) < _MOST_PARTS:
            j = last + 1
            while j < len(self._places) and self._is_particle(j) and j - last <= _MOST_PARTICLES:
                j += 1
            if not self._is_open(j) or not self._joins(last, j):
                break
            part = self._part_behind(last, j, listed=listed)
            if part is None:
                break
            run.append((j, part._replace(start=self._places[last + 1].start)))
            last = j
        return run

    def _is_particle(self, i: int) -> bool:
        place = self._places[i]
        is_within = self._text[self._places[i - 1].end : place.start] in {" ", "'", "\u2019"}
        return (
            place.folded in PARTICLES
            and is_within
            and place.folded not in {"and", "y", "e", "i", "a"}
        )

    def _joins(self, i: int, j: int) -> bool:
        if j == i + 1:
            return _JOINS.fullmatch(self._around.gap(j)) is not None
        between = self._text[self._places[j - 1].end : self._places[j].start]
        return between in {" ", "'", "\u2019", "-"}

    def _part_behind(self, i: int, j: int, *, listed: bool) -> Mention | None:
        place = self._places[j]
        is_hyphened = j == i + 1 and not self._around.gap(j).isspace()
        family, given = self._family(j), self._readings.given(place.folded)
        if place.written.islower():
            was_lower = self._places[i].written.islower()
            is_sure = was_lower and family is not None and family.is_as_listed
            if not is_sure or self._is_word(place.folded) or not self._fits(family, place):
                return None
            return Mention(place, "family", family, place.start)
        if not _has_case(place.written):
            is_name = family is not None and not self._is_word(place.folded)
            is_name = is_name or _NISBA.fullmatch(place.folded) is not None
            return Mention(place, "family", family, place.start) if is_name else None
        if len(place.written) == 1 or place.written.isupper() != self._places[i].written.isupper():
            return None
        if self._is_capitalised_word(place.folded) and family is None:
            return None
        if family is not None:
            return Mention(place, "family", family, place.start)
        if given and not self._is_word(place.folded):
            return Mention(place, "given", given[0], place.start)
        if listed or self._is_common(place.folded):
            return None
        # Where nouns have no capital, a word behind a name has it for being one, too: "Petit".
        is_likely = place.folded.endswith(table().family_endings)
        needs_more = self._is_german or (self._is_titled and self._is_word(place.folded))
        return Mention(place, "family", None, place.start) if is_likely or not needs_more else None

    def _family(self, i: int) -> Reading | None:
        place = self._places[i]
        readings = self._readings.family(place.folded)
        fitting = [one for one in readings if self._fits(one, place)]
        return next((one for one in fitting or readings if one.is_as_listed), None) or next(
            iter(fitting), None
        )

    def _is_common(self, folded: str) -> bool:
        words = self._words
        return (
            folded in words.greetings
            or folded in words.verbs
            or folded in words.before
            or folded in table().verbs
            or folded in common_words()
        )

    def _family_before(self, i: int) -> Reading | None:
        """Return the family name that stands before a given one, if one does."""
        place = self._places[i - 1]
        if not (self._is_open(i - 1) and place.has_capital and self._places[i].has_capital):
            return None
        if self._around.gap(i) != " " or self._is_word(place.folded):
            return None
        family = self._family(i - 1)
        return family if family is not None and family.is_as_listed else None

    def _is_behind_a_title(self, i: int) -> bool:
        """Tell whether a title stands before a word with a capital."""
        place = self._places[i]
        if i == 0 or self._places[i - 1].folded not in table().titles:
            return False
        if _BEHIND_TITLE.fullmatch(self._around.gap(i)) is None or len(place.written) == 1:
            return False
        if place.folded in table().not_behind_titles or place.folded in table().titles:
            return False
        if not _has_case(place.written):
            return True
        return place.has_capital and place.folded not in common_words()


def _has_case(written: str) -> bool:
    return written[0].lower() != written[0].upper()


def _is_titled(places: Sequence[Place]) -> bool:
    """Tell whether nearly all words of a text have a capital, as headlines have."""
    words = [place for place in places if len(place.written) > 1]
    capitals = sum(place.has_capital for place in words)
    return len(words) >= _FEWEST_IN_TITLE and capitals >= _MOSTLY * len(words)
