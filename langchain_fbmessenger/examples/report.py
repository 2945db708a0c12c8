"""What became of every message on the way to training examples, in numbers."""

from __future__ import annotations

from collections import Counter
from typing import ClassVar

from langchain_fbmessenger._internal.shown import Shown

__all__ = [
    "ANSWERED",
    "BLANK",
    "NO_PERSONA",
    "OPENING_DROPPED",
    "PROMPT_CUT",
    "PROMPT_LOST",
    "PROMPT_SHORTENED",
    "SHORTENED",
    "TOO_LONG",
    "TRAINED",
    "UNANSWERED",
    "UNSEEN",
    "ExampleReport",
]

# Of the persona's messages.
TRAINED = "trained"
OPENING_DROPPED = "opening of the persona, dropped"
SHORTENED = "trained up to a sentence's end"
TOO_LONG = "answer that no window holds"

# Of the others'.
ANSWERED = "prompt of an answer"
PROMPT_SHORTENED = "prompt from a sentence's start on"
PROMPT_CUT = "before a prompt that fills the window"
PROMPT_LOST = "prompt of an answer that no window holds"
UNSEEN = "behind a system prompt that no window holds"
UNANSWERED = "never answered by the persona"
NO_PERSONA = "in a session without the persona"

BLANK = "blank"


class ExampleReport(Shown):
    """Where each message went; filled by the stages that it is given to.

    A report belongs to the caller: give a new one to each run, or add up several runs in one.

    Attributes:
        sessions: Chat sessions that were read.
        examples: Training examples that were made of them.
        answers: Turns of the persona in them that are trained, each once.
        messages: The messages of the sessions, by what became of them. Their sum is the number of
            messages that were read.
        not_trained: Answers that `balance_examples` took the training from, by its reason.
        examples_dropped: Examples of which it left nothing, by the reason of the last answer.

    Example:
        ```python
        report = ExampleReport()
        pipeline = map_ai_messages() | to_training_examples(report=report)
        write_jsonl(pipeline.stream(loader.lazy_load()), "train.jsonl")
        print(report)
        ```
    """

    _figures: ClassVar[tuple[str, ...]] = (
        "sessions",
        "examples",
        "answers",
        "messages",
        "not_trained",
        "examples_dropped",
    )

    def __init__(self) -> None:
        self.sessions = 0
        self.examples = 0
        self.answers = 0
        self.messages: Counter[str] = Counter()
        self.not_trained: Counter[str] = Counter()
        self.examples_dropped: Counter[str] = Counter()

    def __str__(self) -> str:
        made = f"{self.examples:,} training examples with {self.answers:,} trained answers"
        lines = [
            f"{self.sessions:,} sessions → {made}",
            f"{self.messages.total():,} messages: {_listed(self.messages)}",
        ]
        if self.not_trained:
            left_out = f"{self.examples_dropped.total():,} examples left out"
            why = _listed(self.not_trained)
            lines.append(f"{self.not_trained.total():,} answers untrained ({why}), {left_out}")
        return "\n".join(lines)


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{n:,} {what}" for what, n in counts.most_common() if n) or "none"
