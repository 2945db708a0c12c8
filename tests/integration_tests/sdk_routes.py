"""Every route of the local server, by whatever major of OpenAI's SDK runs this module.

`python -m tests.integration_tests.sdk_routes` runs each `check_…` in the order in which they stand
and writes `{"version": …, "results": {name: null or what went wrong}}`. The server's address and
key, and the base that jobs train, come from the environment. `test_sdk_majors.py` starts it, once
per major.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
import traceback
from functools import cached_property
from typing import TYPE_CHECKING, Any

import openai
from openai.types import FileDeleted, FileObject, Model, ModelDeleted
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from openai.types.fine_tuning import FineTuningJob, FineTuningJobEvent
from openai.types.fine_tuning.jobs import FineTuningJobCheckpoint

from tests.integration_tests.sdk_schema import strict_error, strict_list, strictly

if TYPE_CHECKING:
    from collections.abc import Callable

BASE_URL, API_KEY, TRAINED = "SDK_ROUTES_BASE_URL", "SDK_ROUTES_API_KEY", "SDK_ROUTES_TRAINED"
BASE = "SmolLM2-135M-Instruct"
ASKED: dict[str, Any] = {
    "messages": [{"role": "user", "content": "Name a colour."}],
    "max_tokens": 8,
    "temperature": 0,
    "seed": 1,
}
TOOL: dict[str, Any] = {
    "type": "function",
    "function": {
        "name": "paint",
        "description": "Paints the wall.",
        "parameters": {
            "type": "object",
            "properties": {"colour": {"type": "string", "enum": ["red", "blue"]}},
            "required": ["colour"],
        },
    },
}
COLOUR: dict[str, Any] = TOOL["function"]["parameters"] | {"additionalProperties": False}
_ENDED = {"succeeded", "failed", "cancelled"}


def training_file(n_examples: int) -> bytes:
    """Return examples too short to learn from: what is tested here is the road, not the model."""
    lines = [
        {
            "messages": [
                {"role": "user", "content": f"Is {number} even?"},
                {"role": "assistant", "content": "yes" if number % 2 == 0 else "no"},
            ]
        }
        for number in range(n_examples)
    ]
    return "\n".join(map(json.dumps, lines)).encode()


class Routes:
    """The clients, and what the checks share."""

    def __init__(self, base_url: str, api_key: str, trained: str) -> None:
        self.trained = trained
        self.client = openai.OpenAI(
            base_url=base_url,
            api_key=api_key,
            max_retries=0,
            http_client=openai.DefaultHttpxClient(trust_env=False),
        )

    def async_client(self) -> openai.AsyncOpenAI:
        """Return a client for one event loop."""
        return openai.AsyncOpenAI(
            base_url=str(self.client.base_url),
            api_key=self.client.api_key,
            max_retries=0,
            http_client=openai.DefaultAsyncHttpxClient(trust_env=False),
        )

    def upload(self, name: str = "examples.jsonl", **options: Any) -> FileObject:
        """Upload a training file."""
        return self.client.files.create(
            file=(name, training_file(4)), purpose="fine-tune", **options
        )

    def wait(self, job_id: str, *, until: Callable[[FineTuningJob], bool]) -> FineTuningJob:
        """Wait until a job is as asked."""
        deadline = time.monotonic() + 200
        while not until(job := self.client.fine_tuning.jobs.retrieve(job_id)):
            assert time.monotonic() < deadline, job
            time.sleep(0.2)
        return job

    def long_job(self) -> FineTuningJob:
        """Start a job that is not going to end by itself while it is tested."""
        return self.client.fine_tuning.jobs.create(
            model=self.trained,
            training_file=self.upload().id,
            method={"type": "supervised", "supervised": {"hyperparameters": {"n_epochs": 500}}},
        )

    @cached_property
    def created(self) -> FineTuningJob:
        """The job that trains to its end, with every option that OpenAI's SDK knows."""
        raw = self.client.fine_tuning.jobs.with_raw_response.create(
            model=self.trained,
            training_file=self.upload().id,
            validation_file=self.upload("held-out.jsonl").id,
            method={
                "type": "supervised",
                "supervised": {
                    "hyperparameters": {
                        "n_epochs": 1, "batch_size": 4, "learning_rate_multiplier": 0.5,
                    }
                },
            },
            metadata={"made_by": openai.__version__, "of": "sdk_routes"},
            seed=7,
            suffix="sdk",
        )  # fmt: skip
        strictly(FineTuningJob, raw.text)
        return raw.parse()

    @cached_property
    def job(self) -> FineTuningJob:
        """The same job when it has ended."""
        return self.wait(self.created.id, until=lambda job: job.status in _ENDED)

    @cached_property
    def model(self) -> str:
        """The model that it made."""
        assert self.job.fine_tuned_model, self.job
        return self.job.fine_tuned_model


