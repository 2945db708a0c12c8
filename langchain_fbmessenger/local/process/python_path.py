"""Local server: how its child processes find this package."""

from __future__ import annotations

import os
from pathlib import Path


def python_path() -> str:
    """Return a PYTHONPATH by which a child finds this very package, then what its parent finds."""
    inherited = os.environ.get("PYTHONPATH")
    package_root = str(Path(__file__).parents[3])
    return f"{package_root}{os.pathsep}{inherited}" if inherited else package_root
