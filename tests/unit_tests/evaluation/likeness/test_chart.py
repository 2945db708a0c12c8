from __future__ import annotations

import re
from itertools import pairwise
from math import nan
from xml.etree.ElementTree import fromstring

import pytest
from hypothesis import given
from hypothesis import strategies as st

from langchain_fbmessenger.evaluation.likeness.chart import (
    friends_labels,
    levels,
    line_scale,
    place_row,
    told_apart_row,
    told_apart_scale,
)
from langchain_fbmessenger.evaluation.likeness.placing import Place

NO_FRIENDS: tuple[Place, ...] = ()


def of_class(svg: str, kind: str) -> list[dict[str, str]]:
    elements = fromstring(svg).iter()  # noqa: S314 - it is our own
    return [one.attrib for one in elements if one.get("class") == kind]


def test_a_place_is_a_point_on_its_interval() -> None:
    svg = place_row(Place(0.5, 0.0, 1.0), [Place(0.0, -0.1, 0.1)], label="tuned")
    assert [point["cx"] for point in of_class(svg, "point")] == ["50.0%"]
    assert [(one["x1"], one["x2"]) for one in of_class(svg, "interval")] == [("26.0%", "74.0%")]
    assert [one["x1"] for one in of_class(svg, "friend")] == ["26.0%"]
    assert "<title>tuned: 0.50, with 90 % certainty between 0.00 and 1.00</title>" in svg


@pytest.mark.parametrize(("p", "at"), [(-2.61, "2.0%"), (3.11, "98.0%")])
def test_a_place_off_the_line_is_an_arrow_with_its_number(p: float, at: str) -> None:
    svg = place_row(Place(p, p - 0.1, p + 0.1), NO_FRIENDS, label="base")
    assert "<circle" not in svg
    assert of_class(svg, "interval") == []
    assert f'<svg x="{at}"' in svg
    assert f">{p:.2f}</text>" in svg


def test_an_interval_that_leaves_the_line_ends_where_the_line_does() -> None:
    (interval,) = of_class(place_row(Place(0.9, -4.0, 9.0), NO_FRIENDS, label="x"), "interval")
    assert (interval["x1"], interval["x2"]) == ("2.0%", "98.0%")


@pytest.mark.parametrize("at", [None, Place(nan, nan, nan)])
def test_no_place_is_no_point(at: Place | None) -> None:
    svg = place_row(at, NO_FRIENDS, label="x")
    assert of_class(svg, "point") == []
    assert "<title>x: no figure</title>" in svg


def test_bars_begin_at_chance_and_end_at_the_figure() -> None:
    svg = told_apart_row(0.75, own=0.55, label="tuned", others=[0.8, nan])
    (bar,), (band,), (own,) = (of_class(svg, kind) for kind in ("model", "band", "own"))
    assert (bar["x"], bar["width"]) == ("2.0%", "48%")
    assert band["width"] == "28.8%"  # as far as a tenth above the own halves
    assert own["x1"] == "11.6%"
    assert len(of_class(svg, "friend")) == 1


def test_a_figure_below_chance_is_a_bar_of_no_length() -> None:
    assert of_class(told_apart_row(0.4, own=0.5, label="x"), "model")[0]["width"] == "0%"


def test_without_figures_there_is_no_bar() -> None:
    svg = told_apart_row(nan, own=nan, label="x")
    assert [of_class(svg, kind) for kind in ("model", "band", "own")] == [[], [], []]


def test_labels_that_would_touch_stand_above_each_other() -> None:
    assert levels({"AB": 0.0, "CD": 0.5}) == {"AB": 0, "CD": 0}
    assert levels({"AB": 0.0, "CD": 0.01, "EF": 0.02}) == {"AB": 0, "CD": 1, "EF": 2}
    # One beyond an end is written towards the middle.
    assert levels({"AB": 1.21, "CDEFG": 1.6}) == {"AB": 0, "CDEFG": 1}
    assert levels({"ABCDE": -0.6, "FG": -0.38}) == {"ABCDE": 0, "FG": 1}


def test_labels_without_room_are_left_out_but_their_ticks_stay() -> None:
    friends = {f"F {n}": Place(n / 1000, 0.0, 0.1) for n in range(30)}
    svg = friends_labels(friends)
    assert len(of_class(svg, "friend")) == 30
    assert len(re.findall("<text", svg)) == 6
    assert "F 29 0.03" in svg  # all are said to those who hear the page


@given(st.dictionaries(st.text("AB é山", min_size=1, max_size=4), st.floats(-3, 3), max_size=9))
def test_labels_of_one_level_never_touch(places: dict[str, float]) -> None:
    at_level = levels(places)
    for level in {*at_level.values()}:
        drawn = sorted(
            2 + 48 * (min(max(places[name], -0.5), 1.5) + 0.5)
            for name, its in at_level.items()
            if its == level
        )
        for left, right in pairwise(drawn):
            assert right - left > 2


# XML, which is stricter than HTML, forbids these two.
TEXT = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\ufffe\uffff"), max_size=20
)


@given(TEXT, st.floats(), st.floats(), st.floats())
def test_all_is_well_formed(label: str, p: float, low: float, high: float) -> None:
    at = Place(p, low, high)
    for svg in (
        place_row(at, [at], label=label),
        friends_labels({label: at}),
        told_apart_row(p, own=low, label=label, others=[high]),
        line_scale(),
        told_apart_scale(),
    ):
        assert "nan" not in svg.partition("</title>")[2]
        fromstring(svg)  # noqa: S314 - our own
