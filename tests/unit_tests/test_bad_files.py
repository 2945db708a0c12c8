"""Bad files and folders: links, pipes, rights, names, and files that are huge."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import tracemalloc
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from langchain_fbmessenger import FacebookMessengerChatLoader, MalformedExportError
from tests.unit_tests.bad_input import BAD, INBOX, Case, check, put, row, thread
from tests.unit_tests.test_bad_archives import lie

if TYPE_CHECKING:
    from collections.abc import Callable

MIB = 2**20
GOOD = thread("kept")
THREAD = BAD.rpartition("/")[0]
OUTSIDE = Path("../outside/messages/inbox/x_9")
LINK = "link that is not followed"
PIPE = "device or pipe"
BROKEN = "broken JSON"
FOLDER = "unreadable folder"
HUGE = f"{INBOX}/huge_1/message_1.json"


def linked(name: str, target: str, *, beside: bytes | None = GOOD) -> Callable[[Path], None]:
    """Make a link in the export; the target is told from the export's root."""

    def make(root: Path) -> None:
        put(root, {BAD: beside} if beside else {})
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(os.path.abspath(root / target))  # noqa: PTH100 - resolves no link

    return make


def piped(name: str) -> Callable[[Path], None]:
    def make(root: Path) -> None:
        put(root, {BAD: GOOD})
        os.mkfifo(root / name)

    return make


def named(*names: bytes) -> Callable[[Path], None]:
    def make(root: Path) -> None:
        for name in names:
            put(root, {f"{INBOX}/{os.fsdecode(name)}/message_1.json": thread(repr(name))})

    return make


def sparse(head: bytes, size: int = 200 * MIB, name: str = HUGE) -> Callable[[Path], None]:
    """Make a huge file that takes no room on the disk: zeros follow its head."""

    def make(root: Path) -> None:
        put(root, {BAD: GOOD, name: head})
        os.truncate(root / name, size)

    return make


def noisy(root: Path) -> None:
    noise = random.Random(7).randbytes(MIB)  # noqa: S311 - garbage
    put(root, {BAD: GOOD, HUGE: b"x" + noise * 60})


LINKS = [
    row(
        "link to a file outside",
        linked(f"{THREAD}/message_2.json", str(OUTSIDE / "message_1.json")),
        "kept",
        lost=LINK,
    ),
    row("link to a folder outside", linked(f"{INBOX}/x_9", str(OUTSIDE)), "kept", lost=LINK),
    row("link to a box outside", linked("messages/inbox", str(OUTSIDE.parent)), "kept", lost=LINK),
    row("link to /", linked("messages/root", "/"), "kept", lost=LINK),
    row("link to a device", linked(f"{THREAD}/message_2.json", "/dev/zero"), "kept", lost=LINK),
    row(
        "link to itself",
        linked(f"{THREAD}/message_2.json", f"{THREAD}/message_2.json"),
        "kept",
        lost=LINK,
    ),
    row("link to its own folder", linked(f"{THREAD}/again", THREAD), "kept", lost=LINK),
    row("link to the export", linked(f"{THREAD}/again", "."), "kept", lost=LINK),
    row("link to nothing", linked(f"{THREAD}/message_2.json", "nothing"), "kept", lost=LINK),
    row("link to a photo, of nothing", linked(f"{THREAD}/photos/1.jpg", "nothing"), "kept"),
    row("link named .zip", linked("more.zip", str(OUTSIDE / "message_1.json")), "kept", lost=LINK),
    row(
        "link to a file inside",
        linked(f"{THREAD}/message_2.json", BAD),
        "kept",
        skipped={"duplicate": 1},
    ),
    row("link to a folder inside", linked(f"{INBOX}/copy", THREAD), "kept", lost=LINK),
]
KINDS = [
    row("pipe", piped(f"{THREAD}/message_2.json"), "kept", lost=PIPE),
    row("pipe named .zip", piped("more.zip"), "kept", lost=PIPE),
    row("folder named as a file", {BAD: GOOD, f"{THREAD}/message_2.json/a.txt": b""}, "kept"),
    row("thread in it", {f"{INBOX}/message_1.json/message_1.json": GOOD}, "kept"),
    row(
        "unreadable file",
        {f"{THREAD}/secret.json": GOOD, BAD: GOOD},
        "kept",
        lost="unreadable file",
        denied="secret.json",
    ),
    row(
        "unreadable archive",
        {"a.zip": b"PK", BAD: GOOD},
        "kept",
        lost="unreadable file",
        denied="a.zip",
    ),
    row(
        "unreadable folder",
        {f"{INBOX}/secret_1/message_1.json": GOOD, BAD: GOOD},
        "kept",
        lost=FOLDER,
        denied="secret_1",
    ),
    row(
        "only an unreadable folder",
        {f"{INBOX}/secret_1/message_1.json": GOOD},
        lost=FOLDER,
        denied="secret_1",
    ),
    row(
        "names that are no UTF-8",
        named(b"caf\xe9_1", b"caf\xe8_1"),
        repr(b"caf\xe9_1"),
        repr(b"caf\xe8_1"),
    ),
    row(
        "names in Shift-JIS",
        named("今日_1".encode("shift-jis")),
        repr("今日_1".encode("shift-jis")),
    ),
    row(
        "names in two normal forms",
        named("é_1".encode(), b"e\xcc\x81_1"),
        repr("é_1".encode()),
        repr(b"e\xcc\x81_1"),
    ),
    row("names with line breaks", named(b"a\nb\t\x1b_1"), repr(b"a\nb\t\x1b_1")),
    row("names of 255 bytes", named(b"a" * 255), repr(b"a" * 255)),
    row("names of digits alone", named(b"9" * 255), repr(b"9" * 255)),
]
LARGE = [
    row("200 MiB of zeros", sparse(b""), "kept", lost=BROKEN),
    row("600 MiB of zeros", sparse(b"", 600 * MIB), "kept", lost="file over the size limit"),
    row("60 MiB of noise", noisy, "kept", lost=BROKEN),
    row("200 MiB that begin well", sparse(b'{"messages": ['), "kept", lost=BROKEN),
    row("200 MiB that begin as a list", sparse(b"[{"), "kept", lost=BROKEN),
    row("200 MiB of zeros in a page", sparse(b"", name="message_1.html"), "kept", lost=BROKEN),
    row(
        "60 MiB that begin as a page",
        sparse(b"<!doctype html>", 60 * MIB, "message_1.html"),
        "kept",
        lost={"not a message thread": 1},
    ),
    row(
        "200 MiB in an archive's place",
        sparse(b"PK\3\4", name="more.zip"),
        "kept",
        lost="broken zip archive",
    ),
    row(
        "10 MiB of an open text",
        {BAD: GOOD, HUGE: b'{"messages": [{"content": "' + b"a" * 10 * MIB},
        "kept",
        lost=BROKEN,
    ),
    row(
        "10 MiB of brackets",
        {BAD: GOOD, HUGE: b'{"messages": ' + b"[" * 10 * MIB},
        "kept",
        lost=BROKEN,
    ),
    row("10 MiB of white space", {BAD: GOOD, HUGE: b" " * 10 * MIB}, "kept", lost=BROKEN),
]


