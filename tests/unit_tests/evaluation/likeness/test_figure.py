from __future__ import annotations

import sys
from dataclasses import replace
from io import BytesIO
from typing import Any

import pytest

from langchain_fbmessenger import MissingExtraError
from langchain_fbmessenger.evaluation.likeness.figure import plot_report
from langchain_fbmessenger.evaluation.likeness.placing import Place
from tests.unit_tests.evaluation.likeness.reports import example_report, refused_report


def markers(axes: Any, kinds: str) -> list[tuple[float, float]]:
    lines = [line for line in axes.get_lines() if line.get_marker() in {*kinds}]
    return [(float(x), float(y)) for line in lines for x, y in zip(*line.get_data(), strict=True)]


def test_each_model_is_a_row_from_the_friends_to_the_persona() -> None:
    pytest.importorskip("matplotlib")
    axes = example_report().plot()
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert names == ["your friends", "you, one half", "base", "retrieval", "tuned"]
    assert markers(axes, "o") == [(1.02, 1.0), (0.55, 3.0), (1.01, 4.0)]
    assert markers(axes, "<") == [(-0.5, 2.0)]
    assert markers(axes, ">") == []
    said = [text.get_text() for text in axes.texts]
    assert sorted(said) == ["-2.61", "AO", "AO 2", "MN", "ZM", "ع ب"]
    assert len(markers(axes, "|")) == 5 * 5  # a tick for each friend in each row


def test_it_is_drawn_where_it_is_asked_to() -> None:
    figure = pytest.importorskip("matplotlib.figure").Figure()
    axes = figure.subplots()
    assert plot_report(example_report(), axes) is axes
    figure.savefig(BytesIO())


def test_names_are_no_formulas_and_long_ones_are_folded() -> None:
    pytest.importorskip("matplotlib")
    report = example_report()
    names = ("$\\frac{$", "a model of a very long name, longer than others", "\x1b[2J")
    models = [replace(report.models[2], name=name) for name in names]
    axes = plot_report(replace(report, models=tuple(models)))
    axes.figure.savefig(BytesIO())
    shown = [label.get_text() for label in axes.get_yticklabels()][2:]
    assert shown == ["$\\frac{$", "a model of a very long\nname, longer than others", "�[2J"]


def test_without_a_scale_the_rows_are_empty() -> None:
    pytest.importorskip("matplotlib")
    axes = plot_report(refused_report())
    assert [label.get_text() for label in axes.get_yticklabels()][1:] == ["base", "tuned"]
    assert markers(axes, "o<>|") == []


def test_refused_models_are_hollow() -> None:
    pytest.importorskip("matplotlib")
    report = refused_report()
    placed = replace(report.models[0], voice=Place(0.5, 0.2, 0.8))
    axes = plot_report(replace(report, models=(placed,)))
    (face,) = (line.get_markerfacecolor() for line in axes.get_lines() if line.get_marker() == "o")
    assert face == "white"


def test_without_matplotlib_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(MissingExtraError, match=r"langchain-fbmessenger\[plot\]"):
        plot_report(example_report())
