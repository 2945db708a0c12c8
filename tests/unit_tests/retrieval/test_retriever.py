from __future__ import annotations

import asyncio
import pickle
import sys
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import pytest
from langchain_core.load import dumps
from langchain_core.tracers.context import collect_runs
from langchain_tests.integration_tests import RetrieversIntegrationTests

from langchain_fbmessenger import (
    Contacts,
    InvalidInputError,
    InvalidOptionError,
    MissingExtraError,
    PersonaRetriever,
    apply_consent,
    balance_examples,
    read_jsonl,
    split_chat_sessions,
    to_training_examples,
    write_jsonl,
)
from langchain_fbmessenger.privacy.consent.contacts import Contact
from tests.unit_tests.builders import START
from tests.unit_tests.canaries import Recorder, assert_clean, session
from tests.unit_tests.retrieval.small_chats import examples, sessions

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from langchain_core.documents import Document


@pytest.fixture
def retriever() -> PersonaRetriever:
    return PersonaRetriever.from_sessions(split_chat_sessions(sessions()))


def replies(documents: list[Document]) -> list[str]:
    return [document.metadata["reply"] for document in documents]


class TestStandard(RetrieversIntegrationTests):
    @property
    def retriever_constructor(self) -> type[PersonaRetriever]:
        return PersonaRetriever

    @property
    def retriever_constructor_params(self) -> dict[str, Any]:
        return {"index": PersonaRetriever.from_examples(examples()).index}

    @property
    def retriever_query_example(self) -> str:
        return "Shall we go to the concert?"


def test_a_document_is_an_exchange_with_where_it_is_from(retriever: PersonaRetriever) -> None:
    (document,) = retriever.invoke("concert tonight", k=1)
    assert document.page_content == (
        "They: Are you coming to the concert tonight?\nI: yes captain, with the cello"
    )
    score = document.metadata.pop("score")
    assert score > 0
    assert document.metadata == {
        "said": "Are you coming to the concert tonight?",
        "reply": "yes captain, with the cello",
        "time": "2023-11-14T22:19:20+00:00",
        "contact": "milo dvořák",
        "thread": "milo dvořák",
        "conversation": 1,
    }
    assert document.id == retriever.invoke("the cello", k=1)[0].id


def test_what_the_persona_began_is_found_by_its_own_words(retriever: PersonaRetriever) -> None:
    (document,) = retriever.invoke("moved")
    assert document.page_content == "I: I have moved to Brno"


def test_examples_know_the_time_of_their_end_alone(retriever: PersonaRetriever) -> None:
    from_examples = PersonaRetriever.from_examples(examples())
    told = "Are you coming to the concert tonight?"
    times = [one.invoke(told, k=1)[0].metadata["time"] for one in (retriever, from_examples)]
    ends = [datetime.fromtimestamp(START / 1000 + n * 3600, timezone.utc) for n in (0.1, 0.3)]
    assert times == [end.isoformat() for end in ends]


@pytest.mark.parametrize(
    ("message", "reply"),
    [
        ("コンサート", "行く"),
        ("😂", "🥖"),
        ("OWLS? owl!", "long live karel"),
        ("souuuup", "me, a bucket of it"),
    ],
)
def test_words_of_all_kinds_find(retriever: PersonaRetriever, message: str, reply: str) -> None:
    assert replies(retriever.invoke(message))[:1] == [reply]


@pytest.mark.parametrize("message", ["", "   ", "?!", "😭", "nothingofit"])
def test_what_shares_no_word_finds_nothing(retriever: PersonaRetriever, message: str) -> None:
    assert retriever.invoke(message) == []


def test_an_empty_index_finds_nothing() -> None:
    assert PersonaRetriever().invoke("concert") == []
    assert PersonaRetriever.from_examples([]).invoke("concert") == []


