"""What holds for all files of the repository: which addresses they name, and whom they import."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import langchain_fbmessenger

PACKAGE = Path(langchain_fbmessenger.__file__).parent
ROOT = Path(__file__).parents[2]
TEXTS = {".py", ".md", ".toml", ".txt", ".yml", ".json", ".html", ".cfg", ""}
# Put together, so that this file names none of them.
INDEX_HOSTS = ["py" + "pi.org", "python" + "hosted.org", "registry.npm" + "js.org"]

# Rooms further down the road, which a room must know nothing of; docs/design.md has the reasons.
FORBIDDEN = {
    "exports": ["sessions", "examples", "privacy", "evaluation", "fine_tuning", "local", "cli"],
    "sessions": ["exports", "examples", "privacy", "evaluation", "fine_tuning", "local", "cli"],
    "privacy": ["examples", "evaluation", "fine_tuning", "local", "cli"],
    "examples": ["exports", "privacy", "evaluation", "fine_tuning", "local", "cli"],
    "evaluation": ["fine_tuning", "local", "cli"],
    "local": ["exports", "sessions", "examples", "privacy", "evaluation", "fine_tuning", "cli"],
}


def tracked_texts() -> list[Path]:
    folders = [PACKAGE, ROOT / "docs", ROOT / "tests", ROOT / ".ci"]
    files = [*ROOT.iterdir(), *(file for folder in folders for file in folder.rglob("*"))]
    return [f for f in files if f.is_file() and f.suffix in TEXTS and "__pycache__" not in f.parts]


def test_no_file_names_the_host_of_a_package_index() -> None:
    """A project's own address outlives an index, and tells where to ask about it."""
    files = tracked_texts()
    assert ROOT / "constraints.txt" in files
    named = [
        (str(file.relative_to(ROOT)), host)
        for file in files
        for host in INDEX_HOSTS
        if host in file.read_text(encoding="utf-8", errors="replace")
    ]
    assert named == []


def imported(file: Path) -> set[str]:
    nodes = list(ast.walk(ast.parse(file.read_text(encoding="utf-8"))))
    modules = {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}
    return modules | {a.name for node in nodes if isinstance(node, ast.Import) for a in node.names}


@pytest.mark.parametrize("room", FORBIDDEN)
def test_no_room_imports_what_lies_further_down_the_road(room: str) -> None:
    files = list((PACKAGE / room).rglob("*.py"))
    assert files
    bans = [f"langchain_fbmessenger.{other}" for other in FORBIDDEN[room]]
    wrong = {
        f"{file.relative_to(PACKAGE)}: {module}"
        for file in files
        for module in imported(file)
        if any(module == ban or module.startswith(f"{ban}.") for ban in bans)
    }
    assert wrong == set()


def test_every_target_of_the_makefile_is_run_on_a_clean_checkout() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    (phony,) = re.findall(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)
    run = re.findall(r"^make (\S+)", (ROOT / ".ci/run").read_text(encoding="utf-8"), re.MULTILINE)
    # Cleaning would take away what the next check may use.
    assert sorted([*run, "clean"]) == sorted(phony.split())
