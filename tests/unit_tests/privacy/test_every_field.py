"""No field of a message keeps a name or an identifier, whatever its class, wherever it stands."""

from __future__ import annotations

import dataclasses
import json
import pickle
import random
import warnings
import zipfile
from collections import deque
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from langchain_core.documents import Document
from langchain_core.messages import (
    AIMessage,
    AIMessageChunk,
    ChatMessage,
    FunctionMessage,
    HumanMessage,
    SystemMessage,
    ToolMessage,
)

from langchain_fbmessenger import apply_consent, pseudonymize_chat_sessions, redact_identifiers

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from langchain_community.chat_loaders.slack import SlackChatLoader
    from langchain_community.chat_loaders.whatsapp import WhatsAppChatLoader

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from langchain_core.messages import BaseMessage

NAME = "Zdislava Quimby"
PHONE = "+420 601 234 567"
THREAD = {
    "participants": [NAME, "Bo Sun", "Cy Poe", "Will Rose"],
    "owner": "Bo Sun",
    "is_group": True,
}


class Pair(NamedTuple):
    one: str
    other: str


@dataclasses.dataclass
class Quote:
    author: str
    text: str


class Own(HumanMessage):
    """A message class of somebody else's, with a field of its own."""

    reply_to: str = ""


def without_name(messages: list[Any], folder: Path) -> list[Any]:
    (found,) = pseudonymize_chat_sessions([session(messages)], key=folder / "names.key")
    return found["messages"]


def without_person(messages: list[Any], _: Path) -> list[Any]:
    (found,) = apply_consent([session(messages)], forget=[NAME])
    return found["messages"]


def without_identifier(messages: list[Any], _: Path) -> list[Any]:
    (found,) = redact_identifiers([session(messages)])
    return found["messages"]


def session(messages: list[Any]) -> Any:
    return {"messages": messages, "thread": THREAD}


def told_by(message: BaseMessage) -> str:
    """Everything that a stored message tells."""
    dumped = json.dumps(message.model_dump(), ensure_ascii=False, default=str)
    return f"{dumped}{pickle.dumps(message)!r}{message!r}".casefold()


STAGES: list[tuple[Callable[..., list[Any]], str, tuple[str, ...]]] = [
    (without_name, NAME, ("zdislava", "quimby")),
    (without_person, NAME, ("zdislava", "quimby")),
    (without_identifier, PHONE, ("601 234 567",)),
]


class Planter:
    """Makes messages of all classes, with something planted in any of their places."""

    def __init__(self, planted: str, seed: int) -> None:
        self._planted = planted
        self._random = random.Random(seed)  # noqa: S311 - no secret

    def text(self) -> str:
        return self._random.choice([self._planted, f"ask {self._planted}!", "hello", "x", ""])

    def value(self, depth: int = 3) -> Any:
        makers: list[Callable[[], Any]] = [self.text, lambda: None, lambda: 3]
        if depth:
            makers += [
                lambda: [self.value(depth - 1), self.value(depth - 1)],
                lambda: (self.value(depth - 1), self.text()),
                lambda: self.mapping(depth - 1),
                lambda: Pair(self.text(), self.text()),
                lambda: Quote(self.text(), self.text()),
                lambda: {self.text(), "y"},
                lambda: Document(page_content=self.text(), metadata=self.mapping(depth - 1)),
                lambda: HumanMessage(self.text(), name=self.text(), role=self.text()),
                lambda: PurePosixPath(self.text()),
                lambda: self.text().encode(),
                lambda: deque([bytearray(self.text(), "utf-8"), self.value(depth - 1)], maxlen=9),
            ]
        return self._random.choice(makers)()

    def mapping(self, depth: int = 2) -> dict[str, Any]:
        keys = [self._planted, "from", "quoted", "kind", "source", "events", "id", "type", "role"]
        return {key: self.value(depth) for key in self._random.sample(keys, 3)}

    def content(self) -> Any:
        blocks = [
            self.text(),
            {**self.mapping(), "type": "text", "text": self.text()},
            {"type": "image_url", "image_url": {"url": self.text()}},
            self.mapping(),
        ]
        return self._random.choice([self.text(), blocks])

    def fields(self) -> dict[str, Any]:
        return {
            "content": self.content(),
            "additional_kwargs": {**self.mapping(), "sender": "Bo Sun"},
            "response_metadata": self.mapping(),
            "id": self.text(),
            "name": self.text(),
            "role": self.text(),
            self._planted: self.value(),
        }

    def messages(self) -> list[Any]:
        call = {"name": self.text(), "args": self.mapping(), "id": self.text(), "type": "tool_call"}
        chunk: dict[str, Any] = {"content": self.text(), "additional_kwargs": {"sender": "Bo Sun"}}
        return [
            HumanMessage(**self.fields()),
            SystemMessage(**self.fields()),
            Own(**self.fields(), reply_to=self.text()),
            ChatMessage(**self.fields()),
            AIMessage(**self.fields(), tool_calls=[call]),
            AIMessageChunk(**chunk, id=self.text()),
            ToolMessage(**self.fields(), tool_call_id=self.text(), artifact=self.value()),
            FunctionMessage(**self.fields()),
        ]


