"""Names that lead astray: a friend's of before, none at all, and two that stand for one."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from tests.unit_tests.exports.conversations.test_renames import chat, load, orders, senders, write

if TYPE_CHECKING:
    from pathlib import Path

    from langchain_fbmessenger.testing._options import Variant


@pytest.mark.parametrize(
    ("before", "today"),
    [
        (("ana", "zoe"), ("Anna K", "ana")),
        (("zoe b", "zoe"), ("zoe", "Kim")),
    ],
    ids=["the owner's is a friend's of before", "a friend's is the owner's of before"],
)
@pytest.mark.parametrize("with_others", [False, True])
def test_owner_then_is_the_owner_now_even_under_a_name_that_another_had(
    tmp_path: Path, before: tuple[str, str], today: tuple[str, str], *, with_others: bool
) -> None:
    """No message is in common, so that nothing but the owners tells."""
    number = "ana_17841400000000002"
    old = [chat(*before, name=number)]
    new = [chat(*today, numbers=range(10, 16), name=number)]
    if with_others:
        old.append(chat("milo", before[1], numbers=range(30)))
        new.append(chat("milo", today[1], numbers=range(30, 40)))
    for paths in orders(write(tmp_path / "z", *old), write(tmp_path / "a", *new)):
        loader, sessions = load(*paths)
        (session,) = [s for s in sessions if s["thread"]["title"] == today[0]]
        assert senders(session) == dict.fromkeys(today, 8)
        assert set(session["thread"]["participants"]) == set(today)
        assert len(sessions) == len(old)
        assert loader.owner == session["thread"]["owner"] == today[1]


def test_two_people_with_an_export_each_are_not_one_owner(tmp_path: Path) -> None:
    """Each bears the name of the other's friend, though no message is in common."""
    mine = write(tmp_path / "z", chat("milo", "zoe"))
    theirs = write(tmp_path / "a", chat("zoe", "milo", numbers=range(10, 16)))
    for paths in orders(mine, theirs):
        _, sessions = load(*paths)
        counts = sum((Counter(senders(session)) for session in sessions), Counter())
        # The writer of even numbers is the first in one and the second in the other.
        assert counts == {"milo": 5 + 3, "zoe": 5 + 3}


def test_account_without_any_name_is_named_by_an_older_export(tmp_path: Path) -> None:
    old = write(tmp_path / "z", chat("milo", "zoe"))
    new = write(tmp_path / "a", chat("", "Zoë ✨", numbers=range(3, 15)))
    for paths in orders(old, new):
        loader, (session,) = load(*paths)
        assert senders(session) == {"milo": 8, "Zoë ✨": 7}
        assert loader.owner == "Zoë ✨"


def test_conversation_without_a_message_has_no_say_in_whose_exports_they_are(
    tmp_path: Path,
) -> None:
    full = write(tmp_path / "z", chat("milo", "zoe"))
    empty = chat("Bo", "Kim", name="bo_17841400000000002", numbers=[])
    for paths in orders(full, write(tmp_path / "a", empty)):
        loader, (session,) = load(*paths)
        assert loader.owner == session["thread"]["owner"] == "zoe"
    assert load(write(tmp_path / "b", empty))[0].owner == "Kim"


@pytest.mark.parametrize("variant", ["B", "D"])
@pytest.mark.parametrize("today", [("milo", "zoe"), ("milo", "Kim"), ("Mirek", "Kim")])
@pytest.mark.parametrize("is_one_folder", [True, False])
def test_exports_of_two_kinds_may_lie_in_one_folder(
    tmp_path: Path, variant: Variant, today: tuple[str, str], *, is_one_folder: bool
) -> None:
    places = tmp_path / "x", tmp_path / ("x" if is_one_folder else "y")
    write(places[0], chat("milo", "zoe", folder="e2ee_cutover"), owner_files=False)
    write(places[1], chat(*today, numbers=range(8, 16)), variant=variant)
    loader, (session,) = load(*dict.fromkeys(places))
    assert senders(session) == dict.fromkeys(today, 8)
    assert loader.owner == session["thread"]["owner"] == today[1]


def test_owner_is_the_newest_where_nothing_tells_that_they_are_one(tmp_path: Path) -> None:
    """Nothing is in common, so nobody knows; what is trained is each export's own owner."""
    old = write(tmp_path / "z", chat("milo", "zoe"))
    new = write(tmp_path / "a", chat("Bo", "Kim", name="bo_17841400000000002", numbers=[30, 31]))
    for paths in orders(old, new):
        loader, sessions = load(*paths)
        assert sorted(s["thread"]["owner"] for s in sessions) == ["Kim", "zoe"]
        assert loader.owner == "Kim"
