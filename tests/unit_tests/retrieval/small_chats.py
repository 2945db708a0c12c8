"""Chats of an invented persona, Zoë, with Milo, with Bo, and in a group."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from langchain_fbmessenger import split_chat_sessions, to_training_examples
from tests.unit_tests.builders import timed_session

if TYPE_CHECKING:
    from langchain_core.chat_sessions import ChatSession

DAY = 24


def thread(name: str, *others: str) -> dict[str, Any]:
    people = [name, *others, "Zoë"]
    return {"id": name.lower(), "title": name, "participants": people, "is_group": bool(others)}


def sessions() -> list[ChatSession]:
    """Return three threads, their conversations a day and more apart."""
    return [
        timed_session(
            (0, "Milo Dvořák: Are you coming to the concert tonight?"),
            (0.1, "*Zoë: yes captain, with the cello"),
            (0.2, "Milo Dvořák: haha ok"),
            (0.3, "*Zoë: bring crumbs"),
            (3 * DAY, "Milo Dvořák: my owl is called Karel"),
            (3 * DAY + 0.1, "*Zoë: long live karel"),
            (9 * DAY, "Milo Dvořák: Shall we go to the concert again?"),
            (9 * DAY + 0.1, "*Zoë: only in the first row, captain"),
            thread=thread("Milo Dvořák"),
        ),
        timed_session(
            (1 * DAY, "*Zoë: I have moved to Brno"),
            (1 * DAY + 0.1, "Bo: nice, is there a concert hall?"),
            (1 * DAY + 0.2, "*Zoë: there is a tram and a bakery"),
            (5 * DAY, "Bo: 明日の夜、コンサートに行く"),
            (5 * DAY + 0.1, "*Zoë: 行く"),
            (6 * DAY, "Bo: 😂😂"),
            (6 * DAY + 0.1, "*Zoë: 🥖"),
            thread=thread("Bo"),
        ),
        timed_session(
            (7 * DAY, "Milo Dvořák: who brings soup?"),
            (7 * DAY + 0.01, "Bo: not me"),
            (7 * DAY + 0.1, "*Zoë: me, a bucket of it"),
            thread=thread("Milo Dvořák", "Bo") | {"id": "soup_council"},
        ),
    ]


def examples(chats: list[ChatSession] | None = None, **options: Any) -> list[Any]:
    pipeline = split_chat_sessions() | to_training_examples(**options)
    return list(pipeline.invoke(sessions() if chats is None else chats))
