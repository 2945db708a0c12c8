from __future__ import annotations

import json
from typing import Any

import pytest

from langchain_fbmessenger.exports._owner import Owner, decode_owner, find_owner, names_of
from langchain_fbmessenger.exports._part import Outline
from tests.unit_tests.builders import AL, ZOE, dyi_bytes

SURE, COMMON, LAST, FIRST = 3, 2, 1, 0


def outline(
    participants: list[str] | None, senders: list[str] | None = None, **more: Any
) -> Outline:
    fields: dict[str, Any] = {"variant": "A", "declared_group": False, **more}
    return Outline(
        index=0,
        title=None,
        participants=participants,
        senders=senders or [],
        thread_path=None,
        found=0,
        first=None,
        last=None,
        stamps=frozenset(),
        **fields,
    )


def find(*threads: list[str] | None, stated: tuple[str, ...] = (), **more: Any) -> Owner | None:
    return find_owner(stated, [[outline(people, **more)] for people in threads])


@pytest.mark.parametrize(
    ("threads", "expected"),
    [
        ([[AL, ZOE], ["Bo", ZOE]], Owner(ZOE, COMMON)),
        ([[ZOE, AL], [ZOE, "Bo"]], Owner(ZOE, COMMON)),
        ([[AL, ZOE], ["Bo", "ZOE\u0308  ångström"]], Owner(ZOE, COMMON)),
        ([[AL, ZOE], [AL, ZOE, "Bo"], ["Bo", ZOE]], Owner(ZOE, COMMON)),
        ([[AL, ZOE], [ZOE]], Owner(ZOE, COMMON)),
        ([[AL, ZOE], ["Bo", ZOE], ["Facebook User"], []], Owner(ZOE, COMMON)),
        ([[AL, ZOE], ["Facebook User"], []], Owner(ZOE, LAST)),
        ([[AL, ZOE]], Owner(ZOE, LAST)),
        ([[AL, ZOE], [AL, ZOE]], Owner(ZOE, LAST)),
        ([[AL, ZOE], ["Bo", "Cy"]], None),
        ([[AL, "Facebook User"]], None),
        ([[AL, ""]], None),
        ([[AL, "Bo", ZOE]], None),
        ([None, []], None),
        ([], None),
    ],
)
def test_owner_is_who_all_threads_have_or_who_stands_last(
    threads: list[Any], expected: Owner | None
) -> None:
    assert find(*threads) == expected


@pytest.mark.parametrize(
    ("variant", "expected"),
    [("A", ZOE), ("A0", ZOE), ("B", AL), ("E", None), ("D", None), ("F", None), ("H3", None)],
)
def test_place_of_an_owner_depends_on_the_format(variant: str, expected: str | None) -> None:
    owner = find([AL, ZOE], variant=variant)
    assert (owner and owner.name) == expected
    assert owner is None or not owner.is_sure


def test_last_of_a_group_is_anybody() -> None:
    assert find([AL, ZOE], declared_group=True) is None
    assert find([AL, ZOE], senders=["Bo, who left"]) is None


@pytest.mark.parametrize(("odd", "expected"), [(1, Owner(ZOE, LAST)), (2, None)])
def test_nine_of_ten_threads_decide(odd: int, expected: Owner | None) -> None:
    ordinary = [[f"Friend {n}", ZOE] for n in range(9)]
    assert find(*ordinary, *[["Cy", "Di"], ["Ed", "Flo"]][:odd]) == expected


def test_place_gives_way_to_whom_all_threads_have() -> None:
    assert find([ZOE, AL, "Bo"], [ZOE, AL], [ZOE, AL, "Cy"]) == Owner(AL, LAST)
    assert find([ZOE, AL], [ZOE, "Bo"], ["Cy", ZOE]) == Owner(ZOE, COMMON)


def test_encrypted_chats_are_asked_after_all_others() -> None:
    threads = [[outline([ZOE, AL], variant="B")], [outline(["Bo", "Cy"])]]
    assert find_owner([], threads) == Owner("Cy", LAST)


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        (("zoe\u0308 ÅNGSTRÖM",), Owner(ZOE, SURE)),
        (("Nobody", AL), Owner(AL, SURE)),
        (("Nobody",), Owner(ZOE, LAST)),
    ],
)
def test_word_of_the_files_decides_if_the_person_is_seen(stated: Any, expected: Owner) -> None:
    assert find([AL, ZOE], stated=stated) == expected


def test_word_of_the_files_is_taken_where_nothing_else_tells() -> None:
    assert find([AL], stated=(ZOE, "Bo")) == Owner(ZOE, SURE)
    assert find(stated=(ZOE,)) == Owner(ZOE, SURE)


@pytest.mark.parametrize(("sureness", "is_sure"), [(3, True), (2, True), (1, False), (0, False)])
def test_place_alone_is_not_sure(sureness: int, is_sure: bool) -> None:
    assert Owner(ZOE, sureness).is_sure is is_sure


def test_names_are_those_of_members_and_senders_with_a_name() -> None:
    parts = [outline([AL, "", "Facebook User"], ["Cy"]), outline(None, ["ZOË Ångström", ZOE])]
    assert names_of(parts) == {"al": AL, "cy": "Cy", "zoë ångström": ZOE}


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ({"autofill_information_v2": {"FULL_NAME": ["Zoë  Ångström", AL]}}, ZOE),
        ({"autofill_information_v2": {"FULL_NAME": [" ", AL]}}, AL),
        ({"autofill_information_v2": {}, "profile_v2": {"name": {"full_name": ZOE}}}, ZOE),
        ({"autofill_information_v2": None, "profile_v2": None}, None),
        ({"autofill_information_v2": {"FULL_NAME": []}}, None),
        ({"autofill_information_v2": {"FULL_NAME": [7]}}, None),
        ({"profile_v2": {"name": {"full_name": " "}}}, None),
        ({"profile_v2": {"name": {"full_name": 10**400}}}, None),
        ({"profile_v2": {"name": {}}}, None),
        ({"profile_v2": []}, None),
        ([], None),
    ],
)
def test_files_state_the_owner(found: Any, expected: str | None) -> None:
    assert decode_owner(b"\xef\xbb\xbf" + dyi_bytes(found)) == expected


def test_proper_name_is_left_alone() -> None:
    found = {"profile_v2": {"name": {"full_name": "Żofie"}}}
    assert decode_owner(json.dumps(found).encode()) == "Żofie"
    assert decode_owner(json.dumps(found, ensure_ascii=False).encode()) == "Żofie"


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\xff",
        b'{"profile_v2": ',
        b'{"profile_v2": {"name": {"full_name": "\\ud83d"}}}',
        b'{"profile_v2": ' + b"[" * 10_000,
        b'{"x": ' + b"[" * 10_000 + b"]" * 10_000 + b"}",
    ],
)
def test_broken_files_state_nobody(raw: bytes) -> None:
    assert decode_owner(raw) is None