def check_files_create_retrieve_content_delete(routes: Routes) -> None:
    files = routes.client.files
    raw = files.with_raw_response.create(
        file=("my examples.jsonl", training_file(2)), purpose="fine-tune"
    )
    file = strictly(FileObject, raw.text)
    assert (file.filename, file.bytes) == ("my examples.jsonl", len(training_file(2)))
    assert (file.status, file.expires_at) == ("processed", None)
    assert files.retrieve(file.id) == raw.parse()
    strictly(FileObject, files.with_raw_response.retrieve(file.id).text)
    assert files.content(file.id).read() == training_file(2)
    with files.with_streaming_response.content(file.id) as answer:
        assert b"".join(answer.iter_bytes()) == training_file(2)
    assert files.wait_for_processing(file.id, max_wait_seconds=5).status == "processed"
    deleted = strictly(FileDeleted, files.with_raw_response.delete(file.id).text)
    assert (deleted.id, deleted.deleted) == (file.id, True)
    _refused(lambda: files.retrieve(file.id), openai.NotFoundError)
    _refused(lambda: files.content(file.id), openai.NotFoundError)
    _refused(lambda: files.delete(file.id), openai.NotFoundError)


def check_files_expire_when_asked(routes: Routes) -> None:
    file = routes.upload(expires_after={"anchor": "created_at", "seconds": 3600})
    assert file.expires_at == file.created_at + 3600
    for seconds in (60, 10**9):  # OpenAI takes an hour to thirty days
        asked: Any = {"anchor": "created_at", "seconds": seconds}
        error = _refused(lambda asked=asked: routes.upload(expires_after=asked))
        assert error["param"] == "expires_after[seconds]"


def check_files_are_listed_page_by_page(routes: Routes) -> None:
    ids = {routes.upload(f"{number}.jsonl").id for number in range(3)}
    files = routes.client.files
    first = files.with_raw_response.list(limit=2, purpose="fine-tune")
    assert len(strict_list(FileObject, first.text)) == 2
    page = first.parse()
    assert page.has_next_page()
    following = page.get_next_page()
    assert {f.id for f in page.data}.isdisjoint(f.id for f in following.data)
    listed = [file.id for file in files.list(limit=2)]
    assert len(listed) == len(set(listed))
    assert ids <= set(listed)
    oldest_first = [file.id for file in files.list(limit=2, order="asc")]
    assert oldest_first == listed[::-1]
    _refused(lambda: files.list(limit=0))


def check_a_job_is_made_as_asked(routes: Routes) -> None:
    job = routes.created
    assert (job.model, job.seed, job.object) == (routes.trained, 7, "fine_tuning.job")
    assert job.metadata == {"made_by": openai.__version__, "of": "sdk_routes"}
    assert job.method is not None
    assert job.method.supervised is not None
    assert job.method.supervised.hyperparameters is not None
    assert job.method.supervised.hyperparameters.n_epochs == 1
    done = routes.job
    assert (done.status, done.error) == ("succeeded", None), done
    assert (done.hyperparameters.n_epochs, done.hyperparameters.batch_size) == (1, 4)
    assert done.hyperparameters.learning_rate_multiplier == 0.5
    assert f":{'sdk'}:" in routes.model
    raw = routes.client.fine_tuning.jobs.with_raw_response.retrieve(done.id)
    assert strictly(FineTuningJob, raw.text).trained_tokens
    with routes.client.fine_tuning.jobs.with_streaming_response.retrieve(done.id) as answer:
        assert answer.parse() == done