@pytest.mark.parametrize(("stage", "planted", "forms"), STAGES)
@given(seed=st.integers(0, 10**6))
@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_nothing_that_was_planted_is_left_anywhere(
    stage: Callable[..., list[Any]], planted: str, forms: tuple[str, ...], tmp_path: Path, seed: int
) -> None:
    messages = Planter(planted, seed).messages()
    before = list(map(repr, messages))
    found = stage(messages, tmp_path)
    assert [type(message) for message in found] == [type(message) for message in messages]
    for message in found:
        assert [form for form in forms if form in told_by(message)] == []
    assert list(map(repr, messages)) == before


@pytest.mark.parametrize("loader", ["whatsapp", "slack"])
@pytest.mark.parametrize("stage", ["pseudonymize", "consent"])
def test_role_of_langchains_own_loaders_is_a_name(loader: str, stage: str, tmp_path: Path) -> None:
    lines = [(NAME, "hi"), ("Bo Sun", "yes"), ("Cy Poe", "no")]
    given_loader: Any
    if loader == "whatsapp":
        text = "\n".join(f"[8/15/23, 9:12:0{i} AM] {who}: {t}" for i, (who, t) in enumerate(lines))
        (tmp_path / "chat.txt").write_text(text, encoding="utf-8")
        given_loader = WhatsAppChatLoader(path=str(tmp_path / "chat.txt"))
    else:
        said = [
            {"user": who, "text": t, "ts": f"169209192{i}.0"} for i, (who, t) in enumerate(lines)
        ]
        with zipfile.ZipFile(tmp_path / "slack.zip", "w") as archive:
            archive.writestr("general/2023-08-15.json", json.dumps(said))
        given_loader = SlackChatLoader(tmp_path / "slack.zip")
    (chat,) = given_loader.lazy_load()
    assert chat["messages"][0].role == NAME
    if stage == "pseudonymize":
        (found,) = pseudonymize_chat_sessions([chat], key=tmp_path / "names.key")
        assert [m.role for m in found["messages"]] == [
            m.additional_kwargs["sender"] for m in found["messages"]
        ]
    else:
        (found,) = apply_consent([chat], forget=[NAME])
    assert not any("quimby" in told_by(m) for m in found["messages"])
    times = [m.additional_kwargs["events"][0]["message_time"] for m in found["messages"]]
    assert len(set(times)) == len(times)


def test_roles_of_chat_formats_stay(tmp_path: Path) -> None:
    for role in ("user", "assistant", "system", "tool", "ai"):
        message = ChatMessage("hi", role=role)
        assert without_name([message], tmp_path)[0].role == role


def test_who_is_known_by_a_role_alone_is_left_out_too() -> None:
    said: Any = [ChatMessage("a", role=r) for r in (NAME, "Bo Sun", "Cy Poe")]
    (found,) = apply_consent([{"messages": said}], forget=[NAME])
    assert [m.role for m in found["messages"]] == ["Cy Poe"]


