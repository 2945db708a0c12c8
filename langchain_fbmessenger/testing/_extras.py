"""Write what exports hold beside threads: the files that name the owner, and others.

A reader must take the owner's name from the first and leave the others alone. Facts:
docs/formats.md, sections 2 ("other JSON") and 3 ("owner").
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from langchain_fbmessenger.testing._files import OutputFile, below, dyi_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from langchain_fbmessenger.testing._options import Plan

__all__ = ["other_files", "owner_files"]

_WITH_OWNER_FILES = {"A", "A0", "G"}


def owner_files(plan: Plan) -> Iterator[OutputFile]:
    """Write Facebook's two JSON files that hold the owner's name."""
    is_facebook = plan.layout.zip_prefix == "facebook"
    if plan.variant not in _WITH_OWNER_FILES or not is_facebook or not plan.owner:
        return
    first, _, last = plan.owner.partition(" ")
    autofill = {
        "autofill_information_v2": {
            "FULL_NAME": [plan.owner],
            "FIRST_NAME": [first],
            "LAST_NAME": [last],
        }
    }
    profile = {
        "profile_v2": {
            "name": {"full_name": plan.owner, "first_name": first, "last_name": last},
            "profile_uri": "https://example.com/nobody",
            "registration_timestamp": 1_241_136_000,
        }
    }
    yield _json(below(plan.layout.messages, "autofill_information.json"), autofill)
    yield _json("personal_information/profile_information/profile_information.json", profile)


def other_files(plan: Plan) -> Iterator[OutputFile]:
    """Write files of the kind that stand beside threads and hold none."""
    below_root = plan.layout.messages.rpartition("/")[0]
    if plan.variant.startswith(("H", "I")):
        page = (
            b"<html><head><title>Start here</title></head><body><h1>Caf\xc3\xa9</h1></body></html>"
        )
        yield OutputFile("start_here.html", [page])
        yield OutputFile(below(below_root, "posts", "your_posts_1.html"), [page])
        return
    for name, value in _BESIDE_THREADS.items():
        yield _json(below(plan.layout.messages, name), value)
    archived = b"[object Object]"  # a bug of Meta's own
    yield OutputFile(below(plan.layout.messages, "archived_stories.json"), [archived])
    for name, value in _ELSEWHERE.items():
        yield _json(below(below_root, name), value)


def _json(name: str, value: Any) -> OutputFile:
    return OutputFile(name, [dyi_json(value)])


_LABELS = [
    {
        "fbid": "1234567890123456",
        "media": [],
        "label_values": [{"label": "Überschrift", "value": "nichts"}],
    }
]
_BESIDE_THREADS: dict[str, Any] = {
    "secret_conversations.json": {
        "secret_conversations_v2": {"has_secret_conversations": False, "tincan_devices": []}
    },
    "messaging_settings.json": {
        "messaging_settings_v2": [{"name": "Café mode", "value": "Off"}],
    },
    "support_messages.json": {"support_messages_v2": [{"subject": "Lost hat", "messages": []}]},
    "chat_invites_received.json": {"chat_invites_received_v2": []},
    "ai_conversations.json": {"ai_conversations_v2": [{"title": "Soup?", "prompts": []}]},
    "community_chats_settings.json": _LABELS,
}
_ELSEWHERE: dict[str, Any] = {
    "posts/your_posts_1.json": [
        {"timestamp": 1_600_000_000, "data": [{"post": "Schöner Tag"}], "title": "Zoë posted"}
    ],
    "connections/friends/your_friends.json": {
        "friends_v2": [{"name": "Milo Dvořák", "timestamp": 1_500_000_000}]
    },
}
