"""What `pseudonymize_chat_sessions` does beyond the laws of the stages: whom it knows, and when."""

from __future__ import annotations

import copy
import pickle
import re
from typing import TYPE_CHECKING, Any

import pytest

from langchain_fbmessenger import (
    FacebookMessengerChatLoader,
    PrivacyReport,
    pseudonymize_chat_sessions,
    restore_names,
)
from langchain_fbmessenger._internal.home import write_private
from langchain_fbmessenger._internal.roster import Person, ThreadWithPeople
from langchain_fbmessenger.privacy.names import key_file
from tests.unit_tests.builders import message, session, thread_json, write_thread

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def key(tmp_path: Path) -> Path:
    return tmp_path / "names.key"


def test_people_are_known_in_the_threads_of_others(tmp_path: Path, key: Path) -> None:
    inbox = tmp_path / "export" / "your_facebook_activity" / "messages" / "inbox"
    for folder, other, text in (("al_1", "Albrecht Fromm", "hi"), ("bo_2", "Bo Lind", "Albrecht!")):
        thread = thread_json([message(other, 1, text)], (other, "Zoë Ångström"))
        write_thread(inbox / folder, thread)

    loaded = FacebookMessengerChatLoader(tmp_path / "export").lazy_load()
    sessions: Any = list(pseudonymize_chat_sessions(loaded, key=key))

    told = re.findall(r"\w+", str(sessions))  # whole words: "Lindberg" may be invented
    for name in ("Albrecht", "Fromm", "Lind", "Zoë", "Ångström"):
        assert name not in told
    texts = [each.content for chat in sessions for each in chat["messages"]]
    assert any(restore_names(text, key=key) == "Albrecht!" for text in texts)


def test_the_key_is_written_before_the_session_is_given_on(key: Path) -> None:
    sessions = pseudonymize_chat_sessions([session("Albrecht: hi Bernadette")], key=key)

    chat: Any = next(sessions)
    sender = chat["messages"][0].additional_kwargs["sender"]
    sessions.close()

    assert restore_names(sender, key=key) == "Albrecht"


def test_options_say_who_stays_and_who_else_there_is(key: Path) -> None:
    report = PrivacyReport()
    chats = [session("Albrecht: Bernadette and Konrad", "Konrad: Albrecht, 601 234 567")]
    before = copy.deepcopy(chats)

    stage = pseudonymize_chat_sessions(
        key=key, keep=["Konrad"], people=["Bernadette"], identifiers=None, report=report
    )
    chat: Any = stage.invoke(chats)[0]

    assert chats == before
    first, second = (each.content for each in chat["messages"])
    assert first.endswith(" and Konrad")
    assert "Bernadette" not in first
    assert second.endswith(", 601 234 567")
    assert "Albrecht" not in second
    assert report.people == 2
    assert "Albrecht" not in repr(stage) + repr(report)


def test_names_of_people_outside_stay_unless_asked_and_are_counted_apart(key: Path) -> None:
    text = "Albrecht met Trevor Pemberton, @trevor_p"
    chats = [session(f"Bernadette: {text}", "Albrecht: ok")]
    kept, replaced = PrivacyReport(), PrivacyReport()

    left: Any = next(pseudonymize_chat_sessions(chats, key=key, report=kept))
    stage = pseudonymize_chat_sessions(key=key, unknown_names="replace", report=replaced)
    chat: Any = stage.invoke(chats)[0]

    assert left["messages"][0].content.endswith(" met Trevor Pemberton, @trevor_p")
    assert kept.found == {"name": 1}
    content = chat["messages"][0].content
    assert not {"Albrecht", "Trevor", "Pemberton", "trevor_p"} & {*re.findall(r"\w+", content)}
    assert replaced.found == {"name": 1, "unknown_name": 2, "handle": 1}
    assert "2 name outside the export" in str(replaced)
    assert replaced.people == kept.people == 2  # people outside are not of the export
    assert restore_names(content, key=key) == text
    plain = pseudonymize_chat_sessions(key=key, unknown_names="replace")
    assert pickle.loads(pickle.dumps(plain)) == plain  # noqa: S301 - our own
    assert plain != pseudonymize_chat_sessions(key=key)


