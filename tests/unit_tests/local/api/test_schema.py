"""Which JSON schemas are taken; whatever is not is refused with the limit or the reason."""

from __future__ import annotations

import enum
import uuid  # noqa: TC003  # pydantic evaluates the annotations
from datetime import date, datetime  # noqa: TC003  # as above
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.utils.function_calling import convert_to_json_schema, convert_to_openai_tool
from openai.lib._parsing._completions import type_to_response_format_param
from openai.lib._pydantic import to_strict_json_schema
from pydantic import BaseModel, Field
from typing_extensions import TypedDict

from langchain_fbmessenger.local.api import schema_tables
from langchain_fbmessenger.local.api.errors import ApiError
from langchain_fbmessenger.local.api.schema import check_schemas
from langchain_fbmessenger.local.api.schema_tables import LIMITS, Limit

DOCS = Path(__file__).parents[4] / "docs" / "local-server.md"
TEXT: dict[str, Any] = {"type": "string"}


def refusal(*schemas: Any) -> str | None:
    """Return what is said against schemas, None if nothing is."""
    named = {f"tools[{number}]": schema for number, schema in enumerate(schemas)}
    try:
        check_schemas(named)
    except ApiError as error:
        refused = error
    else:
        return None
    body = refused.body["error"]
    assert (refused.status, body["code"]) == (400, "invalid_schema")
    assert body["param"] in named
    message = body["message"]
    assert message is not None
    assert message.isprintable()
    assert len(message) < 600
    return message


def nested(levels: int, leaf: Any = TEXT) -> Any:
    for _ in range(levels - 1):
        leaf = {"type": "array", "items": leaf}
    return leaf


def numbered(count: int, what: Any = TEXT) -> dict[str, Any]:
    return {f"p{number}": what for number in range(count)}


def doubled(levels: int) -> Any:
    """Return a choice of two, each of which is a choice of two, and so on, by `$ref`."""
    defs = {f"d{n}": {"anyOf": [{"$ref": f"#/$defs/d{n + 1}"}] * 2} for n in range(levels)}
    return {"$defs": {**defs, f"d{levels}": TEXT}, "$ref": "#/$defs/d0"}


def pattern(text: str) -> Any:
    return {"type": "string", "pattern": text}


def objects(count: int) -> Any:
    return {"type": "object", "properties": numbered(count)}


