from __future__ import annotations

import errno
import json
from typing import TYPE_CHECKING, Any

import pytest
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from openai.types.fine_tuning.jobs import FineTuningJobCheckpoint
from starlette.testclient import TestClient

from langchain_fbmessenger.local.api import create_app, files, fine_tuning, models
from langchain_fbmessenger.local.api.guard import MAX_BODY, Guard
from langchain_fbmessenger.local.api.services import Services
from langchain_fbmessenger.local.engines import Adapter, EngineEndedError, EngineError
from langchain_fbmessenger.local.engines.kinds import LLAMA_CPP, TRANSFORMERS
from langchain_fbmessenger.local.engines.pool import EnginePool
from langchain_fbmessenger.local.jobs.store import Store
from langchain_fbmessenger.local.models.bases import BaseModelError, BaseModelInfo
from langchain_fbmessenger.local.process.address import proof
from langchain_fbmessenger.local.process.home import Home
from langchain_fbmessenger.local.records import (
    CheckpointRecord,
    FileRecord,
    JobRecord,
    ModelRecord,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

KEY = "sk-test"
MESSAGES = [{"role": "user", "content": "hi"}]


class FakeQueue:
    """Takes jobs and does nothing with them."""

    def __init__(self) -> None:
        self.submitted: list[JobRecord] = []

    def start(self) -> None: ...

    def stop(self) -> None: ...

    def submit(self, job: JobRecord) -> None:
        self.submitted.append(job)

    def cancel(self, job_id: str) -> bool:
        return any(job.id == job_id for job in self.submitted)

    pause = resume = cancel

    def delete(self, job_id: str) -> list[str] | None:
        return [] if self.cancel(job_id) else None


class FakeEngine:
    """Says "ok", or fails where the test wants it to."""

    parameters = TRANSFORMERS.parameters

    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []
        self.adapters: list[Adapter | None] = []
        self.forgotten: list[str] = []
        self.fails_at: int | None = None
        self.error = EngineError("too long", param="messages", code="context_length_exceeded")
        self.is_stopped = False

    async def stream(
        self, request: dict[str, Any], adapter: Adapter | None
    ) -> AsyncIterator[dict[str, Any]]:
        self.requests.append(request)
        self.adapters.append(adapter)
        chunks: list[dict[str, Any]] = [
            {"choices": [{"index": 0, "delta": {"content": "o"}, "finish_reason": None}]},
            {"choices": [{"index": 0, "delta": {"content": "k"}, "finish_reason": "stop"}]},
            {"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 2}},
        ]
        try:
            for number, chunk in enumerate(chunks):
                if number == self.fails_at:
                    raise self.error
                yield chunk
        finally:
            self.is_stopped = True

    async def count_tokens(
        self, messages: list[dict[str, Any]], tools: list[dict[str, Any]] | None = None
    ) -> int:
        return len(messages) + 10 * len(tools or ())

    async def encode(self, text: str, *, with_special: bool) -> list[int]:
        return [1] * with_special + [ord(letter) for letter in text]

    def forget(self, adapter: str) -> None:
        self.forgotten.append(adapter)

    async def close(self, within: float) -> None: ...


@pytest.fixture
def engine() -> FakeEngine:
    return FakeEngine()


@pytest.fixture
def services(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, engine: FakeEngine) -> Services:
    gguf = tmp_path / "tiny.gguf"
    gguf.touch()

    def find(name: str) -> BaseModelInfo:
        if name != "tiny":
            msg = f"The base model {name!r} does not exist."
            raise BaseModelError(msg, is_missing=name != "useless")
        return BaseModelInfo("tiny", gguf, 128)

    monkeypatch.setattr(models, "find_base", find)
    home = Home.open(tmp_path / "home")
    return Services(home, Store(home.database), FakeQueue(), EnginePool(lambda _: engine), KEY)  # type: ignore[arg-type]


@pytest.fixture
def client(services: Services) -> Iterator[TestClient]:
    guard = Guard(create_app(services), api_key=KEY)
    headers = {"authorization": f"Bearer {KEY}"}
    with TestClient(
        guard, "http://127.0.0.1", headers=headers, raise_server_exceptions=False
    ) as client:
        yield client


def upload(client: TestClient, **fields: str) -> Any:
    form = {"purpose": "fine-tune", **fields}
    return client.post("/v1/files", data=form, files={"file": ("../../x.jsonl", b"{}\n")})


def error_of(answer: Any, status: int) -> Any:
    """Check that an answer is a refusal in OpenAI's shape."""
    assert answer.status_code == status, answer.text
    error = answer.json()["error"]
    assert set(error) == {"message", "type", "param", "code"}
    assert error["message"]
    return error


@pytest.mark.parametrize("header", [None, "Bearer wrong", "Bearer ", KEY, "Basic x", "Bearer é"])
@pytest.mark.parametrize("path", ["/v1/models", "/v1/files", "/tokenize", "/nowhere"])
def test_every_path_but_health_wants_the_key(
    client: TestClient, header: str | None, path: str
) -> None:
    client.headers.pop("authorization")
    headers = {"authorization": header.encode()} if header else {}

    error = error_of(client.get(path, headers=headers), 401)  # type: ignore[arg-type]

    assert error["code"] == "invalid_api_key"
    assert client.get("/health").status_code == 200


def test_health_proves_whose_server_it_is(client: TestClient) -> None:
    answer = client.get("/health?challenge=abc").json()

    assert answer == {"status": "ok", "proof": proof(KEY, "abc")}


def test_an_unknown_path_and_a_wrong_method_are_refused_in_shape(client: TestClient) -> None:
    error_of(client.get("/v1/embeddings"), 404)
    error_of(client.put("/v1/models"), 405)


def test_our_own_failure_is_told_without_its_text(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> None:
        msg = "secret"
        raise RuntimeError(msg)

    monkeypatch.setattr(models, "installed_bases", broken)

    error = error_of(client.get("/v1/models"), 500)

    assert "secret" not in error["message"]
    assert error["type"] == "server_error"


def test_bodies_are_bounded_announced_or_not(client: TestClient) -> None:
    def chunked() -> Iterator[bytes]:
        for _ in range(MAX_BODY // 2**20 + 1):
            yield b" " * 2**20

    error_of(client.post("/tokenize", content=b" " * (MAX_BODY + 1)), 413)
    error_of(client.post("/tokenize", content=chunked()), 413)


def test_a_file_is_kept_under_our_own_name(client: TestClient, services: Services) -> None:
    file = upload(client).json()

    assert file["filename"] == "x.jsonl"
    assert [path.name for path in services.home.files.iterdir()] == [file["id"]]
    assert client.get(f"/v1/files/{file['id']}").json() == file
    assert client.get(f"/v1/files/{file['id']}/content").content == b"{}\n"
    assert [entry["id"] for entry in client.get("/v1/files").json()["data"]] == [file["id"]]


def test_a_deleted_file_leaves_nothing(client: TestClient, services: Services) -> None:
    file_id = upload(client).json()["id"]

    assert client.delete(f"/v1/files/{file_id}").json()["deleted"]

    error_of(client.get(f"/v1/files/{file_id}"), 404)
    assert list(services.home.files.iterdir()) == []


def test_an_expired_file_is_deleted(client: TestClient, services: Services) -> None:
    (services.home.files / "file-old").write_bytes(b"x")
    services.store.add(FileRecord(id="file-old", filename="x", bytes=1, created_at=0, expires_at=1))
    fields = {"expires_after[anchor]": "created_at", "expires_after[seconds]": "3600"}
    kept = upload(client, **fields).json()

    assert [entry["id"] for entry in client.get("/v1/files").json()["data"]] == [kept["id"]]
    assert kept["expires_at"] == kept["created_at"] + 3600
    assert not (services.home.files / "file-old").exists()


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"purpose": "assistants"}, "purpose"),
        ({"expires_after[seconds]": "5"}, "expires_after[seconds]"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_an_upload_of_the_wrong_kind_names_the_field(
    client: TestClient, fields: dict[str, str], param: str
) -> None:
    assert error_of(upload(client, **fields), 400)["param"] == param


def test_an_upload_without_a_file_or_a_form_is_refused(client: TestClient) -> None:
    fields = {"purpose": "fine-tune"}

    assert error_of(client.post("/v1/files", data=fields), 400)["param"] == "file"
    broken = {"content-type": "multipart/form-data; boundary=x"}
    error_of(client.post("/v1/files", content=b"garbage", headers=broken), 400)
    error_of(client.post("/v1/files", data=fields, files={"file": b""} | {"other": b""}), 400)


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("/home/zoe/private/chats.jsonl", "chats.jsonl"),
        ("C:\\Users\\zoe\\chats.jsonl", "chats.jsonl"),
        ("..", "upload"),
        ("x" * 300, "x" * 255),
        ("čaj.jsonl", "čaj.jsonl"),
    ],
)
def test_a_file_is_shown_without_its_folders(client: TestClient, sent: str, shown: str) -> None:
    answer = client.post(
        "/v1/files", data={"purpose": "fine-tune"}, files={"file": (sent, b"{}\n")}
    )

    assert answer.json()["filename"] == shown


def test_a_full_disk_refuses_an_upload_and_leaves_nothing(
    client: TestClient, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(source: Any, target: Any) -> None:
        target.write(source.read(1))
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(files.shutil, "copyfileobj", full)

    error = error_of(upload(client), 507)

    assert error["code"] == "insufficient_storage"
    assert list(services.home.files.iterdir()) == []
    monkeypatch.undo()
    assert client.get("/v1/files").json()["data"] == []


def test_too_many_open_files_are_a_matter_of_a_moment(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def out_of_files(*_: object) -> None:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(files.shutil, "copyfileobj", out_of_files)

    answer = upload(client)

    error_of(answer, 503)
    assert answer.headers["retry-after"] == "1"


def test_more_requests_than_can_be_answered_are_told_to_come_again(services: Services) -> None:
    guard = Guard(create_app(services), api_key=KEY, most_requests=0)
    headers = {"authorization": f"Bearer {KEY}"}
    with TestClient(guard, "http://127.0.0.1", headers=headers) as client:
        body = {"model": "tiny", "messages": MESSAGES}
        answer = client.post("/v1/chat/completions", json=body)
        assert answer.headers["retry-after"] == "1"
        error_of(answer, 503)
        assert client.get("/health").status_code == 200


def create_job(client: TestClient, **body: Any) -> Any:
    file_id = upload(client).json()["id"]
    return client.post(
        "/v1/fine_tuning/jobs", json={"model": "tiny", "training_file": file_id, **body}
    )


def test_both_places_for_hyperparameters_are_read(client: TestClient, services: Services) -> None:
    settings = {"n_epochs": 2, "batch_size": "auto", "learning_rate_multiplier": 0.5}
    method = {"type": "supervised", "supervised": {"hyperparameters": settings}}

    old = create_job(client, hyperparameters=settings).json()
    new = create_job(client, method=method, lora={"r": 4, "alpha": 8}).json()

    assert old["hyperparameters"]["n_epochs"] == new["hyperparameters"]["n_epochs"] == 2
    assert new["hyperparameters"]["batch_size"] == "auto"
    first, second = services.queue.submitted  # type: ignore[attr-defined]
    assert first.hyperparameters.learning_rate_multiplier == 0.5
    assert (second.lora.r, second.lora.alpha) == (4, 8)


@pytest.mark.parametrize(
    ("body", "status", "param"),
    [
        ({"model": "nothing"}, 404, "model"),
        ({"model": "useless"}, 400, "model"),
        ({"model": None}, 400, "model"),
        ({"training_file": "file-none"}, 400, "training_file"),
        ({"validation_file": "file-none"}, 400, "validation_file"),
        ({"hyperparameters": {"n_epochs": 0}}, 400, "hyperparameters.n_epochs"),
        ({"hyperparameters": {"beta": 1}}, 400, "hyperparameters.beta"),
        ({"method": {"type": "dpo"}}, 400, "method.type"),
        ({"integrations": [{"type": "wandb"}]}, 400, "integrations"),
        ({"suffix": "a/b"}, 400, "suffix"),
        ({"suffix": "a\n"}, 400, "suffix"),
        ({"lora": {"target_modules": ["q_proj", "lm_head"]}}, 400, "lora.target_modules"),
        ({"suffix": "a" * 65}, 400, "suffix"),
        ({"seed": -1}, 400, "seed"),
        ({"colour": "red"}, 400, "colour"),
        ({"lora": {"r": 0}}, 400, "lora.r"),
        ({"learning_rate": 0}, 400, "learning_rate"),
        (
            {"learning_rate": 1e-3, "hyperparameters": {"learning_rate_multiplier": 2}},
            400,
            "learning_rate",
        ),
        (
            {
                "hyperparameters": {"n_epochs": 1},
                "method": {"type": "supervised", "supervised": {}},
            },
            400,
            "hyperparameters",
        ),
        ({"lora": {"target_modules": []}}, 400, "lora.target_modules"),
        ({"early_stopping_patience": 0}, 400, "early_stopping_patience"),
        ({"early_stopping_patience": 2}, 400, "early_stopping_patience"),  # without validation
        ({"compute": {"quantization": "2bit"}}, 400, "compute.quantization"),
        ({"compute": {"processes": 0}}, 400, "compute.processes"),
        ({"metadata": {"k": "v" * 513}}, 400, "metadata[...]"),
    ],
)
def test_a_job_that_cannot_be_done_is_refused_at_once(
    client: TestClient, services: Services, body: dict[str, Any], status: int, param: str
) -> None:
    error = error_of(create_job(client, **body), status)

    assert error["param"] == param
    assert services.store.page(JobRecord) == []


def test_harmless_parameters_of_a_job_are_taken(client: TestClient) -> None:
    job = create_job(client, metadata={"k": "v"}, seed=3, suffix="cap", integrations=None).json()

    assert (job["metadata"], job["seed"], job["user_provided_suffix"]) == ({"k": "v"}, 3, "cap")


def test_jobs_are_listed_in_pages(client: TestClient) -> None:
    ids = [create_job(client).json()["id"] for _ in range(3)]

    first = client.get("/v1/fine_tuning/jobs?limit=2").json()
    rest = client.get(f"/v1/fine_tuning/jobs?limit=2&after={first['last_id']}").json()

    assert [job["id"] for job in first["data"] + rest["data"]] == ids[::-1]
    assert (first["has_more"], rest["has_more"]) == (True, False)
    assert error_of(client.get("/v1/fine_tuning/jobs?limit=x"), 400)["param"] == "limit"


def test_jobs_are_found_by_their_metadata(client: TestClient) -> None:
    wanted = [create_job(client, metadata={"a": "1", "b": str(i)}).json()["id"] for i in range(3)]
    create_job(client, metadata={"a": "2"})
    create_job(client)

    page = client.get("/v1/fine_tuning/jobs", params={"metadata[a]": "1", "limit": 2}).json()
    one = client.get("/v1/fine_tuning/jobs", params={"metadata[a]": "1", "metadata[b]": "0"}).json()

    assert [job["id"] for job in page["data"]] == wanted[:0:-1]
    assert page["has_more"]
    assert [job["id"] for job in one["data"]] == wanted[:1]


def test_checkpoints_are_models_of_their_own(client: TestClient, services: Services) -> None:
    job_id = create_job(client).json()["id"]
    services.store.add(
        CheckpointRecord(
            id="ftckpt-1",
            job_id=job_id,
            created_at=1,
            step=7,
            train_loss=1.0,
            valid_loss=2.0,
            model="ft:tiny:ckpt-step-7",
        )
    )

    (checkpoint,) = client.get(f"/v1/fine_tuning/jobs/{job_id}/checkpoints").json()["data"]

    assert FineTuningJobCheckpoint.model_validate(checkpoint, strict=True).step_number == 7
    assert checkpoint["metrics"]["full_valid_loss"] == 2.0


def test_training_in_four_bits_names_what_is_missing(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fine_tuning.importlib.util, "find_spec", lambda _: None)

    error = error_of(create_job(client, compute={"quantization": "4bit"}), 400)

    assert "[qlora]" in error["message"]


def test_a_job_is_paused_resumed_and_deleted(client: TestClient, services: Services) -> None:
    job_id = create_job(client).json()["id"]
    route = f"/v1/fine_tuning/jobs/{job_id}"

    assert client.post(f"{route}/pause").status_code == 200
    assert client.post(f"{route}/resume").status_code == 200
    assert client.delete(route).json() == {
        "object": "fine_tuning.job",
        "id": job_id,
        "deleted": True,
    }
    services.queue.submitted.clear()  # type: ignore[attr-defined]
    for refused in (
        client.post(f"{route}/pause"),
        client.post(f"{route}/resume"),
        client.delete(route),
    ):
        assert error_of(refused, 400)["code"] == "invalid_job_status"


def test_an_unknown_job_is_not_found_by_any_route(client: TestClient) -> None:
    for tail in ("", "/events", "/checkpoints"):
        error_of(client.get(f"/v1/fine_tuning/jobs/ftjob-none{tail}"), 404)
    for tail in ("/cancel", "/pause", "/resume"):
        error_of(client.post(f"/v1/fine_tuning/jobs/ftjob-none{tail}"), 404)
    error_of(client.delete("/v1/fine_tuning/jobs/ftjob-none"), 404)


def test_cancelling_what_has_ended_is_refused(client: TestClient, services: Services) -> None:
    job_id = create_job(client).json()["id"]
    assert client.post(f"/v1/fine_tuning/jobs/{job_id}/cancel").status_code == 200
    services.queue.submitted.clear()  # type: ignore[attr-defined]

    error_of(client.post(f"/v1/fine_tuning/jobs/{job_id}/cancel"), 400)


@pytest.fixture
def tuned(services: Services) -> str:
    folder = services.home.jobs / "ftjob-1"
    folder.mkdir()
    (folder / "adapter").mkdir()
    model = ModelRecord(
        id="ft:tiny:local::1",
        root="tiny",
        job_id="ftjob-1",
        created_at=1,
        adapter="jobs/ftjob-1/adapter",
    )
    return services.store.add(model).id


def test_models_tell_base_and_context(client: TestClient, tuned: str) -> None:
    assert client.get("/v1/models/tiny").json()["context_length"] == 128
    model = client.get(f"/v1/models/{tuned}").json()
    assert (model["root"], model["context_length"]) == ("tiny", 128)
    assert tuned in [entry["id"] for entry in client.get("/v1/models").json()["data"]]
    assert error_of(client.get("/v1/models/none"), 404)["code"] == "model_not_found"


def test_only_fine_tuned_models_are_deleted(
    client: TestClient, services: Services, tuned: str
) -> None:
    error_of(client.delete("/v1/models/tiny"), 400)
    error_of(client.delete("/v1/models/none"), 404)

    assert client.delete(f"/v1/models/{tuned}").json()["deleted"]

    error_of(client.get(f"/v1/models/{tuned}"), 404)
    assert not (services.home.jobs / "ftjob-1" / "adapter").exists()


def test_a_tuned_model_is_no_base_for_a_job(client: TestClient, tuned: str) -> None:
    assert error_of(create_job(client, model=tuned), 400)["param"] == "model"


def complete(client: TestClient, **body: Any) -> Any:
    return client.post("/v1/chat/completions", json={"model": "tiny", "messages": MESSAGES, **body})


def events(text: str) -> list[Any]:
    lines = [line.removeprefix("data: ") for line in text.split("\n\n") if line]
    assert lines[-1] == "[DONE]"
    return [json.loads(line) for line in lines[:-1]]


def test_an_answer_comes_whole(client: TestClient) -> None:
    answer = ChatCompletion.model_validate(complete(client).json(), strict=True)

    assert answer.choices[0].message.content == "ok"
    assert answer.usage is not None
    assert answer.usage.completion_tokens == 2


@pytest.mark.parametrize(("options", "n"), [(None, 2), ({"include_usage": True}, 3)])
def test_an_answer_is_streamed_with_its_usage_if_asked(
    client: TestClient, engine: FakeEngine, options: Any, n: int
) -> None:
    answer = complete(client, stream=True, stream_options=options)
    chunks = [
        ChatCompletionChunk.model_validate(event, strict=True) for event in events(answer.text)
    ]

    assert answer.headers["content-type"].startswith("text/event-stream")
    assert len(chunks) == n
    assert len({chunk.id for chunk in chunks}) == 1
    assert engine.is_stopped


def test_choices_have_an_index_and_share_the_prompt(client: TestClient, engine: FakeEngine) -> None:
    usage = {"prompt_tokens": 3, "completion_tokens": 6, "total_tokens": 9}

    answer = complete(client, n=3, seed=5).json()
    options = {"include_usage": True}
    *chunks, last = events(complete(client, n=3, stream=True, stream_options=options).text)

    assert [choice["index"] for choice in answer["choices"]] == [0, 1, 2]
    assert {choice["message"]["content"] for choice in answer["choices"]} == {"ok"}
    assert [request.get("seed") for request in engine.requests] == [5, 6, 7, None, None, None]
    assert [chunk["choices"][0]["index"] for chunk in chunks] == [0, 0, 1, 1, 2, 2]
    assert answer["usage"] == last["usage"] == usage
    assert last["choices"] == []


@pytest.mark.parametrize("stream", [True, False])
def test_a_request_that_the_engine_refuses_has_a_status(
    client: TestClient, engine: FakeEngine, stream: bool
) -> None:
    engine.fails_at = 0
    assert error_of(complete(client, stream=stream), 400)["code"] == "context_length_exceeded"

    engine.error = EngineError("it died", status=500)
    error = error_of(complete(client, stream=stream), 500)
    assert (error["type"], error["message"]) == ("server_error", "it died")


def test_an_error_amid_an_answer_is_an_event_or_a_status(
    client: TestClient, engine: FakeEngine
) -> None:
    engine.fails_at = 1

    error = events(complete(client, stream=True).text)[-1]["error"]

    assert (error["message"], error["type"]) == ("too long", "server_error")
    assert error_of(complete(client), 400)["message"] == "too long"


def test_the_adapter_of_a_tuned_model_is_named_to_the_engine(
    client: TestClient, services: Services, engine: FakeEngine, tuned: str
) -> None:
    complete(client)
    complete(client, model=tuned)

    folder = services.home.jobs / "ftjob-1" / "adapter"
    assert engine.adapters == [None, Adapter(tuned, folder)]

    client.delete(f"/v1/models/{tuned}")
    assert engine.forgotten == [tuned]


@pytest.mark.parametrize(
    ("body", "param", "code"),
    [
        ({"model": 5}, "model", None),
        ({"n": 99}, "n", None),
        ({"tools": []}, "tools", "unsupported_parameter"),
        ({"audio": {}}, "audio", "unsupported_parameter"),
    ],
)
def test_what_would_be_without_effect_is_refused(
    client: TestClient, engine: FakeEngine, body: dict[str, Any], param: str, code: str | None
) -> None:
    error = error_of(complete(client, **body), 400)

    assert (error["param"], error["code"]) == (param, code)
    assert engine.requests == []


def test_an_unknown_model_is_not_found(client: TestClient) -> None:
    assert error_of(complete(client, model="none"), 404)["code"] == "model_not_found"


def test_tokens_are_counted(client: TestClient) -> None:
    answer = client.post("/tokenize", json={"model": "tiny", "messages": MESSAGES})
    refused = client.post("/tokenize", json={"model": "tiny", "messages": []})

    assert answer.json() == {"count": 1, "max_model_len": 128}
    assert error_of(refused, 400)["param"] == "messages"


def test_a_text_is_cut_into_tokens(client: TestClient) -> None:
    body = {"model": "tiny", "prompt": "ab"}
    with_special = client.post("/tokenize", json=body)
    alone = client.post("/tokenize", json=body | {"add_special_tokens": False})

    assert with_special.json() == {"count": 3, "max_model_len": 128, "tokens": [1, 97, 98]}
    assert alone.json() == {"count": 2, "max_model_len": 128, "tokens": [97, 98]}


def test_texts_that_are_far_too_long_are_refused_before_an_engine_reads_them(
    client: TestClient, engine: FakeEngine
) -> None:
    long = "a" * 400_001
    described = {"name": "weather", "description": long}
    answers = [
        complete(client, messages=[{"role": "user", "content": long}]),
        complete(client, messages=[{"role": "user", "content": long}], stream=True),
        client.post("/tokenize", json={"model": "tiny", "prompt": long}),
        client.post(
            "/tokenize",
            json={"model": "tiny", "messages": [{"role": "user", "content": "a" * 200_001}] * 2},
        ),
        complete(client, tools=[{"type": "function", "function": described}]),
        client.post(
            "/tokenize",
            json={
                "model": "tiny",
                "messages": MESSAGES,
                "tools": [{"type": "function", "function": described}],
            },
        ),
    ]

    for answer in answers:
        error = error_of(answer, 400)
        assert error["code"] == "context_length_exceeded"
        assert "at most 400,000" in error["message"]
    assert engine.requests == []


@pytest.mark.parametrize("is_innocent", [True, False])
def test_an_answer_that_nobody_has_seen_is_asked_for_again_where_another_request_ended_its_engine(
    client: TestClient, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch, is_innocent: bool
) -> None:
    whole, failures = engine.stream, iter([1, None])

    def stream(*args: Any) -> AsyncIterator[dict[str, Any]]:
        engine.fails_at = next(failures)
        return whole(*args)

    monkeypatch.setattr(engine, "stream", stream)
    engine.error = EngineEndedError("hung", is_innocent=is_innocent, has_answer=True)
    answer = complete(client)

    assert answer.status_code == (200 if is_innocent else 500)
    assert len(engine.requests) == 1 + is_innocent


@pytest.mark.parametrize("body", [{}, {"messages": MESSAGES, "prompt": "a"}])
def test_either_a_chat_or_a_text_is_counted(client: TestClient, body: dict[str, Any]) -> None:
    answer = client.post("/tokenize", json={"model": "tiny", **body})

    assert error_of(answer, 400)["param"] == "messages"


def test_tools_are_counted_where_a_model_is_shown_them(
    client: TestClient, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    tools = [{"type": "function", "function": {"name": "weather"}}]
    body = {"model": "tiny", "messages": MESSAGES, "tools": tools}
    refused = error_of(client.post("/tokenize", json=body), 400)
    monkeypatch.setattr(engine, "parameters", LLAMA_CPP.parameters)
    monkeypatch.setattr(
        "langchain_fbmessenger.local.api.chat.unsupported_fields", lambda *_: frozenset()
    )
    counted = client.post("/tokenize", json=body)

    assert (refused["param"], refused["code"]) == ("tools", "unsupported_parameter")
    assert counted.json()["count"] == 11


def test_a_large_upload_lies_in_the_state_folder_while_it_arrives(
    client: TestClient,
    services: Services,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """Where all programs' temporary files lie, nothing of it does."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "nowhere"))
    content = b'{"messages": []}\n' * 200_000

    file = client.post(
        "/v1/files", data={"purpose": "fine-tune"}, files={"file": ("x.jsonl", content)}
    ).json()

    assert client.get(f"/v1/files/{file['id']}/content").content == content
    assert list(services.home.incoming.iterdir()) == []


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("multipart/form-data; boundary=x", b"--x\r\nno header"),
        ("multipart/form-data", b"--x\r\n"),
        ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data\r\n\r\n\r\n"),
        ("application/x-www-form-urlencoded", b"file=x&purpose=fine-tune"),
        ("application/json", b"{}"),
        ("", b""),
    ],
)
def test_a_form_that_is_none_is_refused(
    client: TestClient, services: Services, kind: str, body: bytes
) -> None:
    error_of(client.post("/v1/files", content=body, headers={"content-type": kind}), 400)
    assert list(services.home.incoming.iterdir()) == []
