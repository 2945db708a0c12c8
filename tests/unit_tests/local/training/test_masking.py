from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from langchain_fbmessenger.local.training.masking import IGNORED, TemplateError, encode_chat
from langchain_fbmessenger.local.training.training_file import Message

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


class ForgettingTokenizer(LetterTokenizer):
    """Drops what was thought in earlier turns, as the templates of thinking models do."""

    def render(self, messages: Sequence[Message], *, answer_next: bool) -> str:
        *earlier, last = messages
        dropped = [Message(m.role, re.sub(r"\(.*?\)", "", m.content)) for m in earlier]
        return super().render([*dropped, last], answer_next=answer_next)


class ThinkingTokenizer(LetterTokenizer):
    """As Qwen3's template without thoughts: empty ones open the last answer to a question only."""

    def render(self, messages: Sequence[Message], *, answer_next: bool) -> str:
        asked = max((at for at, m in enumerate(messages) if m.role == "user"), default=None)
        turns = ""
        for at, m in enumerate(messages):
            thinks = m.role == "assistant" and asked is not None and at > asked
            turns += f"<{m.role[0]}:{'{}' * (thinks and m is messages[-1])}{m.content}>\n"
        return turns + ("<a:{}" if answer_next else "")


class DefaultSystemTokenizer(LetterTokenizer):
    """Puts a system prompt of its own before a chat that has none, as SmolLM2's template does."""

    def render(self, messages: Sequence[Message], *, answer_next: bool) -> str:
        assert messages, "transformers refuses to render an empty chat"
        return "<s:a b>\n" * (messages[0].role != "system") + super().render(
            messages, answer_next=answer_next
        )


class TrimmingTokenizer(LetterTokenizer):
    """Strips what is said, as Llama 3's template does."""

    def render(self, messages: Sequence[Message], *, answer_next: bool) -> str:
        trimmed = [Message(m.role, m.content.strip()) for m in messages]
        return super().render(trimmed, answer_next=answer_next)


class EndlessTokenizer(LetterTokenizer):
    """Has no token that ends a turn."""

    end_of_turn = frozenset({0})


class CensoringTokenizer(LetterTokenizer):
    """Writes a long answer in another way than a short one."""

    def render(self, messages: Sequence[Message], *, answer_next: bool) -> str:
        text = super().render(messages, answer_next=answer_next)
        return f"[long]{text}" if len(messages[-1].content) > 20 else text


class SpacingTokenizer(LetterTokenizer):
    """Puts a space before whatever it is given, as SentencePiece does."""

    def encode(self, text: str, *, is_start: bool) -> list[int]:
        return super().encode(f" {text}", is_start=is_start)


def system(content: str) -> Message:
    return Message("system", content)


def user(content: str) -> Message:
    return Message("user", content)


def persona(content: str, weight: int | None = None) -> Message:
    return Message("assistant", content, weight)


def read_and_learnt(
    messages: list[Message], tokenizer: LetterTokenizer | None = None
) -> list[tuple[str, str]]:
    """Return what the model reads, and of it what it learns; `_` stands for the rest."""
    pairs = []
    for chat in encode_chat(messages, tokenizer or LetterTokenizer()):
        assert len(chat.labels) == len(chat.input_ids)
        assert all(
            label in (IGNORED, token)
            for token, label in zip(chat.input_ids, chat.labels, strict=True)
        )
        assert chat.input_ids[0] == 0
        assert chat.input_ids.count(0) == 1
        read = "".join(map(chr, chat.input_ids[1:]))
        learnt = "".join("_" if label == IGNORED else chr(label) for label in chat.labels[1:])
        pairs.append((read, learnt))
    return pairs


def test_loss_is_on_the_personas_turns_and_their_end_only() -> None:
    chat = [system("S"), user("hi"), persona("yo"), user("u"), persona("k")]

    assert read_and_learnt(chat) == [
        ("<s:S>\n<u:hi>\n<a:yo>\n<u:u>\n<a:k>\n", "________________yo>__________k>_")
    ]


def test_a_turn_of_weight_0_is_read_and_not_learnt() -> None:
    ((read, learnt),) = read_and_learnt(
        [user("u"), persona("no", weight=0), user("v"), persona("yes")]
    )

    assert "<a:no>" in read
    assert learnt.replace("_", "") == "yes>"


