"""Where the state folder is, and that its files are whole however many write them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from langchain_fbmessenger._internal.home import (
    default_home,
    expanded,
    private_folder,
    replacing,
    temporary_folder,
    write_private,
)
from langchain_fbmessenger.exceptions import MessengerError, MissingFolderError
from langchain_fbmessenger.local import ensure_server, find_server, stop_server
from langchain_fbmessenger.local.process.home import Home
from langchain_fbmessenger.privacy.preview.figures import preview_key
from langchain_fbmessenger.state import purge_state, survey_state

if TYPE_CHECKING:
    from collections.abc import Callable

VARIABLE = "LANGCHAIN_FBMESSENGER_HOME"
posix_only = pytest.mark.skipif(sys.platform == "win32", reason="homes and locks are POSIX's")
USES: list[Callable[[], Any]] = [
    default_home,
    survey_state,
    purge_state,
    ensure_server,
    find_server,
    stop_server,
    lambda: Home.open(None),
    lambda: preview_key(None).__enter__(),
]


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def user_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Have the system know a home folder of this user, and be somewhere else."""
    import pwd

    home, here = tmp_path / "known", tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    me = pwd.getpwuid(os.getuid())
    told = pwd.struct_passwd((*me[:5], str(home), me[6]))
    monkeypatch.setattr(pwd, "getpwuid", lambda _: told)
    for name in (VARIABLE, "XDG_DATA_HOME", "HOME"):
        monkeypatch.delenv(name, raising=False)
    return home


@posix_only
@pytest.mark.parametrize("data", [None, "", ".", "data", "../data"])
@pytest.mark.parametrize("home", [None, "", ".", "here", "../here", "/"])
def test_a_variable_that_names_no_place_of_ours_is_passed_over(
    monkeypatch: pytest.MonkeyPatch, user_home: Path, home: str | None, data: str | None
) -> None:
    """Neither the root of the file system nor whatever folder one is in gets anything."""
    monkeypatch.setenv(VARIABLE, "")
    for name, value in {"HOME": home, "XDG_DATA_HOME": data}.items():
        if value is not None:
            monkeypatch.setenv(name, value)

    assert default_home() == user_home / ".local/share/langchain-fbmessenger"
    assert expanded(Path("~/x")) == user_home / "x"
    Home.open(None)
    assert list(Path.cwd().iterdir()) == []


@posix_only
@pytest.mark.parametrize("known", ["", "/", "relative"])
@pytest.mark.parametrize("use", USES)
def test_error_for_a_user_without_a_home_says_what_to_set(
    monkeypatch: pytest.MonkeyPatch, user_home: Path, use: Callable[[], Any], known: str
) -> None:
    import pwd

    nobody = pwd.struct_passwd((*pwd.getpwuid(0)[:5], known, ""))
    monkeypatch.setattr(pwd, "getpwuid", lambda _: nobody)
    monkeypatch.setenv("HOME", "")

    with pytest.raises(MessengerError, match=VARIABLE):
        use()
    assert list(user_home.parent.iterdir()) == [Path.cwd()]


@posix_only
@pytest.mark.parametrize(
    "chosen", ["~nobody-of-that-name/x", "~nobody-of-that-name", "/", "//", "/usr/..", "/../."]
)
@pytest.mark.parametrize("use", USES)
def test_what_can_be_no_state_folder_is_an_error_of_ours(
    monkeypatch: pytest.MonkeyPatch, user_home: Path, use: Callable[[], Any], chosen: str
) -> None:
    monkeypatch.setenv(VARIABLE, chosen)

    with pytest.raises(MessengerError):
        use()
    assert list(Path.cwd().iterdir()) == []
    assert not user_home.exists()


@posix_only
@pytest.mark.parametrize("path", ["~nobody-of-that-name", "/", "a\0b"])
@pytest.mark.parametrize(
    "use", [Home.open, survey_state, purge_state, ensure_server, find_server, stop_server]
)
def test_so_is_one_that_is_given(use: Callable[[Path], Any], path: str) -> None:
    with pytest.raises(MessengerError):
        use(Path(path))


@posix_only
@pytest.mark.parametrize("kind", ["file", "below a file", "broken link", "name too long"])
def test_a_folder_that_cannot_be_made_is_an_error_of_ours(tmp_path: Path, kind: str) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to(tmp_path / "file" / "nowhere")
    path = {
        "file": tmp_path / "file",
        "below a file": tmp_path / "file" / "home",
        "broken link": tmp_path / "link",
        "name too long": tmp_path / ("x" * 300),
    }[kind]

    with pytest.raises(MessengerError, match="cannot be used"):
        Home.open(path)


@posix_only
def test_a_folder_without_write_access_is_an_error_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may write everywhere

    with pytest.raises(MessengerError, match="cannot be used"):
        Home.open(tmp_path / "home")


@posix_only
def test_the_home_of_another_user_may_be_named(tmp_path: Path) -> None:
    import pwd

    me = pwd.getpwuid(os.getuid())
    assert expanded(Path(f"~{me.pw_name}/x")) == Path(me.pw_dir, "x")
    assert expanded(tmp_path / "~" / "x") == tmp_path / "~" / "x"
    with pytest.raises(MissingFolderError, match="unknown user"):
        expanded(Path("~nobody-of-that-name/x"))


