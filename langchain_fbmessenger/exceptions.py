"""Define the errors of this package, one class per situation that a caller may tell apart.

Each is also the builtin error that older code would expect, so `except ValueError` keeps working.
No message holds the text of a chat::

    MessengerError
    ├── ExportNotFoundError (FileNotFoundError)
    ├── MalformedExportError (ValueError)
    ├── UnknownSenderError (LookupError)
    ├── UnknownOwnerError (LookupError)
    ├── UnknownThreadError (LookupError)
    ├── InvalidExampleError (ValueError)
    ├── InvalidInputError (TypeError, ValueError)
    ├── InvalidOptionError (ValueError)
    │   └── UnknownProviderError (LookupError, too)
    ├── MalformedFileError (ValueError)
    ├── MissingFolderError (FileNotFoundError)
    ├── BusyFileError (TimeoutError)
    ├── UnknownRowError (KeyError)
    ├── MissingExtraError (ImportError)
    ├── WorkerError (RuntimeError)
    └── FineTuningError (RuntimeError)
        ├── TrainingNotAvailableError
        └── LocalServerError
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from langchain_fbmessenger._internal.names import close_names, did_you_mean
from langchain_fbmessenger._internal.visible_text import visible

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

__all__ = [
    "BusyFileError",
    "ExportNotFoundError",
    "FineTuningError",
    "InvalidExampleError",
    "InvalidInputError",
    "InvalidOptionError",
    "LocalServerError",
    "MalformedExportError",
    "MalformedFileError",
    "MessengerError",
    "MissingExtraError",
    "MissingFolderError",
    "TrainingNotAvailableError",
    "UnknownOwnerError",
    "UnknownProviderError",
    "UnknownRowError",
    "UnknownSenderError",
    "UnknownThreadError",
    "WorkerError",
]

_NAMES_LISTED = 20  # more would push the advice off the screen; `seen` has them all


class MessengerError(Exception):
    """Base of every error that this package raises on purpose."""

    def __str__(self) -> str:
        # KeyError would quote it, OSError look for a number. Names, paths and the words of a
        # provider stand in it, and a traceback is shown as it is.
        return visible("".join(map(str, self.args)))

    def __reduce__(self) -> tuple[Any, ...]:
        # Keyword-only constructors defeat the default, and errors cross process borders.
        return _rebuild, (type(self), self.args, self.__dict__)


def _rebuild(
    cls: type[MessengerError], args: tuple[Any, ...], state: dict[str, Any]
) -> MessengerError:
    error = cls.__new__(cls, *args)
    error.args = args
    error.__dict__.update(state)
    return error


class ExportNotFoundError(MessengerError, FileNotFoundError):
    """The path does not exist, or nothing below it looks like a Messenger export."""

    def __init__(self, message: str, *, path: Path) -> None:
        super().__init__(message)
        self.path = path


class MalformedExportError(MessengerError, ValueError):
    """An export was found but cannot be read: broken, or in a form that is not supported.

    Attributes:
        path: The file or folder.
        index: Position of the offending message within the file, if it is known.
    """

    def __init__(self, message: str, *, path: Path, index: int | None = None) -> None:
        super().__init__(message)
        self.path = path
        self.index = index


class UnknownSenderError(MessengerError, LookupError):
    """The name of the persona occurs in none of the chat sessions, or may be several people's.

    Attributes:
        sender: The name that was looked for.
        seen: The names that do occur, most frequent first.
        suggestions: Those among them that come nearest to it.
    """

    def __init__(self, sender: str, seen: Iterable[str], *, meant: Iterable[str] = ()) -> None:
        self.sender = sender
        self.seen = list(seen)
        candidates = list(meant)
        self.suggestions = candidates or close_names(sender, self.seen)
        super().__init__(
            f"{'Several people may be' if candidates else 'No message was sent by'} {sender!r}."
            f"{did_you_mean(self.suggestions)} "
            f"Senders in these chat sessions: {_listed(self.seen)}. "
            "Pass one of them; case and white space do not matter, nor do accents, unless two "
            "people differ by them alone."
        )


class UnknownOwnerError(MessengerError, LookupError):
    """No sender was given, and a session does not say whose export it comes from.

    Attributes:
        seen: The names in the session, most frequent first.
    """

    def __init__(self, seen: Iterable[str]) -> None:
        self.seen = list(seen)
        super().__init__(
            "map_ai_messages() was given no sender, and a chat session does not say whose export "
            f"it comes from. Pass one of its people as sender=: {_listed(self.seen)}."
        )


class UnknownThreadError(MessengerError, LookupError):
    """None of the threads that were asked for exists.

    Attributes:
        threads: What was asked for.
        suggestions: Ids and titles that come nearest to it.
    """

    def __init__(self, threads: Iterable[str], known: Iterable[str] = ()) -> None:
        self.threads = list(threads)
        known = list(known)
        near = [name for one in self.threads for name in close_names(one, known)]
        self.suggestions = [*dict.fromkeys(near)]
        super().__init__(
            f"No thread has the id or title {_listed(self.threads)}."
            f"{did_you_mean(self.suggestions)} "
            "`langchain-fbmessenger inspect EXPORT` lists them all."
        )


def _listed(names: list[str]) -> str:
    listed = ", ".join(repr(name) for name in names[:_NAMES_LISTED]) or "none at all"
    more = len(names) - _NAMES_LISTED
    return f"{listed} and {more} more" if more > 0 else listed


class InvalidExampleError(MessengerError, ValueError):
    """A set of training examples breaks a rule of the provider or of the chat format.

    Attributes:
        line: Number of the example, counted from 1 as its line in the JSONL file is; None when
            the rule is about the whole set.
        rule: Short name of the rule, such as `min_examples` or `context_length`.
    """

    def __init__(self, message: str, *, rule: str, line: int | None = None) -> None:
        super().__init__(f"example {line}: {message}" if line is not None else message)
        self.line = line
        self.rule = rule


class InvalidInputError(MessengerError, TypeError, ValueError):
    """The input is of another kind than expected, or lacks a part.

    A path instead of sessions, a class instead of an instance, a provider without a name.
    """


class InvalidOptionError(MessengerError, ValueError):
    """An option has a value that it may not have, or two options do not go together."""


class UnknownProviderError(InvalidOptionError, LookupError):
    """There is no provider, trainer or format of that name.

    Attributes:
        provider: The name that was given.
        known: The names that there are.
        suggestions: Those among them that come nearest to it.
    """

    def __init__(
        self,
        provider: object,
        known: Iterable[str],
        *,
        what: str = "provider or format",
        others: str = "",
    ) -> None:
        self.provider = provider
        self.known = list(known)
        self.suggestions = close_names(provider, self.known) if isinstance(provider, str) else []
        # What is no name may hold a key.
        text = repr(provider) if isinstance(provider, str) else f"of type {type(provider).__name__}"
        super().__init__(
            f"unknown {what} {text}: known are {', '.join(self.known)}{others}."
            f"{did_you_mean(self.suggestions)}"
        )


class MalformedFileError(MessengerError, ValueError):
    """A contacts file, key file or canaries file is something else, or is damaged."""


class MissingFolderError(MessengerError, FileNotFoundError):
    """There is no folder in which a file could be written."""


class BusyFileError(MessengerError, TimeoutError):
    """Another process does not let go of a file."""


class UnknownRowError(MessengerError, KeyError):
    """A report has no such row, or several."""


class MissingExtraError(MessengerError, ImportError):
    """A feature needs packages of an extra that is not installed."""

    def __init__(self, feature: str, *, extra: str, missing: str | None) -> None:
        super().__init__(
            f"{feature} needs the package {missing!r}, which is part of an extra: "
            f'pip install "langchain-fbmessenger[{extra}]"',
            name=missing,
        )
        self.extra = extra
        self.missing = missing


class WorkerError(MessengerError, RuntimeError):
    """A process that reads conversations could not be started, or has ended early."""


class FineTuningError(MessengerError, RuntimeError):
    """A fine-tuning job could not be made, or ended without a model.

    Attributes:
        job_id: The provider's id of the job, or None when it was never created.
        status: The job's last status, such as `failed` or `cancelled`.
        code: The provider's own error code.
    """

    def __init__(
        self,
        message: str,
        *,
        job_id: str | None = None,
        status: str | None = None,
        code: str | None = None,
    ) -> None:
        super().__init__(message)
        self.job_id = job_id
        self.status = status
        self.code = code


class TrainingNotAvailableError(FineTuningError):
    """The provider does not open fine-tuning jobs for this account (any more)."""


class LocalServerError(FineTuningError):
    """The local server could not be started, or stopped answering."""
