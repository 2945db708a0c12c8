from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from starlette.testclient import TestClient

from langchain_fbmessenger.local.api import adapters, create_app, models
from langchain_fbmessenger.local.api.services import Services
from langchain_fbmessenger.local.engines.pool import EnginePool
from langchain_fbmessenger.local.jobs.store import Store
from langchain_fbmessenger.local.models.adapter_import import AdapterError, OtherBaseError
from langchain_fbmessenger.local.models.auto_base import Choice
from langchain_fbmessenger.local.models.bases import BaseModelError, BaseModelInfo
from langchain_fbmessenger.local.models.ladder import LADDER
from langchain_fbmessenger.local.process.home import Home
from langchain_fbmessenger.local.records import ModelRecord

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from langchain_fbmessenger.local.engines.engine import Engine


class IdleQueue:
    def start(self) -> None: ...

    def stop(self) -> None: ...


def no_engine(base: BaseModelInfo) -> Engine:
    """Nothing here answers a chat."""
    raise AssertionError(base)


@pytest.fixture
def services(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Services:
    gguf = tmp_path / "secret folder" / "tiny.gguf"
    gguf.parent.mkdir()
    gguf.touch()

    def find(name: str) -> BaseModelInfo:
        if name != str(gguf):
            msg = f"The base model {name!r} does not exist."
            raise BaseModelError(msg, is_missing=True)
        return BaseModelInfo(name, gguf, 128)

    def copy(source: Path, base: BaseModelInfo, folder: Path, *, force: bool) -> None:
        if not source.is_dir():
            msg = "the folder holds no adapter_config.json"
            raise AdapterError(msg)
        if source.name == "other" and not force:
            msg = "it was trained on 'other/base', not on 'tiny'"
            raise OtherBaseError(msg)
        assert base.path == gguf
        folder.mkdir(parents=True)

    monkeypatch.setattr(models, "find_base", find)
    monkeypatch.setattr(adapters, "import_adapter", copy)
    home = Home.open(tmp_path / "home")
    return Services(home, Store(home.database), IdleQueue(), EnginePool(no_engine), "key")  # type: ignore[arg-type]


@pytest.fixture
def client(services: Services) -> Iterator[TestClient]:
    with TestClient(create_app(services)) as client:
        yield client


@pytest.fixture
def load(client: TestClient, tmp_path: Path) -> Any:
    (tmp_path / "lora").mkdir()
    body = {
        "lora_name": "cap",
        "lora_path": str(tmp_path / "lora"),
        "base_model_name": str(tmp_path / "secret folder" / "tiny.gguf"),
    }
    return lambda **changes: client.post("/v1/load_lora_adapter", json={**body, **changes})


def imported(services: Services) -> list[Path]:
    return list((services.home.root / "adapters").glob("*"))


def test_an_adapter_becomes_a_model_like_any_other(
    client: TestClient, load: Any, services: Services
) -> None:
    answer = load()

    assert answer.status_code == 200
    assert answer.text == "Success: LoRA adapter 'cap' added successfully."
    (folder,) = imported(services)
    assert services.store.get(ModelRecord, "cap").adapter == f"adapters/{folder.name}"  # type: ignore[union-attr]
    assert models.served_model(services, "cap").adapter == folder
    assert "cap" in [model["id"] for model in client.get("/v1/models").json()["data"]]


def test_no_folder_of_the_users_is_shown(client: TestClient, load: Any) -> None:
    load()

    answer = client.get("/v1/models/cap")

    assert answer.json()["root"] == "tiny"
    assert "secret folder" not in answer.text
    assert "secret folder" not in client.get("/v1/models").text


def test_nor_when_its_base_is_gone(client: TestClient, services: Services) -> None:
    record = ModelRecord(id="x", root="/home/zoe/b.gguf", job_id="j", created_at=1, adapter="a")
    services.store.add(record)

    answer = client.post(
        "/v1/chat/completions", json={"model": "x", "messages": [{"role": "user", "content": "a"}]}
    )

    assert answer.status_code == 404
    assert "'b' is gone" in answer.json()["error"]["message"]
    assert "zoe" not in answer.text


@pytest.mark.parametrize("way", ["delete", "unload"])
def test_an_adapter_is_deleted_with_its_folder(
    client: TestClient, load: Any, services: Services, way: str
) -> None:
    load()
    load(lora_name="other")

    if way == "delete":
        assert client.delete("/v1/models/cap").json()["deleted"]
    else:
        answer = client.post("/v1/unload_lora_adapter", json={"lora_name": "cap"})
        assert answer.text == "Success: LoRA adapter 'cap' removed successfully."

    assert services.store.get(ModelRecord, "cap") is None
    assert len(imported(services)) == 1
    assert client.get("/v1/models/cap").status_code == 404
    assert client.get("/v1/models/other").status_code == 200


@pytest.mark.parametrize(
    ("changes", "status", "param"),
    [
        ({"lora_name": "SmolLM2-135M-Instruct"}, 400, "lora_name"),
        ({"lora_name": "auto"}, 400, "lora_name"),
        ({"lora_name": "../../x"}, 400, "lora_name"),
        ({"lora_name": ""}, 400, "lora_name"),
        ({"base_model_name": "none"}, 404, "base_model_name"),
        ({"lora_path": "/nowhere/at/all"}, 400, "lora_path"),
        ({"lora_path": "~nobody-at-all/x"}, 400, "lora_path"),
        ({"load_inplace": True}, 400, "load_inplace"),
    ],
)
def test_what_cannot_be_loaded_is_refused_in_shape(
    load: Any, services: Services, changes: dict[str, Any], status: int, param: str
) -> None:
    answer = load(**changes)

    assert answer.status_code == status
    error = answer.json()["error"]
    assert set(error) == {"message", "type", "param", "code"}
    assert error["param"] == param
    assert "/nowhere" not in error["message"]
    assert imported(services) == []


def test_an_adapter_of_another_base_is_loaded_only_by_force(
    load: Any, services: Services, tmp_path: Path
) -> None:
    (tmp_path / "other").mkdir()

    refused = load(lora_path=str(tmp_path / "other"))

    assert refused.status_code == 400
    error = refused.json()["error"]
    assert (error["param"], error["code"]) == ("base_model_name", "invalid_adapter")
    assert "'other/base', not on 'tiny'" in error["message"]
    assert '"force": true' in error["message"]
    assert imported(services) == []
    assert load(lora_path=str(tmp_path / "other"), force="yes").json()["error"]["param"] == "force"
    assert load(lora_path=str(tmp_path / "other"), force=True).status_code == 200


CHAT = {"messages": [{"role": "user", "content": "a"}]}
ASKED = {
    "chat": lambda client, name: client.post("/v1/chat/completions", json={**CHAT, "model": name}),
    "tokens": lambda client, name: client.post("/tokenize", json={**CHAT, "model": name}),
    "retrieve": lambda client, name: client.get(f"/v1/models/{name}"),
    "delete": lambda client, name: client.delete(f"/v1/models/{name}"),
    "train": lambda client, name: client.post(
        "/v1/fine_tuning/jobs", json={"model": name, "training_file": "file-1"}
    ),
}


@pytest.mark.parametrize("ask", ASKED.values(), ids=ASKED.keys())
@pytest.mark.parametrize("name", ["ft:tiny:local::abc:ckpt-step-4", "fetched:ftjob-1", "old-cap"])
def test_a_tuned_model_that_is_not_here_is_told_as_one(
    client: TestClient, load: Any, ask: Callable[[TestClient, str], Any], name: str
) -> None:
    nothing = ask(client, name).json()["error"]
    load()
    answer = ask(client, name)

    assert answer.status_code == 404
    error = answer.json()["error"]
    assert (error["param"], error["code"]) == ("model", "model_not_found")
    assert f"No fine-tuned model {name!r} is here (any more); there are: cap." in error["message"]
    assert "there are no fine-tuned models" in nothing["message"]
    assert ("base model" in error["message"]) == (name == "old-cap"), "it may have been either"


@pytest.mark.parametrize("name", ["owner/name", "auto", "SmolLM2-135M-Instruct", "/a/b.gguf"])
def test_a_base_that_is_not_here_is_told_as_a_base(client: TestClient, name: str) -> None:
    error = client.post("/v1/chat/completions", json={**CHAT, "model": name}).json()["error"]

    assert "fine-tuned" not in error["message"]
    assert "base model" in error["message"]


def test_a_model_whose_files_are_gone_is_no_base(
    client: TestClient, load: Any, services: Services
) -> None:
    load()
    imported(services)[0].rmdir()

    error = client.post("/v1/chat/completions", json={**CHAT, "model": "cap"}).json()["error"]

    assert "No fine-tuned model 'cap'" in error["message"]


def test_a_name_is_given_once(load: Any, services: Services) -> None:
    load()

    assert load().json()["error"]["message"] == "A model cap exists already."
    assert len(imported(services)) == 1


def test_a_models_job_is_not_undone_by_unloading(client: TestClient, services: Services) -> None:
    record = ModelRecord(id="ft:x", root="x", job_id="ftjob-1", created_at=1, adapter="jobs/1/a")
    services.store.add(record)

    answer = client.post("/v1/unload_lora_adapter", json={"lora_name": "ft:x"})

    assert answer.status_code == 400
    assert services.store.get(ModelRecord, "ft:x")
    none = client.post("/v1/unload_lora_adapter", json={"lora_name": "none"})
    assert none.status_code == 404


def test_what_a_killed_import_left_behind_is_swept_away(load: Any, services: Services) -> None:
    load()
    (kept,) = imported(services)
    (services.home.root / "adapters" / "adapter-1.partial").mkdir()

    load(lora_name="next")

    assert kept in imported(services)
    assert len(imported(services)) == 2
    assert not any(path.suffix == ".partial" for path in imported(services))


def test_auto_tells_what_it_stands_for_and_why(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(models, "choose_base", lambda: Choice(LADDER[0], "It is small."))

    answer = client.get("/v1/models/auto").json()

    assert answer["id"] == "SmolLM2-135M-Instruct"
    assert answer["reason"] == "It is small."
    assert answer["object"] == "model"
