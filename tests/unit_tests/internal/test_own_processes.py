"""What our own processes do so that no word gets out by accident."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from langchain_fbmessenger._internal.own_processes import (
    TELEMETRY_OFF,
    FramesOnlyFormatter,
    describe_without_words,
    switch_off_telemetry,
)
from langchain_fbmessenger.local.process.children import child_environment
from tests.unit_tests.canaries import NAME, TEXT, assert_clean

posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows writes no core files")


def failure() -> BaseException:
    try:
        try:
            int(TEXT)
        except ValueError as error:
            raise OSError(28, TEXT, NAME) from error
    except OSError as error:
        return error
    raise AssertionError


def test_tracebacks_name_types_and_places_and_quote_nothing() -> None:
    told = describe_without_words(failure())
    assert_clean(told)
    assert told.startswith("Traceback:\n  File ")
    assert told.index("ValueError\nwhich led to\n") < told.index("OSError [ENOSPC]")
    assert Path(__file__).name in told
    assert "int(" not in told, "nor a line of code"


def test_errors_that_lead_to_each_other_are_written_once() -> None:
    one, other = ValueError(TEXT), KeyError(TEXT)
    one.__context__, other.__context__ = other, one
    assert describe_without_words(one) == "Traceback:\nKeyError\nwhich led to\nValueError\n"
    one.__suppress_context__ = True  # `from None`
    assert describe_without_words(one) == "Traceback:\nValueError\n"


def test_log_records_keep_their_message_and_lose_the_exception_s() -> None:
    error = failure()
    info = (type(error), error, error.__traceback__)
    record = logging.LogRecord("uvicorn", logging.ERROR, "x", 1, "it failed", (), info)
    told = FramesOnlyFormatter("%(message)s").format(record)
    assert told.startswith("it failed\nTraceback:")
    assert_clean(told)


@pytest.mark.parametrize("thread", [False, True])
def test_uncaught_exceptions_of_our_processes_quote_nothing(*, thread: bool) -> None:
    code = (
        "import threading\n"
        "from langchain_fbmessenger._internal.own_processes import report_without_words\n"
        "report_without_words()\n"
        f"def fail(): raise ValueError('{TEXT}'.upper() + '{NAME}'.lower())\n"
        + ("threading.Thread(target=fail).start()" if thread else "fail()")
    )
    ended = subprocess.run(  # noqa: S603
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert "ValueError" in ended.stderr
    assert_clean(ended.stdout + ended.stderr)


@posix
def test_crash_leaves_no_image_of_the_memory(tmp_path: Path) -> None:
    """Nor does that of a child. Where the machine writes none at all, this shows less."""
    code = (
        "import os, resource, subprocess, sys\n"
        "hard = resource.getrlimit(resource.RLIMIT_CORE)[1]\n"
        "resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))\n"  # as where dumps are wanted
        "from langchain_fbmessenger._internal.own_processes import no_core_dumps\n"
        "no_core_dumps()\n"
        "subprocess.run([sys.executable, '-c', 'import os; os.abort()'])\n"
        "os.abort()\n"
    )
    ended = subprocess.run(  # noqa: S603
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert ended.returncode == -signal.SIGABRT, ended.stderr
    assert list(tmp_path.iterdir()) == []


def test_children_of_the_server_report_to_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*TELEMETRY_OFF, "HF_HUB_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    environment = child_environment()
    assert environment.items() >= TELEMETRY_OFF.items()
    assert environment["HF_HUB_OFFLINE"] == "1"
    assert not TELEMETRY_OFF.keys() & os.environ.keys(), "this very process is left alone"
    code = (
        "import sys\n"
        "from huggingface_hub import constants\n"
        "from huggingface_hub.utils import build_hf_headers\n"
        "print(constants.HF_HUB_DISABLE_TELEMETRY, constants.is_offline_mode())\n"
    )
    told = subprocess.run(  # noqa: S603
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert told.stdout.split() == ["True", "True"]


def test_what_the_user_has_set_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in TELEMETRY_OFF:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DO_NOT_TRACK", "0")
    assert child_environment()["DO_NOT_TRACK"] == "0"
    monkeypatch.setattr(os, "environ", dict(os.environ))
    switch_off_telemetry()
    assert os.environ["DO_NOT_TRACK"] == "0"
    assert os.environ["HF_HUB_DISABLE_TELEMETRY"] == "1"


def test_importing_the_package_changes_no_environment() -> None:
    code = (
        "import os; before = dict(os.environ)\n"
        "import langchain_fbmessenger as package\n"
        "[getattr(package, name) for name in package.__all__]\n"
        "import langchain_fbmessenger.local.server\n"
        "print(before == dict(os.environ))\n"
    )
    told = subprocess.run(  # noqa: S603
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert told.stdout.split()[0] == "True"
