"""A server that takes runs as LangSmith's does and keeps every byte, decompressed."""

from __future__ import annotations

import contextlib
import gzip
import json
import threading
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import zstandard

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["LangSmithDouble", "collecting"]

_DECODERS = {
    "zstd": lambda raw: zstandard.ZstdDecompressor().decompressobj().decompress(raw),
    "gzip": gzip.decompress,
    "deflate": zlib.decompress,
}


class LangSmithDouble(ThreadingHTTPServer):
    """The server.

    Attributes:
        uploads: The path and the decompressed body of each request that brought something.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.uploads: list[tuple[str, str]] = []

    @property
    def environment(self) -> dict[str, str]:
        """Return what switches LangSmith's tracing on, all the ways there are."""
        return {
            "LANGSMITH_TRACING": "true",
            "LANGCHAIN_TRACING_V2": "true",
            "LANGCHAIN_TRACING": "true",
            "LANGSMITH_ENDPOINT": f"http://127.0.0.1:{self.server_port}",
            "LANGSMITH_API_KEY": "lsv2_pt_x",
            "LANGSMITH_PROJECT": "test",
        }


class _Handler(BaseHTTPRequestHandler):
    server: LangSmithDouble
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        limits = {
            "use_multipart_endpoint": True,
            "size_limit": 100,
            "size_limit_bytes": 20_000_000,
            "scale_up_nthreads_limit": 1,
            "scale_up_qsize_trigger": 1000,
        }
        flags = {"zstd_compression_enabled": True}
        self._answer({"version": "0.12", "batch_ingest_config": limits, "instance_flags": flags})

    def _take(self) -> None:
        raw = self._body()
        decode = _DECODERS.get(self.headers.get("Content-Encoding", ""), bytes)
        self.server.uploads.append((self.path, decode(raw).decode(errors="replace")))
        self._answer({})

    do_POST = do_PATCH = _take  # noqa: N815 - http.server's names

    def _body(self) -> bytes:
        if "Content-Length" in self.headers:
            return self.rfile.read(int(self.headers["Content-Length"]))
        parts = []
        while size := int(self.rfile.readline(), 16):  # chunked
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def _answer(self, content: Any) -> None:
        raw = json.dumps(content).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, *_: Any) -> None:
        pass


@contextlib.contextmanager
def collecting() -> Iterator[LangSmithDouble]:
    """Run the server for a while."""
    server = LangSmithDouble()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
