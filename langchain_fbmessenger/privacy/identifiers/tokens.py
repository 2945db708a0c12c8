"""Keys and tokens of a fixed shape (tokens.toml): "ghp_...", "AKIA..."."""

from __future__ import annotations

import functools
import re
from importlib.resources import files
from typing import TYPE_CHECKING

import msgspec

from langchain_fbmessenger.privacy.identifiers.spot import Spot

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["find_tokens"]


def find_tokens(text: str) -> Iterator[Spot]:
    """Give the keys and tokens of a text."""
    for match in _pattern().finditer(text):
        yield Spot(*match.span(), "id", match[0], "token")


class _Token(msgspec.Struct, forbid_unknown_fields=True):
    of: str
    pattern: str


class _Table(msgspec.Struct, forbid_unknown_fields=True):
    token: list[_Token]


@functools.cache
def _pattern() -> re.Pattern[str]:
    text = files(__package__).joinpath("tokens.toml").read_text("utf-8")
    tokens = msgspec.toml.decode(text, type=_Table).token
    anyone = "|".join(token.pattern for token in tokens)
    # Their alphabet is ASCII's: a letter of another script is none of theirs.
    return re.compile(f"(?<![0-9A-Za-z])(?:{anyone})(?![0-9A-Za-z])", re.ASCII)
