"""Who is told to end is gone, whatever runs in it; who ends in time is left alone."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading

import pytest

from langchain_fbmessenger.local.process.children import child_environment
from langchain_fbmessenger.local.process.ending import Ending

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX's")

PROGRAM = """
import signal, sys, threading, time
from langchain_fbmessenger.local.process import ending
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # the tests may run under `nohup`
ending._LIMIT_SECONDS = {limit}
def say(text):
    print(text, flush=True)
told = threading.Event()
ending = ending.Ending()
with ending.by_signals():
    {parts}
    say("ready")
    {work}
say("left")
sys.exit(3)
"""
PARTS = 'ending.serve(lambda: (say("end"), told.set()), lambda: say("cut off"))'
STUCK = "while True: time.sleep(0.01)"
PROMPT = "told.wait()"
LEAVES_A_THREAD = "threading.Thread(target=threading.Event().wait).start(); told.wait()"


def run(
    parts: str, work: str, *signals: signal.Signals, limit: float = 0.2
) -> tuple[int, list[str]]:
    """Run the program, send it signals when it is ready; return its status and what it said."""
    code = PROGRAM.format(parts=parts, work=work, limit=limit)
    with subprocess.Popen(  # noqa: S603  # our own
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env=child_environment()
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            for number in signals:
                process.send_signal(number)
            return process.wait(60), process.stdout.read().split("\n")[:-1]
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_who_is_stuck_is_cut_off(number: signal.Signals) -> None:
    assert run(PARTS, STUCK, number) == (0, ["end", "cut off"])


def test_signals_that_follow_change_nothing() -> None:
    signals = [signal.SIGTERM, signal.SIGTERM, signal.SIGINT, signal.SIGTERM]
    assert run(PARTS, STUCK, *signals) == (0, ["end", "cut off"])


def test_a_server_with_nothing_to_end_yet_just_goes() -> None:
    assert run("pass", STUCK, signal.SIGTERM) == (0, [])


@pytest.mark.parametrize("broken", ["end", "cut_off"])
def test_parts_that_fail_do_not_keep_the_process(broken: str) -> None:
    parts = {"end": "lambda: None", "cut_off": "lambda: None", broken: "lambda: 1 / 0"}
    status, said = run("ending.serve({end}, {cut_off})".format(**parts), STUCK, signal.SIGTERM)
    assert (status, said) == (0, [])


def test_who_ends_in_time_goes_on_living() -> None:
    """The server may run in a program that does more."""
    assert run(PARTS, PROMPT, signal.SIGTERM, limit=60) == (3, ["end", "left"])


def test_threads_that_nothing_can_end_do_not_keep_the_process() -> None:
    assert run(PARTS, LEAVES_A_THREAD, signal.SIGTERM, limit=60) == (0, ["end", "left"])


def test_what_was_set_for_signals_is_restored() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)]
    with Ending().by_signals():
        assert signal.getsignal(signal.SIGTERM) not in before
    assert [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)] == before


def test_who_was_never_asked_leaves_no_thread() -> None:
    with Ending().by_signals():
        threads = [one for one in threading.enumerate() if one.name == "ending"]
    for thread in threads:
        thread.join(30)
        assert not thread.is_alive()


def test_what_is_ignored_as_by_nohup_stays_so() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with Ending().by_signals():
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)
