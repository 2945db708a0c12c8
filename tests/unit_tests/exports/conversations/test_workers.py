"""Conversations that are read in other processes are what this process would have read."""

from __future__ import annotations

import asyncio
import importlib
import os
import pickle
import signal
import subprocess
import sys
import tempfile
import time
import warnings
from contextlib import closing, nullcontext, suppress
from datetime import timedelta, timezone, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from langchain_fbmessenger import (
    FacebookMessengerChatLoader,
    InvalidOptionError,
    MalformedExportError,
    SingleFileFacebookMessengerChatLoader,
    UnknownThreadError,
    WorkerError,
    map_ai_messages,
    to_training_examples,
    write_jsonl,
)
from langchain_fbmessenger._internal.roster import people_of
from langchain_fbmessenger.exports.conversations import dealing
from langchain_fbmessenger.exports.conversations import workers as _workers
from langchain_fbmessenger.testing import write_export
from tests.hypothesis_profiles import profile_examples
from tests.unit_tests.builders import AL, ZOE, message, thread_json, write_thread
from tests.unit_tests.test_export_laws import OWNER, any_text, page_lines, threads

if TYPE_CHECKING:
    from collections.abc import Iterator

    from langchain_fbmessenger.exports.conversations.workers import Worker
    from langchain_fbmessenger.testing._options import Variant

START = 1_600_000_000_000
POSIX = pytest.mark.skipif(os.name != "posix", reason="signals are POSIX's")


@pytest.fixture(autouse=True)
def small_exports_pay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dealing, "PAYS", 1)
    monkeypatch.setattr(dealing, "CHUNK", 1)


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[subprocess.Popen[bytes]]:
    """The processes that are started."""
    processes: list[subprocess.Popen[bytes]] = []

    class Noted(_workers.Worker):
        def __init__(self) -> None:
            super().__init__()
            processes.append(self._process)

    monkeypatch.setattr(_workers, "Worker", Noted)
    return processes


def write_chats(folder: Path, count: int = 30, texts: int = 3) -> Path:
    for number in range(count):
        friend = f"Friend {number}"
        said = [
            message([friend, ZOE][n % 2], START - n * 1000, f"{number} {n} é") for n in range(texts)
        ]
        write_thread(
            folder / "messages/inbox" / f"friend_{number:03}",
            thread_json(said, (friend, ZOE), title=friend, thread_path=f"inbox/friend_{number:03}"),
        )
    return folder


def loaded(paths: Any, workers: int, **options: Any) -> tuple[Any, ...]:
    """Return all that a load tells anybody."""
    done: list[tuple[int, int]] = []
    loader = FacebookMessengerChatLoader(
        paths, workers=workers, on_progress=lambda *now: done.append(now), **options
    )
    sessions: list[Any] = []
    counts: list[str] = []
    people = None
    error: Any = None
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        try:
            for session in loader.lazy_load():
                sessions.append(session)
                counts.append(repr(vars(loader.report)))
                people = people or people_of(session["thread"])
                assert people_of(session["thread"]) is people
        except MalformedExportError as raised:
            error = str(raised)
    told = [str(one.message) for one in warned]
    return sessions, counts, repr(vars(loader.report)), people, told, done, error