def test_what_follows_the_last_trained_turn_is_left_out() -> None:
    ((read, _),) = read_and_learnt([user("u"), persona("yes"), user("v"), persona("no", weight=0)])

    assert read == "<u:u>\n<a:yes>\n"


def test_a_template_that_rewrites_earlier_turns_gives_a_sequence_per_turn() -> None:
    chat = [user("u"), persona("(hm)a"), user("v"), persona("b"), user("w"), persona("c")]

    assert read_and_learnt(chat, ForgettingTokenizer()) == [
        ("<u:u>\n<a:(hm)a>\n", "_________(hm)a>_"),
        # The second answer had no thought to drop, so the third goes on from it.
        ("<u:u>\n<a:a>\n<u:v>\n<a:b>\n<u:w>\n<a:c>\n", "_" * 21 + "b>" + "_" * 10 + "c>_"),
    ]


def test_each_turn_is_learnt_behind_what_the_model_reads_when_it_answers() -> None:
    chat = [user("u"), persona("a"), user("v"), persona("b")]

    assert read_and_learnt(chat, ThinkingTokenizer()) == [
        ("<u:u>\n<a:{}a>\n", "___________a>_"),
        ("<u:u>\n<a:a>\n<u:v>\n<a:{}b>\n", "_" * 23 + "b>_"),
    ]


def test_a_thinking_model_may_speak_before_it_is_asked() -> None:
    """Its template then writes no thoughts into the answer, but the model reads them before it."""
    chat = [system("S"), persona("a"), user("v"), persona("b")]

    assert read_and_learnt(chat, ThinkingTokenizer()) == [
        ("<s:S>\n<a:{}a>\n", "___________a>_"),
        ("<s:S>\n<a:a>\n<u:v>\n<a:{}b>\n", "_" * 23 + "b>_"),
    ]
    ((read, learnt),) = read_and_learnt([persona("a")], ThinkingTokenizer())
    assert (read, learnt) == ("<a:a>\n", "___a>_")


def test_no_space_is_learnt_that_is_not_said() -> None:
    chat = [user("u"), persona("a"), user("v"), persona("b")]

    ((_, learnt),) = read_and_learnt(chat, SpacingTokenizer())

    assert learnt.replace("_", "") == "a>b>"


def test_a_template_without_end_of_turn_is_refused() -> None:
    with pytest.raises(TemplateError, match="does not end a turn"):
        encode_chat([user("u"), persona("a")], EndlessTokenizer())


def test_a_template_that_rewrites_the_turn_itself_is_refused() -> None:
    with pytest.raises(TemplateError, match="rewrites the turn that is to be trained"):
        encode_chat([user("u"), persona("a" * 30)], CensoringTokenizer())


@pytest.mark.parametrize("text", ["hi", "a", "a b", ">"])
def test_a_chat_may_begin_with_the_persona_under_a_template_with_a_system_prompt(text: str) -> None:
    """Its own words may occur in that system prompt, too."""
    ((read, learnt),) = read_and_learnt(
        [persona(text), user("b"), persona("c")], DefaultSystemTokenizer()
    )

    assert learnt.replace("_", "") == f"{text}>c>"
    assert read == f"<s:a b>\n<a:{text}>\n<u:b>\n<a:c>\n"


_turns = st.lists(
    st.builds(
        Message,
        st.sampled_from(["user", "assistant"]),
        st.text("xyz( )", min_size=1, max_size=5).filter(str.strip),
        st.none(),
    ),
    min_size=1,
    max_size=12,
).filter(lambda turns: any(turn.is_trained for turn in turns))


@pytest.mark.parametrize(
    "tokenizer",
    [
        LetterTokenizer(),
        ForgettingTokenizer(),
        ThinkingTokenizer(),
        DefaultSystemTokenizer(),
        TrimmingTokenizer(),
    ],
)
@given(turns=_turns, with_system=st.booleans())
def test_every_trained_turn_and_its_end_is_learnt_exactly_once_and_nothing_else(
    tokenizer: LetterTokenizer, turns: list[Message], with_system: bool
) -> None:
    chat = [system("S")] * with_system + turns
    expected = [turn.content for turn in turns if turn.is_trained]
    if isinstance(tokenizer, TrimmingTokenizer):
        expected = [content.strip() for content in expected]

    learnt = "".join(learnt for _, learnt in read_and_learnt(chat, tokenizer)).replace("_", "")

    assert learnt == "".join(f"{content}>" for content in expected)
