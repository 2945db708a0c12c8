"""Whose export it is, and what tells it, from files to the loader and the commands."""

from __future__ import annotations

import json
import zipfile
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from langchain_fbmessenger import (
    FacebookMessengerChatLoader,
    UnknownOwnerError,
    map_ai_messages,
    sample_export_path,
)
from langchain_fbmessenger.cli import app
from tests.unit_tests.builders import START, dyi_bytes, message, write_thread
from tests.unit_tests.exports.html_pages import block, page

if TYPE_CHECKING:
    from pathlib import Path

ZOE, MILO = "Zoë Brandt", "Milo Dvořák"
TITLES = "from the threads' titles"
SAID = [(MILO, "café?"), (ZOE, "v pět 😂"), (MILO, "ok"), (ZOE, "čau")]


def dyi(people: list[str], title: str | None, **more: Any) -> bytes:
    lines = [message(who, START + n, text) for n, (who, text) in enumerate(SAID)]
    named = {} if title is None else {"title": title}
    members = [{"name": name} for name in people]
    found = {"participants": members, "messages": lines[::-1], **named, **more}
    return dyi_bytes({"thread_path": "inbox/milo_1234567890", **found})


def made_by_hand(people: list[str], title: str | None) -> bytes:
    return dyi(people, title, thread_path=None)


def encrypted(people: list[str], title: str | None) -> bytes:
    lines = [
        {"senderName": who, "timestamp": START + n, "text": t} for n, (who, t) in enumerate(SAID)
    ]
    found = {"participants": people, "messages": lines}
    return json.dumps(found if title is None else {**found, "threadName": f"{title}_3"}).encode()


def html(generation: str) -> Any:
    def write(_: list[str], title: str | None) -> bytes:
        raw = page(
            generation, *(block(generation, who, t) for who, t in SAID[::-1]), title=title or ""
        )
        # No heading of 2018 names the owner, but those of autumn 2017 name the thread.
        heading = f"<h3>Conversation with {title}</h3>" if title else ""
        return (
            raw.decode()
            .replace("<h1>Zoë Brandt</h1>", "")
            .replace("Zoë Brandt, Milo Dvořák<", f"{heading}Participants: Zoë Brandt, Milo Dvořák<")
            .encode()
        )

    return write


WRITERS = {
    "A": (dyi, "message_1.json"),
    "E": (made_by_hand, "chat.json"),
    "B": (encrypted, f"{MILO}_3.json"),
    **{g: (html(g), "message_1.html") for g in ("H1", "H2", "H3", "H4", "I3", "I4")},
}


def load(path: Path) -> tuple[FacebookMessengerChatLoader, list[Any]]:
    loader = FacebookMessengerChatLoader(path, timezone="UTC")
    return loader, loader.load()


@pytest.mark.parametrize("variant", WRITERS)
@pytest.mark.parametrize("people", [[ZOE, MILO], [MILO, ZOE]])
def test_title_decides_against_every_place_and_in_every_format(
    tmp_path: Path, variant: str, people: list[str]
) -> None:
    write, name = WRITERS[variant]
    for title, owner in ((MILO, ZOE), (ZOE, MILO), (f"{MILO} · Bicycle", ZOE)):
        write_thread(tmp_path, write(people, title), name)
        loader, sessions = load(tmp_path)
        assert (loader.owner, loader.owner_evidence) == (owner, TITLES)
        assert [s["thread"]["owner"] for s in sessions] == [owner]
        mapped = [
            m.content for s in map_ai_messages(sessions) for m in s["messages"] if m.type == "ai"
        ]
        assert mapped == [text for who, text in SAID if who == owner]


@pytest.mark.parametrize("variant", WRITERS)
@pytest.mark.parametrize("title", ["Trip to Rome", "Milo", f"{ZOE} and {MILO}"])
def test_without_evidence_from_title_and_place_there_is_no_owner(
    tmp_path: Path, variant: str, title: str
) -> None:
    write, name = WRITERS[variant]
    write_thread(tmp_path, write([ZOE, MILO], title), name)
    loader, sessions = load(tmp_path)
    assert (loader.owner, loader.owner_evidence) == (None, None)
    with pytest.raises(UnknownOwnerError):
        list(map_ai_messages(sessions))


@pytest.mark.parametrize(("variant", "owner"), [("A", MILO), ("B", ZOE), ("E", None)])
def test_place_tells_where_there_is_no_title(
    tmp_path: Path, variant: str, owner: str | None
) -> None:
    write, name = WRITERS[variant]
    write_thread(tmp_path, write([ZOE, MILO], None), name)
    loader = load(tmp_path)[0]
    assert loader.owner == owner
    assert (loader.owner_evidence is None) is (owner is None)
    assert owner is None or "place in the list of participants (check it" in loader.owner_evidence


def info(**labels: str) -> bytes:
    table = {label: {"href": "", "value": value} for label, value in labels.items()}
    return dyi_bytes({"profile_user": [{"title": "", "string_map_data": table}]})


