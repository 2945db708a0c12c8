"""Both majors of OpenAI's SDK that the package allows, against every route of the local server."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration_tests import sdk_routes

if TYPE_CHECKING:
    from langchain_fbmessenger.local import ServerAddress

ROOT = Path(__file__).parents[2]
MAJOR_2 = Path(sys.prefix) / "openai2"
PATHS = {2: [str(MAJOR_2), str(ROOT)], 3: [str(ROOT)]}


@cache
def results_of(major: int, address: ServerAddress, trained: str) -> dict[str, Any]:
    """Run the routes' script, once per major."""
    assert major == 3 or MAJOR_2.is_dir(), "openai 2 is not installed beside: `make .venv/openai2`"
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join(PATHS[major]),
        sdk_routes.BASE_URL: address.base_url,
        sdk_routes.API_KEY: address.api_key,
        sdk_routes.TRAINED: trained,
    }
    script = subprocess.run(  # noqa: S603  # our own module under our own interpreter
        [sys.executable, "-m", sdk_routes.__name__],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        check=False,
        timeout=600,
        text=True,
    )
    assert script.returncode == 0, script.stderr
    answer: dict[str, Any] = json.loads(script.stdout)
    assert answer["version"].split(".")[0] == str(major)
    results: dict[str, Any] = answer["results"]
    return results


@pytest.mark.parametrize("check", sdk_routes.CHECKS)
@pytest.mark.parametrize("major", [2, 3])
def test_the_sdk_and_the_server_agree(
    major: int, check: str, local_server: ServerAddress, tiny_base: str
) -> None:
    fault = results_of(major, local_server, tiny_base)[check]
    assert fault is None, fault
