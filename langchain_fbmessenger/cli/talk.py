"""The `chat` command: a chain for a job or model, and a conversation on the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate, MessagesPlaceholder

from langchain_fbmessenger.exceptions import InvalidOptionError
from langchain_fbmessenger.fine_tuning import FineTuningJob, find_provider
from langchain_fbmessenger.fine_tuning.errors import provider_errors

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from langchain_core.runnables import Runnable
    from rich.console import Console

__all__ = ["chain_for", "talk"]


def chain_for(
    job_or_model: str,
    provider: str,
    system: str | None,
    others: str | None,
    options: dict[str, Any],
) -> Runnable[dict[str, Any], str]:
    """Return `prompt | model | StrOutputParser()` for a job's id or a model's name.

    Raises:
        InvalidOptionError: The job's system prompt names the others, and `others` is not given.
    """
    prompt = ChatPromptTemplate.from_messages(
        [
            *([] if system is None else [SystemMessage(system)]),
            MessagesPlaceholder("history", optional=True),
            ("human", "{input}"),
        ]
    )
    if job_or_model.startswith("ftjob"):
        job = FineTuningJob.from_id(job_or_model, provider)
        if system is None:
            prompt = _prompt_of(job, others)
        return prompt | job.chat_model(**options) | StrOutputParser()
    model = find_provider(provider).connection().chat_model(job_or_model, **options)
    return prompt | model | StrOutputParser()


def _prompt_of(job: FineTuningJob, others: str | None) -> ChatPromptTemplate:
    """Return a job's prompt with the other people's names in it, which are a title as well."""
    needed = {"others", "title"} & {*job.prompt().input_variables}
    if needed and others is None:
        message = (
            "This model was trained with a system prompt that names whom it writes to: say who "
            "you are with --others NAME."
        )
        raise InvalidOptionError(message)
    return job.prompt(**dict.fromkeys(needed, others or ""))


def talk(
    chain: Runnable[dict[str, Any], str], console: Console, messages: Iterable[str] | None
) -> None:
    """Stream an answer to each message; without messages, ask for them until the input ends."""
    history: list[BaseMessage] = []
    for message in _typed(console) if messages is None else messages:
        answer = ""
        with provider_errors("chat"):
            for token in chain.stream({"input": message, "history": history}):
                console.print(
                    token, end="", markup=False, emoji=False, highlight=False, soft_wrap=True
                )
                answer += token
        console.print()
        history += [HumanMessage(message), AIMessage(answer)]


def _typed(console: Console) -> Iterator[str]:
    console.print("Write a message; Ctrl-D ends the conversation.", style="dim")
    while True:
        try:
            message = console.input("[cyan]you >[/] ").strip()
        except (EOFError, KeyboardInterrupt):
            console.print()
            return
        if message:
            yield message
