"""Training examples on disk, one JSON object per line."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from langchain_fbmessenger.exceptions import InvalidExampleError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import IO

    from langchain_fbmessenger.examples.schema import TrainingExample

__all__ = ["read_jsonl", "write_jsonl"]

# Legal in JSON, yet many readers split lines there.
_LINE_SEPARATORS = [(c.encode(), b"\\u%04x" % ord(c)) for c in ("\x85", "\u2028", "\u2029")]


def write_jsonl(examples: Iterable[TrainingExample], path: str | Path) -> int:
    """Write training examples to a file that only its owner can read.

    The examples are streamed to a temporary file beside it, which takes the place of `path` when
    all of them are written: after a failure, `path` is as it was.

    Args:
        examples: The examples; an iterator is fine.
        path: The file; its folder must exist.

    Returns:
        The number of examples written.

    Raises:
        InvalidExampleError: An example is no dict with `messages`, or holds text that cannot be
            written as UTF-8 (lone surrogates).
        OSError: The file cannot be written.

    Example:
        ```python
        n = write_jsonl(pipeline.stream(loader.lazy_load()), "train.jsonl")
        ```
    """
    path = Path(os.path.realpath(path))  # a link stays one, its target is written
    if path.exists() and not path.is_file():
        with path.open("wb") as stream:  # a pipe or device: nothing there to be replaced
            return _write_lines(examples, stream)
    if not path.parent.is_dir():
        message = f"There is no folder {str(path.parent)!r}"
        raise FileNotFoundError(message)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # mode 0600
    try:
        with os.fdopen(descriptor, "wb") as file:
            count = _write_lines(examples, file)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        with suppress(FileNotFoundError):
            Path(temporary).unlink()
        raise
    return count


def read_jsonl(path: str | Path) -> Iterator[TrainingExample]:
    """Read training examples from a file, one at a time.

    Args:
        path: A file with one JSON object per line; blank lines and a byte order mark are passed.

    Yields:
        The examples, as they stand in the file.

    Raises:
        InvalidExampleError: A line is no JSON object with `messages`; says which.
        OSError: The file cannot be read.
    """
    with Path(path).open("rb") as file:
        for number, line in enumerate(file, start=1):
            text = line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
            if not text.strip():
                continue
            try:
                example = msgspec.json.decode(text)
            except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
                message = "the line is not valid JSON"
                # The parser's own words may quote the text: they are left behind.
                raise InvalidExampleError(message, rule="json", line=number) from None
            yield _checked(example, number)


def _write_lines(examples: Iterable[TrainingExample], file: IO[bytes]) -> int:
    count = 0
    for count, example in enumerate(examples, start=1):
        file.write(_to_line(example, count))
    return count


def _to_line(example: Any, number: int) -> bytes:
    try:
        line = msgspec.json.encode(dict(_checked(example, number)))
    except UnicodeEncodeError:
        message = "its text holds half a character (a lone surrogate)"
        raise InvalidExampleError(message, rule="utf-8", line=number) from None
    for separator, escaped in _LINE_SEPARATORS:
        line = line.replace(separator, escaped)
    return line + b"\n"


def _checked(example: Any, number: int) -> TrainingExample:
    if isinstance(example, Mapping) and isinstance(example.get("messages"), list):
        return example  # type: ignore[return-value]  # its turns are the provider's rules' business
    message = 'an example is an object {"messages": [...]}'
    raise InvalidExampleError(message, rule="shape", line=number)
