"""Tell whether a word is a stranger's given name: what the writing says for it, and against."""

from __future__ import annotations

from typing import TYPE_CHECKING

from langchain_fbmessenger.privacy.names.parts import HANGUL
from langchain_fbmessenger.privacy.names.spelling import has_case

if TYPE_CHECKING:
    from collections.abc import Callable

    from langchain_fbmessenger.privacy.names.context import Context
    from langchain_fbmessenger.privacy.names.readings import Reading

__all__ = ["is_given_name"]

_SHORTEST_INFLECTED = 5
_SHORTEST_LOWER = 5  # of a name in lower case that nothing else speaks for
_SHORTEST_LOWER_POINTED_AT = 4
_SHORTEST_SHOUTED = 4
_SHORTEST_UNCASED = 3


def is_given_name(  # noqa: PLR0911 - a case after another
    context: Context, i: int, reading: Reading, has_family_name: Callable[[int], bool]
) -> bool:
    """Tell whether a word of a text is a given name.

    Args:
        context: The text.
        i: The word.
        reading: Of which listed name it would be a form.
        has_family_name: Tells whether a family name follows a word.
    """
    written = context.tokens[i].written
    if not reading.is_as_listed and not _may_be_inflected(context, reading):
        return False
    if context.is_mentioned(i):
        return reading.is_as_listed and not (written.islower() and _is_word(context, i, reading))
    if not has_case(written):
        is_long = len(reading.base) >= _SHORTEST_UNCASED or HANGUL.match(written) is not None
        is_clear = is_long and not _is_word(context, i, reading)
        return is_clear or context.is_behind_a_word_for_people(i) or has_family_name(i)
    if written.islower():
        return _is_in_lower_case(context, i, reading)
    if not context.tokens[i].has_capital:
        return _is_in_capitals(context, i, reading)
    if context.is_called_after(i):
        return False
    is_named = context.is_pointed_at(i) or context.around.is_possessive(i) or has_family_name(i)
    if _has_capital_anyway(context, i, reading):
        return is_named and reading.is_as_listed
    return is_named or _says_its_capital(context, i, reading)


def _may_be_inflected(context: Context, reading: Reading) -> bool:
    if context.fits(reading):
        return True
    is_near = context.is_untold and not reading.is_far_fetched
    return is_near and len(reading.base) >= _SHORTEST_INFLECTED


def _is_word(context: Context, i: int, reading: Reading) -> bool:
    return context.is_word(context.tokens[i].folded) or context.is_word(reading.base)


def _is_in_lower_case(context: Context, i: int, reading: Reading) -> bool:
    folded = context.tokens[i].folded
    if _is_word(context, i, reading) or folded in context.words.before:
        return False
    # The long list of English names, and those of other languages, have too many words for that.
    is_at_home = not reading.languages.isdisjoint(context.languages)
    if not is_at_home or reading.is_far_fetched:
        return False
    is_clear = reading.is_as_listed and len(folded) >= _SHORTEST_LOWER
    return is_clear or (len(folded) >= _SHORTEST_LOWER_POINTED_AT and context.is_pointed_at(i))


def _is_in_capitals(context: Context, i: int, reading: Reading) -> bool:
    is_long = len(context.tokens[i].folded) >= _SHORTEST_SHOUTED
    is_clear = is_long and reading.is_as_listed and context.fits(reading)
    is_due = context.is_shouted or context.is_pointed_at(i)
    return is_clear and is_due and not _is_word(context, i, reading)


def _has_capital_anyway(context: Context, i: int, reading: Reading) -> bool:
    is_latin = "a" <= reading.base[:1] <= "z"
    if is_latin and context.is_german and _is_word(context, i, reading):
        return True
    folded = context.tokens[i].folded
    return context.is_capitalised_word(folded) or context.is_capitalised_word(reading.base)


def _says_its_capital(context: Context, i: int, reading: Reading) -> bool:
    """Tell whether the capital of a word has no other reason, or the word is nothing else."""
    fits = context.fits(reading)
    is_word = _is_word(context, i, reading)
    # "The Soup Council": of the lists beside the languages' own, a word has hardly been a name.
    if is_word and (reading.is_unusual or context.is_behind_an_article(i)):
        return False
    if not context.begins_a_sentence(i):
        return fits or reading.is_as_listed
    if is_word:
        return reading.is_as_listed and context.is_before_a_verb(i)
    if not reading.is_as_listed:
        return len(context.tokens[i].folded) >= _SHORTEST_INFLECTED
    return fits or context.is_before_a_verb(i) or context.around.is_alone(i)
