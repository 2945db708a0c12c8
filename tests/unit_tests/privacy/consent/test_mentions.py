"""Where texts mention people who are left out."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from langchain_fbmessenger.privacy.consent.mentions import MentionFinder, NamesLeftOut
from langchain_fbmessenger.privacy.findings import replaced

NAMES = ["Milo Dvořák", "Vincent van Gogh", "J", "🦄", "李 小龙", "al"]
KEPT = ["Milo Novák", "Zoë Ångström"]
FINDER = MentionFinder(NamesLeftOut(NAMES, KEPT), ["Captain", "Sweet Pea", "🐌"])


def without(text: str) -> str:
    return replaced(text, FINDER.find(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Milo Dvořák came", "[someone] came"),
        ("Dvořák Milo came", "[someone] came"),
        ("milo dvorak came", "[someone] came"),
        ("Milo came, Dvořák too", "[someone] came, [someone] too"),
        ("MILO!", "[someone]!"),
        ("hey Dvor\u030ca\u0301k", "hey [someone]"),
        ("ask @milo", "ask @[someone]"),
        ("Milo's tent", "[someone]'s tent"),
        ("Milo Novák stays", "Milo Novák stays"),
        ("Milo and Milo Novák", "[someone] and Milo Novák"),
        ("Gogh, a van and Vincent van Gogh", "[someone], a van and [someone]"),
        ("and Al is here, all of him", "and [someone] is here, all of him"),
        ("J is one letter", "J is one letter"),
        ("a 🦄, a 🐌, @🦄 and @🐌", "a 🦄, a 🐌, @[someone] and @[someone]"),
        ("小龙来了 and 小龙 too", "[someone]来了 and [someone] too"),
        ("ok Captain, sweet pea", "ok [someone], [someone]"),
        ("the captain of a ship", "the captain of a ship"),
        ("milovat Milolog", "milovat Milolog"),
        ("milo went home", "[someone] went home"),
        (
            "řekla jsem Milovi, i když Dvořákovi nevěřím",
            "řekla jsem [someone], i když [someone] nevěřím",
        ),
        ("Miloo, pojď", "[someone], pojď"),
        ("facebook.com/milo.dvorak", "facebook.com/[someone].[someone]"),
        ("", ""),
    ],
)
def test_mentions_become_someone(text: str, expected: str) -> None:
    assert without(text) == expected


@given(st.text(alphabet="MiloDvřák JN🦄@'-李小", max_size=40))
def test_findings_stand_in_order_and_nothing_else_changes(text: str) -> None:
    findings = FINDER.find(text)
    assert all(a.end <= b.start for a, b in pairwise(findings))
    changed = without(text)
    assert without(changed) == changed