def check_hyperparameters_may_stand_where_they_stood_before(routes: Routes) -> None:
    jobs = routes.client.fine_tuning.jobs
    job = jobs.create(
        model=routes.trained,
        training_file=routes.upload().id,
        hyperparameters={"n_epochs": 2, "batch_size": "auto", "learning_rate_multiplier": "auto"},
    )
    assert job.hyperparameters.n_epochs == 2
    assert strictly(FineTuningJob, jobs.with_raw_response.cancel(job.id).text).status == "cancelled"
    _refused(lambda: jobs.cancel(job.id))


def check_jobs_that_cannot_be_are_refused(routes: Routes) -> None:
    jobs, file_id = routes.client.fine_tuning.jobs, routes.upload().id
    error = _refused(lambda: jobs.create(model=BASE, training_file="file-nothing"))
    assert error["param"] == "training_file"
    error = _refused(
        lambda: jobs.create(model="gpt-9", training_file=file_id), openai.NotFoundError
    )
    assert error["code"] == "model_not_found"
    odd: Any = {"type": "dpo"}
    _refused(lambda: jobs.create(model=BASE, training_file=file_id, method=odd))
    _refused(lambda: jobs.create(model=BASE, training_file=file_id, extra_body={"epochs": 1}))
    for ask in (jobs.retrieve, jobs.cancel, jobs.list_events, jobs.checkpoints.list):
        _refused(lambda ask=ask: ask("ftjob-nothing"), openai.NotFoundError)


def check_jobs_are_listed_page_by_page(routes: Routes) -> None:
    jobs = routes.client.fine_tuning.jobs
    assert routes.created
    raw = jobs.with_raw_response.list(limit=1)
    assert len(strict_list(FineTuningJob, raw.text)) == 1
    listed = [job.id for job in jobs.list(limit=1)]
    assert len(listed) == len(set(listed)) > 1
    assert routes.created.id in listed
    assert jobs.list(limit=1, after=listed[0]).data[0].id == listed[1]


def check_jobs_are_found_by_their_metadata(routes: Routes) -> None:
    jobs, created = routes.client.fine_tuning.jobs, routes.created
    assert [job.id for job in jobs.list(metadata={"made_by": openai.__version__})] == [created.id]
    assert not list(jobs.list(metadata={"made_by": "nobody"}))


def check_events_are_listed_page_by_page(routes: Routes) -> None:
    jobs = routes.client.fine_tuning.jobs
    raw = jobs.with_raw_response.list_events(routes.job.id, limit=2)
    assert len(strict_list(FineTuningJobEvent, raw.text)) == 2
    events = list(jobs.list_events(routes.job.id, limit=2))
    assert len(events) == len({event.id for event in events}) > 2
    assert {event.type for event in events} == {"message", "metrics"}
    times = [event.created_at for event in events]
    assert times == sorted(times, reverse=True)


def check_checkpoints_are_listed(routes: Routes) -> None:
    checkpoints = routes.client.fine_tuning.jobs.checkpoints
    raw = checkpoints.with_raw_response.list(routes.job.id)
    found = strict_list(FineTuningJobCheckpoint, raw.text)
    assert [checkpoint.id for checkpoint in checkpoints.list(routes.job.id, limit=1)] == [
        checkpoint.id for checkpoint in found
    ]


