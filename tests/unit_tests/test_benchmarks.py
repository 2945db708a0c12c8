"""What the benchmark of the road to JSONL says: the same work on both sides, honest tables."""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.benchmarks import export_to_jsonl
from tests.benchmarks.bulk_exports import write_bulk, write_one_thread, write_plain
from tests.benchmarks.export_to_jsonl_child import SIDES
from tests.benchmarks.figures import TARGETS, table
from tests.hypothesis_profiles import profile_examples

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
VERDICTS = ("no", "gate", "aim")


@given(
    messages=st.integers(1, 300),
    write=st.sampled_from([write_bulk, write_plain, write_one_thread]),
)
@settings(max_examples=profile_examples(2 / 3))
def test_the_bare_loop_writes_the_bytes_of_our_pipeline(messages: int, write: object) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        write(folder / "export", messages)  # type: ignore[operator]
        counts = {
            side: SIDES[side]()(str(folder / "export"), str(folder / side))
            for side in ("floor", "merge")
        }
        assert counts["floor"] == counts["merge"]
        assert (folder / "floor").read_bytes() == (folder / "merge").read_bytes()


@given(key=st.sampled_from(sorted(TARGETS)), figures=st.tuples(*[st.floats(0, 1e6)] * 2))
def test_a_better_figure_is_never_said_to_have_reached_less(
    key: str, figures: tuple[float, float]
) -> None:
    target = TARGETS[key]
    worse, better = sorted(figures, reverse=not target.more)
    assert VERDICTS.index(target.reached(worse)) <= VERDICTS.index(target.reached(better))
    assert target.reached(target.aim) == "aim"
    assert target.reached(target.gate) != "no"


@given(cells=st.lists(st.tuples(*[st.text("aé÷ ", max_size=9)] * 3), max_size=5))
def test_the_rows_of_a_table_are_as_long_as_its_head(cells: list[tuple[str, str, str]]) -> None:
    lines = table(("", "one", "two"), cells).split("\n")
    assert len(lines) == len(cells) + 2
    assert {(len(line), line.count("|")) for line in lines} == {(len(lines[0]), 4)}


@pytest.mark.parametrize(("scale", "is_written"), [(0.5, False), (1.0, True)])
def test_only_a_run_at_full_scale_is_written_down(
    scale: float, is_written: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def sections(bench: export_to_jsonl.Bench, _: str) -> Iterator[tuple[str, str]]:
        bench.figures["pages"] = 31_000
        yield "Other formats", "| a table |"

    docs = tmp_path / "benchmarks.md"
    monkeypatch.setattr(export_to_jsonl, "DOCS", docs)
    monkeypatch.setattr(export_to_jsonl, "SCALE", scale)
    monkeypatch.setattr(export_to_jsonl, "sections", sections)
    monkeypatch.setattr(sys, "argv", ["export_to_jsonl.py"])
    export_to_jsonl.main()
    assert docs.exists() is is_written
    if is_written:
        text = docs.read_text(encoding="utf-8")
        assert "31,000" in text
        assert "## Other formats\n\n| a table |\n" in text
        assert not any(str(path) in text for path in (ROOT, Path.home(), tmp_path))
