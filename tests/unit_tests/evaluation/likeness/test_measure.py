"""The figures of docs/likeness.md, reproduced on authors of known overlap."""

from __future__ import annotations

import json
import random
from functools import cache
from statistics import mean
from typing import Any

import pytest
from threadpoolctl import threadpool_limits

from langchain_fbmessenger import InvalidInputError, LikenessReport, measure_likeness
from langchain_fbmessenger.evaluation.likeness.material import checked_material
from langchain_fbmessenger.evaluation.likeness.measure import report_on
from langchain_fbmessenger.evaluation.likeness.placing import pooled_auc
from langchain_fbmessenger.evaluation.likeness.voice import voice_scores
from tests.unit_tests.evaluation.likeness.authors import CONVERSATIONS, measured, texts

MODELS = (
    "later", "stranger", "half", "bland", "copies", "collapse", "half collapse", "signed",
)  # fmt: skip


@cache
def report() -> LikenessReport:
    found: LikenessReport = measured(*MODELS)
    return found


def voice(name: str) -> float:
    place = report().model(name).voice
    assert place is not None
    return place.p


def test_own_later_words_stand_at_one() -> None:
    assert 0.7 < voice("later") < 1.3
    assert report().model("later").verdict == "writes like you"


def test_somebody_never_seen_stands_among_the_friends() -> None:
    assert -0.4 < voice("stranger") < 0.4
    assert report().model("stranger").verdict == "no nearer"


def test_half_and_half_stands_in_the_middle() -> None:
    assert 0.25 < voice("half") < 0.75
    assert report().model("half").verdict == "between"


def test_text_unlike_any_human_stands_below_the_friends() -> None:
    assert voice("bland") < -0.5
    assert report().model("bland").verdict == "no nearer"


@pytest.mark.parametrize(
    ("model", "verdict"),
    [("copies", "recites"), ("collapse", "repeats"), ("half collapse", "repeats")],
)
def test_what_the_scale_rewards_is_seen_by_the_rows_beside_it(model: str, verdict: str) -> None:
    assert report().model(model).verdict == verdict


def test_copies_are_not_above_the_persona() -> None:
    assert voice("copies") < 1.3


def test_hanging_her_marks_behind_bland_text_does_not_make_a_persona() -> None:
    signed = report().model("signed")
    assert signed.verdict == "no nearer"
    assert signed.told_apart > 0.95


def test_no_friend_stands_near_the_persona() -> None:
    places = [place.p for place in report().basis.friends.values()]
    assert len(places) == 8
    assert max(places) < 0.5
    assert abs(mean(places)) < 0.05  # the friends are the origin


def test_known_authors_are_told_by_twenty_messages() -> None:
    auc = report().basis.auc
    assert auc is not None
    assert 0.6 < auc[1] < auc[5] < auc[20]
    assert auc[20] > 0.9
    assert all(figure > 0.85 for figure in report().basis.auc_of_parts.values())


def test_the_persona_s_own_halves_are_not_told_apart() -> None:
    assert 0.4 < report().basis.own_told_apart < 0.6
    half = report().basis.own_half
    assert half is not None
    assert 0.7 < half.p < 1.3
    assert half.low < 1 < half.high


def test_models_are_told_apart_by_how_different_they_are() -> None:
    figures = [report().model(name).told_apart for name in ("later", "half", "stranger", "bland")]
    assert figures == sorted(figures)
    assert figures[0] < 0.6
    assert figures[-1] > 0.95


def test_base_then_retrieval_then_tuned() -> None:
    """A model that mixes in more of the persona stands higher: bland, half persona, persona."""
    assert voice("bland") < voice("half") < voice("later")


def test_shuffled_labels_are_chance_on_the_mean_of_twenty() -> None:
    known = texts()
    everybody = [*known["own"], *(text for said in known["friends"].values() for text in said)]
    found = []
    for seed in range(20):
        rng = random.Random(seed)  # noqa: S311
        rng.shuffle(everybody)
        people = [everybody[start : start + 40] for start in range(0, 5 * 40, 40)]
        friends = {f"friend {n}": said for n, said in enumerate(people[1:])}
        material = checked_material({}, people[0], friends, conversations=CONVERSATIONS[:40])
        with threadpool_limits(1):
            scores = voice_scores(material, seed=seed)
        assert scores is not None
        found.append(pooled_auc(scores, 20, seed=seed))
    assert 0.4 < mean(found) < 0.6


