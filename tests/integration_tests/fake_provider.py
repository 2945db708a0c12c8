"""A provider of fine-tuning on this machine, which keeps files and jobs and fails when told to.

The providers themselves are out of reach here. Answers are made as their API references have them
(read 2026-11): OpenAI's, Azure's v1 surface, Nebius'. `Fault`s are put on a route and are used up
one by one: the connection is cut before or after the request was acted upon, an error is answered,
or nothing for a while.
"""

from __future__ import annotations

import contextlib
import json
import re
import socket
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["BASE", "EXAMPLE", "EXAMPLES", "FakeProvider", "Fault", "serving"]

BASE = "gpt-4o-mini"
EXAMPLE = {
    "messages": [
        {"role": "system", "content": "You are {Zoë}."},
        {"role": "user", "content": "hi"},
        {"role": "assistant", "content": "secret"},
    ]
}
EXAMPLES = [EXAMPLE] * 10
NOT_FOUND = (404, {"error": {"message": "no such thing", "type": "x", "code": "not_found"}})
_ENDED = {"succeeded", "failed", "cancelled"}


@dataclass
class Fault:
    """What goes wrong with a request.

    Attributes:
        cut: The connection is closed without an answer.
        status: An error is answered.
        hang: Seconds without an answer.
        acted: Whether the request is carried out all the same.
        headers: Headers of the error.
        code: The error's code.
        passes: Nothing goes wrong this time; for what goes wrong later.
    """

    cut: bool = False
    status: int | None = None
    hang: float = 0.0
    acted: bool = False
    headers: dict[str, str] = field(default_factory=dict)
    code: str = "server_error"
    passes: bool = False


