r"""Build the bundled sample export of the scripts in `threads/`: lines in, Meta's files out.

    python tests/sample_source/build.py      # writes langchain_fbmessenger/sample/facebook-…

A script names its thread and its people, then has what they write, oldest first:

    thread: inbox/milodvorak_2719046381550273
    people: m = Milo Dvořák                 # "n" is the owner, in every script
    title: Soup Council                     # of a group
    form: types                             # types: "type" in each message and thread; unsent:
                                            # "is_unsent: false" in each; group; pending; bare
    @ 2021-06-04 20:10                      a conversation begins (UTC)
    m Ahoj!                                 a message; "\n" is a line break
    n {photo}                               without text, with an attachment
    n Look! {photo} {+❤ Milo Dvořák}        with both, and a reaction
    ~ 40m                                   a pause
    === next file                           what follows stands in a newer message_N.json

Everything else (ids, seconds between messages) comes from digests of the text, so that the same
scripts give the same bytes, and a changed line moves only its own conversation.
"""

from __future__ import annotations

import json
import re
import sys
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import Any

OWNER = "Noémie Åkerlund"
EXPORT = "facebook-noemieakerlund-2024-05-18-k3Jx9QpZ"
MESSAGES = "your_facebook_activity/messages"
SOURCE = Path(__file__).parent
TARGET = SOURCE.parents[1] / "langchain_fbmessenger" / "sample"

# kind in braces: field of Meta's JSON, folder, ending
_FILES = {
    "photo": ("photos", "photos", "jpg"),
    "video": ("videos", "videos", "mp4"),
    "audio": ("audio_files", "audio", "mp4"),
    "gif": ("gifs", "gifs", "gif"),
    "file": ("files", "files", "pdf"),
}
_UNDATED = {"gif"}  # Meta gives them no creation_timestamp
# Seconds until somebody looks at the phone: each step is as likely as the others.
_UNTIL_READ = (2, 6, 10, 15, 22, 32, 48, 75, 120, 200, 360, 700, 1500)
_BEHIND = ("type", "users", "is_unsent")  # behind what was said, in this order
_BRACES = re.compile(r"\s*\{([^{}]*)\}$")
_REACTION_SENTENCE = re.compile(r"Reacted \S+ to your message")
_PAUSE = re.compile(r"(?:(\d+)h)?(?:(\d+)m)?")


@dataclass
class Script:
    """A thread as its script has it; each part is one file's messages, oldest first."""

    path: str
    people: dict[str, str]
    title: str
    form: frozenset[str]
    parts: list[list[dict[str, Any]]] = field(default_factory=lambda: [[]])


def build() -> dict[str, bytes]:
    """Return the export: the bytes of each file by its path."""
    files = {}
    for source in sorted((SOURCE / "account").rglob("*.json")):
        path = source.relative_to(SOURCE / "account").as_posix()
        files[path] = _as_meta_writes(json.loads(source.read_text(encoding="utf-8")))
    for source in sorted((SOURCE / "threads").glob("*.txt")):
        script = read_script(source.read_text(encoding="utf-8"))
        for number, messages in enumerate(reversed(script.parts), start=1):
            path = f"{MESSAGES}/{script.path}/message_{number}.json"
            files[path] = _as_meta_writes(_thread_file(script, messages))
    return files


def read_script(text: str) -> Script:
    """Read a script: its head, then its lines one by one."""
    head, _, body = text.partition("\n\n")
    told = dict(line.split(": ", 1) for line in head.splitlines())
    people = dict(one.split(" = ") for one in told["people"].split(", "))
    title = told.get("title", next(iter(people.values())))
    script = Script(
        told["thread"], {**people, "n": OWNER}, title, frozenset(told["form"].split(", "))
    )
    now = datetime.min.replace(tzinfo=timezone.utc)
    seed, numbers, last = "", count(), ""
    for line in filter(None, body.splitlines()):
        mark, _, rest = line.partition(" ")
        if mark == "@":
            later = datetime.strptime(rest, "%Y-%m-%d %H:%M").replace(tzinfo=timezone.utc)
            if later <= now:
                message = f"{script.path}: {rest} is not after the conversation before it"
                raise ValueError(message)
            now, seed, numbers, last = later, f"{script.path} {rest}", count(), ""
        elif mark == "~":
            hours, minutes = (int(n or 0) for n in _PAUSE.fullmatch(rest).groups())
            now += timedelta(hours=hours, minutes=minutes)
        elif mark == "===":
            script.parts.append([])
        else:
            pause = _writing_time(rest, f"{seed} {next(numbers)}", is_answer=last not in {"", mark})
            now += timedelta(milliseconds=pause)
            at = round(now.timestamp() * 1000)
            script.parts[-1].append(_message(script, script.people[mark], at, rest))
            last = mark
    return script


