from __future__ import annotations

from math import inf, nan

import pytest

from langchain_fbmessenger.evaluation.likeness.notation import is_figure, row_figure, span, two
from langchain_fbmessenger.evaluation.likeness.placing import Place
from tests.unit_tests.evaluation.likeness.reports import OWN


@pytest.mark.parametrize("value", [None, nan, inf, -inf])
def test_what_is_no_number_is_a_dash(value: float | None) -> None:
    assert not is_figure(value)
    assert two(value) == "-"


def test_a_place_is_a_number_with_its_interval() -> None:
    assert span(Place(0.961, 0.8, 1.149)) == "0.96 (0.80 to 1.15)"
    assert span(Place(1.0, nan, nan)) == "1.00 (- to -)"
    assert span(Place(nan, nan, nan)) == span(None) == "-"


def test_figures_beside_the_scale_are_in_units_that_are_read() -> None:
    shown = {key: row_figure(key, OWN) for key in ("different", "compressed", "letters")}
    assert shown == {"different": "97%", "compressed": "0.41", "letters": "31"}
    assert row_figure("letters", None) == "-"
