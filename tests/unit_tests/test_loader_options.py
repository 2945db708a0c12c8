"""What the options of the loaders choose, and what sessions hold of it."""

from __future__ import annotations

import pickle
from datetime import date, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest

from langchain_fbmessenger import (
    ExportNotFoundError,
    FacebookMessengerChatLoader,
    UnknownOwnerError,
    UnknownSenderError,
    UnknownThreadError,
    map_ai_messages,
    merge_chat_runs,
)
from tests.unit_tests.builders import AL, ZOE, dyi_bytes, message, thread_json, write_thread

if TYPE_CHECKING:
    from pathlib import Path

START = 1_700_000_000_000
INBOX = "your_facebook_activity/messages/inbox"


def lines(loader: FacebookMessengerChatLoader) -> list[str]:
    sessions = loader.load()
    loaded = sum(len(session["messages"]) for session in sessions)
    report = loader.report
    assert loaded == report.messages_loaded
    assert report.messages_read == loaded + sum(report.messages_skipped.values())
    return [str(m.content) for session in sessions for m in session["messages"]]


def write(folder: Path, *messages: dict[str, Any], people: tuple[str, ...] = (AL, ZOE)) -> Path:
    write_thread(folder / INBOX / "al_1", thread_json(list(messages), people))
    return folder


MEDIA = [
    ({"photos": [{"uri": "p.jpg"}]}, "[photo]"),
    ({"photos": [{"uri": "p.jpg"}, {"uri": "q.jpg"}]}, "[photo] [photo]"),
    ({"videos": [{"uri": "v.mp4"}]}, "[video]"),
    ({"audio_files": [{"uri": "a.ogg"}]}, "[audio]"),
    ({"files": [{"uri": "f.pdf"}]}, "[file]"),
    ({"gifs": [{"uri": "g.gif"}]}, "[gif]"),
    ({"sticker": {"uri": "s.png"}}, "[sticker]"),
    ({"share": {"link": "https://example.org"}}, "[link]"),
    ({"share": {"link": "https://example.org"}, "content": "Al sent an attachment."}, "[link]"),
]


@pytest.mark.parametrize(("fields", "placeholder"), MEDIA)
def test_message_without_text_is_skipped_or_gets_a_placeholder(
    tmp_path: Path, fields: dict[str, Any], placeholder: str
) -> None:
    export = write(tmp_path, {**message(AL, START), **fields}, message(ZOE, START - 1, "text"))
    loader = FacebookMessengerChatLoader(export)
    assert lines(loader) == ["text"]
    assert loader.report.messages_skipped == {"no text": 1}
    loader = FacebookMessengerChatLoader(export, attachments="placeholder")
    assert lines(loader) == ["text", placeholder]
    assert loader.report.messages_skipped == {}


def test_placeholder_leaves_text_and_lone_reactions_alone(tmp_path: Path) -> None:
    reaction = {"reactions": [{"reaction": "❤", "actor": AL}]}
    export = write(
        tmp_path, message(ZOE, START, "look", photos=[{"uri": "p"}]), message(ZOE, 1, **reaction)
    )
    loader = FacebookMessengerChatLoader(export, attachments="placeholder")
    assert lines(loader) == ["look"]
    assert loader.report.messages_skipped == {"no text": 1}


SYSTEM = [
    ({"call_duration": 62, "content": "Al called you."}, "call"),
    ({"missed": True, "content": "You missed a call from Al."}, "call"),
    ({"content": "You missed a call from Al."}, "call"),
    ({"content": "Al set the nickname for Zoë to Captain."}, "setting"),
    ({"content": "You are now connected on Messenger"}, "connection"),
    ({"content": "Al sent an attachment."}, "attachment sentence"),
    ({"content": "Reacted ❤ to your message "}, "reaction sentence"),
    ({"is_unsent": True, "content": "gone"}, "unsent"),
]


@pytest.mark.parametrize(("fields", "kind"), SYSTEM)
def test_what_nobody_typed_is_left_out_or_kept_as_an_event(
    tmp_path: Path, fields: dict[str, Any], kind: str
) -> None:
    export = write(tmp_path, {**message(AL, START), **fields}, message(ZOE, START - 1, "text"))
    loader = FacebookMessengerChatLoader(export)
    assert lines(loader) == ["text"]
    assert loader.report.messages_skipped == {kind: 1}
    loader = FacebookMessengerChatLoader(export, keep_system_messages=True)
    (session,) = loader.load()
    kept = session["messages"][1]
    (event,) = kept.additional_kwargs["events"]
    assert (kept.content, kept.additional_kwargs["sender"]) == ("", AL)
    assert event["system"]["kind"] == kind
    expected = None if kind == "unsent" else fields["content"]
    assert event["system"].get("text") == expected, "what was withdrawn stays withdrawn"
    assert loader.report.messages_skipped == {}


