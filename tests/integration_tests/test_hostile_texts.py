"""No command lets a text of others steer the terminal, wherever it comes from.

A command that is not in the table below fails the first test: so none is forgotten.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
import typer
from typer.testing import CliRunner

from langchain_fbmessenger import FacebookMessengerChatLoader
from langchain_fbmessenger.cli import app
from tests.integration_tests.fake_provider import BASE, FakeProvider, serving
from tests.unit_tests.builders import message, thread_json, write_thread
from tests.unit_tests.hostile import HOSTILE, SHOWN_AS_MARKUP, raw_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Calls = Iterator[list[object]]

OPENAI = ("--provider", "openai")
NAME_BYTES = 200  # of a file's name, with room for more


def groups() -> list[str]:
    """Return all hostile texts, and rich's markup, in as few texts as file names have room for."""
    found = [""]
    for text in [*HOSTILE.values(), *SHOWN_AS_MARKUP]:
        if len((found[-1] + text).encode()) > NAME_BYTES:
            found.append("")
        found[-1] += f"{text}·"
    return found


class Place:
    """An export, files, a state folder and a provider, all of which hold a hostile text."""

    def __init__(self, folder: Path, text: str, provider: FakeProvider) -> None:
        self.folder, self.text, self.provider = folder, text, provider
        self.name = text.replace("/", "|")
        self.export = folder / self.name
        messages = [
            message(f"{who} {text}", 10**12 + n, f"hi {text}") for n, who in enumerate("AB")
        ]
        thread = thread_json(messages, (f"A {text}", f"B {text}"), title=text)
        write_thread(self.export / "inbox" / "a_1", thread)
        write_thread(self.export / "message_requests" / "b_2", thread)
        write_thread(self.export / "inbox" / self.name, "{" + text)
        self.broken = folder / f"{self.name}.jsonl"
        self.broken.write_text(json.dumps({"messages": [{"role": text, "content": text}]}))
        self.file = folder / f"ok {self.name}.jsonl"
        turns = [{"role": r, "content": f"a@b.cz {text}"} for r in ("user", "assistant")]
        self.file.write_text("\n".join([json.dumps({"messages": turns})] * 10))
        provider.answers |= self._answers()
        provider.says = [*text]  # an escape and what belongs to it come apart

    def _answers(self) -> dict[str, Any]:
        text = self.text
        job = {"id": f"ftjob-{text}", "object": "fine_tuning.job", "created_at": 1, "seed": 1}
        job |= {"status": f"running {text}", "model": f"{BASE} {text}", "result_files": []}
        job |= {"fine_tuned_model": f"ft:{text}", "hyperparameters": {text: text}}
        job |= {"error": {"code": text, "message": text, "param": None}}
        job |= {"organization_id": text, "training_file": f"file-{text}", "trained_tokens": 1}
        event = {"id": text, "object": "fine_tuning.job.event", "type": "message", "created_at": 1}
        event |= {"level": "warn", "message": text, "data": None}
        route = "/v1/fine_tuning/jobs"
        return {
            f"GET {route}/*": job,
            f"GET {route}": {"object": "list", "data": [job], "has_more": False},
            f"GET {route}/*/events": {"object": "list", "data": [event], "has_more": False},
            **{f"POST {route}/*/{do}": job for do in ("cancel", "pause", "resume")},
        }

    def refuse(self, *routes: str) -> None:
        error = {"error": {"message": f"no {self.text}", "code": self.text, "type": self.text}}
        self.provider.answers |= dict.fromkeys(routes, (400, error))


def inspect(at: Place) -> Calls:
    yield [at.export]
    yield [at.export, "--json"]
    yield [at.export, "--folder", at.text]
    yield [at.export / "nowhere"]
    yield [at.export, "--timezone", at.text]


def prepare(at: Place) -> Calls:
    yield [at.export, "-o", at.folder / f"{at.name}.train"]
    yield [at.export, "--me", at.text]
    yield [at.export, "--format", at.text]
    yield [at.export, "--gap", at.text]
    yield [at.export, "--system", f"{{{at.text}}} {{x{at.text}}}", "-o", at.folder / "x"]
    yield [at.export, "--contacts", at.broken]
    yield [at.export, "--pseudonymize", at.broken]
    yield [at.export, "--forget", at.text]
    yield [at.export, "--tokenizer", at.text, "-o", at.folder / "y"]
    yield [at.export, "-o", at.export / "inbox"]


