"""Sessions of langchain-community's other chat loaders pass through our stages."""

from __future__ import annotations

import json
import warnings
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

from langchain_fbmessenger import map_ai_messages, merge_chat_runs, to_training_examples

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