def check_a_job_is_paused_resumed_cancelled(routes: Routes) -> None:
    jobs = routes.client.fine_tuning.jobs
    job = routes.long_job()
    try:
        _pause_resume_cancel(routes, job)
    finally:  # or all others would wait for it
        if jobs.retrieve(job.id).status not in _ENDED:
            jobs.cancel(job.id)


def _pause_resume_cancel(routes: Routes, job: FineTuningJob) -> None:
    jobs = routes.client.fine_tuning.jobs
    routes.wait(job.id, until=lambda job: job.status == "running")
    raw = json.loads(jobs.with_raw_response.pause(job.id).text)
    # "paused" is what OpenAI's reference shows, and its SDK's type lacks.
    assert raw["status"] == "paused"
    strictly(FineTuningJob, json.dumps(raw | {"status": "running"}))
    assert jobs.retrieve(job.id).status == "paused"
    assert jobs.resume(job.id).status in {"queued", "running"}
    _refused(lambda: jobs.resume(job.id))
    assert jobs.cancel(job.id).status == "cancelled"
    _refused(lambda: jobs.pause(job.id))


def check_models_are_listed_and_retrieved(routes: Routes) -> None:
    models = routes.client.models
    raw = json.loads(models.with_raw_response.list().text)
    listed = [strictly(Model, json.dumps(model)).id for model in raw["data"]]
    assert raw["object"] == "list"
    assert {BASE, routes.model} <= set(listed)
    assert [model.id for model in models.list()] == listed
    for name in (BASE, routes.model):
        assert strictly(Model, models.with_raw_response.retrieve(name).text).id == name
    _refused(lambda: models.retrieve("gpt-9"), openai.NotFoundError)
    _refused(lambda: models.delete(BASE))


def check_chat_answers(routes: Routes) -> None:
    completions = routes.client.chat.completions
    raw = completions.with_raw_response.create(model=routes.model, **ASKED)
    answer = strictly(ChatCompletion, raw.text)
    assert answer.model == routes.model
    assert answer.choices[0].message.content
    assert answer.usage is not None
    assert 0 < answer.usage.completion_tokens <= 8
    again = completions.create(model=routes.model, **ASKED)
    assert again.choices[0].message.content == answer.choices[0].message.content
    with completions.with_streaming_response.create(model=BASE, **ASKED) as streamed:
        assert streamed.parse().choices[0].finish_reason in {"stop", "length"}


def check_chat_streams(routes: Routes) -> None:
    completions = routes.client.chat.completions
    whole = completions.create(model=routes.model, **ASKED).choices[0].message.content
    chunks = list(completions.create(model=routes.model, stream=True, **ASKED))
    texts = [chunk.choices[0].delta.content or "" for chunk in chunks]
    assert "".join(texts) == whole
    assert len(texts) > 2
    assert len({chunk.id for chunk in chunks}) == 1
    assert chunks[-1].choices[0].finish_reason in {"stop", "length"}
    assert all(chunk.usage is None for chunk in chunks)
    *_, last = completions.create(
        model=routes.model, stream=True, stream_options={"include_usage": True}, **ASKED
    )
    assert last.choices == []
    assert last.usage is not None
    assert last.usage.total_tokens == last.usage.prompt_tokens + last.usage.completion_tokens


def check_each_chunk_is_as_the_sdk_types_it(routes: Routes) -> None:
    for more in ({}, {"stream_options": {"include_usage": True}}, {"logprobs": True}):
        with routes.client.chat.completions.with_streaming_response.create(
            model=routes.model, stream=True, **ASKED, **more
        ) as answer:
            assert answer.headers["content-type"].startswith("text/event-stream")
            lines = [line for line in answer.iter_lines() if line]
        assert lines[-1] == "data: [DONE]"
        for line in lines[:-1]:
            strictly(ChatCompletionChunk, line.removeprefix("data: "))