def test_authors_who_write_alike_are_refused() -> None:
    found = measured("later", overlap=0.95)
    assert found.model("later").verdict == "refused"
    assert any("20 messages tell you" in reason for reason in found.basis.missing)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"own": 120}, "120 held-out answers of 200"),
        ({"conversations": [row // 40 for row in range(240)]}, "6 conversations of 20"),
        ({"friends": 3}, "3 friends with 100 messages of 4"),
        ({"said": 60}, "0 friends with 100 messages of 4"),
    ],
)
def test_too_little_is_refused_with_the_number(changes: dict[str, Any], reason: str) -> None:
    known = texts()
    rows = changes.get("own", 240)
    friends = dict(list(known["friends"].items())[: changes.get("friends", 8)])
    said = changes.get("said", 150)
    found = measure_likeness(
        {"later": known["later"][:rows]},
        known["own"][:rows],
        {name: turns[:said] for name, turns in friends.items()},
        conversations=changes.get("conversations", CONVERSATIONS)[:rows],
        negatives=known["negatives"],
    )
    assert found.model("later").verdict == "refused"
    assert reason in found.basis.missing
    assert reason in str(found)


def test_the_same_seed_measures_the_same() -> None:
    known = texts()
    friends = {name: said[:40] for name, said in known["friends"].items()}

    def measure(seed: int) -> dict[str, Any]:
        answers = {"half": known["half"][:60]}
        return measure_likeness(answers, known["own"][:60], friends, seed=seed).to_dict()

    first = measure(0)
    assert measure(0) == first
    assert {**measure(1), "seed": 0} != first


def test_no_model_moves_another() -> None:
    alone = measured("later").model("later")
    assert alone == report().model("later")


def test_more_than_a_tenth_of_failures_is_refused() -> None:
    known = texts()
    given = [None if row % 8 == 0 else text for row, text in enumerate(known["later"])]
    found = measure_likeness(
        {"failing": given, "empty": [""] * 240, "whole": known["later"]},
        known["own"],
        known["friends"],
        conversations=CONVERSATIONS,
        negatives=known["negatives"],
    )
    assert found.model("failing").failed == 30
    assert found.model("failing").verdict == "refused"
    assert found.model("empty").voice is None
    assert "it failed at 240 of 240 prompts" in str(found)
    assert found.model("whole").verdict != "refused"


def test_a_friend_who_writes_as_the_persona_is_refused() -> None:
    known = texts()
    friends = {**known["friends"], "Twin": known["past"]}
    found = measure_likeness({}, known["own"], friends, conversations=CONVERSATIONS)
    assert any("a friend stands at" in reason for reason in found.basis.missing)


@pytest.mark.parametrize("script", ["emoji", "japanese", "one letter", "one text", "mixed"])
def test_any_persona_is_measured_or_refused(script: str) -> None:
    rng = random.Random(script)  # noqa: S311
    letters = {
        "emoji": "😂❤️🙈👍😅✨",
        "japanese": "今日は何時に会うかな了解ですよ猫カフェ行った",
        "one letter": "k",
        "one text": "",
        "mixed": "abc дев ابج 今日 ",
    }[script]

    def write(n: int) -> list[str]:
        if not letters:
            return ["ok"] * n
        return [
            "".join(rng.choices(letters, k=rng.randrange(1, 12))).strip() or "k" for _ in range(n)
        ]

    found = measure_likeness(
        {"model": write(40)}, write(40), {f"f{n}": write(30) for n in range(5)}, negatives=write(9)
    )
    assert found.model("model").verdict == "refused"
    assert str(found)
    assert found.to_dict()


@pytest.mark.parametrize(
    ("own", "friends"), [([], {}), (["hi"], {}), (["hi"], {"A": ["ho"]}), ([" "], {"A": [" "]})]
)
def test_next_to_nothing_is_refused(own: list[str], friends: dict[str, list[str]]) -> None:
    found = measure_likeness({"model": list(own)}, own, friends)
    assert found.model("model").verdict == "refused"
    assert any("no scale" in reason for reason in found.basis.missing)


@pytest.mark.parametrize(
    "wrong",
    [
        {"answers": {"secret": ["hi"]}},
        {"conversations": [1]},
        {"cold": [True]},
        {"friends": {"secret": "text"}},
        {"own": ["hi", 3]},
    ],
)
def test_columns_of_another_length_or_type_are_refused(wrong: dict[str, Any]) -> None:
    given: dict[str, Any] = {"answers": {}, "own": ["hi", "ho"], "friends": {}} | wrong
    with pytest.raises(InvalidInputError) as refused:
        measure_likeness(**given)
    assert "secret" not in str(refused.value)


def test_prompts_with_earlier_answers_are_placed_apart() -> None:
    cold = [row % 3 == 0 for row in range(240)]
    mixed = measured("later", cold=cold).model("later")
    assert mixed.cold != mixed.warm
    assert mixed.cold.width > mixed.warm.width  # on half as many answers
    assert report().model("later").warm is None


def test_the_order_of_friends_and_models_changes_nothing() -> None:
    known = texts()
    friends = {name: said[:30] for name, said in known["friends"].items()}
    given = {name: known[name][:60] for name in ("later", "half")}

    def measure(turn: int) -> LikenessReport:
        return measure_likeness(
            dict(list(given.items())[::turn]),
            known["own"][:60],
            dict(list(friends.items())[::turn]),
        )

    one, other = measure(1).to_dict(), measure(-1).to_dict()
    assert one["basis"] == other["basis"]
    assert one["models"] == other["models"][::-1]


def test_who_writes_much_in_a_few_turns_is_no_large_friend() -> None:
    known = texts()
    friends = {name: said[:10] for name, said in known["friends"].items()}
    friends |= {"A": known["stranger"][:30], "B": known["bland"][:30]}
    material = checked_material(
        {}, known["own"][:60], friends, messages=dict.fromkeys(friends, 150)
    )
    assert report_on(material).basis.large_friends == 2


def test_halves_of_characters_reach_no_figure_and_no_file() -> None:
    broken = ["oh \ud83d no"] * 30
    found = measure_likeness({"m": broken}, ["so it is"] * 30, {"A": broken, "B": broken})
    json.dumps(found.to_dict(), ensure_ascii=False).encode()
    str(found).encode()
