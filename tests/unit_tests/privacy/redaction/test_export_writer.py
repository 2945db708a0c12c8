from __future__ import annotations

import json
import os
import stat
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from langchain_fbmessenger import FacebookMessengerChatLoader, sample_export_path
from langchain_fbmessenger.privacy.redaction.export_writer import staged_folder, write_export
from langchain_fbmessenger.testing import VARIANTS, sample_threads
from langchain_fbmessenger.testing import write_export as write_synthetic_export
from tests.hypothesis_profiles import profile_examples
from tests.unit_tests.builders import AL, ZOE, message, thread_json, write_thread

if TYPE_CHECKING:
    from pathlib import Path

    from langchain_fbmessenger.chat_loaders import MessengerChatSession

UTC = "UTC"


def load(*paths: Path, **options: Any) -> list[MessengerChatSession]:
    return FacebookMessengerChatLoader(paths, timezone=UTC, **options).load()


def copy(sessions: list[MessengerChatSession], folder: Path) -> Path:
    folder.mkdir()
    assert write_export(sessions, folder) == len(sessions)
    return folder


def comparable(sessions: list[MessengerChatSession]) -> Counter[str]:
    """Return sessions as they compare: all but where a file of a thread lay, and its format."""
    return Counter(
        json.dumps(
            [
                {k: v for k, v in session["thread"].items() if k not in {"id", "source"}},
                [(m.content, m.additional_kwargs) for m in session["messages"]],
            ],
            sort_keys=True,
            ensure_ascii=False,
        )
        for session in sessions
    )


@pytest.mark.parametrize("option", ["skip", "placeholder"])
def test_the_sample_comes_back_as_it_was(tmp_path: Path, option: str) -> None:
    everything = ["inbox", "e2ee_cutover", "archived_threads", "message_requests"]
    written = copy(
        load(sample_export_path(), folders=everything, attachments="placeholder"), tmp_path / "out"
    )
    original = load(sample_export_path(), folders=everything, attachments=option)
    again = load(written, folders=everything, attachments=option)
    assert comparable(again) == comparable(original)
    assert [s["thread"]["id"] for s in again] == [s["thread"]["id"] for s in original]


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_format_comes_back_as_it_was(tmp_path: Path, variant: Any) -> None:
    source = write_synthetic_export(
        sample_threads(n_messages=100, hostile=True), tmp_path / "in", variant=variant
    )
    original = load(*source.paths)
    assert original
    again = load(copy(original, tmp_path / "out"))
    for session in again if original[0]["thread"]["owner"] is None else ():
        session["thread"]["owner"] = None  # found in the copy by the name that all threads share
    assert comparable(again) == comparable(original)


@given(texts=st.lists(st.text(min_size=1), min_size=1, max_size=5), step=st.sampled_from([0, 1000]))
@settings(max_examples=profile_examples(2))
def test_any_text_comes_back_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str], step: int
) -> None:
    folder = tmp_path_factory.mktemp("any")
    messages = [message(AL, 1_700_000_000_000 - n * step, t) for n, t in enumerate(texts)]
    write_thread(folder / "in" / "inbox" / "al_1234", thread_json(messages))
    original = FacebookMessengerChatLoader(folder / "in").load()
    if original:
        again = load(copy(original, folder / "out"))
        assert comparable(again) == comparable(original)


@pytest.mark.parametrize("text", ["Ã©", "Â°C", "Ã© and 😂"])
def test_text_that_looks_half_repaired_is_left_as_it_was_typed(tmp_path: Path, text: str) -> None:
    write_thread(
        tmp_path / "in/inbox/al_1234", thread_json([message(ZOE, 1_700_000_000_000, text)])
    )
    again = load(copy(load(tmp_path / "in"), tmp_path / "out"))
    assert again[0]["messages"][0].content == text


def test_texts_are_written_so_that_every_tool_reads_them(tmp_path: Path) -> None:
    write_thread(tmp_path / "in/inbox/al_1234", thread_json([message(ZOE, 1_700_000_000_000, "ř")]))
    written = copy(load(tmp_path / "in"), tmp_path / "out")
    file = json.loads(next(written.rglob("message_1.json")).read_bytes())
    assert file["messages"][0]["content"] == "ř"
    assert file["participants"] == [{"name": AL}, {"name": ZOE}]


