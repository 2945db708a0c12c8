"""The `chat` command: a conversation with a job's model or another, on the terminal."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, Any

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate, MessagesPlaceholder
from rich.text import Text

from langchain_fbmessenger._internal.visible_text import visible_pieces
from langchain_fbmessenger.exceptions import FineTuningError, InvalidOptionError
from langchain_fbmessenger.fine_tuning import FineTuningJob, find_provider
from langchain_fbmessenger.fine_tuning.errors import provider_errors

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import openai
    from rich.console import Console

__all__ = ["Conversation", "conversation_with", "talk"]

_TOO_LONG = "context_length_exceeded"
_FORGOTTEN = (
    "(The oldest turns no longer fit what the model can read: it forgets them from here on.)"
)

_ALONE_TOO_LONG = (
    "(That message alone is longer than the model can read, or --max-tokens leaves it no room.)"
)


class Conversation:
    """A prompt, a model, and what was said so far, as far as the model can read it.

    Args:
        prompt: Takes `input` and `history`.
        model: A `ProviderChatOpenAI`. Where its server counts, room for its answer is kept.
    """

    def __init__(self, prompt: ChatPromptTemplate, model: Any) -> None:
        self._prompt = prompt
        self._model = model
        self._chain = prompt | model | StrOutputParser()
        self._history: list[BaseMessage] = []
        self._room: int | None = None
        self._is_counted = True
        self.forgets = False

    def answer(self, message: str) -> Iterator[str]:
        """Give the answer to a message, bit by bit; the oldest turns go where they must.

        An answer that fails or is broken off leaves the conversation as it was.

        Raises:
            FineTuningError: The model refuses or fails, for one as the message alone is too long.
        """
        message = message.encode(errors="replace").decode()  # a terminal's bytes may be no letters
        answer = ""
        with provider_errors("chat"):
            dropped = self._too_many(message)
            for token, dropped in self._stream(message, dropped):  # noqa: B020 - it may grow
                self.forgets |= dropped > 0
                answer += token
                yield token
        kept = self._history[2 * dropped :]
        self._history = [*kept, HumanMessage(message), AIMessage(answer)]

    def _stream(self, message: str, dropped: int) -> Iterator[tuple[str, int]]:
        """Stream, without half of the turns each time that they turn out to be too many.

        Yields:
            A token, and how many of the oldest turns it was given without.
        """
        import openai

        while True:
            try:
                for token in self._chain.stream(self._inputs(message, dropped)):
                    yield token, dropped
            except openai.BadRequestError as error:  # before the first token, if ever
                left = len(self._history) // 2 - dropped
                if not left or not _is_too_long(error):
                    raise
                dropped += left // 2 or 1
            else:
                return

    def _too_many(self, message: str) -> int:
        """Return how many of the oldest turns leave no room for an answer."""
        room = self._room_for_prompt() if self._history else None
        if room is None or self._fits(message, 0, room):
            return 0
        turns = range(len(self._history) // 2)
        return bisect_left(turns, x=True, key=lambda turn: self._fits(message, turn, room))

    def _fits(self, message: str, dropped: int, room: int) -> bool:
        messages = self._prompt.invoke(self._inputs(message, dropped)).to_messages()
        return bool(self._model.get_num_tokens_from_messages(messages) <= room)

    def _room_for_prompt(self) -> int | None:
        """Return how long a prompt may be; None where the model's server does not tell."""
        if self._is_counted and self._room is None:
            whole = self._model.context_length()
            self._is_counted = whole is not None
            if whole is not None:
                answer = self._model.max_tokens or 0
                self._room = max(whole - answer, whole // 2)
        return self._room

    def _inputs(self, message: str, dropped: int) -> dict[str, Any]:
        return {"input": message, "history": self._history[2 * dropped :]}


def conversation_with(
    job_or_model: str,
    provider: str,
    system: str | None,
    others: str | None,
    options: dict[str, Any],
) -> Conversation:
    """Return a conversation with a job's model, by its id, or with a model, by its name.

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
        return Conversation(prompt, job.chat_model(**options))
    return Conversation(prompt, find_provider(provider).chat_model(job_or_model, **options))


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


def talk(conversation: Conversation, console: Console, messages: Iterable[str] | None) -> None:
    """Stream an answer to each message; without messages, ask for them until the input ends."""
    is_told = False
    for message in _typed(console) if messages is None else messages:
        try:
            for piece in visible_pieces(conversation.answer(message)):
                if conversation.forgets and not is_told:
                    console.print(_FORGOTTEN, style="dim", soft_wrap=True)
                    is_told = True
                console.print(
                    piece, end="", markup=False, emoji=False, highlight=False, soft_wrap=True
                )
        except FineTuningError as error:
            if messages is not None or not _is_too_long(error):
                raise
            console.print(_ALONE_TOO_LONG, style="dim", soft_wrap=True)
        except KeyboardInterrupt:
            if messages is not None:
                raise
            console.print("\n(Broken off, and not remembered.)", style="dim")
        else:
            console.print()


def _is_too_long(error: openai.BadRequestError | FineTuningError) -> bool:
    """Say whether a chat was too long: the local server and OpenAI give a code, vLLM only words."""
    return error.code == _TOO_LONG or "context length" in str(error).lower()


def _typed(console: Console) -> Iterator[str]:
    console.print(
        "Write a message; Ctrl-C breaks an answer off, Ctrl-D ends the conversation.", style="dim"
    )
    while True:
        try:
            message = console.input(Text("you > ", style="cyan")).strip()
        except EOFError:
            console.print()
            return
        if message:
            yield message
