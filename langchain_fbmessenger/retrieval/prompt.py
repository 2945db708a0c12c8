"""What a model is asked: a question and the persona's exchanges in, messages out.

Exchanges stand as turns before the chat, not in the system prompt: so the persona's own words are
in the place that the model is to fill, a tuned model sees nothing that it was not trained on (its
system prompt stays as it is), and it is the same in every language. User and assistant take turns
throughout, as many chat templates demand.
"""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING, Any, NamedTuple

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage

from langchain_fbmessenger.examples.schema import DEFAULT_OPENING
from langchain_fbmessenger.examples.selecting.near_duplicates import exact_key
from langchain_fbmessenger.exceptions import InvalidInputError
from langchain_fbmessenger.retrieval.exchanges import key_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from langchain_core.prompts import BaseChatPromptTemplate

    from langchain_fbmessenger.examples.files.tokens import TokenCounter
    from langchain_fbmessenger.retrieval.exchanges import Exchange
    from langchain_fbmessenger.retrieval.index import ExchangeIndex
    from langchain_fbmessenger.retrieval.questions import Question
    from langchain_fbmessenger.retrieval.ranking import Filters

__all__ = ["Chosen", "Prompt", "choose", "prompt_of"]

_FOR_CONTACT = ("others", "title")
"""Placeholders of a system prompt that a contact's name fills in, where nothing else does."""


class Prompt(NamedTuple):
    """What a model is asked without any exchange: the system prompt, and the turns of the chat."""

    head: list[BaseMessage]
    turns: list[BaseMessage]

    def with_exchanges(self, exchanges: Sequence[Exchange]) -> list[BaseMessage]:
        """Return all messages, exchanges before the chat."""
        return [*self.head, *_turns_of(exchanges), *self.turns]

    def tokens(self, counter: TokenCounter) -> int:
        """Return how many tokens it takes at most."""
        texts = [str(message.text) for message in (*self.head, *self.turns)]
        return counter.per_chat + sum(counter.most_of_texts(texts))


class Chosen(NamedTuple):
    """Exchanges for a prompt, each in the order that they are to stand in.

    Attributes:
        similar: How the persona answered messages like the one that is asked, the best last.
        facts: What was said with the same contact in words of the question, the oldest first.
    """

    similar: list[Exchange]
    facts: list[Exchange]

    @property
    def all(self) -> list[Exchange]:
        """All of them; what the same contact said stands nearest to the chat with them."""
        return [*self.similar, *self.facts]


def prompt_of(question: Question, system: str | BaseChatPromptTemplate | None) -> Prompt:
    """Return what a model is asked.

    Args:
        question: The question.
        system: A system prompt, or a template such as `job.prompt()`.

    Raises:
        InvalidInputError: The template has placeholders that nothing fills in.
    """
    if system is None or isinstance(system, str):
        messages: list[BaseMessage] = [SystemMessage(system)] if system else []
        messages += [*question.history, HumanMessage(question.text)]
    else:
        messages = system.format_messages(**_values(question, system))
    n_head = 0
    while n_head < len(messages) and isinstance(messages[n_head], SystemMessage):
        n_head += 1
    head = _joined(messages[:n_head], "\n\n")  # templates take one
    return Prompt(head, _taking_turns(messages[n_head:]))


def choose(  # noqa: PLR0913 - what decides it
    index: ExchangeIndex,
    question: Question,
    *,
    k: int,
    n_facts: int,
    filters: Filters,
    room: int,
    counter: TokenCounter,
) -> Chosen:
    """Choose exchanges for a prompt, as many as there is room for.

    Answers to the very message that is asked, or to one of the chat, are not among them: a model
    would recite them.

    Args:
        index: Where they are.
        question: The question.
        k: How many like it at most. Where fewer share a word with it, the newest make up for them,
            those with the same contact first: they show the voice, too.
        n_facts: How many of the same contact at most.
        filters: Which ones; the contact among them is whose facts are looked for.
        room: How many tokens they may take.
        counter: Counts them.
    """
    asked = {exact_key(str(one.text)) for one in question.history if isinstance(one, HumanMessage)}
    asked.add(exact_key(question.text))
    by_contact = filters if question.contact is None else filters._replace(contact=question.contact)

    def is_new(one: Exchange) -> bool:
        return exact_key(one.said) not in asked

    def is_example(one: Exchange) -> bool:
        return bool(one.said) and is_new(one)

    similar = [one.exchange for one in index.find(question.text, k, filters, is_wanted=is_example)]
    for others in (by_contact, filters):
        if len(similar) < k:
            similar += [one.exchange for one in index.newest(k, others, is_example)]
            similar = [*{one.id: one for one in similar}.values()][:k]
    facts: list[Exchange] = []
    if by_contact.contact is not None and n_facts:
        found = index.find(
            question.text,
            n_facts,
            by_contact,
            reply_share=1.0,  # a fact may stand on either side
            by_rare_words=True,
            is_wanted=is_new,
        )
        facts = [one.exchange for one in found]
    kept = {*_that_fit(similar, facts, room, counter)}
    own = [one for one in facts if one.id in kept]
    own_ids = {one.id for one in own}
    return Chosen(
        similar=[one for one in reversed(similar) if one.id in kept - own_ids],
        facts=sorted(own, key=lambda one: one.time or 0),
    )


def _that_fit(
    similar: Sequence[Exchange], facts: Sequence[Exchange], room: int, counter: TokenCounter
) -> Iterator[str]:
    """Give the ids of the exchanges that fit, the best of either kind first, none twice."""
    said: set[str] = set()
    for one in (e for pair in zip_longest(similar, facts) for e in pair if e is not None):
        tokens = sum(counter.most_of_texts([one.said or DEFAULT_OPENING, one.reply]))
        if (key := key_of(one)) not in said and tokens <= room:
            said.add(key)
            room -= tokens
            yield one.id


def _turns_of(exchanges: Sequence[Exchange]) -> Iterator[BaseMessage]:
    for one in exchanges:
        yield HumanMessage(one.said or DEFAULT_OPENING)
        yield AIMessage(one.reply)


def _values(question: Question, template: BaseChatPromptTemplate) -> dict[str, Any]:
    wanted = {*template.input_variables, *template.optional_variables}
    values = {"input": question.text, "history": question.history, **question.values}
    if question.contact is not None:
        values.update({n: question.contact for n in _FOR_CONTACT if n in wanted - values.keys()})
    if missing := sorted({*template.input_variables} - values.keys()):
        message = f"the prompt takes {', '.join(missing)} as well: give them beside 'input'"
        raise InvalidInputError(message)
    return {name: value for name, value in values.items() if name in wanted}


def _taking_turns(messages: list[BaseMessage]) -> list[BaseMessage]:
    """Return messages in which a user begins and the two sides take turns, as in training."""
    if messages and isinstance(messages[0], AIMessage):
        messages = [HumanMessage(DEFAULT_OPENING), *messages]
    return _joined(messages, "\n")


def _joined(messages: list[BaseMessage], delimiter: str) -> list[BaseMessage]:
    """Join messages of one side in a row, as far as they are nothing but texts."""
    joined: list[BaseMessage] = []
    for message in messages:
        before = joined[-1] if joined else None
        if before is not None and type(before) is type(message) and _is_text(before, message):
            joined[-1] = type(message)(f"{before.content}{delimiter}{message.content}")
        else:
            joined.append(message)
    return joined


def _is_text(*messages: BaseMessage) -> bool:
    return all(isinstance(m.content, str) and not getattr(m, "tool_calls", None) for m in messages)
