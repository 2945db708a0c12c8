"""JSON schemas at the real llama.cpp: those that are taken are held to, others do no harm."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio

from langchain_fbmessenger.local.api.schema import check_schemas
from langchain_fbmessenger.local.engines import EngineError
from langchain_fbmessenger.local.engines.kinds import LLAMA_CPP
from langchain_fbmessenger.local.process.logs import NativeLog
from tests.integration_tests.engines_local import ask, make_engine

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from langchain_fbmessenger.local.engines.engine import Engine

pytestmark = pytest.mark.asyncio(loop_scope="module")

SAID = "Milo Dvorak"
HANGS = {"type": "string", "pattern": "^([a-zA-Z ]?){1990}$"}
"""What keeps llama.cpp busy for minutes; the server refuses it, engines are asked directly here."""


@pytest.fixture(scope="module")
def printed() -> Iterator[list[str]]:
    """Return all that the engines of this module print, before it is looked through."""
    lines: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        real = NativeLog._line
        patch.setattr(
            NativeLog,
            "_line",
            lambda self, line: (lines.append(line.decode()), real(self, line))[1],
        )
        yield lines


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def engine(local_home: Path, printed: list[str]) -> AsyncIterator[Engine]:
    del printed  # it listens from the start
    engine = make_engine(LLAMA_CPP, local_home)
    yield engine
    await engine.close()


def held_to(schema: Any) -> dict[str, Any]:
    return {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}


def of(key: str, schema: Any) -> Any:
    return {"type": "object", "properties": {key: schema}, "required": [key]}


def pattern(text: str) -> Any:
    return {"type": "string", "pattern": text}


def numbers(count: int) -> list[int]:
    return [*range(1000, 1000 + count)]


TAKEN: dict[str, tuple[Any, Any]] = {
    "object": (of("a", {"type": "boolean"}), lambda x: type(x["a"]) is bool),
    "others": ({"additionalProperties": {"type": "null"}}, lambda x: {*x.values()} <= {None}),
    "tuple": ({"prefixItems": [{"type": "null"}, {"const": 3}]}, lambda x: x == [None, 3]),
    "items": (
        {"items": {"enum": [1, 2]}, "minItems": 3, "maxItems": 4},
        lambda x: 3 <= len(x) <= 4 and {*x} <= {1, 2},
    ),
    "length": ({"type": "string", "minLength": 3, "maxLength": 5}, lambda x: 3 <= len(x) <= 5),
    "integer": (
        {"type": "integer", "exclusiveMinimum": -3, "maximum": 7},
        lambda x: type(x) is int and -3 < x <= 7,
    ),
    "types": ({"type": ["null", "boolean"]}, lambda x: x in (None, True, False)),
    "format": ({"type": "string", "format": "date"}, lambda x: len(x) == 10 and x[4] == "-"),
    "enum of 256": ({"enum": numbers(256)}, lambda x: x in numbers(256)),
    "nested anyOf of 256": (
        {"anyOf": [{"anyOf": [{"const": 100 * a + b} for b in range(16)]} for a in range(16)]},
        lambda x: x % 100 < 16 and x < 1600,
    ),
    "ref": (
        {"$defs": {"a": {"const": "x"}}, **of("b", {"$ref": "#/$defs/a"})},
        lambda x: x == {"b": "x"},
    ),
    "pattern": (
        pattern(r"^[A-Z]{2}\.(?:x|y)?[0-9]{1,3}\-$"),
        lambda x: x[2] == "." and x[-1] == "-",
    ),
    "sixteen optional": (pattern(f"^{'[a-c]?' * 16}$"), lambda x: len(x) <= 16),
    "repeated": (pattern("^([a-c]{0,3}){1,5}$"), lambda x: {*x} <= {*"abc"}),
    "escapes": (pattern(r"^\^\$\.\[\]\(\)\{\}\*\+\?\-/\|$"), lambda x: x == "^$.[](){}*+?-/|"),
    "class": (pattern(r"^[\]\[\-.^]{4}[^\]a-z]$"), lambda x: {*x[:4]} <= {*"][-.^"}),
}  # fmt: skip


@pytest.mark.parametrize("name", TAKEN)
async def test_what_is_taken_is_held_to_without_complaint(
    engine: Engine, printed: list[str], name: str
) -> None:
    schema, is_right = TAKEN[name]
    check_schemas({"response_format": schema})
    printed.clear()
    answer = await ask(engine, max_tokens=120, response_format=held_to(schema))
    assert is_right(json.loads(answer)), answer
    assert not printed


async def test_nothing_of_a_request_gets_into_the_log(
    engine: Engine, printed: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    """Of requests that the server would refuse before an engine sees them."""
    printed.clear()
    for schema in (
        pattern(f"{SAID}\n\x1b]52;c;{SAID}\x07"),
        of(f"{SAID}\n\x1b[2J", {"type": SAID}),
        {"type": "string", "minLength": 100_000, "title": SAID},
        {"$ref": f"https://{SAID}"},
        {"enum": [f"{SAID}\n"], "$defs": {SAID: {}}},
        {"$defs": {SAID: {"$ref": f"#/$defs/{SAID}"}}, "$ref": f"#/$defs/{SAID}"},
    ):
        asking = ask(engine, max_tokens=1, response_format=held_to(schema))
        (told,) = await asyncio.gather(asking, return_exceptions=True)
        assert isinstance(told, str | EngineError)
        assert isinstance(told, str) or (told.status == 400 and SAID not in str(told))
    assert SAID in "".join(printed), "llama.cpp does print it"
    written = capfd.readouterr().err
    assert "engine: JSON schema conversion was incomplete\n" in written
    assert "Milo" not in written
    assert "\x1b" not in written


@pytest.mark.skipif(sys.platform == "win32", reason="kills by POSIX's signals")
async def test_an_engine_that_computes_for_ever_is_replaced(engine: Engine) -> None:
    pid = engine.pid
    hanging = asyncio.create_task(
        ask(engine, max_tokens=100, seed=1, response_format=held_to(HANGS))
    )
    await asyncio.wait({hanging}, timeout=2)  # it computes by now, and never ends
    assert not hanging.done()
    waiting = [asyncio.create_task(ask(engine, max_tokens=2)) for _ in range(3)]
    hanging.cancel()
    answers = await asyncio.wait_for(asyncio.gather(*waiting), 120)
    assert len({*answers}) == 1
    assert engine.pid != pid
