"""How strictly answers are read, and OpenAI's error shape where no SDK would send such a request.

Each route's answers are read by `sdk_schema` in `sdk_routes.py`, under both majors of the SDK.
"""

from __future__ import annotations

import http.client
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from openai.types import FileObject
from openai.types.fine_tuning import FineTuningJob
from pydantic import ValidationError

from tests.integration_tests.sdk_schema import strict_error, strict_list, strictly

if TYPE_CHECKING:
    from langchain_fbmessenger.local import ServerAddress

FILE = {
    "id": "file-1",
    "object": "file",
    "bytes": 1,
    "created_at": 1,
    "filename": "a",
    "purpose": "fine-tune",
    "status": "processed",
}
PAGE = {"object": "list", "data": [FILE], "has_more": False, "first_id": "file-1"}


@pytest.mark.parametrize(
    "wrong",
    [{"bytes": "1"}, {"created_at": 1.5}, {"purpose": "training"}, {"object": "files"}, {"id": 1}],
)
def test_a_wrong_type_or_literal_is_seen(wrong: dict[str, Any]) -> None:
    strictly(FileObject, json.dumps(FILE))
    with pytest.raises(ValidationError):
        strictly(FileObject, json.dumps(FILE | wrong))


def test_a_missing_field_is_seen() -> None:
    with pytest.raises(ValidationError):
        strictly(FileObject, json.dumps({key: FILE[key] for key in FILE if key != "status"}))
    job = {
        "id": "ftjob-1",
        "object": "fine_tuning.job",
        "created_at": 1,
        "hyperparameters": {},
        "model": "m",
        "organization_id": "o",
        "result_files": [],
        "seed": 1,
        "status": "queued",
        "training_file": "file-1",
    }
    with pytest.raises(AssertionError, match="FineTuningJob lacks fine_tuned_model"):
        strictly(FineTuningJob, json.dumps(job))


def test_an_unknown_field_is_seen() -> None:
    with pytest.raises(AssertionError, match="FileObject has an unknown field path"):
        strictly(FileObject, json.dumps(FILE | {"path": "/home"}))


def test_a_page_without_its_ends_is_seen() -> None:
    strict_list(FileObject, json.dumps(PAGE | {"last_id": "file-1"}))
    for wrong in (PAGE, PAGE | {"last_id": "file-2"}):
        with pytest.raises(AssertionError):
            strict_list(FileObject, json.dumps(wrong))


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/v1/nothing", b"", 404),
        ("PUT", "/v1/files", b"", 405),
        ("POST", "/v1/files", b"no form", 400),
        ("POST", "/v1/fine_tuning/jobs", b"{", 400),
        ("POST", "/v1/fine_tuning/jobs", b"[]", 400),
        ("POST", "/v1/chat/completions", b"\xff", 400),
        ("POST", "/v1/chat/completions", b'{"model": 1, "messages": []}', 400),
        ("POST", "/tokenize", b'{"model": "SmolLM2-135M-Instruct"}', 400),
        ("GET", "/v1/files?limit=x", b"", 400),
        ("GET", "/v1/files?order=up", b"", 400),
        ("GET", "/v1/fine_tuning/jobs/%2e%2e/events", b"", 404),
    ],
)
def test_every_refusal_has_openais_shape(
    local_server: ServerAddress, method: str, path: str, body: bytes, status: int
) -> None:
    connection = http.client.HTTPConnection(urlsplit(local_server.base_url).netloc, timeout=30)
    headers = {"Authorization": f"Bearer {local_server.api_key}"}
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    raw = answer.read()
    connection.close()

    assert answer.status == status, raw
    assert answer.headers["content-type"] == "application/json"
    strict_error(raw)
