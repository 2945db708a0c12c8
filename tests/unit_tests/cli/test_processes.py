"""Commands as processes: with closed, full and unread streams, odd outputs, and signals."""

from __future__ import annotations

import gzip
import json
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import pytest

from langchain_fbmessenger import sample_export_path, write_jsonl

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="descriptors and signals of POSIX")

SAMPLE = str(sample_export_path())
COMMAND = [sys.executable, "-m", "langchain_fbmessenger"]
EXAMPLE = {"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}

# Python imports it by itself when it starts: it sends the signal at a place that a test names.
AT_A_PLACE = """
import os, signal, sys

kind, _, place = os.environ["SIGNAL_AT"].partition(" ")


def send():
    signal.raise_signal(getattr(signal, kind))


class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == place:
            send()


if place == "fsync":
    fsync = os.fsync
    os.fsync = lambda file: (send(), fsync(file))
sys.meta_path.insert(0, Finder())
"""


@pytest.fixture(autouse=True)
def obeyed_signals() -> Iterator[None]:
    """Have children obey signals, also under `nohup` or behind a script's `&`: both ignore some."""
    obeyed = {signal.SIGINT: signal.default_int_handler, signal.SIGHUP: signal.SIG_DFL}
    before = {kind: signal.signal(kind, handler) for kind, handler in obeyed.items()}
    yield
    for kind, handler in before.items():
        signal.signal(kind, handler)


def run(*arguments: object, **options: Any) -> subprocess.CompletedProcess[bytes]:
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
    return subprocess.run([*COMMAND, *map(str, arguments)], check=False, timeout=300, **options)  # noqa: S603


def in_shell(line: str, **options: Any) -> subprocess.CompletedProcess[bytes]:
    """Run a line of bash, in which `$C` is the command and `$S` an export."""
    script = f'set -o pipefail; C() {{ "$PYTHON" -m langchain_fbmessenger "$@"; }}; {line}'
    environment = {**os.environ, "PYTHON": sys.executable, "S": SAMPLE}
    command = ["bash", "-c", script]
    return subprocess.run(  # noqa: S603
        command, check=False, capture_output=True, timeout=300, env=environment, **options
    )


def link_to(target: str, folder: Path) -> Path:
    """Return a link of the test's own: as root, a defect could replace the device itself."""
    link = folder / f"link-{Path(target).name}"
    link.symlink_to(target)
    return link


def one_line_of(stderr: bytes) -> str:
    (line,) = stderr.decode().splitlines()
    assert line.startswith("Error: ")
    return line


# What is written where.


@pytest.mark.parametrize("output", ["link", "-"])
def test_examples_go_down_a_pipe_and_what_is_told_does_not(tmp_path: Path, output: str) -> None:
    run("prepare", SAMPLE, "-o", tmp_path / "x.jsonl")
    place = link_to("/dev/stdout", tmp_path) if output == "link" else output
    done = run("prepare", SAMPLE, "-o", place, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout == (tmp_path / "x.jsonl").read_bytes()
    assert b"training examples written" in done.stderr


def test_examples_go_where_a_shell_leads_them(tmp_path: Path) -> None:
    link_to("/dev/stdout", tmp_path)
    line = "C prepare $S -o >(gzip > a.gz) > told && wait $! && C prepare $S -o b.jsonl > told"
    line += " && echo first > c && C prepare $S -o link-stdout >> c"
    done = in_shell(line, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    written = (tmp_path / "b.jsonl").read_bytes()
    assert gzip.decompress((tmp_path / "a.gz").read_bytes()) == written
    assert (tmp_path / "c").read_bytes() == b"first\n" + written


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["contacts", SAMPLE, "-o"], b"[people."),
        (["redact", SAMPLE, "--html"], b"</html>"),
        (["plant-canaries", "x.jsonl", "-o", "y.jsonl", "--canaries"], b'"secret"'),
        (["plant-canaries", "x.jsonl", "--canaries", "y.json", "-o"], b'{"messages"'),
    ],
)
def test_every_file_goes_down_a_pipe(tmp_path: Path, arguments: list[str], words: bytes) -> None:
    write_jsonl([EXAMPLE] * 60, tmp_path / "x.jsonl")
    done = run(*arguments, link_to("/dev/stdout", tmp_path), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert words in done.stdout
    assert b"written to" not in done.stdout
    assert done.stderr != b""


def test_a_function_writes_down_a_pipe_too(tmp_path: Path) -> None:
    link = str(link_to("/dev/stdout", tmp_path))
    code = f"from langchain_fbmessenger import write_jsonl; write_jsonl([{EXAMPLE}], {link!r})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)  # noqa: S603
    assert json.loads(done.stdout) == EXAMPLE


def test_named_pipes_and_devices_stay_what_they_are(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with subprocess.Popen(["cat", pipe], stdout=subprocess.PIPE) as reader:  # noqa: S603, S607
        assert write_jsonl([EXAMPLE], pipe) == 1
        told = reader.communicate()[0]
    assert json.loads(told) == EXAMPLE
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    null = link_to("/dev/null", tmp_path)
    assert write_jsonl([EXAMPLE], null) == 1
    assert stat.S_ISCHR(null.stat().st_mode)
    assert {*tmp_path.iterdir()} == {pipe, null}


@pytest.mark.parametrize("command", ["contacts", "prepare"])
def test_a_link_stays_and_its_target_is_for_one_pair_of_eyes(tmp_path: Path, command: str) -> None:
    link = tmp_path / "link"
    link.symlink_to("target")
    assert run(command, SAMPLE, "-o", link).returncode == 0
    assert link.is_symlink()
    assert stat.S_IMODE((tmp_path / "target").stat().st_mode) == 0o600


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
@pytest.mark.parametrize(
    "arguments",
    [
        ["prepare", SAMPLE, "-o"],
        ["contacts", SAMPLE, "-o"],
        ["redact", SAMPLE, "--html"],
    ],
)
def test_a_full_disk_is_one_line(tmp_path: Path, arguments: list[str]) -> None:
    full = link_to("/dev/full", tmp_path)
    done = run(*arguments, full)
    assert done.returncode == 1
    assert one_line_of(done.stderr).endswith(f"No space left on device: '{full}'")
    assert list(tmp_path.iterdir()) == [full]
    assert full.is_symlink()


# Streams.


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
@pytest.mark.parametrize("arguments", [["inspect", SAMPLE], ["inspect", SAMPLE, "--json"]])
def test_output_that_is_full_is_one_line(arguments: list[str]) -> None:
    with Path("/dev/full").open("wb") as full:
        done = run(*arguments, stdout=full)
    assert done.returncode == 1
    assert "No space left" in one_line_of(done.stderr)


@pytest.mark.parametrize(
    "line",
    ["C inspect $S", "C inspect $S --json", "C --help", "C prepare $S -o - 2>&1"],
)
def test_a_reader_that_has_enough_is_no_error(line: str) -> None:
    done = in_shell(f"{line} | true")
    assert done.stderr == b""
    assert done.returncode == 141


def test_output_that_is_closed_is_one_line(tmp_path: Path) -> None:
    done = in_shell("C prepare $S -o x.jsonl >&-", cwd=tmp_path)
    assert done.returncode == 1
    assert "closed" in one_line_of(done.stderr)
    assert in_shell("C prepare $S -o x.jsonl 2>&- >/dev/null", cwd=tmp_path).returncode == 0
    assert [file.name for file in tmp_path.iterdir()] == ["x.jsonl"]


@pytest.mark.parametrize("stdin", ["<&-", "</dev/null", "< <(printf '\\xff\\xfe\\n')"])
def test_who_cannot_be_asked_has_said_no(tmp_path: Path, stdin: str) -> None:
    home = tmp_path / "home"
    (home / "manifests").mkdir(parents=True)
    (home / "manifests" / f"{'a' * 64}-a1.json").write_text("{}")
    done = in_shell(f"C purge --home home {stdin}", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (1, b"")
    assert (home / "manifests").exists()


@pytest.mark.parametrize(
    "command",
    ["redact $S -o copy", "finetune x.jsonl --provider openai --model gpt-4.1-mini"],
)
def test_without_a_terminal_nothing_is_asked(tmp_path: Path, command: str) -> None:
    write_jsonl([EXAMPLE] * 10, tmp_path / "x.jsonl")
    done = in_shell(f"OPENAI_API_KEY=x C {command} <&-", cwd=tmp_path)
    assert done.returncode == 1
    assert "nobody can be asked here" in one_line_of(done.stderr)


def test_a_locale_without_letters_is_no_traceback() -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0", "LC_ALL": "C"}
    figures = run("inspect", SAMPLE, "--json", env=environment)
    assert json.loads(figures.stdout)["owner"] == "Noémie Åkerlund"
    help_of_it = run("--help", env=environment)
    assert (help_of_it.returncode, help_of_it.stderr) == (0, b"")


# Signals.


def interrupted(place: str, folder: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    (folder / "sitecustomize.py").write_text(AT_A_PLACE)
    environment = {**os.environ, "PYTHONPATH": str(folder), "SIGNAL_AT": place}
    return run(*(arguments or ("inspect", SAMPLE)), env=environment, cwd=Path(__file__).parents[3])


@pytest.mark.parametrize(
    "module",
    [
        "langchain_fbmessenger._internal.own_processes",
        "langchain_fbmessenger.cli",
        "typer",
        "langchain_core.messages",
        "langchain_fbmessenger.exports.reader",
    ],
)
def test_ctrl_c_is_obeyed_without_a_word_while_modules_load(tmp_path: Path, module: str) -> None:
    done = interrupted(f"SIGINT {module}", tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (130, b"", b"")


@pytest.mark.parametrize(("kind", "status"), [("SIGINT", 130), ("SIGTERM", 143), ("SIGHUP", 129)])
def test_a_signal_leaves_no_file_half_written(tmp_path: Path, kind: str, status: int) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    output = str(folder / "train.jsonl")
    done = interrupted(f"{kind} fsync", tmp_path, "prepare", SAMPLE, "-o", output)
    assert (done.returncode, done.stderr) == (status, b"")
    assert list(folder.iterdir()) == []


def read_until(stream: IO[bytes], words: bytes) -> bytes:
    read = b""
    while words not in read:
        more = stream.read(1)
        assert more, read
        read += more
    return read


@pytest.mark.parametrize(("kind", "status"), [("SIGINT", 130), ("SIGTERM", 143)])
def test_a_signal_at_a_question_is_obeyed(tmp_path: Path, kind: str, status: int) -> None:
    folder = tmp_path / "manifests"
    folder.mkdir()
    (folder / f"{'a' * 64}-a1.json").write_text("{}")
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    with subprocess.Popen([*COMMAND, "purge", "--home", str(tmp_path)], **pipes) as process:  # type: ignore[call-overload]  # noqa: S603
        read_until(process.stdout, b"[y/N]:")
        process.send_signal(getattr(signal, kind))
        assert process.wait(60) == status
        assert process.stderr.read() == b""
    assert folder.exists()


def test_a_signal_that_is_ignored_stays_so() -> None:
    done = in_shell("trap '' INT HUP; C --version")
    assert done.returncode == 0
    code = "import signal; from langchain_fbmessenger.__main__ import main\n"
    code += "try: main()\nexcept SystemExit: pass\n"
    code += "print(signal.getsignal(signal.SIGINT) == signal.SIG_IGN)"
    done = in_shell(f"trap '' INT; \"$PYTHON\" -c '{code}' --version")
    assert done.stdout.endswith(b"True\n"), done


def test_a_defect_shows_where_and_no_words(tmp_path: Path) -> None:
    # As if it stood in the module that the command loads.
    (tmp_path / "sitecustomize.py").write_text(
        "import sys\n"
        "class Finder:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'langchain_fbmessenger.cli.commands.talk':\n"
        "            raise RuntimeError('secret' + chr(27) + '[2J')\n"
        "sys.meta_path.insert(0, Finder())\n"
    )
    done = run("chat", "model", env={**os.environ, "PYTHONPATH": str(tmp_path)})
    assert done.returncode == 1
    assert b"RuntimeError" in done.stderr
    assert b"secret" not in done.stderr
