"""The state folder may be called anything, whatever the locale; uploads never lie elsewhere."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import openai
import pytest

from langchain_fbmessenger.local import ensure_server, stop_server
from langchain_fbmessenger.local.process.home import Home
from tests.integration_tests.small_jobs import BASE, CHATS

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="names of files are bytes there")

BARE = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
CLIENT = """
import os, sys
import openai
from langchain_fbmessenger.local import ensure_server, stop_server
from langchain_fbmessenger._internal.home import default_home
try:
    address = ensure_server()
    assert address.home == default_home(), (address.home, default_home())
    with openai.OpenAI(base_url=address.base_url, api_key=address.api_key) as client:
        file = client.files.create(file=("x.jsonl", b"{}"), purpose="fine-tune")
        assert client.files.content(file.id).read() == b"{}"
        answer = client.chat.completions.create(
            model=sys.argv[1], messages=[{"role": "user", "content": "hi"}], max_tokens=3
        )
        assert answer.choices[0].message.content
finally:
    assert stop_server()
print("served")
"""


@pytest.mark.parametrize("locale", [{}, {"LC_ALL": "C"}, BARE], ids=["own", "C", "bare C"])
@pytest.mark.parametrize("name", ["zoë 人".encode(), b"bad\xff\xfe 100%41"], ids=["utf-8", "bytes"])
def test_a_server_runs_in_it(tmp_path: Path, name: bytes, locale: dict[str, str]) -> None:
    home = tmp_path / os.fsdecode(name)
    environment = {**os.environ, **locale, "LANGCHAIN_FBMESSENGER_HOME": str(home)}

    ran = subprocess.run(  # noqa: S603  # our own code
        [sys.executable, "-c", CLIENT, BASE],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    log = (home / "server.log").read_text(errors="replace")
    assert ran.stdout == "served\n", ran.stderr + log
    assert "Traceback" not in log


def test_an_upload_lies_in_the_state_folder_while_it_arrives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere, home = tmp_path / "tmp", Home.open(tmp_path / "home")
    elsewhere.mkdir()
    monkeypatch.setenv("TMPDIR", str(elsewhere))
    address = ensure_server(home.root)
    try:
        url = urlsplit(address.base_url)
        head = (
            f"POST /v1/files HTTP/1.1\r\nHost: {url.netloc}\r\n"
            f"Authorization: Bearer {address.api_key}\r\nContent-Length: 9000000\r\n"
            "Content-Type: multipart/form-data; boundary=b\r\n\r\n"
            "--b\r\nContent-Disposition: form-data; name=file; filename=x\r\n\r\n"
        )
        with socket.create_connection((url.hostname, url.port)) as connection:
            connection.sendall(head.encode() + b"chat " * 1_000_000)
            while not (held := open_files(address.pid, home.incoming)):
                assert open_files(address.pid, elsewhere) == []
            assert len(held) == 1
            os.kill(address.pid, signal.SIGKILL)
            connection.settimeout(60)
            with contextlib.suppress(ConnectionResetError):
                assert connection.recv(1) == b""  # it is gone
        (home.incoming / "tmpab12_xyz").write_bytes(b"as where files have a name from the start")
        again = ensure_server(home.root)
        with openai.OpenAI(base_url=again.base_url, api_key=again.api_key) as client:
            client.files.create(file=("x.jsonl", CHATS * 3000), purpose="fine-tune")
        assert list(home.incoming.iterdir()) == list(elsewhere.iterdir()) == []
    finally:
        stop_server(home.root)


def open_files(pid: int, folder: Path) -> list[str]:
    links = []
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        try:
            links.append(str(descriptor.readlink()))
        except FileNotFoundError:  # closed meanwhile
            continue
    return [link for link in links if link.startswith(f"{folder}/")]