def test_options_of_the_class_hold_for_a_call_unless_it_has_its_own(
    retriever: PersonaRetriever,
) -> None:
    milo = PersonaRetriever(index=retriever.index, contact="milo dvorak", k=1)
    assert replies(milo.invoke("concert")) == ["only in the first row, captain"]
    assert replies(milo.invoke("concert", before="2023-11-20", k=9)) == [
        "yes captain, with the cello"
    ]
    assert "there is a tram and a bakery" in replies(milo.invoke("concert", contact=None, k=9))
    assert replies(milo.invoke("concert", contact="soup_council")) == []
    assert replies(milo.invoke("soup", contact="soup_council")) == ["me, a bucket of it"]
    times = {"after": datetime(2023, 11, 20, tzinfo=timezone.utc), "before": "2024-01-01"}
    assert replies(milo.invoke("concert", **times)) == ["only in the first row, captain"]


def test_a_half_life_prefers_the_new(retriever: PersonaRetriever) -> None:
    told = "Are you coming to the concert tonight?"
    assert replies(retriever.invoke(told, k=1)) == ["yes captain, with the cello"]
    newest = replies(retriever.invoke(told, k=1, half_life="6h"))
    assert newest == ["only in the first row, captain"]


@pytest.mark.parametrize(
    "options",
    [{"k": 0}, {"half_life": "soon"}, {"before": "tomorrow"}, {"top_k": 3}, {"contact": 7}],
)
def test_wrong_options_are_told_at_once(retriever: PersonaRetriever, options: Any) -> None:
    with pytest.raises(InvalidOptionError):
        PersonaRetriever(**options)
    with pytest.raises(InvalidOptionError):
        retriever.invoke("concert", **options)


@pytest.mark.parametrize("wrong", [None, 7, ["secret"], {"input": "secret"}])
def test_what_is_no_text_is_refused_and_not_quoted(retriever: PersonaRetriever, wrong: Any) -> None:
    with pytest.raises(InvalidInputError, match="is a text") as caught:
        retriever.invoke(wrong)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("wrong", [None, "train.jsonl", 7, [7], [{"secret": 1}]])
def test_other_things_than_examples_are_refused(wrong: Any) -> None:
    with pytest.raises(InvalidInputError) as caught:
        PersonaRetriever.from_examples(wrong)
    assert "secret" not in str(caught.value)


async def test_async_twins_give_the_same(retriever: PersonaRetriever) -> None:
    expected = retriever.invoke("concert")
    assert await retriever.ainvoke("concert") == expected
    assert await retriever.abatch(["concert", "owl"]) == retriever.batch(["concert", "owl"])
    assert [part async for part in retriever.astream("concert")] == [expected]
    assert list(retriever.stream("concert")) == [expected]
    assert replies(await retriever.ainvoke("concert", k=1)) == replies(expected)[:1]


async def test_the_loop_goes_on_while_something_is_looked_for(
    retriever: PersonaRetriever, monkeypatch: pytest.MonkeyPatch
) -> None:
    import threading

    loop_is_free = threading.Event()
    find = type(retriever.index).find

    def waiting(self: Any, *arguments: Any, **options: Any) -> Any:
        assert loop_is_free.wait(30), "only the loop can set it"
        return find(self, *arguments, **options)

    monkeypatch.setattr(type(retriever.index), "find", waiting)
    asked = asyncio.ensure_future(retriever.ainvoke("concert"))
    await asyncio.sleep(0)
    loop_is_free.set()
    assert await asked


def test_it_is_pickled_with_its_index_and_shown_without_texts(retriever: PersonaRetriever) -> None:
    chosen = PersonaRetriever(index=retriever.index, contact="milo dvořák", k=2)
    again = pickle.loads(pickle.dumps(chosen))  # noqa: S301 - own
    assert again.invoke("concert") == chosen.invoke("concert")
    assert repr(chosen) == "PersonaRetriever(k=2, index=ExchangeIndex(exchanges=9))"
    assert "cello" not in dumps(chosen)


