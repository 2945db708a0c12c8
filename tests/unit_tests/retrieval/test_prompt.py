"""What a model is asked: exchanges before the chat, both sides in turn, within the budget."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.prompts import ChatPromptTemplate, MessagesPlaceholder

from langchain_fbmessenger import InvalidInputError, PersonaRetriever, persona_chain
from langchain_fbmessenger.examples.files.tokens import token_counter
from langchain_fbmessenger.examples.schema import DEFAULT_OPENING
from langchain_fbmessenger.fine_tuning.system_prompt import SystemPrompt, prompt_with
from langchain_fbmessenger.retrieval.prompt import prompt_of
from langchain_fbmessenger.retrieval.questions import Question
from tests.unit_tests.retrieval.piecemeal import PiecemealModel
from tests.unit_tests.retrieval.small_chats import sessions

CELLO = ("Are you coming to the concert tonight?", "yes captain, with the cello")
AGAIN = ("Shall we go to the concert again?", "only in the first row, captain")
HALL = ("nice, is there a concert hall?", "there is a tram and a bakery")
OWL = ("my owl is called Karel", "long live karel")


@pytest.fixture(scope="module")
def retriever() -> PersonaRetriever:
    return PersonaRetriever.from_sessions(sessions())


def asked(retriever: PersonaRetriever, question: Any, **options: Any) -> list[tuple[str, str]]:
    chain = persona_chain(PiecemealModel(), retriever, **options)
    return [(one.type, str(one.text)) for one in chain.messages(question)]


def turns(*exchanges: tuple[str, str]) -> list[tuple[str, str]]:
    return [turn for said, reply in exchanges for turn in (("human", said), ("ai", reply))]


def test_exchanges_like_the_question_stand_before_it_the_best_last(
    retriever: PersonaRetriever,
) -> None:
    assert asked(retriever, "concert tonight?", k=2, system="You are Zoë.") == [
        ("system", "You are Zoë."),
        *turns(HALL, CELLO),
        ("human", "concert tonight?"),
    ]


def test_what_the_same_contact_said_stands_nearest_the_oldest_first(
    retriever: PersonaRetriever,
) -> None:
    question = {"input": "concert hall? and karel?", "contact": "milo dvorak"}
    told = asked(retriever, question, k=1, facts=2)
    assert told[:-1] == turns(HALL, OWL, AGAIN)
    assert asked(retriever, question, k=1, facts=0)[:-1] == turns(HALL)


def test_facts_are_those_of_the_retrievers_contact_as_well(retriever: PersonaRetriever) -> None:
    milo = PersonaRetriever(index=retriever.index, contact="Milo Dvořák")
    assert asked(milo, "owl!", k=1, facts=1) == [*turns(OWL), ("human", "owl!")]


def test_what_the_persona_began_is_a_fact_behind_an_opening(retriever: PersonaRetriever) -> None:
    told = asked(retriever, {"input": "have you moved?", "contact": "Bo"}, k=0)
    assert told == [*turns((DEFAULT_OPENING, "I have moved to Brno")), ("human", "have you moved?")]


def test_answers_to_the_very_message_are_not_shown(retriever: PersonaRetriever) -> None:
    for question in (CELLO[0], CELLO[0].upper(), [("human", CELLO[0])]):
        assert CELLO[1] not in str(asked(retriever, question, k=9))
    in_chat = {"input": "and tonight?", "history": [("human", CELLO[0]), ("ai", "no")]}
    assert CELLO[1] not in str(asked(retriever, in_chat, k=9))
    contact = {"input": CELLO[0], "contact": "Milo Dvořák"}
    assert CELLO[1] not in str(asked(retriever, contact, k=9))


@pytest.mark.parametrize("message", ["", "?!", "😭", "nothingofit"])
def test_the_newest_make_up_for_what_is_not_found(
    retriever: PersonaRetriever, message: str
) -> None:
    question = {"input": message, "contact": "Milo Dvořák"}
    assert asked(retriever, question, k=2) == [*turns(OWL, AGAIN), ("human", message)]
    assert len(asked(retriever, message, k=3)) == 7


def test_without_exchanges_the_question_stands_alone() -> None:
    assert asked(PersonaRetriever(), "hi") == [("human", "hi")]
    assert asked(PersonaRetriever(), {"input": "hi", "contact": "Bo"}) == [("human", "hi")]


def test_no_exchange_is_shown_twice(retriever: PersonaRetriever) -> None:
    told = asked(retriever, {"input": "concert owl karel", "contact": "Milo Dvořák"}, k=9, facts=9)
    said = [text for kind, text in told if kind == "human"]
    assert len(said) == len({*said})


COUNTER = token_counter(None)


@pytest.mark.parametrize("most", [1, 60, 90, 120, 150, 400])
def test_exchanges_take_what_is_left_of_the_tokens(retriever: PersonaRetriever, most: int) -> None:
    question = {"input": "concert tonight?", "contact": "Milo Dvořák"}
    chain = persona_chain(PiecemealModel(), retriever, system="You are Zoë.", max_tokens=most, k=9)
    messages = chain.messages(question)
    tokens = COUNTER.per_chat + sum(COUNTER.most_of_texts([str(m.text) for m in messages]))
    assert tokens <= most or len(messages) == 2
    assert (messages[0].text, messages[-1].text) == ("You are Zoë.", "concert tonight?")
    if most == 400:
        assert len(messages) > 12


def test_a_long_exchange_does_not_keep_shorter_ones_out() -> None:
    from tests.unit_tests.builders import session

    retriever = PersonaRetriever.from_sessions(
        [session("Al: concert", f"*Zoë: {'la ' * 999}", "Al: concert then", "*Zoë: ok")]
    )
    told = asked(retriever, "a concert?", max_tokens=200)
    assert told[:-1] == turns(("concert then", "ok"))


def test_a_prompt_of_a_job_is_filled_in(retriever: PersonaRetriever) -> None:
    prompt = prompt_with(
        SystemPrompt("You are Zoë, writing to {others} on {date}.", is_template=True),
        {"date": "Friday"},
    )
    question = {"input": "hi {x}", "contact": "Milo", "history": [("human", "a"), ("ai", "b")]}
    assert asked(retriever, question, system=prompt, k=0, facts=0) == [
        ("system", "You are Zoë, writing to Milo on Friday."),
        ("human", "a"),
        ("ai", "b"),
        ("human", "hi {x}"),
    ]
    given = asked(retriever, {**question, "others": "Bo"}, system=prompt, k=0, facts=0)
    assert given[0][1] == "You are Zoë, writing to Bo on Friday."
    with pytest.raises(InvalidInputError, match="others"):
        asked(retriever, "hi", system=prompt)


def test_a_job_without_a_system_prompt_has_none(retriever: PersonaRetriever) -> None:
    assert asked(retriever, "hi", system=prompt_with(None, {}), k=0) == [("human", "hi")]


def test_a_template_of_ones_own_keeps_its_turns() -> None:
    template = ChatPromptTemplate.from_messages(
        [
            ("system", "one"),
            ("system", "two"),
            MessagesPlaceholder("history", optional=True),
            ("human", "Q: {input}"),
        ]
    )
    assert asked(PersonaRetriever(), "hi", system=template) == [
        ("system", "one\n\ntwo"),
        ("human", "Q: hi"),
    ]


@pytest.mark.parametrize(
    ("history", "expected"),
    [
        ([("ai", "hey")], [("human", DEFAULT_OPENING), ("ai", "hey"), ("human", "x")]),
        ([("human", "a"), ("human", "b")], [("human", "a\nb\nx")]),
        (
            [("human", "a"), ("ai", "b"), ("ai", "c")],
            [("human", "a"), ("ai", "b\nc"), ("human", "x")],
        ),
        ([("system", "s"), ("human", "a")], [("system", "s"), ("human", "a\nx")]),
    ],
)
def test_the_sides_take_turns(history: Any, expected: Any) -> None:
    for question in ({"input": "x", "history": history}, [*history, ("human", "x")]):
        assert asked(PersonaRetriever(), question) == expected


kinds = st.sampled_from([HumanMessage, AIMessage])
messages = st.lists(st.builds(lambda kind, text: kind(text), kinds, st.text(max_size=4)))


@given(history=messages, contact=st.sampled_from([None, "Bo", "Milo Dvořák"]), k=st.integers(0, 4))
def test_whatever_stood_before_the_sides_take_turns(
    history: list[BaseMessage], contact: str | None, k: int
) -> None:
    retriever = PersonaRetriever.from_sessions(sessions())
    question: Any = {"input": "concert", "history": history, "contact": contact}
    if contact is None:
        del question["contact"]
    told = asked(retriever, question, k=k, system="s")
    assert [kind for kind, _ in told[:2]] == ["system", "human"]
    assert all(one != other for (one, _), (other, _) in pairwise(told))
    assert told[-1][0] == "human"


def test_messages_of_more_than_text_are_left_as_they_are() -> None:
    call = AIMessage("", tool_calls=[{"name": "f", "args": {}, "id": "1"}])
    history = [HumanMessage("a"), call, ToolMessage("r", tool_call_id="1"), AIMessage("b")]
    prompt = prompt_of(Question("x", history), None)
    assert prompt.turns[:-1] == history
    assert prompt_of(Question("x", [SystemMessage("s")]), "t").head == [SystemMessage("t\n\ns")]