def test_the_key_is_written_once_for_all_strangers_of_a_session(
    key: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [f"Albrecht: @stranger_{n} and Trevor, {n}" for n in range(30)]
    names = ["Trevor", "Ottokar", "Gudrun"]
    chats = [session(*lines, f"Bernadette: yesterday with {name}") for name in names]
    written = []
    monkeypatch.setattr(
        key_file, "write_private", lambda path, text: written.append(write_private(path, text))
    )

    stage = pseudonymize_chat_sessions(key=key, unknown_names="replace")
    for n, chat in enumerate(stage.stream(chats)):
        content = chat["messages"][-1].content
        assert restore_names(content, key=key) == f"yesterday with {names[n]}"
        # The key, those who take part, and the strangers: once in each session that has new ones.
        assert len(written) == 3 + n


def test_a_failure_leaves_the_key_to_others(key: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chats = [session("Albrecht: yesterday with Trevor", "Bernadette: ok")]
    with monkeypatch.context() as patch:
        patch.setattr(PrivacyReport, "saw", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            next(pseudonymize_chat_sessions(chats, key=key, unknown_names="replace"))

    chat: Any = next(pseudonymize_chat_sessions(chats, key=key, unknown_names="replace"))
    assert "Trevor" not in chat["messages"][0].content


def test_strangers_are_looked_for_in_other_fields_too(key: Path) -> None:
    info = {"participants": ["Albrecht", "Bernadette"], "title": "For Trevor's birthday"}
    chats = [session("Albrecht: hi", thread=info)]

    chat: Any = next(pseudonymize_chat_sessions(chats, key=key, unknown_names="replace"))

    assert "Trevor" not in chat["thread"]["title"]


@pytest.mark.parametrize("keep_owner", [False, True])
def test_the_owner_keeps_their_name_if_asked(key: Path, *, keep_owner: bool) -> None:
    info = {"participants": ["Albrecht", "Bernadette"], "owner": "Albrecht", "title": "x"}
    chats = [session("Albrecht: hi Bernadette", "Bernadette: hi Albrecht", thread=info)]

    stage = pseudonymize_chat_sessions(key=key, keep_owner=keep_owner)
    chat: Any = stage.invoke(chats)[0]

    first, second = chat["messages"]
    assert (first.additional_kwargs["sender"] == "Albrecht") is keep_owner
    assert (second.content == "hi Albrecht") is keep_owner
    assert (chat["thread"]["owner"] == "Albrecht") is keep_owner
    assert first.content != "hi Bernadette"


def test_nicknames_of_a_thread_are_found_in_it(key: Path) -> None:
    people = (Person("Albrecht"), Person("Bernadette"))
    info = {"participants": ["Albrecht", "Bernadette"], "title": "x"}
    snail = ThreadWithPeople(info, people, (("Albrecht", "Snail"),))
    chats = [
        session("Bernadette: hi Snail", thread=one)
        for one in (snail, ThreadWithPeople(info, people))
    ]

    with_it, without = pseudonymize_chat_sessions(chats, key=key)

    assert restore_names(str(with_it["messages"][0].content), key=key) == "hi Albrecht"
    assert without["messages"][0].content == "hi Snail"


def test_one_session_is_read_at_a_time(key: Path) -> None:
    read = []

    def source() -> Iterator[Any]:
        for name in ("Albrecht", "Bernadette"):
            read.append(name)
            yield session(f"{name}: hi")

    given = pseudonymize_chat_sessions(source(), key=key)

    assert read == []
    next(given)
    assert read == ["Albrecht"]


@pytest.mark.parametrize("kept", ["milo dvorak", "Milo Dvořák"])
def test_name_to_keep_may_lack_its_accents(kept: str, tmp_path: Path) -> None:
    given = session("Milo Dvořák: I am Milo", "Zoë: who?")
    (found,) = pseudonymize_chat_sessions([given], key=tmp_path / "names.key", keep=[kept])
    first, second = found["messages"]
    assert first.additional_kwargs["sender"] == "Milo Dvořák"
    assert first.content == "I am Milo"
    assert second.additional_kwargs["sender"] != "Zoë"
