from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from langchain_fbmessenger.local.masking import IGNORED, TemplateError, encode_chat
from langchain_fbmessenger.local.training_file import Message

if TYPE_CHECKING:
    from collections.abc import Sequence


class LetterTokenizer:
    """Each letter is a token; `<` begins a turn, `>` ends it, as ChatML's two tokens do."""

    end_of_turn = frozenset({ord("<"), ord(">")})

    def render(self, messages: Sequence[Message], *, answer_next: bool) -> str:
        turns = "".join(f"<{m.role[0]}:{m.content}>\n" for m in messages)
        return turns + ("<a:" if answer_next else "")

    def encode(self, text: str, *, is_start: bool) -> list[int]:
        return [*([0] if is_start else []), *map(ord, text)]


class ThinkingTokenizer(LetterTokenizer):
    """Drops the thoughts of earlier turns, as the templates of thinking models do."""

    def render(self, messages: Sequence[Message], *, answer_next: bool) -> str:
        *earlier, last = messages
        dropped = [Message(m.role, re.sub(r"\(.*?\)", "", m.content)) for m in earlier]
        return super().render([*dropped, last], answer_next=answer_next)


class DefaultSystemTokenizer(LetterTokenizer):
    """Puts a system prompt of its own before a chat that has none, as SmolLM2's template does."""

    def render(self, messages: Sequence[Message], *, answer_next: bool) -> str:
        assert messages, "transformers refuses to render an empty chat"
        return "<s:a b>\n" * (messages[0].role != "system") + super().render(
            messages, answer_next=answer_next
        )


class EndlessTokenizer(LetterTokenizer):
    """Has no token that ends a turn."""

    end_of_turn = frozenset({0})


def system(content: str) -> Message:
    return Message("system", content)


def user(content: str) -> Message:
    return Message("user", content)


def persona(content: str, weight: int | None = None) -> Message:
    return Message("assistant", content, weight)


def trained_text(messages: list[Message]) -> tuple[str, str]:
    """Return what the model reads, and of it what it learns; `_` stands for the rest."""
    chat = encode_chat(messages, LetterTokenizer())
    assert len(chat.labels) == len(chat.input_ids)
    pairs = zip(chat.input_ids, chat.labels, strict=True)
    assert all(label in (IGNORED, token) for token, label in pairs)
    read = "".join(map(chr, chat.input_ids[1:]))
    learnt = "".join("_" if label == IGNORED else chr(label) for label in chat.labels[1:])
    return read, learnt


def test_loss_is_on_the_personas_turns_and_their_end_only() -> None:
    read, learnt = trained_text([system("S"), user("hi"), persona("yo"), user("u"), persona("k")])

    assert read == "<s:S>\n<u:hi>\n<a:yo>\n<u:u>\n<a:k>\n"
    assert learnt == "________________yo>__________k>_"


def test_a_turn_of_weight_0_is_read_and_not_learnt() -> None:
    read, learnt = trained_text([user("u"), persona("no", weight=0), user("v"), persona("yes")])

    assert "<a:no>" in read
    assert learnt.replace("_", "") == "yes>"


def test_what_follows_the_last_trained_turn_is_left_out() -> None:
    read, _ = trained_text([user("u"), persona("yes"), user("v"), persona("no", weight=0)])

    assert read == "<u:u>\n<a:yes>\n"


def test_only_the_start_of_the_chat_gets_a_begin_of_sequence_token() -> None:
    chat = encode_chat([user("u"), persona("a"), user("v"), persona("b")], LetterTokenizer())

    assert chat.input_ids.count(0) == 1
    assert chat.input_ids[0] == 0


def test_a_template_that_rewrites_earlier_turns_is_refused() -> None:
    messages = [user("u"), persona("(hm)a"), user("v"), persona("b")]

    with pytest.raises(TemplateError, match="rewrites earlier turns"):
        encode_chat(messages, ThinkingTokenizer())


def test_a_template_without_end_of_turn_is_refused() -> None:
    with pytest.raises(TemplateError, match="does not end a turn"):
        encode_chat([user("u"), persona("a")], EndlessTokenizer())


@pytest.mark.parametrize("text", ["hi", "a", "a b", ">"])
def test_a_chat_may_begin_with_the_persona_under_a_template_with_a_system_prompt(text: str) -> None:
    """Its own words may occur in that system prompt, too."""
    chat = encode_chat([persona(text), user("b"), persona("c")], DefaultSystemTokenizer())
    learned = "".join(chr(label) for label in chat.labels if label != IGNORED)
    assert learned == f"{text}>c>"
    assert "".join(map(chr, chat.input_ids[1:])) == f"<s:a b>\n<a:{text}>\n<u:b>\n<a:c>\n"
