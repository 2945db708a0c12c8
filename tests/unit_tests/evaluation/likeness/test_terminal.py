from __future__ import annotations

import re
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from tests.unit_tests.evaluation.likeness.reports import (
    QUOTED,
    example_report,
    refused_report,
)
from tests.unit_tests.hostile import HOSTILE, raw_in


def cells(line: str) -> list[str]:
    return re.split(r"\s{2,}", line.strip())


def test_verdicts_come_first_then_the_table_then_what_it_rests_on() -> None:
    lines = str(example_report()).splitlines()
    assert lines[0].startswith("base is no nearer to you than a friend: voice -2.61 (-3.10 to")
    rows = {row[0]: row[1:] for row in map(cells, lines)}
    assert rows["base"] == ["retrieval", "tuned", "you"]
    assert rows["voice: friends 0, you 1"] == ["-2.61", "0.55", "1.01", "1.00"]
    assert rows["at most"] == ["-2.20", "0.71", "1.13", "1.21"]
    assert rows["letters of the median reply"] == ["31"] * 4
    assert lines[-2].startswith("The scale measures voice, not sense")
    assert not any(quoted in "\n".join(lines) for quoted in QUOTED)


def test_more_than_three_models_stand_in_blocks_each_beside_the_persona() -> None:
    report = example_report()
    models = [replace(report.models[0], name=f"model {n}") for n in range(7)]
    text = str(replace(report, models=tuple(models)))
    heads = [cells(line) for line in text.splitlines() if line.endswith("you") and "  " in line]
    names = [f"model {n}" for n in range(7)]
    assert heads == [[*names[:3], "you"], [*names[3:6], "you"], [names[6], "you"]]


def test_names_that_begin_alike_are_told_apart() -> None:
    report = example_report()
    names = ("a-model-of-that-shop tuned", "a-model-of-that-shop", "base")
    models = [replace(report.models[0], name=name) for name in names]
    head = str(replace(report, models=tuple(models))).split("\n\n")[1].splitlines()
    assert [line.split() for line in head[:3]] == [
        ["a-model-", "a-model-"],
        ["of-that-", "of-that-"],
        ["shop", "tuned", "shop", "base", "you"],
    ]


def test_what_has_no_figure_is_a_dash() -> None:
    lines = str(refused_report()).splitlines()
    rows = {row[0]: row[1:] for row in map(cells, lines)}
    assert rows["voice: friends 0, you 1"] == ["-", "-", "-"]
    assert rows["told apart: .5 never, 1 always"] == ["-", "0.40", "-"]
    assert "nan" not in str(refused_report())


@given(st.lists(st.text(max_size=60), max_size=7))
def test_lines_fit_a_terminal(names: list[str]) -> None:
    report = example_report()
    models = tuple(replace(report.models[0], name=name) for name in names)
    assert max(map(len, str(replace(report, models=models)).splitlines())) <= 80


def test_names_steer_no_terminal() -> None:
    report = example_report()
    for name in HOSTILE.values():
        assert not raw_in(str(replace(report, models=(replace(report.models[0], name=name),))))
