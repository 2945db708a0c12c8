"""Local server: read the header of a GGUF file, from a path to plain values.

The layout is ggml's `docs/gguf.md` (versions 2 and 3). `gguf.GGUFReader` gives the same but builds
an array view per vocabulary entry, which takes seconds; the server asks only for a few scalars and
should answer at once. Arrays are therefore stepped over.
"""

from __future__ import annotations

import mmap
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_MAGIC = b"GGUF"
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
class GgufHeader:
    """What a GGUF file says of itself.

    Attributes:
        metadata: Its scalar fields, such as `general.architecture`.
        tensors: The names of its tensors.
    """

    metadata: Mapping[str, bool | float | str]
    tensors: frozenset[str]


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
        return GgufHeader(metadata, frozenset(self._tensor_name() for _ in range(n_tensors)))

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

    def _tensor_name(self) -> str:
        name, n_dimensions = self._string(), self._number("<I")
        self._bytes(8 * n_dimensions + struct.calcsize("<IQ"))  # shape, type, offset
        return name
