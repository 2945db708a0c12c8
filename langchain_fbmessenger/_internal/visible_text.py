"""Show other people's text safely: nothing in it controls a terminal, or hides.

Names, answers of models, paths and the words of providers come from others. On a terminal an
escape character in them writes to the clipboard or clears the screen, and characters that turn a
line round or have no width make a text look like another one.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

__all__ = ["escaped", "visible", "visible_pieces"]

_SHOWN_INSTEAD = "\N{REPLACEMENT CHARACTER}"

# As a character class of `re`. Characters without a width that writing needs are not among them:
# joiners (emoji, Persian, Indic scripts), marks of direction and signs of single scripts.
_HIDDEN = (
    r"\x00-\x08\x0b-\x1f\x7f-\x9f"  # controls, but for tab and line feed: ESC, CSI, OSC, CR …
    r"\ud800-\udfff"  # halves of characters, and bytes of paths that are no UTF-8
    r"\u2028\u2029"  # ends of lines and paragraphs
    r"\u202a-\u202e\u2066-\u2069"  # turn what follows round: embeddings, overrides, isolates
    r"\xad\u180e\u200b\u2060-\u2065\ufeff"  # nothing to be seen: two names look like one
    r"\u206a-\u206f\ufff9-\ufffb"  # deprecated, or of no use in running text
    r"\U000e0000-\U000e007f"  # tags: a second, invisible text
)
_ANY_HIDDEN = re.compile(f"[{_HIDDEN}]")
_FLAG = "\U0001f3f4"
_TAGS = "[\U000e0020-\U000e007e]"
_NO_SPACES = "[\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff]"
"""Letters of Thai, Lao, Tibetan, Burmese and Khmer, where U+200B says where words end."""

# First what is no harm where it stands: an end of a line, a flag spelled by tags, a word's end.
_TO_BE_SEEN = re.compile(
    f"(?P<line>\r\n)|(?P<flag>{_FLAG}{_TAGS}+\U000e007f)|(?P<word>(?<={_NO_SPACES})\u200b)"
    f"|[{_HIDDEN}]"
)
_MAY_GO_ON = re.compile(f"(?:\r|{_FLAG}{_TAGS}*|{_NO_SPACES})\\Z")


def visible(text: str) -> str:
    """Return a text without what would control a terminal, turn a line round, or hide.

    Each such character is shown as U+FFFD. Line ends (CRLF as LF) and tabs stay, and so does what
    languages are written with.
    """
    return _with_each(text, lambda _: _SHOWN_INSTEAD)


def visible_pieces(pieces: Iterable[str]) -> Iterator[str]:
    """Yield the pieces of a text as `visible` would show the whole.

    What may be harmless with the next piece waits for it: half of a line's end, or of a flag.
    """
    held = ""
    for piece in pieces:
        text = held + piece
        unfinished = _MAY_GO_ON.search(text)
        end = len(text) if unfinished is None else unfinished.start()
        held = text[end:]
        if end:
            yield visible(text[:end])
    if held:
        yield visible(held)


def escaped(text: str, *, encoding: str = "utf-8", is_toml: bool = False) -> str:
    r"""Return JSON or TOML with the same strings, but escapes for what is not to be shown.

    Args:
        text: The JSON or TOML.
        encoding: What it is going to be written in; what that lacks is escaped as well.
        is_toml: TOML has a long form, `\U000e0041`, where JSON has two halves.
    """

    def escape(character: str) -> str:
        if is_toml and ord(character) > 0xFFFF:  # noqa: PLR2004 - what four digits hold
            return f"\\U{ord(character):08x}"
        units = character.encode("utf-16-be", "surrogatepass")
        pairs = (units[i : i + 2].hex() for i in range(0, len(units), 2))
        return "".join(f"\\u{pair}" for pair in pairs)

    shown = _with_each(text, escape)
    try:
        shown.encode(encoding)
    except UnicodeEncodeError:
        return "".join(c if c.isascii() else escape(c) for c in shown)
    return shown


def _with_each(text: str, shown: Callable[[str], str]) -> str:
    def one(found: re.Match[str]) -> str:
        match found.lastgroup:
            case None:
                return shown(found[0])
            case "line":
                return "\n"
            case _:
                return found[0]

    # A class alone is found thirty times as fast, and nearly no text holds any of it.
    return _TO_BE_SEEN.sub(one, text) if _ANY_HIDDEN.search(text) else text
