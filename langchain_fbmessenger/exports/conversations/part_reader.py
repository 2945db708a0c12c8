"""Read the part of a thread that a piece stands for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from langchain_fbmessenger.exports.formats.detect import decode_file, read_bytes

if TYPE_CHECKING:
    from langchain_fbmessenger.exports.conversations.threads import Piece
    from langchain_fbmessenger.exports.discovery.files import ExportFile
    from langchain_fbmessenger.exports.formats.html.zone import ZoneChooser
    from langchain_fbmessenger.exports.formats.part import ThreadPart

__all__ = ["PartReader"]

_KEPT = 4


class PartReader:
    """Reads parts, and keeps the last files that hold several threads.

    Without that, a file for all threads would be decoded again for each of them, and where several
    exports have such a file, one would drive out the other.

    Args:
        zone_of: Chooses the time zone of pages.
    """

    def __init__(self, zone_of: ZoneChooser) -> None:
        self._zone_of = zone_of
        self._kept: dict[int, tuple[ExportFile, list[ThreadPart]]] = {}

    def read(self, piece: Piece) -> ThreadPart:
        """Return a part; its messages are the caller's, who reads it once.

        Raises:
            UnreadableFileError: The file cannot be read.
            NotAThreadError: It has changed, and holds no thread any more.
        """
        file = piece.found.file
        if id(file) in self._kept:
            return self._kept[id(file)][1][piece.outline.index]
        parts = decode_file(read_bytes(file), self._zone_of)
        if len(parts) > 1:
            while len(self._kept) >= _KEPT:
                del self._kept[next(iter(self._kept))]
            self._kept[id(file)] = file, parts
        return parts[piece.outline.index]
