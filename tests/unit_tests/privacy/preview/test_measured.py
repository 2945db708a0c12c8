"""The figures of what is found: one table, which the docs repeat and nobody copies by hand."""

from __future__ import annotations

from pathlib import Path

from langchain_fbmessenger.privacy.preview.wording import MISSED_OUTSIDE, Rate, measured

DOCS = Path(__file__).parents[4] / "docs" / "privacy.md"


def test_the_docs_tell_what_was_measured() -> None:
    told = measured()
    docs = DOCS.read_text(encoding="utf-8")
    for what, rate in told.recall.items():
        assert f"| {what} | {rate.found} of {rate.of} | {rate} |" in docs
    for language, rate in told.languages.items():
        assert f"{language} {rate}" in docs
    assert f"{told.in_vain.found} of {told.in_vain.of:,} lines" in docs
    assert f"{told.precision.found} of {told.precision.of} findings" in docs
    assert " ".join(MISSED_OUTSIDE.split()) in " ".join(docs.split())


def test_rates_are_shares() -> None:
    told = measured()
    for rate in (told.precision, told.in_vain, *told.recall.values(), *told.languages.values()):
        assert 0 <= rate.found <= rate.of
    assert str(Rate(found=1, of=3)) == "33%"
    assert str(Rate(found=0, of=0)) == "-"
    assert sum(rate.of for rate in told.recall.values()) == sum(
        rate.of for rate in told.languages.values()
    )
