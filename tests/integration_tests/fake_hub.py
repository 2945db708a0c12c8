"""A model hub on loopback: repositories whose branches move from commit to commit."""

from __future__ import annotations

import hashlib
import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator


class FakeHub:
    """Repositories by name: their commits, with files by name, and where branches stand."""

    def __init__(self) -> None:
        self.commits: dict[str, dict[str, dict[str, bytes]]] = {}
        self.refs: dict[str, dict[str, str]] = {}
        self.asked: list[str] = []
        self.url = ""

    def push(self, repo: str, files: dict[str, bytes], ref: str = "main") -> str:
        """Add a commit with these files to a branch; return its name."""
        known = self.commits.setdefault(repo, {})
        commit = hashlib.sha1(f"{repo}{len(known)}".encode()).hexdigest()  # noqa: S324  # git's
        known[commit] = files
        self.refs.setdefault(repo, {})[ref] = commit
        return commit

    def resolved(self, repo: str, revision: str) -> str | None:
        """Return the commit of a revision; parts of a commit's name are one, too."""
        ref = self.refs.get(repo, {}).get(revision, revision)
        return next((c for c in self.commits.get(repo, {}) if c.startswith(ref)), None)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    @property
    def hub(self) -> FakeHub:
        return cast("_Server", self.server).hub

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def log_message(self, *_: Any) -> None: ...

    def _answer(self, *, with_body: bool) -> None:
        path = unquote(urlsplit(self.path).path).strip("/")
        self.hub.asked.append(f"{self.command} {path}")
        parts = path.split("/")
        if parts[:2] == ["api", "models"]:
            self._tell(parts[2:], with_body=with_body)
        elif parts[2:3] == ["resolve"]:
            repo, revision, file = "/".join(parts[:2]), parts[3], "/".join(parts[4:])
            commit = self.hub.resolved(repo, revision)
            content = self.hub.commits[repo][commit].get(file) if commit else None
            self._send(content, commit, "application/octet-stream", with_body=with_body)
        else:
            self._send(None, None, "text/plain", with_body=with_body)

    def _tell(self, parts: list[str], *, with_body: bool) -> None:
        repo, rest = "/".join(parts[:2]), parts[2:]
        commit = self.hub.resolved(repo, "/".join(rest[1:]) or "main")
        if commit is None:
            self._send(None, None, "application/json", with_body=with_body)
            return
        files = self.hub.commits[repo][commit]
        told: Any = {
            "id": repo, "sha": commit, "siblings": [{"rfilename": file} for file in files]
        }  # fmt: skip
        if rest[:1] == ["tree"]:
            told = [
                {"type": "file", "path": name, "size": len(content), "oid": _sha(content)}
                for name, content in files.items()
            ]
        body = json.dumps(told).encode()
        self._send(body, commit, "application/json", with_body=with_body)

    def _send(
        self, content: bytes | None, commit: str | None, kind: str, *, with_body: bool
    ) -> None:
        body = b'{"error": "not found"}' if content is None else content
        self.send_response(404 if content is None else 200)
        if content is None:
            self.send_header("X-Error-Code", "EntryNotFound" if commit else "RevisionNotFound")
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("ETag", f'"{_sha(body)}"')
        if commit:
            self.send_header("X-Repo-Commit", commit)
        self.end_headers()
        if with_body:
            self.wfile.write(body)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, hub: FakeHub) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.hub = hub
        hub.url = f"http://127.0.0.1:{self.server_address[1]}"


@contextmanager
def running_hub() -> Iterator[FakeHub]:
    """Run a hub on a free port until the block is left."""
    hub = FakeHub()
    server = _Server(hub)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _sha(content: bytes) -> str:
    return hashlib.sha1(content).hexdigest()  # noqa: S324  # git's
