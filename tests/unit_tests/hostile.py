# ruff: noqa: RUF001 - letters of other alphabets are what is tested
"""Texts that steer a terminal or hide in it, and what tells whether one got through."""

from __future__ import annotations

import re
import unicodedata

__all__ = ["HARMLESS", "HOSTILE", "SHOWN_AS_MARKUP", "raw_in"]

TAGGED = "".join(chr(0xE0000 + ord(c)) for c in "hidden")

HOSTILE = {
    "ESC alone": "\x1b",
    "clipboard, OSC 52 BEL": "\x1b]52;c;ZXZpbA==\x07",
    "clipboard, OSC 52 ST": "\x1b]52;c;ZXZpbA==\x1b\\",
    "clipboard, C1 OSC": "\x9d52;c;ZXZpbA==\x9c",
    "window title": "\x1b]0;evil\x07",
    "link, OSC 8": "\x1b]8;;https://evil.example\x1b\\here\x1b]8;;\x1b\\",
    "working folder, OSC 7": "\x1b]7;file:///etc\x07",
    "notification, OSC 9": "\x1b]9;evil\x07",
    "colours, OSC 4": "\x1b]4;0;rgb:00/00/00\x07",
    "image, OSC 1337": "\x1b]1337;File=inline=1:AAAA\x07",
    "colour, SGR": "\x1b[38;5;201m",
    "hidden, SGR": "\x1b[8m",
    "C1 CSI colour": "\x9b31m",
    "clear screen": "\x1b[2J\x1b[H",
    "C1 clear screen": "\x9b2J",
    "cursor up": "\x1b[1A\x1b[2K",
    "other screen": "\x1b[?1049h",
    "mouse reports": "\x1b[?1003h",
    "asks the terminal, DSR": "\x1b[6n",
    "asks the terminal, DA": "\x1b[c",
    "answers back, ENQ": "\x05",
    "device control, DCS": '\x1bP$q"p\x1b\\',
    "C1 DCS": "\x90q\x9c",
    "application, APC": "\x1b_G\x1b\\",
    "privacy, PM": "\x1b^x\x1b\\",
    "reset, RIS": "\x1bc",
    "other letters, SO": "\x0e",
    "other letters, G0": "\x1b(0",
    "bell": "\x07",
    "backspaces": "ok\x08\x08no",
    "carriage return": "good\rbad",
    "form feed": "\x0c",
    "vertical tab": "\x0b",
    "delete": "\x7f",
    "next line, C1": "\x85",
    "right to left, override": "\u202egpj.exe\u202c",
    "left to right, embedding": "\u202a\u202b\u202c",
    "isolates": "\u2066\u2067\u2068\u2069",
    "line separator": "a\u2028b",
    "paragraph separator": "a\u2029b",
    "zero width space in a name": "Mi\u200blo",
    "word joiner": "Mi\u2060lo",
    "soft hyphen": "Mi\xadlo",
    "byte order mark": "Mi\ufefflo",
    "invisible operators": "\u2061\u2062\u2063\u2064",
    "annotation": "\ufff9a\ufffab\ufffb",
    "tags without a flag": TAGGED,
    "language tag": "\U000e0001en",
}
"""Kinds of what a terminal obeys or does not show, each in one text."""

ENGLAND = "\U0001f3f4" + "".join(chr(0xE0000 + ord(c)) for c in "gbeng") + "\U000e007f"

HARMLESS = {
    "emoji joined": "👩\u200d👧\u200d👦 ❤\ufe0f",
    "a flag of tags": ENGLAND,
    "Persian": "می\u200cخواهم",
    "Hindi": "क्\u200dष",
    "Hebrew with marks": "שלום\u200f abc\u200e",
    "Arabic with marks": "عدد \u061c12",
    "Thai words": "สวัสดี\u200bครับ",
    "Khmer words": "ខ្មែរ\u200bភាសា",
    "lines and tabs": "a\n\tb\n",
    "accents apart": "Zoe\u0308",
    "Han": "漢字",
    "no-break space": "10\xa0km",
    "mathematical": "𝕄𝕚𝕝𝕠",
}

SHOWN_AS_MARKUP = ("[red]", "[/]", "[link=https://evil.example]", "[bold]", ":smile:")

_UNSEEN = {
    *map(chr, [0xAD, 0x180E, 0x200B, 0xFEFF, *range(0x2060, 0x2070), *range(0xFFF9, 0xFFFC)]),
    *map(chr, [*range(0x202A, 0x202F), *range(0xE0000, 0xE0080)]),
}


def raw_in(output: str, *, coloured: bool = False) -> set[str]:
    """Return the characters of an output that steer, turn round or hide; rich's colours pass."""
    if coloured:
        output = re.sub(r"\x1b\[(?!38;5;201m|8m)[0-9;]*m", "", output)
    return {
        c
        for c in set(output) - {"\n"}
        if c in _UNSEEN or unicodedata.category(c) in {"Cc", "Cs", "Zl", "Zp"}
    }
