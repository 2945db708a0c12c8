"""What Azure and Nebius ask for that OpenAI does not, told by a provider on this machine."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from langchain_fbmessenger import FineTuner, FineTuningError, FineTuningJob
from langchain_fbmessenger.fine_tuning import AzureAccount, AzureProvider, NebiusProvider
from tests.integration_tests.fake_provider import BASE, EXAMPLE, EXAMPLES, FakeProvider, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CREATE = "POST /v1/fine_tuning/jobs"


@pytest.fixture
def azure(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[FakeProvider]:
    monkeypatch.setenv("LANGCHAIN_FBMESSENGER_HOME", str(tmp_path))
    monkeypatch.setenv("AZURE_OPENAI_API_KEY", "key")
    monkeypatch.setattr(
        "langchain_fbmessenger.fine_tuning.submitting.idempotent_create._CHECK_POLL_S", 0.01
    )
    with serving("azure") as server:
        monkeypatch.setenv("AZURE_OPENAI_ENDPOINT", f"http://127.0.0.1:{server.server_port}/")
        yield server


@pytest.fixture
def nebius(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[FakeProvider]:
    monkeypatch.setenv("LANGCHAIN_FBMESSENGER_HOME", str(tmp_path))
    monkeypatch.setenv("NEBIUS_API_KEY", "key")
    with serving("nebius") as server:
        yield server


def at_nebius(server: FakeProvider, **options: Any) -> NebiusProvider:
    return NebiusProvider(base_url=server.base_url, **options)


def test_azure_gets_a_byte_order_mark_and_its_training_type(azure: FakeProvider) -> None:
    job = FineTuner(provider="azure", model=BASE, n_epochs=2, suffix="zoe").submit(EXAMPLES)
    content = azure.contents[azure.jobs[job.id]["training_file"]]
    assert content.startswith(b"\xef\xbb\xbf{")
    (asked,) = map(json.loads, azure.bodies(CREATE))
    assert asked["trainingType"] == "Standard", "chats stay in the resource's region"
    assert asked["method"]["supervised"]["hyperparameters"] == {"n_epochs": 2}
    assert azure.routes.count("GET /v1/files/*") == 2, "it was asked until it was processed"


def test_a_file_that_azure_refuses_is_an_error_with_its_words(azure: FakeProvider) -> None:
    azure.answers["GET /v1/files/*"] = {
        **dict.fromkeys(("id", "filename", "purpose"), "x"),
        "object": "file",
        "bytes": 1,
        "created_at": 1,
        "status": "error",
        "status_details": "invalid schema (20)",
    }
    with pytest.raises(FineTuningError, match=r"invalid schema \(20\)"):
        FineTuner(provider="azure", model=BASE).submit(EXAMPLES)
    assert azure.files == azure.jobs == {}


def test_azure_begins_chats_with_the_user(azure: FakeProvider) -> None:
    spoke_first = {"messages": [{"role": "assistant", "content": "secret"}]}
    job = FineTuner(provider="azure", model=BASE).submit([spoke_first] * 10)
    content = azure.contents[azure.jobs[job.id]["training_file"]].decode("utf-8-sig")
    roles = [m["role"] for m in json.loads(content.splitlines()[0])["messages"]]
    assert roles == ["user", "assistant"]


def test_without_a_deployment_the_command_that_makes_one_is_told(azure: FakeProvider) -> None:
    job = FineTuner(provider="azure", model=BASE).submit(EXAMPLES)
    azure.set_job(job.id, "succeeded", fine_tuned_model="gpt-4o-mini.ft-1")
    azure.jobs[job.id]["fine_tuned_model"] = "gpt-4o-mini.ft-1"
    with pytest.raises(FineTuningError, match="az cognitiveservices account deployment") as caught:
        job.wait().chat_model()
    assert "--model-name gpt-4o-mini.ft-1" in str(caught.value)
    there = FineTuningJob.from_id(job.id, AzureProvider(deployment="zoe"))
    assert there.chat_model().model_name == "zoe"


class Management(ThreadingHTTPServer):
    """The management API: one deployment that needs two looks to be ready."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Manage)
        self.deployment: dict[str, Any] | None = None
        self.asked: list[str] = []
        self.fails = 0


