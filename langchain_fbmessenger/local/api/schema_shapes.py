"""Bound in how many ways at once an answer may still be read, by its JSON schema.

Each of them is computed with for each token. Alternatives that begin alike stay open side by side
for as long as they go on alike, however deep: `[` may begin sixty lists, each of which may hold the
same 256 values. Those of different kinds part at once: a list begins otherwise than an object, and
so does an object with another first name, or another constant there.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Set as AbstractSet  # noqa: TC003  # a dataclass's field
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from langchain_fbmessenger.local.api import schema_tables as tables
from langchain_fbmessenger.local.api.patterns import choices_of
from langchain_fbmessenger.local.api.schema_values import SchemaError, check_limit, types_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

_RANGE_WAYS = 64
"""What a bounded whole number counts as: it may go on by many digits, each with its own rest."""
_LONGEST_CHAIN = 8
_LITERALS = {str: "string", bool: "boolean", type(None): "null", dict: "object", list: "array"}


class Kind(NamedTuple):
    """How an answer begins, as far as that distinguishes it from others."""

    type: str
    name: str | None = None
    """Of the first property, where that is required."""
    constant: str | None = None
    """What stands there, where that can only be one value."""


@dataclass(frozen=True)
class Shape:
    """What is known of a schema that was checked."""

    choices: int = 1
    """Its alternatives where it begins."""
    depth: int = 1
    """Its levels."""
    ways: Mapping[Kind, int] = field(default_factory=dict)
    """The most that stay open at once, somewhere within it, by how the answer begins."""
    unended: AbstractSet[str] = frozenset()
    """The `$ref`s in it that are walked through right now: it contains what contains it."""

    def without_end_at(self, ref: str) -> Shape:
        """Return it as it is seen from outside of a `$ref`."""
        return Shape(self.choices, self.depth, self.ways, self.unended - {ref})

    @property
    def width(self) -> int:
        """The most ways that it has at once."""
        return max(self.choices, *self.ways.values(), 1)


def of_literals(values: Sequence[Any]) -> Shape:
    """Return the shape of a choice between values."""
    check_limit(tables.CHOICES, len(values))
    ways = Counter(Kind(_LITERALS.get(type(value), "number")) for value in values)
    return Shape(len(values), 1 + (len(values) > 1), ways)


def typed(said: dict[str, Any], types: list[str], parts: list[Shape]) -> Shape:
    """Return the shape of a schema of types, with the parts that an answer has by it."""
    within = max((part.width for part in parts), default=1)
    optional = said.get("properties", {}).keys() - said.get("required", [])
    ways = {
        "string": max(1, choices_of(said["pattern"]) ** 2) if "pattern" in said else 1,
        "number": _RANGE_WAYS if any(key in said for key in tables.BOUNDS) else 1,
        "array": within,
        "object": max(within, len(optional) + 1),
    }
    return Shape(
        max(len(types), 1),
        1 + max((part.depth for part in parts), default=0),
        {kind: ways.get(kind.type, 1) for kind in _kinds(said, types)},
        frozenset().union(*(part.unended for part in parts)),
    )


def chosen(shapes: Sequence[Shape]) -> Shape:
    """Return what a choice between schemas amounts to.

    Raises:
        SchemaError: Too many of them, or of what is in them, would stay open at once.
    """
    choices = sum(shape.choices for shape in shapes)
    check_limit(tables.CHOICES, choices)
    told = _told_apart(kind for shape in shapes for kind in shape.ways)
    ways: Counter[Kind] = Counter()
    endless: Counter[Kind] = Counter()
    for shape in shapes:
        for kind, count in shape.ways.items():
            ways[told(kind)] += count
        endless.update({told(kind) for kind in shape.ways} if shape.unended else ())
    check_limit(tables.CHOICES, max(ways.values(), default=1))
    if max(endless.values(), default=0) > 1:
        msg = (
            "of alternatives that begin alike, more than one leads back here by '$ref': give "
            "objects a required first property, each with another 'const'"
        )
        raise SchemaError(msg)
    unended = frozenset().union(*(shape.unended for shape in shapes))
    return Shape(choices, 1 + max(shape.depth for shape in shapes), ways, unended)


def first_kinds(ref: str, resolve: Callable[[str], Any]) -> set[Kind]:
    """Return how an answer by a `$ref` may begin, without a walk through what is there."""
    found: set[Kind] = set()
    waiting, seen = [{"$ref": ref}], 0
    while waiting and seen < _LONGEST_CHAIN * tables.CHOICES.most:
        seen += 1
        schema = waiting.pop()
        if not isinstance(schema, dict):
            continue  # it is refused where it is walked through
        if isinstance(schema.get("$ref"), str):
            waiting.append(resolve(schema["$ref"]))
        elif branches := schema.get("anyOf") or schema.get("oneOf"):
            waiting += branches if isinstance(branches, list) else []
        elif not {"const", "enum"} & schema.keys():
            found |= _kinds(schema, types_of(schema))
    return found


def _kinds(said: dict[str, Any], types: list[str]) -> set[Kind]:
    kinds = {Kind("number" if name == "integer" else name) for name in types or tables.BY_TYPE}
    properties, required = said.get("properties"), said.get("required")
    # This schema may not have been checked yet.
    if Kind("object") in kinds and isinstance(properties, dict) and isinstance(required, list):
        first = next((name for name in properties if name in required), None)
        kinds = kinds - {Kind("object")} | {Kind("object", first, _constant(properties.get(first)))}
    return kinds


def _constant(schema: Any) -> str | None:
    if not isinstance(schema, dict):
        return None
    values = [schema["const"]] if "const" in schema else schema.get("enum")
    if not isinstance(values, list) or len(values) != 1:
        return None
    return json.dumps(values[0])


def _told_apart(kinds: Iterable[Kind]) -> Callable[[Kind], Kind]:
    """Return a function that reduces kinds to what distinguishes all of them."""
    objects = [kind for kind in kinds if kind.type == "object"]
    if any(kind.name is None for kind in objects):
        return lambda kind: Kind(kind.type)
    unclear = {kind.name for kind in objects if kind.constant is None}
    return lambda kind: Kind(kind.type, kind.name) if kind.name in unclear else kind
