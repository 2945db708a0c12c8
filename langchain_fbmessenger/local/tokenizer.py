"""Local server, training child: the tokenizer of a base model, as masking wants it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import jinja2
import msgspec
from transformers import AutoTokenizer

from langchain_fbmessenger.local.gguf_header import read_header
from langchain_fbmessenger.local.inspection import inspect
from langchain_fbmessenger.local.masking import TemplateError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from langchain_fbmessenger.local.training_file import Message


class HubTokenizer:
    """Renders with the model's own chat template and encodes as the engine does that serves it."""

    def __init__(self, folder: Path, *, base: Path) -> None:
        """Load the tokenizer from the trainable `folder` of `base`, which may be the same."""
        self._tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
        added = self._tokenizer.added_tokens_decoder
        # Not the named ones alone: some families' end-of-turn token has no name of its own.
        self.end_of_turn = frozenset(self._tokenizer.all_special_ids) | frozenset(
            token_id for token_id, token in added.items() if token.special
        )
        self._adds_bos = _adds_bos(base)

    def render(self, messages: Sequence[Message], *, answer_next: bool) -> str:
        """Write the chat as the model reads it."""
        try:
            text: str = self._tokenizer.apply_chat_template(
                [msgspec.to_builtins(message) for message in messages],
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
        if not is_start:
            # Behind a special token, as every part is: SentencePiece would begin it with a space.
            return self._ids(self._tokenizer.eos_token + text)[1:]
        ids, bos = self._ids(text), self._tokenizer.bos_token_id
        return [bos, *ids] if self._adds_bos and ids[:1] != [bos] else ids

    def _ids(self, text: str) -> list[int]:
        ids: list[int] = self._tokenizer.encode(text, add_special_tokens=False)
        return ids


def _adds_bos(base: Path) -> bool:
    """Whether the serving engine puts a begin-of-sequence token before what the template writes."""
    if inspect(base).engine != "llama.cpp":
        return False  # transformers leaves that to the template
    return bool(read_header(base).metadata.get("tokenizer.ggml.add_bos_token"))
