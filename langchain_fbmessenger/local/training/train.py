"""Train a LoRA: `python -m langchain_fbmessenger.local.training.train <job folder>`.

Reads the folder's `TrainingSpec`, trains, writes the adapter, and reports on standard output. Where
an earlier child was cut off, it goes on from the newest checkpoint. It is a process of its own so
that torch's memory goes when the job ends, and so that no crash of it reaches the server. Its
standard input tells it to pause, and when it closes, to end: then the server is gone.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from langchain_fbmessenger._internal.home import locked
from langchain_fbmessenger._internal.own_processes import (
    describe_without_words,
    marked,
    report_without_words,
)
from langchain_fbmessenger.local.models.adapters import copy_adapter, save_adapter
from langchain_fbmessenger.local.models.inspection import UnusableError
from langchain_fbmessenger.local.process.home import JobFolder
from langchain_fbmessenger.local.training import protocol, training_file
from langchain_fbmessenger.local.training.checkpoints import newest_checkpoint, step_of
from langchain_fbmessenger.local.training.masking import TemplateError, encode_chat
from langchain_fbmessenger.local.training.protocol import PAUSE, Done, Failed, Note, Paused
from langchain_fbmessenger.local.training.shortages import classify_resource_error

if TYPE_CHECKING:
    from collections.abc import Callable

    from langchain_fbmessenger.local.training.lora import Outcome
    from langchain_fbmessenger.local.training.masking import ChatTokenizer, EncodedChat
    from langchain_fbmessenger.local.training.protocol import Report, TrainingSpec
    from langchain_fbmessenger.local.training.training_file import Example

_FAILED = 3
_CANCELLED = 143
_PREDECESSOR_SECONDS = 30.0


class _JobError(Exception):
    """The job cannot be done as asked; holds the report to send."""

    def __init__(self, failed: Failed) -> None:
        super().__init__(failed.message)
        self.failed = failed


def main(folder: Path) -> int:
    """Do the job in `folder` and return the exit status."""
    signal.signal(signal.SIGTERM, _exit_cancelled)
    pause = threading.Event()
    threading.Thread(target=_listen, args=(pause,), daemon=True).start()
    report = _reporter()
    if not _is_first_process():  # it is the first one that writes, and takes the lock for all
        return _status_of(folder, report, pause)
    # The child of a server that was killed may still be writing, for as long as it takes to see it.
    with locked(JobFolder(folder).lock, timeout=_PREDECESSOR_SECONDS) as is_alone:
        return _status_of(folder, report, pause) if is_alone else _CANCELLED


def _status_of(folder: Path, report: Callable[[Report], None], pause: threading.Event) -> int:
    try:
        report(_run(protocol.read_spec(folder), report, pause))
    except _JobError as error:
        report(error.failed)
        return _FAILED
    except ArithmeticError as error:
        report(Failed("training_diverged", str(error)))
        return _FAILED
    except Exception as error:
        failed = classify_resource_error(error, folder)
        if failed is None:
            raise
        sys.stderr.write(marked(describe_without_words(error)))
        report(failed)
        return _FAILED
    return 0


def _run(
    spec: TrainingSpec, report: Callable[[Report], None], pause: threading.Event
) -> Done | Paused:
    examples = _read(spec.training_file, "training_file")
    validation_examples = (
        _read(spec.validation_file, "validation_file") if spec.validation_file else []
    )
    report(Note("Loading the training libraries."))
    # Here and not above: the imports take seconds, in which a bad file should not wait for its
    # refusal, nor a good job look dead.
    from langchain_fbmessenger.local.models.weights import trainable_folder
    from langchain_fbmessenger.local.training.lora import UntrainableError, train_lora
    from langchain_fbmessenger.local.training.tokenizer import HubTokenizer
    from langchain_fbmessenger.local.training.training_callbacks import Hooks

    _check_gpus(spec.compute.processes)
    report(Note("Preparing the base model; its first use takes some seconds more."))
    try:
        base = trainable_folder(spec.base, spec.bases)
    except UnusableError as error:
        raise _JobError(Failed("unsupported_model", str(error), "model")) from None
    tokenizer = HubTokenizer(base, base=spec.base)
    chats = _encode(examples, "training_file", spec, tokenizer)
    validation = _encode(validation_examples, "validation_file", spec, tokenizer)
    n_tokens = sum(len(chat.input_ids) for chat in chats)
    n_epochs = spec.settings.n_epochs
    if checkpoint := newest_checkpoint(spec.checkpoints):
        report(Note(f"Going on from the checkpoint of step {step_of(checkpoint)}."))
    else:
        report(Note(f"Training on {len(examples)} examples, {n_tokens} tokens, {n_epochs} epochs."))
    hooks = Hooks(report, partial(save_adapter, base=spec.base), pause)
    try:
        outcome = train_lora(base, spec, chats, validation, hooks)
    except UntrainableError as error:
        raise _JobError(Failed("invalid_value", str(error), "lora.target_modules")) from error
    if not outcome.is_whole:
        return Paused(outcome.steps)
    if _is_first_process():
        _keep(outcome, spec, report)
    return Done(trained_tokens=n_tokens * n_epochs * outcome.steps // outcome.total_steps)


def _keep(outcome: Outcome, spec: TrainingSpec, report: Callable[[Report], None]) -> None:
    """Write the adapter that the job is for."""
    if outcome.best_step is None:
        save_adapter(outcome.model, spec.adapter, base=spec.base)
    else:
        if outcome.steps < outcome.total_steps:
            report(
                Note(f"Stopped early: the validation loss was best at step {outcome.best_step}.")
            )
        copy_adapter(spec.epochs / str(outcome.best_step), spec.adapter)


def _read(path: Path, param: str) -> list[tuple[int, Example]]:
    """Read the file again: it was checked when the job was queued, and may be gone since."""
    try:
        return list(training_file.read_examples(path))
    except training_file.TrainingFileError as error:
        raise _JobError(Failed("invalid_training_file", str(error), param)) from None


def _check_gpus(processes: int) -> None:
    from torch import cuda

    # The launcher of several processes tells each how many there are; without GPUs it starts one.
    if processes > 1 and os.environ.get("WORLD_SIZE") != str(processes):
        msg = f"{processes} processes need a GPU each, this machine has {cuda.device_count()}"
        raise _JobError(Failed("unsupported_value", msg, "compute"))


def _encode(
    examples: list[tuple[int, Example]], param: str, spec: TrainingSpec, tokenizer: ChatTokenizer
) -> list[EncodedChat]:
    chats = []
    for line, example in examples:
        try:
            encoded = encode_chat(example.messages, tokenizer)
        except MemoryError:
            raise
        except Exception as error:  # noqa: BLE001
            # Here alone libraries see text, so here alone what they say may quote it.
            why = str(error) if isinstance(error, TemplateError) else type(error).__name__
            raise _JobError(Failed("invalid_training_file", f"line {line}: {why}", param)) from None
        longest = max(len(chat.input_ids) for chat in encoded)
        if longest > spec.context_length:
            msg = (
                f"line {line}: {longest} tokens, but the model reads at most {spec.context_length}"
            )
            raise _JobError(Failed("context_length_exceeded", msg, param))
        chats += encoded
    return chats


def _reporter() -> Callable[[Report], None]:
    """Keep standard output for reports: what libraries print goes to the log instead."""
    if not _is_first_process():
        return lambda _: None
    pipe = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    sys.stdout = sys.stderr

    def report(what: Report) -> None:
        pipe.write(protocol.encode_report(what))

    return report


def _exit_cancelled(*_: object) -> NoReturn:
    # An exception, unlike the default action, lets `finally` blocks remove half-written files.
    sys.exit(_CANCELLED)


def _listen(pause: threading.Event) -> None:
    # Not sys.stdin: a daemon thread inside a buffered reader aborts the interpreter's shutdown.
    while told := os.read(0, 1):
        if told == PAUSE:
            pause.set()
    os._exit(_CANCELLED)


def _is_first_process() -> bool:
    return os.environ.get("RANK", "0") == "0"  # torch's name for it, where there are several


if __name__ == "__main__":
    report_without_words()
    os.chdir(sys.argv[1])  # from which the spec's paths lead
    sys.exit(main(Path()))
