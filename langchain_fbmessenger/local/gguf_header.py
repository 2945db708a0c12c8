"""Local server: read the header of a GGUF file, from a path to plain values.

The layout is ggml's `docs/gguf.md` (versions 2 and 3). `gguf.GGUFReader` gives the same but builds
an array view per vocabulary entry, which takes seconds; the server asks only for a few scalars and
should answer at once. Arrays are therefore stepped over.
"""

from __future__ import annotations

import math
import mmap
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_MAGIC = b"GGUF"
_ALIGNMENT = 32
_F32 = 0
_VERSIONS = (2, 3)
_STRING, _ARRAY = 8, 9
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


def read_header(path: Path) -> GgufHeader:
    """Read metadata and tensor names of a GGUF file, without its weights.

    Raises:
        ValueError: The file is no GGUF of a known version, or is cut short.
    """
    with path.open("rb") as file:
        try:
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as view:
                return _Cursor(view).read()
        except (struct.error, KeyError, ValueError) as error:
            msg = f"{path.name} is not a readable GGUF file"
            raise ValueError(msg) from error


def read_floats(path: Path, tensor: Tensor) -> tuple[float, ...]:
    """Read a small tensor of float32 values.

    Raises:
        ValueError: It is of another type, or the file is cut short.
    """
    layout = f"<{math.prod(tensor.shape)}f"
    with path.open("rb") as file:
        file.seek(tensor.at)
        content = file.read(struct.calcsize(layout))
    if tensor.kind != _F32 or len(content) < struct.calcsize(layout):
        msg = f"{path.name} holds a tensor that is not as its header says"
        raise ValueError(msg)
    return struct.unpack(layout, content)


class _Cursor:
    """A position in the bytes of the header."""

    def __init__(self, view: mmap.mmap) -> None:
        self._view = view
        self._at = 0

    def read(self) -> GgufHeader:
        magic, version = self._bytes(4), self._number("<I")
        if magic != _MAGIC or version not in _VERSIONS:
            msg = "wrong magic or version"
            raise ValueError(msg)
        n_tensors, n_fields = self._count(), self._count()
        metadata: dict[str, bool | float | str] = {}
        for _ in range(n_fields):
            key, kind = self._string(), self._number("<I")
            if kind == _ARRAY:
                self._skip_array()
            else:
                metadata[key] = self._string() if kind == _STRING else self._number(_NUMBERS[kind])
        listed = [self._tensor() for _ in range(n_tensors)]
        alignment = int(metadata.get("general.alignment", _ALIGNMENT))
        if alignment < 1:
            msg = "no alignment"
            raise ValueError(msg)
        start = -(-self._at // alignment) * alignment
        tensors = {name: Tensor(shape, kind, start + at) for name, shape, kind, at in listed}
        return GgufHeader(metadata, tensors)

    def _bytes(self, count: int) -> bytes:
        start, self._at = self._at, self._at + count
        if self._at > len(self._view):
            msg = "cut short"
            raise ValueError(msg)
        return self._view[start : self._at]

    def _number(self, layout: str) -> int:
        number: int  # or a float or bool, which are read but never counted with
        (number,) = struct.unpack(layout, self._bytes(struct.calcsize(layout)))
        return number

    def _count(self) -> int:
        return self._number("<Q")

    def _string(self) -> str:
        return self._bytes(self._count()).decode()

    def _skip_array(self) -> None:
        kind, count = self._number("<I"), self._count()
        if kind == _STRING:
            for _ in range(count):
                self._bytes(self._count())
        else:  # an array of arrays is a KeyError here: models have none
            self._bytes(struct.calcsize(_NUMBERS[kind]) * count)

    def _tensor(self) -> tuple[str, tuple[int, ...], int, int]:
        name, n_dimensions = self._string(), self._number("<I")
        shape = struct.unpack(f"<{n_dimensions}Q", self._bytes(8 * n_dimensions))
        return name, shape[::-1], self._number("<I"), self._number("<Q")
