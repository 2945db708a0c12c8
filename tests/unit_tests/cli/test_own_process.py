"""What the command line does before a command, seen from within one."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

CODE = """
import os
import sys

from langsmith.utils import tracing_is_enabled

from langchain_fbmessenger.cli import app


@app.command()
def look():
    print("traced", tracing_is_enabled())
    print("old switch", os.environ.get("LANGCHAIN_TRACING"))
    print("telemetry", os.environ["DO_NOT_TRACK"], os.environ["HF_HUB_DISABLE_TELEMETRY"])
    if sys.platform != "win32":
        import resource

        print("core", resource.getrlimit(resource.RLIMIT_CORE)[0] in {0, 1})


if sys.platform != "win32":
    import resource

    hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
app(["look"], standalone_mode=False)
print("traced", tracing_is_enabled())
"""


@pytest.mark.parametrize("switch", ["LANGSMITH_TRACING", "LANGCHAIN_TRACING_V2"])
def test_a_command_traces_reports_and_dumps_nothing(switch: str) -> None:
    environment = {**os.environ, switch: "true", "LANGCHAIN_TRACING": "true"}
    for name in ("DO_NOT_TRACK", "HF_HUB_DISABLE_TELEMETRY"):
        environment.pop(name, None)
    told = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", CODE], env=environment, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    expected = ["traced False", "old switch None", "telemetry 1 1"]
    expected += ["core True"] * (sys.platform != "win32")
    assert told == [*expected, "traced True"], "behind the command all is as it was"
