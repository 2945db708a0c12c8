"""Serve with transformers and peft, for every architecture that they know.

Slower than llama.cpp on a CPU, but it needs no conversion that could be wrong.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import torch
from peft import PeftModel
from transformers import GenerationConfig

from langchain_fbmessenger.local.engines import EngineError
from langchain_fbmessenger.local.engines.generation import Generation
from langchain_fbmessenger.local.models.loading import load_model, prefers_bf16
from langchain_fbmessenger.local.training.tokenizer import HubTokenizer

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from langchain_fbmessenger.local.engines.protocol import AdapterFolder, Start

MAX_ADAPTERS = 8
"""Adapters kept on the base; the least recently used makes room."""


class Transformers:
    """A base loaded by transformers, with adapters by peft."""

    at_once = 1

    def __init__(self, start: Start) -> None:
        try:
            folder = _folder(start)
            self._tokenizer = HubTokenizer(folder, base=start.base)
            model = load_model(folder, dtype=torch.bfloat16 if prefers_bf16() else torch.float32)
        except (OSError, ValueError, RuntimeError) as error:
            msg = f"transformers could not load the model ({type(error).__name__})."
            raise EngineError(msg, status=503) from error
        # Settings that a model brings along are not the request's: only the ids are kept.
        model.generation_config = GenerationConfig(
            bos_token_id=model.generation_config.bos_token_id,
            eos_token_id=sorted(_ends(self._tokenizer, model.generation_config.eos_token_id)),
            pad_token_id=self._tokenizer.library.pad_token_id or 0,
        )
        self._base = model.to(_device()).eval()
        self._peft: PeftModel | None = None
        self._adapters: list[str] = []  # least recently used first
        self._context_length = start.context_length
        self._rendering = threading.Lock()  # a tokenizer is not thread-safe

    def chat(
        self,
        request: dict[str, Any],
        adapter: AdapterFolder | None,
        emit: Callable[[dict[str, Any] | None], None],
        stopped: threading.Event,
    ) -> None:
        """Generate an answer, token by token."""
        prompt = self._encoded(request["messages"])
        if len(prompt) >= self._context_length:
            msg = (
                f"The chat has {len(prompt)} tokens, which leaves no room for an answer: the "
                f"model reads and writes at most {self._context_length}."
            )
            raise EngineError(msg, param="messages", code="context_length_exceeded")
        room = self._context_length - len(prompt)
        if adapter is not None:
            self._switch_to(adapter)
        generation = Generation(
            request | {"max_tokens": min(request["max_tokens"], room)},
            prompt,
            self._tokenizer.library,
            emit,
            stopped,
        )
        if self._peft is None:
            generation.run(self._base)
        elif adapter is None:
            with self._peft.disable_adapter():
                generation.run(self._base)
        else:
            generation.run(self._base)

    def count_tokens(
        self, messages: list[dict[str, Any]], tools: list[dict[str, Any]] | None
    ) -> int:
        """Render the chat and count."""
        del tools  # refused by the server: this engine would ignore them
        return len(self._encoded(messages))

    def encode(self, text: str, *, with_special: bool) -> list[int]:
        """Cut a text into tokens."""
        with self._rendering:
            ids: list[int] = self._tokenizer.library.encode(text, add_special_tokens=with_special)
        return ids

    def forget(self, adapter: str) -> None:
        """Free an adapter."""
        if adapter in self._adapters and self._peft is not None:
            self._adapters.remove(adapter)
            if self._adapters:
                self._peft.delete_adapter(_key(adapter))
            else:  # peft wants one at least
                self._base = self._peft.unload()
                self._peft = None

    def close(self) -> None:
        """Do nothing: the model's memory goes with this process."""

    def _encoded(self, messages: list[dict[str, Any]]) -> list[int]:
        with self._rendering:
            try:
                text = self._tokenizer.render(messages, answer_next=True)
            except MemoryError:
                raise
            except Exception:  # noqa: BLE001  # a template is a program, and fails as one
                msg = "The base model's chat template refuses these messages."
                raise EngineError(msg, param="messages") from None
            return self._tokenizer.encode(text, is_start=True)

    def _switch_to(self, adapter: AdapterFolder) -> None:
        """Put an adapter on, loaded first if it is not there yet."""
        if adapter.name in self._adapters:
            self._adapters.remove(adapter.name)
        else:
            if len(self._adapters) >= MAX_ADAPTERS:
                self.forget(self._adapters[0])
            self._load(adapter)
        self._adapters.append(adapter.name)
        assert self._peft is not None  # noqa: S101  # `_load` has made it
        self._peft.set_adapter(_key(adapter.name))

    def _load(self, adapter: AdapterFolder) -> None:
        name, folder = _key(adapter.name), str(adapter.folder)
        try:
            if self._peft is None:
                self._peft = PeftModel.from_pretrained(self._base, folder, adapter_name=name)
            else:
                self._peft.load_adapter(folder, adapter_name=name)
        except Exception as error:  # peft raises whatever its many loaders do
            if self._peft is not None and name in self._peft.peft_config and self._adapters:
                self._peft.delete_adapter(name)
            msg = f"The adapter of {adapter.name} cannot be loaded ({type(error).__name__})."
            raise EngineError(msg, status=500, param="model") from error


def _ends(tokenizer: HubTokenizer, of_model: int | list[int] | None) -> set[int]:
    """Return the tokens that end a turn: as in training, any special one may."""
    known = of_model if isinstance(of_model, list) else [of_model]
    return {*tokenizer.end_of_turn, *(end for end in known if end is not None)}


def _key(adapter: str) -> str:
    """Name an adapter for torch, which takes no dots in the names of modules."""
    return adapter.replace("%", "%25").replace(".", "%2E")


def _folder(start: Start) -> Path:
    if start.base.is_dir():
        return start.base
    from langchain_fbmessenger.local.models.weights import trainable_folder

    return trainable_folder(start.base, start.bases)


def _device() -> str:
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"
