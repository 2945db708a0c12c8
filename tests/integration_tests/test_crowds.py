"""The real local server has 256 descriptors and hundreds of strangers: its own clients get in."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import openai
import pytest

from langchain_fbmessenger.fine_tuning.connection import Connection
from langchain_fbmessenger.local import find_server
from tests.integration_tests.small_jobs import BASE, CHATS
from tests.integration_tests.tiny_models import make

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from langchain_fbmessenger.local import ServerAddress

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs limits of descriptors")

DESCRIPTORS = 256
MOST_LOGGED = 20_000
PROGRAM = """
import resource, sys, threading
from pathlib import Path
from langchain_fbmessenger.local import serve
resource.setrlimit(resource.RLIMIT_NOFILE, ({limit}, {limit}))
taken = []
def take_all():
    for line in sys.stdin:
        if line == "take\\n":
            try:
                while True:
                    taken.append(open("/dev/null"))
            except OSError:
                pass
        else:
            while taken:
                taken.pop().close()
        print("done", flush=True)
threading.Thread(target=take_all, daemon=True).start()
serve(Path(sys.argv[1]))
"""


class Server:
    """A server whose descriptors can be used up; `log` is what it has written."""

    def __init__(self, process: subprocess.Popen[str], address: ServerAddress, log: Path) -> None:
        self._process = process
        self._log = log
        self.address = address

    @property
    def logged(self) -> int:
        return self._log.stat().st_size

    def tell(self, command: str) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{command}\n")
        self._process.stdin.flush()
        assert self._process.stdout.readline() == "done\n"

    def connect(self) -> socket.socket:
        url = urlsplit(self.address.base_url)
        connection = socket.socket()
        connection.settimeout(60)
        connection.connect((url.hostname, url.port))
        return connection

    @contextmanager
    def client(self) -> Iterator[openai.OpenAI]:
        address = self.address
        with openai.OpenAI(base_url=address.base_url, api_key=address.api_key) as client:
            yield client


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    home = tmp_path_factory.mktemp("crowds")
    log = home / "printed.log"
    with log.open("w") as printed, subprocess.Popen(  # noqa: S603  # our own
        [sys.executable, "-c", PROGRAM.format(limit=DESCRIPTORS), str(home)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=printed, text=True,
    ) as process:  # fmt: skip
        try:
            deadline = time.monotonic() + 60  # a guard against hanging, not a measurement
            while (address := find_server(home)) is None:
                assert process.poll() is None, log.read_text()
                assert time.monotonic() < deadline
                time.sleep(0.05)
            yield Server(process, address, log)
        finally:
            process.kill()


def begun(kind: str, key: str) -> bytes:
    head = "POST /v1/files HTTP/1.1\r\nHost: localhost\r\n"
    known = f"{head}Authorization: Bearer {key}\r\n"
    form = "Content-Type: multipart/form-data; boundary=b\r\n"
    file = '--b\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\n'
    return {
        "nothing": "",
        "a byte": "G",
        "headers without end": f"{head}X-A: ",
        "a body without a key": f"{head}Content-Length: 100\r\n\r\n{{",
        "HTTP 1.0": "GET /health HTTP/1.0\r\nHost: localhost\r\n",
        "waiting to continue": f"{known}Expect: 100-continue\r\nContent-Length: 9\r\n\r\n",
        "chunks without end": f"{known}{form}Transfer-Encoding: chunked\r\n\r\n5\r\n--b\r\n\r\n",
        "held uploads": f"{known}{form}Content-Length: 99999\r\n\r\n{file}" + "x" * 5000,
        "many requests": "GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n" * 500,
        "a websocket": (
            "GET /v1/models HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\n"
            "Upgrade: websocket\r\n\r\n"
        ),
        "nonsense": "\0\1\2\r\n\r\n",
    }[kind].encode()


@contextmanager
def crowd(server: Server, kind: str, size: int) -> Iterator[None]:
    """Have so many clients begin something, and hold on to it."""
    sent = begun(kind, server.address.api_key)
    with ExitStack() as stack:
        for _ in range(size):
            connection = stack.enter_context(server.connect())
            with suppress(ConnectionError):  # the server has hung up on it already
                connection.sendall(sent)
        yield


KINDS = [
    "nothing", "a byte", "headers without end", "a body without a key", "HTTP 1.0",
    "waiting to continue", "chunks without end", "held uploads", "many requests", "a websocket",
    "nonsense",
]  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_a_crowd_keeps_nobody_out(server: Server, kind: str) -> None:
    before = server.logged
    with server.client() as client, crowd(server, kind, 400):
        for _ in range(3):
            assert client.models.list().data
            file = client.files.create(file=("cap.jsonl", CHATS), purpose="fine-tune")
            assert client.files.content(file.id).read() == CHATS
    assert server.logged - before < MOST_LOGGED


def test_chats_and_jobs_go_on_amid_two_thousand(server: Server, tmp_path: Path) -> None:
    make("llama", tmp_path / "tiny.gguf")
    before = server.logged
    address = server.address
    model = Connection(address.base_url, address.api_key, is_loopback=True).chat_model(BASE)
    with server.client() as client, crowd(server, "nothing", 2000):
        file = client.files.create(file=("cap.jsonl", CHATS), purpose="fine-tune")
        job = client.fine_tuning.jobs.create(
            model=str(tmp_path / "tiny.gguf"),
            training_file=file.id,
            hyperparameters={"n_epochs": 50, "batch_size": 2},
        )
        assert model.invoke("ahoy?", max_tokens=4).usage_metadata
        assert [chunk.text for chunk in model.stream("ahoy?", max_tokens=4)]
        deadline = time.monotonic() + 240
        while (state := client.fine_tuning.jobs.retrieve(job.id)).status != "running":
            assert state.status in {"validating_files", "queued"}, state
            assert time.monotonic() < deadline, state
            time.sleep(0.05)
        client.fine_tuning.jobs.cancel(job.id)
    assert server.logged - before < MOST_LOGGED


def test_the_server_recovers_from_having_no_descriptor_left(server: Server) -> None:
    before = server.logged
    server.tell("take")
    with server.connect() as waiting:
        waiting.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        for _ in range(20):
            server.connect().close()
        server.tell("give back")
        assert waiting.recv(100).startswith(b"HTTP/1.1 200 ")
    with server.client() as client:
        assert client.models.list().data
    assert server.logged - before < MOST_LOGGED
