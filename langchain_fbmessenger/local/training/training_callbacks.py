"""Write checkpoints and reports around the steps of `Trainer`.

Checkpoints are written by the clock, so that little is lost whatever a step costs, and at the end
of each epoch. They change nothing of what is trained: a job that was cut off and goes on ends with
the same weights as one that was left alone.
"""

from __future__ import annotations

import math
import shutil
import statistics
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from transformers import TrainerCallback

from langchain_fbmessenger.local.training.checkpoints import checkpoint_of, mark_complete
from langchain_fbmessenger.local.training.protocol import EpochEnd, Report, Saved, Step, Validation

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from peft import PeftModel

    from langchain_fbmessenger.local.training.protocol import TrainingSpec

STEPS_BETWEEN_CHECKPOINTS = 50
"""With several processes, whose clocks would not agree on the step."""


EPOCHS_KEPT = 3
"""Models of the last epochs, as at OpenAI; the best one stays whenever it was."""


def epochs_kept(folder: Path) -> list[int]:
    """Return the steps after which an epoch's model was written, oldest first."""
    return sorted(int(path.name) for path in folder.glob("*") if path.name.isdecimal())


def epochs_since_best(log_history: Iterable[Mapping[str, Any]]) -> int:
    """Return how many evaluations have passed since the one with the lowest validation loss."""
    losses = [_rank(entry["eval_loss"]) for entry in log_history if "eval_loss" in entry]
    return len(losses) - 1 - losses.index(min(losses)) if losses else 0


def best_step(log_history: Iterable[Mapping[str, Any]]) -> int | None:
    """Return the step of the evaluation with the lowest validation loss, if there was any."""
    evaluations = [entry for entry in log_history if "eval_loss" in entry]
    best = min(evaluations, key=lambda entry: _rank(entry["eval_loss"]), default=None)
    return None if best is None else int(best["step"])


def _rank(loss: float) -> float:
    return math.inf if math.isnan(loss) else loss


def is_stopped_early(log_history: Iterable[Mapping[str, Any]], patience: int | None) -> bool:
    """Say whether the validation loss has been no better for so many epochs."""
    return patience is not None and epochs_since_best(log_history) >= patience


@dataclass(frozen=True)
class Hooks:
    """How a training is followed, kept and paused.

    Attributes:
        report: Takes a report after each optimizer step, evaluation and checkpoint.
        save: Writes a model's adapter into a folder.
        pause: When set, all is saved after the step that runs, and training ends.
    """

    report: Callable[[Report], None]
    save: Callable[[PeftModel, Path], None]
    pause: threading.Event


class DivergedError(ArithmeticError):
    """The loss is not finite any more."""

    def __init__(self, step: int) -> None:
        super().__init__(f"The training diverged at step {step}: take a lower learning rate.")


