"""A second reading of exports and of training files, which shares no line with the package.

How often each message of an export is trained by a file, and which rules of a provider it breaks.
Rules: the providers' documents and the trainers' sources as read in November 2026. Where they say
nothing, nothing is asked; where documents ask for more than clients check, the documents hold.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter, defaultdict
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

PROVIDERS = (
    "openai", "azure", "nebius", "local", "together", "fireworks", "mistral",
    "trl", "axolotl", "llama-factory", "mlx-lm",
)  # fmt: skip
_LEAST, _MOST = {"openai": 10, "azure": 10, "fireworks": 3, "mlx-lm": 4}, {"fireworks": 3_000_000}
_LARGEST = {"openai": 512e6, "azure": 512e6, "mistral": 512e6, "nebius": 5e9}  # bytes
# OpenAI's notebook and our server flag other keys of a message; elsewhere they are ignored.
_KEYS = {name: {"role", "content", "name", "weight"} for name in ("openai", "azure", "local")}
_REFUSES_BLANK = {"openai", "azure", "nebius", "mistral", "axolotl"}
_ONE_SYSTEM = {"nebius", "together", "fireworks", "mistral", "llama-factory"}  # and at the head
_MAY_END_WITH_USER = {"openai", "azure", "local", "together"}
# What nobody typed (docs/formats.md, section 8); the whole line, never a part of it.
_SYSTEM_LINE = re.compile(
    r".{1,80} sent (an attachment|a (link|location|live location|group|photo|sticker|GIF))\.?"
    r"|Liked a message|(.{1,80} )?[Rr]eacted .{1,12} to (your|a) message\s*"
    r"|You called .{1,80}\.|.{1,80} called you\.|.{1,80} missed your call\."
    r"|You missed a (video )?(call|chat)( (from|with) .{1,80})?\.?|The (video )?(call|chat) ended\."
    r"|.{1,80} (named the group .*|left the group|created the group|changed the group photo)\."
    r"|.{1,80} (added|removed) .{1,80} (to|from) the group\.|.{1,80} (un)?pinned a message\."
    r"|.{1,80} (set|cleared) (the nickname for .{1,80}|(his|her|their|your)( own)? nickname).*\."
    r"|.{1,80} set the emoji to .{1,20}\.|.{1,80} changed the (chat )?theme.{0,80}\."
    r"|You are now connected on Messenger\.?|You can now (message and )?call each other.*"
    r"|Say hi to your new Facebook friend, .{1,80}\.|(.{1,80} )?unsent a message"
    r"|This poll is no longer available\.|(Audio|Video) call (started|ended)|Video chat ended"
    r"|.{1,80} voted for \".{1,80}\".* in the poll.*"
    r"|.{1,80} started (a|an audio) (call|video chat)\.?|.{1,80} joined the (video )?(call|chat)\."
    r"|.{1,80} (created a poll: .*|waved (at you|hello to the group))[.!]?|You waved at .{1,80}!",
    re.DOTALL,
)


class Line(NamedTuple):
    """One message that somebody typed."""

    sender: str
    time: int
    text: str
    mine: bool


class Row(NamedTuple):
    """One line of a training file, whatever its form: (role, content) and what has loss."""

    turns: list[tuple[str, str]]
    trained: frozenset[int]


class Fates(NamedTuple):
    """How often each message of the persona is trained, and how the rows begin and end."""

    never: int
    once: int
    more: int
    foreign: int  # trained lines that are no message of the persona's, nor a part of one
    rows: int
    starts_assistant: int
    starts_user: int
    ends_trained: int


def persona_messages(
    export: Path, owner: str, folders: Iterable[str] = ("inbox", "archived_threads", "e2ee_cutover")
) -> list[list[Line]]:
    """Read each thread's typed messages, oldest first."""
    threads: dict[Path, list[dict[str, Any]]] = defaultdict(list)
    for folder in folders:
        paths = export.glob(f"**/messages/{folder}/*/message_*.json")
        for path in sorted(paths, key=lambda p: (p.parent, int(p.stem.rpartition("_")[2]))):
            threads[path.parent] += json.loads(path.read_bytes())["messages"]  # newest part first
    read = []
    for messages in threads.values():
        lines = []
        messages.reverse()  # settles the order of equal times
        for message in sorted(messages, key=lambda m: m["timestamp_ms"]):
            text = _repaired(message.get("content") or "")
            if not _is_system(message, text) and _key(text):
                sender = _repaired(message.get("sender_name", ""))
                time, mine = message["timestamp_ms"], _name(sender) == _name(owner)
                lines.append(Line(sender, time, text, mine))
        read.append(lines)
    return read