def check_chat_stops_where_it_is_told_to(routes: Routes) -> None:
    completions = routes.client.chat.completions
    whole = completions.create(model=BASE, **ASKED).choices[0].message.content or ""
    word = whole.split()[-1]
    for stop in (word, [word, "never"]):
        choice = completions.create(model=BASE, stop=stop, **ASKED).choices[0]
        assert choice.finish_reason == "stop"
        assert choice.message.content == whole.partition(word)[0]


def check_chat_gives_several_choices(routes: Routes) -> None:
    completions = routes.client.chat.completions
    asked = ASKED | {"temperature": 1.0}
    raw = completions.with_raw_response.create(model=routes.model, n=2, **asked)
    answer = strictly(ChatCompletion, raw.text)
    assert [choice.index for choice in answer.choices] == [0, 1]
    chunks = list(completions.create(model=routes.model, n=2, stream=True, **asked))
    assert {choice.index for chunk in chunks for choice in chunk.choices} == {0, 1}


def check_chat_gives_logprobs(routes: Routes) -> None:
    completions = routes.client.chat.completions
    raw = completions.with_raw_response.create(
        model=routes.model, logprobs=True, top_logprobs=3, **ASKED
    )
    found = strictly(ChatCompletion, raw.text).choices[0].logprobs
    assert found is not None
    assert found.content
    assert all(len(token.top_logprobs) == 3 for token in found.content)
    found = completions.create(model=routes.model, logprobs=True, **ASKED).choices[0].logprobs
    assert found is not None
    assert found.content
    assert all(token.top_logprobs == [] for token in found.content)


def check_chat_keeps_to_a_json_schema(routes: Routes) -> None:
    schema: Any = {"name": "colour", "schema": COLOUR, "strict": True}
    for response_format in (
        {"type": "json_schema", "json_schema": schema}, {"type": "json_object"},
    ):  # fmt: skip
        asked: Any = ASKED | {"max_tokens": 200, "response_format": response_format}
        raw = routes.client.chat.completions.with_raw_response.create(model=routes.model, **asked)
        choice = strictly(ChatCompletion, raw.text).choices[0]
        content = choice.message.content or ""
        assert content.lstrip().startswith("{")
        # An object of any keys may be longer than its limit, and is then cut off as at OpenAI.
        assert choice.finish_reason == "length" or isinstance(json.loads(content), dict)
    parsed = routes.client.chat.completions.parse(
        model=routes.model,
        **(ASKED | {"max_tokens": 60}),
        response_format={"type": "json_schema", "json_schema": schema},  # type: ignore[arg-type]
    )
    assert json.loads(parsed.choices[0].message.content or "")["colour"] in {"red", "blue"}


def check_tools_are_refused_where_the_template_has_none(routes: Routes) -> None:
    """SmolLM2's chat template shows a model no tools: taking them would be without effect."""
    completions = routes.client.chat.completions
    for choice in ("auto", "required"):
        error = _refused(
            lambda choice=choice: completions.create(
                model=BASE, tools=[TOOL], tool_choice=choice, **ASKED
            )
        )
        assert error["code"] == "unsupported_parameter"
        assert error["param"] in {"tools", "tool_choice"}


def check_chat_that_cannot_be_is_refused(routes: Routes) -> None:
    completions = routes.client.chat.completions
    _refused(lambda: completions.create(model="gpt-9", **ASKED), openai.NotFoundError)
    odd: list[dict[str, Any]] = [
        {"messages": []},
        {"temperature": 3},
        {"max_tokens": 0},
        {"top_logprobs": 2},  # without logprobs
        {"n": 0},
        {"stop": ["a", "b", "c", "d", "e"]},
        {"stream_options": {"include_usage": True}},  # without stream
        {"modalities": ["audio"]},
    ]
    for wrong in odd:
        error = _refused(lambda wrong=wrong: completions.create(model=BASE, **ASKED | wrong))
        assert error["param"], (wrong, error)
    long = {"messages": [{"role": "user", "content": "hello there " * 5000}]}
    error = _refused(lambda: completions.create(model=BASE, **ASKED | long))
    assert error["code"] == "context_length_exceeded"
    _refused(lambda: completions.create(model=BASE, stream=True, **ASKED | long))


