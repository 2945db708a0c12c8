"""Identify a job: compute a key from all that decides what comes out of it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from openai.types.fine_tuning import FineTuningJob as JobState

    from langchain_fbmessenger.fine_tuning.submitting.uploads import JobFiles

__all__ = ["KEPT", "KEY", "file_name", "job_key", "key_of", "name_prefix"]

KEY = "langchain_fbmessenger_key"
"""In a job's metadata: its key."""

KEPT = "langchain_fbmessenger_keep_files"
"""In a job's metadata: its uploads are not deleted when it ends."""

_PREFIX = "langchain-fbmessenger"
_DIGITS = 32  # of the key, in names of files


@dataclass(frozen=True)
class _Known:
    """All that a key is made of."""

    provider: str
    model: str
    files: list[tuple[str, str]]
    asked: Mapping[str, Any]
    metadata: Mapping[str, str]


def job_key(
    provider: str,
    model: str,
    files: JobFiles,
    asked: Mapping[str, Any],
    metadata: Mapping[str, str],
) -> str:
    """Return the key of a job: SHA-256, in hexadecimal digits.

    Args:
        provider: The provider and its address.
        model: The base model.
        files: The files of examples.
        asked: How it trains, the provider's own options included.
        metadata: What travels with it, its system prompt.
    """
    hashes = [(file.role, file.sha256) for file in files]
    known = _Known(provider, model, hashes, asked, metadata)
    return hashlib.sha256(msgspec.json.encode(known, order="sorted")).hexdigest()


def key_of(job: JobState) -> str | None:
    """Return the key that a job carries, None if this package did not submit it."""
    return (job.metadata or {}).get(KEY)


def name_prefix(key: str) -> str:
    """Return how the names of a job's files begin, by which what a crash left is found."""
    return f"{_PREFIX}-{key[:_DIGITS]}-"


def file_name(key: str, attempt: str, role: str) -> str:
    """Return the name of a file of a job at the provider; nothing of the user's is in it."""
    return f"{name_prefix(key)}{attempt}-{role}.jsonl"