def read_file(path: Path, provider: str) -> list[Row]:
    """Read a training file as the provider's or trainer's own reader does."""
    return [_row(raw, provider) for _, raw in _objects(path, provider)]


def violations(path: Path, provider: str) -> list[str]:
    """List every broken rule: "line N: …", or "file: …"."""
    broken = []
    head = path.read_bytes()[:3] == b"\xef\xbb\xbf"
    if provider in {"azure", "together", "mlx-lm"} and head != (provider == "azure"):
        broken.append("file: a byte order mark" if head else "file: no byte order mark")
    if path.stat().st_size >= _LARGEST.get(provider, 2**63):
        broken.append("file: too large")
    forms = []
    try:
        for number, raw in _objects(path, provider):
            # Together refuses a mixture, mlx-lm goes by the first row, `datasets` makes up nulls.
            forms.append(frozenset(raw) & {"messages", "prompt", "completion", "text", "weight"})
            broken += [f"line {number}: {rule}" for rule in _broken_rules(raw, provider)]
    except (ValueError, TypeError) as error:  # no UTF-8, no JSON, no object
        return [*broken, f"file: cannot be read after row {len(forms)}: {type(error).__name__}"]
    if not _LEAST.get(provider, 1) <= len(forms) <= _MOST.get(provider, len(forms)):
        broken.append(f"file: {len(forms)} rows")
    if len(set(forms)) > 1:  # of Fireworks' root weight, too, all rows have one or none
        broken.append("file: rows of several forms")
    return broken


def fates(rows: Iterable[Row], persona_lines: Iterable[str]) -> Fates:
    """Count how often each message is trained.

    Of equal texts, each training counts for one. A parted message counts once all of it is trained.
    """
    written = Counter(_key(text) for text in persona_lines)
    by_first_line: dict[str, list[tuple[str, ...]]] = defaultdict(list)
    for key in sorted(written, key=len, reverse=True):
        by_first_line[key[0]].append(key)
    whole = {"".join(key).replace(" ", ""): key for key in written}
    trained: Counter[tuple[str, ...]] = Counter()
    foreign, part, seen = 0, "", Counter[str]()
    for row in rows:
        roles = [role for role, _ in row.turns if role != "system"]
        seen["rows"] += 1
        seen[roles[0] if roles else "none"] += 1
        seen["ends"] += roles[-1:] == ["assistant"] and len(row.turns) - 1 in row.trained
        for position in sorted(row.trained):
            lines = list(_key(row.turns[position][1]))
            while lines:
                known = by_first_line.get(lines[0], [])
                key = next((k for k in known if tuple(lines[: len(k)]) == k), ())
                if not key:  # a part of a message, or nothing of the persona's
                    part += lines.pop(0).replace(" ", "")
                    if part in whole:
                        trained[whole[part]] += 1
                        part = ""
                    elif not any(text.startswith(part) for text in whole):
                        foreign, part = foreign + 1, ""
                else:
                    foreign, part = foreign + bool(part), ""
                    trained[key] += 1
                    del lines[: len(key)]
    never = sum(max(0, n - trained[key]) for key, n in written.items())
    more = sum(min(n, max(0, trained[key] - n)) for key, n in written.items())
    once = written.total() - never - more
    ways = (seen[way] for way in ("rows", "assistant", "user", "ends"))
    return Fates(never, once, more, foreign + bool(part), *ways)


def fixed_windows(sessions: Iterable[list[Line]]) -> list[dict[str, Any]]:
    """Cut as LangChain's walk-through does: merged runs, 8 turns, 2 of them repeated."""
    rows = []
    for session in sessions:
        turns = []
        for _, run in groupby(session, key=lambda line: line.sender):
            lines = list(run)
            role = "assistant" if lines[0].mine else "user"
            turns.append({"role": role, "content": "\n\n".join(line.text for line in lines)})
        if any(turn["role"] == "assistant" for turn in turns):
            starts = range(0, len(turns) - 8 + 1, 6)
            rows += [{"messages": turns[start : start + 8]} for start in starts]
    return rows


def _repaired(text: str) -> str:
    try:
        return text.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return text


def _name(name: str) -> str:
    return " ".join(unicodedata.normalize("NFC", name).casefold().split())


def _is_system(message: dict[str, Any], text: str) -> bool:
    return (
        any(message.get(key) is True for key in ("is_unsent", "is_taken_down"))
        or any(key in message for key in ("call_duration", "users"))
        or message.get("type") in {"Call", "Subscribe", "Unsubscribe"}
        or _SYSTEM_LINE.fullmatch(text) is not None
    )