class FakeProvider(ThreadingHTTPServer):
    """The provider.

    Attributes:
        dialect: `openai`, `azure` or `nebius`.
        faults: By route, such as `POST /v1/files`; ids in routes are written `*`.
        answers: By route, what is answered instead of what the state would give.
        asked: All requests: route and body.
        ends_jobs: Whether a job succeeds as soon as it was made.
        slow: By route, seconds before the request is acted upon.
        held: By route, what a request waits for before it is acted upon; a client may be killed
            meanwhile.
        arrived: The routes of all requests, acted upon or not.
        says: What its models answer in a chat, piece by piece; without it there is no such route.
    """

    daemon_threads = True

    def __init__(self, dialect: str = "openai") -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.dialect = dialect
        self.files: dict[str, dict[str, Any]] = {}
        self.contents: dict[str, bytes] = {}
        self.jobs: dict[str, dict[str, Any]] = {}
        self.events: dict[str, list[dict[str, Any]]] = {}
        self.models = {BASE}
        self.ends_jobs = False
        self.faults: dict[str, list[Fault]] = {}
        self.answers: dict[str, Any] = {}
        self.asked: list[tuple[str, bytes]] = []
        self.keys: list[str] = []
        self.slow: dict[str, float] = {}
        self.held: dict[str, threading.Event] = {}
        self.arrived: list[str] = []
        self.says: list[str] = []
        self.lock = threading.RLock()
        self._count = 0

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"

    @property
    def routes(self) -> list[str]:
        return [route for route, _ in self.asked]

    def bodies(self, route: str) -> list[bytes]:
        return [body for asked, body in self.asked if asked == route]

    def new_id(self, kind: str) -> str:
        self._count += 1
        return f"{kind}-{self._count}"

    def set_job(self, job_id: str, status: str, **fields: Any) -> None:
        """Move a job; one that succeeded has a model."""
        with self.lock:
            job = self.jobs[job_id]
            job |= {"status": status, **fields}
            if status == "succeeded" and self.dialect != "nebius":
                job["fine_tuned_model"] = f"ft:{job_id}"
                self.models.add(f"ft:{job_id}")

    def tell(self, job_id: str, data: dict[str, Any] | None = None, message: str = "m") -> None:
        """Add an event to a job."""
        with self.lock:
            kind = "message" if data is None else "metrics"
            event = {"id": self.new_id("ftevent"), "object": "fine_tuning.job.event", "type": kind}
            event |= {"created_at": 1, "level": "info", "message": message, "data": data}
            self.events[job_id].append(event)

    # What follows answers the routes.

    def create_file(self, body: bytes, _: Any) -> Any:
        name = re.search(rb'name="file"; filename="([^"]*)"', body)
        purpose = re.search(rb'name="purpose"\r\n\r\n([\w-]+)', body)
        content = body.partition(name[0] if name else b"filename")[2].partition(b"\r\n\r\n")[2]
        content = content.rpartition(b"\r\n--")[0].partition(b"\r\n--")[0]
        file_id = self.new_id("file")
        self.contents[file_id] = content
        self.files[file_id] = {
            "id": file_id,
            "object": "file",
            "bytes": len(content),
            "created_at": 1,
            "filename": name[1].decode() if name else "",
            "purpose": purpose[1].decode() if purpose else "",
            "status": "pending" if self.dialect == "azure" else "processed",
        }
        return self.files[file_id]

    def list_files(self, _: bytes, query: dict[str, str]) -> Any:
        return _page(list(self.files.values())[::-1], query)

    def get_file(self, _: bytes, __: Any, file_id: str) -> Any:
        file = self.files.get(file_id)
        if file is None:
            return NOT_FOUND
        seen = dict(file)
        if file["status"] == "pending":  # the next look finds it done
            if self.contents[file_id].startswith(b"\xef\xbb\xbf"):
                file["status"] = "processed"
            else:
                file |= {"status": "error", "status_details": "no byte order mark"}
        return seen

    def file_content(self, _: bytes, __: Any, file_id: str) -> Any:
        return self.contents.get(file_id, NOT_FOUND)

    def delete_file(self, _: bytes, __: Any, file_id: str) -> Any:
        if self.files.pop(file_id, None) is None:
            return NOT_FOUND
        return {"id": file_id, "object": "file", "deleted": True}

    def create_job(self, body: bytes, _: Any) -> Any:
        asked = json.loads(body)
        if asked["training_file"] not in self.files:
            return 400, {"error": {"message": "no such file", "code": "invalid_training_file"}}
        job_id = self.new_id("ftjob")
        job = {
            "id": job_id,
            "object": "fine_tuning.job",
            "created_at": self._count,
            "organization_id": "o",
            "result_files": [],
            "seed": 1,
            "status": "queued",
            "fine_tuned_model": None,
            "hyperparameters": {},
            **{k: v for k, v in asked.items() if k in {"model", "training_file", "metadata"}},
            "validation_file": asked.get("validation_file"),
        }
        if self.dialect == "nebius":
            job.pop("metadata", None)
        self.jobs[job_id] = job
        self.events[job_id] = []
        made = dict(job)
        if self.ends_jobs:
            self.set_job(job_id, "succeeded")
        return made

    def list_jobs(self, _: bytes, query: dict[str, str]) -> Any:
        jobs = list(self.jobs.values())[::-1]
        wanted = {k[9:-1]: v for k, v in query.items() if k.startswith("metadata[")}
        if self.dialect == "openai":
            jobs = [j for j in jobs if wanted.items() <= (j.get("metadata") or {}).items()]
        return _page(jobs, query)

    def get_job(self, _: bytes, __: Any, job_id: str) -> Any:
        return self.jobs.get(job_id, NOT_FOUND)

    def command(self, _: bytes, __: Any, job_id: str, name: str) -> Any:
        job = self.jobs.get(job_id)
        if job is None:
            return NOT_FOUND
        if job["status"] in _ENDED:
            return 400, {"error": {"message": "it has ended", "code": "invalid_job_status"}}
        job["status"] = {"cancel": "cancelled", "pause": "paused", "resume": "queued"}[name]
        return job

    def list_events(self, _: bytes, query: dict[str, str], job_id: str) -> Any:
        return _page(self.events[job_id][::-1], query) if job_id in self.events else NOT_FOUND

    def checkpoints(self, _: bytes, __: Any, job_id: str) -> Any:
        files = [file for file in self.files if file.startswith(f"result-{job_id}")]
        found = {"object": "fine_tuning.job.checkpoint", "id": "c", "created_at": 1, "metrics": {}}
        found |= {"fine_tuned_model_checkpoint": "", "fine_tuning_job_id": job_id}
        old = {**found, "step_number": 1, "result_files": ["file-old"]}
        new = {**found, "step_number": 9, "result_files": files}
        return {"object": "list", "data": [old, new] if files else [], "has_more": False}

    def get_model(self, _: bytes, __: Any, model: str) -> Any:
        if model not in self.models:
            return NOT_FOUND
        return {"id": model, "object": "model", "created": 1, "owned_by": "o"}

    def delete_model(self, _: bytes, __: Any, model: str) -> Any:
        if model not in self.models:
            return NOT_FOUND
        self.models.discard(model)
        return {"id": model, "object": "model", "deleted": True}

    def chat(self, body: bytes, _: Any) -> Any:
        if not self.says:
            return NOT_FOUND
        chunk = {"id": "c", "created": 1, "model": "m", "object": "chat.completion.chunk"}
        if not json.loads(body).get("stream"):
            message = {"role": "assistant", "content": "".join(self.says)}
            choice = {"index": 0, "finish_reason": "stop", "message": message}
            return {**chunk, "object": "chat.completion", "choices": [choice]}
        choices = [{"index": 0, "delta": {"content": piece}} for piece in self.says]
        ends = [{"index": 0, "delta": {}, "finish_reason": "stop"}]
        lines = [json.dumps({**chunk, "choices": [choice]}) for choice in [*choices, *ends]]
        return "".join(f"data: {line}\n\n" for line in [*lines, "[DONE]"]).encode()

    def load_adapter(self, _: bytes, __: Any) -> Any:
        return NOT_FOUND


