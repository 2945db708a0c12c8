"""The seed functions, beside langchain-community's own on the same data: equal but on purpose."""

from __future__ import annotations

import copy
import json
import warnings
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import langchain_fbmessenger as ours
from tests.unit_tests.builders import AL, ZOE, message, session, thread_json, write_thread

if TYPE_CHECKING:
    from pathlib import Path

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from langchain_community.adapters import openai as their_adapter
    from langchain_community.chat_loaders import facebook_messenger as their_loaders
    from langchain_community.chat_loaders import utils as theirs


def plain(sessions: Any) -> list[list[tuple]]:
    return [
        [(m.type, m.content, m.additional_kwargs.get("sender")) for m in one["messages"]]
        for one in sessions
    ]


@pytest.fixture
def hand_made(tmp_path: Path) -> Path:
    """LangChain's walk-through: plain English, one file per thread, under inbox/<Name>/."""
    for name in ("Ron", "Hermione"):
        lines = [
            message(name, 1_600_000_000_000 + i, f"line {i}")
            if i % 3
            else message("Harry", 1_600_000_000_000 + i, f"answer {i}")
            for i in range(12)
        ]
        raw = json.dumps(thread_json(lines, participants=(name, "Harry"))).encode()
        write_thread(tmp_path / "inbox" / name, raw, f"messages_{name}_Harry.json")
    return tmp_path


def test_the_walk_through_gives_the_same_examples(hand_made: Path) -> None:
    def road(library: Any, convert: Any, loader: Any) -> list:
        merged = library.merge_chat_runs(loader.lazy_load())
        return convert(library.map_ai_messages(merged, "Harry"))

    mine = road(
        ours,
        ours.convert_messages_for_finetuning,
        ours.FolderFacebookMessengerChatLoader(hand_made),
    )
    community = road(
        theirs,
        their_adapter.convert_messages_for_finetuning,
        their_loaders.FolderFacebookMessengerChatLoader(hand_made),
    )
    assert len(mine) == 2
    assert sorted(mine, key=str) == sorted(community, key=str)


def test_a_single_file_gives_the_same_messages(hand_made: Path) -> None:
    path = next(hand_made.rglob("*.json"))
    mine = ours.SingleFileFacebookMessengerChatLoader(path=path).load()
    community = their_loaders.SingleFileFacebookMessengerChatLoader(path=path).load()
    assert plain(mine) == plain(community)


lines = st.lists(
    st.builds("{}: {}".format, st.sampled_from(["Al", "Zoë"]), st.text("a b").filter(str.strip)),
    min_size=1,
)


@given(lines)
def test_merging_is_equal(given_lines: list[str]) -> None:
    one = session(*given_lines)
    mine = ours.merge_chat_runs_in_session(one)
    community = theirs.merge_chat_runs_in_session(copy.deepcopy(one))
    assert plain([mine]) == plain([community])
    assert [m.additional_kwargs for m in mine["messages"]] == [
        m.additional_kwargs for m in community["messages"]
    ]


@given(lines)
def test_mapping_and_converting_are_equal(given_lines: list[str]) -> None:
    one = session("Zoë: first", *given_lines)
    mine = list(ours.map_ai_messages([one], "Zoë"))
    community = list(theirs.map_ai_messages([one], "Zoë"))
    assert plain(mine) == plain(community)
    assert ours.convert_messages_for_finetuning(
        mine
    ) == their_adapter.convert_messages_for_finetuning(community)


def test_different_on_purpose(tmp_path: Path) -> None:
    """What made this package: each line is a defect of the seed that ours does not have."""
    newer = thread_json([message(ZOE, 3000, "café")])
    older = thread_json([message(AL, 2000, "hi"), message(ZOE, 1000, "x", is_unsent=True)])
    write_thread(tmp_path / "inbox/al_1", newer, "message_1.json")
    write_thread(tmp_path / "inbox/al_1", older, "message_2.json")
    write_thread(tmp_path / "archived_threads/bo_1", thread_json([message(AL, 1000, "old")]))
    community = their_loaders.FolderFacebookMessengerChatLoader(tmp_path).load()
    mine = ours.FolderFacebookMessengerChatLoader(tmp_path).load()

    texts = [[m.content for m in one["messages"]] for one in mine]
    assert texts == [["old"], ["hi", "café"]], "all folders, parts joined, repaired, no unsent"
    theirs_found = {m.content for one in community for m in one["messages"]}
    assert theirs_found == {"cafÃ©", "hi", "x"}
    assert len(community) == 2
    assert plain(theirs.map_ai_messages(community, ZOE)) == plain(community), (
        "maps nothing, says nothing"
    )

    write_thread(tmp_path / "inbox/cy_1", b"{")
    with pytest.raises(json.JSONDecodeError):
        their_loaders.FolderFacebookMessengerChatLoader(tmp_path).load()
    with pytest.warns(UserWarning, match="1 x broken JSON"):
        assert len(ours.FolderFacebookMessengerChatLoader(tmp_path).load()) == 2

    blocks = session("Al: a")
    blocks["messages"][0].content = [{"type": "text", "text": "b"}]
    changed = copy.deepcopy(blocks)
    theirs.merge_chat_runs_in_session(changed)
    assert changed != blocks, "merging mutates its input"
    unchanged = copy.deepcopy(blocks)
    ours.merge_chat_runs_in_session(unchanged)
    assert unchanged == blocks
