"""The shape of a training example: OpenAI's chat format, which other providers derive from.

Source: https://platform.openai.com/docs/guides/supervised-fine-tuning (read 2026-11).
"""

from __future__ import annotations

from typing import Literal

from typing_extensions import NotRequired, TypedDict

__all__ = ["ChatTurn", "TrainingExample"]


class ChatTurn(TypedDict):
    """One turn of a training example."""

    role: Literal["system", "user", "assistant"]
    content: str
    weight: NotRequired[Literal[0, 1]]
    """0 keeps an assistant turn as context and trains nothing on it."""
    name: NotRequired[str]


class TrainingExample(TypedDict):
    """One training example. Its last turn is the assistant's, and is trained."""

    messages: list[ChatTurn]
