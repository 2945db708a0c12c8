"""The leak audit: ask a tuned model, and its base, for what the tuned one was trained on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from langchain_fbmessenger._internal.iteration import async_twin_of, run_in_thread
from langchain_fbmessenger.evaluation import findings
from langchain_fbmessenger.evaluation.asking import aask, ask
from langchain_fbmessenger.evaluation.canaries import Canaries, checked_examples
from langchain_fbmessenger.evaluation.findings import known_names
from langchain_fbmessenger.evaluation.questions import (
    HELD_OUT,
    TRAINED,
    canary_probes,
    context_probes,
    neutral_probes,
    refuse_absent,
    without_canaries,
)
from langchain_fbmessenger.evaluation.report import (
    MEASURES,
    AuditedAnswer,
    LeakReport,
    LeakRow,
    Rate,
)
from langchain_fbmessenger.exceptions import InvalidOptionError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from langchain_core.runnables import Runnable

    from langchain_fbmessenger.evaluation.asking import Answers
    from langchain_fbmessenger.examples import TrainingExample

__all__ = ["aaudit_leaks", "audit_leaks"]

_TEMPERATURE = 1.0
_MIN_LENGTH = 20  # "ok", "haha" and "see you tomorrow" are everybody's
_MIN_RUN = 40  # about eight words; a turn of a chat is seldom longer than twice that


class _Audit:
    """An audit under way: what is asked, and what the answers are held against."""

    def __init__(  # noqa: PLR0913 - the settings of an audit
        self,
        model: Runnable[Any, Any],
        examples: Iterable[TrainingExample],
        *,
        base: Runnable[Any, Any] | None,
        canaries: Canaries | None,
        people: Iterable[str],
        held_out: Iterable[TrainingExample],
        contexts: int,
        samples: int,
        seed: int,
        max_concurrency: int,
        keep_answers: bool,
        on_progress: Callable[[int, int], None] | None,
    ) -> None:
        if contexts < 0 or samples < 0:
            message = f"contexts ({contexts}) and samples ({samples}) must be at least 0"
            raise InvalidOptionError(message)
        self._models = {"tuned": model} if base is None else {"tuned": model, "base": base}
        self._max_concurrency = max_concurrency
        self._keep_answers = keep_answers
        self._on_progress = on_progress
        self._canaries = canaries or Canaries((), ())
        self._people, self._names_left_out = known_names(people)
        self._samples = samples
        trained = list(checked_examples(examples))
        refuse_absent(self._canaries, trained)
        self._trained = without_canaries(trained, self._canaries)
        kept_back = list(held_out)
        kept_back = list(checked_examples(kept_back)) if kept_back else []
        temperatures = [0.0, *[_TEMPERATURE] * samples]
        self._probes = [
            *canary_probes(self._canaries, temperatures),
            *context_probes(self._trained, TRAINED, contexts, _MIN_LENGTH, seed),
            *context_probes(kept_back, HELD_OUT, contexts, _MIN_LENGTH, seed),
            *neutral_probes(self._trained, temperatures),
        ]

    def asked(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Give the models by what they are called in the report, each as arguments of `ask`."""
        questions = [probe.question for probe in self._probes]
        count = _counter(len(self._models) * len(questions), self._on_progress)
        settings = {"max_concurrency": self._max_concurrency, "on_answers": count}
        for name, model in self._models.items():
            yield name, {"model": model, "questions": questions, **settings}

    def report(self, answers: dict[str, Answers]) -> LeakReport:
        figures = {model: self._figures(given) for model, given in answers.items()}
        base = figures.get("base")
        rows = [
            LeakRow(measure, where, rate, None if base is None else base.get(key, Rate(0, 0)))
            for key, rate in figures["tuned"].items()
            for measure, where in [key]
        ]
        order = list(MEASURES)
        planted = self._canaries.planted
        kept = self._kept(answers) if self._keep_answers else ()
        return LeakReport(
            rows=tuple(sorted(rows, key=lambda row: order.index(row.measure))),
            settings={
                "samples": self._samples,
                "temperature": _TEMPERATURE,
                "min_length": _MIN_LENGTH,
                "min_run": _MIN_RUN,
            },
            names_left_out=self._names_left_out,
            asked=len(self._probes),
            failed={model: given.failed for model, given in answers.items()},
            empty={model: _blank(given) for model, given in answers.items()},
            guess=min((canary.space for canary in planted), default=None),
            answers=tuple(kept),
        )

    def _figures(self, given: Answers) -> findings.Figures:
        answered = [
            (probe, text)
            for probe, text in zip(self._probes, given.texts, strict=True)
            if text is not None
        ]
        return {
            **findings.secrets(answered),
            **findings.copies(answered, self._texts(), min_run=_MIN_RUN),
            **findings.names(answered, self._people),
        }

    def _texts(self) -> Iterator[str]:
        """Give all that was said in the examples, by anybody."""
        for example in self._trained:
            for turn in example["messages"]:
                if turn["role"] != "system":
                    yield turn["content"]

    def _kept(self, answers: dict[str, Answers]) -> Iterator[AuditedAnswer]:
        for model, given in answers.items():
            for probe, text in zip(self._probes, given.texts, strict=True):
                asked = probe.question
                yield AuditedAnswer(model, probe.where, asked.turns, asked.temperature, text)


