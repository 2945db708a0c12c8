"""Local server, training child: the tokenizer of a converted base model, as masking wants it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import jinja2
import msgspec
from transformers import AutoTokenizer

from langchain_fbmessenger.local.gguf_header import read_header
from langchain_fbmessenger.local.masking import TemplateError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from langchain_fbmessenger.local.training_file import Message


class HubTokenizer:
    """Renders with the model's own chat template and encodes as llama.cpp does when it serves."""

    def __init__(self, folder: Path, *, base: Path) -> None:
        """Load the tokenizer from the converted `folder` of the GGUF file `base`."""
        self._tokenizer = AutoTokenizer.from_pretrained(folder)
        self.end_of_turn = frozenset(self._tokenizer.all_special_ids)
        header = read_header(base).metadata
        # llama.cpp's default where the file does not say: only SentencePiece models begin with BOS.
        is_sentencepiece = header.get("tokenizer.ggml.model") == "llama"
        self._adds_bos = bool(header.get("tokenizer.ggml.add_bos_token", is_sentencepiece))

    def render(self, messages: Sequence[Message], *, answer_next: bool) -> str:
        """Write the chat as the model reads it."""
        try:
            text: str = self._tokenizer.apply_chat_template(
                [msgspec.to_builtins(message) for message in messages],
                add_generation_prompt=answer_next,
                tokenize=False,
            )
        except jinja2.TemplateError as error:
            msg = f"the base model's chat template refuses the chat: {error}"
            raise TemplateError(msg) from error
        return text

    def encode(self, text: str, *, is_start: bool) -> list[int]:
        """Turn rendered text into ids."""
        ids: list[int] = self._tokenizer.encode(text, add_special_tokens=False)
        bos = self._tokenizer.bos_token_id
        if is_start and self._adds_bos and ids[:1] != [bos]:
            return [bos, *ids]
        return ids
