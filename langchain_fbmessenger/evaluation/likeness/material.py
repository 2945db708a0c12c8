"""What likeness is measured on: a persona's later words, their friends' words, models' answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from langchain_fbmessenger._internal.shown import Shown
from langchain_fbmessenger.exceptions import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping, Sequence

__all__ = ["Material", "checked_material"]


@dataclass(frozen=True, repr=False)
class Material(Shown):
    """Texts that likeness is measured on; a text is one answer, its messages joined by newlines.

    Attributes:
        own: What the persona answered, held out of the training.
        conversations: Of each own answer, the conversation that it is from.
        answers: By model, what it answered to the same prompts; None where it failed.
        friends: By person, their turns.
        negatives: What a model that knows nobody answered, to other prompts.
        past: What the persona had written before: what was trained.
        cold: Of each own answer, whether its prompt holds no earlier answer of the persona.
        messages: By friend, how many messages their turns are made of.
    """

    _figures: ClassVar[tuple[str, ...]] = ("own", "answers", "friends", "negatives", "past")

    own: Sequence[str]
    conversations: Sequence[Hashable]
    answers: Mapping[str, Sequence[str | None]]
    friends: Mapping[str, Sequence[str]]
    negatives: Sequence[str] = ()
    past: Sequence[str] = ()
    cold: Sequence[bool] = field(default=())
    messages: Mapping[str, int] = field(default_factory=dict)


def checked_material(  # noqa: PLR0913 - the columns of the material
    answers: Mapping[str, Sequence[str | None]],
    own: Sequence[str],
    friends: Mapping[str, Sequence[str]],
    *,
    conversations: Sequence[Hashable] | None = None,
    negatives: Sequence[str] = (),
    past: Sequence[str] = (),
    cold: Sequence[bool] | None = None,
    messages: Mapping[str, int] | None = None,
) -> Material:
    """Return the material, its texts trimmed and blank ones left out.

    Lines are parted by one newline: stages join messages by one or two, which is no style. Friends
    stand in the order of their names: in whichever order they are given, the same is measured.

    Raises:
        InvalidInputError: A column has another length than `own`, or holds no texts.
    """
    friends = dict(sorted(friends.items(), key=lambda one: str(one[0])))
    for name, column in {
        "own": own,
        "negatives": negatives,
        "past": past,
        **_named(friends),
    }.items():
        _refuse_other_than_texts(name, column)
    groups = list(range(len(own))) if conversations is None else list(conversations)
    begun = [True] * len(own) if cold is None else list(cold)
    columns: dict[str, Sequence[object]] = {"conversations": groups, "cold": begun}
    columns |= _named(answers)
    for name, rows in columns.items():
        if len(rows) != len(own):
            message = f"{name} has {len(rows):,} rows, own has {len(own):,}: one for each answer"
            raise InvalidInputError(message)
    for name, column in _named(answers).items():
        _refuse_other_than_texts(name, [text for text in column if text is not None])
    kept = [row for row, text in enumerate(own) if text.strip()]
    return Material(
        own=[_trimmed(own[row]) for row in kept],
        conversations=[groups[row] for row in kept],
        answers={name: [_answer(given[row]) for row in kept] for name, given in answers.items()},
        friends={name: texts for name, said in friends.items() if (texts := _without_blank(said))},
        negatives=_without_blank(negatives),
        past=_without_blank(past),
        cold=[begun[row] for row in kept],
        messages=dict(messages or {}),
    )


def _named(columns: Mapping[str, Sequence[str | None]]) -> dict[str, Sequence[str | None]]:
    # Names of friends and models stay out of messages: they may be people's.
    return {
        f"column {number} of texts": column for number, column in enumerate(columns.values(), 1)
    }


def _refuse_other_than_texts(name: str, column: object) -> None:
    if isinstance(column, str) or not all(isinstance(text, str) for text in column):  # type: ignore[attr-defined]
        message = f"{name} must be a list of texts"
        raise InvalidInputError(message)


def _answer(text: str | None) -> str | None:
    """Return an answer; one that says nothing is one that the model failed at."""
    return _trimmed(text or "") or None


def _without_blank(texts: Sequence[str]) -> list[str]:
    return [_trimmed(text) for text in texts if text.strip()]


def _trimmed(text: str) -> str:
    # Halves of a character that a model broke off in go where no file or page can hold them.
    whole = text.encode(errors="replace").decode()
    return "\n".join(filter(None, map(str.strip, whole.splitlines())))
