"""Names of people outside the export: how many are found in chat lines, and what else is taken.

Reads the labelled lines of `privacy_lines/outside/`, and those of `privacy_lines/`, which name
(nearly) nobody outside: what is found there is a false alarm. A label is found if every letter and
digit of it is within findings. Run this file: `--misses` shows what was not found or wrong in the
lines for development, `--write` puts the figures of the lines that are held out where the package
and its docs take them from (`langchain_fbmessenger/privacy/preview/measured.toml`).
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from privacy_lines.chats import mixed_messages
from privacy_lines.labels import FOLDER, OUTSIDE, Line, read_lines, read_people

from langchain_fbmessenger._internal.roster import Person
from langchain_fbmessenger.privacy.findings import OUTSIDE_KINDS, without_overlaps
from langchain_fbmessenger.privacy.identifiers import IdentifierFinder
from langchain_fbmessenger.privacy.names import NameBook
from tests.benchmarks.scale import scaled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from langchain_fbmessenger.privacy.findings import Finding, TextFinder

MEASURED = (
    Path(__file__).parents[2] / "langchain_fbmessenger" / "privacy" / "preview" / "measured.toml"
)
GROUPS = {  # of labels, as the docs name them
    "given": "given names",
    "full": "full names",
    "inflected": "inflected given names",
    "short": "short forms and nicknames",
    "family": "family names alone",
    "handle": "user names",
}
MESSAGES, ROUNDS = scaled(200_000, least=1000), scaled(3)


class Tally:
    """Counts of labels and findings."""

    def __init__(self) -> None:
        self.labels: Counter[str] = Counter()
        self.found: Counter[str] = Counter()
        self.findings = 0
        self.right = 0
        self.clean_lines = 0
        self.clean_lines_changed = 0

    def saw(self, line: Line, findings: list[Finding]) -> Iterator[str]:
        """Count a line; give what was missed and what is wrong."""
        outside = [label for label in line.labels if label.kind.startswith("out-")]
        covered = {place for one in findings for place in range(one.start, one.end)}
        for label in outside:
            group = label.kind.removeprefix("out-")
            letters = {n for n in range(label.start, label.end) if line.text[n].isalnum()}
            self.labels[group] += 1
            self.found[group] += letters <= covered
            if not letters <= covered:
                yield f"missed {label.kind}: {label.span!r} in {line.text!r}"
        is_wrong = False
        for one in [one for one in findings if one.kind in OUTSIDE_KINDS]:
            # A user name of somebody in the export may hold more than the name in it.
            right = line.labels if one.kind == "handle" else outside
            is_right = any(one.start < label.end and label.start < one.end for label in right)
            self.findings += 1
            self.right += is_right
            is_wrong |= not is_right
            if not is_right:
                yield f"wrong {one.kind}: {line.text[one.start : one.end]!r} in {line.text!r}"
        if not outside:
            self.clean_lines += 1
            self.clean_lines_changed += is_wrong

    def add(self, other: Tally) -> None:
        """Add another's counts."""
        self.labels.update(other.labels)
        self.found.update(other.found)
        self.findings += other.findings
        self.right += other.right
        self.clean_lines += other.clean_lines
        self.clean_lines_changed += other.clean_lines_changed


def finders(language: str, folder: str) -> list[TextFinder]:
    """Return what finds identifiers and names in a language's lines, its people known."""
    book = NameBook(Path(folder) / f"{language}.key")
    people = read_people(language)
    book.learn(Person(person.name) for person in people)
    nicknames = tuple((p.name, nickname) for p in people for nickname in p.nicknames)
    return [IdentifierFinder(), book.finder(nicknames, unknown=True)]


def tallies(split: str) -> dict[str, Tally]:
    """Return the counts of a half by language, with the lines that name nobody outside."""
    found: dict[str, Tally] = {}
    with tempfile.TemporaryDirectory() as folder:
        for path in sorted(OUTSIDE.glob(f"*.{split}.txt")):
            language = path.name.split(".")[0]
            tally = found[language] = Tally()
            used = finders(language, folder)
            others = FOLDER / path.name
            for file in (path, *([others] if others.exists() else [])):
                for line in read_lines(file):
                    findings = without_overlaps(f for one in used for f in one.find(line.text))
                    for wrong in tally.saw(line, findings):
                        if "--misses" in sys.argv and split == "dev":
                            print(f"{file.parent.name}/{file.stem} {line.number}: {wrong}")
    return found


def whole(parts: dict[str, Tally]) -> Tally:
    """Return the counts of all languages."""
    total = Tally()
    for part in parts.values():
        total.add(part)
    return total


def share(part: int, of: int) -> str:
    """Return a share in percent; a dash of nothing."""
    return f"{part / of:.0%}" if of else "-"


def print_outside() -> dict[str, Tally]:
    """Print recall by kind, and false alarms, per half and language; return those held out."""
    found: dict[str, Tally] = {}
    for split in ("dev", "test"):
        found = tallies(split)
        print(f"\n{split}: names of people outside the export, found of those there are")
        print(
            f"{'':8}",
            *(f"{group:>13}" for group in GROUPS),
            "  precision  lines changed by mistake",
        )
        for language, tally in [*found.items(), ("all", whole(found))]:
            cells = (
                f"{tally.found[g]:4} of {tally.labels[g]:3}" if tally.labels[g] else "-"
                for g in GROUPS
            )
            precision = share(tally.right, tally.findings)
            vain = f"{tally.clean_lines_changed} of {tally.clean_lines}"
            print(f"{language:8}", *(f"{cell:>13}" for cell in cells), f"{precision:>11}  {vain}")
    return found


def print_speed() -> None:
    """Print how many messages a second are looked at for names alone, on one core."""
    with tempfile.TemporaryDirectory() as folder:
        book = NameBook(Path(folder) / "speed.key")
        book.learn(map(Person, ("Milo Dvořák", "Zoë Ångström", "Al Novák")))
        texts = mixed_messages(MESSAGES)
        print(f"\n{MESSAGES:,} invented messages: names, messages/s, best of {ROUNDS}, one core")
        for option in ("keep", "replace"):
            find = book.finder(unknown=option == "replace").find
            seconds = min(_seconds(find, texts) for _ in range(ROUNDS))
            print(f"{option:8} {MESSAGES / seconds:10,.0f}")


def _seconds(find: Callable[[str], object], texts: list[str]) -> float:
    started = time.perf_counter()
    for text in texts:
        find(text)
    return time.perf_counter() - started


def write(found: dict[str, Tally]) -> None:
    """Put the figures of the lines that are held out where the package takes them from."""
    total = whole(found)
    lines = [
        "# Written by tests/benchmarks/privacy_outside.py --write: what was measured last, in",
        "# lines that nobody looked at while the rules were made.",
        "",
        f"precision = {{ found = {total.right}, of = {total.findings} }}",
        f"in_vain = {{ found = {total.clean_lines_changed}, of = {total.clean_lines} }}",
        "",
        "[recall]",
        *(f'"{GROUPS[g]}" = {_rate(total.found[g], total.labels[g])}' for g in GROUPS),
        "",
        "[languages]",
    ]
    lines += [
        f'"{language}" = {_rate(sum(tally.found.values()), sum(tally.labels.values()))}'
        for language, tally in found.items()
    ]
    MEASURED.write_text("\n".join([*lines, ""]), encoding="utf-8")


def _rate(found: int, of: int) -> str:
    return f"{{ found = {found}, of = {of} }}"


if __name__ == "__main__":
    held_out = print_outside()
    if "--write" in sys.argv:
        write(held_out)
    elif "--misses" not in sys.argv:
        print_speed()
