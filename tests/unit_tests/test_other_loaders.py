"""Sessions of langchain-community's other chat loaders pass through our stages."""

from __future__ import annotations

import json
import warnings
import zipfile
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import pytest
from langchain_core.messages import HumanMessage

from langchain_fbmessenger import (
    map_ai_messages,
    merge_chat_runs,
    split_chat_sessions,
    to_training_examples,
)

if TYPE_CHECKING:
    from pathlib import Path

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from langchain_community.chat_loaders.slack import SlackChatLoader
    from langchain_community.chat_loaders.telegram import TelegramChatLoader
    from langchain_community.chat_loaders.whatsapp import WhatsAppChatLoader


def whatsapp(folder: Path) -> Any:
    lines = ["Al: Hi", "Al: You there?", "Zoë: Yes", "Al: Good"]
    text = "\n".join(f"[8/15/23, 9:12:{i:02} AM] {line}" for i, line in enumerate(lines))
    (folder / "chat.txt").write_text(text, encoding="utf-8")
    return WhatsAppChatLoader(path=str(folder / "chat.txt"))


def telegram(folder: Path) -> Any:
    lines = [("Al", "Hi"), ("Al", "You there?"), ("Zoë", "Yes"), ("Al", "Good")]
    messages = [
        {"type": "message", "from": who, "text": text, "date": f"2023-08-15T09:12:0{i}"}
        for i, (who, text) in enumerate(lines)
    ]
    path = folder / "result.json"
    path.write_text(json.dumps({"messages": messages}), encoding="utf-8")
    return TelegramChatLoader(path)


def slack(folder: Path) -> Any:
    lines = [("Al", "Hi"), ("Al", "You there?"), ("Zoë", "Yes"), ("Al", "Good")]
    messages = [
        {"user": who, "text": text, "ts": f"169209192{i}.0"} for i, (who, text) in enumerate(lines)
    ]
    path = folder / "slack.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("general/2023-08-15.json", json.dumps(messages))
    return SlackChatLoader(path)


@pytest.mark.parametrize("make_loader", [whatsapp, telegram, slack])
def test_other_loaders_sessions_pass(make_loader: Any, tmp_path: Path) -> None:
    loader = make_loader(tmp_path)
    pipeline = merge_chat_runs() | map_ai_messages(sender="zoë") | to_training_examples()
    (example,) = pipeline.stream(loader.lazy_load())
    contents = [(turn["role"], turn["content"].split()) for turn in example["messages"]]
    assert contents == [("user", ["Hi", "You", "there?"]), ("assistant", ["Yes"])]
    merged = next(merge_chat_runs().stream(loader.lazy_load()))
    assert len(merged["messages"][0].additional_kwargs["events"]) == 2


CHAT = [
    (datetime(2023, 8, 1, 9, 10), "Al: Hi"),  # noqa: DTZ001 - the phone's wall
    (datetime(2023, 8, 1, 9, 12), "Zoë: Yes"),  # noqa: DTZ001
    (datetime(2023, 8, 2, 21, 0), "Al: Again"),  # noqa: DTZ001
    (datetime(2023, 8, 15, 8, 0), "Zoë: Good"),  # noqa: DTZ001
]


@pytest.mark.parametrize(
    "form", ["{t.month}/{t.day}/{t:%y}, {t:%I:%M:%S %p}", "{t:%d/%m/%Y, %H:%M:%S}"]
)
def test_whatsapp_sessions_are_split_where_they_paused(form: str, tmp_path: Path) -> None:
    lines = [f"[{form.format(t=time)}] {line}" for time, line in CHAT]
    (tmp_path / "chat.txt").write_text("\n".join(lines), encoding="utf-8")
    loader = WhatsAppChatLoader(path=str(tmp_path / "chat.txt"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        parts = list(split_chat_sessions(loader.lazy_load()))
    assert [[m.content for m in part["messages"]] for part in parts] == [
        ["Hi", "Yes"],
        ["Again"],
        ["Good"],
    ]
    # A part cannot tell the order of day and month any more, so its times are settled.
    times = [m.additional_kwargs["events"][0]["message_time"] for p in parts for m in p["messages"]]
    assert times == [int(t.replace(tzinfo=timezone.utc).timestamp() * 1000) for t, _ in CHAT]
    (given,) = loader.lazy_load()
    assert isinstance(given["messages"][0].additional_kwargs["events"][0]["message_time"], str)


def test_messages_as_langchains_imessage_loader_makes_them_are_split() -> None:
    messages = [
        HumanMessage(
            content=line,
            role="Al",
            additional_kwargs={
                "message_time": 713_000_000_000_000_000 + index,  # nanoseconds since 2001
                "message_time_as_datetime": time,
                "sender": "Al",
                "is_from_me": False,
            },
        )
        for index, (time, line) in enumerate(CHAT)
    ]
    parts = list(split_chat_sessions([{"messages": messages}]))
    assert [len(part["messages"]) for part in parts] == [2, 1, 1]
