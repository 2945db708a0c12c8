"""How many tokens a chat has for a base model: a tokenizer of any kind in, a counter out.

Windows are cut by what a turn costs at most, so every figure here is on the safe side: what a chat
template writes around a turn is measured on the tokenizer's own template where it has one.
"""

from __future__ import annotations

import string
import warnings
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from langchain_fbmessenger._internal.control_tokens import (
    ControlTokens,
    control_tokens_of,
    encode_parts,
    is_control,
)
from langchain_fbmessenger._internal.home import expanded
from langchain_fbmessenger.exceptions import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from langchain_fbmessenger.examples.schema import ChatTurn

__all__ = ["ESTIMATE", "LIKELY", "TokenCounter", "token_counter"]

# Of OpenAI's models: https://cookbook.openai.com/examples/how_to_count_tokens_with_tiktoken
_PER_TURN, _PER_CHAT = 4, 3
# Without a tokenizer, more than the templates of the Llama, Qwen, Gemma and Mistral families write;
# some put a system prompt of their own where none is given.
_MOST_PER_TURN, _MOST_PER_CHAT = 8, 20
_TOKENIZER_FILES = ["*.json", "*.jinja", "*.model", "*.txt", "*.tiktoken"]
_BATCH = 1000  # texts that are encoded at once
_ASCII = bytes(range(128))
_ASCII_LETTERS = (string.ascii_letters + " ").encode()
_SMALL_LETTERS = (string.ascii_lowercase + " ").encode()
_VOWELS = b"aeiou"
_FEWEST_VOWELS = 0.22  # among the letters of a text: 19 % if they are drawn at random


@dataclass(frozen=True)
class TokenCounter:
    """Counts tokens.

    Attributes:
        of_texts: The tokens of each of several texts.
        per_turn: What is written around a turn, at most.
        per_chat: What is written once, at most, a default system prompt included.
        of_chat: The exact tokens of a whole chat, where the tokenizer has a chat template.
        is_estimate: Whether it counts without a tokenizer.
        is_below_bytes: Whether no text has more tokens than bytes beside those of the empty one.
    """

    of_texts: Callable[[Sequence[str]], list[int]]
    per_turn: int = _PER_TURN
    per_chat: int = _PER_CHAT
    of_chat: Callable[[Sequence[ChatTurn]], int] | None = None
    is_estimate: bool = False
    is_below_bytes: bool = False

    def most_of_texts(self, texts: Sequence[str]) -> list[int]:
        """Return what each of several turns costs at most, given their texts."""
        return [count + self.per_turn for count in self.of_texts(texts)]

    def of_turns(self, turns: Sequence[ChatTurn]) -> int:
        """Return the tokens of a chat: exactly if that is possible, else at most."""
        if self.of_chat is not None:
            # A template may refuse a chat, say for beginning with the assistant: its own errors.
            with suppress(Exception):
                return self.of_chat(turns)
        return self.per_chat + sum(self.most_of_texts([turn["content"] for turn in turns]))


def token_counter(tokenizer: Any) -> TokenCounter:
    """Return a counter for what the user gave as tokenizer.

    Args:
        tokenizer: None (a safe estimate), a Hugging Face tokenizer, a tiktoken encoding, a function
            from a text to a number or a list of tokens, or a name: of an OpenAI model or encoding,
            of a bundled base model, a folder, a .gguf file or a hub id.

    Raises:
        InvalidInputError: It is something else.

    Warns:
        UserWarning: A tokenizer of that name cannot be had; tokens are estimated.
    """
    if tokenizer is None:
        return ESTIMATE
    if isinstance(tokenizer, str | Path):
        try:
            return _named(str(tokenizer))
        except Exception as error:  # noqa: BLE001 - anything from a hub, an extra, a broken file
            warnings.warn(
                f"The tokenizer {str(tokenizer)!r} cannot be had ({_reason(error)}): tokens are "
                "estimated instead.",
                stacklevel=2,
            )
            return ESTIMATE
    return _adapted(tokenizer)


