"""Check a JSON schema, and name place and reason where it is refused."""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import msgspec

from langchain_fbmessenger.local.api import schema_tables as tables
from langchain_fbmessenger.local.api.errors import ApiError
from langchain_fbmessenger.local.api.schema_shapes import (
    Shape,
    chosen,
    first_kinds,
    of_literals,
    typed,
)
from langchain_fbmessenger.local.api.schema_values import (
    SchemaError,
    check_known,
    check_limit,
    check_numbers,
    check_values,
    types_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from langchain_fbmessenger.local.api.schema_tables import Limit

_LONGEST_PLACE = 120


def check_schemas(schemas: Mapping[str, Any]) -> None:
    """Check the schemas of a request, by the fields that hold them: limits are for all together.

    Raises:
        ApiError: The engine could not hold an answer to one of them, or not in reasonable time.
    """
    used: Counter[Limit] = Counter()
    for param, schema in schemas.items():
        checker = _Checker(schema, used)
        try:
            checker.check()
        except SchemaError as error:
            where = f" at {checker.place}" if checker.place else ""
            msg = f"Invalid schema for '{param}'{where}: {error}."
            raise ApiError(msg, param=param, code="invalid_schema") from None


class _Checker:
    """Walks through one schema, along its `$ref`s too."""

    def __init__(self, root: Any, used: Counter[Limit]) -> None:
        self._root = root
        self._used = used
        self._path: list[str] = []
        self._level = 0
        self._shapes: dict[str, Shape | None] = {}  # by `$ref`; None while it is walked through
        self._unmoved: list[str] = []  # `$ref`s since the last step into a part of the answer

    @property
    def place(self) -> str:
        """Where it is, cut, and without what could not be printed."""
        return "".join(filter(str.isprintable, "/".join(self._path)))[:_LONGEST_PLACE]

    def check(self) -> None:
        """Walk through all of it.

        Raises:
            SchemaError: Something is wrong with it, at `place`.
        """
        self._part(self._root)  # first, as its errors say best what is too large
        check_numbers(self._root)
        self._use(tables.BYTES, len(msgspec.json.encode(self._root)))

    def _use(self, limit: Limit, count: int) -> None:
        self._used[limit] += count
        check_limit(limit, self._used[limit])

    @contextmanager
    def _below(self, *keys: str) -> Iterator[None]:
        """Go to a place, and back unless something is wrong there."""
        self._path += keys
        yield
        del self._path[-len(keys) :]

    def _part(self, schema: Any, *keys: str) -> Shape:
        """Check the schema of a part of the answer."""
        before, self._unmoved = self._unmoved, []
        with self._below(*keys):
            shape = self._visit(schema)
        self._unmoved = before
        return shape

    def _visit(self, schema: Any) -> Shape:
        self._level += 1
        check_limit(tables.DEPTH, self._level)
        self._use(tables.SCHEMAS, 1)
        if not isinstance(schema, dict):
            msg = "a schema must be an object"
            raise SchemaError(msg)
        said = {key: value for key, value in schema.items() if key not in tables.ANNOTATIONS}
        whole = next((key for key in tables.WHOLE if key in said), None)
        shape = self._typed(said) if whole is None else self._whole(whole, said)
        self._level -= 1
        return shape

    def _whole(self, key: str, said: dict[str, Any]) -> Shape:
        """Check a schema of one keyword."""
        check_known(said, {key, *tables.WHOLE[key]}, f"beside '{key}'")
        types_of(said)
        value = said[key]
        if key == "$ref":
            return self._follow(value)
        if key == "const":
            return of_literals([value])
        if not isinstance(value, list) or not value:
            msg = f"'{key}' must be a list that is not empty"
            raise SchemaError(msg)
        if key == "enum":
            shape = of_literals(value)
            self._use(tables.ALL_CHOICES, len(value) - 1)
            return shape
        shapes = []
        for number, branch in enumerate(value):
            with self._below(key, str(number)):
                shapes.append(self._visit(branch))
        shape = chosen(shapes)
        self._use(tables.ALL_CHOICES, len(shapes) - 1)
        return shape

    def _follow(self, ref: Any) -> Shape:
        if not isinstance(ref, str) or not (ref == "#" or ref.startswith("#/")):
            msg = "'$ref' must lead to a place within the same schema, such as '#/$defs/name'"
            raise SchemaError(msg)
        if ref in self._unmoved:
            msg = "'$ref' leads to itself, with no part of an answer in between"
            raise SchemaError(msg)
        if ref not in self._shapes:
            self._shapes[ref] = None
            self._unmoved.append(ref)
            with self._below(ref):
                self._shapes[ref] = self._visit(self._resolved(ref)).without_end_at(ref)
            self._unmoved.pop()
        shape = self._shapes[ref]
        if shape is None:  # it is walked through right now, and contains itself: it has no end
            return Shape(ways=dict.fromkeys(first_kinds(ref, self._resolved), 1), unended={ref})
        check_limit(tables.DEPTH, self._level + shape.depth)
        return replace(shape, depth=1 + shape.depth)

    def _resolved(self, ref: str) -> Any:
        """Look up a place, by plain keys as llama.cpp does."""
        found = self._root
        for key in ref.split("/")[1:]:
            if isinstance(found, dict) and key in found:
                found = found[key]
            elif isinstance(found, list) and key.isdecimal() and int(key[:9]) < len(found):
                found = found[int(key[:9])]
            else:
                msg = "'$ref' leads nowhere; `~` and `%` are not escapes in it"
                raise SchemaError(msg)
        return found

    def _typed(self, said: dict[str, Any]) -> Shape:
        """Check a schema of types and their keywords."""
        types = types_of(said)
        known = {"type"}.union(*(tables.BY_TYPE[name] for name in types))
        check_known(said, known, f"for {' or '.join(types) or 'a schema without type'}")
        check_values(said)
        self._use(tables.ALL_CHOICES, max(len(types) - 1, 0))
        return typed(said, types, [*self._object(said), *self._array(said)])

    def _object(self, said: dict[str, Any]) -> list[Shape]:
        """Check the properties of an object."""
        properties, others = said.get("properties", {}), said.get("additionalProperties", True)
        if not isinstance(properties, dict):
            msg = "'properties' must be an object"
            raise SchemaError(msg)
        self._use(tables.PROPERTIES, len(properties))
        required = said.get("required", [])
        if not isinstance(required, list) or not all(
            isinstance(name, str) and name in properties for name in required
        ):
            msg = "'required' must be a list of names that 'properties' holds"
            raise SchemaError(msg)
        parts = []
        for name, schema in properties.items():
            check_limit(tables.NAME, len(name))
            parts.append(self._part(schema, "properties", name))
        if not isinstance(others, bool):
            parts.append(self._part(others, "additionalProperties"))
        return parts

    def _array(self, said: dict[str, Any]) -> list[Shape]:
        """Check the items of an array."""
        key = "items" if "items" in said else "prefixItems"
        if key not in said:
            if "minItems" in said or "maxItems" in said:
                msg = "'minItems' and 'maxItems' are supported beside 'items' only"
                raise SchemaError(msg)
            return []
        if key == "items" and not isinstance(said[key], list):
            return [self._part(said[key], key)]
        items = said[key]
        if not isinstance(items, list):
            msg = "'prefixItems' must be a list"
            raise SchemaError(msg)
        if {said.get("minItems", len(items)), said.get("maxItems", len(items))} != {len(items)}:
            msg = f"beside a list of '{key}' no other number of items is supported"
            raise SchemaError(msg)
        check_limit(tables.COUNT, len(items))
        return [self._part(item, key, str(number)) for number, item in enumerate(items)]
