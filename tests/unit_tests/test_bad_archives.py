"""Bad zip archives: nothing of them is unpacked anywhere, and nothing else suffers."""

from __future__ import annotations

import io
import struct
import warnings
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

from tests.unit_tests.bad_input import BAD, INBOX, Case, check, row, thread

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

BROKEN = "broken zip archive"
BOMB = "suspiciously compressed file (zip bomb)"
UNSAFE = "name that leads out of its zip archive"
ENCRYPTED = "encrypted file in a zip archive"
LINK = "link that is not followed"
LOCAL, CENTRAL, END = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
OTHER = f"{INBOX}/bo_3333333333/message_1.json"
FINE = thread("kept", thread_path="inbox/bo_3333333333")
MIB = 2**20


def packed(
    members: Mapping[str, bytes] | list[tuple[str | zipfile.ZipInfo, bytes]],
    compression: int = zipfile.ZIP_DEFLATED,
) -> bytes:
    out = io.BytesIO()
    pairs = members if isinstance(members, list) else list(members.items())
    with zipfile.ZipFile(out, "w") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # two members of one name
        for name, raw in pairs:
            archive.writestr(name, raw, compress_type=compression)
    return out.getvalue()


def zipped(raw: bytes, **more: bytes) -> dict[str, bytes]:
    return {"more.zip": raw, **more}


def patched(
    raw: bytes, form: str, value: int, places: tuple[int | None, int], number: int = 0
) -> bytes:
    """Write a field of one member's two headers anew; it has a place in each."""
    out = bytearray(raw)
    for signature, offset in zip((LOCAL, CENTRAL), places, strict=True):
        at = -1
        for _ in range(number + 1):
            at = raw.index(signature, at + 1)
        if offset is not None:
            struct.pack_into(form, out, at + offset, value)
    return bytes(out)


def member(name: str, **fields: Any) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    for key, value in fields.items():
        setattr(info, key, value)
    return info


def with_raw_name(name: bytes, flags: int = 0) -> bytes:
    """Write a member's name byte by byte, as tools of other systems do."""
    placeholder = "x" * len(name)
    raw = packed({placeholder: FINE}).replace(placeholder.encode(), name)
    return patched(raw, "<H", flags, (6, 8))