@settings(
    max_examples=profile_examples(1 / 4),  # each starts processes
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(st.data())
@pytest.mark.parametrize("packaging", ["folder", "zip"])
def test_two_workers_give_what_one_process_gives(packaging: Any, data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        paths: list[Path] = []
        formats: list[Variant] = ["A", "H3", "B", "D", "F"]
        variants = data.draw(st.lists(st.sampled_from(formats), min_size=2))
        for number, variant in enumerate(variants[:3]):
            texts = any_text if variant == "A" else page_lines
            written = write_export(
                data.draw(threads(texts, 60_000)),
                Path(folder, str(number)),
                variant=variant,
                owner=OWNER,
                packaging=packaging,
                messages_per_part=data.draw(st.integers(1, 10)),
            )
            paths += written.paths
        broken = Path(folder, "0", "messages", "inbox", "broken")
        if packaging == "folder" and data.draw(st.booleans()):
            write_thread(broken, b'{"participants": [], "messages": [')
        options: dict[str, Any] = data.draw(
            st.sampled_from(
                [{}, {"groups": False}, {"since": "2017-01-01"}, {"keep_system_messages": True}]
            )
        )
        if data.draw(st.booleans()):
            options["timezone"] = timezone(timedelta(hours=-4))
        assert loaded(paths, 2, **options) == loaded(paths, 1, **options)


def test_files_that_vanish_are_counted_alike(tmp_path: Path) -> None:
    results = []
    for workers in (1, 2):
        export = write_chats(tmp_path / "export")
        gone = export / "messages/inbox/friend_020/message_1.json"

        def remove(done: int, total: int, gone: Path = gone) -> None:
            if done * 2 >= total:
                gone.unlink(missing_ok=True)

        loader = FacebookMessengerChatLoader(export, workers=workers, on_progress=remove)
        with pytest.warns(UserWarning, match="1 x unreadable file"):
            results.append((loader.load(), repr(vars(loader.report))))
        assert loader.report.skipped_paths == [(gone, "unreadable file")]
    assert results[0] == results[1]


def test_files_that_are_known_by_their_edges_are_read_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("langchain_fbmessenger.exports.formats.edges.LARGE", 10)
    monkeypatch.setattr("langchain_fbmessenger.exports.formats.edges._EDGE", 1000)
    results = []
    for workers in (1, 2):
        export = write_chats(tmp_path / "export", texts=40)
        gone = export / "messages/inbox/friend_020/message_1.json"
        loader = FacebookMessengerChatLoader(export, workers=workers)
        reader = loader._open(loader.report)
        outlines = [o for c in reader._index.conversations for t in c.threads for o in t.outlines]
        assert sum(outline.is_partial for outline in outlines) > 20
        gone.unlink()
        read = [*reader.threads()]
        assert not any(outline.is_partial for outline in outlines)
        assert reader.report.variants == {"A": 29}
        results.append((read, repr(vars(loader.report)), reader.people))
    assert results[0] == results[1]


def test_chats_are_really_read_elsewhere(tmp_path: Path, started: list[Any]) -> None:
    assert len(FacebookMessengerChatLoader(write_chats(tmp_path), workers=2).load()) == 30
    assert len(started) == 2


def test_small_exports_are_read_here(
    tmp_path: Path, started: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    assert len(FacebookMessengerChatLoader(write_chats(tmp_path), workers=2).load()) == 30
    assert not started


@pytest.mark.parametrize(("pays", "count"), [(1e-6, 3), (0.5, 2), (0.6, 0)])
def test_all_cores_are_taken_as_far_as_they_pay(
    tmp_path: Path,
    started: list[Any],
    monkeypatch: pytest.MonkeyPatch,
    pays: float,
    count: int,
) -> None:
    monkeypatch.setattr(_workers, "usable_cores", lambda: 3)
    export = write_chats(tmp_path)
    size = sum(path.stat().st_size for path in export.rglob("*.json"))
    monkeypatch.setattr(dealing, "PAYS", max(1, int(size * pays)))
    FacebookMessengerChatLoader(export, workers=0).load()
    assert len(started) == count


def test_files_of_several_threads_are_read_here(tmp_path: Path, started: list[Any]) -> None:
    source = FacebookMessengerChatLoader(write_chats(tmp_path / "source"))
    chats = source._open(source.report).threads()
    written = write_export(chats, tmp_path / "list", variant="D", owner=ZOE)
    assert len(FacebookMessengerChatLoader(written.paths, workers=2).load()) == 30
    assert not started


@pytest.mark.parametrize("size", [1, 2])
def test_few_conversations_are_dealt_ahead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    export = write_chats(tmp_path)
    smallest = min(path.stat().st_size for path in export.rglob("*.json"))
    monkeypatch.setattr(dealing, "CHUNK", smallest * size - 1)
    loader = FacebookMessengerChatLoader(export, workers=2)
    reader = loader._open(loader.report)
    chosen: list[Any] = []
    choose = reader._choose
    reader._choose = lambda one: chosen.append(one) or choose(one)  # type: ignore[assignment, func-returns-value, method-assign]
    with closing(reader.threads()) as read:  # type: ignore[type-var]
        for given in range(1, 20):
            next(read)
            # What is read here, and of each worker: what it reads, what waits, what is taken.
            assert len(chosen) - given <= size * (2 * dealing._AHEAD + 1)
        assert len(chosen) < 30


def ended(processes: list[subprocess.Popen[bytes]]) -> bool:
    """Tell whether processes have ended, and somebody has asked how: else they are zombies."""
    return bool(processes) and all(process.returncode is not None for process in processes)


@pytest.mark.parametrize("end", ["close", "forget", "exhaust", "stage", "raise"])
def test_workers_end_with_the_iterator(tmp_path: Path, started: list[Any], end: str) -> None:
    loader = FacebookMessengerChatLoader(write_chats(tmp_path, 100, 50), workers=2)
    sessions: Any = loader.lazy_load()
    next(sessions)
    assert started
    if end == "close":
        sessions.close()
    elif end == "exhaust":
        list(sessions)
    elif end == "stage":
        with closing(map_ai_messages(sender=ZOE).stream(sessions)) as mapped:
            next(mapped)
    elif end == "raise":
        with pytest.raises(KeyboardInterrupt):
            sessions.transcripts().throw(KeyboardInterrupt)
    del sessions
    assert ended(started)


@POSIX
@pytest.mark.parametrize("after", [1, 2, 40])
def test_killed_worker_is_an_error(tmp_path: Path, started: list[Any], after: int) -> None:
    loader = FacebookMessengerChatLoader(write_chats(tmp_path, 60), workers=2)
    sessions = loader.lazy_load()
    for _ in range(after):
        next(sessions)
    os.kill(started[-1].pid, signal.SIGKILL)
    with pytest.raises(WorkerError, match=r"killed by SIGKILL.*workers=1"):
        list(sessions)
    assert ended(started)


@POSIX
@settings(max_examples=profile_examples(1 / 3), suppress_health_check=list(HealthCheck))
@given(st.floats(0, 0.6))
def test_no_moment_of_death_leaves_a_half_file(seconds: float) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        processes: list[Any] = []
        start = _workers.Worker.__init__

        def noted(self: Worker) -> None:
            start(self)
            processes.append(self._process)

        patch.setattr(_workers.Worker, "__init__", noted)
        export = write_chats(Path(folder, "export"), 40, 40)
        sessions = FacebookMessengerChatLoader(export, workers=2).lazy_load()
        pipeline = map_ai_messages(sender=ZOE) | to_training_examples()
        output = Path(folder, "train.jsonl")

        def killing(examples: Iterator[Any]) -> Iterator[Any]:
            began = time.monotonic()
            for example in examples:
                if processes and time.monotonic() - began >= seconds:
                    with suppress(ProcessLookupError):
                        os.kill(processes[0].pid, signal.SIGKILL)
                yield example

        try:
            written = write_jsonl(killing(pipeline.stream(sessions)), output)
        except WorkerError:
            assert [*Path(folder).iterdir()] == [export]
        else:
            assert written
        assert ended(processes)


SCRIPT = """
import os, sys
print("ran")
from langchain_fbmessenger import FacebookMessengerChatLoader
from langchain_fbmessenger.exports.conversations import dealing, workers as _workers
from tests.hypothesis_profiles import profile_examples
dealing.PAYS = dealing.CHUNK = 1
import multiprocessing
sessions = FacebookMessengerChatLoader({export!r}, workers=2{more}).lazy_load()
"""


def run(code: str, *command: str, **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, *command],
        input=code if not command or command[0] == "-i" else None,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        **options,
    )


@pytest.mark.parametrize("how", ["script", "command", "standard input", "prompt", "daemon"])
def test_any_main_module_will_do(tmp_path: Path, how: str) -> None:
    code = SCRIPT.format(export=str(write_chats(tmp_path / "export")), more="")
    code += "print(len(list(sessions)))\n"
    script = tmp_path / "script.py"
    script.write_text(code, encoding="utf-8")
    if how == "script":
        ran = run("", str(script))
    elif how == "command":
        ran = run("", "-c", code)
    elif how == "prompt":
        ran = run(code, "-i", "-q")
    elif how == "standard input":
        ran = run(code)
    else:
        (tmp_path / "job.py").write_text(f"def job():\n exec({code!r}, {{}})\n", encoding="utf-8")
        daemon = "import multiprocessing, job\nif __name__ == '__main__':\n p = "
        daemon += "multiprocessing.get_context('spawn').Process(target=job.job, daemon=True)\n"
        script.write_text(f"{daemon} p.start(); p.join()\n", encoding="utf-8")
        ran = run("", str(script), cwd=tmp_path)
    assert ran.stdout.split() == ["ran", "30"], ran.stderr


def test_zone_that_only_the_main_module_has_is_refused(tmp_path: Path) -> None:
    zone = "\nimport datetime\nclass Zone(datetime.tzinfo): pass\n"
    code = zone + SCRIPT.format(export=str(write_chats(tmp_path)), more=", timezone=Zone()")
    ran = run("", "-c", f"{code}\nlist(sessions)")
    assert "InvalidOptionError: workers: another process cannot load the timezone" in ran.stderr


@POSIX
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_workers_end_with_their_parent(tmp_path: Path, number: signal.Signals) -> None:
    code = SCRIPT.format(export=str(write_chats(tmp_path, 200, 100)), more="")
    code += (
        "pool = []\nstart = _workers.Worker.__init__\n"
        "def noted(self):\n    start(self)\n    pool.append(self._process.pid)\n"
        "_workers.Worker.__init__ = noted\n"
        "next(sessions)\nprint(*pool, flush=True)\nimport time\nfor s in sessions: time.sleep(1)\n"
    )
    with subprocess.Popen(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as parent:
        assert parent.stdout
        assert parent.stderr
        parent.stdout.readline()
        pids = [*map(int, parent.stdout.readline().split())]
        assert pids
        os.killpg(parent.pid, number)  # as a terminal does
        parent.wait(30)
        told = parent.stderr.read()
    # Of the parent alone; where it was handling another error just then, both have a traceback.
    assert told.count("\nKeyboardInterrupt") == (number == signal.SIGINT)
    deadline = time.monotonic() + 30
    while any(map(is_alive, pids)):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    with suppress(OSError):  # where nobody collects orphans, they stay zombies
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").split()[-50] != "Z"
    return True


def test_workers_import_little() -> None:
    code = (
        "import sys, langchain_fbmessenger.exports\n"
        "import langchain_fbmessenger.exports.conversations.worker\n"
        "print(*{'langchain_core', 'pydantic', 'torch', 'multiprocessing'} & {*sys.modules})"
    )
    assert run("", "-c", code).stdout.split() == []


class Unpicklable(tzinfo):
    utcoffset = dst = tzname = lambda *_: None  # nobody asks

    def __reduce__(self) -> Any:
        raise RuntimeError


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"workers": -1}, "number of processes"),
        ({"workers": True}, "number of processes"),
        ({"workers": 1.5}, "number of processes"),
        ({"workers": 2, "timezone": Unpicklable()}, "Unpicklable cannot be pickled; workers=1"),
        ({"workers": 0, "timezone": Unpicklable()}, "Unpicklable cannot be pickled; workers=1"),
    ],
)
def test_impossible_workers_are_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidOptionError, match=words):
        FacebookMessengerChatLoader("export", **options)


