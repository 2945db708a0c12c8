from __future__ import annotations

import pytest

from langchain_fbmessenger.evaluation import Rate


@pytest.mark.parametrize(
    ("hits", "of", "low", "high"),
    # By scipy.stats.binomtest(hits, of).proportion_ci(method="wilson").
    [
        (0, 10, 0.0, 0.2775),
        (1, 10, 0.0179, 0.4042),
        (5, 10, 0.2366, 0.7634),
        (10, 10, 0.7225, 1.0),
        (3, 200, 0.0051, 0.0432),
    ],
)
def test_the_interval_is_wilsons(hits: int, of: int, low: float, high: float) -> None:
    assert Rate(hits, of).interval == pytest.approx((low, high), abs=1e-4)


def test_nothing_counted_is_no_rate() -> None:
    assert (Rate(0, 0).value, Rate(0, 0).interval, str(Rate(0, 0))) == (None, (0.0, 1.0), "-")


def test_it_is_shown_with_counts_and_interval() -> None:
    assert str(Rate(1, 10)) == "1/10  10% (2% to 40%)"
