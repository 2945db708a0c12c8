# ruff: noqa: RUF001 - names in many scripts
"""User names: behind an "@" and in addresses of profiles, and what only looks so."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from langchain_fbmessenger import restore_names
from langchain_fbmessenger._internal.roster import Person
from langchain_fbmessenger.privacy.findings import replaced
from langchain_fbmessenger.privacy.names import NameBook
from langchain_fbmessenger.privacy.names.handles import find_handles, is_invented_handle

if TYPE_CHECKING:
    from pathlib import Path

    from langchain_fbmessenger.privacy.findings import TextFinder

PEOPLE = ("Milo Dvořák", "Zoë Ångström")


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("key") / "names.key"


@pytest.fixture(scope="module")
def finder(key: Path) -> TextFinder:
    book = NameBook(key)
    book.learn(map(Person, PEOPLE))
    return book.finder(unknown=True)


@pytest.mark.parametrize(
    ("text", "handles"),
    [
        ("ask @user.name_12 or @zoe_b.", ["user.name_12", "zoe_b"]),
        ("(cc @lucy-pem)", ["lucy-pem"]),
        ("@_under_, @dots.in.it… @a1!", ["_under_", "dots.in.it", "a1"]),
        ("a@zoe_b is no handle, …@zoe_b is", ["zoe_b"]),
        ("@zoe_b's and @zoe_b:", ["zoe_b", "zoe_b"]),
        ("@žofie_b, @オレンジ, @юля_88, @ليلى_7", ["žofie_b", "オレンジ", "юля_88", "ليلى_7"]),
        ("@naoki_t88の写真 @jihoon.choi가", ["naoki_t88", "jihoon.choi"]),
        ("＠zoe_b", ["zoe_b"]),
        ("@zoe@social.example here", ["zoe@social.example"]),
        ("https://www.instagram.com/zoe_b/?hl=cs", ["zoe_b"]),
        ("x.com/zoe_b/status/179", ["zoe_b"]),
        ("https://www.tiktok.com/@zoe.b/video/7", ["zoe.b"]),
        ("facebook.com/zoe.brandt.9, m.me/zoeb.", ["zoe.brandt.9", "zoeb"]),
        ("linkedin.com/in/zoe-brandt-1 github.com/zoeb/notes", ["zoe-brandt-1", "zoeb"]),
        ("instagram.com/stories/zoe_b/31", ["zoe_b"]),
        ("t.me/zoe_b t.me/joinchat/AbC", ["zoe_b"]),
    ],
)
def test_user_names_are_found(text: str, handles: list[str]) -> None:
    found = sorted(find_handles(text))
    assert [one.text for one in found] == handles
    assert [text[one.start : one.end] for one in found] == handles


@pytest.mark.parametrize(
    "text",
    [
        "meet @ 5pm, or @5pm, or @10, 10@latest, @100%",
        "zoe@example.com, zoe.b+x@mail.example.org",
        "@everyone and @all, @Meta_AI",
        "put @property above it, and @dataclass",
        "@app.route('/x')\ndef view(): pass",
        "@Custom(1)\n@Other\nclass A",
        "npm i @types/node",
        'import x from "@scope/name"',
        "https://user:pass!@host.example/x",
        "https://maps.example/@50.08,14.42,15z",
        "instagram.com/p/Cx12/ facebook.com/groups/12 facebook.com/profile.php?id=1",
        "x.com/home, https://example.com/zoe_b, netflix.com/watch/1",
    ],
)
def test_what_only_looks_like_one_stays(text: str) -> None:
    assert list(find_handles(text)) == []


handles = st.from_regex(r"[a-z][a-z0-9_]{2,10}([.][a-z0-9]{2,5})?", fullmatch=True)


@given(handles, st.sampled_from(["hey @{} look", "@{}", "instagram.com/{}", "see (@{}), ok"]))
def test_a_user_name_is_replaced_is_the_same_each_time_and_comes_back(
    finder: TextFinder, key: Path, handle: str, carrier: str
) -> None:
    text = carrier.format(handle)
    found = finder.find(text)
    changed = replaced(text, found)

    assert finder.find(text) == found
    assert f"{handle}" not in changed or not list(find_handles(text))
    is_one = found and found[0].kind == "handle"
    if is_one:
        assert is_invented_handle(found[0].replacement)
        assert restore_names(changed.upper(), key=key).casefold() == text.casefold()


def test_the_same_user_name_is_one_wherever_it_stands(finder: TextFinder) -> None:
    found = finder.find("@zoe_b, https://instagram.com/zoe_b and @ZOE_B")
    assert [one.kind for one in found] == ["handle"] * 3
    assert len({one.replacement for one in found}) == 1


def test_of_a_known_persons_user_name_nothing_is_left(finder: TextFinder) -> None:
    """What holds a name and no more is replaced as a name, what holds more as a whole."""
    kinds = {
        "@milo": ["name"],
        "@milo.dvorak": ["name", "name"],
        "@milo_dvorak_99": ["handle"],
        "@zoe_b": ["handle"],
        "@milosh": ["handle"],
        "@Milo Dvořák": ["name", "name"],
    }
    assert {text: [one.kind for one in finder.find(text)] for text in kinds} == kinds