def test_one_file_is_no_work_for_several(tmp_path: Path) -> None:
    file = write_thread(tmp_path, thread_json([message(AL, START, "a")]))
    with pytest.raises(InvalidOptionError, match="one file"):
        SingleFileFacebookMessengerChatLoader(file, workers=2).load()
    assert len(SingleFileFacebookMessengerChatLoader(file, workers=0).load()) == 1


def test_other_programs_than_python_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    with pytest.raises(InvalidOptionError, match="frozen"):
        FacebookMessengerChatLoader("export", workers=2)


def test_workers_start_no_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANGCHAIN_FBMESSENGER_WORKER", "1")
    with pytest.raises(InvalidOptionError, match="workers start none"):
        FacebookMessengerChatLoader("export", workers=0)


@POSIX
@pytest.mark.parametrize("command", [["/bin/cat"], ["/bin/false"], ["/nowhere/python"]])
def test_process_that_is_no_worker_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    monkeypatch.setattr(_workers, "_command", lambda: command)
    with pytest.raises(WorkerError, match=r"could not be started .*workers=1"):
        FacebookMessengerChatLoader(write_chats(tmp_path), workers=2).load()


def test_worker_that_never_answers_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sleeper = [sys.executable, "-c", "import time; time.sleep(600)"]
    monkeypatch.setattr(_workers, "_command", lambda: sleeper)
    monkeypatch.setattr(_workers, "_PATIENCE", 0.2)
    with pytest.raises(WorkerError, match="could not be started"):
        FacebookMessengerChatLoader(write_chats(tmp_path), workers=2).load()


