"""The wrong-person control without any training: replies that are retrieved from each one's past.

Three invented people, each with an export of their own; each one's model answers with what its
person said to a message like the one that is asked. A model must sound like its own person most.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from langchain_core.runnables import RunnableLambda

from langchain_fbmessenger import (
    FacebookMessengerChatLoader,
    PersonaMaterial,
    PersonaRetriever,
    compare_personas,
    map_ai_messages,
    split_chat_sessions,
    split_examples,
    to_training_examples,
)
from langchain_fbmessenger.testing import author_threads, invented_authors, write_export

if TYPE_CHECKING:
    import pytest

    from langchain_fbmessenger.testing import InventedAuthor

AUTHORS = invented_authors(7, overlap=0.2, seed=11)
PEOPLE, FRIENDS = AUTHORS[:3], AUTHORS[3:]


def retrieving(retriever: PersonaRetriever) -> Any:
    """Answer with the reply of the exchange that is likest, or with the newest one."""

    def answer(messages: Any) -> str:
        found = retriever.invoke(str(messages[-1].content), k=1)
        if found:
            return str(found[0].metadata["reply"])
        return retriever.index.newest(1, retriever.filters)[0].exchange.reply

    return RunnableLambda(answer)


def material_of(person: InventedAuthor, folder: Any) -> PersonaMaterial:
    write_export(author_threads(person, FRIENDS, n_conversations=8, n_turns=6, seed=2), folder)
    pipeline = split_chat_sessions() | map_ai_messages()
    sessions = list(pipeline.stream(FacebookMessengerChatLoader(folder).lazy_load()))
    examples = to_training_examples(iter(sessions), max_messages=4, overlap=0)
    train, valid = split_examples(examples, valid=0.4)
    return PersonaMaterial(valid, sessions, train)


def test_each_one_s_retrieval_is_likest_to_them(tmp_path_factory: pytest.TempPathFactory) -> None:
    people = {
        person.name: material_of(person, tmp_path_factory.mktemp("export") / "facebook")
        for person in PEOPLE
    }
    models = {
        name: retrieving(PersonaRetriever.from_examples(one.train, validation=one.validation))
        for name, one in people.items()
    }
    matrix = compare_personas(models, people, limit=50, max_concurrency=2)
    assert matrix.diagonal_wins, matrix
    places = matrix.voice
    for name in people:
        own = places[name][name]
        others = [place for other, place in places[name].items() if other != name]
        assert own is not None
        assert own > 0.5
        assert all(place is not None and own - place > 0.3 for place in others)