AT_THE_LIMIT: list[tuple[Limit, Any, Any]] = [
    (schema_tables.BYTES, {"const": "x" * 65_524}, {"const": "x" * 65_525}),
    (schema_tables.SCHEMAS, [nested(20)] * 50, [nested(20)] * 51),
    (schema_tables.DEPTH, nested(32), nested(33)),
    (schema_tables.DEPTH, nested(16), nested(390)),
    (schema_tables.DEPTH, objects(1), {"anyOf": [nested(32)]}),
    (
        schema_tables.DEPTH,
        {"$defs": {"a": nested(16)}, **nested(16, {"$ref": "#/$defs/a"})},
        {"$defs": {"a": nested(17)}, **nested(16, {"$ref": "#/$defs/a"})},
    ),
    (schema_tables.CHOICES, {"enum": [*range(256)]}, {"enum": [*range(257)]}),
    (schema_tables.CHOICES, {"enum": ["a"] * 256}, {"enum": ["a"] * 5000}),
    (schema_tables.CHOICES, {"anyOf": [TEXT] * 256}, {"anyOf": [TEXT] * 257}),
    (
        schema_tables.CHOICES,
        {"anyOf": [{"oneOf": [TEXT] * 16}] * 16},
        {"oneOf": [{"anyOf": [TEXT] * 16}] * 17},
    ),
    (
        schema_tables.CHOICES,
        {"anyOf": [{"enum": [1] * 64}] * 4},
        {"anyOf": [{"enum": [1] * 86}] * 3},
    ),
    (schema_tables.CHOICES, doubled(8), doubled(9)),
    (
        schema_tables.CHOICES,
        {"$defs": doubled(8)["$defs"], "items": {"$ref": "#/$defs/d0"}},
        {"$defs": doubled(9)["$defs"], "items": {"$ref": "#/$defs/d0"}},
    ),
    (
        schema_tables.ALL_CHOICES,
        {"properties": numbered(4, {"enum": [1] * 256})},
        {"properties": numbered(5, {"enum": [1] * 256})},
    ),
    (schema_tables.PROPERTIES, objects(256), objects(257)),
    (schema_tables.PROPERTIES, [objects(128)] * 2, [objects(128), objects(129)]),
    (
        schema_tables.NAME,
        {"properties": {"x" * 128: TEXT}},
        {"properties": {"x" * 129: TEXT}},
    ),
    *(
        (schema_tables.COUNT, {"type": kind, **more, key: 1000}, {"type": kind, **more, key: count})
        for kind, more, key in (
            ("string", {}, "maxLength"), ("string", {}, "minLength"),
            ("array", {"items": TEXT}, "minItems"), ("array", {"items": TEXT}, "maxItems"),
        )
        for count in (1001, 2**31, 2**63, 2**70)
    ),
    (schema_tables.COUNT, {"prefixItems": [{}] * 900}, {"prefixItems": [{}] * 999 + [{}] * 2}),
    (
        schema_tables.NUMBER,
        {"type": "integer", "minimum": -(10**15)},
        {"type": "integer", "minimum": -(10**15) - 1},
    ),
    (schema_tables.NUMBER, {"const": 10**15}, {"const": 2**70}),
    (schema_tables.NUMBER, {"default": 10**15}, {"default": [{"a": 10**400}]}),
    (schema_tables.PATTERN, pattern(f"^{'a' * 254}$"), pattern(f"^{'a' * 255}$")),
    (schema_tables.REPEATS, pattern("^a{1000}$"), pattern("^a{1,1000000}$")),
    (schema_tables.REPEATS, pattern("^a{0,1000}$"), pattern(f"^a{{{10**30}}}$")),
    (schema_tables.OPTIONS, pattern(f"^{'[a-z ]?' * 16}$"), pattern(f"^{'[a-z ]?' * 17}$")),
    (schema_tables.OPTIONS, pattern("^(b?){16}$"), pattern("^(b?){32}$")),
    (schema_tables.OPTIONS, pattern("^(a{0,3}){1,5}$"), pattern("^([a-z]{0,8}){0,8}$")),
    (schema_tables.OPTIONS, pattern("^(a|b){15}$"), pattern("^(a|a|a|a){30}$")),
    (schema_tables.OPTIONS, pattern("^((a{1,2}){2}){4}$"), pattern("^((a{1,2}){3}){4}$")),
]  # fmt: skip


@pytest.mark.parametrize(("limit", "fits", "beyond"), AT_THE_LIMIT)
def test_a_limit_is_kept_and_told(limit: Limit, fits: Any, beyond: Any) -> None:
    assert refusal(*(fits if isinstance(fits, list) else [fits])) is None

    told = refusal(*(beyond if isinstance(beyond, list) else [beyond]))

    assert told is not None
    assert str(limit) in told


def test_every_limit_is_tried_and_stands_in_the_docs() -> None:
    assert {limit for limit, *_ in AT_THE_LIMIT} == {*LIMITS}
    docs = DOCS.read_text(encoding="utf-8")
    for limit in LIMITS:
        assert f"| {limit.most:,} | {limit.what}".replace("and `|`", "and `\\|`") in docs


def test_nothing_of_it_takes_long_however_much_it_stands_for() -> None:
    """Each `$ref` is followed once: two to the power of 30 ways through it are not walked."""
    assert refusal(doubled(15)) is not None
    wide = {"type": "object", "properties": numbered(2, {"$ref": "#/$defs/d0"})}
    defs = {f"d{n}": {"properties": numbered(2, {"$ref": f"#/$defs/d{n + 1}"})} for n in range(12)}
    assert refusal({"$defs": {**defs, "d12": TEXT}, **wide}) is None


