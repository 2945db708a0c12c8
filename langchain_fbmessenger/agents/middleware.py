"""`PseudonymMiddleware`: an agent whose model sees pseudonyms, and whose state has real names."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from langchain_core.runnables.config import run_in_executor

from langchain_fbmessenger._internal.roster import Person, people_of
from langchain_fbmessenger.agents.chat_model import pseudonymous
from langchain_fbmessenger.agents.pseudonyms import CallPseudonyms, Pseudonyms
from langchain_fbmessenger.exceptions import InvalidOptionError, MissingExtraError
from langchain_fbmessenger.privacy.consent.contacts import Contacts
from langchain_fbmessenger.privacy.consent.decisions import Decisions
from langchain_fbmessenger.privacy.identifiers import IdentifierFinder, known_regions
from langchain_fbmessenger.privacy.names import NameBook
from langchain_fbmessenger.privacy.options import as_unknown_names, several
from langchain_fbmessenger.privacy.people import PeopleMet
from langchain_fbmessenger.privacy.scrub import names_in
from langchain_fbmessenger.transcripts.transcript import transcript_of

try:
    from langchain.agents.middleware import AgentMiddleware, ModelResponse
    from langgraph import types as graph_types
except ImportError as error:  # the class can be imported everywhere, and be used with the extra
    AgentMiddleware = object  # type: ignore[assignment,misc]
    _missing: str | None = error.name or "langchain"
else:
    _missing = None

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from langchain.agents.middleware import ModelRequest
    from langchain_core.chat_loaders import BaseChatLoader
    from langchain_core.chat_sessions import ChatSession
    from langchain_core.messages import SystemMessage

    from langchain_fbmessenger.privacy.identifiers.finder import Style
    from langchain_fbmessenger.privacy.options import Kind, UnknownNames

__all__ = ["PseudonymMiddleware"]


class PseudonymMiddleware(AgentMiddleware):  # type: ignore[misc,type-arg,unused-ignore]
    """Give the model of a LangChain agent pseudonyms, and everybody else real names.

    What goes to the model (system prompt, messages, tool results, descriptions of tools, settings)
    carries invented names, and placeholders for phone numbers and the like. What comes back (texts,
    what tools are called with, structured responses, streams) carries the real ones again. Tools
    run with real values, and the agent's state keeps real texts.

    Put it last in the list: middleware behind it sees pseudonyms, and what is behind it must not
    bring names back. docs/agents.md says what it cannot hide.

    Args:
        key: The key file, as in `pseudonymize_chat_sessions`: everybody in it gets the name that
            was invented for them. Made if it does not exist and people are named.
        people: Names of more people.
        chat_sessions: Sessions, or a loader of them: everybody in their export is known.
        contacts: A `Contacts` or a file, as in `pseudonymize_chat_sessions`.
        keep: Names of people who keep theirs.
        unknown_names: "replace" looks for names of people whom nobody has named, too, as in
            `pseudonymize_chat_sessions`; they get into the key file.
        identifiers: "placeholder" makes "[phone-kbdfg]" of a phone number, the same for the same
            with this key; "fake" an invented one; None leaves it. Which value one stands for is
            held in memory for the time of a call.
        kinds: As in `redact_identifiers`.
        regions: As in `redact_identifiers`.

    Raises:
        MissingExtraError: The extra `[agents]` or `[privacy]` is not installed.
        MalformedFileError: The file is not a key file.
        InvalidOptionError: An option does not have one of its values, or nobody is known.

    Example:
        ```python
        from langchain.agents import create_agent
        from langchain_fbmessenger import PseudonymMiddleware

        agent = create_agent(model, tools, middleware=[PseudonymMiddleware(key="names.key")])
        ```
    """

    def __init__(  # noqa: PLR0913 - options, as of `pseudonymize_chat_sessions`
        self,
        *,
        key: str | os.PathLike[str],
        people: Iterable[str] = (),
        chat_sessions: Iterable[ChatSession] | BaseChatLoader | None = None,
        contacts: Contacts | str | os.PathLike[str] | None = None,
        keep: Iterable[str] = (),
        unknown_names: UnknownNames = "keep",
        identifiers: Style | None = "placeholder",
        kinds: Iterable[Kind] | None = None,
        regions: Iterable[str] | None = None,
    ) -> None:
        if _missing is not None:
            feature = "PseudonymMiddleware"
            raise MissingExtraError(feature, extra="agents", missing=_missing)
        super().__init__()
        if identifiers not in {"placeholder", "fake", None}:
            message = f"identifiers: placeholder, fake or None, not {identifiers!r}"
            raise InvalidOptionError(message)
        path, kept, told = Path(key), several(keep), several(people)
        is_replacing = as_unknown_names(unknown_names) == "replace"
        nobody = not (told or is_replacing or contacts is not None or chat_sessions is not None)
        if nobody and not path.is_file():
            message = (
                f"there is no key file {str(path)!r}, and no people are given: nobody is known"
            )
            raise InvalidOptionError(message)
        book = NameBook(path, keep=kept)
        _meet(book, kept, told, _contacts(contacts), chat_sessions)
        finder = None
        if identifiers is not None:
            finder = IdentifierFinder(
                kinds=None if kinds is None else frozenset(several(kinds, "kinds")),
                style=identifiers,
                secret=book.secret,
                regions=None if regions is None else known_regions(several(regions, "regions")),
            )
        self._pseudonyms = Pseudonyms(
            book, path, finder, is_fake=identifiers == "fake", replaces_unknown=is_replacing
        )
        # Its own span in a trace would show the request and the answer with real names.
        if (policy := getattr(graph_types, "TracePolicy", None)) is not None:
            omit = graph_types.omit_payload
            self.trace_policy = policy(process_inputs=omit, process_outputs=omit)

    def __repr__(self) -> str:
        return "PseudonymMiddleware()"

    def wrap_model_call(
        self, request: ModelRequest[Any], handler: Callable[[ModelRequest[Any]], Any]
    ) -> Any:
        """Ask the model in pseudonyms, and return its answer with real names."""
        call = CallPseudonyms(self._pseudonyms)
        return _restored(handler(_in_pseudonyms(request, call)), call)

    async def awrap_model_call(
        self, request: ModelRequest[Any], handler: Callable[[ModelRequest[Any]], Awaitable[Any]]
    ) -> Any:
        """Ask the model in pseudonyms, and return its answer with real names."""
        call = CallPseudonyms(self._pseudonyms)
        # Names may be written to the key file.
        told = await run_in_executor(None, _in_pseudonyms, request, call)
        return _restored(await handler(told), call)


def _in_pseudonyms(request: ModelRequest[Any], call: CallPseudonyms) -> ModelRequest[Any]:
    system = [] if request.system_message is None else [request.system_message]
    told = call.to_model([*system, *request.messages], request.tools)
    return request.override(
        model=pseudonymous(request.model, call),
        system_message=cast("SystemMessage", told[0]) if system else None,
        messages=told[len(system) :],
    )


def _restored(answer: Any, call: CallPseudonyms) -> Any:
    """Return an answer with real names where another model than ours has given it."""
    if call.has_answered:
        return answer
    if isinstance(answer, ModelResponse):
        messages = [*map(call.back.message, answer.result)]
        return ModelResponse(messages, call.back.plain(answer.structured_response))
    return call.back.plain(answer)


def _contacts(contacts: Any) -> Contacts:
    if isinstance(contacts, str | os.PathLike):
        return Contacts.read(contacts)
    if contacts is None or isinstance(contacts, Contacts):
        return contacts or Contacts()
    message = f"contacts: a `Contacts` or the path of a file, not {type(contacts).__name__}"
    raise InvalidOptionError(message)


def _meet(
    book: NameBook,
    keep: Iterable[str],
    people: Iterable[str],
    contacts: Contacts,
    chat_sessions: Iterable[ChatSession] | BaseChatLoader | None,
) -> None:
    """Let the book learn who is known."""
    told = [Person(name, contact.aliases) for name, contact in contacts.people.items()]
    named = [*told, *map(Person, people)]
    sessions: Any = [] if chat_sessions is None else chat_sessions
    for session in sessions.lazy_load() if hasattr(sessions, "lazy_load") else sessions:
        transcript = transcript_of(session)
        named += [*people_of(transcript.thread), *map(Person, names_in(transcript))]
    named = [*dict.fromkeys(named)]
    PeopleMet(book, keep, Decisions(contacts, (), named)).meet(named)
