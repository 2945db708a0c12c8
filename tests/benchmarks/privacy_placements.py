"""How many identifiers are found beside words of a script: kind by script, found of placed.

An identifier is found if a finding of its kind covers all of it. Run this file; with
`PYTHONPATH=FOLDER` it measures the package in another folder.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[2]))

from langchain_fbmessenger.privacy import find_identifiers
from tests.unit_tests.privacy.identifiers.placements import (
    FINDINGS,
    VALUES,
    WORDS,
    Placed,
    placements,
)


def is_found(one: Placed) -> bool:
    """Tell whether an identifier is found whole."""
    kind = FINDINGS.get(one.kind, one.kind)
    return any(
        found.kind == kind and found.start <= one.start and one.end <= found.end
        for found in find_identifiers(one.text)
    )


def main() -> None:
    """Print the table."""
    print(f"| kind | {' | '.join(WORDS)} |")
    print(f"|---{'|---' * len(WORDS)}|")
    for kind in VALUES:
        row = []
        for script in WORDS:
            found = [is_found(one) for one in placements(kind, script)]
            row.append(f"{sum(found)}/{len(found)}")
        print(f"| {kind} | {' | '.join(row)} |")


if __name__ == "__main__":
    main()
