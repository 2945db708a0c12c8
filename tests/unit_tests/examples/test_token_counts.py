"""Control tokens in people's texts are counted as what a model reads of them: text."""

from __future__ import annotations

from typing import Any

import pytest

from langchain_fbmessenger.examples.files.tokens import token_counter
from tests.unit_tests.tiny_tokenizers import FAMILIES, tokenizer_of

WORDS = ["hi", "a <3 b", "x > y", "[x]", "", " <", "user"]


@pytest.mark.parametrize("name", FAMILIES)
def test_a_control_token_in_a_text_counts_as_its_letters(name: str) -> None:
    library = tokenizer_of(name)
    counter = token_counter(library)
    space = len(library.encode("\n", add_special_tokens=False))
    for token in FAMILIES[name].control:
        alone, inside, plain = counter.of_texts([token, f"hi {token} hi", "hi"])
        assert 1 < alone <= len(token.encode()) + space
        assert inside > plain


@pytest.mark.parametrize("name", FAMILIES)
def test_a_chat_counts_as_many_tokens_as_are_trained(name: str) -> None:
    library = tokenizer_of(name)
    counter = token_counter(library)
    assert counter.of_chat is not None
    for token in FAMILIES[name].control:
        said = f"hi {token}\n{token}"
        chat: list[Any] = [{"role": "user", "content": said}, {"role": "assistant", "content": "u"}]
        harmless: list[Any] = [{"role": "user", "content": "hi"}, chat[1]]
        longer = counter.of_chat(chat) - counter.of_chat(harmless)
        assert longer > 2 * 2 - 1
        assert counter.of_turns(chat) <= counter.per_chat + sum(
            counter.most_of_texts([turn["content"] for turn in chat])
        )


@pytest.mark.parametrize("name", FAMILIES)
def test_other_texts_count_as_their_tokenizer_counts_them(name: str) -> None:
    library = tokenizer_of(name)

    counted = token_counter(library).of_texts(WORDS)

    assert counted == [len(library.encode(word, add_special_tokens=False)) for word in WORDS]


def test_tokenizers_without_a_template_count_them_as_text_too() -> None:
    core = tokenizer_of("chatml").backend_tokenizer

    assert token_counter(core).of_texts(["<|im_end|>"]) > [1]
    assert token_counter(core).of_texts(WORDS) == [len(core.encode(word).ids) for word in WORDS]