class CheckpointCallback(TrainerCallback):  # type: ignore[misc]  # transformers is untyped here
    """Decides when a checkpoint is written and when training ends before its last step."""

    def __init__(
        self,
        spec: TrainingSpec,
        hooks: Hooks,
        model: PeftModel,
    ) -> None:
        self._spec = spec
        self._hooks = hooks
        self._model = model
        self._last_save = 0.0

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Start the clock."""
        del args, state, control, kwargs
        self._last_save = time.monotonic()

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Stop where that is asked for; save where it is time."""
        del args, kwargs
        is_paused = self._hooks.pause.is_set()
        if is_paused:
            control.should_training_stop = True
        # At an epoch's end the checkpoint comes after the evaluation, which is part of it.
        if not self._is_epoch_end(state):
            control.should_save = is_paused or self._is_due(state)

    def on_epoch_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Save and evaluate a whole epoch."""
        # Trainer calls this for an epoch that was broken off as well.
        del args, kwargs
        control.should_save = self._is_epoch_end(state)
        control.should_evaluate = control.should_evaluate and self._is_epoch_end(state)

    def on_evaluate(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Stop when the validation loss has ceased to fall."""
        del args, kwargs
        if is_stopped_early(state.log_history, self._spec.settings.early_stopping_patience):
            control.should_training_stop = True

    def on_save(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Mark the checkpoint as whole, with an epoch's model beside it."""
        del args, control, kwargs
        if not state.is_world_process_zero:
            return
        step = state.global_step
        if self._is_epoch_end(state):
            # Before the mark: with a checkpoint, the models of all its epochs are there.
            self._hooks.save(self._model, self._spec.epochs / str(step))
            self._drop_old_epochs(state)
            self._hooks.report(epoch_end(state.log_history, step))
        mark_complete(checkpoint_of(self._spec.checkpoints, step))
        self._last_save = time.monotonic()
        self._hooks.report(Saved(step))

    def _is_due(self, state: Any) -> bool:
        if self._spec.compute.processes > 1:
            return bool(state.global_step % STEPS_BETWEEN_CHECKPOINTS == 0)
        return time.monotonic() - self._last_save >= self._spec.checkpoint_seconds

    def _is_epoch_end(self, state: Any) -> bool:
        per_epoch = state.max_steps // self._spec.settings.n_epochs
        return bool(state.global_step % per_epoch == 0)

    def _drop_old_epochs(self, state: Any) -> None:
        best = best_step(state.log_history)
        for step in epochs_kept(self._spec.epochs)[:-EPOCHS_KEPT]:
            if step != best:
                shutil.rmtree(self._spec.epochs / str(step))


class Reporter(TrainerCallback):  # type: ignore[misc]  # transformers is untyped here
    """Turns Trainer's logs into reports."""

    def __init__(self, tokens_seen: Callable[[], int], report: Callable[[Report], None]) -> None:
        self._tokens_seen = tokens_seen
        self._report = report
        self._step_began = 0.0
        self._tokens_before = 0
        self._step_seconds: list[float] = []

    def on_step_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Start the clock of a step."""
        del args, state, control, kwargs
        self._step_began = time.monotonic()
        self._tokens_before = self._tokens_seen()

    def on_log(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Report a loss."""
        del args, control
        if not math.isfinite(kwargs["logs"].get("loss", 0.0)):
            raise DivergedError(state.global_step)
        if not state.is_world_process_zero:
            return
        seconds = max(time.monotonic() - self._step_began, 1e-6)
        if "loss" in kwargs["logs"]:
            self._step_seconds.append(seconds)
        tokens = self._tokens_seen() - self._tokens_before
        # The median: the first step is slow, and others when the machine is busy.
        left = (state.max_steps - state.global_step) * statistics.median(
            self._step_seconds or [seconds]
        )
        entry = {**kwargs["logs"], "step": state.global_step, "epoch": state.epoch}
        for report in metrics_in([entry], state.max_steps, tokens / seconds, left):
            self._report(report)


def metrics_in(
    log_history: Iterable[Mapping[str, Any]],
    total_steps: int,
    tokens_per_second: float = 0.0,
    seconds_left: float = 0.0,
) -> Iterable[Step | Validation]:
    """Give the losses that Trainer has logged as reports."""
    for entry in log_history:
        where = {
            "step": entry["step"],
            "total_steps": total_steps,
            "epoch": round(entry["epoch"], 4),
        }
        if "loss" in entry:
            yield Step(
                **where,
                train_loss=entry["loss"],
                tokens_per_second=round(tokens_per_second, 1),
                seconds_left=seconds_left,
            )
        elif "eval_loss" in entry:
            yield Validation(**where, valid_loss=entry["eval_loss"])


def epoch_end(log_history: Iterable[Mapping[str, Any]], step: int) -> EpochEnd:
    """Return the losses of the epoch that ended with a step."""
    at_step: dict[str, Any] = {}
    for entry in log_history:
        if entry["step"] == step:
            at_step |= entry
    return EpochEnd(step, at_step["loss"], at_step.get("eval_loss"))