def _writing_time(text: str, seed: str, *, is_answer: bool) -> int:
    """Return milliseconds until a message is sent; an answer has to wait until it is read."""
    typing = 3_000 + len(text) * (80 + _number(seed, 120))
    if not is_answer:
        return typing
    band = _number(f"{seed} band", len(_UNTIL_READ) - 1)
    least, most = _UNTIL_READ[band : band + 2]
    return typing + 1_000 * least + _number(f"{seed} read", 1_000 * (most - least))


def _message(script: Script, sender: str, at: int, line: str) -> dict[str, Any]:
    text, told = _without_braces(line)
    message: dict[str, Any] = {"sender_name": sender, "timestamp_ms": at}
    if text:
        message["content"] = text
    last: dict[str, Any] = {"type": "Generic"} if "types" in script.form else {}
    if "unsent" in script.form:
        last["is_unsent"] = False
    for one in told:
        for key, value in _fields(script, at, *one.partition(" ")[::2]).items():
            if key == "reactions":  # several people react to one message
                message[key] = [*message.get(key, []), *value]
            elif key not in _BEHIND:
                message[key] = value
            elif key != "type" or "types" in script.form:
                last[key] = value
    return message | {key: last[key] for key in _BEHIND if key in last}


def _without_braces(line: str) -> tuple[str, list[str]]:
    told: list[str] = []
    while match := _BRACES.search(line):
        told.insert(0, match[1])
        line = line[: match.start()]
    text = line.strip().replace("\\n", "\n")
    # A reaction sent as text ends in a blank, which an editor would take away.
    return text + (" " if _REACTION_SENTENCE.fullmatch(text) else ""), told


def _fields(script: Script, at: int, word: str, value: str) -> dict[str, Any]:
    """Return the fields of what stands in braces."""
    if word in _FILES:
        name, folder, ending = _FILES[word]
        uri = f"{MESSAGES}/{script.path}/{folder}/{_file_name(script, at)}.{ending}"
        dated = {} if word in _UNDATED else {"creation_timestamp": at // 1000}
        return {name: [{"uri": uri, **dated}]}
    if word.startswith("+"):
        return {"reactions": [{"reaction": word[1:], "actor": value}]}
    sticker = f"{MESSAGES}/stickers_used/{_file_name(script, at)}.png"
    fields: dict[str, dict[str, Any]] = {
        "sticker": {"sticker": {"uri": sticker}},
        "share": {"share": {"link": value}, "type": "Share"},
        "call": {"call_duration": value.isdigit() and int(value), "type": "Call"},
        "missed": {"call_duration": 0, "missed": True, "type": "Call"},
        "users": {"users": [{"name": value}], "type": "Subscribe"},
        "unsent": {"is_unsent": True},
        "empty": {},
    }
    if word not in fields:
        message = f"{script.path}: what is {word!r}?"
        raise ValueError(message)
    return fields[word]


def _thread_file(script: Script, messages: list[dict[str, Any]]) -> dict[str, Any]:
    first, *others = [name for key, name in script.people.items() if key != "n"]
    thread: dict[str, Any] = {
        "participants": [{"name": name} for name in (first, OWNER, *others)],
        "messages": messages[::-1],  # newest first, as in Meta's files
        "title": script.title,
        "is_still_participant": True,
    }
    if "types" in script.form:
        thread["thread_type"] = "RegularGroup" if "group" in script.form else "Regular"
    thread |= {"thread_path": script.path, "magic_words": []}
    return thread | ({"is_pending": True} if "pending" in script.form else {})


def _as_meta_writes(content: Any) -> bytes:
    return json.dumps(_twice_encoded(content), indent=2).encode("ascii")


def _twice_encoded(value: Any) -> Any:
    """Encode all text a second time, as Meta does: é is written as Ã©."""
    if isinstance(value, str):
        return value.encode().decode("latin-1")
    if isinstance(value, list):
        return [_twice_encoded(one) for one in value]
    if isinstance(value, dict):
        return {key: _twice_encoded(one) for key, one in value.items()}
    return value


def _file_name(script: Script, at: int) -> str:
    seed = f"{script.path} {at}"
    return f"{10**8 + _number(seed, 9 * 10**8)}_{10**9 + _number(f'{seed} more', 9 * 10**9)}"


def _number(seed: str, below: int) -> int:
    return int.from_bytes(sha256(seed.encode()).digest()[:8], "big") % below


def main() -> None:
    """Write the export, and remove what no script tells any more."""
    root = TARGET / EXPORT
    files = build()
    for path in sorted(root.rglob("*"), reverse=True):
        if path.is_dir() and not any(path.iterdir()):
            path.rmdir()
        elif path.is_file() and path.relative_to(root).as_posix() not in files:
            path.unlink()
    for path, content in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(content)
    sys.stdout.write(f"{len(files)} files, {sum(map(len, files.values())):,} bytes\n")


if __name__ == "__main__":
    main()