def test_consent_holds(retriever: PersonaRetriever) -> None:
    contacts = Contacts(people={"Bo": Contact(consent="exclude")})
    assert retriever.invoke("bakery tram")
    agreed = split_chat_sessions(apply_consent(sessions(), contacts=contacts))
    without = PersonaRetriever.from_sessions(agreed)
    assert without.invoke("bakery tram 😂 コンサート") == []
    assert "not me" not in str(without.invoke("soup not me"))
    assert replies(without.invoke("owl")) == ["long live karel"]


def test_answers_that_are_trained_no_more_are_not_found() -> None:
    chatty = [*examples(), *examples()]
    balanced = balance_examples(chatty, min_letters=2)
    assert "🥖" not in replies(PersonaRetriever.from_examples(balanced, k=99).invoke("😂 concert"))


def test_an_answer_without_weight_is_context_and_not_found() -> None:
    example: Any = {
        "messages": [
            {"role": "user", "content": "concert?"},
            {"role": "assistant", "content": "untrained", "weight": 0},
            {"role": "user", "content": "concert!"},
            {"role": "assistant", "content": "trained"},
        ]
    }
    assert replies(PersonaRetriever.from_examples([example]).invoke("concert")) == ["trained"]


def test_examples_of_a_file_are_found_without_a_source(tmp_path: Path) -> None:
    write_jsonl(examples(), tmp_path / "train.jsonl")
    retriever = PersonaRetriever.from_examples(read_jsonl(tmp_path / "train.jsonl"), k=1)
    (document,) = retriever.invoke("concert tonight")
    assert document.metadata["reply"] == "yes captain, with the cello"
    assert document.metadata["time"] is None
    assert retriever.invoke("concert", contact="Milo Dvořák") == []
    assert retriever.invoke("concert", before="2099-01-01") == []


def test_repeated_context_makes_no_second_exchange() -> None:
    overlapping = list(to_training_examples(sessions(), max_messages=4, overlap=2))
    retriever = PersonaRetriever.from_examples(overlapping)
    assert len(retriever.index) == len(PersonaRetriever.from_sessions(sessions()).index)


def test_tracers_and_callbacks_get_ids_and_no_text() -> None:
    recorder = Recorder()
    retriever = PersonaRetriever.from_sessions([session()], tags=["t"])
    config: Any = {"callbacks": [recorder], "run_name": "mine", "metadata": {"a": 1}}
    with collect_runs() as collected:
        documents = retriever.invoke("zqtext says number", config)
        asyncio.run(retriever.ainvoke("zqtext says number", config))
        with pytest.raises(InvalidInputError):
            retriever.invoke(7, config)  # type: ignore[arg-type]
    assert len(documents) == 4
    for runs in (recorder.runs, collected.traced_runs):
        assert [run.run_type for run in runs] == ["retriever"] * 3
        assert {run.name for run in runs} == {"mine"}
        assert runs[0].tags == ["t"]
        assert runs[0].outputs is not None
        assert [d.id for d in runs[0].outputs["documents"]] == [d.id for d in documents]
    assert_clean(recorder.told())


def test_a_missing_library_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "bm25s", None)
    with pytest.raises(MissingExtraError, match=r"langchain-fbmessenger\[retrieval\]"):
        PersonaRetriever.from_examples(examples())


def test_nothing_that_is_given_is_changed() -> None:
    given, before = examples(), examples()
    held_out = given[:1]
    PersonaRetriever.from_examples(given, validation=held_out)
    assert given == before


CALLS: dict[str, Callable[[PersonaRetriever], Any]] = {
    "index": lambda r: setattr(r, "index", None),
    "k": lambda r: setattr(r, "k", 7),
}


@pytest.mark.parametrize("name", CALLS)
def test_options_are_frozen(retriever: PersonaRetriever, name: str) -> None:
    with pytest.raises(InvalidOptionError):
        CALLS[name](retriever)