_ROUTES = [
    ("POST", r"/v1/load_lora_adapter", "load_adapter"),
    ("POST", r"/v1/files", "create_file"),
    ("POST", r"/v1/chat/completions", "chat"),
    ("GET", r"/v1/files", "list_files"),
    ("GET", r"/v1/files/([^/]+)", "get_file"),
    ("GET", r"/v1/files/([^/]+)/content", "file_content"),
    ("DELETE", r"/v1/files/([^/]+)", "delete_file"),
    ("POST", r"/v1/fine_tuning/jobs", "create_job"),
    ("GET", r"/v1/fine_tuning/jobs", "list_jobs"),
    ("GET", r"/v1/fine_tuning/jobs/([^/]+)", "get_job"),
    ("POST", r"/v1/fine_tuning/jobs/([^/]+)/(cancel|pause|resume)", "command"),
    ("GET", r"/v1/fine_tuning/jobs/([^/]+)/events", "list_events"),
    ("GET", r"/v1/fine_tuning/jobs/([^/]+)/checkpoints", "checkpoints"),
    ("GET", r"/v1/models/(.+)", "get_model"),
    ("DELETE", r"/v1/models/(.+)", "delete_model"),
]


def _route_of(command: str, path: str) -> tuple[str, str, tuple[str, ...]] | None:
    """Return a route with its id as `*`, who answers it, and what stood for the groups."""
    for method, pattern, name in _ROUTES:
        if method == command and (match := re.fullmatch(pattern, path)):
            shown = iter(("*", *match.groups()[1:]))
            route = re.sub(r"[(][^()]*[)]", lambda _, shown=shown: next(shown), pattern)
            return f"{method} {route}", name, match.groups()
    return None


def _page(items: list[dict[str, Any]], query: dict[str, str]) -> dict[str, Any]:
    ids = [item["id"] for item in items]
    if (after := query.get("after")) in ids:
        items = items[ids.index(after) + 1 :]
    shown = items[: int(query.get("limit", 20))]
    return {"object": "list", "data": shown, "has_more": len(shown) < len(items)}


class _Handler(BaseHTTPRequestHandler):
    server: FakeProvider
    protocol_version = "HTTP/1.1"

    def _answer(self) -> None:
        path = urlsplit(self.path).path.replace("/openai/v1", "/v1")
        query = {k: v[0] for k, v in parse_qs(urlsplit(self.path).query).items()}
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        server = self.server
        found = _route_of(self.command, path)
        if found is None:
            self._send(*NOT_FOUND)
            return
        route, name, groups = found
        server.arrived.append(route)
        time.sleep(server.slow.get(route, 0))
        if route in server.held:
            server.held[route].wait(60)
        with server.lock:
            server.asked.append((route, body))
            server.keys.append(self.headers.get("Authorization", ""))
            faults = server.faults.get(route)
            fault = faults.pop(0) if faults else None
            fault = None if fault is not None and fault.passes else fault
            answer: Any = None
            if fault is None or fault.acted:
                answer = server.answers.get(route)
                if answer is None:
                    answer = getattr(server, name)(body, query, *groups)
                answer = json.loads(json.dumps(answer)) if isinstance(answer, dict) else answer
        if fault is not None:
            time.sleep(fault.hang)
            if fault.cut or fault.hang:
                with contextlib.suppress(OSError):
                    self.connection.shutdown(socket.SHUT_RDWR)
                self.close_connection = True
                return
            words = {"error": {"message": "broken", "code": fault.code}}
            self._send(fault.status or 500, words, fault.headers)
            return
        status, content = answer if isinstance(answer, tuple) else (200, answer)
        self._send(status, content)

    do_GET = do_POST = do_DELETE = do_PUT = _answer  # noqa: N815 - http.server's names

    def _send(self, status: int, content: Any, headers: dict[str, str] | None = None) -> None:
        raw = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        with contextlib.suppress(OSError):
            self.wfile.write(raw)

    def log_message(self, *_: Any) -> None:
        pass


@contextlib.contextmanager
def serving(dialect: str = "openai") -> Iterator[FakeProvider]:
    """Run a provider for a while."""
    server = FakeProvider(dialect)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
