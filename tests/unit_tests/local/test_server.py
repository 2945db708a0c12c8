from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from langchain_fbmessenger.local.process.children import child_environment
from langchain_fbmessenger.local.server import capacity_of

PROGRAM = """
import resource
from langchain_fbmessenger.local.server import raise_limit
resource.setrlimit(resource.RLIMIT_NOFILE, {limits})
print(raise_limit(), *resource.getrlimit(resource.RLIMIT_NOFILE))
"""


@given(st.integers(128, 10**7))
def test_files_are_left_for_answering(open_files: int) -> None:
    """A connection takes one, and a request that is answered may open two more."""
    capacity = capacity_of(open_files)
    assert capacity.connections + 2 * capacity.requests + 60 <= open_files
    assert 0 < capacity.requests < capacity.connections <= 2048


@given(st.integers(0, 128))
def test_the_least_is_some(open_files: int) -> None:
    assert capacity_of(open_files).connections >= 8


@pytest.mark.skipif(sys.platform == "win32", reason="has no such limit")
@pytest.mark.parametrize(
    ("limits", "raised"), [((128, 256), 256), ((256, 256), 256), ((300, 4096), 4096)]
)
def test_the_limit_is_raised_as_far_as_it_may_be(limits: tuple[int, int], raised: int) -> None:
    told = subprocess.run(  # noqa: S603  # our own
        [sys.executable, "-c", PROGRAM.format(limits=limits)],
        capture_output=True, text=True, check=True, env=child_environment(),
    )  # fmt: skip
    assert told.stdout.split() == [str(raised), str(raised), str(limits[1])]