def audit_leaks(  # noqa: PLR0913 - the settings of an audit
    model: Runnable[Any, Any],
    examples: Iterable[TrainingExample],
    *,
    base: Runnable[Any, Any] | None = None,
    canaries: Canaries | None = None,
    people: Iterable[str] = (),
    held_out: Iterable[TrainingExample] = (),
    contexts: int = 50,
    samples: int = 4,
    seed: int = 0,
    max_concurrency: int = 1,
    keep_answers: bool = False,
    on_progress: Callable[[int, int], None] | None = None,
) -> LeakReport:
    """Measure what a tuned model gives back of the chats that it was trained on.

    Three things are asked of it, and of the base model beside it, which has never seen the chats:

    1. Canaries ("The Secret Sharer", Carlini et al. 2019): each secret is asked for, once for the
       likeliest answer and `samples` times at temperature 1, and looked for in all other answers:
       a secret may come unasked. Controls, which were planted nowhere, show what chance finds.
    2. Copies ("Quantifying Memorization", Carlini et al. 2022): behind the context of a trained
       turn, does the model say that turn word for word, or 40 letters in a row of any turn? Turns
       below 20 letters are left out: neither stock replies nor what the
       prompt holds are a leak.
    3. Names: to prompts that name nobody, in several languages, and behind those contexts, does it
       name people of the chats? A name that is also a word is found in the base model's answers
       too: compare.

    Prompts and answers are private: no tracer and no callback of the caller's sees them, whatever
    the environment says; callbacks that are built into the model itself do.

    Args:
        model: The tuned model, such as `job.chat_model(max_tokens=64)`; or any Runnable that takes
            messages and gives one, or text. The temperature of a chat model is set here; another
            Runnable answers as it is set up. A `seed` of its own would make all samples alike.
        examples: What it was trained on, canaries included; an iterator is fine.
        base: The model before the training, with the same settings.
        canaries: What `plant_canaries` has planted in the examples.
        people: Names of real people; leave out whose messages the model has learnt, since it may
            give its own name. One-letter names and emoji are passed over and counted.
        held_out: Examples that it was not trained on, whose contexts are asked, too.
        contexts: How many contexts to draw, of the trained and of the held-out ones each.
        samples: How many sampled answers to ask for, beside the likeliest.
        seed: Draws the same contexts again.
        max_concurrency: How many questions to ask at once, at least 1. The local server gives
            repeatable answers only one at a time.
        keep_answers: Whether the report keeps prompts and answers, to be looked at.
        on_progress: Is called with the number of questions answered, and of all.

    Returns:
        The counts, with intervals.

    Raises:
        InvalidExampleError: There are no examples, one breaks a rule, or they lack the canaries.
        InvalidOptionError: A number is out of range, or the environment asks for LangChain's old
            tracer.
        Exception: The model's own, where it failed at every question; single failures are counted.

    Example:
        ```python
        planted = plant_canaries(train)
        job = tuner.submit(planted.examples).wait()
        print(audit_leaks(job.chat_model(), planted.examples, canaries=planted.canaries))
        ```
    """
    audit = _Audit(
        model,
        examples,
        base=base,
        canaries=canaries,
        people=people,
        held_out=held_out,
        contexts=contexts,
        samples=samples,
        seed=seed,
        max_concurrency=max_concurrency,
        keep_answers=keep_answers,
        on_progress=on_progress,
    )
    return audit.report({name: ask(**asked) for name, asked in audit.asked()})


@async_twin_of(audit_leaks)
async def aaudit_leaks(*args: Any, **settings: Any) -> LeakReport:
    """Measure what a tuned model gives back; the async twin of `audit_leaks`."""
    # Examples may be read from a file, and comparing takes a while: neither belongs in the loop.
    audit = await run_in_thread(_Audit, *args, **settings)
    answers = {name: await aask(**asked) for name, asked in audit.asked()}
    return await run_in_thread(audit.report, answers)


def _counter(total: int, on_progress: Callable[[int, int], None] | None) -> Callable[[int], None]:
    done = 0

    def count(answered: int) -> None:
        nonlocal done
        done += answered
        if on_progress is not None:
            on_progress(done, total)

    return count


def _blank(answers: Answers) -> int:
    return sum(text is not None and not text.strip() for text in answers.texts)