def test_calls_are_in_the_events(tmp_path: Path) -> None:
    export = write(tmp_path, message(AL, START, "Al called you.", call_duration=62))
    (session,) = FacebookMessengerChatLoader(export, keep_system_messages=True).load()
    (event,) = session["messages"][0].additional_kwargs["events"]
    assert event["call"] == {"duration": 62, "missed": False}


def test_kept_events_train_nothing_and_survive_merging(tmp_path: Path) -> None:
    call = message(AL, START + 1, "Al called you.", call_duration=62)
    export = write(tmp_path, message(AL, START + 2, "b"), call, message(AL, START, "a"))
    loader = FacebookMessengerChatLoader(export, keep_system_messages=True)
    (session,) = merge_chat_runs(loader.lazy_load(), delimiter="\n")
    (run,) = session["messages"]
    assert run.content == "a\nb"
    assert [("call" in e) for e in run.additional_kwargs["events"]] == [False, True, False]


def test_typed_text_that_holds_such_words_stays(tmp_path: Path) -> None:
    typed = "who added him to the group?"
    assert lines(FacebookMessengerChatLoader(write(tmp_path, message(AL, START, typed)))) == [typed]


def test_group_events_are_recognised_in_groups_only(tmp_path: Path) -> None:
    event = message(AL, START, "Al left the group.")
    assert lines(FacebookMessengerChatLoader(write(tmp_path / "two", event))) != []
    group = write(tmp_path / "three", event, people=(AL, "Bo", ZOE))
    loader = FacebookMessengerChatLoader(group)
    assert lines(loader) == []
    assert loader.report.messages_skipped == {"group event": 1}
    assert loader.report.system_lines == {"en": 1}


