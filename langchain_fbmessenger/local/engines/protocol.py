"""Define what an engine and its child process exchange, a JSON object per line.

Down go one `Start`, then `Chat`, `Count`, `Encode`, `Stop` and `Forget`; up come one `Ready` and
for each request a `Working` when its turn comes, then `Chunk`s (and more `Working`s where a prompt
takes its time), ended by a `Done`, a `Counted`, an `Encoded`, or a `Failed`.
"""

from __future__ import annotations

from pathlib import Path  # noqa: TC003  # msgspec evaluates the annotations
from typing import Any

import msgspec

from langchain_fbmessenger.local.process.children import path_from_text, path_to_text


class AdapterFolder(msgspec.Struct, frozen=True):
    """An adapter by the name that requests give it."""

    name: str
    folder: Path


class Start(msgspec.Struct, frozen=True, kw_only=True, tag="start"):
    """The first line: what to load.

    Paths below the state folder are relative to it; the child runs there.
    """

    engine: str
    base: Path
    """A GGUF file, or a folder of safetensors with config and tokenizer."""
    bases: Path
    """Where GGUF bases lie that were converted to safetensors."""
    context_length: int
    adapters: list[AdapterFolder] = []
    """Those used lately, for an engine that can take none later, or reserves room for them."""


class Chat(msgspec.Struct, frozen=True, tag="chat"):
    """Answer a chat completion request."""

    id: int
    request: dict[str, Any]
    adapter: AdapterFolder | None


class Count(msgspec.Struct, frozen=True, tag="count"):
    """Count the tokens of a chat."""

    id: int
    messages: list[dict[str, Any]]
    tools: list[dict[str, Any]] | None = None


class Encode(msgspec.Struct, frozen=True, tag="encode"):
    """Cut a text into tokens, as it is: no chat template is put around it."""

    id: int
    text: str
    with_special: bool
    """Whether the tokens that begin and end any text come along."""


class Stop(msgspec.Struct, frozen=True, tag="stop"):
    """The answer to this request is not wanted any more: it is to be ended, soon."""

    id: int


class Forget(msgspec.Struct, frozen=True, tag="forget"):
    """No request will name this adapter again."""

    name: str


class Ready(msgspec.Struct, frozen=True, tag="ready"):
    """The model is loaded."""


class Working(msgspec.Struct, frozen=True, tag="working"):
    """The request has had its turn, and is being worked on."""

    id: int


class Chunk(msgspec.Struct, frozen=True, tag="chunk"):
    """A part of an answer, as OpenAI's `chat.completion.chunk` holds it."""

    id: int
    chunk: dict[str, Any]


class Counted(msgspec.Struct, frozen=True, tag="counted"):
    """How many tokens the chat has."""

    id: int
    n_tokens: int


class Encoded(msgspec.Struct, frozen=True, tag="encoded"):
    """The ids of a text's tokens."""

    id: int
    tokens: list[int]


class Done(msgspec.Struct, frozen=True, tag="done"):
    """The request is answered, or was stopped."""

    id: int


class Failed(msgspec.Struct, frozen=True, tag="failed"):
    """The request cannot be answered; id 0: the model cannot be loaded, and the child ends."""

    id: int
    message: str
    status: int = 400
    param: str | None = None
    code: str | None = None


Request = Start | Chat | Count | Encode | Stop | Forget
Answer = Ready | Working | Chunk | Counted | Encoded | Done | Failed

_encoder = msgspec.json.Encoder(enc_hook=path_to_text)
_request_decoder = msgspec.json.Decoder(Request, dec_hook=path_from_text)
_answer_decoder = msgspec.json.Decoder(Answer)


def encode(message: Request | Answer) -> bytes:
    """Render a message as one line."""
    return _encoder.encode(message) + b"\n"


def decode_request(line: bytes) -> Request:
    """Parse a line that an engine has sent to its child."""
    request: Request = _request_decoder.decode(line)
    return request


def decode_answer(line: bytes) -> Answer:
    """Parse a line that a child has sent to its engine."""
    answer: Answer = _answer_decoder.decode(line)
    return answer
