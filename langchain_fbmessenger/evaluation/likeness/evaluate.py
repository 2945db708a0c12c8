"""Evaluate models: ask each what the persona was asked, and measure how alike the answers are."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from langchain_core.runnables import Runnable

from langchain_fbmessenger._internal.iteration import async_twin_of, run_in_thread
from langchain_fbmessenger.evaluation.answering import (
    AnswerLimits,
    Asked,
    aanswer_all,
    answer_all,
)
from langchain_fbmessenger.evaluation.likeness.answers_file import (
    AnswersFile,
    answer_key,
    model_key,
)
from langchain_fbmessenger.evaluation.likeness.material import checked_material
from langchain_fbmessenger.evaluation.likeness.measure import report_on
from langchain_fbmessenger.evaluation.likeness.prompts import (
    friends_of,
    likeness_prompts,
    refuse_trained,
)
from langchain_fbmessenger.evaluation.likeness.report import AnswersBeside, LikenessReport
from langchain_fbmessenger.exceptions import InvalidInputError, InvalidOptionError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from langchain_core.chat_sessions import ChatSession

    from langchain_fbmessenger.evaluation.likeness.prompts import Prompt
    from langchain_fbmessenger.examples import TrainingExample

__all__ = ["aevaluate", "evaluate"]

_NEGATIVES = 120
_BESIDE = 8
_STRANGER = "base"


@dataclass
class _Round:
    """One model, what it is to be asked, and its answers as far as they are known."""

    name: str
    model: Runnable[Any, Any]
    prompts: Sequence[Prompt]
    keys: Sequence[str]
    answers: list[str | None]
    error: BaseException | None = None


class _Evaluation:
    """An evaluation under way, but for the asking itself, which is sync or async."""

    def __init__(  # noqa: PLR0913 - the settings of an evaluation
        self,
        models: Mapping[str, Runnable[Any, Any] | Sequence[str | None]],
        validation: Iterable[TrainingExample],
        references: Mapping[str, Iterable[str]] | Iterable[ChatSession],
        *,
        train: Iterable[TrainingExample],
        limit: int | None,
        negatives: int,
        seconds: float,
        max_characters: int,
        max_concurrency: int,
        answers_file: str | Path | None,
        seed: int,
        on_progress: Callable[[int, int], None] | None,
    ) -> None:
        if (limit is not None and limit < 1) or negatives < 0:
            message = f"limit ({limit}) must be at least 1, negatives ({negatives}) at least 0"
            raise InvalidOptionError(message)
        if not isinstance(models, Mapping) or not models:
            message = 'there is no model to evaluate: give each by its name, {"tuned": model}'
            raise InvalidInputError(message)
        trained = list(train)
        self._trained = likeness_prompts(trained) if trained else []
        everything = likeness_prompts(validation)
        if not everything:
            message = "nobody asks anything in the validation examples: no turn is a user's"
            raise InvalidInputError(message)
        refuse_trained(everything, self._trained)
        self._rows = _drawn(everything, limit, seed)
        self._prompts = [everything[row] for row in self._rows]
        self._friends = friends_of(references)
        self._file = AnswersFile(answers_file)
        self._times_asked: Counter[str] = Counter()
        self._limits = AnswerLimits(seconds, max_characters)
        self._max_concurrency = max_concurrency
        self._seed = seed
        self._on_progress = on_progress
        self._given = {
            name: self._chosen(given, len(everything))
            for name, given in models.items()
            if not isinstance(given, Runnable)
        }
        self._order = list(models)
        self.rounds = [
            self._round(name, model, self._prompts)
            for name, model in models.items()
            if isinstance(model, Runnable)
        ]
        self._negatives = None
        stranger = models.get(_STRANGER)
        if isinstance(stranger, Runnable) and self._trained and negatives:
            past = _drawn(self._trained, negatives, seed)
            self._negatives = self._round(_STRANGER, stranger, [self._trained[at] for at in past])
            self.rounds.append(self._negatives)
        self._total = sum(len(one.prompts) for one in self.rounds)
        self._done = sum(text is not None for one in self.rounds for text in one.answers)

    def _chosen(self, given: Iterable[str | None], n_prompts: int) -> list[str | None]:
        if isinstance(given, str) or not isinstance(given, Iterable):
            message = (
                "a model must be a chat model or another Runnable, or a list of its answers, not "
                f"{type(given).__name__}"
            )
            raise InvalidInputError(message)
        answers = list(given)
        if len(answers) != n_prompts:
            message = (
                f"there are {len(answers):,} answers to {n_prompts:,} prompts: one is needed for "
                "each of likeness_prompts(validation)"
            )
            raise InvalidInputError(message)
        return [answers[row] for row in self._rows]

    def _round(self, name: str, model: Runnable[Any, Any], prompts: Sequence[Prompt]) -> _Round:
        keys = [self._key(model_key(name, model), prompt) for prompt in prompts]
        return _Round(name, model, prompts, keys, [self._file.get(key) for key in keys])

    def _key(self, model: str, prompt: Prompt) -> str:
        """Return the key of an answer: one prompt asked twice has two answers."""
        asked = answer_key(model, prompt.turns)
        self._times_asked[asked] += 1
        return answer_key(model, prompt.turns, self._times_asked[asked] - 1)

    def asked(self) -> Iterator[dict[str, Any]]:
        """Give the models one after the other, each as arguments of `answer_all`."""
        for one in self.rounds:
            yield {
                "model": one.model,
                "questions": self._questions(one),
                "limits": self._limits,
                "max_concurrency": self._max_concurrency,
                "on_answer": self._noting(one),
            }

    def _questions(self, one: _Round) -> list[Asked]:
        """Return what a model has not answered yet."""
        return [
            Asked(number, prompt.turns)
            for number, (prompt, answer) in enumerate(zip(one.prompts, one.answers, strict=True))
            if answer is None
        ]

    def _noting(self, one: _Round) -> Callable[[Asked], None]:
        """Return what takes the answers of a model as they come."""

        def note(asked: Asked) -> None:
            one.answers[asked.number] = asked.answer
            one.error = asked.error or one.error
            if asked.answer is not None:
                self._file.keep(one.keys[asked.number], asked.answer)
            self._done += 1
            if self._on_progress is not None:
                self._on_progress(self._done, self._total)

        return note

    def report(self) -> LikenessReport:
        """Measure what was answered.

        Raises:
            Exception: A model's own, where it failed at every question.
        """
        for one in self.rounds:
            if one.error is not None and not any(one.answers):
                raise one.error
        asked = {one.name: one.answers for one in self.rounds if one is not self._negatives}
        answers = {name: [*(asked.get(name) or self._given[name])] for name in self._order}
        negatives = [] if self._negatives is None else self._negatives.answers
        material = checked_material(
            answers,
            [prompt.own for prompt in self._prompts],
            self._friends.turns,
            conversations=[prompt.conversation for prompt in self._prompts],
            negatives=[text for text in negatives if text is not None],
            past=[prompt.own for prompt in self._trained],
            cold=[prompt.is_cold for prompt in self._prompts],
            messages=self._friends.messages,
        )
        beside = tuple(self._beside(answers))
        return replace(report_on(material, seed=self._seed), beside=beside)

    def _beside(self, answers: Mapping[str, Sequence[str | None]]) -> Iterator[AnswersBeside]:
        """Give some prompts with all answers, from as many conversations as there are."""
        for row in _drawn(self._prompts, _BESIDE, self._seed):
            prompt = self._prompts[row]
            given = {name: texts[row] for name, texts in answers.items()}
            yield AnswersBeside(prompt.turns, prompt.own, given)


def evaluate(  # noqa: PLR0913 - the settings of an evaluation
    models: Mapping[str, Runnable[Any, Any] | Sequence[str | None]],
    validation: Iterable[TrainingExample],
    references: Mapping[str, Iterable[str]] | Iterable[ChatSession],
    *,
    train: Iterable[TrainingExample] = (),
    limit: int | None = None,
    negatives: int = _NEGATIVES,
    seconds: float = AnswerLimits().seconds,
    max_characters: int = AnswerLimits().characters,
    max_concurrency: int = 1,
    answers_file: str | Path | None = None,
    seed: int = 0,
    on_progress: Callable[[int, int], None] | None = None,
) -> LikenessReport:
    """Measure whether models sound like the persona that they were made of.

    Each model is asked what the persona was asked in conversations that were held out, and its
    answers are placed on a line from the persona's friends (0) to the persona (1): see
    `measure_likeness`. Prompts and answers are private: no tracer and no callback of the caller's
    sees them; callbacks that are built into a model itself do.

    Args:
        models: By name, a chat model or any Runnable that takes messages and gives a message or a
            text; or its answers, one for each of `likeness_prompts(validation)`. A model named
            `base`, which knows nobody, is asked prompts of `train` as well: what it answers there
            keeps text unlike any human's off the scale.
        validation: Examples that no model was trained on, such as `split_examples(...).valid`.
        references: Chat sessions in which the persona's messages are `AIMessage`s (the others are
            the friends); or texts by person. Cut by `split_chat_sessions`, as the examples were.
        train: What the models were trained on: to see copies, and for `base`.
        limit: How many prompts are asked, whole conversations of them, all by default.
        negatives: How many prompts of `train` the model named `base` is asked; 100 or more.
        seconds: How long an answer may take.
        max_characters: At what length an answer is cut.
        max_concurrency: How many questions to ask at once, at least 1.
        answers_file: Where answers are kept as they come (0600): a run that was killed goes on
            where it was. They are known by the model's name and settings: of other Runnables than
            chat models by the name alone. None keeps them in memory.
        seed: Draws the same prompts, halves and intervals again.
        on_progress: Is called with the number of questions answered, and of all.

    Returns:
        The report. Without enough texts it refuses verdicts, and says what is missing.

    Raises:
        InvalidExampleError: There are no examples, or one breaks a rule.
        InvalidInputError: Validation was trained on; answers do not fit the prompts; the
            references know no persona; or a model gives neither messages nor texts.
        InvalidOptionError: A number is out of range.
        MissingExtraError: scikit-learn is not installed: the extra `[eval]`.
        Exception: A model's own, where it failed at every question; single failures are counted.

    Example:
        ```python
        train, valid = split_examples(examples, valid=0.3)
        job = FineTuner(provider="local").submit(train).wait()
        models = {"base": job.base_chat_model(), "tuned": job.chat_model()}
        print(evaluate(models, valid, sessions, train=train))
        ```
    """
    under_way = _Evaluation(
        models,
        validation,
        references,
        train=train,
        limit=limit,
        negatives=negatives,
        seconds=seconds,
        max_characters=max_characters,
        max_concurrency=max_concurrency,
        answers_file=answers_file,
        seed=seed,
        on_progress=on_progress,
    )
    for asked in under_way.asked():
        answer_all(**asked)
    return under_way.report()


@async_twin_of(evaluate)
async def aevaluate(*args: Any, **settings: Any) -> LikenessReport:
    """Measure whether models sound like the persona; the async twin of `evaluate`."""
    # Examples may be read from a file, and measuring takes a while: neither belongs in the loop.
    under_way = await run_in_thread(_Evaluation, *args, **settings)
    for asked in under_way.asked():
        await aanswer_all(**asked)
    return await run_in_thread(under_way.report)


def _drawn(prompts: Sequence[Prompt], most: int | None, seed: int) -> list[int]:
    """Return rows of whole conversations in a drawn order, until there are enough; in their order.

    The last conversation is cut where it would be too many.
    """
    if most is None or len(prompts) <= most:
        return list(range(len(prompts)))
    by_conversation: dict[Any, list[int]] = {}
    for row, prompt in enumerate(prompts):
        by_conversation.setdefault(prompt.conversation, []).append(row)
    order = list(by_conversation.values())
    random.Random(seed).shuffle(order)  # noqa: S311 - a sample, no secret
    return sorted([row for rows in order for row in rows][:most])