@pytest.mark.parametrize("case", [*LINKS, *KINDS, *LARGE])
def test_bad_file_costs_no_more_than_itself(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    check(case, tmp_path, monkeypatch)


MEASURE = """
import sys, warnings
from pathlib import Path
from langchain_fbmessenger import FacebookMessengerChatLoader

def peak():
    line, = (l for l in Path("/proc/self/status").read_text().splitlines() if "VmHWM" in l)
    return int(line.split()[1]) // 1024

warnings.simplefilter("ignore")
loader = FacebookMessengerChatLoader(sys.argv[1])
before = peak()
print(len(loader.load()), peak() - before)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="Linux tells the peak")
@pytest.mark.parametrize(
    ("head", "most"), [(b"", 50), (b"\0" * MIB, 50), (b'{"messages": [', 450), (b"<html>", 450)]
)
def test_memory_for_a_huge_file_is_bounded(tmp_path: Path, head: bytes, most: int) -> None:
    """In MiB. What is no JSON and no page is not even read; what begins well is read once."""
    sparse(head, name=HUGE.replace(".json", ".html") if head == b"<html>" else HUGE)(tmp_path)
    done = subprocess.run(  # noqa: S603 - our own script
        [sys.executable, "-c", MEASURE, tmp_path], capture_output=True, text=True, check=True
    )
    sessions, peak = map(int, done.stdout.split())
    assert sessions == 1
    assert peak < most


@pytest.mark.parametrize(
    "compression",
    [
        zipfile.ZIP_DEFLATED,
        pytest.param(
            zipfile.ZIP_BZIP2,
            marks=pytest.mark.xfail(
                strict=True, reason="zipfile unpacks bzip2 and LZMA without a bound"
            ),
        ),
    ],
)
def test_member_that_lies_about_its_size_is_not_unpacked(tmp_path: Path, compression: int) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(lie(100, compression))
    tracemalloc.start()
    try:
        with pytest.raises(MalformedExportError, match="broken zip archive"):
            FacebookMessengerChatLoader(path).load()
        assert tracemalloc.get_traced_memory()[1] < 8 * MIB
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("name", ["message_1.json", "a.zip", "message_1.html"])
def test_pipe_that_is_asked_for_is_no_end(tmp_path: Path, name: str) -> None:
    """To open one would wait for a writer for ever."""
    os.mkfifo(tmp_path / name)
    with pytest.raises(MalformedExportError, match="device or pipe"):
        FacebookMessengerChatLoader(tmp_path / name).load()


def test_file_that_vanishes_while_others_are_read_is_reported(tmp_path: Path) -> None:
    put(tmp_path, {BAD: GOOD, f"{INBOX}/bo_3/message_1.json": thread("odd", thread_path="")})
    loader = FacebookMessengerChatLoader(tmp_path)
    sessions = loader.lazy_load()
    assert next(sessions)["messages"][0].content == "kept"
    (tmp_path / INBOX / "bo_3/message_1.json").unlink()
    with pytest.warns(UserWarning, match="1 x unreadable file"):
        assert list(sessions) == []
    assert (loader.report.messages_read, loader.report.threads_read) == (1, 1)


def test_export_that_vanishes_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, {BAD: GOOD})
    reads = iter([GOOD, b"{"])
    target = "langchain_fbmessenger.exports.discovery.files.ExportFile.read"
    monkeypatch.setattr(target, lambda _self, _size=-1: next(reads))
    with pytest.raises(MalformedExportError, match="1 x broken JSON"):
        FacebookMessengerChatLoader(tmp_path).load()