def check_a_wrong_key_is_refused_on_every_route(routes: Routes) -> None:
    stranger = routes.client.with_options(api_key="sk-wrong")
    for ask in (
        stranger.files.list,
        stranger.fine_tuning.jobs.list,
        stranger.models.list,
        lambda: stranger.chat.completions.create(model=BASE, **ASKED),
    ):
        error = _refused(ask, openai.AuthenticationError)
        assert error["code"] == "invalid_api_key"


def check_all_of_it_async(routes: Routes) -> None:
    asyncio.run(_all_of_it(routes))


async def _all_of_it(routes: Routes) -> None:
    async with routes.async_client() as client:
        file = await client.files.create(
            file=("async.jsonl", training_file(4)), purpose="fine-tune"
        )
        assert (await client.files.wait_for_processing(file.id)).id == file.id
        assert file.id in [found.id async for found in client.files.list(limit=2)]
        assert (await client.files.content(file.id)).content == training_file(4)
        jobs = client.fine_tuning.jobs
        job = await jobs.create(model=routes.trained, training_file=file.id)
        assert (await jobs.cancel(job.id)).status == "cancelled"
        assert job.id in [found.id async for found in jobs.list(limit=1)]
        assert [event async for event in jobs.list_events(job.id, limit=1)]
        assert [c async for c in jobs.checkpoints.list(job.id)] == []
        assert (await client.files.delete(file.id)).deleted
        assert (await jobs.retrieve(job.id)).id == job.id
        assert routes.model in [model.id async for model in client.models.list()]
        assert (await client.models.retrieve(BASE)).id == BASE
        raw = await client.chat.completions.with_raw_response.create(model=routes.model, **ASKED)
        whole = raw.parse().choices[0].message.content
        stream = await client.chat.completions.create(model=routes.model, stream=True, **ASKED)
        texts = [chunk.choices[0].delta.content or "" async for chunk in stream]
        assert "".join(texts) == whole
        async with client.models.with_streaming_response.list() as answer:
            assert (await answer.json())["object"] == "list"
        try:
            await client.models.retrieve("gpt-9")
        except openai.NotFoundError as error:
            strict_error(error.response.content)
        else:
            raise AssertionError


def check_a_model_is_deleted(routes: Routes) -> None:
    models = routes.client.models
    raw = models.with_raw_response.delete(routes.model)
    assert strictly(ModelDeleted, raw.text).deleted
    _refused(lambda: models.retrieve(routes.model), openai.NotFoundError)
    _refused(
        lambda: routes.client.chat.completions.create(model=routes.model, **ASKED),
        openai.NotFoundError,
    )
    assert routes.client.fine_tuning.jobs.retrieve(routes.job.id).status == "succeeded"


CHECKS: dict[str, Callable[[Routes], None]] = {
    name: check for name, check in list(globals().items()) if name.startswith("check_")
}


def _refused(
    ask: Callable[[], object], kind: type[openai.APIStatusError] = openai.BadRequestError
) -> dict[str, Any]:
    """Do what the server is to refuse, and return its error, which the SDK must read as `kind`."""
    try:
        ask()
    except kind as error:
        return strict_error(error.response.content)
    msg = f"the server took what it should answer with {kind.__name__}"
    raise AssertionError(msg)


def main() -> None:
    """Run all checks and write what came of them."""
    routes = Routes(os.environ[BASE_URL], os.environ[API_KEY], os.environ[TRAINED])
    results: dict[str, str | None] = {}
    for name, check in CHECKS.items():
        try:
            check(routes)
        except Exception:  # noqa: BLE001  # whatever it is belongs to this check
            results[name] = traceback.format_exc()
        else:
            results[name] = None
    json.dump({"version": openai.__version__, "results": results}, sys.stdout)


if __name__ == "__main__":
    main()
