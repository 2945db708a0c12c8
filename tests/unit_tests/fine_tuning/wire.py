"""A provider without sockets, which answers as a test says, and a job of it."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import openai
from typing_extensions import override

from langchain_fbmessenger.fine_tuning import Connection, Provider
from langchain_fbmessenger.fine_tuning.connection import http_library

if TYPE_CHECKING:
    from collections.abc import Callable

    from langchain_fbmessenger.examples import ExampleRules

Query = dict[str, str]
JOBS, FILES = "/v1/fine_tuning/jobs", "/v1/files"
JOB, EVENTS = f"{JOBS}/ftjob-1", f"{JOBS}/ftjob-1/events"
CHECKPOINTS = f"{JOB}/checkpoints"


def item(number: int | None) -> dict[str, Any]:
    """Make what passes for a job, a file, an event and a checkpoint; None has no id."""
    named = {} if number is None else {"id": f"x-{number}"}
    return named | {
        "created_at": 1,
        "filename": "mine",
        "training_file": "file-1",
        "status": "running",
        "type": "message",
        "message": f"m {number}",
        "step_number": number or 0,
        "result_files": [f"file-{number}"],
    }


class Wire:
    """A provider without sockets: it answers by route, and counts what it was asked."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self.answers: dict[str, Callable[[Query], dict[str, Any]]] = {}
        self.body: Callable[[bytes], Any] = lambda content: content

    def client(self) -> openai.OpenAI:
        httpx = http_library()

        def answer(request: Any) -> Any:
            path = request.url.path
            self.asked[path] += 1
            query = {k: v[0] for k, v in parse_qs(request.url.query.decode()).items()}
            if path not in self.answers:
                return httpx.Response(404, json={"error": {"message": "no such thing"}})
            content = json.dumps(self.answers[path](query)).encode()
            return httpx.Response(
                200, content=self.body(content), headers={"Content-Type": "application/json"}
            )

        transport = httpx.MockTransport(answer)
        return openai.OpenAI(
            base_url="http://127.0.0.1/v1",
            api_key="k",
            http_client=httpx.Client(transport=transport),
            max_retries=0,
        )


def listed(*numbers: int | None, has_more: bool | None = None) -> dict[str, Any]:
    more = {} if has_more is None else {"has_more": has_more}
    return {"object": "list", "data": [item(number) for number in numbers], **more}


class AtWire(Connection):
    """Connects to the wire instead of an address."""

    @override
    def client(self, **options: Any) -> openai.OpenAI:
        return WIRES[str(self.base_url)].client().with_options(**options)


WIRES: dict[str, Wire] = {}


class Wired(Provider):
    name = "wired"
    poll_seconds = 0.001

    @override
    def connection(self) -> Connection:
        return AtWire("wire")

    @override
    def preflight(self, client: openai.OpenAI, model: str) -> ExampleRules:
        raise NotImplementedError


def set_status(wire: Wire, status: str) -> None:
    state = {**item(1), "id": "ftjob-1", "status": status, "fine_tuned_model": "ft:1"}
    wire.answers[JOB] = lambda _: state