def _estimate(texts: Sequence[str]) -> list[int]:
    """Return more tokens than byte-level tokenizers make of texts, in any language.

    English has four letters to a token, and languages that a tokenizer has seen little of have two.
    Letters at random, which have few vowels, are taken for three to four. All else, capitals too,
    counts a token a byte, as many as there can be.
    """
    counts = []
    for text in texts:
        whole = text.encode(errors="replace")
        others = len(whole.translate(None, _SMALL_LETTERS))
        letters = len(whole) - others
        vowels = len(whole) - len(whole.translate(None, _VOWELS))
        is_language = vowels >= _FEWEST_VOWELS * (letters - whole.count(b" "))
        counts.append(others + 1 + (letters // 2 if is_language else letters * 3 // 4))
    return counts


ESTIMATE = TokenCounter(
    _estimate, _MOST_PER_TURN, _MOST_PER_CHAT, is_estimate=True, is_below_bytes=True
)
"""Counts without a tokenizer: two to three times as many as there are in English."""


def _adapted(tokenizer: Any) -> TokenCounter:
    if hasattr(tokenizer, "apply_chat_template"):
        return _of_hugging_face(tokenizer)
    if hasattr(tokenizer, "encode_ordinary_batch"):  # tiktoken's
        return TokenCounter(lambda texts: [*map(len, tokenizer.encode_ordinary_batch([*texts]))])
    if hasattr(tokenizer, "encode_batch"):  # of the library tokenizers
        return TokenCounter(_of_library(tokenizer))
    if callable(tokenizer):
        return TokenCounter(lambda texts: [_size(tokenizer(text)) for text in texts])
    message = (
        "a tokenizer is a Hugging Face tokenizer, a tiktoken encoding, a function from text to "
        f"tokens or their number, or a name; got {type(tokenizer).__name__}"
    )
    raise InvalidInputError(message)


def _likely(texts: Sequence[str]) -> list[int]:
    """Return about as many tokens as there are, by cl100k, o200k and SmolLM2's tokenizer.

    The three differ by half in languages with letters beyond ASCII; this is between them.
    """
    counts = []
    for text in texts:
        whole = text.encode(errors="replace")
        others = len(whole.translate(None, _ASCII_LETTERS))
        beyond_ascii = len(whole.translate(None, _ASCII))
        has_accents = beyond_ascii > len(whole) / 10  # an emoji in a sentence is less
        letters = (len(whole) - others) / (3 if has_accents else 4)
        counts.append(round(letters + (others - beyond_ascii) + beyond_ascii * 0.45))
    return counts


LIKELY = TokenCounter(_likely, _PER_TURN, _PER_CHAT, is_estimate=True)
"""Counts without a tokenizer, neither too high nor too low: for prices, not for limits."""


@lru_cache(maxsize=8)
def _named(name: str) -> TokenCounter:
    import tiktoken

    if name in tiktoken.list_encoding_names():
        return _adapted(tiktoken.get_encoding(name))
    try:
        tiktoken.encoding_name_for_model(name)
    except KeyError:
        return _of_hugging_face(_from_hub_or_file(name))
    return _adapted(tiktoken.encoding_for_model(name))


def _from_hub_or_file(name: str) -> Any:
    from transformers import AutoTokenizer

    from langchain_fbmessenger._internal.bundled_models import bundled_file

    path, options = bundled_file(name) or expanded(Path(name)), {}
    if path.suffix == ".gguf":
        path, options = path.parent, {"gguf_file": path.name}
    elif not path.is_dir():
        from huggingface_hub import snapshot_download

        # The tokenizer's files alone, asked for once: transformers would try a dead network twice.
        repo, _, revision = name.partition("@")
        revision = revision or "main"
        path = Path(snapshot_download(repo, revision=revision, allow_patterns=_TOKENIZER_FILES))
    return AutoTokenizer.from_pretrained(  # nosec B615  # a folder by now
        str(path), local_files_only=True, trust_remote_code=False, **options
    )


def _of_hugging_face(tokenizer: Any) -> TokenCounter:
    # Without offsets, which are not needed, five times as fast as the tokenizer's own call.
    encode = getattr(getattr(tokenizer, "backend_tokenizer", None), "encode_batch_fast", None)
    control = control_tokens_of(tokenizer)

    def of_texts(texts: Sequence[str]) -> list[int]:
        counts: list[int] = []
        for start in range(0, len(texts), _BATCH):
            batch = [*texts[start : start + _BATCH]]
            if encode is not None:
                counts += [len(encoded.ids) for encoded in encode(batch, add_special_tokens=False)]
            else:
                ids = tokenizer(batch, add_special_tokens=False)["input_ids"]
                counts += map(len, ids)
        for at, parts in _cut(texts, control):
            counts[at] = len(encode_parts(tokenizer, parts))
        return counts

    def of_chat(turns: Sequence[Any]) -> int:
        chat = [{"role": turn["role"], "content": turn["content"]} for turn in turns]
        marked = control.mark_messages(chat)
        if marked == chat:
            return len(tokenizer.apply_chat_template(chat, tokenize=True, return_dict=False))
        written = tokenizer.apply_chat_template(marked, tokenize=False)
        return len(encode_parts(tokenizer, control.parts(written)))

    if not getattr(tokenizer, "chat_template", None):
        return TokenCounter(of_texts, _MOST_PER_TURN, _MOST_PER_CHAT)
    try:
        per_turn, per_chat = _template_words(of_chat, of_texts(["x"])[0])
    except Exception:  # noqa: BLE001 - a template of another kind: its own errors, whatever they are
        return TokenCounter(of_texts, _MOST_PER_TURN, _MOST_PER_CHAT)
    return TokenCounter(of_texts, per_turn, per_chat, of_chat)


def _of_library(tokenizer: Any) -> Callable[[Sequence[str]], list[int]]:
    added = tokenizer.get_added_tokens_decoder().values()
    control = ControlTokens(
        t.content for t in added if is_control(t.content, "", is_special=t.special)
    )

    def of_texts(texts: Sequence[str]) -> list[int]:
        counts = [len(encoded.ids) for encoded in tokenizer.encode_batch([*texts])]
        for at, parts in _cut(texts, control):
            counts[at] = sum(len(encoded.ids) for encoded in tokenizer.encode_batch(parts))
        return counts

    return of_texts


def _cut(texts: Sequence[str], control: ControlTokens) -> Iterator[tuple[int, list[str]]]:
    """Yield the parts of texts that hold control tokens, which their tokenizer would read as such.

    A model reads them as text in a chat, which takes more tokens.
    """
    for at, text in enumerate(texts):
        parts = control.parts(control.mark(text))
        if len(parts) > 1:
            yield at, parts


def _template_words(of_chat: Callable[[list[Any]], int], x: int) -> tuple[int, int]:
    """Return what a chat template writes around a turn and once, by its own example chats."""
    user, answer = {"role": "user", "content": "x"}, {"role": "assistant", "content": "x"}
    one, two, three = (of_chat(chat) for chat in ([user], [user, answer], [user, answer, user]))
    with_system = of_chat([{"role": "system", "content": "x"}, user])
    # One more, as a text's first letters may be cut up differently behind the template's words.
    per_turn = max(two - one, three - two, with_system - one) - x + 1
    try:
        alone = of_chat([answer])
    except Exception:  # noqa: BLE001 - a template's own error: it wants the user first
        alone = one
    # That one more is for the texts: what is written once has to be covered without it.
    return per_turn, max(one, alone) - x - (per_turn - 1)


def _size(tokens: Any) -> int:
    if isinstance(tokens, int) and not isinstance(tokens, bool):
        return tokens
    try:
        return len(getattr(tokens, "ids", tokens))
    except TypeError:
        message = f"a tokenizer function gives tokens or their number, got {type(tokens).__name__}"
        raise InvalidInputError(message) from None


def _reason(error: Exception) -> str:
    if isinstance(error, ModuleNotFoundError):
        return f'{error.name} is not installed: pip install "langchain-fbmessenger[local]"'
    return type(error).__name__
