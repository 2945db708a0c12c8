"""Models are asked, their answers kept, and what is wrong with the material is said."""

from __future__ import annotations

import asyncio
import itertools
from typing import TYPE_CHECKING, Any

import pytest
from langchain_core.runnables import RunnableLambda

from langchain_fbmessenger import (
    FacebookMessengerChatLoader,
    InvalidExampleError,
    InvalidInputError,
    InvalidOptionError,
    aevaluate,
    evaluate,
    likeness_prompts,
    map_ai_messages,
    split_chat_sessions,
    split_examples,
    to_training_examples,
)
from langchain_fbmessenger.testing import author_threads, invented_authors, write_export

if TYPE_CHECKING:
    from pathlib import Path

    from langchain_core.chat_sessions import ChatSession

ME, *FRIENDS = invented_authors(4, overlap=0.3, seed=1)


@pytest.fixture(scope="module")
def chats(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Return sessions, training and validation examples of an export of invented authors."""
    export = tmp_path_factory.mktemp("export") / "facebook-me"
    write_export(author_threads(ME, FRIENDS, n_conversations=6, n_turns=4, seed=3), export)
    sessions = list(
        (split_chat_sessions() | map_ai_messages()).stream(
            FacebookMessengerChatLoader(export).lazy_load()
        )
    )
    examples = to_training_examples(iter(sessions), max_messages=4, overlap=0)
    return sessions, *split_examples(examples, valid=0.5)


class Speaker:
    """Answers as an author does, and counts what it was asked."""

    def __init__(self, seed: int, *, fails_after: int | None = None) -> None:
        self.asked: list[str] = []
        self._said = ME.texts(400, seed=seed)
        self._fails_after = fails_after

    def __call__(self, messages: Any) -> str:
        self.asked.append(messages[-1].content)
        if self._fails_after is not None and len(self.asked) > self._fails_after:
            raise KeyboardInterrupt
        return self._said[sum(map(len, (m.content for m in messages))) % 400]


def test_each_model_is_asked_every_held_out_prompt(chats: Any) -> None:
    sessions, train, valid = chats
    tuned, base = Speaker(7), Speaker(8)
    seen: list[tuple[int, int]] = []
    report = evaluate(
        {"tuned": RunnableLambda(tuned), "base": RunnableLambda(base)},
        valid,
        sessions,
        train=train,
        max_concurrency=3,
        on_progress=lambda done, total: seen.append((done, total)),
    )
    prompts = likeness_prompts(valid)
    past = min(120, len(likeness_prompts(train)))
    assert len(tuned.asked) == len(prompts)
    assert len(base.asked) == len(prompts) + past
    assert report.basis.negatives == past
    assert report.basis.own == len(prompts)
    assert seen[-1] == (2 * len(prompts) + past,) * 2
    assert len(report.basis.friends) == 3
    assert report.model("tuned").asked == len(prompts)


def test_async_is_the_same(chats: Any) -> None:
    sessions, train, valid = chats
    given = {"tuned": RunnableLambda(Speaker(7)), "base": RunnableLambda(Speaker(8))}
    options = {"train": train, "limit": 20, "max_concurrency": 2}
    report = evaluate(given, valid, sessions, **options)
    assert asyncio.run(aevaluate(given, valid, sessions, **options)).to_dict() == report.to_dict()


def test_answers_may_be_given_as_texts(chats: Any) -> None:
    sessions, train, valid = chats
    prompts = likeness_prompts(valid)
    told = Speaker(7)
    asked = evaluate({"m": RunnableLambda(told)}, valid, sessions, train=train)
    texts = [RunnableLambda(Speaker(7)).invoke(_messages(prompt)) for prompt in prompts]
    given = evaluate({"m": texts}, valid, sessions, train=train)
    assert given.to_dict() == asked.to_dict()
    with pytest.raises(InvalidInputError, match="one is needed for each"):
        evaluate({"m": texts[1:]}, valid, sessions)


def _messages(prompt: Any) -> Any:
    from langchain_core.messages import convert_to_messages

    return convert_to_messages(list(prompt.turns))


def test_a_limit_asks_whole_conversations_the_same_each_time(chats: Any) -> None:
    sessions, _, valid = chats
    first, second, other = Speaker(7), Speaker(7), Speaker(7)
    for speaker, seed in ((first, 0), (second, 0), (other, 1)):
        evaluate({"m": RunnableLambda(speaker)}, valid, sessions, limit=9, seed=seed)
    assert len(first.asked) == 9
    assert first.asked == second.asked != other.asked


def test_a_killed_run_goes_on_where_it_was(chats: Any, tmp_path: Path) -> None:
    sessions, _, valid = chats
    path = tmp_path / "answers.jsonl"
    killed = Speaker(7, fails_after=5)
    with pytest.raises(KeyboardInterrupt):
        asyncio.run(aevaluate({"m": RunnableLambda(killed)}, valid, sessions, answers_file=path))
    whole, rest = Speaker(7), Speaker(7)
    resumed = evaluate({"m": RunnableLambda(rest)}, valid, sessions, answers_file=path)
    at_once = evaluate({"m": RunnableLambda(whole)}, valid, sessions)
    assert len(rest.asked) == len(whole.asked) - 5
    assert resumed.to_dict() == at_once.to_dict()


def test_a_model_that_always_fails_raises_its_own_error(chats: Any) -> None:
    sessions, _, valid = chats

    def fail(_: Any) -> str:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        evaluate({"m": RunnableLambda(fail)}, valid, sessions, limit=5)


def test_quotes_are_beside_each_other(chats: Any) -> None:
    sessions, _, valid = chats
    report = evaluate({"m": RunnableLambda(Speaker(7))}, valid, sessions)
    assert len(report.beside) == 8
    assert all(set(one.answers) == {"m"} and one.own for one in report.beside)
    assert report.beside[0].own not in repr(report) + str(report) + str(report.to_dict())


def test_what_was_trained_is_no_validation(chats: Any) -> None:
    sessions, train, valid = chats
    with pytest.raises(InvalidInputError, match="were trained on"):
        evaluate({"m": RunnableLambda(Speaker(7))}, train, sessions, train=train)
    evaluate({"m": RunnableLambda(Speaker(7))}, valid, sessions, train=train, limit=5)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"models": {}}, InvalidInputError),
        ({"validation": []}, InvalidExampleError),
        ({"limit": 0}, InvalidOptionError),
        ({"negatives": -1}, InvalidOptionError),
        ({"max_concurrency": 0}, InvalidOptionError),
        ({"seconds": -1}, InvalidOptionError),
    ],
)
def test_wrong_settings_are_refused(chats: Any, changes: dict[str, Any], error: Any) -> None:
    sessions, _, valid = chats
    given = {"models": {"m": RunnableLambda(Speaker(7))}, "validation": valid} | changes
    with pytest.raises(error):
        evaluate(given.pop("models"), given.pop("validation"), sessions, **given)


def test_nothing_that_is_given_is_changed(chats: Any) -> None:
    sessions, train, valid = chats
    before: list[ChatSession] = [dict(session) for session in sessions]  # type: ignore[misc]
    turns = [[dict(turn) for turn in example["messages"]] for example in (*train, *valid)]
    evaluate({"m": RunnableLambda(Speaker(7))}, valid, sessions, train=train, limit=10)
    assert sessions == before
    assert [[dict(t) for t in example["messages"]] for example in (*train, *valid)] == turns


def test_a_prompt_that_is_asked_twice_has_two_answers(chats: Any, tmp_path: Path) -> None:
    sessions, _, valid = chats
    count = itertools.count()
    model = RunnableLambda(lambda _: f"answer {next(count)}")
    options: dict[str, Any] = {"answers_file": tmp_path / "answers.jsonl"}
    first = evaluate({"m": model}, [*valid, *valid], sessions, **options).to_dict()
    asked = next(count)
    assert evaluate({"m": model}, [*valid, *valid], sessions, **options).to_dict() == first
    assert next(count) == asked + 1, "all was known"


def test_prompts_that_nobody_asks_are_refused(chats: Any) -> None:
    turns = [{"role": "system", "content": "You are Al."}, {"role": "assistant", "content": "hi"}]
    with pytest.raises(InvalidInputError, match="nobody asks"):
        evaluate({"m": RunnableLambda(Speaker(7))}, [{"messages": turns}] * 12, chats[0])


@pytest.mark.parametrize("models", [[Speaker(7)], {"m": Speaker(7)}, {"m": None}, {"m": "text"}])
def test_what_is_no_model_is_refused(chats: Any, models: Any) -> None:
    with pytest.raises(InvalidInputError):
        evaluate(models, chats[2], chats[0])


def test_answers_may_come_from_a_generator(chats: Any) -> None:
    sessions, _, valid = chats
    texts = ME.texts(len(likeness_prompts(valid)), seed=4)
    given = evaluate({"m": texts}, valid, sessions).to_dict()
    drawn: Any = iter(texts)
    assert evaluate({"m": drawn}, valid, sessions).to_dict() == given


def test_an_answer_is_kept_before_progress_is_told(chats: Any, tmp_path: Path) -> None:
    sessions, _, valid = chats

    def stop(done: int, _: int) -> None:
        if done == 3:
            raise RuntimeError

    options: dict[str, Any] = {"answers_file": tmp_path / "answers.jsonl"}
    with pytest.raises(RuntimeError):
        evaluate({"m": RunnableLambda(Speaker(7))}, valid, sessions, on_progress=stop, **options)
    rest = Speaker(7)
    evaluate({"m": RunnableLambda(rest)}, valid, sessions, **options)
    assert len(rest.asked) == len(likeness_prompts(valid)) - 3
