"""Whatever body is sent to whatever route, the answer is no failure of the server's."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from langchain_fbmessenger.local.api import models
from langchain_fbmessenger.local.engines.kinds import LLAMA_CPP
from langchain_fbmessenger.local.models import bases
from langchain_fbmessenger.local.models.bases import BaseModelError, BaseModelInfo
from tests.hypothesis_profiles import profile_examples
from tests.unit_tests.local.test_api import client, engine, services

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.testclient import TestClient

    from tests.unit_tests.local.test_api import FakeEngine

__all__ = ["client", "engine", "services"]

USER = {"role": "user", "content": "hi"}
CALL = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
CALLED = {"role": "assistant", "content": None, "tool_calls": [CALL]}
TOOL = {
    "type": "function",
    "function": {
        "name": "f",
        "description": "d",
        "parameters": {"type": "object", "properties": {"a": {"enum": ["x"]}}, "required": ["a"]},
        "strict": True,
    },
}
SCHEMA = {
    "type": "json_schema",
    "json_schema": {"name": "x", "schema": {"$defs": {"a": {}}, "$ref": "#/$defs/a"}},
}
BODIES: dict[str, Any] = {
    "/v1/chat/completions": {
        "model": "tiny", "messages": [USER, CALLED, {"role": "tool", "tool_call_id": "c",
        "content": [{"type": "text", "text": "hi"}]}], "tools": [TOOL], "response_format": SCHEMA,
        "tool_choice": {"type": "function", "function": {"name": "f"}}, "stop": ["a"], "n": 1,
        "logit_bias": {"1": 1}, "stream": True, "stream_options": {"include_usage": True},
        "seed": 1, "temperature": 1, "max_tokens": 3,
        "logprobs": True, "top_logprobs": 1, "metadata": {},
    },
    "/tokenize": {"model": "tiny", "messages": [USER, CALLED], "tools": [TOOL]},
    "/v1/fine_tuning/jobs": {
        "model": "tiny", "training_file": "file-1", "suffix": "a", "seed": 1,
        "metadata": {"a": "b"},
        "hyperparameters": {"n_epochs": 1, "batch_size": "auto"}, "lora": {"r": 1, "alpha": 2},
        "method": {"type": "supervised", "supervised": {"hyperparameters": {}}}, "learning_rate": 1,
        "integrations": [], "compute": {"processes": 1}, "early_stopping_patience": 1,
    },
    "/v1/load_lora_adapter": {
        "lora_name": "a", "lora_path": "~/none", "base_model_name": "tiny", "force": True
    },
    "/v1/unload_lora_adapter": {"lora_name": "a"},
    "/v1/fine_tuning/jobs/ftjob-1/cancel": {},
    "/v1/fine_tuning/jobs/ftjob-1/pause": {},
    "/v1/fine_tuning/jobs/ftjob-1/resume": {},
    "/v1/files": {"purpose": "fine-tune"},
}  # fmt: skip


def deep(levels: int) -> Any:
    """Return JSON text, as Python's own writer gets no further than some hundred levels."""
    return json.loads("[" * levels + "]" * levels)


ODD = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(2**62, 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
    | st.sampled_from(["", "\0", "~nobody", "../..", "/", "x" * 300, "{", "tool", "auto", "ft:a"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text("abc\0é", max_size=3), inner, max_size=3)
    ),
    max_leaves=6,
) | st.sampled_from([40, 99, 400]).map(deep)


