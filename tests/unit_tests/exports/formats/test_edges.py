"""Outlines by the edges of files tell what whole ones do: of owners, people, groups, joins."""

from __future__ import annotations

import copy
import itertools
import json
import tempfile
import warnings
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from langchain_fbmessenger import FacebookMessengerChatLoader, map_ai_messages
from langchain_fbmessenger._internal.roster import nicknames_of, people_of
from langchain_fbmessenger.exceptions import UnknownSenderError
from langchain_fbmessenger.exports import index
from langchain_fbmessenger.exports.conversations import dealing
from langchain_fbmessenger.exports.discovery.files import ExportFile
from langchain_fbmessenger.exports.formats import edges as _edges
from tests.hypothesis_profiles import profile_examples
from tests.unit_tests.builders import message, mojibake

ZOE, OLD, AL, BO, CY, GONE = "Zoë Ångström", "Zoe Old", "Al", "Bo", "Čy Łoś", "Facebook user"
START = 1_700_000_000_000
HOUR = 3_600_000
FAR = 10**9

names = st.sampled_from([ZOE, OLD, AL, BO, CY, GONE])


@st.composite
def threads(draw: Any) -> dict[str, Any]:
    friend = draw(st.sampled_from([AL, BO, CY, GONE]))
    people = draw(
        st.sampled_from([[friend, ZOE], [friend, ZOE], [friend, BO, ZOE], [friend, AL, BO], [ZOE]])
    )
    writers = draw(st.lists(names, max_size=2))  # who has left, or had another name
    line = st.tuples(st.sampled_from([*people, *writers]), st.integers(0, 40))
    lines = draw(st.lists(line, min_size=draw(st.sampled_from([0, 9, 9, 9])), max_size=12))
    lines.sort(key=lambda line: -line[1])
    thread = {
        "participants": [{"name": name} for name in people],
        "messages": [message(who, START + at * HOUR, f"{who} {at} é") for who, at in lines],
        "title": draw(st.sampled_from([friend, friend, "The choir", ""])),
        "is_still_participant": True,
        "thread_path": f"inbox/{friend}_1",
        "magic_words": [],
    }
    if draw(st.sampled_from([True, False, False])):
        del thread["thread_path"]  # which files of other tools lack
    if draw(st.booleans()) and len(people) > 2:
        thread["joinable_mode"] = {"mode": 1, "link": '] , "x": [ {'}
    return thread


boxes = st.sampled_from(["inbox", "inbox", "archived_threads", "message_requests"])


