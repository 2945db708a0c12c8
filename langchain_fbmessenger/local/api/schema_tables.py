"""List what a JSON schema may hold, in `response_format` and in the parameters of `tools`.

A schema becomes a grammar that the engine holds its answer to. What it would leave out of that
grammar is refused, as the answer would not be as it was asked for; what would keep it busy for
longer than about a second is refused, too, as no other client is answered meanwhile.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Limit:
    """A number that must not be exceeded, and how messages name it."""

    most: int
    what: str
    """What is counted, in words for the message."""

    def __str__(self) -> str:
        return f"at most {self.most:,} {self.what}"


BYTES = Limit(65_536, "bytes of schema, of all tools together")
SCHEMAS = Limit(1_000, "schemas within each other and beside each other")
DEPTH = Limit(32, "levels of schemas within each other, with what `$ref` leads to")
CHOICES = Limit(
    256,
    "alternatives in one place (values of `enum`, branches of `anyOf`, with those of branches, and "
    "in branches that begin alike)",
)
ALL_CHOICES = Limit(1_024, "alternatives in all")
PROPERTIES = Limit(256, "properties in all")
NAME = Limit(128, "characters of a property's name")
COUNT = Limit(1_000, "as a length or a number of items")
NUMBER = Limit(10**15, "as the amount of a whole number")
PATTERN = Limit(256, "characters of a `pattern`")
REPEATS = Limit(1_000, "as a count in a `pattern`")
OPTIONS = Limit(
    16, "choices in a `pattern` (each `?`, `*`, `+`, `{n,m}` and `|`, times the counts around it)"
)
LIMITS = (
    BYTES, SCHEMAS, DEPTH, CHOICES, ALL_CHOICES, PROPERTIES, NAME, COUNT, NUMBER, PATTERN, REPEATS,
    OPTIONS,
)  # fmt: skip
"""Measured with SmolLM2-135M on two cores, seconds to the first token: none 0.5; `enum` of 256 0.9,
of 500 2.0, of 1,000 3.8; `anyOf` of 225 in two levels 1.6; `[a-z ]?` 16 times 0.5, 32 times over
15; `([a-z ]{0,6}){0,6}` 0.4, with 8 over 15. Counts from 2,001 on llama.cpp refuses itself, and
what has 16 digits, it writes no number for."""

ANNOTATIONS = frozenset(
    {
        "title", "description", "default", "example", "examples", "deprecated", "readOnly",
        "writeOnly", "discriminator", "$schema", "$comment", "$defs", "definitions",
    }
)  # fmt: skip
"""Keywords that do not constrain the answer. Definitions do where a `$ref` leads to them."""

BY_TYPE: Mapping[str, frozenset[str]] = {
    "object": frozenset({"properties", "required", "additionalProperties"}),
    "array": frozenset({"items", "prefixItems", "minItems", "maxItems"}),
    "string": frozenset({"minLength", "maxLength", "pattern", "format"}),
    "integer": frozenset({"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"}),
    "number": frozenset(),
    "boolean": frozenset(),
    "null": frozenset(),
}
"""What llama.cpp holds an answer of a type to."""

WHOLE: Mapping[str, frozenset[str]] = {
    "$ref": frozenset(),
    "anyOf": frozenset(),
    "oneOf": frozenset(),
    "const": frozenset({"type"}),
    "enum": frozenset({"type"}),
}
"""What makes a schema by itself, and what may stand beside it: llama.cpp looks at nothing else."""

IMPLIED: Mapping[str, str] = {
    "properties": "object",
    "additionalProperties": "object",
    "items": "array",
    "prefixItems": "array",
    "pattern": "string",
}
"""Keywords by which llama.cpp knows the type where it is not given."""

EXCLUSIVE = (
    ("items", "prefixItems"),
    ("pattern", "format"),
    ("pattern", "minLength"),
    ("pattern", "maxLength"),
    ("format", "minLength"),
    ("format", "maxLength"),
    ("minimum", "exclusiveMinimum"),
    ("maximum", "exclusiveMaximum"),
)
"""Pairs of which llama.cpp regards one only."""

FORMATS = ("date", "date-time", "time", "uuid")
COUNTS = ("minItems", "maxItems", "minLength", "maxLength")
BOUNDS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
