from __future__ import annotations

import json
from typing import Any

import pytest

from langchain_fbmessenger.exports.conversations.owner import Evidence, Owner
from langchain_fbmessenger.exports.conversations.owner_files import decode_owner_file
from tests.unit_tests.builders import AL, ZOE, dyi_bytes


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


def told(**fields: Any) -> Any:
    """Write Instagram's file about the account, as a download has it."""
    table = {label.replace("_", " "): {"href": "", "value": v} for label, v in fields.items()}
    return {"profile_user": [{"title": "", "media_map_data": {}, "string_map_data": table}]}


def test_instagram_names_its_owner_and_their_handle() -> None:
    raw = dyi_bytes(told(Email="zoe@example.org", Username="zoe.å", Name="Zoë  Ångström", Bio="Al"))
    assert decode_owner_file(raw) == [
        Owner(ZOE, Evidence.PROFILE),
        Owner("zoe.å", Evidence.PROFILE),
    ]
    nameless = dyi_bytes(told(Username="zoe", Name=" "))
    assert decode_owner_file(nameless) == [Owner("zoe", Evidence.PROFILE)]


def test_of_a_table_in_another_language_every_value_may_be_the_name() -> None:
    raw = dyi_bytes(told(Uživatelské_jméno="zoe.å", Jméno=ZOE, Životopis="x" * 200, Pohlaví=""))
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
        told(Name=None),
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
