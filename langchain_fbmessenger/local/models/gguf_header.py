"""Read the header of a GGUF file into plain values.

The layout is ggml's `docs/gguf.md` (versions 2 and 3). `gguf.GGUFReader` gives the same but builds
an array view per vocabulary entry, which takes seconds; the server asks only for a few scalars and
should answer at once. Arrays are therefore skipped, except a vocabulary that is asked for.
"""

from __future__ import annotations

import math
import mmap
import os
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from langchain_fbmessenger.local.process.regular_files import open_regular

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_MAGIC = b"GGUF"
_ALIGNMENT = 32
_F32 = 0
_VERSIONS = (2, 3)
_MOST_ENTRIES = 1_000_000
"""Fields, tensors, or strings of an array: no model has as many, and a file may claim any count."""
_LONGEST_STRING = 16 * 1024 * 1024
_MOST_DIMENSIONS = 4
"""ggml's own limit."""
_LARGEST_FLOATS = 1 << 20
_STRING, _ARRAY = 8, 9
_TOKENS, _TOKEN_TYPES = "tokenizer.ggml.tokens", "tokenizer.ggml.token_type"
_NUMBERS = {
    0: "<B",
    1: "<b",
    2: "<H",
    3: "<h",
    4: "<I",
    5: "<i",
    6: "<f",
    7: "<?",
    10: "<Q",
    11: "<q",
    12: "<d",
}


@dataclass(frozen=True)
class Tensor:
    """Where a tensor lies in the file.

    Attributes:
        shape: As torch has it: a linear layer's is (out, in).
        kind: ggml's number for its type.
        at: The position of its first byte.
    """

    shape: tuple[int, ...]
    kind: int
    at: int


@dataclass(frozen=True)
class GgufHeader:
    """What a GGUF file says of itself.

    Attributes:
        metadata: Its scalar fields, such as `general.architecture`.
        tensors: Its tensors, by name.
    """

    metadata: Mapping[str, bool | float | str]
    tensors: Mapping[str, Tensor]

    def whole(self, key: str) -> int | None:
        """Return a positive whole number of the metadata, None where there is no such field.

        Raises:
            ValueError: The field is something else.
        """
        value = self.metadata.get(key)
        if value is not None and (type(value) is not int or value < 1):
            msg = f"{key} in the header must be a whole number of at least 1"
            raise ValueError(msg)
        return value


def read_header(path: Path) -> GgufHeader:
    """Read metadata and tensor names of a GGUF file, without its weights.

    Raises:
        ValueError: The file is not a GGUF of a known version, or is cut short.
    """
    return _read(path, frozenset())[0]


def read_vocabulary(path: Path) -> list[tuple[str, int]]:
    """Read the tokens of a GGUF file, each with gguf's number for its type (`gguf.TokenType`).

    Raises:
        ValueError: The file is not a GGUF of a known version, or is cut short.
    """
    arrays = _read(path, frozenset({_TOKENS, _TOKEN_TYPES}))[1]
    tokens, types = arrays.get(_TOKENS, ()), arrays.get(_TOKEN_TYPES, ())
    if not all(type(kind) is int for kind in types):
        msg = f"{path.name} has a vocabulary whose tokens have no type"
        raise ValueError(msg)
    return [(str(token), kind) for token, kind in zip(tokens, types, strict=False)]


def _read(path: Path, arrays: frozenset[str]) -> tuple[GgufHeader, dict[str, Sequence[Any]]]:
    try:
        with (
            open_regular(path) as file,
            mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as view,
        ):
            cursor = _Cursor(view, arrays)
            return cursor.read(), cursor.arrays
    except (struct.error, KeyError, OSError, ValueError) as error:
        msg = f"{path.name} is not a readable GGUF file"
        raise ValueError(msg) from error


