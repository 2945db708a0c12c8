"""Count the tokens that a provider's model reads, by its server's own count where it has one.

A server that has vLLM's `/tokenize` counts by the base model's tokenizer and chat template.
Elsewhere tiktoken counts what it knows and has on this machine; what is left is estimated. No other
host than the provider's is ever asked.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import warnings
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from langchain_fbmessenger.examples.files.tokens import ESTIMATE, TokenCounter
from langchain_fbmessenger.fine_tuning.errors import provider_errors

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import tiktoken
    from openai import OpenAI

    from langchain_fbmessenger.exceptions import FineTuningError
    from langchain_fbmessenger.fine_tuning.providers import Provider

__all__ = [
    "Counted",
    "CountsHere",
    "ask_server",
    "encoding_on_disk",
    "is_refusal",
    "say_estimated",
    "user_first",
]

_TIMEOUT_S = 120.0  # the local server may have to load a base model first
_NO_ROUTE = frozenset({401, 403, 404, 405, 422, 501})
"""Where `/v1` is all that a server lets in, or the route takes another body, as TGI's does; a
wrong key is reported by the chat itself."""
_ENCODINGS = "https://openaipublic.blob.core.windows.net/encodings/{}.tiktoken"
"""Where tiktoken would fetch a table from, and by whose hash it keeps it."""
_TABLES = ("o200k_base", "cl100k_base")

_NEXT = {None: "user", "user": "assistant", "assistant": "user"}

_without_route: set[str] = set()


class Counted(NamedTuple):
    """What a server says of a text or a chat.

    Attributes:
        n_tokens: How many it has.
        context_length: How many the model reads and writes, None where the server does not say.
        tokens: Their ids, None where the server does not say.
    """

    n_tokens: int
    context_length: int | None
    tokens: list[int] | None


def ask_server(client: OpenAI, provider: Provider, body: Mapping[str, Any]) -> Counted | None:
    """Have a provider's server count.

    Args:
        client: A client of it.
        provider: The provider.
        body: `model`, and `messages` or `prompt`, as vLLM's `/tokenize` takes them.

    Returns:
        What it says; None where it has no such route.

    Raises:
        FineTuningError: It refuses, or cannot be reached.
    """
    import openai

    path = provider.tokenize_path
    if path is None:
        return None
    root = client.base_url.path.rstrip("/").removesuffix("/v1")
    address = str(client.base_url.copy_with(path=root + path))
    if address in _without_route:
        return None
    with provider_errors(provider.label):
        try:
            answer: Any = client.post(
                address, body=dict(body), cast_to=object, options={"timeout": _TIMEOUT_S}
            )
        except openai.APIStatusError as error:
            if error.status_code not in _NO_ROUTE or _is_about_the_model(error):
                raise
            _without_route.add(address)
            return None
    count = answer.get("count") if isinstance(answer, dict) else None
    if not isinstance(count, int):  # another route of that name, such as llama.cpp's
        _without_route.add(address)
        return None
    return Counted(count, answer.get("max_model_len"), answer.get("tokens"))


def _is_about_the_model(error: Any) -> bool:
    """Distinguish a missing model from a missing route; both are a 404."""
    body = error.body if isinstance(error.body, dict) else {}
    return body.get("param") == "model" or body.get("code") == "model_not_found"


def is_refusal(error: FineTuningError) -> bool:
    """Say whether a server has looked at a chat and refused it, as strict templates do."""
    import openai

    cause = error.__cause__
    return isinstance(cause, openai.BadRequestError | openai.InternalServerError)


def user_first(messages: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return a chat as strict templates want it: system, then user and assistant by turns.

    Trimming a history counts parts of it, in any order, which such templates refuse. Empty
    turns are put in where one is missing: a few tokens too many, never one too few.
    """
    kinds = {message["role"] for message in messages}
    if kinds - {"system", "developer", "user", "assistant"}:
        return [dict(message) for message in messages]  # calls of tools have an order of their own
    system = [_text_of(m) for m in messages if m["role"] in {"system", "developer"}]
    whole: list[dict[str, Any]] = []
    for message in messages:
        role = message["role"]
        if role in {"system", "developer"}:
            continue
        if role != _NEXT[whole[-1]["role"] if whole else None]:
            whole.append({"role": _NEXT[role], "content": ""})
        whole.append(dict(message))
    head = [{"role": "system", "content": "\n".join(system)}] if system else []
    return [*head, *(whole or [{"role": "user", "content": ""}])]


def encoding_on_disk(model: str) -> tiktoken.Encoding | None:
    """Return tiktoken's encoding of a model, if it knows it and needs not fetch its table."""
    import tiktoken
    from tiktoken import registry

    try:
        name = tiktoken.encoding_name_for_model(model)
    except KeyError:
        return None
    if name in registry.ENCODINGS or (name in _TABLES and _has_table(name)):
        return tiktoken.get_encoding(name)
    return None


def _has_table(encoding: str) -> bool:
    folder = os.environ.get("TIKTOKEN_CACHE_DIR", os.environ.get("DATA_GYM_CACHE_DIR"))
    if folder == "":
        return False  # tiktoken's way to say: no cache
    place = Path(folder) if folder else Path(tempfile.gettempdir()) / "data-gym-cache"
    key = hashlib.sha1(_ENCODINGS.format(encoding).encode()).hexdigest()  # noqa: S324  # tiktoken's
    return (place / key).is_file()


@dataclass(frozen=True)
class CountsHere:
    """Counts on this machine, where no server does.

    Attributes:
        encode: Cuts a text into tokens; None estimates: more tokens than there are, in any
            language, see `examples.tokens`.
    """

    encode: Callable[[str], list[int]] | None

    def of_text(self, text: str) -> int:
        """Return the tokens of a text."""
        return ESTIMATE.of_texts([text])[0] if self.encode is None else len(self.encode(text))

    def of_chat(self, messages: Sequence[Mapping[str, Any]], tools: Sequence[Any] = ()) -> int:
        """Return the tokens of a chat, by what OpenAI's template writes around its messages."""
        around = ESTIMATE if self.encode is None else _OPENAI
        count = around.per_chat + sum(self.of_text(json.dumps(tool)) for tool in tools)
        for message in messages:
            count += around.per_turn + self.of_text(_text_of(message))
            if name := message.get("name"):
                count += 1 + self.of_text(name)
        return count


_OPENAI = TokenCounter(ESTIMATE.of_texts)  # for what it writes around turns


def _text_of(message: Mapping[str, Any]) -> str:
    """Return all words of a message that a model reads, calls of tools among them."""
    content = message.get("content") or ""
    if not isinstance(content, str):
        if any(part.get("type") != "text" for part in content):
            warnings.warn("Images and files in messages count no tokens here.", stacklevel=5)
        content = "".join(part.get("text") or "" for part in content)
    calls = [json.dumps(call.get("function", call)) for call in message.get("tool_calls") or ()]
    return "".join([content, *calls])


@cache
def say_estimated(provider: str, model: str) -> None:
    """Warn, once per model, that its tokens are estimated."""
    from tiktoken import model as known

    is_known = model in known.MODEL_TO_ENCODING or model.startswith(
        tuple(known.MODEL_PREFIX_TO_ENCODING)
    )
    how = (
        f'`tiktoken.encoding_for_model("{model}")` fetches its table, after which they are counted.'
        if is_known
        else "Pass `custom_get_token_ids=` with its tokenizer to have them counted."
    )
    warnings.warn(
        f"Tokens of {model} at {provider} are estimated, two to three times as many as there are "
        f"in English, as the provider does not count them. {how}",
        stacklevel=4,
    )
