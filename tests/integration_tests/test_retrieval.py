"""Retrieval and the hybrid, for real: the sample export, a local training, a streaming chain."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from langchain_core.output_parsers import StrOutputParser

from langchain_fbmessenger import (
    FacebookMessengerChatLoader,
    FineTuner,
    IndexReport,
    PersonaRetriever,
    map_ai_messages,
    persona_chain,
    sample_export_path,
    split_chat_sessions,
    split_examples,
    to_training_examples,
)

if TYPE_CHECKING:
    from langchain_fbmessenger import FineTuningJob
    from langchain_fbmessenger.local import ServerAddress

SYSTEM = "You are {owner}, writing to {others}."
QUESTION = {"input": "How was the rehearsal tonight?", "contact": "Zoe Brandt"}
SAMPLING: dict[str, Any] = {"temperature": 0, "max_tokens": 24}


@pytest.fixture(scope="module")
def split() -> Any:
    pipeline = split_chat_sessions() | map_ai_messages() | to_training_examples(system=SYSTEM)
    loader = FacebookMessengerChatLoader(sample_export_path())
    return split_examples(pipeline.stream(loader.lazy_load()))


@pytest.fixture(scope="module")
def retriever(split: Any) -> PersonaRetriever:
    report = IndexReport()
    retriever = PersonaRetriever.from_examples(split.train, validation=split.valid, report=report)
    assert (report.added, report.held_out) == (len(retriever.index), 0)
    return retriever


@pytest.fixture(scope="module")
def job(local_server: ServerAddress, tiny_base: str, split: Any) -> FineTuningJob:
    assert local_server
    tuner = FineTuner(provider="local", model=tiny_base, n_epochs=1, batch_size=4, seed=1)
    return tuner.submit(split.train[:8]).wait(progress=False)


def test_the_hybrid_streams_from_the_tuned_model_within_its_prompt(
    job: FineTuningJob, retriever: PersonaRetriever, tiny_base: str
) -> None:
    model = job.chat_model(**SAMPLING)
    chain = persona_chain(
        model, retriever, system=job.prompt(), k=3, facts=2, max_tokens=600, tokenizer=tiny_base
    )
    messages = chain.messages(QUESTION)
    assert messages[0].text == "You are Noémie Åkerlund, writing to Zoe Brandt."
    assert len(messages) in {8, 10, 12}, "three like it, up to two more of the same contact"
    assert model.get_num_tokens_from_messages(messages) <= 600
    pieces = [piece for piece in (chain | StrOutputParser()).stream(QUESTION) if piece]
    assert len(pieces) > 3, "it comes piece by piece"
    assert chain.invoke(QUESTION).text == "".join(pieces)
    without = (job.prompt() | model).invoke({"input": QUESTION["input"], "others": "Zoe"})
    assert without.text != "".join(pieces), "the exchanges are seen"


async def test_base_and_tuned_model_answer_behind_one_chain(
    job: FineTuningJob, retriever: PersonaRetriever
) -> None:
    for model in (job.base_chat_model(**SAMPLING), job.chat_model(**SAMPLING)):
        chain = persona_chain(model, retriever, max_tokens=400)
        expected = chain.invoke(QUESTION).text
        assert "".join([chunk.text async for chunk in chain.astream(QUESTION)]) == expected
        assert [m.text for m in await chain.abatch([QUESTION])] == [expected]
