"""Remember how training files were prepared, and which file a job was trained on.

A record is a JSON file in the state folder that only its owner can read (0600): options, paths and
hashes, never chats. It is found by the hash of the training file, and once that was sent to be
trained by the job.
"""

from __future__ import annotations

import hashlib
import json
import re
from contextlib import suppress
from typing import TYPE_CHECKING

import msgspec

from langchain_fbmessenger._internal.home import (
    HOME_VARIABLE,
    default_home,
    private_folder,
    write_private,
)
from langchain_fbmessenger._internal.output import is_stream
from langchain_fbmessenger._version import __version__
from langchain_fbmessenger.cli.common import say
from langchain_fbmessenger.cli.preparation import (
    Preparation,  # noqa: TC001 - msgspec evaluates the annotations
)
from langchain_fbmessenger.exceptions import MessengerError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from langchain_fbmessenger.examples import TrainingExample

__all__ = [
    "PreparedRecord",
    "answers_path",
    "fingerprint",
    "forget_job",
    "keep_for_job",
    "page_path",
    "record_of_file",
    "record_of_job",
    "remember",
]

_RECORDS, _ANSWERS = "prepared", "evaluations"
_HASHED_AT_ONCE = 2**20
_JOB_NAME = re.compile(r"ftjob-[A-Za-z0-9-]{1,80}")


class PreparedRecord(msgspec.Struct, frozen=True, kw_only=True):
    """How a training file was prepared.

    Attributes:
        preparation: The export and all options.
        owner: Whose export it was, where nobody else was named as the persona.
        held_out: How many examples were held out.
        held_out_sha256: Their hash, None where nothing was held out; see `fingerprint`.
        version: The version of this package.
    """

    preparation: Preparation
    owner: str | None
    held_out: int
    held_out_sha256: str | None
    version: str = __version__

    def __repr__(self) -> str:
        return f"PreparedRecord(held_out={self.held_out}, version={self.version!r})"


def fingerprint(examples: Iterable[TrainingExample]) -> str:
    """Return a hash of examples: SHA-256, in hexadecimal digits; their order counts."""
    digest = hashlib.sha256()
    for example in examples:
        digest.update(json.dumps(example, sort_keys=True).encode() + b"\n")
    return digest.hexdigest()


def remember(training_file: Path, record: PreparedRecord) -> None:
    """Keep the record of a training file; where that cannot be done, a warning says so."""
    if not is_stream(training_file):
        _write(_sha256(training_file), record)


def keep_for_job(training_file: Path, job_id: str) -> None:
    """Keep the record of a training file for a job too; the file may be gone when it is needed."""
    record = record_of_file(training_file)
    if record is not None:
        _write(_name_of(job_id), record)


def record_of_file(training_file: Path) -> PreparedRecord | None:
    """Return how a training file was prepared; None where that is not known."""
    return None if is_stream(training_file) else _read(_sha256(training_file))


def record_of_job(job_id: str) -> PreparedRecord | None:
    """Return how the training file of a job was prepared; None where that is not known."""
    return _read(_name_of(job_id))


def answers_path(job_id: str) -> Path:
    """Return the file in the state folder for what models were asked about a job.

    Raises:
        OSError: Its folder cannot be made.
    """
    return private_folder(default_home() / _ANSWERS) / f"{_name_of(job_id)}.jsonl"


def page_path(job_id: str) -> Path:
    """Return the file in the state folder for the page of a job's evaluation.

    Raises:
        OSError: Its folder cannot be made.
    """
    return answers_path(job_id).with_suffix(".html")


def forget_job(job_id: str) -> None:
    """Remove the record of a job, and the answers and the page of its evaluation."""
    name = _name_of(job_id)
    answers = default_home() / _ANSWERS / f"{name}.jsonl"
    for path in (_path(name), answers, answers.with_suffix(".html")):
        path.unlink(missing_ok=True)


def _name_of(job_id: str) -> str:
    """Return what the files of a job are called: its id, or a hash of what could be no name."""
    return job_id if _JOB_NAME.fullmatch(job_id) else hashlib.sha256(job_id.encode()).hexdigest()


def _path(name: str) -> Path:
    return default_home() / _RECORDS / f"{name}.json"


def _write(name: str, record: PreparedRecord) -> None:
    # Not msgspec's own encoder: a path need not be UTF-8.
    content = json.dumps(msgspec.to_builtins(record), indent=2).encode()
    try:
        private_folder(default_home() / _RECORDS)
        write_private(_path(name), content)
    except (OSError, MessengerError) as error:
        say(
            "Warning",
            f"how the examples were prepared cannot be remembered ({error}): `evaluate` will ask "
            f"for it. {HOME_VARIABLE} may name a folder that can be written to.",
        )


def _read(name: str) -> PreparedRecord | None:
    # One that is broken, or of a version that knew other options, tells nothing.
    with suppress(OSError, ValueError, MessengerError):
        return msgspec.convert(json.loads(_path(name).read_bytes()), PreparedRecord)
    return None


def _sha256(file: Path) -> str:
    digest = hashlib.sha256()
    with file.open("rb") as stream:
        while piece := stream.read(_HASHED_AT_ONCE):
            digest.update(piece)
    return digest.hexdigest()
