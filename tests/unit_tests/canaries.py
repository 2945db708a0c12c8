"""Words that stand nowhere else, in each place where an export holds something private.

Whatever the package writes, sends or says can be searched for them.
"""

from __future__ import annotations

import json
import re
import traceback
from typing import TYPE_CHECKING, Any

from langchain_core.messages import AIMessage, HumanMessage
from langchain_core.tracers.base import BaseTracer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from langchain_core.chat_sessions import ChatSession
    from langchain_core.tracers.schemas import Run

TEXT = "zqtext"
NAME = "Zqname Zqfamily"
OWNER = "Zqowner"
TITLE = "zqtitle"
PROMPT = "zqprompt"
SYSTEM = f"You are {{owner}}, {PROMPT}. You write to {{others}}."
# The whole word: "zq" alone stands in any megabyte of weights.
_CANARY = re.compile("zq(text|name|family|owner|title|prompt|role|home)", re.IGNORECASE)


def assert_clean(written: object, where: str = "") -> None:
    """Fail if any canary stands in what was written; say which, and what stands around it."""
    text = str(written)
    found = _CANARY.search(text)
    shown = text[max(0, found.start() - 300) : found.end() + 100] if found else ""
    assert not found, f"{where}: …{shown}…"


def session(number: int = 0, *, size: int = 8) -> ChatSession:
    """Make a session of two people in which every text, name and title is a canary."""
    messages: list[Any] = []
    for position in range(size):
        sender, kind = ((NAME, HumanMessage), (OWNER, AIMessage))[position % 2]
        kwargs = {
            "sender": sender,
            "events": [
                {
                    "message_time": 1_700_000_000_000 + position * 60_000,
                    "reactions": [{"actor": NAME, "reaction": f"{TEXT} reaction"}],
                    "share": {"link": f"https://example.com/{TEXT}"},
                }
            ],
        }
        words = f"{TEXT} says number {number} of {position}, for what it is worth"
        messages.append(kind(content=words, additional_kwargs=kwargs))
    thread = {
        "id": f"{TITLE}_{number}",
        "title": f"{TITLE} {number}",
        "participants": [NAME, OWNER],
        "is_group": False,
        "folder": "inbox",
        "source": "messenger",
        "owner": OWNER,
    }
    return {"messages": messages, "thread": thread}  # type: ignore[typeddict-unknown-key]


def chain_of(error: BaseException) -> Iterator[BaseException]:
    """Give an error and all that it was raised from or amid, shown or not."""
    waiting, seen = [error], set()
    while waiting:
        one = waiting.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        waiting += [other for other in (one.__cause__, one.__context__) if other is not None]
        waiting += getattr(one, "exceptions", ())


def assert_clean_error(error: BaseException) -> None:
    """Fail if an error, or one in its chain, carries a canary: in words, arguments, attributes."""
    for one in chain_of(error):
        what = type(one).__name__
        held = {name: getattr(one, name, None) for name in ("doc", "object", "input", "obj")}
        for part in (str(one), repr(one), one.args, vars(one), held, getattr(one, "__notes__", "")):
            assert_clean(part, what)
    assert_clean("".join(traceback.format_exception(error)), "traceback")


class Recorder(BaseTracer):
    """A tracer as LangSmith's: it keeps everything that it gets of each run."""

    def __init__(self) -> None:
        super().__init__()
        self.runs: list[Run] = []

    def _persist_run(self, run: Run) -> None:
        self.runs.append(run)

    def told(self) -> str:
        """Return all of it, the runs within runs too, as text."""
        return json.dumps([run.model_dump() for run in self.runs], default=repr)
