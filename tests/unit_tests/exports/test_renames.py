"""People who were renamed between two exports: the newest export's name is everybody's."""

from __future__ import annotations

import tempfile
from collections import Counter
from datetime import timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from langchain_fbmessenger import FacebookMessengerChatLoader, map_ai_messages
from langchain_fbmessenger._roster import people_of
from langchain_fbmessenger.exports import Message, Reaction, Thread
from langchain_fbmessenger.testing import TIME_PRECISION, write_export

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from langchain_fbmessenger.testing._options import Variant

START = 1_700_000_040_000
MINUTE = 60_000
HOUR = 60 * MINUTE
NUMBER = "17841400000000001"
FORMATS: list[Variant] = ["A", "A0", "B", "D", "E", "F", "H1", "H2", "H3", "H4", "I3", "I4"]


def chat(
    *people: str,
    numbers: Iterable[int] = range(10),
    name: str = f"milo_{NUMBER}",
    step: int = HOUR,
    **more: Any,
) -> Thread:
    """Make a thread in which people write in turn, the owner, who stands last, as the second."""
    *others, owner = people
    writers = [others[0], owner, *others[1:]]
    messages = [Message(writers[n % len(writers)], START + n * step, f"line {n}") for n in numbers]
    fields: dict[str, Any] = {
        "title": others[0] if len(people) == 2 else "Soup Council",
        "participants": list(people),
        "is_group": len(people) > 2,
        "folder": "inbox",
        "source": "messenger",
        "owner": owner,
        **more,
    }
    return Thread(id=name, messages=messages, **fields)


def load(*paths: Path, **options: Any) -> tuple[FacebookMessengerChatLoader, list[Any]]:
    loader = FacebookMessengerChatLoader(paths, timezone=timezone(timedelta(hours=-4)), **options)
    sessions = loader.load()
    report = loader.report
    assert report.messages_read == report.messages_loaded + report.messages_skipped.total()
    return loader, sessions


def senders(session: Any) -> dict[str, int]:
    return dict(Counter(m.additional_kwargs["sender"] for m in session["messages"]))


def orders(*paths: Path) -> list[tuple[Path, ...]]:
    return [paths, paths[::-1]]


def write(folder: Path, *threads: Thread, variant: Variant = "A", **options: Any) -> Path:
    return write_export(threads, folder, variant=variant, **options).path


def test_answers_under_an_older_name_are_the_owners(tmp_path: Path) -> None:
    """The case of the issue: of five answers, three stand under the name that the owner had."""
    old = chat("milo", "zoe", numbers=range(6))
    new = chat("milo", "Zoë ✨", numbers=range(10))
    for number, thread in enumerate((old, new)):
        write(tmp_path / "ab"[number], thread, layout="instagram", owner_files=False)
    for paths in orders(tmp_path / "a", tmp_path / "b"):
        loader, (session,) = load(*paths)
        assert senders(session) == {"milo": 5, "Zoë ✨": 5}
        assert loader.owner == session["thread"]["owner"] == "Zoë ✨"
        (mapped,) = map_ai_messages([session])
        assert Counter(m.type for m in mapped["messages"]) == {"ai": 5, "human": 5}
        assert set(session["thread"]["participants"]) == {"milo", "Zoë ✨"}
        assert [p.aliases for p in people_of(session["thread"]) if p.aliases] == [("zoe",)]


@pytest.mark.parametrize("variant", FORMATS)
@pytest.mark.parametrize("packaging", ["folder", "zip"])
@pytest.mark.parametrize(
    ("before", "today"),
    [
        (("milo", "zoe"), ("milo", "Zoë ✨")),
        (("milo", "zoe"), ("Milo D.", "zoe")),
        (("milo", "zoe"), ("Milo D.", "Zoë ✨")),
        (("milo", "zoe"), ("Mirek", "Kim")),
        (("milo", "zoe"), ("Milo", "Zoe")),
        (("milo", "ana", "zoe"), ("milo", "ana", "Kim")),
        (("milo", "ana", "zoe"), ("milo", "Bea", "zoe")),
        (("milo", "ana", "zoe"), ("Mirek", "Bea", "zoe")),
        (("milo", "ana", "zoe"), ("Mirek", "Bea", "Kim")),
    ],
)
def test_each_message_is_loaded_once_and_under_todays_name(
    tmp_path: Path,
    variant: Variant,
    packaging: Any,
    before: tuple[str, ...],
    today: tuple[str, ...],
) -> None:
    old = chat(*before, numbers=range(12))
    new = chat(*today, numbers=range(3, 15))
    first = write(tmp_path / "z", old, variant=variant, packaging=packaging)
    second = write(tmp_path / "a", new, variant=variant, packaging=packaging)
    for paths in orders(first, second):
        loader, sessions = load(*paths)
        assert len(sessions) == 1
        assert senders(sessions[0]) == senders_of(chat(*today, numbers=range(15)))
        assert loader.owner in {None, today[-1]}
        assert loader.owner == sessions[0]["thread"]["owner"]
        names = {name for person in people_of(sessions[0]["thread"]) for name in person.names}
        assert {n.casefold() for n in names} == {n.casefold() for n in (*before, *today)}


def senders_of(thread: Thread) -> dict[str, int]:
    return dict(Counter(message.sender for message in thread.messages))
