from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import msgspec
import pytest

from langchain_fbmessenger import MalformedFileError, MissingFolderError, PersonaRetriever
from langchain_fbmessenger.retrieval import index_file
from tests.unit_tests.builders import timed_session
from tests.unit_tests.retrieval.small_chats import examples, sessions, thread

if TYPE_CHECKING:
    from pathlib import Path

FILE = "exchanges.msgpack"


@pytest.fixture
def retriever() -> PersonaRetriever:
    return PersonaRetriever.from_sessions(sessions())


def test_what_was_saved_finds_the_same(retriever: PersonaRetriever, tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "index"
    retriever.save(folder)
    again = PersonaRetriever.load(folder, k=9)
    for message in ("concert", "コンサート", "😂", "owl", "nothingofit"):
        assert again.invoke(message) == retriever.invoke(message, k=9)


def test_an_empty_index_can_be_saved_and_added_to(tmp_path: Path) -> None:
    PersonaRetriever().save(tmp_path / "index")
    again = PersonaRetriever.load(str(tmp_path / "index"))
    assert again.invoke("concert") == []
    again.add_examples(examples())
    assert again.invoke("concert")


@pytest.mark.skipif(sys.platform == "win32", reason="rights of POSIX")
def test_files_are_for_their_owner_alone(retriever: PersonaRetriever, tmp_path: Path) -> None:
    retriever.save(tmp_path / "index")
    (tmp_path / "own").mkdir()
    (tmp_path / "own").chmod(0o755)  # whatever the mask of new files is
    retriever.save(tmp_path / "own")
    modes = {
        path.relative_to(tmp_path).as_posix(): oct(path.stat().st_mode & 0o777)
        for path in tmp_path.rglob("*")
    }
    assert modes == {
        "index": "0o700",
        f"index/{FILE}": "0o600",
        "own": "0o755",  # the user's own folder stays as it is
        f"own/{FILE}": "0o600",
    }


def test_a_save_that_fails_leaves_what_was_there(
    retriever: PersonaRetriever, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    retriever.save(tmp_path)
    before = (tmp_path / FILE).read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(type(tmp_path), "replace", full)
    with pytest.raises(OSError, match="No space"):
        PersonaRetriever().save(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [FILE]
    assert (tmp_path / FILE).read_bytes() == before


def test_what_is_added_to_a_loaded_index_is_found_beside_the_rest(
    retriever: PersonaRetriever, tmp_path: Path
) -> None:
    retriever.save(tmp_path)
    again = PersonaRetriever.load(tmp_path)
    more = timed_session((50, "Cy: any concert in Oslo?"), (51, "*Zoë: hei"), thread=thread("Cy"))
    again.add_examples(examples([more, *sessions()]))
    assert len(again.index) == len(retriever.index) + 1
    assert again.invoke("Oslo")[0].metadata["reply"] == "hei"
    assert again.invoke("owl")[0].metadata["reply"] == "long live karel"
    again.save(tmp_path)
    assert PersonaRetriever.load(tmp_path).invoke("concert Oslo") == again.invoke("concert Oslo")


@pytest.mark.parametrize("where", ["nothing", "empty", "file"])
def test_a_folder_without_an_index_is_told(tmp_path: Path, where: str) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("x")
    with pytest.raises(MissingFolderError, match="holds no index"):
        PersonaRetriever.load(tmp_path / where)
    if where == "file":
        with pytest.raises(MissingFolderError, match="is a file"):
            PersonaRetriever().save(tmp_path / where)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b"\xc1",
        msgspec.msgpack.encode({"kind": "other", "version": 1}),
        msgspec.msgpack.encode({"kind": index_file._KIND, "version": 1, "content": {"words": 7}}),
    ],
)
def test_other_files_are_no_index(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE).write_bytes(content)
    with pytest.raises(MalformedFileError):
        PersonaRetriever.load(tmp_path)


def test_a_cut_file_is_damaged(retriever: PersonaRetriever, tmp_path: Path) -> None:
    retriever.save(tmp_path)
    whole = (tmp_path / FILE).read_bytes()
    for size in range(0, len(whole), 97):
        (tmp_path / FILE).write_bytes(whole[:size])
        with pytest.raises(MalformedFileError, match="is damaged"):
            PersonaRetriever.load(tmp_path)


def test_a_file_whose_numbers_do_not_fit_each_other_is_damaged(
    retriever: PersonaRetriever, tmp_path: Path
) -> None:
    content = retriever.index.content()
    for name, value in (
        ("said", (b"123", b"")),
        ("exchanges", content.exchanges[:-1]),
        ("words", content.words[:3]),
        ("scores", ({"data": b"1"}, {})),
    ):
        wrong = msgspec.structs.replace(content, **{name: value})
        written = msgspec.msgpack.encode(index_file._File(index_file._KIND, 1, wrong))
        (tmp_path / FILE).write_bytes(written)
        with pytest.raises(MalformedFileError, match="is damaged"):
            PersonaRetriever.load(tmp_path)


def test_an_index_of_another_version_is_told(retriever: PersonaRetriever, tmp_path: Path) -> None:
    retriever.save(tmp_path)
    held = msgspec.msgpack.decode((tmp_path / FILE).read_bytes())
    (tmp_path / FILE).write_bytes(msgspec.msgpack.encode({**held, "version": 2}))
    with pytest.raises(MalformedFileError, match="another version"):
        PersonaRetriever.load(tmp_path)
