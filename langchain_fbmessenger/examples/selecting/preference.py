"""Reactions as preference: sessions in, pairs of a reply that was loved and one that was not out.

A pair compares two replies to one prompt, and people answer a prompt once. So exports give few: two
messages of one answer, of which one was loved; or two answers to the same words, years apart.

Formats: OpenAI's direct preference optimisation
(https://platform.openai.com/docs/guides/direct-preference-optimization, which Azure, Together and
Fireworks take too) and TRL's DPOTrainer (trl 1.16.0, data_utils.py). Read 2026-11-24.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple, Optional, overload

from langchain_core.messages import AIMessage
from pydantic import Field, field_validator
from typing_extensions import TypedDict, Unpack, override

from langchain_fbmessenger._internal.shown import Shown
from langchain_fbmessenger.examples.making.people import people_of
from langchain_fbmessenger.examples.making.provenance import source_of_part
from langchain_fbmessenger.examples.making.system_template import checked_template, rendered
from langchain_fbmessenger.examples.making.turns import parts_of, turns_of
from langchain_fbmessenger.examples.selecting.near_duplicates import near_key
from langchain_fbmessenger.examples.stage import ExampleMaker
from langchain_fbmessenger.sessions.functions import function_of, runnable_or_iterator
from langchain_fbmessenger.sessions.stage import TranscriptStage
from langchain_fbmessenger.transcripts.messages import text_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from langchain_core.chat_loaders import BaseChatLoader
    from langchain_core.chat_sessions import ChatSession
    from langchain_core.messages import BaseMessage

    from langchain_fbmessenger.transcripts.transcript import Transcript

__all__ = ["PreferenceReport", "ToPreferencePairs", "to_preference_pairs"]

_LOVED = frozenset("❤♥🧡💛💚💙💜🖤🤍🤎🩷🩵🩶💕💖💗💘💝💞💓😍🥰😘🤩")
_LAUGHED_AT = frozenset("😂🤣😆😹😄😁")
_DRESS = dict.fromkeys([0xFE0F, *range(0x1F3FB, 0x1F400)])  # emoji style and skin tones

SAME_ANSWER, SAME_PROMPT = "of one answer", "of one prompt"


class PreferenceReport(Shown):
    """How many pairs an export gives, and why not more.

    Attributes:
        answers: Answers of the persona, by how others reacted: "loved", "plain" (no reaction at
            all) or "otherwise" (any other reaction, which says too little).
        pairs: Pairs, by what the two replies have in common.
        loved_alone: Loved answers for which there is nothing to compare with.
    """

    _figures: ClassVar[tuple[str, ...]] = ("answers", "pairs", "loved_alone")

    def __init__(self) -> None:
        self.answers: Counter[str] = Counter()
        self.pairs: Counter[str] = Counter()
        self.loved_alone = 0

    def __str__(self) -> str:
        answers = ", ".join(f"{n:,} {how}" for how, n in self.answers.most_common()) or "none"
        pairs = ", ".join(f"{n:,} {kind}" for kind, n in self.pairs.most_common()) or "none"
        return (
            f"{self.answers.total():,} answers ({answers}) → {self.pairs.total():,} preference "
            f"pairs ({pairs}); {self.loved_alone:,} loved answers have none to compare with"
        )


class ToPreferencePairs(ExampleMaker, TranscriptStage):
    """The Runnable form of `to_preference_pairs`."""

    name: str | None = "to_preference_pairs"

    format: Literal["openai", "trl"] = "openai"
    """Whose shape the pairs have."""

    # `Optional`, not `|`: pydantic reads these on Python 3.10 too.
    system: Optional[str] = Field(default=None, repr=False)  # noqa: UP045
    """Template of the system prompt, as in `to_training_examples`."""

    report: Optional[PreferenceReport] = Field(default=None, repr=False)  # noqa: UP045
    """Is filled with how many pairs there are, and why not more."""

    @field_validator("system")
    @classmethod
    def _is_template(cls, system: str | None) -> str | None:
        return None if system is None or not system.strip() else checked_template(system)

    @property
    @override
    def item_type(self) -> Any:
        return dict[str, Any]

    @property
    @override
    def gives_transcripts(self) -> bool:
        return False

    @override
    def over(self, sessions: Iterator[Transcript]) -> Iterator[dict[str, Any]]:
        report = PreferenceReport() if self.report is None else self.report
        answered = _Answered()
        for session in sessions:
            for answer in _answers_of(session, self.system):
                report.answers[answer.reaction] += 1
                for kind, pair in (*_pairs_within(answer), *answered.pairs_with(answer)):
                    report.pairs[kind] += 1
                    yield _written(pair, self.format)
        report.loved_alone += answered.n_waiting


class PreferenceOptions(TypedDict, total=False):
    """The options of `to_preference_pairs`, for type checkers."""

    format: Literal["openai", "trl"]
    system: str | None
    report: PreferenceReport | None


@overload
def to_preference_pairs(
    chat_sessions: Iterable[ChatSession] | BaseChatLoader, **options: Unpack[PreferenceOptions]
) -> Iterator[dict[str, Any]]: ...
@overload
def to_preference_pairs(
    chat_sessions: None = None, **options: Unpack[PreferenceOptions]
) -> ToPreferencePairs: ...
@function_of(ToPreferencePairs, PreferenceOptions)
def to_preference_pairs(  # noqa: D417 - one by one
    chat_sessions: Iterable[ChatSession] | BaseChatLoader | None = None, **options: Any
) -> Iterator[dict[str, Any]] | ToPreferencePairs:
    """Pair replies that somebody loved or laughed at with replies that nobody reacted to.

    Both replies of a pair answer the same prompt: they are messages of one answer, or answers to
    prompts of the same words (spelling aside), and they do not say the same. Replies to different
    prompts are never paired: that would teach a change of subject. Expect few pairs; the report
    says how many and why.

    Args:
        chat_sessions: Sessions in which the persona's messages are `AIMessage`s, not merged: a
            merged message does not say which part of it was loved. Without them a Runnable is
            returned.
        format: "openai" (`input`, `preferred_output`, `non_preferred_output`; Azure, Together and
            Fireworks too) or "trl" (`prompt`, `chosen`, `rejected`, lists of messages).
        system: Template of the system prompt, as in `to_training_examples`.
        report: Is filled with the numbers, when all sessions have been read.

    Returns:
        An iterator over pairs, which `write_jsonl` writes, or the Runnable that does the same.

    Raises:
        InvalidInputError: A session holds a message that is neither a human's nor the assistant's.

    Example:
        ```python
        report = PreferenceReport()
        pipeline = split_chat_sessions() | map_ai_messages() | to_preference_pairs(report=report)
        write_jsonl(pipeline.stream(loader.lazy_load()), "preferences.jsonl")
        print(report)
        ```
    """
    return runnable_or_iterator(ToPreferencePairs(**options), chat_sessions)


class _Answer(NamedTuple):
    """An answer, message by message, and the prompt that it answers."""

    system: str | None
    prompt: str
    messages: list[tuple[str, str]]  # text and reaction

    @property
    def text(self) -> str:
        return "\n".join(text for text, _ in self.messages)

    @property
    def reaction(self) -> str:
        reactions = {reaction for _, reaction in self.messages}
        if "otherwise" in reactions:
            return "otherwise"
        return "loved" if "loved" in reactions else "plain"


class _Pair(NamedTuple):
    answer: _Answer  # the loved one, whose prompt is taken
    preferred: str
    other: str


class _Answered:
    """The answers so far, by the words of their prompts."""

    def __init__(self) -> None:
        self._plain: dict[int, str] = {}
        self._waiting: dict[int, list[_Answer]] = {}

    @property
    def n_waiting(self) -> int:
        return sum(map(len, self._waiting.values()))

    def pairs_with(self, answer: _Answer) -> Iterator[tuple[str, _Pair]]:
        """Give the pairs that an answer makes with earlier ones: one for each that was loved."""
        prompt = hash(near_key(answer.prompt))
        if answer.reaction == "plain":
            self._plain[prompt] = answer.text
            alone = []
            for loved in self._waiting.pop(prompt, []):
                if _differ(loved.text, answer.text):
                    yield SAME_PROMPT, _Pair(loved, loved.text, answer.text)
                else:
                    alone.append(loved)
            if alone:
                self._waiting[prompt] = alone
        elif answer.reaction == "loved":
            other = self._plain.get(prompt)
            if other is not None and _differ(answer.text, other):
                yield SAME_PROMPT, _Pair(answer, answer.text, other)
            elif not any(True for _ in _pairs_within(answer)):
                self._waiting.setdefault(prompt, []).append(answer)


def _pairs_within(answer: _Answer) -> Iterator[tuple[str, _Pair]]:
    """Give a pair of a loved message and a plain one of the same answer, if it has both."""
    plain = [text for text, reaction in answer.messages if reaction == "plain"]
    for text, reaction in answer.messages:
        if reaction == "loved":
            other = next((one for one in plain if _differ(one, text)), None)
            if other is not None:
                yield SAME_ANSWER, _Pair(answer, text, other)
                return


def _answers_of(session: Transcript, system: str | None) -> Iterator[_Answer]:
    messages = session.messages()
    owner = {m.additional_kwargs.get("sender") for m in messages if isinstance(m, AIMessage)}
    spoken = [m for m in messages if text_of(m.content).strip()]
    people = people_of(session)
    turns = turns_of(session, people, Counter())
    position = 0
    prompt: str | None = None
    for number, part in enumerate(parts_of(turns), start=1):
        source = source_of_part(session, people, turns.started(part), number, system)
        head = None if system is None else rendered(system, source.values).strip() or None
        for turn in part:
            said = spoken[position : position + turns.n_lines(range(turn, turn + 1))]
            position += len(said)
            if not turns.are_answers[turn]:
                prompt = turns.contents[turn]
            elif prompt is not None and turn != part.start:
                texts = [(text_of(m.content), _reaction(m, owner)) for m in said]
                yield _Answer(head, prompt, texts)


def _reaction(message: BaseMessage, owner: set[Any]) -> str:
    """Say how others have reacted to a message: loved, plain, or otherwise."""
    reactions = {
        str(reaction.get("reaction") or "").translate(_DRESS)
        for event in message.additional_kwargs.get("events") or ()
        if isinstance(event, dict)
        for reaction in event.get("reactions") or ()
        if isinstance(reaction, dict) and reaction.get("actor") not in owner
    }
    if not reactions:
        return "plain"
    return "loved" if reactions <= _LOVED | _LAUGHED_AT else "otherwise"


def _differ(one: str, other: str) -> bool:
    return near_key(one) != near_key(other)


def _written(pair: _Pair, form: str) -> dict[str, Any]:
    head = pair.answer.system
    prompt = [] if head is None else [{"role": "system", "content": head}]
    prompt.append({"role": "user", "content": pair.answer.prompt})
    preferred = [{"role": "assistant", "content": pair.preferred}]
    other = [{"role": "assistant", "content": pair.other}]
    if form == "trl":
        return {"prompt": prompt, "chosen": preferred, "rejected": other}
    return {
        "input": {"messages": prompt},
        "preferred_output": preferred,
        "non_preferred_output": other,
    }