def check(at: Place) -> Calls:
    yield [at.file, "--model", at.text, "--tokenizer", at.text]
    yield [at.broken]
    yield [at.file, "--provider", at.text]
    yield [at.folder / at.name / "nothing"]


def redact(at: Place) -> Calls:
    yield [at.export, "--html", at.folder / f"{at.name}.html"]
    yield [at.export, "-o", at.folder / f"{at.name}.copy", "--yes"]
    yield [at.export, "-o", at.folder / f"{at.name}.asked"]
    yield [at.export, "--key", at.broken]
    yield [at.export, "--keep", at.text, "--also", at.text]
    yield [at.export, "--kind", at.text]
    yield [at.export, "--unknown-names", at.text]


def contacts(at: Place) -> Calls:
    yield [at.export, "-o", at.folder / f"{at.name}.toml"]
    yield [at.export, "-o", at.broken]


def plant(at: Place) -> Calls:
    yield [at.file, "-o", at.folder / f"{at.name}.c", "--canaries", at.folder / f"{at.name}.s"]
    yield [at.broken, "-o", at.folder / at.name, "--canaries", at.folder / at.name]


def audit(at: Place) -> Calls:
    quick = [*OPENAI, "--samples", 0, "--contexts", 1, "--base", "none"]
    yield [f"m{at.text}", at.file, *quick]
    yield [f"m{at.text}", at.file, *quick, "--json", "--people", at.text]
    yield [f"ftjob-{at.text}", at.file, *OPENAI, "--samples", 0, "--contexts", 1]
    yield ["m", at.file, *quick, "--canaries", at.broken]


def evaluate(at: Place) -> Calls:
    quick = [*OPENAI, "--limit", 1, "--no-base"]
    files = ["--train", at.file, "--validation", at.file]
    yield [f"ftjob-{at.text}", *quick]  # nobody prepared it here
    yield [f"ftjob-{at.text}", at.export, *quick, *files, "--me", f"A {at.text}"]
    yield [f"ftjob-{at.text}", at.export, *quick, *files, "--me", at.text]
    yield [f"ftjob-{at.text}", at.folder / f"no {at.name}", *quick, *files]
    yield [f"ftjob-{at.text}", at.export, *quick, "--train", at.broken, "--validation", at.file]
    yield [f"ftjob-{at.text}", "--provider", at.text]


def purge(at: Place) -> Calls:
    home = at.folder / f"home {at.name}"
    (home / "manifests").mkdir(parents=True)
    (home / "manifests" / f"{'a' * 64}-a1.json").write_text("{}")
    (home / "manifests" / at.name).touch()
    yield ["--home", at.folder / f"no {at.name}"]
    yield ["--home", home]  # where nobody answers
    yield ["--home", home, "--yes"]


def finetune(at: Place) -> Calls:
    model = ["--model", BASE]
    yield [at.file, *OPENAI, *model]
    yield [at.file, *OPENAI, *model, "--yes", "--no-wait", "--suffix", at.text]
    yield [at.file, *OPENAI, "--model", at.text, "--yes"]
    yield [at.broken, *OPENAI, *model, "--yes"]
    yield [at.file, "--provider", at.text]
    yield [at.file, "--provider", f"https://{at.text}/v1", "--yes"]
    at.refuse("POST /v1/fine_tuning/jobs", "POST /v1/files")
    yield [at.file, *OPENAI, *model, "--yes"]


def chat(at: Place) -> Calls:
    yield ["m", *OPENAI, "-m", at.text]
    yield ["m", *OPENAI]  # asked what was typed
    yield [f"ftjob-{at.text}", *OPENAI, "-m", "hi", "--others", at.text]
    at.refuse("POST /v1/chat/completions")
    yield [f"m{at.text}", *OPENAI, "-m", "hi"]


def serve(at: Place) -> Calls:
    yield ["--home", at.broken]


def demo(at: Place) -> Calls:
    yield ["--epochs", at.text]


def list_jobs(at: Place) -> Calls:
    yield [*OPENAI]
    yield ["--provider", at.text]
    at.refuse("GET /v1/fine_tuning/jobs")
    yield [*OPENAI]