@st.composite
def exports(draw: Any) -> list[tuple[str, Any]]:
    written = draw(st.lists(st.tuples(boxes, threads()), min_size=1, max_size=4))
    if draw(st.booleans()):  # what was archived while it was exported
        written.insert(draw(st.integers(0, 3)), (draw(boxes), written[0][1]))
    if draw(st.booleans()):  # somebody who has left all groups, or was renamed
        for _, thread in written:
            lines = thread["messages"]
            lines.insert(len(lines) // 2, message(OLD, START + 20 * HOUR, "here I am"))
            lines.sort(key=lambda line: -line["timestamp_ms"])
    return written


def load(folder: Path, options: dict[str, Any], sender: str | None, *, edge: int) -> Any:
    """Return all that a load tells, where files from a size on are known by their edges."""
    loader = FacebookMessengerChatLoader(folder, **options)
    with (
        mock.patch.object(_edges, "LARGE", edge),
        mock.patch.object(_edges, "_EDGE", edge),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")
        try:
            stage = map_ai_messages(sender=sender)
            # Copies know everybody from the start, and ask nobody.
            loaded = loader.lazy_load() if edge < FAR else copy.deepcopy(loader.load())
            sessions = list(stage.stream(loaded))
        except Exception as error:  # noqa: BLE001 - it is compared
            return type(error), str(error), loader.owner, loader.owner_evidence
        people = [people_of(s["thread"]) for s in sessions]
        nicknames = [nicknames_of(s["thread"]) for s in sessions]
    return sessions, people, nicknames, loader.owner, loader.owner_evidence, vars(loader.report)


def write(folder: Path, written: list[tuple[str, Any]], *, profile: str | None) -> None:
    root = folder / "your_facebook_activity/messages"
    for number, (box, thread) in enumerate(written):
        place = root / box / f"chat{number % 3}_{10**15 + number % 3}"
        place.mkdir(parents=True, exist_ok=True)
        path = place / f"message_{number // 3 + 1}.json"
        path.write_text(json.dumps(mojibake(thread), indent=number % 2 or None), "ascii")
    if profile:
        file = folder / "personal_information/profile_information/profile_information.json"
        file.parent.mkdir(parents=True)
        named = {"profile_v2": {"name": {"full_name": profile}}}
        file.write_text(json.dumps(mojibake(named)), "ascii")


@settings(max_examples=profile_examples(2))
@given(
    exports(),
    st.sampled_from([None, None, ZOE, "Nobody"]),
    st.sampled_from([{}, {}, {"groups": False}, {"participants": [OLD]}, {"threads": [AL]}]),
    st.sampled_from([None, ZOE, OLD, AL, "zoe angstrom", GONE]),
)
def test_edges_tell_what_whole_files_do(
    written: list[tuple[str, Any]], profile: str | None, options: Any, sender: str | None
) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(folder, written, profile=profile)
        whole = load(folder, options, sender, edge=FAR)
        assert load(folder, options, sender, edge=600) == whole


def large_thread(n: int = 3000) -> dict[str, Any]:
    lines = [
        message((ZOE, AL)[at % 2], START + at * HOUR, f"line {at} {'x' * 60}") for at in range(n)
    ]
    return {
        "participants": [{"name": AL}, {"name": ZOE}],
        "messages": lines[::-1],
        "title": AL,
        "thread_path": "inbox/al_1",
    }


def test_a_large_file_is_read_once(tmp_path: Path) -> None:
    write(tmp_path, [("inbox", large_thread())], profile=ZOE)
    read: list[int] = []
    whole = ExportFile.read

    def counting(self: ExportFile, size: int = -1) -> bytes:
        read.append(size)
        return whole(self, size)

    with mock.patch.object(ExportFile, "read", counting):
        road = map_ai_messages(sender=ZOE)
        (session,) = road.stream(FacebookMessengerChatLoader(tmp_path).lazy_load())
    assert len(session["messages"]) == 3000
    assert read.count(-1) == 2, "the profile, and the thread's file"


@pytest.mark.parametrize("others", [*itertools.product([None, OLD, AL], repeat=3)])
def test_others_who_wrote_amid_large_files_count_for_the_owner(
    tmp_path: Path, others: tuple[str | None, ...]
) -> None:
    written = []
    for friend, other in zip([AL, BO, CY], others, strict=True):
        thread = large_thread(60)
        thread |= {"participants": [{"name": friend}, {"name": ZOE}], "title": friend}
        for at, line in enumerate(thread["messages"]):
            line["sender_name"] = other if other and at == 30 else (ZOE, friend)[at % 2]
        written.append(("inbox", thread))
    write(tmp_path, written, profile=None)
    whole = load(tmp_path, {}, None, edge=FAR)
    with mock.patch.object(index, "lists_all", wraps=_edges.lists_all) as asked:
        assert load(tmp_path, {}, None, edge=2000) == whole
    assert asked.called


@pytest.mark.parametrize("damage", [b'"sender_name": 7', b"\xff\xfe", b"}}}}"])
def test_damage_amid_a_large_file_is_counted_as_ever(tmp_path: Path, damage: bytes) -> None:
    write(tmp_path, [("inbox", large_thread()), ("inbox", large_thread())], profile=None)
    (file, _) = sorted(tmp_path.rglob("message_1.json"))
    raw = file.read_bytes()
    middle = raw.index(b'"sender_name"', len(raw) // 2)
    file.write_bytes(raw[:middle] + damage + raw[middle + len(damage) :])
    whole = load(tmp_path, {}, ZOE, edge=FAR)
    assert load(tmp_path, {}, ZOE, edge=_edges.LARGE) == whole


def damaged(folder: Path, *numbers: int) -> None:
    """Break files in the middle, so that their edges stay as they were."""
    files = sorted(folder.rglob("message_1.json"))
    for number in numbers:
        raw = files[number].read_bytes()
        middle = len(raw) // 2
        files[number].write_bytes(raw[:middle] + b'@@"' + raw[middle:])


@pytest.mark.parametrize("broken", [(0,), (1,), (0, 1), (0, 2)])
@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("asks", [False, True])
def test_lost_files_cost_no_other_conversation(
    tmp_path: Path, broken: tuple[int, ...], workers: int, asks: bool
) -> None:
    names = [("filtered_threads", "Al"), ("inbox", "Bo"), ("inbox", "Cy"), ("inbox", "Di")]
    for number, (box, name) in enumerate(names):
        place = tmp_path / f"your_facebook_activity/messages/{box}/{name.lower()}_{10**15 + number}"
        place.mkdir(parents=True)
        thread = large_thread(4000) | {
            "title": name,
            "participants": [{"name": name}, {"name": ZOE}],
        }
        (place / "message_1.json").write_text(json.dumps(mojibake(thread)), "ascii")
    damaged(tmp_path, *broken)

    def told(edge: int) -> Any:
        with (
            mock.patch.object(_edges, "LARGE", edge),
            mock.patch.object(dealing, "CHUNK", 1000),
            warnings.catch_warnings(),
        ):
            warnings.simplefilter("ignore")
            loader = FacebookMessengerChatLoader(tmp_path, workers=workers)
            sessions = []
            for session in loader.lazy_load():
                if asks:
                    people_of(session["thread"])
                sessions.append(session)
            people = {frozenset(p.name for p in people_of(s["thread"])) for s in sessions}
            return sessions, people, vars(loader.report)

    assert told(_edges.LARGE) == told(FAR)


def test_sender_of_what_is_no_message_is_unknown(tmp_path: Path) -> None:
    thread = large_thread()
    middle = len(thread["messages"]) // 2
    thread["messages"][middle:middle] = [None, {"sender_name": "Ghost", "timestamp_ms": START}]
    write(tmp_path, [("inbox", thread)], profile=ZOE)
    told = load(tmp_path, {}, "Ghost", edge=_edges.LARGE)
    assert told[0] is UnknownSenderError
    assert told == load(tmp_path, {}, "Ghost", edge=FAR)
