"""What holds for all files of the repository: which addresses they name, and what is run."""

from __future__ import annotations

import re
from pathlib import Path

import langchain_fbmessenger

PACKAGE = Path(langchain_fbmessenger.__file__).parent
ROOT = Path(__file__).parents[2]
TEXTS = {".py", ".md", ".toml", ".txt", ".yml", ".json", ".html", ".cfg", ""}
# Put together, so that this file names none of them.
INDEX_HOSTS = ["py" + "pi.org", "python" + "hosted.org", "registry.npm" + "js.org"]


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


def test_every_target_of_the_makefile_is_run_on_a_clean_checkout() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    (phony,) = re.findall(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)
    run = re.findall(r"^make (\S+)", (ROOT / ".ci/run").read_text(encoding="utf-8"), re.MULTILINE)
    # Cleaning would take away what the next check may use.
    assert sorted([*run, "clean"]) == sorted(phony.split())
