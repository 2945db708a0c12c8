"""Write an export: threads go in, files on disk come out."""

from __future__ import annotations

from datetime import date
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from langchain_fbmessenger.exceptions import InvalidOptionError
from langchain_fbmessenger.testing._dyi import dyi_files, group_copies, hand_made_files
from langchain_fbmessenger.testing._e2ee import e2ee_files
from langchain_fbmessenger.testing._extras import other_files as files_without_threads
from langchain_fbmessenger.testing._extras import owner_files as files_naming_owner
from langchain_fbmessenger.testing._files import OutputFile, Tally, below
from langchain_fbmessenger.testing._graph_api import conversations_answers, messages_answers
from langchain_fbmessenger.testing._html import (
    html_pages,
    manifest_and_pages_2018,
    one_page_2018,
)
from langchain_fbmessenger.testing._instagram_list import instagram_list_files
from langchain_fbmessenger.testing._options import (
    LAYOUTS,
    VARIANTS,
    HtmlPages,
    LayoutName,
    Plan,
    Quirks,
    Variant,
    WrittenExport,
    Zips,
)
from langchain_fbmessenger.testing._packaging import (
    FolderTarget,
    ZipTarget,
    archive_names,
    is_safe,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from langchain_fbmessenger.exports.records import Thread

    Writer = Callable[[Iterable[Thread], Plan, Tally], Iterator[OutputFile]]

__all__ = ["Packaging", "write_export"]

Packaging = Literal["folder", "zip", "zips"]

_WRITERS: dict[Variant, Writer] = {
    "A": dyi_files,
    "A0": dyi_files,
    "B": e2ee_files,
    "D": instagram_list_files,
    "E": hand_made_files,
    "F": messages_answers,
    "F-conversations": conversations_answers,
    "G": group_copies,
    "H1": one_page_2018,
    "H1-manifest": manifest_and_pages_2018,
    "H2": html_pages,
    "H3": html_pages,
    "H4": html_pages,
    "I3": html_pages,
    "I4": html_pages,
}
# Readers have no reason to open these, and find nothing to decode in them.
_MEDIA = b"\xff\xd8\xff\xe0 stands for a photo, a video or a voice message \xff\xd9"


def write_export(  # noqa: PLR0913 - every option has a default and is given by its name
    threads: Iterable[Thread],
    path: str | Path,
    *,
    variant: Variant = "A",
    layout: LayoutName | None = None,
    owner: str | None = None,
    packaging: Packaging = "folder",
    quirks: Quirks | None = None,
    html: HtmlPages | None = None,
    zips: Zips | None = None,
    messages_per_part: int = 10_000,
    wrapper: str | None = None,
    owner_files: bool = True,
    other_files: bool = False,
    media_files: bool = True,
    exported_on: date = date(2024, 5, 18),
    seed: int = 0,
) -> WrittenExport:
    """Write a synthetic export, byte for byte as Meta writes one.

    Threads are taken one by one and their messages part by part, so that an iterator of threads
    is written with flat memory.

    Args:
        threads: The threads, their messages oldest first. `Thread.id` names the thread's folder.
        path: The export's root; for `zip` the archive (`….zip`) or the folder to put it in; for
            `zips` the folder.
        variant: The format; see `CARRIES` for what each can hold.
        layout: Where threads stand below the root; None is what is usual for the variant.
        owner: The owner's name; None takes the first thread's `owner`.
        packaging: A folder, one zip archive, or several that share the files.
        quirks: What Meta wrote in some years only (variants A, A0 and G).
        html: How pages are written (variants H1 to I4).
        zips: How archives are written.
        messages_per_part: How many messages a part or page holds.
        wrapper: A folder that surrounds the whole tree, as unpacking makes one.
        owner_files: Write the files that name the owner, where the variant's exports have them.
        other_files: Write files that are no threads, as exports hold them.
        media_files: Write a dummy for each attachment whose `uri` lies below the root.
        exported_on: The day of the export, which archives and pages name.
        seed: Decides the names of archives, and which file goes where.

    Returns:
        What was written, and what to hand to a loader.

    Raises:
        InvalidOptionError: There is no such variant, layout or packaging, or two threads have one
            id.

    Example:
        ```python
        from langchain_fbmessenger import FacebookMessengerChatLoader
        from langchain_fbmessenger.testing import sample_threads, write_export

        written = write_export(sample_threads(), "export", variant="A")
        sessions = FacebookMessengerChatLoader(written.path).load()
        ```
    """
    _check("variant", variant, _WRITERS)
    _check("layout", layout or VARIANTS[variant], LAYOUTS)
    _check("packaging", packaging, ("folder", "zip", "zips"))
    remaining = iter(threads)
    first = next(remaining, None)
    plan = Plan(
        variant=variant,
        layout=LAYOUTS[layout or VARIANTS[variant]],
        owner=owner or (first.owner if first else None),
        messages_per_part=messages_per_part,
        exported_on=exported_on,
        quirks=quirks or Quirks(),
        html=html or HtmlPages(),
    )
    uris: list[str] = []
    tally = Tally()
    files = chain(
        files_naming_owner(plan) if owner_files else (),
        files_without_threads(plan) if other_files else (),
        _WRITERS[variant](
            _noting_uris(chain([first] if first else [], remaining), uris), plan, tally
        ),
    )
    with _target(Path(path), packaging, plan, zips or Zips(), seed) as target:
        for file in files:
            name = below(wrapper, file.name)
            if target.holds(name):
                message = (
                    f"Two threads want the file {name!r}: give each `Thread` an id of its own."
                )
                raise InvalidOptionError(message)
            target.add(OutputFile(name, file.chunks))
            while uris:
                # The encrypted export's addresses begin at its file, all others at the root.
                folder = plan.layout.messages if variant == "B" else None
                uri = below(wrapper, folder, uris.pop().removeprefix("./"))
                if media_files and is_safe(uri) and not target.holds(uri):
                    target.add(OutputFile(uri, [_MEDIA]))
    return WrittenExport(target.paths, tuple(target.files), tally.messages, tally.threads)


def _check(what: str, given: str, known: Iterable[str]) -> None:
    if given not in known:
        message = f"There is no {what} {given!r}. Choose from: {', '.join(known)}."
        raise InvalidOptionError(message)


def _noting_uris(threads: Iterable[Thread], uris: list[str]) -> Iterator[Thread]:
    for thread in threads:
        uris.extend(a.uri for m in thread.messages for a in m.attachments)
        yield thread


def _target(
    path: Path, packaging: Packaging, plan: Plan, zips: Zips, seed: int
) -> FolderTarget | ZipTarget:
    if packaging == "folder":
        return FolderTarget(path)
    if packaging == "zip" and path.suffix == ".zip":
        return ZipTarget([path], zips, plan.exported_on, seed)
    n = 1 if packaging == "zip" else zips.parts
    names = archive_names(plan.layout.zip_prefix, plan.owner, plan.exported_on, seed, n)
    return ZipTarget([path / name for name in names], zips, plan.exported_on, seed)