def of_one_job(at: Place) -> Calls:
    yield [f"ftjob-{at.text}", *OPENAI]
    yield [f"ftjob-{at.text}", "--provider", at.text]
    at.refuse("GET /v1/fine_tuning/jobs/*")
    yield [f"ftjob-{at.text}", *OPENAI]


COMMANDS: dict[tuple[str, ...], Callable[[Place], Calls]] = {
    ("inspect",): inspect,
    ("prepare",): prepare,
    ("check",): check,
    ("redact",): redact,
    ("contacts",): contacts,
    ("plant-canaries",): plant,
    ("audit",): audit,
    ("evaluate",): evaluate,
    ("purge",): purge,
    ("finetune",): finetune,
    ("chat",): chat,
    ("serve",): serve,
    ("demo",): demo,
    ("jobs", "list"): list_jobs,
    **{("jobs", name): of_one_job for name in ("show", "cancel", "pause", "resume", "delete")},
}


def commands_of(group: Any, *above: str) -> Iterator[tuple[str, ...]]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands_of(command, *above, name)
        else:
            yield (*above, name)


def test_every_command_is_in_the_table() -> None:
    assert set(commands_of(typer.main.get_command(app))) == set(COMMANDS)


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[FakeProvider]:
    monkeypatch.setenv("LANGCHAIN_FBMESSENGER_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    monkeypatch.setattr("langchain_fbmessenger.cli.send_question.has_terminal", lambda: True)
    monkeypatch.setattr(
        "langchain_fbmessenger.cli.commands.privacy_commands.has_terminal", lambda: True
    )
    with serving() as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
        yield server


@pytest.mark.parametrize("group", range(len(groups())))
@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_no_command_lets_it_through(
    command: tuple[str, ...], group: int, provider: FakeProvider, tmp_path: Path
) -> None:
    place = Place(tmp_path, groups()[group], provider)
    usage = [[f"--{place.text}"], [place.text] * 20]
    for call in [*COMMANDS[command](place), *usage]:
        arguments = [str(a) for a in (*command, *call)]
        done = CliRunner().invoke(app, arguments, input=f"{place.text}\n", env={"COLUMNS": "300"})
        assert raw_in(done.output) == set(), (call, done.output)
        assert done.exception is None or isinstance(done.exception, SystemExit), call


@pytest.mark.parametrize("group", range(len(groups())))
def test_files_to_be_read_on_a_terminal_hold_it_in_escapes(
    group: int, provider: FakeProvider, tmp_path: Path
) -> None:
    place = Place(tmp_path, groups()[group], provider)
    figures = CliRunner().invoke(app, ["inspect", str(place.export), "--json"]).stdout
    (session, *_) = FacebookMessengerChatLoader(place.export).load()
    assert json.loads(figures)["threads"][0]["title"] == session["thread"]["title"]
    file = tmp_path / "contacts.toml"
    CliRunner().invoke(app, ["contacts", str(place.export), "-o", str(file)])
    assert raw_in(file.read_text(encoding="utf-8")) == set()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals")
@pytest.mark.parametrize("group", range(len(groups())))
def test_a_terminal_gets_richs_colours_alone(
    group: int, provider: FakeProvider, tmp_path: Path
) -> None:
    import pty

    place = Place(tmp_path, groups()[group], provider)
    for arguments in (["chat", "m", *OPENAI, "-m", "hi"], ["inspect", str(place.export)]):
        ours, theirs = pty.openpty()
        command = [sys.executable, "-m", "langchain_fbmessenger", *arguments]
        process = subprocess.Popen(  # noqa: S603 - our own command
            command, stdin=theirs, stdout=theirs, stderr=theirs, env={**os.environ, "TERM": "xterm"}
        )
        os.close(theirs)
        shown = b""
        try:
            while more := os.read(ours, 65536):
                shown += more
        except OSError:  # how a terminal ends
            pass
        finally:
            os.close(ours)
        assert process.wait() == 0, shown
        # A terminal makes CR LF of each line's end; the bar hides the cursor and clears its line.
        text = shown.decode().replace("\r\n", "\n")
        text = re.sub(r"\x1b\[\?25[lh]|\r?\x1b\[(?:1A|2K)|\r(?=\x1b\[2K)", "", text)
        assert raw_in(text, coloured=True) == set(), text
        assert "\N{REPLACEMENT CHARACTER}" in text
