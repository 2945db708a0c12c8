from __future__ import annotations

import asyncio
import inspect
import pickle
import warnings
from typing import TYPE_CHECKING

import pytest

from langchain_fbmessenger import (
    ExportNotFoundError,
    FacebookMessengerChatLoader,
    FolderFacebookMessengerChatLoader,
    MalformedExportError,
    SingleFileFacebookMessengerChatLoader,
)
from tests.unit_tests.builders import AL, ZOE, message, thread_json, write_thread

if TYPE_CHECKING:
    from pathlib import Path

LOADERS = [
    FacebookMessengerChatLoader,
    FolderFacebookMessengerChatLoader,
    SingleFileFacebookMessengerChatLoader,
]


@pytest.fixture
def export(tmp_path: Path) -> Path:
    messages = [
        message(AL, 4000, "ok"),
        message(AL, 3000, photos=[{"uri": "p.jpg"}]),
        message(
            ZOE,
            2000,
            "café?",
            reactions=[{"actor": AL, "reaction": "❤"}],
            photos=[{"uri": "q.jpg"}],
            share={"link": "https://example.org"},
        ),
        message(ZOE, 1000, is_unsent=True),
    ]
    write_thread(tmp_path / "messages/inbox/al_1234", thread_json(messages))
    empty = thread_json([message(ZOE, 1000, photos=[{"uri": "p"}])], thread_path="inbox/bo_1")
    write_thread(tmp_path / "messages/inbox/bo_1", empty)
    return tmp_path


def test_session_holds_what_the_contract_says(export: Path) -> None:
    loader = FacebookMessengerChatLoader(export)
    (session,) = loader.load()
    first, second = session["messages"]
    assert (first.type, first.content) == ("human", "café?")
    assert first.additional_kwargs == {
        "sender": ZOE,
        "events": [
            {
                "message_time": 2000 * 1000,  # stamps this small are seconds
                "reactions": [{"actor": AL, "reaction": "❤"}],
                "attachments": [{"kind": "photo", "uri": "q.jpg"}],
                "share": {"link": "https://example.org"},
            }
        ],
    }
    assert second.additional_kwargs == {"sender": AL, "events": [{"message_time": 4_000_000}]}
    assert session["thread"] == {
        "id": "al_1234",
        "title": AL,
        "participants": [AL, ZOE],
        "is_group": False,
        "folder": "inbox",
        "source": "messenger",
        "owner": ZOE,
    }


def test_report_accounts_for_every_message(export: Path) -> None:
    loader = FacebookMessengerChatLoader(export)
    loader.load()
    report = loader.report
    assert (report.files_read, report.threads_read) == (2, 2)
    assert report.messages_skipped == {"no text": 2, "unsent": 1}
    assert report.messages_read == report.messages_loaded + 3 == 5
    assert "skipped 2 messages: no text" in str(report)


def test_each_load_has_a_report_of_its_own(export: Path) -> None:
    loader = FacebookMessengerChatLoader(str(export))
    loader.load()
    before = loader.report
    loader.load()
    assert loader.report == before
    assert loader.report is not before


@pytest.mark.parametrize(
    "loader_type", [FolderFacebookMessengerChatLoader, SingleFileFacebookMessengerChatLoader]
)
def test_constructors_are_those_of_langchain_community(loader_type: type) -> None:
    first, *more = inspect.signature(loader_type).parameters.values()
    assert first.name == "path"
    assert all(parameter.kind is parameter.VAR_KEYWORD for parameter in more)


def test_single_file_loader_gives_one_session_whatever_the_file_holds(export: Path) -> None:
    path = export / "messages/inbox/bo_1/message_1.json"
    loader = SingleFileFacebookMessengerChatLoader(path=str(path))
    (session,) = loader.load()
    assert session["messages"] == []
    assert loader.file_path == path


def test_folder_loader_takes_the_folder_that_holds_inbox(export: Path) -> None:
    loader = FolderFacebookMessengerChatLoader(path=export / "messages")
    assert [s["thread"]["id"] for s in loader.load()] == ["al_1234"]
    assert loader.directory_path == export / "messages"


@pytest.mark.parametrize("loader_type", LOADERS)
def test_missing_path_is_an_error_at_load(loader_type: type, tmp_path: Path) -> None:
    loader = loader_type(tmp_path / "nowhere")
    with pytest.raises(ExportNotFoundError):
        loader.load()


@pytest.mark.parametrize("raw", [b'{"messages": ', b"{}"])
def test_single_file_loader_refuses_what_is_no_thread(tmp_path: Path, raw: bytes) -> None:
    path = write_thread(tmp_path, raw, "x.json")
    with pytest.raises(MalformedExportError) as caught:
        SingleFileFacebookMessengerChatLoader(path).load()
    assert caught.value.path == path


def test_broken_files_give_one_warning_without_a_name(export: Path) -> None:
    for number in (1, 2):
        write_thread(export / f"messages/inbox/secretname_{number}", b"{")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert len(FacebookMessengerChatLoader(export).load()) == 1
    (warning,) = caught
    assert "Files of the export were skipped: 2 x broken JSON" in str(warning.message)
    assert "secretname" not in str(warning.message)


def test_no_warning_without_broken_files(export: Path) -> None:
    write_thread(export / "messages", b"{}", "messaging_settings.json")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        FacebookMessengerChatLoader(export).load()


async def test_async_twin_gives_the_same(export: Path) -> None:
    loader = FacebookMessengerChatLoader(export)
    expected = await asyncio.to_thread(loader.load)
    assert [session async for session in loader.alazy_load()] == expected


def test_lazy_load_reads_no_further_than_asked(export: Path) -> None:
    write_thread(export / "messages/inbox/zz_9", thread_json([message("Cy", 1, "x")], ("Cy", ZOE)))
    loader = FacebookMessengerChatLoader(export)
    sessions = loader.lazy_load()
    next(sessions)
    assert loader.report.files_read == 1
    sessions.close()
    assert loader.report.files_read == 1


def test_loaders_can_be_pickled(export: Path) -> None:
    loader = pickle.loads(pickle.dumps(FacebookMessengerChatLoader(export)))  # noqa: S301 - own
    assert len(loader.load()) == 1
