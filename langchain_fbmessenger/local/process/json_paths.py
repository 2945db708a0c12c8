"""Local server: paths in the JSON that its processes exchange.

A path is bytes, which need not be text in any encoding, and Python reads them by the locale, which
need not be the same on both sides. So they are written byte by byte, as in an address (`%FF`).
"""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import quote, unquote_to_bytes


def path_to_text(path: object) -> str:
    """Write a path for `path_from_text`, whatever its bytes are."""
    return quote(os.fsencode(str(path)))


def path_from_text(kind: type[Path], text: str) -> Path:
    """Read back what `path_to_text` wrote; its first argument is msgspec's."""
    return kind(os.fsdecode(unquote_to_bytes(text)))


def within(path: Path, root: Path, start: Path | None = None) -> Path:
    """Return a path below the state folder as it is called from within, others as they are.

    The libraries that train and serve take no name but UTF-8: what they are told leaves out what
    stands above the state folder, which alone may be named otherwise.

    Args:
        path: The path.
        root: The state folder.
        start: The folder within it that a relative path is to lead from; `root` if not given.
    """
    return Path(os.path.relpath(path, start or root)) if path.is_relative_to(root) else path
