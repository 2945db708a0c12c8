"""Read conversations in a worker process, as its standard input asks for them.

It takes a pickled `ConversationReader`, then chunks of `Chosen`, and writes an `Answer` for each,
or the error, to its standard output. It ends with its standard input: then its parent has ended.
"""

from __future__ import annotations

import os
import pickle
import sys
import threading
from queue import Queue
from typing import TYPE_CHECKING, BinaryIO

from langchain_fbmessenger._internal.own_processes import (
    no_core_dumps,
    open_closed_streams,
    report_without_words,
)
from langchain_fbmessenger.exceptions import InvalidOptionError, WorkerError
from langchain_fbmessenger.exports.conversations.dealing import answer_of

if TYPE_CHECKING:
    from typing import NoReturn

    from langchain_fbmessenger.exports.conversations.dealing import Chosen
    from langchain_fbmessenger.exports.conversations.reading import ConversationReader

__all__ = ["READY", "main"]

READY = b"langchain-fbmessenger worker\n"
"""The first bytes of a worker: another first output is not from this package."""


def main() -> NoReturn:
    """Read until standard input closes."""
    open_closed_streams()
    report_without_words()
    no_core_dumps()
    tasks = sys.stdin.buffer
    with os.fdopen(os.dup(1), "wb") as answers:
        os.dup2(2, 1)  # so that other prints are not taken for answers
        # While one chunk waits to be taken, the next is read.
        finished: Queue[list[bytes]] = Queue(1)
        threading.Thread(target=_write, args=(finished, answers), daemon=True).start()
        finished.put([READY])
        try:
            reader = _load_reader(tasks)
            while True:
                finished.put(_read(reader, pickle.load(tasks)))  # noqa: S301 - our own parent
        except EOFError:
            os._exit(0)
        except BaseException as error:  # noqa: BLE001 - whatever it is, it is raised there
            finished.put([_pickled_error(error)])
            tasks.read()  # until the parent has taken it, and closes the pipe
            os._exit(1)


def _load_reader(tasks: BinaryIO) -> ConversationReader:
    try:
        reader: ConversationReader = pickle.load(tasks)  # noqa: S301 - our own parent
    except EOFError:
        raise
    except Exception as error:  # noqa: BLE001 - a class of the user's may raise anything
        message = (
            f"workers: another process cannot load the timezone ({type(error).__name__}): define "
            "its class in a module that can be imported; workers=1 reads in this process"
        )
        raise InvalidOptionError(message) from None
    return reader


def _read(reader: ConversationReader, chunk: list[Chosen]) -> list[bytes]:
    """Return the pickled readings of a chunk, up to the first error."""
    answers = []
    for chosen in chunk:
        try:
            answers.append(pickle.dumps(answer_of(reader, chosen), pickle.HIGHEST_PROTOCOL))
        except BaseException as error:  # noqa: BLE001 - whatever it is, it is raised there
            return [*answers, _pickled_error(error)]
    return answers


def _pickled_error(error: BaseException) -> bytes:
    try:
        pickled = pickle.dumps(error, pickle.HIGHEST_PROTOCOL)
        pickle.loads(pickled)  # noqa: S301 - not every exception bears it
    except Exception:  # noqa: BLE001 - a foreign class may raise anything
        message = f"a worker process failed with {type(error).__name__}"
        return pickle.dumps(WorkerError(message), pickle.HIGHEST_PROTOCOL)
    return pickled


def _write(finished: Queue[list[bytes]], answers: BinaryIO) -> None:
    try:
        while True:
            answers.writelines(finished.get())
            answers.flush()
    except OSError:  # the parent has ended
        os._exit(0)