def _key(text: str) -> tuple[str, ...]:
    """Return a text's lines without what blanks do not change."""
    lines = (" ".join(line.split()) for line in text.split("\n"))
    return tuple(line for line in lines if line)


def _objects(path: Path, provider: str) -> Iterator[tuple[int, dict[str, Any]]]:
    strict = provider in {"together", "mlx-lm"}  # neither passes a mark, nor a blank line
    with path.open(encoding="utf-8" if strict else "utf-8-sig", newline="\n") as file:
        for number, line in enumerate(file, start=1):
            if strict or line.strip():
                raw = json.loads(line)
                yield number, dict(raw)


def _messages(raw: dict[str, Any]) -> list[dict[str, Any]]:
    return [m for key in ("messages", "prompt", "completion") for m in raw.get(key, ())]


def _row(raw: dict[str, Any], provider: str) -> Row:
    messages = _messages(raw)
    everything = range(len(messages))
    assistant = {n for n in everything if messages[n].get("role") == "assistant"}
    if provider in {"llama-factory", "mlx-lm"}:  # mask_history: true, --mask-prompt
        trained = set(everything[-1:])
    elif provider == "trl":  # all tokens of `messages`, or of the completion
        trained = set(everything[len(raw["prompt"]) if "prompt" in raw else 0 :])
    elif provider == "nebius":  # no document mentions a weight
        trained = assistant
    elif provider == "axolotl":  # message_field_training: train; without it the role decides
        trained = {n for n in everything if messages[n].get("train", n in assistant)}
    elif provider == "together" and any("weight" in message for message in messages):
        trained = {n for n in everything if messages[n].get("weight", 1)}  # of any role
    else:
        trained = {n for n in assistant if messages[n].get("weight", 1)}
    turns = [(str(m.get("role")), str(m.get("content") or "")) for m in messages]
    return Row(turns, frozenset(trained))


def _broken_rules(raw: dict[str, Any], provider: str) -> Iterator[str]:
    form = {"prompt", "completion"} if provider == "trl" else {"messages"}
    more = {"together": {"tools"}, "fireworks": {"tools", "weight"}, "local": set[str]()}
    if not form <= raw.keys() <= form | more.get(provider, {"tools", "parallel_tool_calls"}):
        yield f"keys {sorted(raw)}"
    messages = _messages(raw)
    if not messages or not all(isinstance(m, dict) for m in messages):
        yield "no messages"
        return
    for message in messages:
        yield from _broken_message(message, provider)
    yield from _broken_order([str(m.get("role")) for m in messages], provider)
    row = _row(raw, provider)
    if not row.trained:
        yield "nothing is trained"
    yield from (f"trains {row.turns[n][0]}" for n in row.trained if row.turns[n][0] != "assistant")


def _broken_message(message: dict[str, Any], provider: str) -> Iterator[str]:
    role, content = message.get("role"), message.get("content")
    if not message.keys() <= _KEYS.get(provider, message.keys()):
        yield f"message keys {sorted(message)}"
    if not isinstance(content, str) or (provider in _REFUSES_BLANK and not content.strip()):
        yield f"no content of {role}"
    if role not in {"system", "user", "assistant"}:  # tools are not made here
        yield f"role {role!r}"
    weight = message.get("weight", 1)
    if type(weight) is not int or weight not in {0, 1}:
        yield f"weight {weight!r}"
    if "weight" in message and role != "assistant" and provider != "together":
        yield f"weight on {role}"
    if not re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", message.get("name", "-")):
        yield "name"


def _broken_order(roles: list[str], provider: str) -> Iterator[str]:
    chat = roles[1:] if roles[0] == "system" else roles
    if "system" in chat and provider in _ONE_SYSTEM:
        yield "a system message that is not the first, or a second"
    alternating = {"together", "nebius", "llama-factory"}  # llama-factory drops others silently
    repeated = [a for a, b in pairwise(roles) if a == b]
    if (provider in alternating and repeated) or (provider == "azure" and "assistant" in repeated):
        yield "roles do not alternate"
    if provider in {"together", "llama-factory"} and chat[:1] != ["user"]:
        yield "does not start with the user"
    if provider == "azure" and "user" not in roles:
        yield "no user message"
    if provider == "llama-factory" and len(chat) % 2:
        yield "an odd number of messages"
    if "assistant" not in roles:
        yield "no assistant message"
    if roles[-1] != "assistant" and provider not in _MAY_END_WITH_USER:
        yield f"ends with {roles[-1]}"
    if provider == "trl" and len(roles) > 1 and roles[-2] not in {"user", "tool"}:
        yield f"the prompt ends with {roles[-2]}"
