"""Write the files of an export to disk: into a folder, one zip archive or several.

Facts: docs/formats.md, section 2 ("zip names", "zip parts").
"""

from __future__ import annotations

import random
import re
import string
import unicodedata
import zipfile
from contextlib import ExitStack
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from types import TracebackType

    from typing_extensions import Self

    from langchain_fbmessenger.testing._files import OutputFile
    from langchain_fbmessenger.testing._options import Zips

__all__ = ["FolderTarget", "ZipTarget", "archive_names", "is_safe"]

_TAIL = string.ascii_letters + string.digits


class FolderTarget:
    """Writes an export as a folder.

    Args:
        root: The export's root; it is made.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self.paths: tuple[Path, ...] = (root,)
        self.files: dict[Path, None] = {}

    def __enter__(self) -> Self:
        self._root.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def add(self, file: OutputFile) -> None:
        """Write one file."""
        path = self._root / file.name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as stream:
            for chunk in file.chunks:
                stream.write(chunk)
        self.files[path] = None

    def holds(self, name: str) -> bool:
        """Return whether a file of this name has been written."""
        return self._root / name in self.files


class ZipTarget:
    """Writes an export as zip archives, over which the files are spread at random.

    Args:
        paths: The archives.
        zips: How to write them.
        day: The time stamp of the members.
        seed: Decides which file goes where.
    """

    def __init__(self, paths: Sequence[Path], zips: Zips, day: date, seed: int) -> None:
        self.paths = tuple(paths)
        self.files: dict[Path, None] = {}
        self._names: set[str] = set()
        self._zips = zips
        self._day = day
        self._random = random.Random(seed)  # noqa: S311 - no secret
        self._stack = ExitStack()
        self._archives: list[zipfile.ZipFile] = []

    def __enter__(self) -> Self:
        for path in self.paths:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._archives.append(self._stack.enter_context(zipfile.ZipFile(path, "w")))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.__exit__(kind, error, trace)

    def add(self, file: OutputFile) -> None:
        """Write one file."""
        # The first files go round, so that no archive stays empty.
        done = len(self._names)
        n = len(self.paths)
        number = done if done < n else self._random.randrange(n)
        info = zipfile.ZipInfo(file.name, (self._day.year, self._day.month, self._day.day, 0, 0, 0))
        info.compress_type = zipfile.ZIP_DEFLATED if self._zips.compressed else zipfile.ZIP_STORED
        info.external_attr = 0o600 << 16
        with self._archives[number].open(info, "w", force_zip64=self._zips.zip64) as stream:
            for chunk in file.chunks:
                stream.write(chunk)
        self._names.add(file.name)
        self.files[self.paths[number] / file.name] = None

    def holds(self, name: str) -> bool:
        """Return whether a file of this name has been written."""
        return name in self._names


def archive_names(prefix: str, owner: str | None, day: date, seed: int, n: int) -> list[str]:
    """Return names of archives as Meta has them: parts of one export differ in a random tail."""
    if prefix == "messages":  # the end-to-end encrypted export
        return ["messages.zip"] + [f"messages-{number}.zip" for number in range(2, n + 1)]
    rng = random.Random(f"names of {seed}")  # noqa: S311 - no secret
    ascii_name = unicodedata.normalize("NFKD", owner or "").encode("ascii", "ignore").decode()
    user = re.sub(r"[^a-z0-9]", "", ascii_name.lower()) or "user"
    tails = ("".join(rng.choices(_TAIL, k=8)) for _ in range(n))
    return [f"{prefix}-{user}-{day.isoformat()}-{tail}.zip" for tail in tails]


def is_safe(name: str) -> bool:
    """Return whether a path stays below the root that it is joined to."""
    path = PurePosixPath(name)
    return bool(
        name
        and "://" not in name
        and not path.is_absolute()
        and ".." not in path.parts
        and not re.search(r'[\x00-\x1f\\:*?"<>|]', name)
    )