class _Manage(BaseHTTPRequestHandler):
    server: Management

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        server = self.server
        server.asked.append(f"{self.command} {self.path}")
        status, answer = 200, server.deployment
        if server.fails:
            server.fails -= 1
            status, answer = 503, {}
        elif self.headers["Authorization"] != "Bearer token":
            status, answer = 401, {"error": {"code": "InvalidToken", "message": "expired"}}
        elif self.command == "PUT":
            server.deployment = json.loads(body)
            server.deployment["properties"]["provisioningState"] = "Creating"
            status, answer = 201, server.deployment
        elif server.deployment is None:
            status, answer = 404, {"error": {"code": "DeploymentNotFound"}}
        elif len(server.asked) > 3:
            server.deployment["properties"]["provisioningState"] = "Succeeded"
        raw = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    do_GET = do_PUT = _answer  # noqa: N815 - http.server's names

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def management(monkeypatch: pytest.MonkeyPatch) -> Iterator[Management]:
    for name in ("_POLL_SECONDS", "_RETRY_PAUSES"):
        value: Any = 0.01 if name == "_POLL_SECONDS" else (0.01, 0.01)
        module = "langchain_fbmessenger.fine_tuning.providers.azure_deployment"
        monkeypatch.setattr(f"{module}.{name}", value)
    server = Management()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def account(management: Management, token: str = "token") -> AzureAccount:  # noqa: S107 - no secret
    return AzureAccount(
        subscription="s",
        resource_group="g",
        resource="r",
        token=token,  # type: ignore[arg-type]  # pydantic makes it a secret
        management_url=f"http://127.0.0.1:{management.server_port}",
    )


def test_a_deployment_is_made_and_awaited(azure: FakeProvider, management: Management) -> None:
    management.fails = 2
    provider = AzureProvider(deployment="zoe", account=account(management))
    azure.ends_jobs = True
    tuner = FineTuner(provider=provider, model=BASE, progress=False)
    assert tuner.invoke(EXAMPLES).model_name == "zoe"
    (job_id,) = azure.jobs
    assert management.deployment is not None
    assert management.deployment["properties"]["model"]["name"] == f"ft:{job_id}"
    assert [asked.split()[0] for asked in management.asked[2:]][:2] == ["GET", "PUT"]
    assert "/accounts/r/deployments/zoe?api-version=2024-10-01" in management.asked[0]
    assert "token" not in repr(provider)


def test_a_deployment_of_another_model_is_not_taken(
    azure: FakeProvider, management: Management
) -> None:
    model = {"name": "another"}
    management.deployment = {"properties": {"model": model, "provisioningState": "Succeeded"}}
    azure.ends_jobs = True
    job = FineTuner(provider="azure", model=BASE).submit(EXAMPLES).wait()
    there = FineTuningJob.from_id(
        job.id, AzureProvider(deployment="zoe", account=account(management))
    )
    with pytest.raises(FineTuningError, match="serves another model"):
        there.chat_model()
    refused = AzureProvider(deployment="zoe", account=account(management, "old"))
    with pytest.raises(FineTuningError, match=r"401.*expired"):
        FineTuningJob.from_id(job.id, refused).chat_model()


def test_nebius_gets_lora_and_an_absolute_rate_and_no_metadata(nebius: FakeProvider) -> None:
    provider = at_nebius(nebius)
    options: dict[str, Any] = {"learning_rate": 2e-5, "lora_rank": 16, "lora_alpha": 32}
    tuner = FineTuner(provider=provider, model=BASE, n_epochs=3, **options)
    job = tuner.submit(EXAMPLES)
    (asked,) = map(json.loads, nebius.bodies(CREATE))
    assert asked["hyperparameters"] == {
        "n_epochs": 3,
        "learning_rate": 2e-5,
        "lora": True,
        "lora_r": 16,
        "lora_alpha": 32,
    }
    assert "metadata" not in asked
    assert b"expires_after" not in nebius.bodies("POST /v1/files")[0]
    assert tuner.submit(EXAMPLES).id == job.id
    again = FineTuningJob.from_id(job.id, provider)
    assert again.prompt().invoke({"input": "x"}).to_messages()[0].content == "You are {Zoë}."
    nebius.set_job(job.id, "succeeded")
    again.wait()
    assert nebius.files == {}, "the manifest knows that they are ours"


