"""What one line of a training file says, and which rules of a provider it breaks.

The facts of a line are gathered once; each provider's rules are then a few comparisons, so that a
file is checked for all of them in one pass. Nothing here quotes what a line says: it is private.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from langchain_fbmessenger.examples.files.rules import ExampleRules

__all__ = [
    "ChatFacts",
    "RuleViolation",
    "broken_rules",
    "facts_of",
    "turns_of_line",
]

_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_LETTERS = {"system": "s", "user": "u", "assistant": "a"}
_TURN_KEYS = frozenset({"role", "content", "name", "weight", "train"})
_WEIGHTS = frozenset({"weight", "train"})
_NEIGHBOURS = re.compile(r"uu|[ac][ac]")
_NO_USER_FIRST = re.compile(r"s*[ac]")
_SYSTEM_ELSEWHERE = re.compile(r".+s")


@dataclass(frozen=True)
class RuleViolation:
    """A broken rule.

    Attributes:
        rule: Short name of the rule, as in `InvalidExampleError.rule`.
        reason: What is wrong, without any of the text.
        line: The number of the example, as of its line in a file, counted from 1; None where the
            rule is about the whole set, or the line is known to the caller.
    """

    rule: str
    reason: str
    line: int | None = None

    def __str__(self) -> str:
        where = "the file" if self.line is None else f"line {self.line:,}"
        return f"{where}: {self.reason} [{self.rule}]"


class ChatFacts(NamedTuple):
    """What a line says, without its words.

    `roles` has a letter for each message: s(ystem), u(ser), a(ssistant), or c(ontext), an answer
    that is not trained. `weights` are the keys by which messages are weighted; `weighted` has the
    letters of those that are. `broken` are the rules that hold everywhere.
    """

    shape: str
    keys: tuple[str, ...]
    roles: str
    weights: frozenset[str]
    weighted: str
    is_named: bool
    broken: tuple[RuleViolation, ...]


def turns_of_line(line: Any) -> list[Any] | None:
    """Return the messages of a line in either shape, None if it has none."""
    if not isinstance(line, Mapping):
        return None
    turns = line.get("messages")
    if "messages" not in line and isinstance(line.get("prompt"), list):
        completion = line.get("completion")
        turns = [*line["prompt"], *completion] if isinstance(completion, list) else None
    return turns if isinstance(turns, list) and turns else None


def facts_of(line: Any) -> ChatFacts:
    """Gather the facts of a line of a training file."""
    turns = turns_of_line(line)
    if turns is None:
        told = RuleViolation("shape", 'is no object {"messages": [...]} with at least one message')
        return ChatFacts("", (), "", frozenset(), "", is_named=False, broken=(told,))
    keys = tuple(str(key) for key in line)
    shape = "messages" if "messages" in line else "prompt_completion"
    broken = [
        RuleViolation(rule, f"message {position}: {reason}")
        for position, turn in enumerate(turns, start=1)
        for rule, reason in _broken_by_turn(turn)
    ]
    known = [turn for turn in turns if isinstance(turn, Mapping)]
    roles = "".join(map(_letter, known))
    if shape == "prompt_completion":  # whose prompt is never trained
        n_prompt = len(line["prompt"])
        roles = roles[:n_prompt].replace("a", "c") + roles[n_prompt:]
    if not broken and roles[-1] != "a":
        reason = "its last message is not one of the assistant that is trained"
        broken.append(RuleViolation("last_message", reason))
    weighted = [
        (letter, turn) for letter, turn in zip(roles, known, strict=True) if _WEIGHTS & turn.keys()
    ]
    return ChatFacts(
        shape=shape,
        keys=keys,
        roles=roles,
        weights=frozenset(key for _, turn in weighted for key in _WEIGHTS & turn.keys()),
        weighted="".join(letter for letter, _ in weighted),
        is_named=any("name" in turn for turn in known),
        broken=tuple(broken),
    )


def broken_rules(facts: ChatFacts, rules: ExampleRules) -> Iterator[RuleViolation]:
    """Give the rules of a provider that a line breaks; its length and the file are not looked at.

    Rules that hold everywhere (roles, texts, names, weights, a trained last message) come first;
    a line that breaks one of shape is looked at no further.
    """
    yield from facts.broken
    if not facts.shape:
        return
    if facts.shape != rules.shape:
        wanted = "prompt and completion" if rules.shape == "prompt_completion" else "messages"
        yield RuleViolation("shape", f"{rules.provider} reads {wanted}")
    own = rules.keys if facts.shape == "messages" else ("prompt", "completion")
    extra = set(facts.keys).difference(own)
    if extra:
        yield RuleViolation("keys", f"{len(extra)} keys beside the messages that are not known")
    yield from _broken_by_roles(facts.roles, rules)
    yield from _broken_by_weights(facts, rules)
    if facts.is_named and not rules.names:
        yield RuleViolation("name", "messages carry a name, which is not documented there")


def _broken_by_roles(roles: str, rules: ExampleRules) -> Iterator[RuleViolation]:
    if rules.system == "first" and _SYSTEM_ELSEWHERE.match(roles):
        yield RuleViolation(
            "system", "a system message stands behind others: one is allowed, at the head"
        )
    if rules.first == "user" and _NO_USER_FIRST.match(roles):
        yield RuleViolation("first_role", "the assistant speaks first, it must be the user")
    if rules.alternate and _NEIGHBOURS.search(roles):
        yield RuleViolation("alternation", "user and assistant must take turns")


def _broken_by_weights(facts: ChatFacts, rules: ExampleRules) -> Iterator[RuleViolation]:
    if not facts.weights:
        return
    key = "train" if rules.weights == "train" else "weight"
    if rules.weights == "none" or facts.weights - {key}:
        yield RuleViolation(
            "weight", f"{rules.provider} does not know how its messages are weighted"
        )
    elif rules.weights == "every":
        if len(facts.weighted) < len(facts.roles):
            reason = (
                "as soon as one message carries a weight, those without are trained: weight all"
            )
            yield RuleViolation("weight", reason)
    elif set(facts.weighted) - {"a", "c"}:
        yield RuleViolation("weight", "weight is 0 or 1, on messages of the assistant only")


def _letter(turn: Mapping[str, Any]) -> str:
    letter = _LETTERS.get(str(turn.get("role")), "?")
    untrained = turn.get("weight") == 0 or turn.get("train") is False
    return "c" if letter == "a" and untrained else letter


def _broken_by_turn(turn: Any) -> Iterator[tuple[str, str]]:
    role = turn.get("role") if isinstance(turn, Mapping) else None
    if not isinstance(role, str) or role not in _LETTERS:
        yield "role", f"needs a role, one of {', '.join(_LETTERS)}"
        return
    if not isinstance(turn.get("content"), str) or not turn["content"].strip():
        yield "content", "needs text as content"
    elif not _is_utf8(turn["content"]):
        yield "utf-8", "its text holds half a character (a lone surrogate)"
    yield from _broken_by_marks(turn)
    if not _TURN_KEYS.issuperset(turn):
        yield "keys", "has keys that are not known"


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _broken_by_marks(turn: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    is_assistant = turn["role"] == "assistant"
    weight, train, name = turn.get("weight"), turn.get("train"), turn.get("name")
    is_number = type(weight) is int and weight in {0, 1}  # `true` equals 1, yet it is refused
    if weight is not None and not (is_number and (is_assistant or weight == 0)):
        yield "weight", "weight is 0 or 1, and 1 on messages of the assistant only"
    if train is not None and not (isinstance(train, bool) and is_assistant):
        yield "weight", "train is true or false, on messages of the assistant only"
    if name is not None and not (isinstance(name, str) and _NAME.fullmatch(name)):
        yield "name", f"name must match {_NAME.pattern}"
