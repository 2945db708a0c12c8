"""Hold each persona's model against each person: a model must sound like its own persona most."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from langchain_fbmessenger._internal.shown import Shown, html_table
from langchain_fbmessenger.evaluation.likeness.evaluate import aevaluate, evaluate
from langchain_fbmessenger.exceptions import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from langchain_core.chat_sessions import ChatSession
    from langchain_core.runnables import Runnable

    from langchain_fbmessenger.evaluation.likeness.report import LikenessReport
    from langchain_fbmessenger.examples import TrainingExample

__all__ = ["LikenessMatrix", "PersonaMaterial", "acompare_personas", "compare_personas"]


@dataclass(frozen=True, repr=False)
class PersonaMaterial(Shown):
    """One person, as `evaluate` takes them.

    Attributes:
        validation: Held-out examples of theirs.
        references: Their chat sessions, or their friends' texts by name.
        train: What their model was trained on.
    """

    validation: Iterable[TrainingExample]
    references: Mapping[str, Iterable[str]] | Iterable[ChatSession]
    train: Iterable[TrainingExample] = ()


@dataclass(frozen=True, repr=False)
class LikenessMatrix(Shown):
    """Where each model stands between each person's friends (0) and that person (1).

    Attributes:
        reports: By person, the report on all models.
    """

    _figures: ClassVar[tuple[str, ...]] = ("reports",)

    reports: Mapping[str, LikenessReport]

    @property
    def voice(self) -> dict[str, dict[str, float | None]]:
        """By person and model, the place of the model on that person's line."""
        return {
            person: {one.name: one.voice and one.voice.p for one in report.models}
            for person, report in self.reports.items()
        }

    @property
    def diagonal_wins(self) -> bool:
        """Whether each person's own model stands highest on that person's line."""
        return not list(self._beaten())

    def _beaten(self) -> Iterator[str]:
        """Give the persons whose own model does not stand highest."""
        for person, places in self.voice.items():
            own = places.get(person)
            others = [p for name, p in places.items() if name != person and p is not None]
            if own is None or any(not own > p for p in others):
                yield person

    def to_dict(self) -> dict[str, Any]:
        """Return the places, for JSON."""
        return {"voice": self.voice, "diagonal_wins": self.diagonal_wins}

    def _repr_html_(self) -> str:
        head = ("person", *next(iter(self.voice.values()), {}))
        return html_table("LikenessMatrix", self._cells(), head)

    def __str__(self) -> str:
        head = ["", *next(iter(self.voice.values()), {})]
        rows = [head, *map(list, self._cells())]
        widths = [max(len(row[at]) for row in rows) for at in range(len(head))]
        lines = ["  ".join(map(str.rjust, row, widths)).rstrip() for row in rows]
        beaten = list(self._beaten())
        told = f"beaten: {', '.join(beaten)}" if beaten else "each model is likest to its person"
        return "\n".join([*lines, told])

    def _cells(self) -> Iterator[tuple[str, ...]]:
        for person, places in self.voice.items():
            yield (person, *("-" if p is None else f"{p:.2f}" for p in places.values()))


def compare_personas(
    models: Mapping[str, Runnable[Any, Any]],
    people: Mapping[str, PersonaMaterial | Sequence[Any]],
    **options: Any,
) -> LikenessMatrix:
    """Ask each persona's model what each person was asked: the wrong-person control.

    A model that stands high on every line has learned to chat, and no voice.

    Args:
        models: By the person whose model it is, chat models or other Runnables as `evaluate` takes.
        people: By person, the held-out examples, the sessions and the training examples.
        **options: As `evaluate` takes, such as `limit=100`.

    Returns:
        The places, a line for each person.

    Raises:
        InvalidInputError: A model is named as none of the people, or as `evaluate`.

    Example:
        ```python
        people = {"Zoë": PersonaMaterial(valid, sessions), "Milo": PersonaMaterial(his, chats)}
        matrix = compare_personas({"Zoë": hers, "Milo": model_of_his}, people)
        assert matrix.diagonal_wins
        ```
    """
    reports = {
        person: evaluate(models, one.validation, one.references, train=one.train, **options)
        for person, one in _checked(models, people).items()
    }
    return LikenessMatrix(reports)


async def acompare_personas(
    models: Mapping[str, Runnable[Any, Any]],
    people: Mapping[str, PersonaMaterial | Sequence[Any]],
    **options: Any,
) -> LikenessMatrix:
    """Ask each persona's model what each person was asked; the async twin of `compare_personas`."""
    reports = {
        person: await aevaluate(models, one.validation, one.references, train=one.train, **options)
        for person, one in _checked(models, people).items()
    }
    return LikenessMatrix(reports)


def _checked(
    models: Mapping[str, Runnable[Any, Any]], people: Mapping[str, PersonaMaterial | Sequence[Any]]
) -> dict[str, PersonaMaterial]:
    # Names may be people's: they stay out of the message.
    if not people or set(models) != set(people):
        message = (
            f"{len(set(models) & set(people))} of {len(models)} models are named as one of the "
            f"{len(people)} people: each person needs a model of that name"
        )
        raise InvalidInputError(message)
    return {
        person: one if isinstance(one, PersonaMaterial) else PersonaMaterial(*one)
        for person, one in people.items()
    }