def test_nebius_trains_each_answer_although_it_knows_no_weights(nebius: FakeProvider) -> None:
    turns = [*EXAMPLE["messages"], *EXAMPLE["messages"][1:]]
    turns[2] = {**turns[2], "weight": 0}
    FineTuner(provider=at_nebius(nebius), model=BASE).submit([{"messages": turns}])
    (content,) = nebius.contents.values()
    assert b"weight" not in content
    assert content.count(b"secret") == 1


def give_files(server: FakeProvider, job_id: str, *names: str) -> None:
    for number, name in enumerate(names):
        file_id = f"result-{job_id}-{number}"
        server.contents[file_id] = name.encode()
        server.files[file_id] = {
            "id": file_id,
            "object": "file",
            "bytes": 1,
            "created_at": 1,
            "filename": name,
            "purpose": "fine-tune-results",
            "status": "processed",
        }


def test_an_adapter_of_nebius_is_fetched(nebius: FakeProvider, tmp_path: Path) -> None:
    provider = at_nebius(nebius)
    tuner = FineTuner(provider=provider, model=BASE)
    job = tuner.submit(EXAMPLES)
    with pytest.raises(FineTuningError, match="no checkpoint"):
        job.download_adapter(tmp_path / "a")
    nebius.set_job(job.id, "succeeded")
    give_files(nebius, job.id, "adapter_config.json", "ckpt-9/adapter_model.safetensors")
    folder = job.wait().download_adapter(tmp_path / "a")
    written = {path.name: path.read_text() for path in folder.iterdir()}
    assert written == {
        "adapter_config.json": "adapter_config.json",
        "adapter_model.safetensors": "ckpt-9/adapter_model.safetensors",
    }
    assert tuner.submit(EXAMPLES).id == job.id, "it is known by its files"
    with pytest.raises(FineTuningError, match="serve_locally"):
        job.chat_model()
    served = FineTuningJob.from_id(job.id, at_nebius(nebius, served_as="mine"))
    assert served.chat_model().model_name == "mine"


@pytest.mark.parametrize("name", ["../evil", "/etc/passwd", "a/../../b", "..", ".hidden", "a\\b"])
def test_a_name_that_leads_out_of_the_folder_is_refused(
    nebius: FakeProvider, tmp_path: Path, name: str
) -> None:
    job = FineTuner(provider=at_nebius(nebius), model=BASE).submit(EXAMPLES)
    nebius.set_job(job.id, "succeeded")
    give_files(nebius, job.id, "adapter_config.json", name)
    with pytest.raises(FineTuningError, match="leads out of its folder"):
        job.wait().download_adapter(tmp_path / "in" / "a")
    assert not (tmp_path / "in").exists()


def test_a_fetched_adapter_is_served_by_the_local_server(
    nebius: FakeProvider, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from langchain_fbmessenger.fine_tuning.connection import Connection

    job = FineTuner(provider=at_nebius(nebius), model=BASE).submit(EXAMPLES)
    nebius.set_job(job.id, "succeeded")
    give_files(nebius, job.id, "adapter_config.json")
    with serving() as local:
        local.answers["POST /v1/load_lora_adapter"] = b"Success"
        here = Connection(local.base_url, "k", is_loopback=True)
        monkeypatch.setattr(
            "langchain_fbmessenger.fine_tuning.providers.local.LocalProvider.connection",
            lambda _self: here,
        )
        model = job.wait().serve_locally("SmolLM2-135M-Instruct")
        assert model.model_name == f"fetched:{job.id}"
        (asked,) = map(json.loads, local.bodies("POST /v1/load_lora_adapter"))
    assert asked == {
        "lora_name": f"fetched:{job.id}",
        "lora_path": str(tmp_path / "fetched" / job.id),
        "base_model_name": "SmolLM2-135M-Instruct",
    }


@pytest.mark.parametrize(
    ("provider", "variable"),
    [
        ("openai", "OPENAI_API_KEY"),
        ("azure", "AZURE_OPENAI_ENDPOINT"),
        ("nebius", "NEBIUS_API_KEY"),
    ],
)
def test_a_key_that_is_missing_is_named(
    provider: str, variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(variable, raising=False)
    with pytest.raises(FineTuningError, match=variable):
        FineTuner(provider=provider, model=BASE).submit(EXAMPLES)