def read_floats(path: Path, tensor: Tensor) -> tuple[float, ...]:
    """Read a small tensor of float32 values.

    Raises:
        ValueError: It is of another type, or the file is cut short.
    """
    count, content = math.prod(tensor.shape), b""
    if tensor.kind == _F32 and count <= _LARGEST_FLOATS:
        with open_regular(path) as file:
            if tensor.at <= file.seek(0, os.SEEK_END):
                file.seek(tensor.at)
                content = file.read(4 * count)
    if not count or len(content) < 4 * count:
        msg = f"{path.name} holds a tensor that contradicts its header"
        raise ValueError(msg)
    return struct.unpack(f"<{count}f", content)


class _Cursor:
    """A position in the bytes of the header."""

    def __init__(self, view: mmap.mmap, wanted: frozenset[str]) -> None:
        self._view = view
        self._at = 0
        self._wanted = wanted
        self.arrays: dict[str, Sequence[Any]] = {}

    def read(self) -> GgufHeader:
        magic, version = self._bytes(4), self._number("<I")
        if magic != _MAGIC or version not in _VERSIONS:
            msg = "wrong magic or version"
            raise ValueError(msg)
        n_tensors, n_fields = self._count(), self._count()
        metadata: dict[str, bool | float | str] = {}
        for _ in range(n_fields):
            key, kind = self._string(), self._number("<I")
            if kind == _ARRAY and key in self._wanted:
                self.arrays[key] = self._array()
            elif kind == _ARRAY:
                self._skip_array()
            else:
                metadata[key] = self._string() if kind == _STRING else self._number(_NUMBERS[kind])
        listed = [self._tensor() for _ in range(n_tensors)]
        alignment = GgufHeader(metadata, {}).whole("general.alignment") or _ALIGNMENT
        start = -(-self._at // alignment) * alignment
        tensors = {name: Tensor(shape, kind, start + at) for name, shape, kind, at in listed}
        return GgufHeader(metadata, tensors)

    def _skip(self, count: int) -> None:
        self._at += count
        if self._at > len(self._view):
            msg = "cut short"
            raise ValueError(msg)

    def _bytes(self, count: int) -> bytes:
        start = self._at
        self._skip(count)
        return self._view[start : self._at]

    def _number(self, layout: str) -> int:
        number: int  # or a float or bool, which are read but never used as a count
        (number,) = struct.unpack(layout, self._bytes(struct.calcsize(layout)))
        if not math.isfinite(number):
            msg = "a number that is not finite"
            raise ValueError(msg)
        return number

    def _count(self, most: int = _MOST_ENTRIES) -> int:
        count = self._number("<Q")
        if count > most:
            msg = "a count beyond all limits"
            raise ValueError(msg)
        return count

    def _string(self) -> str:
        return self._bytes(self._count(_LONGEST_STRING)).decode()

    def _array(self) -> Sequence[Any]:
        kind, count = self._number("<I"), self._count()
        if kind == _STRING:
            lengths = (self._count(_LONGEST_STRING) for _ in range(count))
            return [self._bytes(length).decode(errors="replace") for length in lengths]
        layout = f"<{count}{_NUMBERS[kind][1:]}"
        return struct.unpack(layout, self._bytes(struct.calcsize(layout)))

    def _skip_array(self) -> None:
        kind = self._number("<I")
        if kind == _STRING:
            for _ in range(self._count()):
                self._bytes(self._count(_LONGEST_STRING))
        else:  # an array of arrays is a KeyError here: models have none
            self._skip(struct.calcsize(_NUMBERS[kind]) * self._number("<Q"))

    def _tensor(self) -> tuple[str, tuple[int, ...], int, int]:
        name, n_dimensions = self._string(), self._number("<I")
        if n_dimensions > _MOST_DIMENSIONS:
            msg = "too many dimensions"
            raise ValueError(msg)
        shape = struct.unpack(f"<{n_dimensions}Q", self._bytes(8 * n_dimensions))
        return name, shape[::-1], self._number("<I"), self._number("<Q")
