"""Keep text that people wrote from being read as control tokens.

A tokenizer reads `<|im_end|>` as the end of a turn wherever it stands: a person who writes it in a
chat could end their turn and begin another's. Only the chat template may do that. So texts are
marked before the template writes them: where a text could be part of a control token, letters of it
are replaced by stand-ins, one for one. In the template's result a control token with a stand-in is
a person's words, and is cut in two. The tokenizer gets the parts, and finds in them the template's
control tokens only. A text without control tokens is never cut.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

SURROGATES = 0xD800
"""Stand-ins that no text holds, as no encoding has them; JSON has not, either."""
PRIVATE_USE = 0x100000
"""Stand-ins that may be sent as JSON; a text could hold them, see `apart_from`."""
_END_OF_UNICODE = 0x110000

_BARRED = re.compile(r"<\|\w\S*\|>|<\|\w+>|<\w+\|>|<\uff5c\S+\uff5c>")  # the last are DeepSeek's
_TAG = re.compile(r"<\S+>|\[\S+\]")
_JSON_STRING = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_STRUCTURE = frozenset(
    {
        "role", "content", "name", "tool_calls", "tool_call_id", "id", "type", "function",
        "arguments", "text", "index", "weight", "system", "user", "assistant", "tool",
    }
)  # fmt: skip
"""Keys, roles and types of a message, which templates compare: not what people wrote."""
_GAP = "\u200b"


def is_control(token: str, template: str, *, is_special: bool) -> bool:
    """Return whether an entry of a vocabulary is a control token.

    Not every tokenizer marks all of them: Qwen's `<think>` and `<tool_call>` are plain entries.
    Others list words and line breaks beside their control tokens, which stay text.
    """
    if is_special or _BARRED.fullmatch(token):
        return True
    return _TAG.fullmatch(token) is not None and token in template


class ControlTokens:
    """The control tokens of a vocabulary, as they are written."""

    def __init__(self, tokens: Iterable[str], *, first_stand_in: int = SURROGATES) -> None:
        # One letter cannot be cut: it would have to be no token at all.
        self.tokens = sorted({token for token in tokens if len(token) > 1}, key=len, reverse=True)
        letters = sorted({letter for letter in "".join(self.tokens) if not letter.isspace()})
        self._first_stand_in = first_stand_in
        self._stand_ins = {ord(letter): first_stand_in + n for n, letter in enumerate(letters)}
        self._stand_in = _one_of(map(chr, self._stand_ins.values()))
        self._letters = {stand_in: chr(letter) for letter, stand_in in self._stand_ins.items()}
        starts = {ord(token[0]) for token in self.tokens}
        self._starts = {ord_: self._stand_ins.get(ord_, ord_) for ord_ in starts}
        self._longest = len(self.tokens[0]) if self.tokens else 0
        self._letters_of = [(token, frozenset(token)) for token in self.tokens]
        self._heads = {token[:n] for token in self.tokens for n in range(1, len(token))}
        self._tails = {token[n:] for token in self.tokens for n in range(1, len(token))}
        self._joined = "\0".join(self.tokens)
        self._start = _one_of({token[0] for token in self.tokens})
        self._end = _one_of({token[-1] for token in self.tokens})
        self._known = frozenset(self.tokens)
        self._lengths = sorted({len(token) for token in self.tokens}, reverse=True)
        self._pairs = {token[:2] for token in self.tokens}

    def mark_messages(self, messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Return the messages with all that people wrote marked: contents, names, tool calls."""
        return [self._marked(message) for message in messages]

    def break_messages(self, messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Put invisible characters into control tokens, for servers that take a chat as a whole."""
        gaps = {stand_in: f"{_GAP}{letter}{_GAP}" for stand_in, letter in self._letters.items()}
        return [_translated(message, gaps) for message in self.mark_messages(messages)]

    def parts(self, text: str) -> list[str]:
        """Return in parts what a template wrote of marked texts, with their own letters again."""
        if not self._stand_in.search(text):
            return [text]
        own = text.translate(self._letters)
        cuts = [0]
        for start, end in self._found(own):
            if start < cuts[-1] < end:
                continue
            theirs = next((at for at in range(start, end) if own[at] != text[at]), None)
            if theirs is not None:  # a cut beside their letter is in no token of the template's
                cuts.append(max(theirs, start + 1))
        return [own[start:end] for start, end in zip(cuts, [*cuts[1:], len(own)], strict=True)]

    def apart_from(self, text: str) -> ControlTokens:
        """Return the same with stand-ins that do not occur in a text."""
        if not self._stand_in.search(text):
            return self
        n = len(self._letters)
        for first in range(self._first_stand_in + n, _END_OF_UNICODE - n, n):
            if not re.search(f"[{chr(first)}-{chr(first + n - 1)}]", text):
                return ControlTokens(self.tokens, first_stand_in=first)
        return self  # a text with all stand-ins gets letters in place of some

    def _found(self, text: str) -> Iterator[tuple[int, int]]:
        """Yield where control tokens stand in a text, the longest of those that begin together."""
        for found in self._start.finditer(text):
            at = found.start()
            if text[at : at + 2] not in self._pairs:
                continue
            for n in self._lengths:
                if (token := text[at : at + n]) in self._known:
                    yield at, at + len(token)
                    break

    def mark(self, text: str) -> str:
        """Return a text with stand-ins for letters that could be part of a control token."""
        # Templates strip texts, and take words out of them (`/no_think`).
        body = text.strip()
        if not body or not self.tokens:
            return text
        marked = text
        head, tail = body[: self._longest], body[-self._longest :]
        if self._start.search(body) and (self._holds_one(body) or _ends_in(tail, self._heads)):
            marked = text.translate(self._starts)
        is_inside = len(body) < self._longest and body in self._joined
        if is_inside or (self._end.search(head) and _begins_with(head, self._tails)):
            at = text.index(body)
            marked = marked[:at] + body[0].translate(self._stand_ins) + marked[at + 1 :]
        return marked

    def _holds_one(self, body: str) -> bool:
        letters = frozenset(body)
        return any(
            of_token <= letters and _is_within(token, body) for token, of_token in self._letters_of
        )

    def _marked(self, value: Any, *, is_free: bool = False) -> Any:
        """Return a value with all its texts marked, and keys that are free or unknown."""
        if isinstance(value, str):
            return self.mark(value)
        if isinstance(value, list | tuple):
            return [self._marked(item, is_free=is_free) for item in value]
        if not isinstance(value, dict):
            return value
        if is_free:
            return {self.mark(key): self._marked(item, is_free=True) for key, item in value.items()}
        return {
            key if key in _STRUCTURE else self.mark(key): self._marked_field(key, field)
            for key, field in value.items()
        }

    def _marked_field(self, key: str, field: Any) -> Any:
        if key in {"role", "type"} and isinstance(field, str) and field in _STRUCTURE:
            return field
        if key != "arguments":
            return self._marked(field)
        if not isinstance(field, str):
            return self._marked(field, is_free=True)
        # JSON in a text: `\\u003c` is a letter to the templates that decode it.
        return self.mark(_JSON_STRING.sub(self._marked_string, field))

    def _marked_string(self, found: re.Match[str]) -> str:
        written = found.group()
        try:
            text = json.loads(written)
        except ValueError:
            return written
        marked = self.mark(text)
        return written if marked == text else json.dumps(marked, ensure_ascii=False)


def control_tokens_of(tokenizer: Any) -> ControlTokens:
    """Return the control tokens of a Hugging Face tokenizer."""
    template = str(getattr(tokenizer, "chat_template", None) or "")
    added = getattr(tokenizer, "added_tokens_decoder", {}).values()
    found = [t.content for t in added if is_control(t.content, template, is_special=t.special)]
    return ControlTokens([*found, *getattr(tokenizer, "all_special_tokens", ())])


def encode_parts(tokenizer: Any, parts: list[str]) -> list[int]:
    """Return the ids of a text in parts (`ControlTokens.parts`), by a Hugging Face tokenizer."""
    first, *others = parts
    ids: list[int] = tokenizer.encode(first, add_special_tokens=False)
    for part in others:
        ids += encode_behind(tokenizer, part)
    return ids


def encode_behind(tokenizer: Any, part: str) -> list[int]:
    """Return the ids of a text that goes on from another: SentencePiece begins one with a space."""
    anchor: list[int] = tokenizer.encode("\n", add_special_tokens=False)
    ids: list[int] = tokenizer.encode(f"\n{part}", add_special_tokens=False)
    if ids[: len(anchor)] == anchor:
        return ids[len(anchor) :]
    alone: list[int] = tokenizer.encode(part, add_special_tokens=False)
    return alone


def _one_of(letters: Iterable[str]) -> re.Pattern[str]:
    listed = "".join(map(re.escape, sorted(letters)))
    return re.compile(f"[{listed}]" if listed else r"(?!)")


def _is_within(token: str, body: str) -> bool:
    """Return whether a text holds a token's letters in order, with anything in between."""
    at = -1
    for letter in token:
        at = body.find(letter, at + 1)
        if at < 0:
            return False
    return True


def _ends_in(tail: str, heads: set[str]) -> bool:
    return any(tail[at:] in heads for at in range(len(tail)))


def _begins_with(head: str, tails: set[str]) -> bool:
    return any(head[:n] in tails for n in range(1, len(head) + 1))


def _translated(value: Any, table: dict[int, str]) -> Any:
    if isinstance(value, str):
        return value.translate(table)
    if isinstance(value, list):
        return [_translated(item, table) for item in value]
    if isinstance(value, dict):
        return {_translated(k, table): _translated(v, table) for k, v in value.items()}
    return value
