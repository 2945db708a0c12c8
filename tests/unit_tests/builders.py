"""Small exports and sessions for tests: what Meta writes, byte for byte, from readable input."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from langchain_core.messages import AIMessage, HumanMessage

if TYPE_CHECKING:
    from pathlib import Path

    from langchain_core.chat_sessions import ChatSession

ZOE = "Zoë Ångström"
AL = "Al"


def mojibake(value: Any) -> Any:
    """Encode every string twice, as Meta does."""
    if isinstance(value, str):
        return value.encode().decode("latin-1")
    if isinstance(value, dict):
        return {key: mojibake(item) for key, item in value.items()}
    return [mojibake(item) for item in value] if isinstance(value, list) else value


def message(sender: str | None, time: int | None, text: str | None = None, **more: Any) -> dict:
    """Make one message as Meta writes it."""
    fields = {"sender_name": sender, "timestamp_ms": time, "content": text, **more}
    return {key: value for key, value in fields.items() if value is not None}


def thread_json(
    messages: list[Any], participants: tuple[str, ...] = (AL, ZOE), **more: Any
) -> dict[str, Any]:
    """Make a thread file's object; the messages stand as given (Meta: newest first)."""
    return {
        "participants": [{"name": name} for name in participants],
        "messages": messages,
        "title": participants[0],
        "is_still_participant": True,
        "thread_path": "inbox/al_1234",
        **more,
    }


def dyi_bytes(thread: Any) -> bytes:
    """Write a file as an untouched download has it."""
    return json.dumps(mojibake(thread), indent=2).encode("ascii")


def write_thread(folder: Path, thread: Any, name: str = "message_1.json") -> Path:
    """Write a thread file, making its folders."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_bytes(thread if isinstance(thread, bytes) else dyi_bytes(thread))
    return path


def session(*lines: str, thread: dict[str, Any] | None = None) -> ChatSession:
    """Make a session from "Sender: text" lines; a sender with * is the assistant."""
    messages = []
    for time, line in enumerate(lines):
        sender, _, text = line.partition(": ")
        kind = AIMessage if sender.startswith("*") else HumanMessage
        kwargs = {"sender": sender.lstrip("*"), "events": [{"message_time": time}]}
        messages.append(kind(content=text, additional_kwargs=kwargs))
    made: dict[str, Any] = {"messages": messages}
    return made | ({"thread": thread} if thread else {})  # type: ignore[return-value]


HOUR = 3_600_000
START = 1_700_000_000_000


def timed_session(*lines: tuple[float, str], thread: dict[str, Any] | None = None) -> ChatSession:
    """Make a session from (hours after the start, "Sender: text") pairs."""
    made = session(*(line for _, line in lines), thread=thread)
    for (hours, _), one in zip(lines, made["messages"], strict=True):
        one.additional_kwargs["events"] = [{"message_time": START + round(hours * HOUR)}]
    return made
