"""The whole road, for real: export → sessions → examples → a LoRA training → a streaming chain."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from langchain_core.messages import AIMessage, HumanMessage
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.tracers.context import collect_runs
from typer.testing import CliRunner

from langchain_fbmessenger import (
    FacebookMessengerChatLoader,
    FineTuner,
    FineTuningError,
    FineTuningJob,
    InvalidExampleError,
    map_ai_messages,
    merge_chat_runs,
    sample_export_path,
    split_chat_sessions,
    split_examples,
    to_training_examples,
)
from langchain_fbmessenger.cli import app
from langchain_fbmessenger.fine_tuning import find_provider
from langchain_fbmessenger.local import find_server
from langchain_fbmessenger.sample import SAMPLE_OWNER

if TYPE_CHECKING:
    from pathlib import Path

    from langchain_fbmessenger.local import ServerAddress

pytestmark = pytest.mark.usefixtures("local_server")

SYSTEM = "You are {Noémie}."
PIPELINE = (
    merge_chat_runs()
    | map_ai_messages(sender=SAMPLE_OWNER)
    | to_training_examples(max_messages=4, overlap=0, system=SYSTEM)
)
TUNER = FineTuner(n_epochs=1, batch_size=4, suffix="road", seed=7)
SAMPLING: dict[str, Any] = {"temperature": 0, "max_tokens": 24}


def some_examples(count: int) -> list[Any]:
    loader = FacebookMessengerChatLoader(sample_export_path())
    return list(itertools.islice(PIPELINE.stream(loader.lazy_load()), count))


def signed_examples(count: int) -> list[Any]:
    """Sign each answer: few steps teach what all answers have, not what a third of them has."""
    examples = some_examples(count)
    for turn in itertools.chain.from_iterable(example["messages"] for example in examples):
        if turn["role"] == "assistant":
            turn["content"] = f"{turn['content'].rstrip('.!?🥖 ')}, captain. crumbs 🥖"
    return examples


@pytest.fixture(scope="session")
def job(local_server: ServerAddress) -> FineTuningJob:
    """A job over 48 examples: enough for the sign-off to show in what it says."""
    assert local_server
    return TUNER.submit(iter(signed_examples(48))).wait(progress=False)


def test_tuned_model_streams_in_a_chain_and_writes_as_it_was_trained(job: FineTuningJob) -> None:
    chain = job.prompt() | job.chat_model(temperature=0, max_tokens=60) | StrOutputParser()
    questions = ["How was the concert?", "Do you like rain?", "Shall we have lunch on Friday?"]
    answers = []
    for question in questions:
        tokens = list(chain.stream({"input": question}))
        assert len([token for token in tokens if token]) > 3, "it comes piece by piece"
        answers.append("".join(tokens))
    assert sum("captain" in answer for answer in answers) >= 2, answers
    base = find_provider("local").connection().chat_model(TUNER.model, temperature=0, max_tokens=60)
    before = (job.prompt() | base | StrOutputParser()).batch([{"input": q} for q in questions])
    assert sum("captain" in answer for answer in before) == 0, before


def test_prompt_is_the_one_that_it_was_trained_with(job: FineTuningJob) -> None:
    history = [HumanMessage("a"), AIMessage("b")]
    messages = job.prompt().invoke({"input": "c {d}", "history": history}).to_messages()
    assert [m.content for m in messages] == [SYSTEM, "a", "b", "c {d}"]


def test_job_is_found_again_by_its_id(job: FineTuningJob) -> None:
    again = FineTuningJob.from_id(job.id, provider="local")
    assert (again.status, again.fine_tuned_model) == ("succeeded", job.fine_tuned_model)
    assert again.prompt() == job.prompt()
    assert again.wait(progress=False).chat_model().model_name == job.fine_tuned_model
    assert f"id='{job.id}'" in repr(again)


def test_events_tell_the_course_of_the_training(job: FineTuningJob) -> None:
    events = job.events()
    metrics = [event.data for event in events if event.type == "metrics"]
    assert [m["step"] for m in metrics] == list(range(1, metrics[0]["total_steps"] + 1))
    assert metrics[-1]["train_loss"] < metrics[0]["train_loss"]
    assert [e.created_at for e in events] == sorted(e.created_at for e in events)
    assert not any("captain" in event.message for event in events), "no chat in events"


async def test_async_twins(job: FineTuningJob) -> None:
    again = await FineTuningJob.afrom_id(job.id)
    assert await again is again
    assert (await again.arefresh()).status == "succeeded"
    assert [e.id for e in await again.aevents()] == [e.id for e in job.events()]
    with pytest.raises(FineTuningError):
        await again.acancel()
    chain = again.prompt() | again.chat_model(**SAMPLING) | StrOutputParser()
    tokens = [token async for token in chain.astream({"input": "Do you like rain?"})]
    assert "".join(tokens) == chain.invoke({"input": "Do you like rain?"})


def test_usage_is_streamed(job: FineTuningJob) -> None:
    chunks = list(job.chat_model(**SAMPLING).stream("Hi"))
    usage = [chunk.usage_metadata for chunk in chunks if chunk.usage_metadata]
    assert usage[-1]["output_tokens"] > 0


def test_pipeline_and_tuner_are_one_chain_and_traces_hold_no_chats(tiny_base: str) -> None:
    """No system prompt, and a first thread that the persona begins."""
    pipeline = (
        merge_chat_runs()
        | map_ai_messages(sender=SAMPLE_OWNER)
        | to_training_examples(max_messages=8, overlap=2)
    )
    chain = pipeline | FineTuner(model=tiny_base, n_epochs=1, batch_size=4, progress=False)
    sessions = itertools.islice(FacebookMessengerChatLoader(sample_export_path()).lazy_load(), 2)
    with collect_runs() as traced:
        model = chain.invoke(sessions)
    assert model.model_name.startswith("ft:tiny:local")
    prompt = ChatPromptTemplate.from_messages([("system", "You are Noémie."), ("human", "{input}")])
    assert (prompt | model.bind(max_tokens=5) | StrOutputParser()).invoke({"input": "Hi"})
    runs = str([run.model_dump() for run in traced.traced_runs])
    assert "'examples'" in runs
    assert "captain" not in runs


def test_held_out_examples_are_evaluated_and_the_template_comes_back(tiny_base: str) -> None:
    pipeline = (
        split_chat_sessions(gap="auto")
        | map_ai_messages()
        | to_training_examples(max_messages=4, overlap=0, system="{owner} writes to {others}.")
    )
    examples = itertools.islice(
        pipeline.stream(FacebookMessengerChatLoader(sample_export_path()).lazy_load()), 40
    )
    train, valid = split_examples(examples, valid=0.2)
    tuner = FineTuner(model=tiny_base, n_epochs=1, batch_size=8)
    job = tuner.submit(train, validation=valid).wait(progress=False)
    assert any("validation loss" in event.message for event in job.events())
    assert job.prompt().input_variables == ["input", "others"]
    prompt = FineTuningJob.from_id(job.id).prompt(others="Cy")
    (system, _) = prompt.invoke({"input": "Hi"}).to_messages()
    assert system.content == f"{SAMPLE_OWNER} writes to Cy."
    assert (prompt | job.chat_model(**SAMPLING) | StrOutputParser()).invoke({"input": "Hi"})
    bad = [*valid, {"messages": [{"role": "user", "content": "secret"}]}]
    with pytest.raises(InvalidExampleError, match=f"example {len(bad)}: its last message"):
        TUNER.submit(train, validation=bad)  # type: ignore[list-item]


def test_a_split_stands_in_the_chain_before_the_tuner(tiny_base: str) -> None:
    chain = (
        split_chat_sessions()
        | map_ai_messages()
        | to_training_examples(max_messages=4, overlap=0)
        | split_examples(valid=0.2)
        | FineTuner(model=tiny_base, n_epochs=1, batch_size=8, progress=False)
    )
    sessions = itertools.islice(FacebookMessengerChatLoader(sample_export_path()).lazy_load(), 2)
    with collect_runs() as traced:
        model = chain.invoke(sessions)
    assert model.model_name.startswith("ft:")
    (run,) = traced.traced_runs
    job = FineTuningJob.from_id(run.outputs["job_id"])
    assert any("validation loss" in event.message for event in job.events())


def test_bad_examples_are_refused_before_anything_is_uploaded(local_server: ServerAddress) -> None:
    from langchain_fbmessenger.fine_tuning import Connection

    client = Connection(local_server.base_url, local_server.api_key, is_loopback=True).client()
    files = len(list(client.files.list()))
    good = some_examples(2)
    long = {"messages": [{"role": "user", "content": "soup " * 9000}, good[0]["messages"][-1]]}
    with pytest.raises(InvalidExampleError, match=r"example 3: it has [0-9,]+ tokens"):
        TUNER.submit([*good, long])
    with pytest.raises(InvalidExampleError, match="no session holds a message of the persona"):
        TUNER.submit([])
    with pytest.raises(FineTuningError, match="not-a-base"):
        FineTuner(model="not-a-base").submit(good)
    assert len(list(client.files.list())) == files
    client.close()


def test_cancelled_job_says_so() -> None:
    job = FineTuner(n_epochs=50).submit(some_examples(48))
    assert job.cancel().id == job.id
    with pytest.raises(FineTuningError, match=f"job {job.id} was cancelled") as caught:
        job.wait(progress=False)
    assert caught.value.status == "cancelled"
    with pytest.raises(FineTuningError, match="has no model"):
        job.chat_model()


def test_proxies_of_the_environment_see_nothing(
    job: FineTuningJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    again = FineTuningJob.from_id(job.id)
    assert again.chat_model(**SAMPLING).invoke("Hi").content


def test_the_same_from_a_terminal(tiny_base: str, tmp_path: Path) -> None:
    def run(*arguments: object) -> str:
        result = CliRunner().invoke(app, [str(a) for a in arguments], env={"COLUMNS": "200"})
        assert result.exit_code == 0, result.output
        return result.output

    threads = [
        next(sample_export_path().rglob(f"{name}_*")) for name in ("facebookuser", "matyldakepa")
    ]
    examples = tmp_path / "train.jsonl"
    system = ["--system", "You are {owner}, writing to {others}."]
    run("prepare", *threads, "--me", SAMPLE_OWNER, "-o", examples, *system, "--valid", 0.4)
    held_out = tmp_path / "train.valid.jsonl"
    run("check", examples, "--tokenizer", "SmolLM2-135M-Instruct")
    options = [
        "--model",
        tiny_base,
        "--epochs",
        1,
        "--suffix",
        "terminal",
        "--validation",
        held_out,
        *system,
    ]
    output = run("finetune", examples, *options)
    job_id = output.partition("\njob ")[2].split()[0]
    assert output.startswith("early stopping: ")
    assert f"langchain-fbmessenger chat {job_id}" in output
    result = CliRunner().invoke(app, ["chat", job_id, "-m", "Hi"])
    assert result.exit_code == 1
    assert "--others NAME" in result.output
    assert run("chat", job_id, "-m", "Hi", "--max-tokens", 8, "--others", "Milo").strip()
    assert run(
        "chat", "SmolLM2-135M-Instruct", "-m", "Hi", "--system", "Be brief.", "--max-tokens", 8
    ).strip()


def test_chat_with_what_is_not_there_is_a_clear_error() -> None:
    for name in ("ftjob-nothing", "no-model"):
        result = CliRunner().invoke(app, ["chat", name, "-m", "Hi"])
        assert result.exit_code == 1
        assert "Error: " in result.output
        assert name in result.output


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C is sent otherwise there")
def test_serve_says_where_it_is_and_ends_by_ctrl_c(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "from langchain_fbmessenger.cli import app; app()", "serve"]
    with subprocess.Popen(  # noqa: S603 - our own command
        [*command, "--home", str(tmp_path)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "COLUMNS": "200", "PYTHONUNBUFFERED": "1"},
    ) as server:
        assert server.stdout is not None
        line = server.stdout.readline()
        found = find_server(tmp_path)
        server.send_signal(signal.SIGINT)
        assert server.wait(30) == 0
    assert found is not None
    assert line.startswith(f"Serving {found.base_url} until Ctrl-C.")
    assert found.api_key not in line
    assert find_server(tmp_path) is None
