"""Split a block of a page into its layout and its values, by its bytes alone.

The layout is the sequence of the tags. Values are what differs between messages of one layout:
texts, links, places and names of files.
"""

from __future__ import annotations

import re

import msgspec

from langchain_fbmessenger.exports.formats.html.content import FOLDERS

__all__ = ["ENDING", "FIRST_MARK", "MOST_BYTES", "Shape", "shape_of"]

FIRST_MARK = 0xE000  # of private use
ENDING = "(0000)"  # looks like the time behind a reaction, which is cut off there

MOST_BYTES = 10_000  # of a block that is not parsed: longer ones are rare
_MOST_TAGS = 100
_MOST_VALUES = 100

_TAG = re.compile(rb"(<[^<>]*>)")
# Tags without surprises: their attributes hold no tag, and their content is no script.
_PLAIN_TAG = re.compile(
    rb"</?(?:div|span|p|section|article|header|footer|h[1-6]|ul|ol|li|br|a|img|video|audio|b|i|em"
    rb'|strong)(?: [a-z-]+(?:="[^"<>&\x00\r\n]*")?)* ?/?>'
)
_BLANKS = b" \t\n\f"
_ADDRESS = re.compile(rb'( (?:href|src)=")([^"]*)(?=")')
_PLACE, _NAME = rb"[\w-][\w./-]*", rb"[\w-]+"
_FILE = re.compile(
    rb"(?:(%s)/)?(%s)/(%s)(\.[A-Za-z0-9]+)" % (_PLACE, "|".join(FOLDERS).encode(), _NAME)
)
_LINK_REST = rb'[^"<>\x00\r\n]+'
_LINK = re.compile(rb"(https?://)(%s)" % _LINK_REST)
# A line that begins with "IP" may be the address that Meta writes there; NUL and U+0001 have a
# meaning of their own to what puts lines together.
_TEXT = rb"(?!IP|[ \t\n\f])[^<\x00\x01\r\n]+(?<![ \t\f])"
_IS_TEXT = re.compile(_TEXT)


class Shape(msgspec.Struct, frozen=True):
    """A layout that is not parsed yet: its pattern, and a sample block with marks for values.

    `n_texts` counts the values that are texts, `names` are the numbers of those that name files.
    """

    pattern: bytes
    sample: bytes
    n_texts: int
    names: tuple[int, ...]


def shape_of(block: bytes) -> Shape | None:
    """Return the shape of a block; None if its tags alone do not tell how it is parsed."""
    if len(block) > MOST_BYTES or block.count(b"<") > _MOST_TAGS:
        return None
    shape = _ShapeMaker()
    for number, piece in enumerate(_TAG.split(block)):
        if not (shape.add_tag(piece) if number % 2 else shape.add_text(piece)):
            return None
    return shape.made()


class _ShapeMaker:
    """Builds a shape from the tags and texts of a block."""

    def __init__(self) -> None:
        self._pattern: list[bytes] = []
        self._sample: list[bytes] = []
        self._n_texts = 0
        self._names: list[int] = []
        self._files: dict[bytes, tuple[int, ...]] = {}
        self._count = 0

    def made(self) -> Shape | None:
        if self._count > _MOST_VALUES:
            return None
        return Shape(
            b"".join(self._pattern),
            b"".join(self._sample),
            self._n_texts,
            tuple(self._names),
        )

    def add_tag(self, tag: bytes) -> bool:
        pieces = _ADDRESS.split(tag)
        for number, piece in enumerate(pieces):
            if number % 3 == 2:  # noqa: PLR2004 - text, key, address, and again
                if not self._add_address(piece):
                    return False
            else:
                self._add_literal(piece)
        return _PLAIN_TAG.fullmatch(_ADDRESS.sub(rb"\1", tag)) is not None

    def add_text(self, text: bytes) -> bool:
        value = text.strip(_BLANKS)
        before, _, after = text.partition(value) if value else (text, b"", b"")
        self._add_literal(before)
        if value:
            self._add_value(_TEXT, ENDING)
            self._n_texts += 1
        self._add_literal(after)
        return not value or _IS_TEXT.fullmatch(value) is not None

    def _add_address(self, address: bytes) -> bool:
        link = _LINK.fullmatch(address)
        if link:
            self._add_literal(link[1])
            self._add_value(_LINK_REST)
            return True
        file = _FILE.fullmatch(address)
        if file is None:
            return False
        place, folder, _, suffix = file.groups()
        numbers = iter(self._files.get(address, ()))  # a thumbnail and its link name one file
        placed = [] if place is None else [self._add_part_of_file(_PLACE, next(numbers, None))]
        self._add_literal(folder + b"/" if place is None else b"/" + folder + b"/")
        name = self._add_part_of_file(_NAME, next(numbers, None))
        self._add_literal(suffix)
        if address not in self._files:
            self._files[address] = (*placed, name)
            self._names.append(name)
        return True

    def _add_part_of_file(self, pattern: bytes, number: int | None) -> int:
        if number is None:
            return self._add_value(pattern)
        self._pattern.append(b"(?P=v%d)" % number)
        self._sample.append(chr(FIRST_MARK + number).encode())
        return number

    def _add_literal(self, literal: bytes) -> None:
        self._pattern.append(re.escape(literal))
        self._sample.append(literal)

    def _add_value(self, pattern: bytes, ending: str = "") -> int:
        self._pattern.append(b"(?P<v%d>%s)" % (self._count, pattern))
        self._sample.append((chr(FIRST_MARK + self._count) + ending).encode())
        self._count += 1
        return self._count - 1
