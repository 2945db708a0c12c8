"""Each verdict is earned by its figures, in the order in which they are looked at."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from langchain_fbmessenger import LikenessReport, UnknownRowError
from langchain_fbmessenger.evaluation import LikenessBasis, ModelLikeness
from langchain_fbmessenger.evaluation.likeness.placing import Place
from langchain_fbmessenger.evaluation.likeness.report import judged
from langchain_fbmessenger.evaluation.likeness.rows import Rows
from langchain_fbmessenger.evaluation.likeness.verdict import VERDICTS, missing_for_verdict

OWN = Rows(0.95, 0.02, 0.4, 0.05, 0.05, 0.1, 30)
BASIS = LikenessBasis(
    own=300,
    conversations=60,
    friends={"MD": Place(0.3, 0.2, 0.4), "ZB": Place(-0.3, -0.4, -0.2)},
    large_friends=6,
    friends_told_apart={"MD": 0.8, "ZB": 0.9},
    auc={1: 0.7, 20: 0.97},
    auc_of_parts={"characters": 0.95, "style": 0.93},
    own_half=Place(1.0, 0.8, 1.2),
    own_told_apart=0.52,
    rows=OWN,
    negatives=120,
)
MODEL = ModelLikeness(
    name="tuned",
    asked=300,
    failed=0,
    voice=Place(1.0, 0.9, 1.1),
    cold=None,
    warm=None,
    told_apart=0.55,
    rows=OWN,
)


def verdict(
    basis: dict[str, Any] | None = None, rows: dict[str, Any] | None = None, **model: Any
) -> str:
    given = replace(MODEL, rows=replace(OWN, **(rows or {})), **model)
    return judged(given, replace(BASIS, **(basis or {}))).verdict


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "writes like you"),
        ({"rows": {"different": 0.7}}, "repeats"),
        ({"rows": {"commonest": 0.13}}, "repeats"),
        ({"rows": {"whole_copies": 0.2}}, "recites"),
        ({"rows": {"different": 0.7, "whole_copies": 0.2}}, "repeats"),
        ({"told_apart": 0.7}, "marks"),
        ({"told_apart": float("nan")}, "marks"),
        ({"voice": Place(1.5, 1.3, 1.7)}, "overdone"),
        ({"voice": Place(1.1, 0.9, 1.3)}, "near"),
        ({"voice": Place(0.9, 0.7, 1.1)}, "near"),
        ({"voice": Place(0.5, 0.4, 0.6)}, "between"),
        ({"voice": Place(0.2, 0.1, 0.3)}, "no nearer"),
        ({"voice": Place(-3.0, -4.0, -2.0)}, "no nearer"),
        ({"voice": None}, "refused"),
        ({"missing": ("it failed at 40 of 300 prompts",)}, "refused"),
        ({"basis": {"missing": ("too little",)}}, "refused"),
    ],
)
def test_verdicts(changes: dict[str, Any], expected: str) -> None:
    assert verdict(**changes) == expected
    assert expected in VERDICTS


def test_nothing_is_missing_of_enough() -> None:
    assert missing_for_verdict(BASIS) == []


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"own": 199}, "199 held-out answers of 200"),
        ({"conversations": 1}, "1 conversation of 20"),
        ({"large_friends": 3}, "3 friends with 100 messages of 4"),
        ({"auc": {20: 0.89}}, "0.89"),
        ({"auc": {20: float("nan")}}, "too few texts to see whether 20"),
        ({"auc": None}, "no scale"),
        ({"own_half": Place(1, 0.6, 1.3)}, "0.70"),
        ({"own_half": None}, "none"),
        ({"friends": {"MD": Place(0.75, 0.5, 1)}}, "0.75"),
    ],
)
def test_what_is_missing_is_said_with_its_number(changes: dict[str, Any], told: str) -> None:
    (reason,) = missing_for_verdict(replace(BASIS, **changes))
    assert told in reason


def test_a_report_finds_its_models() -> None:
    report = LikenessReport(BASIS, (MODEL,))
    assert report.model("tuned") is MODEL
    with pytest.raises(UnknownRowError, match="'tuned'"):
        report.model("base")


def test_numbers_that_are_none_are_null_in_json() -> None:
    told = LikenessReport(BASIS, (replace(MODEL, told_apart=float("nan")),)).to_dict()
    assert told["models"][0]["told_apart"] is None


def test_a_friend_who_is_hardly_known_does_not_stand_near_by_chance() -> None:
    known, hardly = Place(0.8, 0.6, 1.0), Place(0.8, 0.4, 1.2)
    friends = {**BASIS.friends, "AL": known}
    assert any("a friend stands at 0.80" in it for it in missing_for_verdict(_with(friends)))
    assert missing_for_verdict(_with({**BASIS.friends, "AL": hardly})) == []
    assert verdict({"friends": {"AL": hardly}}) == "writes like you"


def _with(friends: dict[str, Place]) -> LikenessBasis:
    return replace(BASIS, friends=friends)
