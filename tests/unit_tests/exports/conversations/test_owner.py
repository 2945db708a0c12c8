from __future__ import annotations

import json
from typing import Any

import pytest

from langchain_fbmessenger.exports.conversations.owner import (
    Evidence,
    Owner,
    decode_owner_file,
    find_owner,
    names_of,
)
from langchain_fbmessenger.exports.formats.part import Outline
from tests.unit_tests.builders import AL, ZOE, dyi_bytes

SURE, COMMON = Evidence.PROFILE, Evidence.COMMON_NAME
LAST, FIRST = Evidence.LAST_IN_JSON, Evidence.FIRST_IN_ENCRYPTED


def outline(
    participants: list[str] | None, senders: list[str] | None = None, **more: Any
) -> Outline:
    fields: dict[str, Any] = {"variant": "A", "declared_group": False, "title": None, **more}
    return Outline(
        index=0,
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
    owners = [Owner(name, SURE) for name in stated]
    return find_owner(owners, [[outline(people, **more)] for people in threads])


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


@pytest.mark.parametrize("evidence", Evidence)
def test_titles_and_places_are_not_sure_and_all_evidence_has_words(evidence: Evidence) -> None:
    assert Owner(ZOE, evidence).is_sure is (evidence > Evidence.TITLES)
    assert ZOE not in Owner(ZOE, evidence).why
    assert ("check it" in Owner(ZOE, evidence).why) is (evidence < Evidence.TITLES)


MILO = "Milo Dvořák"


@pytest.mark.parametrize(
    ("participants", "title", "expected"),
    [
        ([ZOE, MILO], MILO, ZOE),  # against the place
        ([MILO, ZOE], MILO, ZOE),
        ([ZOE, MILO], "MILO  Dvor\u030ca\u0301k", ZOE),
        ([ZOE, MILO], f"{MILO} · Bicycle", ZOE),
        ([ZOE, MILO], f"{MILO} · {ZOE}", ZOE),
        ([ZOE, f"{MILO} · Shop"], f"{MILO} · Shop", ZOE),
        ([ZOE, "Facebook User"], "Facebook User", ZOE),
        ([ZOE, ""], "Facebook user", ZOE),
        (["Facebook User", ZOE], ZOE, None),
        ([ZOE], "người dùng Messenger", ZOE),
        ([ZOE, MILO], "Facebook User", None),
        ([ZOE, MILO], "Trip to Rome", None),
        ([ZOE, MILO], "Milo", None),
        ([ZOE, MILO], f"{MILO} and {ZOE}", None),
        ([ZOE, MILO, "Bo"], MILO, None),
        ([ZOE, MILO, "Facebook User"], MILO, None),
        ([MILO], MILO, None),
        ([ZOE], "Trip to Rome", None),
        ([ZOE, ZOE], ZOE, None),
        ([ZOE.upper(), ZOE], ZOE, None),
        ([], MILO, None),
    ],
)
@pytest.mark.parametrize("variant", ["A", "A0", "B", "E", "H2", "H4", "I3"])
def test_a_conversation_of_two_is_called_after_the_other(
    participants: list[str], title: str, expected: str | None, variant: str
) -> None:
    owner = expected and Owner(expected, Evidence.TITLES)
    assert find(participants, title=title, variant=variant) == owner
    # Pages list nobody: there, who takes part is who has written.
    assert find_owner([], [[outline(None, participants, title=title, variant=variant)]]) == owner


def test_title_of_a_group_names_no_owner() -> None:
    assert find([ZOE, MILO], title=MILO, declared_group=True) is None
    assert find([ZOE, MILO, "Bo"], title=MILO) is None


@pytest.mark.parametrize(("people", "title"), [([ZOE, MILO], MILO), ([ZOE, ""], "Facebook User")])
def test_of_two_who_are_listed_a_third_name_is_one_of_before(people: list[str], title: str) -> None:
    owner = find(people, title=title, senders=[ZOE, "Milo Before"])
    assert owner == Owner(ZOE, Evidence.TITLES)


def titled(*threads: tuple[list[str], str]) -> Owner | None:
    return find_owner([], [[outline(people, title=title)] for people, title in threads])


def test_title_in_any_part_of_a_thread_is_enough() -> None:
    parts = [outline([ZOE, MILO]), outline([ZOE, MILO], title=MILO)]
    assert find_owner([], [parts]) == Owner(ZOE, Evidence.TITLES)


def test_titles_that_contradict_each_other_name_no_owner() -> None:
    assert titled(([ZOE, MILO], MILO), ([ZOE, MILO], ZOE)) is None
    assert titled(([ZOE, MILO], MILO), ([AL, "Bo"], AL)) is None


@pytest.mark.parametrize(("own", "expected"), [(1, ZOE), (2, None)])
def test_nine_of_ten_titles_decide(own: int, expected: str | None) -> None:
    threads = [([ZOE, f"Friend {n}"], f"Friend {n}") for n in range(9)]
    strangers = [(["Cy", "Di"], "Di"), (["Ed", "Flo"], "Flo")][:own]
    assert titled(*threads, *strangers) == (expected and Owner(expected, Evidence.TITLES))


def test_an_owner_may_have_written_to_themselves() -> None:
    threads = [([ZOE, MILO], MILO), ([ZOE, AL], AL), ([ZOE], ZOE)]
    assert titled(*threads) == Owner(ZOE, COMMON)
    assert titled(([ZOE, MILO], MILO), ([ZOE, AL], AL), ([ZOE, "Bo"], ZOE)) == Owner(ZOE, COMMON)
    assert titled(([ZOE, MILO], MILO), ([ZOE], ZOE)) == Owner(ZOE, Evidence.TITLES)


def test_whom_chats_are_called_after_is_not_their_owner_though_all_have_them_in_common() -> None:
    assert titled(([ZOE, MILO], MILO), ([MILO], MILO)) == Owner(ZOE, Evidence.TITLES)
    assert titled(([ZOE, MILO], MILO), ([MILO, "Ida", "Bo"], "Rome")) == Owner(ZOE, Evidence.TITLES)
    assert titled((["zoe", MILO], MILO), ([ZOE, MILO], MILO)) is None  # one of the two is older


def test_mere_values_name_an_owner_if_only_one_of_them_is_somebody() -> None:
    values = [Owner(name, Evidence.PROFILE_VALUE) for name in ("zoe@example.org", ZOE, "she")]
    threads = [[outline([AL, "Bo", ZOE])]]
    assert find_owner(values, threads) == Owner(ZOE, Evidence.PROFILE_VALUE)
    assert find_owner([*values, Owner(AL, Evidence.PROFILE_VALUE)], threads) is None
    assert find_owner([*values, Owner("bo", Evidence.PAGES)], threads) == Owner(
        "Bo", Evidence.PAGES
    )
    assert find_owner(values[:1], threads) is None


def test_names_are_those_of_members_and_senders_with_a_name() -> None:
    parts = [outline([AL, "", "Facebook User"], ["Cy"]), outline(None, ["ZOË Ångström", ZOE])]
    assert names_of(parts) == {"al": AL, "cy": "Cy", "zoë ångström": ZOE}


def decode_owner(raw: bytes) -> str | None:
    owners = decode_owner_file(raw)
    assert {owner.evidence for owner in owners} <= {Evidence.PROFILE}
    return owners[0].name if owners else None


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


def instagram_account(**fields: Any) -> Any:
    """Write Instagram's file about the account, as a download has it."""
    table = {label.replace("_", " "): {"href": "", "value": v} for label, v in fields.items()}
    return {"profile_user": [{"title": "", "media_map_data": {}, "string_map_data": table}]}


def test_instagram_names_its_owner_and_their_handle() -> None:
    raw = dyi_bytes(
        instagram_account(Email="zoe@example.org", Username="zoe.å", Name="Zoë  Ångström", Bio="Al")
    )
    assert decode_owner_file(raw) == [
        Owner(ZOE, Evidence.PROFILE),
        Owner("zoe.å", Evidence.PROFILE),
    ]
    nameless = dyi_bytes(instagram_account(Username="zoe", Name=" "))
    assert decode_owner_file(nameless) == [Owner("zoe", Evidence.PROFILE)]


def test_of_a_table_in_another_language_every_value_may_be_the_name() -> None:
    raw = dyi_bytes(
        instagram_account(Uživatelské_jméno="zoe.å", Jméno=ZOE, Životopis="x" * 200, Pohlaví="")
    )
    assert decode_owner_file(raw) == [
        Owner("zoe.å", Evidence.PROFILE_VALUE),
        Owner(ZOE, Evidence.PROFILE_VALUE),
    ]


@pytest.mark.parametrize(
    "found",
    [
        {"profile_user": []},
        {"profile_user": {}},
        {"profile_user": [7]},
        {"profile_user": [{"string_map_data": None}]},
        {"profile_user": [{"string_map_data": []}]},
        {"profile_user": [{"string_map_data": {"Name": None, "Username": {"value": 7}}}]},
        {"profile_user": [{"string_map_data": {"Name": {"value": ""}, "Username": {}}}]},
        instagram_account(Name=None),
    ],
)
def test_odd_table_names_nobody(found: Any) -> None:
    assert decode_owner_file(dyi_bytes(found)) == []


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


@pytest.mark.parametrize("odd", [3, "x", [], {}, [3], {"a": []}, True])
@pytest.mark.parametrize("key", ["autofill_information_v2", "profile_v2", "profile_user"])
def test_an_odd_field_hides_no_name_beside_it(key: str, odd: Any) -> None:
    named: dict[str, Any] = {
        "autofill_information_v2": {"FULL_NAME": ["Zoe"]},
        "profile_v2": {"name": {"full_name": "Zoe", "last_name": odd}},
        "profile_user": [odd, {"string_map_data": {"Name": {"value": "Zoe"}, "Bio": odd}}],
    }
    found = decode_owner_file(json.dumps({**named, key: odd}).encode())
    assert {owner.name for owner in found} == {"Zoe"}


@pytest.mark.parametrize("names", ["Zoe", [3, "Zoe"], [None, "", "Zoe"]])
def test_name_that_is_no_list_or_stands_in_an_odd_one_is_read(names: Any) -> None:
    raw = json.dumps({"autofill_information_v2": {"FULL_NAME": names}}).encode()
    assert decode_owner_file(raw) == [Owner("Zoe", Evidence.PROFILE)]