@pytest.mark.parametrize(
    "raw",
    [
        info(Email="z@example.org", Username="zoe.b", Name=ZOE),
        info(Username="zoe.b", Name="Somebody else", Bio=MILO).replace(
            b"zoe.b", b"Zo\\u00c3\\u00ab Brandt"
        ),
        info(**{"Benutzername": "zoe.b", "Vollständiger Name": ZOE, "Geschlecht": "weiblich"}),
    ],
    ids=["name", "handle", "localised"],
)
@pytest.mark.parametrize(
    "place",
    [
        "personal_information/personal_information.json",
        "personal_information/personal_information/personal_information.json",
        "account_information/personal_information.json",
    ],
)
@pytest.mark.parametrize("zipped", [False, True])
def test_instagram_says_whose_it_is(tmp_path: Path, raw: bytes, place: str, zipped: bool) -> None:
    members = {
        place: raw,
        "your_instagram_activity/messages/inbox/rome_17841400000000001/message_1.json": dyi(
            [MILO, ZOE, "Ida"], "Rome", thread_path="inbox/rome_17841400000000001"
        ),
    }
    if zipped:
        with zipfile.ZipFile(tmp_path / "export.zip", "w") as archive:
            for name, content in members.items():
                archive.writestr(name, content)
    else:
        for name, content in members.items():
            write_thread((tmp_path / name).parent, content, name.rsplit("/", 1)[1])
    loader, _ = load(tmp_path)
    assert (loader.owner, loader.owner_evidence) == (ZOE, "from the profile file")
    assert loader.report.files_skipped == {}


def test_every_kind_of_evidence_has_its_words(tmp_path: Path) -> None:
    for name in ("Al", "Bo"):
        write_thread(tmp_path / f"inbox/{name}_1", dyi([name, MILO, ZOE], "Rome"))
    assert load(tmp_path)[0].owner_evidence is None  # two names in all threads
    write_thread(tmp_path / "inbox/cy_1", dyi([ZOE, "Cy", "Di"], "Rome").replace(b"Milo", b"Cy"))
    assert load(tmp_path)[0].owner_evidence == "the one name that all threads have in common"
    said = f'<div class="_aoaa">Generated by {ZOE} on Sunday, July 14, 2024 at 6:31 PM UTC</div>'
    raw = page("H3", block("H3", MILO, "x"), above=said)
    write_thread(tmp_path / "pages", raw, "message_1.html")
    pages = load(tmp_path / "pages" / "message_1.html")[0]
    assert pages.owner_evidence == 'from the pages\' own words ("Generated by …")'
    given = FacebookMessengerChatLoader(tmp_path, owner=MILO)
    assert (given.owner, given.owner_evidence) == (MILO, "as given")


def run(*arguments: object) -> Any:
    environment = {"COLUMNS": "200", "NO_COLOR": "1"}
    return CliRunner().invoke(app, [str(a) for a in arguments], env=environment)


def test_prepare_and_inspect_say_whom_they_take_and_why(tmp_path: Path) -> None:
    write_thread(tmp_path / "in", dyi([ZOE, MILO], MILO), "message_1.json")
    output = ["-o", tmp_path / "t.jsonl"]
    prepared = run("prepare", tmp_path / "in", *output)
    assert prepared.exit_code == 0, prepared.output
    assert prepared.output.startswith(f"owner: {ZOE}, {TITLES}\n")
    assert "owner: " not in run("prepare", tmp_path / "in", *output, "--me", MILO).output
    assert f"Owner: {ZOE}, {TITLES}\n" in run("inspect", tmp_path / "in").output
    shown = json.loads(run("inspect", tmp_path / "in", "--json").output)
    assert (shown["owner"], shown["owner_evidence"]) == (ZOE, TITLES)
    sample = run("prepare", sample_export_path(), *output).output
    assert "owner: Noémie Åkerlund, from the profile file\n" in sample


def test_prepare_says_why_nothing_could_be_loaded(tmp_path: Path) -> None:
    raw = dyi([ZOE, MILO], MILO).replace(b'"timestamp_ms": 17', b'"timestamp_ms": "soon", "x": 17')
    write_thread(tmp_path / "in", raw, "message_1.json")
    for options in ([], ["--me", ZOE]):
        result = run("prepare", tmp_path / "in", "-o", tmp_path / "t.jsonl", *options)
        assert result.exit_code == 1
        assert "none of the 4 messages found could be loaded: 4 x no time" in result.output
        assert "has written nothing" not in result.output


def test_prepare_says_what_was_left_out_of_what_a_silent_owner_sent(tmp_path: Path) -> None:
    lines = [message(ZOE, START, photos=[{"uri": "1.jpg"}]), message(MILO, START + 1, "nice")]
    found = {"participants": [{"name": MILO}, {"name": ZOE}], "title": MILO, "messages": lines}
    write_thread(tmp_path / "in", dyi_bytes(found), "message_1.json")
    result = run("prepare", tmp_path / "in", "-o", tmp_path / "t.jsonl")
    assert f"'{ZOE}' has written nothing in these chats" in result.output
    assert "(left out: 1 x no text)" in result.output