def lie(size: int, compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Make an archive whose headers say that 64 MiB of zeros are a few bytes."""
    return patched(packed({OTHER: bytes(64 * MIB)}, compression), "<I", size, (22, 24))


TWO = packed({BAD: thread("odd"), OTHER: FINE})
STORED = packed({BAD: thread("odd"), OTHER: FINE}, zipfile.ZIP_STORED)
BROKEN_TEXT = STORED.replace(b'"odd"', b'"old"')
START_OF_SECOND = TWO.index(LOCAL, 1)
NAMES = (
    [
        row(
            f"member {name[:40]!r}",
            zipped(packed({name: FINE, BAD: thread("too")})),
            "too",
            lost=UNSAFE,
        )
        for name in [
            *("../message_1.json", "../../outside/messages/inbox/x_9/message_1.json"),
            *("a/../../message_1.json", "/etc/message_1.json", "//server/share/a.json", "/a.json"),
            *(
                "C:/messages/inbox/bo_3/message_1.json",
                "c:\\a.json",
                "..\\..\\a.json",
                "\\\\?\\C:\\a.json",
            ),
            *("messages/inbox/../../../a.json", "\\a.json", "C:a.json"),
        ]
    ]
    + [
        row(
            f"member {name[:40]!r}", zipped(packed({name: FINE, BAD: thread("too")})), "kept", "too"
        )
        for name in [
            *(
                "CON.json",
                "NUL.json",
                "aux.json",
                "messages/inbox/CON/message_1.json",
                "COM1/lpt1.json",
            ),
            *(
                "messages\\inbox\\bo_3\\message_1.json",
                "./a.json",
                "a//b.json",
                " .json",
                "a .json",
            ),
            *(
                "messages/inbox/bo_3/MESSAGE_1.JSON",
                "Cafe\u0301_3.json",
                "...json",
                "~/a.json",
                "$HOME/a.json",
            ),
            *(
                "Bo: home again_3.json",
                "a\nb.json",
                "a\x1b[2Jb.json",
                "\u202enosj.a.json",
                "%2e%2e/a.json",
            ),
            f"{'n' * 300}/{'m' * 300}.json",
            f"messages/inbox/bo_3/message_{'1' * 5000}.json",
            f"messages/inbox/bo_3/{'2' * 5000}.json",
            "d/" * 2000 + "a.json",
        ]
    ]
    + [
        row("name in Shift-JIS", zipped(with_raw_name("今日_3.json".encode("shift-jis"))), "kept"),
        row("name in cp437", zipped(with_raw_name("Zoë_3.json".encode("cp437"))), "kept"),
        row("name in Latin-1", zipped(with_raw_name("Zoë_3.json".encode("latin-1"))), "kept"),
        row("name that is no UTF-8", zipped(with_raw_name(b"Zo\xeb_3.json", 0x800)), lost=BROKEN),
        row("name with NUL", zipped(with_raw_name(b"a.json\0b.json")), "kept"),
        row("name with a surrogate", zipped(with_raw_name(b"\xed\xa0\x80.json")), "kept"),
        row("one name twice", zipped(packed([(BAD, thread("a")), (BAD, thread("b"))])), "a", "b"),
        row(
            "two cases",
            zipped(packed({BAD: thread("a"), BAD.replace("m", "M"): FINE})),
            "a",
            "kept",
        ),
        row(
            "two normal forms",
            zipped(packed({"Zo\u00eb_3.json": thread("a"), "Zoe\u0308_3.json": thread("b")})),
            "a",
            "b",
        ),
    ]
)
CONTENTS = [
    row(
        "bomb, flat", zipped(packed({OTHER: bytes(40 * MIB), BAD: thread("too")})), "too", lost=BOMB
    ),
    row(
        "bomb that begins well",
        zipped(packed({OTHER: b'{"messages": [' + b" " * 40 * MIB})),
        lost=BOMB,
    ),
    row(
        "bomb, nested",
        zipped(packed({"a.zip": packed({"b.zip": packed({OTHER: bytes(9 * MIB)})})})),
        lost="zip archive inside a zip archive",
    ),
    row("a size that lies", zipped(lie(100)), lost=BROKEN),
    row("a size of nothing", zipped(lie(0)), lost=BROKEN),
    row(
        "a size of 4 GiB",
        zipped(patched(TWO, "<I", 0xFFFFFFFE, (22, 24))),
        "kept",
        lost="file over the size limit",
    ),
    row("encrypted", zipped(patched(TWO, "<H", 1, (6, 8))), "kept", lost=ENCRYPTED),
    row("encrypted, only told locally", zipped(TWO[:6] + b"\x01" + TWO[7:]), "kept", "odd"),
    row("unknown compression", zipped(patched(TWO, "<H", 9, (8, 10))), "kept", lost=BROKEN),
    row(
        "compression of PKWARE's own", zipped(patched(TWO, "<H", 98, (8, 10))), "kept", lost=BROKEN
    ),
    row("said to be bzip2", zipped(patched(TWO, "<H", 12, (8, 10))), "kept", lost=BROKEN),
    row("said to be LZMA", zipped(patched(TWO, "<H", 14, (8, 10))), "kept", lost=BROKEN),
    row("said to be stored", zipped(patched(TWO, "<H", 0, (8, 10))), "kept", lost=BROKEN),
    row("bzip2", zipped(packed({OTHER: FINE}, zipfile.ZIP_BZIP2)), "kept"),
    row("LZMA", zipped(packed({OTHER: FINE}, zipfile.ZIP_LZMA)), "kept"),
    row("wrong checksum", zipped(patched(TWO, "<I", 1, (14, 16))), "kept", lost=BROKEN),
    row("changed byte", zipped(BROKEN_TEXT), "kept", lost=BROKEN),
    row("names that differ", zipped(STORED.replace(b"al_2", b"al_3", 1)), "kept", lost=BROKEN),
    row("needs version 25.5", zipped(patched(TWO, "<H", 255, (4, 6))), lost=BROKEN),
    row("offset of nowhere", zipped(patched(TWO, "<I", 10**8, (None, 42))), "kept", lost=BROKEN),
    row(
        "overlapping members",
        zipped(patched(STORED.replace(b"al_2", b"al_3", 1), "<I", 0, (None, 42), number=1)),
        lost={BROKEN: 2},
    ),
    row(
        "link out of it",
        zipped(
            packed(
                [
                    (member(OTHER, external_attr=0o120777 << 16), b"/etc/passwd"),
                    (BAD, thread("too")),
                ]
            )
        ),
        "too",
        lost=LINK,
    ),
    row("folder named as a file", zipped(packed({f"{OTHER}/": b"", BAD: thread("too")})), "too"),
    row("date of 1979", zipped(patched(packed({OTHER: FINE}), "<H", 0, (12, 14))), "kept"),
    row("broken JSON inside", zipped(packed({BAD: b"{", OTHER: FINE})), "kept", lost="broken JSON"),
    row("photos alone", zipped(packed({"photos/1.jpg": b"x", "a.txt": b"y"}))),
    row("what a Mac adds", zipped(packed({f"__MACOSX/{OTHER}": b"x", "._a.json": b"y"}))),
]
FORMS = [
    row("empty file", zipped(b""), lost=BROKEN),
    row("no member", zipped(packed({}))),
    row("JSON", {"more.zip": FINE}, lost=BROKEN),
    row("archive named .json", {"more.json": TWO}, lost="broken JSON"),
    row("archive named .html", {"message_1.html": TWO}, lost="broken JSON"),
    row("gzip", zipped(b"\x1f\x8b\x08" + bytes(99)), lost=BROKEN),
    row("junk before it", zipped(b"#!/bin/sh\nexit\n" * 99 + TWO), "kept", "odd"),
    row("junk behind it", zipped(TWO + b"junk" * 9), "kept", "odd"),
    row("comment", zipped(TWO[:-2] + b"\x04\x00PK\x05\x06"), lost=BROKEN),
    row("two archives", zipped(packed({BAD: thread("odd")}) + packed({OTHER: FINE})), "kept"),
    row("no directory", zipped(TWO[: TWO.index(CENTRAL)]), lost=BROKEN),
    row(
        "half a directory",
        zipped(TWO[: TWO.index(CENTRAL) + 60] + TWO[TWO.index(END) :]),
        lost=BROKEN,
    ),
    row("directory at a wrong place", zipped(TWO[:-6] + b"\xff\xff\xff\x7f\0\0"), lost={BROKEN: 2}),
    row(
        "directory of a wrong size", zipped(TWO[:-10] + b"\xff\xff\xff\x7f" + TWO[-6:]), lost=BROKEN
    ),
    *(
        row(f"cut after {size}", zipped(TWO[:size]), lost=BROKEN)
        for size in (1, 4, 30, START_OF_SECOND, len(TWO) - 22, len(TWO) - 1)
    ),
    row(
        "first member blanked",
        zipped(bytes(START_OF_SECOND) + TWO[START_OF_SECOND:]),
        "kept",
        lost=BROKEN,
    ),
    row(
        "archive and its folder",
        {"more.zip": TWO, f"more/{OTHER}": FINE},
        "kept",
        "odd",
        skipped={"duplicate": 1},
    ),
    row("folder named .zip", {f"x.zip/{BAD}": thread("kept")}, "kept"),
    row("folder named .zip, empty", lambda root: (root / "x.zip").mkdir()),
]


@pytest.mark.parametrize("case", [*NAMES, *CONTENTS, *FORMS])
def test_bad_archive_costs_no_more_than_itself(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    check(case, tmp_path, monkeypatch)