TREE = {
    "$defs": {
        "node": {
            "type": "object",
            "properties": {
                "children": {"type": "array", "items": {"$ref": "#/$defs/node"}},
                "next": {"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]},
            },
        }
    },
    "$ref": "#/$defs/node",
}


@pytest.mark.parametrize(
    "schema",
    [
        TREE,
        {"type": "object", "properties": {"me": {"$ref": "#"}}},
        {"definitions": {"a": TEXT}, "$ref": "#/definitions/a", "description": "old"},
        {"type": ["string", "null"], "maxLength": 3},
        {"type": "array", "prefixItems": [TEXT, {}], "minItems": 2, "maxItems": 2},
        {"type": "integer", "minimum": -3, "maximum": 10},
        {"type": "string", "enum": ["a"], "title": "t", "default": "a", "examples": ["a"]},
        {"additionalProperties": {"type": "number"}},
        pattern(r"^(foo|b[a-z]+)\.\-(?:x|y)*[^\]-]$"),
        {},
    ],
)  # fmt: skip
def test_what_the_engine_holds_to_is_taken(schema: Any) -> None:
    assert refusal(schema) is None


KEYWORDS = (
    "not", "if", "then", "else", "multipleOf", "uniqueItems", "contains", "minContains",
    "patternProperties", "propertyNames", "minProperties", "maxProperties", "dependentRequired",
    "dependentSchemas", "unevaluatedProperties", "unevaluatedItems", "contentEncoding",
    "contentMediaType", "contentSchema", "nullable", "$id", "$anchor", "$dynamicRef", "$vocabulary",
    "x-guidance", "no such keyword",
)  # fmt: skip
BESIDE: dict[str, dict[str, Any]] = {
    **{kind: {"type": kind} for kind in schema_tables.BY_TYPE},
    "nothing": {},
    "anyOf": {"anyOf": [{}]},
    "enum": {"enum": [1]},
    "const": {"const": 1},
    "$ref": {"$defs": {"a": {}}, "$ref": "#/$defs/a"},
}


@pytest.mark.parametrize("beside", BESIDE.values(), ids=BESIDE)
@pytest.mark.parametrize("keyword", KEYWORDS)
def test_a_keyword_without_effect_is_refused_by_name(keyword: str, beside: Any) -> None:
    for schema in ({**beside, keyword: 1}, nested(3, {**beside, keyword: {}})):
        told = refusal(schema)
        assert told is not None
        assert f"'{keyword}' is not supported" in told


@pytest.mark.parametrize(("kind", "keywords"), schema_tables.BY_TYPE.items())
def test_a_keyword_of_another_type_is_refused(kind: str, keywords: frozenset[str]) -> None:
    """llama.cpp would take no notice of it: a number is held to no minimum, a choice to no type."""
    others = frozenset().union(*schema_tables.BY_TYPE.values()) - keywords
    for keyword in others:
        told = refusal({"type": kind, keyword: 1})
        assert told is not None
        assert f"'{keyword}' is not supported for {kind}" in told
        assert refusal({"anyOf": [{}], keyword: 1}) is not None


def test_a_schema_that_is_itself_is_refused() -> None:
    assert refusal({"$ref": "#"}) is not None
    assert refusal({"anyOf": [TEXT, {"$ref": "#"}]}) is not None


NO_PATTERNS = (
    r"^\d$", r"^\w+$", r"^\bx$", r"^\/$", r"^\n$", r"^\x41$", r"^\p{L}$", "^\\$", "^", "$", "a$",
    "^a", "^a$|^b$", "^(?=a)b$", "^(?!a)b$", "^(?<n>a)$", "^a+?$", "^a**$", "^*$", "^a{2}{3}$",
    "^(a$", "^a)$", "^[a$", "^[]$", "^[^]$",
    r"^[\.]$", r"^[\^]$", "^[z-a]$", "^a{$", "^a{}$", "^a{b}$", "^a{1,2,3}$",
    "^a{3,2}$", "^a{0}$", "^a]$", "^a}$",
    "^\n$", "^\x1b$", "^[\x00]$", "^a{-1}$", "^a{\u0663}$",
)  # fmt: skip


@pytest.mark.parametrize(
    "schema",
    [
        True, False, None, [], "string", 7,
        {"type": "weird"}, {"type": []}, {"type": [None]}, {"type": {}},
        {"enum": []}, {"enum": {}}, {"enum": "abc"}, {"anyOf": []}, {"anyOf": {}}, {"oneOf": None},
        {"allOf": [{}]}, {"anyOf": [True]},
        {"$ref": "https://example.com/x"}, {"$ref": "file:///etc/passwd"}, {"$ref": "a.json#/a"},
        {"$ref": ""}, {"$ref": 7}, {"$ref": "#a"}, {"$ref": "#/$defs/none"},
        {"$ref": "#/properties"}, {"$defs": {"a~b": {}}, "$ref": "#/$defs/a~0b"},
        {"$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}, "$ref": "#/$defs/a"},
        {"$defs": {"a": {"anyOf": [TEXT, {"$ref": "#/$defs/a"}]}}, "$ref": "#/$defs/a"},
        {"$defs": {"a": {"$ref": "#/anyOf/0"}}, "anyOf": [{"$ref": "#/$defs/a"}]},
        *({"type": "string", "maxLength": count} for count in (-1, 1.0, 2.5, True, "1", None, [])),
        *({"type": "array", "items": {}, "minItems": n} for n in (-1, 1.0, True, "1", None, {})),
        {"type": "string", "minLength": 3, "maxLength": 2},
        {"type": "array", "items": {}, "minItems": 3, "maxItems": 2},
        {"type": "array", "maxItems": 2}, {"type": "array", "items": None},
        {"prefixItems": {}}, {"prefixItems": [{}], "maxItems": 2}, {"items": [{}], "minItems": 0},
        {"items": {}, "prefixItems": []},
        *({"type": "integer", "minimum": bound} for bound in (1.5, True, "1", None, 1e300)),
        {"type": "integer", "minimum": 3, "maximum": 2},
        {"type": "integer", "minimum": 1, "exclusiveMinimum": 1},
        {"type": "number", "minimum": 1}, {"minimum": 1}, {"maxLength": 3},
        {"properties": []}, {"properties": {"a": 1}}, {"additionalProperties": None},
        {"properties": {}, "required": ["a"]}, {"required": "a", "properties": {"a": {}}},
        {"properties": {"a": {}}, "required": [1]}, {"type": "object", "required": [["a"]]},
        {"type": "string", "format": "email"}, {"type": "string", "format": 1},
        {"type": "string", "format": []},
        {"type": "string", "pattern": "^a$", "maxLength": 3},
        {"type": "string", "format": "date", "minLength": 3},
        {"pattern": 1}, {"pattern": ""}, pattern('^"$'), pattern(r"^\\$"), pattern(r"^[\\]$"),
        *map(pattern, NO_PATTERNS),
    ],
)  # fmt: skip
def test_what_is_no_schema_or_would_have_no_effect_is_refused(schema: Any) -> None:
    assert refusal(schema) is not None
    assert refusal({"type": "object", "properties": {"a": schema}}) is not None


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Cat(BaseModel):
    kind: Literal["cat"]
    age: int = Field(ge=0, le=40)


class Dog(BaseModel):
    """A dog."""

    kind: Literal["dog"]
    names: Annotated[list[str], Field(min_length=1, max_length=5)]
    friend: Dog | None = None


class Answer(BaseModel):
    """What a model is asked for."""

    pet: Annotated[Cat | Dog, Field(discriminator="kind")]
    other: Cat | Dog
    text: str = Field(description="the text", min_length=1, max_length=200)
    colour: Colour = Colour.RED
    score: float
    when: datetime
    day: date
    number: uuid.UUID
    pair: tuple[int, str]
    code: str = Field(pattern="^[A-Z]{2}[0-9]{3}$")
    maybe: str | None = None
    either: int | str | None


class Loose(BaseModel):
    counts: dict[str, int]
    anything: Any


class Typed(TypedDict):
    """A typed dict."""

    title: Annotated[str, ..., "the title"]
    tags: list[str]


@pytest.mark.parametrize("model", [Cat, Dog, Answer])
def test_what_langchain_and_openai_s_client_send_is_taken(model: type[BaseModel]) -> None:
    sent: Any = type_to_response_format_param(model)
    assert refusal(sent["json_schema"]["schema"]) is None
    assert refusal(to_strict_json_schema(model)) is None
    assert refusal(model.model_json_schema()) is None
    assert refusal(convert_to_json_schema(model)) is None
    for strict in (None, True):
        tool = convert_to_openai_tool(model, strict=strict)
        assert refusal(tool["function"]["parameters"]) is None


@pytest.mark.parametrize("model", [Loose, Typed])
def test_looser_models_are_taken(model: Any) -> None:
    assert refusal(convert_to_json_schema(model)) is None
    assert refusal(convert_to_openai_tool(model)["function"]["parameters"]) is None


NEARLY = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=10)
    | st.sampled_from([*schema_tables.BY_TYPE, "#", "#/$defs/a", "date", "^a$"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    *schema_tables.WHOLE,
                    *schema_tables.ANNOTATIONS,
                    "type",
                    *KEYWORDS,
                    *(key for keys in schema_tables.BY_TYPE.values() for key in keys),
                    "a",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(NEARLY)
def test_whatever_is_sent_is_taken_or_refused(schema: Any) -> None:
    refusal(schema)


@given(st.text())
def test_no_text_of_a_schema_is_quoted_at_length_or_as_it_is(text: str) -> None:
    for schema in (
        {text: 1},
        {"properties": {text: {"not": 1}}},
        {"$ref": text},
        pattern(text),
        {"type": text},
    ):
        try:
            msgspec.json.encode(schema)
        except UnicodeEncodeError:  # half a pair of surrogates is not in any body
            return
        refusal(schema)


def referring(count: int, what: Any, leaf: Any) -> Any:
    """Return a choice between as many alternatives, in each of which stands the same `$ref`."""
    return {"anyOf": [what({"$ref": "#/$defs/leaf"})] * count, "$defs": {"leaf": leaf}}


def endless(*alternatives: Any) -> Any:
    """Return a choice which its alternatives, `#`, lead back to."""
    return {"anyOf": [*alternatives, {"type": "null"}]}


def of_first(name: str, first: Any, what: Any) -> Any:
    return {"type": "object", "properties": {name: first, "x": what}, "required": [name, "x"]}


BACK = {"$ref": "#"}
LISTS: Any = {"type": "array", "items": BACK}
OPTIONAL = {"type": "string", "pattern": f"^{'[a-z ]?' * 16}$"}
BOUNDED = {"type": "integer", "minimum": -(10**15), "maximum": 10**15}


@pytest.mark.parametrize(
    "schema",
    [
        referring(64, lambda leaf: {"type": "array", "items": leaf}, {"enum": [*range(256)]}),
        referring(16, lambda leaf: of_first("a", {"const": 1}, leaf), {"enum": [*range(99)]}),
        referring(16, lambda leaf: {"additionalProperties": leaf}, {"enum": [*range(99)]}),
        referring(2, lambda leaf: leaf, {"properties": numbered(200)}),
        {"anyOf": [OPTIONAL, OPTIONAL]},
        {"anyOf": [{"items": OPTIONAL}, {"items": OPTIONAL}]},
        {"anyOf": [BOUNDED] * 5},
    ],
)
def test_alternatives_that_begin_alike_count_with_what_is_in_them(schema: Any) -> None:
    told = refusal(schema)
    assert told is not None
    assert "256 alternatives in one place" in told


@pytest.mark.parametrize(
    "schema",
    [
        endless(LISTS, LISTS),
        endless(LISTS, {"prefixItems": [{"$ref": "#/anyOf/0"}]}),
        endless({"additionalProperties": BACK}, of_first("a", {"const": 1}, BACK)),
        endless(of_first("a", TEXT, BACK), of_first("a", {"const": 1}, BACK)),
        endless(of_first("a", {"const": 1}, BACK), of_first("a", {"const": 1}, BACK)),
        {"$ref": "#/$defs/n", "$defs": {"n": {"anyOf": [nested(2, {"$ref": "#/$defs/n"})] * 2}}},
    ],
)
def test_alternatives_that_begin_alike_do_not_all_lead_back(schema: Any) -> None:
    assert "more than one leads back here" in (refusal(schema) or "")


@pytest.mark.parametrize(
    "schema",
    [
        endless(LISTS, {"type": "object", "additionalProperties": BACK}, TEXT),
        endless(of_first("a", {"const": 1}, BACK), of_first("a", {"const": 2}, BACK)),
        endless(of_first("a", TEXT, BACK), of_first("b", TEXT, BACK), LISTS),
        {"anyOf": [of_first("kind", {"enum": [n]}, {"enum": [*range(200)]}) for n in range(4)]},
        {"anyOf": [OPTIONAL, {"type": "null"}, {"enum": [*range(200)]}]},
        {"anyOf": [BOUNDED] * 4},
    ],
)
def test_alternatives_that_part_at_once_do_not_count_together(schema: Any) -> None:
    assert refusal(schema) is None