WRITE = """
import sys
from pathlib import Path
from langchain_fbmessenger._internal.home import write_private
sys.stdin.readline()
for number in range(100):
    write_private(Path(sys.argv[1]), f"{sys.argv[2]}-{number} ".encode() * 5000)
"""


def running(code: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(  # noqa: S603  # our own code
        [sys.executable, "-c", code, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_many_may_write_one_file_at_once(tmp_path: Path) -> None:
    """No error, no torn content, and nothing left beside it."""
    path = tmp_path / "names.key"
    processes = [running(WRITE, str(path), str(number)) for number in range(3)]
    failed: list[BaseException] = []

    def write(writer: int) -> None:
        try:
            for number in range(100):
                write_private(path, f"t{writer}-{number} ".encode() * 5000)
        except BaseException as error:  # noqa: BLE001  # told below
            failed.append(error)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    seen: set[int] = set()
    for process in processes:
        process.communicate("go\n")
        seen.add(len(set(path.read_text().split())))
    for thread in threads:
        thread.join()

    assert failed == []
    assert [process.returncode for process in processes] == [0, 0, 0]
    assert seen == {1}
    assert len(set(path.read_text().split())) == 1
    assert len(path.read_text().split()) == 5000
    assert names_in(tmp_path) == ["names.key"]


HALF = """
import sys, time
from pathlib import Path
from langchain_fbmessenger._internal.home import replacing
with replacing(Path(sys.argv[1])) as file:
    file.write(b"half"); file.flush()
    print("half", flush=True)
    sys.stdin.readline()
    file.write(b" and whole")
"""


@posix_only
@pytest.mark.parametrize("name", ["names.key", "x" * 255, "ž" * 127, "a.b[c]*.partial"])
def test_what_a_killed_writer_left_goes_with_the_next_write(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"before")
    with running(HALF, str(path)) as killed:
        assert killed.stdout is not None
        assert killed.stdout.readline() == "half\n"
        killed.send_signal(signal.SIGKILL)
    assert path.read_bytes() == b"before"
    assert len(names_in(tmp_path)) == 2

    write_private(path, b"after")

    assert names_in(tmp_path) == [name]
    assert path.read_bytes() == b"after"


@posix_only
def test_what_a_living_writer_holds_is_not_swept(tmp_path: Path) -> None:
    path = tmp_path / "names.key"
    with running(HALF, str(path)) as living:
        assert living.stdout is not None
        assert living.stdout.readline() == "half\n"
        write_private(path, b"other")
        assert len(names_in(tmp_path)) == 2
        living.communicate("go\n")
    assert living.returncode == 0
    assert path.read_bytes() == b"half and whole"
    assert names_in(tmp_path) == ["names.key"]


def test_other_people_s_files_are_not_swept(tmp_path: Path) -> None:
    theirs = {
        "names.key.old.partial",
        "names.key.0123.partial",
        "other.key.0123456789abcdef.partial",
        "names.keys.0123456789abcdef.partial",
    }
    for name in theirs:
        (tmp_path / name).touch()
    (tmp_path / "names.key.0123456789abcdef.partial").mkdir()

    write_private(tmp_path / "names.key", b"x")

    assert theirs < set(names_in(tmp_path))
    assert (tmp_path / "names.key.0123456789abcdef.partial").is_dir()


def test_a_write_that_fails_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "names.key"
    path.write_bytes(b"before")

    def fail() -> None:
        with replacing(path) as file:
            file.write(b"half")
            raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        fail()
    assert path.read_bytes() == b"before"
    assert names_in(tmp_path) == ["names.key"]


HOLD = """
import sys
from pathlib import Path
from langchain_fbmessenger._internal.home import temporary_folder
with temporary_folder(Path(sys.argv[1])) as folder:
    (folder / "chats.jsonl").touch()
    print(folder.name, flush=True)
    sys.stdin.readline()
"""


@posix_only
def test_temporary_folders_of_the_killed_are_swept_and_not_those_of_the_living(
    tmp_path: Path,
) -> None:
    place = private_folder(tmp_path / "outgoing")
    (place / "letter.txt").touch()
    (place / "thesis").mkdir()
    with running(HOLD, str(place)) as killed, running(HOLD, str(place)) as living:
        assert killed.stdout is not None
        assert living.stdout is not None
        gone, kept = killed.stdout.readline().strip(), living.stdout.readline().strip()
        killed.send_signal(signal.SIGKILL)
        killed.wait()
        assert {gone, kept} < set(names_in(place))

        with temporary_folder(place) as own:
            assert set(names_in(place)) == {kept, own.name, "letter.txt", "thesis"}
        living.communicate("go\n")
    assert set(names_in(place)) == {"letter.txt", "thesis"}


def test_the_key_of_a_preview_lies_in_the_state_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path / "home"))

    with preview_key(None) as key:
        assert tmp_path / "home" / "previews" in key.parents
    assert names_in(tmp_path / "home" / "previews") == []
