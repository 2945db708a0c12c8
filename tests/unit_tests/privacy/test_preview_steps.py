"""Going through many conversations and people takes steps as there are, not as they pair."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pytest
from langchain_core.messages import HumanMessage

from langchain_fbmessenger._internal.roster import Person, ThreadWithPeople
from langchain_fbmessenger.privacy.consent import Contacts, apply_consent
from langchain_fbmessenger.privacy.preview.figures import Preview
from langchain_fbmessenger.privacy.redaction.redact import _noting_included
from langchain_fbmessenger.sessions.intake import transcripts_of
from langchain_fbmessenger.transcripts.transcript import SessionIterator
from tests.unit_tests.operations import operations

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from langchain_core.chat_sessions import ChatSession


def sessions(conversations: int) -> list[ChatSession]:
    """Return one-to-ones, each with somebody else; all know everybody in the export."""
    people = tuple(Person(f"Person {n}", (f"Former {n}",)) for n in range(conversations))
    return [
        cast(
            "ChatSession",
            {
                "messages": [HumanMessage("hi", additional_kwargs={"sender": person.name})],
                "thread": ThreadWithPeople({"participants": [person.name], "owner": "Zoë"}, people),
            },
        )
        for person in people
    ]


def watched(given: Iterable[ChatSession]) -> Iterator[ChatSession]:
    return Preview().watch(given, keep_owner=True)


def noted(given: Iterable[ChatSession]) -> Iterator[ChatSession]:
    return noting(given, Preview())


def noting(given: Iterable[ChatSession], preview: Preview) -> Iterator[ChatSession]:
    transcripts = transcripts_of(iter([given]))
    noted = _noting_included(transcripts, Contacts(default="include"), preview)
    return SessionIterator(lambda _: noted)


def without_one(given: Iterable[ChatSession]) -> Iterator[ChatSession]:
    return apply_consent(given, forget=["Person 7"])


@pytest.mark.parametrize("step", [watched, noted, without_one])
def test_steps_grow_with_conversations_and_people(step: Callable[[Any], Any]) -> None:
    few, many = sessions(50), sessions(400)
    for _ in step(few):
        pass  # what is read once for a process
    steps = [operations(lambda given=given: [*step(given)]) for given in (few, many)]
    assert steps[1] < steps[0] * 12  # eight times as many of both; pairs would be 64 times


def test_everybody_is_noted_once_and_those_of_another_export_too() -> None:
    given = [*sessions(3), *sessions(5)]
    preview = Preview()
    assert [*noting(preview.watch(given), preview)] == given
    assert [*preview.renamed] == [f"Person {n}" if n >= 0 else "Zoë" for n in (0, -1, 1, 2, 3, 4)]
    assert preview.kept == {"Zoë", *(f"{a} {n}" for a in ("Person", "Former") for n in range(5))}
