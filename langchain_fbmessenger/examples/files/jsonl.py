"""Training examples on disk, one JSON object per line."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from langchain_fbmessenger._internal.output import writing
from langchain_fbmessenger.examples.files.facts import RuleViolation
from langchain_fbmessenger.examples.schema import PREFERENCE_KEYS
from langchain_fbmessenger.exceptions import InvalidExampleError, InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import IO

    from langchain_fbmessenger.examples.schema import TrainingExample

__all__ = ["FileFacts", "read_jsonl", "read_lines", "several", "write_jsonl", "write_objects"]

_LONGEST_LINE = 64 * 2**20  # an example of 65,536 tokens has a hundredth of that
_TOO_LONG = f"the line is longer than {_LONGEST_LINE:,} bytes: no example is"

# U+2028, U+2029 and U+0085 are legal in JSON, yet many readers split lines there. By their first
# bytes, which are found soonest: one expression for all three takes several times as long.
_LINE_SEPARATORS = {
    b"\xe2": re.compile(rb"\xe2\x80[\xa8\xa9]"),
    b"\xc2": re.compile(rb"\xc2\x85"),
}


def write_jsonl(examples: Iterable[TrainingExample], path: str | Path) -> int:
    """Write training examples to a file that only its owner can read.

    The examples are streamed to a temporary file beside it, which takes the place of `path` when
    all of them are written: after a failure, `path` is as it was.

    Args:
        examples: The examples; an iterator is fine.
        path: The file; its folder must exist. A pipe or device, such as `/dev/stdout`, is written
            to as it is.

    Returns:
        The number of examples written.

    Raises:
        InvalidExampleError: An example is neither a dict with `messages` nor a preference pair, or
            holds text that cannot be written as UTF-8 (lone surrogates).
        InvalidInputError: These are no examples.
        OSError: The file cannot be written.

    Example:
        ```python
        n = write_jsonl(pipeline.stream(loader.lazy_load()), "train.jsonl")
        ```
    """
    return write_objects(map(_checked, several(examples), count(1)), Path(path))


def several(examples: Any) -> Iterable[TrainingExample]:
    """Return what holds several examples.

    Raises:
        InvalidInputError: It is one, or none at all.
    """
    if isinstance(examples, Mapping | str | bytes | type) or not isinstance(examples, Iterable):
        hint = ": read_jsonl(path) reads a file of them" * isinstance(examples, str | Path)
        kind = type(examples).__name__
        message = f"expected an iterable of training examples, got {kind}{hint}"
        raise InvalidInputError(message)
    return examples


def write_objects(
    objects: Iterable[Mapping[str, Any]],
    path: Path,
    *,
    bom: bool = False,
    max_bytes: int | None = None,
) -> int:
    """Write objects as lines of JSON to a file that only its owner can read, as `write_jsonl`.

    Args:
        objects: The objects; an iterator is fine.
        path: The file; its folder must exist.
        bom: Whether the file is to begin with a byte order mark.
        max_bytes: The largest file that is of use.
    """
    with writing(path) as file:
        return _write_lines(objects, file, bom=bom, max_bytes=max_bytes)


def read_jsonl(path: str | Path) -> Iterator[TrainingExample]:
    """Read training examples from a file, one at a time.

    Args:
        path: A file with one JSON object per line; blank lines and a byte order mark are passed.

    Yields:
        The examples, as they stand in the file.

    Raises:
        InvalidExampleError: A line is no JSON object with `messages`, nor a preference pair; says
            which.
        OSError: The file cannot be read.
    """
    for number, line in read_lines(Path(path), FileFacts()):
        if isinstance(line, RuleViolation):
            raise InvalidExampleError(line.reason, rule=line.rule, line=number)
        yield _checked(line, number)


@dataclass
class FileFacts:
    """What a file is, as against its lines: known when all of them have been read."""

    n_bytes: int = 0
    blank_lines: int = 0
    has_bom: bool = False


def read_lines(path: Path, facts: FileFacts) -> Iterator[tuple[int, Any]]:
    """Give the number of each line and what it holds; a `RuleViolation` where it holds no JSON.

    Args:
        path: The file.
        facts: Is filled with what the file is.
    """
    with path.open("rb") as file:
        number = 0
        while line := file.readline(_LONGEST_LINE):
            number += 1
            facts.n_bytes += len(line)
            if number == 1 and line.startswith(codecs.BOM_UTF8):
                facts.has_bom = True
                line = line.removeprefix(codecs.BOM_UTF8)
            if len(line) >= _LONGEST_LINE and not line.endswith(b"\n"):
                yield number, RuleViolation("line_length", _TOO_LONG)
                while rest := file.readline(_LONGEST_LINE):
                    facts.n_bytes += len(rest)
                    if rest.endswith(b"\n"):
                        break
            elif line.strip():
                yield number, _decoded(line)
            else:
                facts.blank_lines += 1


def _decoded(line: bytes) -> Any:
    try:
        return msgspec.json.decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        # The parser's own words may quote the text: they are left behind.
        return RuleViolation("json", "the line is not valid JSON")


def _write_lines(
    objects: Iterable[Mapping[str, Any]], file: IO[bytes], *, bom: bool, max_bytes: int | None
) -> int:
    n_bytes = file.write(codecs.BOM_UTF8) if bom else 0
    number = 0
    for number, one in enumerate(objects, start=1):
        n_bytes += file.write(_to_line(one, number))
        if max_bytes is not None and n_bytes > max_bytes:
            message = f"the file grows beyond the {max_bytes:,} bytes that are taken; write several"
            raise InvalidExampleError(message, rule="file_size", line=number)
    return number


def _to_line(one: Mapping[str, Any], number: int) -> bytes:
    try:
        line = msgspec.json.encode(dict(one))
    except UnicodeEncodeError:  # it holds the text: no error of ours is raised amid it
        line = None
    if line is None:
        message = "its text holds half a character (a lone surrogate)"
        raise InvalidExampleError(message, rule="utf-8", line=number)
    for first_byte, separator in _LINE_SEPARATORS.items():
        if first_byte in line:
            line = separator.sub(_escaped, line)
    return line + b"\n"


def _escaped(separator: re.Match[bytes]) -> bytes:
    return b"\\u%04x" % ord(separator[0].decode())


def _checked(example: Any, number: int) -> TrainingExample:
    if isinstance(example, dict | Mapping) and (  # the first of which is told at once
        isinstance(example.get("messages"), list)
        or any(example.keys() == keys for keys in PREFERENCE_KEYS)
    ):
        return example  # type: ignore[return-value]  # its turns are the provider's rules' business
    message = 'an example is an object {"messages": [...]}, or a preference pair'
    raise InvalidExampleError(message, rule="shape", line=number)