def test_reaction_that_stands_in_a_sentence_only_becomes_one(tmp_path: Path) -> None:
    export = write(
        tmp_path, message(AL, START, "Reacted 😂 to your message "), message(ZOE, START - 1, "ha")
    )
    (session,) = FacebookMessengerChatLoader(export).load()
    (event,) = session["messages"][0].additional_kwargs["events"]
    assert event["reactions"] == [{"actor": AL, "reaction": "😂"}]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"since": datetime(2023, 11, 15, tzinfo=timezone.utc)}, ["c"]),
        ({"until": datetime(2023, 11, 15, tzinfo=timezone.utc)}, ["a", "b"]),
        ({"since": "2023-11-14T22:13:20Z"}, ["a", "b", "c"]),
        ({"since": "2023-11-14T22:13:21Z"}, ["b", "c"]),
        ({"since": date(2023, 11, 15), "timezone": "Pacific/Auckland"}, ["a", "b", "c"]),
        ({"since": date(2023, 11, 15), "timezone": "UTC"}, ["c"]),
    ],
)
def test_time_is_limited(tmp_path: Path, options: dict[str, Any], expected: list[str]) -> None:
    export = write(
        tmp_path,
        message(AL, START + 86_400_000, "c"),
        message(ZOE, START + 1000, "b"),
        message(AL, START, "a"),
    )
    assert lines(FacebookMessengerChatLoader(export, **options)) == expected


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"folders": ["outbox"]}, "no folder 'outbox'"),
        ({"since": "yesterday"}, "since='yesterday' is no time"),
        ({"since": "2024-01-02", "until": "2024-01-01"}, "since must be before until"),
        ({"timezone": "Mars/Olympus"}, "no time zone 'Mars/Olympus'"),
        ({"timezone": "../../etc/passwd"}, "no time zone"),
        ({"attachments": "drop"}, "attachments is"),
        ({"threads": [7]}, "threads takes texts"),
    ],
)
def test_senseless_options_are_errors_at_once(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        FacebookMessengerChatLoader("nowhere", **options)


def test_names_that_are_nowhere_are_errors(tmp_path: Path) -> None:
    export = write(tmp_path, message(AL, START, "a"))
    with pytest.raises(UnknownSenderError, match=AL):
        FacebookMessengerChatLoader(export, participants=["Nobody"]).load()
    with pytest.raises(UnknownThreadError, match="inspect"):
        FacebookMessengerChatLoader(export, threads=["nothing"]).load()


def test_owner_is_known_before_anything_is_loaded(tmp_path: Path) -> None:
    export = write(tmp_path, message(AL, START, "a"), message(ZOE, START, "b"))
    loader = FacebookMessengerChatLoader(export)
    assert loader.owner == ZOE
    assert loader.report.files_read == 0
    (session,) = map_ai_messages(loader.lazy_load())
    assert {m.type: m.additional_kwargs["sender"] for m in session["messages"]} == {
        "human": AL,
        "ai": ZOE,
    }


def test_owner_that_is_given_counts(tmp_path: Path) -> None:
    loader = FacebookMessengerChatLoader(write(tmp_path, message(AL, START, "a")), owner=" Al ")
    assert (loader.owner, loader.load()[0]["thread"]["owner"]) == (AL, AL)


def test_unknown_owner_is_none_and_mapping_says_so(tmp_path: Path) -> None:
    hand_made = {"messages": [message(AL, START, "a"), message(ZOE, START, "b")]}
    write_thread(tmp_path, hand_made, "chat.json")
    loader = FacebookMessengerChatLoader(tmp_path)
    assert loader.owner is None
    with pytest.raises(UnknownOwnerError, match=AL):
        list(map_ai_messages(loader.lazy_load()))


@pytest.mark.parametrize("given", [[], ["a" * 5000], ["a\0b"]])
def test_impossible_paths_are_clear_errors(given: list[str]) -> None:
    with pytest.raises((ExportNotFoundError, ValueError), match="export"):
        FacebookMessengerChatLoader(given).load()


def test_several_paths_may_be_given_and_are_not_changed(tmp_path: Path) -> None:
    paths = [write(tmp_path / name, message(AL, START, name)) for name in ("one", "two")]
    before = list(paths)
    assert sorted(lines(FacebookMessengerChatLoader(paths))) == ["one", "two"]
    assert sorted(lines(FacebookMessengerChatLoader(iter(map(str, paths))))) == ["one", "two"]
    assert paths == before


def test_progress_rises_to_the_whole(tmp_path: Path) -> None:
    calls: list[tuple[int, int]] = []
    export = write(tmp_path, message(AL, START, "a"))
    FacebookMessengerChatLoader(export, on_progress=lambda *call: calls.append(call)).load()
    done = [call[0] for call in calls]
    size = len(dyi_bytes(thread_json([message(AL, START, "a")])))
    assert done == sorted(done)
    assert calls[-1] == (2 * size, 2 * size)


def test_loader_with_options_can_be_pickled(tmp_path: Path) -> None:
    export = write(tmp_path, message(AL, START, "a"))
    loader = FacebookMessengerChatLoader(
        export, since="2020-01-01", timezone=timezone(timedelta(hours=2)), folders=["inbox"]
    )
    assert pickle.loads(pickle.dumps(loader)).load() == loader.load()  # noqa: S301 - our own


MILO = "Milo Dvořák"


def named(folder: Path) -> Path:
    for number, (other, text) in enumerate([(MILO, "one"), ("Łucja Kępa", "two")]):
        said = [message(other, START + number, text), message(ZOE, START - 1 - number, "me")]
        write_thread(folder / INBOX / f"t_{number}", thread_json(said, (other, ZOE), title=other))
    return folder


@pytest.mark.parametrize(
    "options",
    [
        {"participants": ["Milo Dvorak"]},
        {"participants": ["milo dvorák"]},
        {"threads": ["milo dvorak"]},
        {"threads": ["MILO DVOŘÁK"]},
    ],
)
def test_names_that_lack_their_accents_choose(tmp_path: Path, options: dict[str, Any]) -> None:
    assert lines(FacebookMessengerChatLoader(named(tmp_path), **options)) == ["me", "one"]


def test_near_names_are_suggested(tmp_path: Path) -> None:
    export = named(tmp_path)
    with pytest.raises(UnknownSenderError, match=f"Did you mean '{MILO}'") as unknown:
        FacebookMessengerChatLoader(export, participants=["Milo"]).load()
    assert unknown.value.suggestions == [MILO]
    with pytest.raises(UnknownThreadError, match="Did you mean 'Łucja Kępa'") as thread:
        FacebookMessengerChatLoader(export, threads=["Lucja Kempa"]).load()
    assert thread.value.suggestions == ["Łucja Kępa"]


def test_owner_may_be_given_without_accents(tmp_path: Path) -> None:
    loader = FacebookMessengerChatLoader(named(tmp_path), owner="milo dvorak")
    sessions = loader.load()
    assert loader.owner == MILO
    assert {session["thread"]["owner"] for session in sessions} == {MILO}
    assert next(map_ai_messages(sessions[:1]))["messages"][1].type == "ai"
