"""Bases of the hub: what a job was trained on is what it is served with, whatever the hub does."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from langchain_fbmessenger.local.models.bases import BaseModelError, find_base
from tests.integration_tests.fake_hub import FakeHub, running_hub

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CONFIG = json.dumps({"model_type": "qwen3", "architectures": ["Qwen3ForCausalLM"]}).encode()
NAME = "someone/model"


def model(content: str) -> dict[str, bytes]:
    return {
        "config.json": CONFIG,
        "model.safetensors": content.encode(),
        "tokenizer.json": b"{}",
        "tokenizer_config.json": b'{"chat_template": "{{ messages }}"}',
        "pytorch_model.bin": b"pickle",
        "model.py": b"code",
    }


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    with running_hub() as hub:
        monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", hub.url)
        template = hub.url + "/{repo_id}/resolve/{revision}/{filename}"
        monkeypatch.setattr("huggingface_hub.constants.HUGGINGFACE_CO_URL_TEMPLATE", template)
        monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
        monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
        yield hub


def weights(name: str) -> str:
    return (find_base(name).path / "model.safetensors").read_text()


def test_a_base_is_resolved_once_and_pinned_from_then_on(hub: FakeHub) -> None:
    first = hub.push(NAME, model("first"))

    base = find_base(NAME)

    assert (base.commit, base.pinned_name) == (first, f"{NAME}@{first}")
    assert base.short_name == find_base(base.pinned_name).short_name == "model"
    assert {file.name for file in base.path.iterdir()} == set(model("")) - {
        "pytorch_model.bin", "model.py"
    }  # fmt: skip
    hub.push(NAME, model("second"))
    asked = len(hub.asked)
    assert weights(NAME) == weights(base.pinned_name) == "first"
    assert len(hub.asked) == asked, "what is in the cache is used without the network"


def test_a_pinned_base_is_not_the_branch_that_has_moved(hub: FakeHub, tmp_path: Path) -> None:
    first = hub.push(NAME, model("first"))
    pinned = find_base(NAME).pinned_name
    second = hub.push(NAME, model("second"))
    # As where somebody else has fetched the newest into the same cache.
    assert find_base(f"{NAME}@{second}").commit == second
    (tmp_path / "hub" / "models--someone--model" / "refs" / "main").write_text(second)

    assert weights(NAME) == "second"
    assert weights(pinned) == "first"
    assert find_base(pinned).commit == first


def test_a_pinned_base_is_fetched_again_where_the_cache_was_emptied(
    hub: FakeHub, tmp_path: Path
) -> None:
    hub.push(NAME, model("first"))
    pinned = find_base(NAME).pinned_name
    hub.push(NAME, model("second"))
    (tmp_path / "hub").rename(tmp_path / "gone")

    assert weights(pinned) == "first"


@pytest.mark.parametrize("revision", ["v1", "refs/pr/1", "commit", "short"])
def test_a_revision_may_be_named(hub: FakeHub, revision: str) -> None:
    first = hub.push(NAME, model("first"), ref="v1")
    hub.refs[NAME]["refs/pr/1"] = first
    hub.push(NAME, model("second"))
    named = {"commit": first, "short": first[:8]}.get(revision, revision)

    base = find_base(f"{NAME}@{named}")

    assert base.commit == first
    assert base.pinned_name == f"{NAME}@{first}"
    assert weights(f"{NAME}@{named}") == "first"
    assert weights(NAME) == "second"


def test_one_file_is_pinned_as_a_folder_is(hub: FakeHub) -> None:
    hub.push(NAME, {"a.gguf": b"first", "b.gguf": b"x"})

    # It is not a GGUF, but it was fetched, and by its commit.
    with pytest.raises(BaseModelError, match="cannot be used"):
        find_base(f"{NAME}/a.gguf")

    commit = hub.refs[NAME]["main"]
    assert [one for one in hub.asked if "resolve" in one and commit not in one] == []


@pytest.mark.parametrize(
    "revision", ["nowhere", "0" * 40, "../../x", "a b", "-x", "x" * 300, "a//b", "é"]
)
def test_a_revision_that_is_none_is_missing(hub: FakeHub, tmp_path: Path, revision: str) -> None:
    hub.push(NAME, model("first"))

    with pytest.raises(BaseModelError) as caught:
        find_base(f"{NAME}@{revision}")

    assert caught.value.is_missing
    assert not (tmp_path / "x").exists()
