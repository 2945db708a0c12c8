"""Tokenize chats with a base model's own tokenizer and template."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import jinja2
import msgspec

from langchain_fbmessenger._internal.control_tokens import (
    ControlTokens,
    control_tokens_of,
    encode_behind,
)
from langchain_fbmessenger.local.models.chat_template import control_tokens
from langchain_fbmessenger.local.models.gguf_header import read_header
from langchain_fbmessenger.local.models.inspection import inspect
from langchain_fbmessenger.local.models.loading import load_tokenizer
from langchain_fbmessenger.local.training.masking import TemplateError
from langchain_fbmessenger.local.training.training_file import Message

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from transformers import PreTrainedTokenizerBase

_REMEMBERED = 512  # turns: a chat is rendered once for each of its turns that is trained


class HubTokenizer:
    """Renders with the model's own chat template and encodes as the engine does that serves it."""

    def __init__(self, folder: Path, *, base: Path) -> None:
        """Load the tokenizer from the trainable `folder` of `base`, which may be the same."""
        self._tokenizer = load_tokenizer(folder)
        added = self._tokenizer.added_tokens_decoder
        # Not only those with a role: some families' end-of-turn token has none.
        self.end_of_turn = frozenset(self._tokenizer.all_special_ids) | frozenset(
            token_id for token_id, token in added.items() if token.special
        )
        self._adds_bos = _adds_bos(base)
        # Of the base, too: the engine has to cut texts as the training does.
        own = control_tokens_of(self._tokenizer).tokens
        self._control_tokens = ControlTokens([*own, *control_tokens(base)])
        self._marked_turn = lru_cache(_REMEMBERED)(self._marked)

    @property
    def library(self) -> PreTrainedTokenizerBase:
        """The tokenizer as transformers has it, which reads control tokens in any text."""
        return self._tokenizer

    def render(
        self, messages: Sequence[Message] | Sequence[dict[str, Any]], *, answer_next: bool
    ) -> str:
        """Write the chat as the model reads it, marked for `encode` where people's texts need it.

        Raises:
            TemplateError: The template refuses the chat.
        """
        marked = [
            self._marked_turn(message) if isinstance(message, Message) else self._marked(message)
            for message in messages
        ]
        try:
            text: str = self._tokenizer.apply_chat_template(
                marked,
                add_generation_prompt=answer_next,
                tokenize=False,
                # As the engines ask for it, too: personas answer, they do not think aloud first.
                enable_thinking=False,
            )
        except jinja2.TemplateError as error:
            msg = f"the base model's chat template refuses the chat: {error}"
            raise TemplateError(msg) from error
        return text

    def encode(self, text: str, *, is_start: bool) -> list[int]:
        """Turn rendered text, or a part of it, into ids."""
        first, *others = self._control_tokens.parts(text)
        ids = self._at_start(first) if is_start else self._behind_special(first)
        for part in others:
            ids += encode_behind(self._tokenizer, part)
        return ids

    def _marked(self, message: Message | dict[str, Any]) -> dict[str, Any]:
        return self._control_tokens.mark_messages([msgspec.to_builtins(message)])[0]

    def _at_start(self, text: str) -> list[int]:
        ids, bos = self._ids(text), self._tokenizer.bos_token_id
        return [bos, *ids] if self._adds_bos and ids[:1] != [bos] else ids

    def _behind_special(self, text: str) -> list[int]:
        # As every part is: SentencePiece would begin it with a space.
        return self._ids(self._tokenizer.eos_token + text)[1:]

    def _ids(self, text: str) -> list[int]:
        ids: list[int] = self._tokenizer.encode(text, add_special_tokens=False)
        return ids


def _adds_bos(base: Path) -> bool:
    """Say whether the engine puts a begin-of-sequence token before what the template writes."""
    if inspect(base).engine != "llama.cpp":
        return False  # transformers leaves that to the template
    return bool(read_header(base).metadata.get("tokenizer.ggml.add_bos_token"))