def places(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the ways to all that stands within a value."""
    if not isinstance(value, dict | list):
        return [at]
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    return [at, *(place for key, part in inner for place in places(part, (*at, key)))]


def put(value: Any, at: tuple[Any, ...], odd: Any) -> Any:
    """Return a copy of a value with something odd in one place."""
    if not at:
        return odd
    key, *rest = at
    copy = value.copy()
    copy[key] = put(value[key], tuple(rest), odd)
    return copy


@st.composite
def nearly(draw: st.DrawFn) -> tuple[str, Any]:
    path = draw(st.sampled_from(sorted(BODIES)))
    body = BODIES[path]
    for _ in range(draw(st.integers(1, 2))):
        body = put(body, draw(st.sampled_from(places(body))), draw(ODD))
    return path, body


PATIENT = settings(suppress_health_check=[*HealthCheck], max_examples=profile_examples(4))


@pytest.fixture(autouse=True)
def all_is_supported(
    engine: FakeEngine,  # the fixture
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """Names are looked up as they are: in no hub, but in the file system."""
    engine.parameters = LLAMA_CPP.parameters  # type: ignore[misc]
    monkeypatch.setattr(
        "langchain_fbmessenger.local.api.chat.unsupported_fields", lambda *_: frozenset()
    )
    monkeypatch.setattr(bases, "_of_hub", missing)
    monkeypatch.setattr(bases, "download_file", missing)
    (tmp_path / "tiny.gguf").touch()

    def find(name: str) -> BaseModelInfo:
        if name == "tiny":
            return BaseModelInfo("tiny", tmp_path / "tiny.gguf", 128)
        return bases.find_base(name)

    monkeypatch.setattr(models, "find_base", find)


def missing(*_: object) -> Any:
    msg = "There is no such model."
    raise BaseModelError(msg, is_missing=True)


def is_sound(answer: Any) -> bool:
    if answer.status_code >= 500:
        return False
    if answer.status_code >= 400:
        message = answer.json()["error"]["message"]
        return isinstance(message, str) and message != ""
    return True


@PATIENT
@given(nearly())
def test_no_body_makes_the_server_fail(
    client: TestClient,  # the fixture
    sent: tuple[str, Any],
) -> None:
    path, body = sent
    answer = client.post(path, content=json.dumps(body))
    assert is_sound(answer), answer.text


@PATIENT
@given(st.sampled_from(sorted(BODIES)), st.binary(max_size=60))
def test_nor_do_any_bytes(client: TestClient, path: str, body: bytes) -> None:
    answer = client.post(path, content=body)
    assert is_sound(answer), answer.text


@pytest.mark.parametrize("path", sorted(BODIES))
@pytest.mark.parametrize("opening", ["[", '{"a":', '[{"a":'])
@pytest.mark.parametrize("levels", [99, 101, 400, 1100])
def test_arrays_and_objects_within_each_other_are_refused(
    client: TestClient,  # the fixture
    path: str,
    opening: str,
    levels: int,
) -> None:
    closing = opening[::-1].translate(str.maketrans("[{", "]}", '":a'))
    odd = opening * levels + "1" + closing * levels
    for place in places(BODIES[path]):
        body = json.dumps(put(BODIES[path], place, "PLACE")).replace('"PLACE"', odd)
        answer = client.post(path, content=body)
        assert is_sound(answer), (place, answer.text)
        if levels > 100 and "/jobs/" not in path and path != "/v1/files":
            assert answer.status_code == 400, (place, answer.text)


CALLS: tuple[Any, ...] = (
    "Milo", {"Milo": 1}, ["Milo"], [None], [[]], [{}], [{"Milo": "Milo"}],
    [{"type": "function"}], [{"type": "Milo", "function": CALL["function"]}],
    [{"type": "function", "function": None}], [{"type": "function", "function": "Milo"}],
    [{"type": "function", "function": ["Milo"]}], [{"type": "function", "function": {}}],
    *([{"type": "function", "function": {"name": name, "arguments": "{}"}}]
      for name in (None, 1, "", "Milo!", "x" * 65, ["Milo"])),
    *([{"type": "function", "function": {"name": "f", "arguments": arguments}}]
      for arguments in (None, 1, {"Milo": 1}, ["Milo"], "", "Milo", "{Milo", '"Milo"', "[]", "null",
                        "1", '{"a": ' + "[" * 400 + "]" * 400 + "}", '{"Milo": 1e999}')),
    [{"type": "function", "id": ["Milo"], "function": CALL["function"]}], [CALL, {"Milo": 1}],
)  # fmt: skip


@pytest.mark.parametrize("path", ["/tokenize", "/v1/chat/completions"])
@pytest.mark.parametrize("calls", CALLS, ids=lambda calls: json.dumps(calls)[:40])
@pytest.mark.parametrize("role", ["assistant", "user"])
def test_malformed_calls_are_refused_and_not_quoted(
    client: TestClient,  # the fixture
    engine: FakeEngine,  # the fixture
    path: str,
    calls: Any,
    role: str,
) -> None:
    message = {"role": role, "content": "hi", "tool_calls": calls}
    answer = client.post(path, json={"model": "tiny", "messages": [USER, message]})
    assert answer.status_code == 400
    assert "tool_calls" in answer.json()["error"]["param"]
    if not (isinstance(calls, list) and isinstance(calls[0], dict) and "type" in calls[0]):
        assert "Milo" not in answer.text
    assert not engine.requests


@pytest.mark.parametrize("path", ["/tokenize", "/v1/chat/completions"])
def test_calls_as_they_should_be_reach_the_engine_as_they_are(
    client: TestClient,  # the fixture
    path: str,
) -> None:
    answer = client.post(path, json={"model": "tiny", "messages": [USER, CALLED]})
    assert answer.status_code == 200