def test_threads_of_one_name_stay_apart_and_so_do_exports_of_two_people(tmp_path: Path) -> None:
    for export, owner in (("one", ZOE), ("two", AL)):
        for box in ("inbox", "archived_threads"):
            thread = thread_json([message(owner, 1_700_000_000_000, export + box)], title="T")
            write_thread(tmp_path / export / "messages" / box / "AL_1234", thread)
        profile = tmp_path / export / "personal_information/profile_information.json"
        profile.parent.mkdir(parents=True)
        profile.write_text(json.dumps({"profile_v2": {"name": {"full_name": owner}}}))
    original = load(tmp_path / "one", tmp_path / "two")
    assert {s["thread"]["owner"] for s in original} == {ZOE, AL}
    assert comparable(load(copy(original, tmp_path / "out"))) == comparable(original)


def test_threads_whose_ids_differ_in_letter_case_stay_apart_on_every_file_system(
    tmp_path: Path,
) -> None:
    write_thread(tmp_path / "old/al_1", thread_json([message(AL, 1, "a")], (AL, ZOE)))
    (session,) = load(tmp_path / "old")
    other: Any = {**session, "thread": {**session["thread"], "id": session["thread"]["id"].upper()}}
    written = copy([session, other], tmp_path / "new")
    folders = [file.parent.name.casefold() for file in written.rglob("message*.json")]
    assert len(folders) == len(set(folders)) == 2


def test_a_title_of_its_own_makes_no_group_of_two(tmp_path: Path) -> None:
    """As in LangChain's own sample, whose files have names of their own as well."""
    thread = thread_json([message(ZOE, 1_700_000_000_000, "a")], title="Us", thread_path=None)
    write_thread(tmp_path / "in/inbox/al", thread, "messages_al.json")
    original = load(tmp_path / "in")
    assert original[0]["thread"]["is_group"] is False
    assert comparable(load(copy(original, tmp_path / "out"))) == comparable(original)


@pytest.mark.parametrize("name", ["..", "a/b\\c", "C:x", " ", "x" * 300, "\x00", "é" * 300])
def test_no_id_of_a_thread_leads_out_of_the_folder(tmp_path: Path, name: str) -> None:
    write_thread(tmp_path / "in/inbox/al_1234", thread_json([message(ZOE, 1_700_000_000_000, "a")]))
    sessions = load(tmp_path / "in")
    sessions[0]["thread"]["id"] = name
    written = copy(sessions, tmp_path / "out")
    assert len([*written.glob("your_facebook_activity/messages/inbox/*/message_1.json")]) == 1
    assert {p.name for p in tmp_path.iterdir()} == {"in", "out"}
    assert len(load(written)) == 1


def test_everything_is_for_the_owners_eyes_alone(tmp_path: Path) -> None:
    mask = os.umask(0)
    try:
        with staged_folder(tmp_path / "out", [sample_export_path()]) as aside:
            write_export(load(sample_export_path()), aside)
    finally:
        os.umask(mask)
    paths = [tmp_path / "out", *(tmp_path / "out").rglob("*")]
    assert len(paths) > 10
    for path in paths:
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_what_fails_leaves_nothing_and_what_exists_is_not_touched(tmp_path: Path) -> None:
    def failing() -> None:
        with staged_folder(tmp_path / "out", []) as aside:
            (aside / "half").write_text("x")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        failing()
    assert [*tmp_path.iterdir()] == []
    (tmp_path / "full").mkdir()
    (tmp_path / "full/x").write_text("mine")
    (tmp_path / "link").symlink_to(tmp_path / "full")
    for taken in ("full", "full/x", "link"):
        with (
            pytest.raises(ValueError, match="not an empty folder"),
            staged_folder(tmp_path / taken, []),
        ):
            pass
    with pytest.raises(FileNotFoundError, match="no folder"), staged_folder(tmp_path / "a/b", []):
        pass
    for inside in ("full", "full/new", "link/new"):
        with (
            pytest.raises(ValueError, match="within the export"),
            staged_folder(tmp_path / inside, [tmp_path / "full"]),
        ):
            pass


def test_an_empty_folder_is_taken(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    with staged_folder(tmp_path / "out", []) as aside:
        (aside / "x").write_text("x")
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["x"]