ZONE = """
import datetime, os
class Own(Exception):
    def __init__(self, *, needed): pass
class Zone(datetime.tzinfo):
    def __init__(self, raised=None): self.raised = raised
    def utcoffset(self, moment):
        if "LANGCHAIN_FBMESSENGER_WORKER" in os.environ:
            print("no answer")
            if self.raised == "exit": os._exit(3)
            if self.raised == "own": raise Own(needed=1)
            if self.raised: raise MemoryError("enough")
        return datetime.timedelta()
    def dst(self, moment): return None
"""


@pytest.mark.parametrize(
    ("raised", "expected"),
    [
        ("memory", pytest.raises(MemoryError, match="enough")),
        ("own", pytest.raises(WorkerError, match="failed with Own")),
        ("exit", pytest.raises(WorkerError, match="exit status 3")),
        (None, nullcontext()),
    ],
)
def test_what_is_raised_in_a_worker_is_raised_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, raised: str | None, expected: Any
) -> None:
    (tmp_path / "zone_of_a_user.py").write_text(ZONE, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    zone = importlib.import_module("zone_of_a_user").Zone(raised)
    source = FacebookMessengerChatLoader(write_chats(tmp_path / "source", 4))
    chats = source._open(source.report).threads()
    written = write_export(chats, tmp_path / "pages", variant="H3", owner=OWNER)
    loader = FacebookMessengerChatLoader(written.paths, workers=2, timezone=zone)
    with expected:
        assert len(loader.load()) == 4


def test_names_that_are_nowhere_start_nothing(tmp_path: Path, started: list[Any]) -> None:
    with pytest.raises(UnknownThreadError):
        FacebookMessengerChatLoader(write_chats(tmp_path), workers=2, threads=["x"]).load()
    assert not started


def test_loader_with_workers_can_be_pickled(tmp_path: Path) -> None:
    loader = FacebookMessengerChatLoader(write_chats(tmp_path), workers=2)
    assert pickle.loads(pickle.dumps(loader)).load() == loader.load()  # noqa: S301 - our own


def test_workers_serve_async_code(tmp_path: Path, started: list[Any]) -> None:
    loader = FacebookMessengerChatLoader(write_chats(tmp_path), workers=2)

    async def load() -> list[Any]:
        return [session async for session in loader.alazy_load()]

    assert asyncio.run(load()) == loader.load()
    assert ended(started)
