from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from langchain_fbmessenger.privacy.findings import Finding, replaced, without_overlaps


def test_replacements_stand_where_the_findings_were() -> None:
    text = "call Milo at 601 234 567!"
    findings = [Finding(5, 9, "name", "Tomas"), Finding(13, 24, "phone", "[phone]")]
    assert replaced(text, findings) == "call Tomas at [phone]!"
    assert replaced(text, []) == text
    assert replaced("Milo", [Finding(0, 4, "name", "")]) == ""


def test_of_two_that_overlap_the_earlier_given_is_kept() -> None:
    email = Finding(0, 10, "email", "[email]")
    name = Finding(2, 4, "name", "Tomas")
    after = Finding(10, 12, "name", "Lea")
    assert without_overlaps([email, name, after]) == [email, after]
    assert without_overlaps([after, name, email]) == [name, after]


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(1, 8)), max_size=20))
def test_no_two_that_are_kept_overlap_and_none_is_left_out_without_a_reason(spans: list) -> None:
    given_findings = [Finding(s, s + n, "name", "x") for s, n in spans]
    kept = without_overlaps(given_findings)
    assert kept == sorted(kept)
    assert all(one.end <= other.start for one, other in pairwise(kept))
    for found in given_findings:
        assert found in kept or any(k.start < found.end and found.start < k.end for k in kept)
