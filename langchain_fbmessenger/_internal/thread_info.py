"""Describe the thread that a chat session was loaded from."""

from __future__ import annotations

from typing import Optional

from typing_extensions import TypedDict

__all__ = ["ThreadInfo"]


class ThreadInfo(TypedDict, total=False):
    """A thread, as sessions carry it under the key `thread`."""

    id: str
    title: str
    participants: list[str]
    is_group: bool
    folder: Optional[str]  # noqa: UP045 - pydantic reads this on Python 3.10 too
    source: str
    owner: Optional[str]  # noqa: UP045 - as above