@pytest.mark.parametrize("value", ["will rose", "Will Rose"])
def test_value_that_is_a_whole_name_is_one_whatever_its_words_are(
    value: str, tmp_path: Path
) -> None:
    message = HumanMessage("hi", additional_kwargs={"sender": "Bo Sun", "source": value})
    assert "rose" not in told_by(*without_name([message], tmp_path))


def test_ids_and_keys_that_become_one_stay_as_many() -> None:
    other = "+420 602 345 678"
    said: Any = [
        HumanMessage(
            "a", id=PHONE, additional_kwargs={"sender": PHONE, "seen": {PHONE: 1, other: 2}}
        ),
        HumanMessage("b", id=other, additional_kwargs={"sender": other}),
        HumanMessage("c", additional_kwargs={"sender": PHONE}),
    ]
    (found,) = redact_identifiers([{"messages": said}])
    assert [m.additional_kwargs["sender"] for m in found["messages"]] == [
        "[phone]",
        "[phone] 2",
        "[phone]",
    ]
    assert len({m.id for m in found["messages"]}) == 3
    assert sorted(found["messages"][0].additional_kwargs["seen"].values()) == [1, 2]


@pytest.mark.parametrize(("stage", "planted", "forms"), STAGES)
def test_keys_beside_the_messages_are_looked_at_too(
    stage: Callable[..., list[Any]], planted: str, forms: tuple[str, ...], tmp_path: Path
) -> None:
    given = {**session([HumanMessage("hi", additional_kwargs={"sender": "Bo Sun"})])}
    given |= {planted: {"seen": planted}, "source_file": 3, b"\x89PNG": b"\x89PNG"}
    (found,) = {
        without_name: lambda: pseudonymize_chat_sessions([given], key=tmp_path / "names.key"),
        without_person: lambda: apply_consent([given], forget=[NAME]),
        without_identifier: lambda: redact_identifiers([given]),
    }[stage]()  # type: ignore[index]
    told = repr({key: value for key, value in found.items() if key != "thread"}).casefold()
    assert [form for form in forms if form in told] == []
    assert (found["source_file"], found[b"\x89PNG"]) == (3, b"\x89PNG")


def test_bytes_of_a_picture_are_left_alone(tmp_path: Path) -> None:
    data = "iVBORw0KGgo" + "Quimby+601234567/" * 30 + "=="
    blocks = [
        {"type": "image", "base64": data},
        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{data}"}},
    ]
    message = HumanMessage(blocks, additional_kwargs={"sender": "Bo Sun"})
    for stage, *_ in STAGES:
        assert stage([message], tmp_path)[0].content == blocks


def test_times_as_text_are_no_identifiers(tmp_path: Path) -> None:
    times = ["8/15/23, 9:10:00 AM", "[15.08.23, 09:10:00]", "2023-08-15T09:10:00", "1692091921.0"]
    events = [{"message_time": time} for time in times]
    message = HumanMessage("x", additional_kwargs={"sender": "Bo Sun", "events": events})
    for stage in (without_name, without_identifier):
        assert stage([message], tmp_path)[0].additional_kwargs["events"] == events


def test_day_and_month_stay_told_apart_when_the_line_that_tells_them_goes() -> None:
    lines = [("Cy Poe", "03/04/23, 9:10"), (NAME, "13/04/23, 9:10"), ("Bo Sun", "14/04/23, 9:10")]
    lines += [("Cy Poe", "05/05/23, 9:10")]
    said: Any = [
        HumanMessage("x", additional_kwargs={"sender": who, "events": [{"message_time": time}]})
        for who, time in lines
    ]
    (found,) = apply_consent([session(said)], forget=[NAME])
    times = [m.additional_kwargs["events"][0]["message_time"] for m in found["messages"]]
    assert times == [1_680_513_000_000, 1_683_277_800_000]
