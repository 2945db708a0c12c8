"""A program of somebody who has LangSmith switched on: it runs a whole pipeline, and flushes.

Run as `python -m tests.integration_tests.traced_road OUTPUT PROVIDER`.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys

from langchain_core.runnables import ConfigurableField, RunnableLambda
from langchain_core.tracers.langchain import wait_for_all_tracers

from langchain_fbmessenger import (
    FineTuner,
    FineTuningError,
    PersonaRetriever,
    balance_examples,
    map_ai_messages,
    merge_chat_runs,
    persona_chain,
    split_chat_sessions,
    split_examples,
    to_training_examples,
    write_jsonl,
)
from tests.unit_tests.canaries import NAME, PROMPT, SYSTEM, TEXT, session
from tests.unit_tests.retrieval.piecemeal import PiecemealModel

PIPELINE = (
    split_chat_sessions(gap="auto")
    | merge_chat_runs()
    | map_ai_messages()
    | to_training_examples(system=SYSTEM, max_messages=4, overlap=0)
    | balance_examples(min_letters=1)
)


def main(output: str, provider: str) -> None:
    """Take each road that private words could leave by."""
    sessions = [session(number) for number in range(8)]
    write_jsonl(PIPELINE.stream(sessions), output)
    PIPELINE.batch([sessions, sessions])
    asyncio.run(PIPELINE.ainvoke(sessions))
    prompted = to_training_examples().configurable_fields(system=ConfigurableField("prompt"))
    prompted.invoke(sessions, {"configurable": {"prompt": PROMPT}})
    tuner = FineTuner(provider=provider, model="gpt-4o-mini", system=SYSTEM, progress=False)
    (PIPELINE | split_examples(valid=0.5) | tuner).invoke(sessions)
    with contextlib.suppress(FineTuningError):
        (PIPELINE | FineTuner(provider=f"{provider}/nothing", system=SYSTEM)).invoke(sessions)
    with contextlib.suppress(LookupError):
        map_ai_messages(sender="Nobody").invoke(sessions)
    ask_the_persona()
    wait_for_all_tracers()
    if "--foreign" in sys.argv:
        (merge_chat_runs() | RunnableLambda(len)).invoke(sessions)
        wait_for_all_tracers()


def ask_the_persona() -> None:
    """Show a model exchanges of canaries, and have it answer with one."""
    retriever = PersonaRetriever.from_sessions([session()])
    chain = persona_chain(PiecemealModel(says=TEXT), retriever, system=SYSTEM)
    question = {"input": f"{TEXT} says number", "contact": NAME}

    async def in_the_loop() -> None:
        await retriever.ainvoke(TEXT)
        await chain.ainvoke(question)
        [chunk async for chunk in chain.astream(question)]

    retriever.invoke(TEXT)
    chain.invoke(question)
    list(chain.stream(question))
    chain.batch([question, question])
    asyncio.run(in_the_loop())
    with contextlib.suppress(RuntimeError):
        persona_chain(PiecemealModel(fails=True), retriever).invoke(question)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
