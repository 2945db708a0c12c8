from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from langchain_fbmessenger.local.models import auto_base
from langchain_fbmessenger.local.models.auto_base import Memory
from langchain_fbmessenger.local.models.hub import HubError
from langchain_fbmessenger.local.models.ladder import LADDER, markdown_table

if TYPE_CHECKING:
    from langchain_fbmessenger.local.models.ladder import CatalogModel

DOCS = Path(__file__).parents[4] / "docs" / "base-models.md"
GB = 1_000_000_000


def test_the_table_in_the_docs_is_that_of_the_ladder() -> None:
    assert markdown_table() in DOCS.read_text(encoding="utf-8")


def test_the_ladder_goes_up() -> None:
    sizes = [row.parameters for row in LADDER]

    assert sizes == sorted(sizes)
    assert len({row.name for row in LADDER}) == len(LADDER)


@pytest.mark.parametrize("row", LADDER, ids=lambda row: row.name)
def test_the_figures_of_a_row_belong_together(row: CatalogModel) -> None:
    """A slip of a digit in one of them would show in their ratio."""
    layer = row.hidden * (2 * row.hidden + 2 * row.kv_width + 3 * row.feed_forward)
    embeddings = row.parameters - row.layers * layer
    assert 0 < embeddings / row.hidden < 350_000  # vocabulary, twice if not tied, q wider at times
    assert 0.5 <= row.gguf_bytes / row.parameters <= 1.1
    assert row.measured.train_f32 or row.train_bytes("f32") > row.train_bytes("bf16")
    assert row.train_bytes("bf16") > 2 * row.parameters
    assert row.train_bytes("bf16") > row.train_bytes("4bit") > row.parameters / 2


def nowhere(_: CatalogModel) -> bool:
    return False


def anywhere(_: CatalogModel) -> bool:
    return True


def no_hub(_: CatalogModel) -> bool:
    raise HubError


@pytest.mark.parametrize(
    ("device", "gigabytes", "chosen"),
    [
        ("CPU", 4, "SmolLM2-135M-Instruct"),
        ("CPU", 16, "Qwen3-0.6B"),
        ("CPU", 512, "Qwen3-0.6B"),
        ("GPU", 1, "SmolLM2-135M-Instruct"),
        ("GPU", 12, "Qwen3-1.7B"),
        ("GPU", 24, "Qwen3-4B-Instruct-2507"),
        ("GPU", 80, "Qwen3-8B"),
    ],
)
def test_the_largest_that_fits_is_chosen(device: str, gigabytes: int, chosen: str) -> None:
    choice = auto_base.pick(Memory(device, gigabytes * GB), nowhere, anywhere)

    assert choice.row.name == chosen
    assert f"this machine has {gigabytes}.0 GB of {device} memory" in choice.reason


def test_no_terms_are_accepted_on_the_users_behalf() -> None:
    chosen = {
        auto_base.pick(Memory("GPU", size * GB), anywhere, anywhere).row.licence
        for size in range(1, 100)
    }

    assert chosen == {"Apache-2.0"}


def test_what_is_not_to_be_had_is_told() -> None:
    here = {"SmolLM2-135M-Instruct"}
    room = Memory("GPU", 12 * GB)

    choice = auto_base.pick(room, lambda row: row.name in here, no_hub)

    assert choice.row.name == "SmolLM2-135M-Instruct"
    assert "as the hub cannot be reached: Qwen3-1.7B, Qwen3-0.6B." in choice.reason
    refused = auto_base.pick(room, lambda row: row.name in here, nowhere)
    assert "as the hub does not give them: Qwen3-1.7B, Qwen3-0.6B." in refused.reason


def test_a_hub_that_is_down_is_asked_once() -> None:
    asked = []

    def ask(row: CatalogModel) -> bool:
        asked.append(row)
        raise HubError

    auto_base.pick(Memory("GPU", 80 * GB), nowhere, ask)

    assert len(asked) == 1


def test_what_is_here_is_taken_without_asking_the_hub() -> None:
    choice = auto_base.pick(Memory("CPU", 16 * GB), lambda row: row.name == "Qwen3-0.6B", no_hub)

    assert choice.row.name == "Qwen3-0.6B"


@pytest.fixture
def no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auto_base, "_gpu_bytes", lambda: 0)


@pytest.mark.usefixtures("no_gpu")
@pytest.mark.parametrize(
    ("own", "files", "limit"),
    [
        ("0::/a/b", {"a/memory.max": "5000", "a/b/memory.max": "max"}, 5000),
        ("0::/a/b", {"a/memory.max": "5000", "a/b/memory.max": "3000\n"}, 3000),
        ("0::/", {"memory.max": "4000"}, 4000),
        ("5:memory:/c\n1:cpu:/c", {"memory/c/memory.limit_in_bytes": "6000"}, 6000),
        ("0::/gone", {}, None),
    ],
)
def test_a_containers_limit_counts(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    own: str,
    files: dict[str, str],
    limit: int | None,
) -> None:
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content)
    (tmp_path / "own").write_text(own)
    monkeypatch.setattr(auto_base, "_CGROUP_ROOT", tmp_path)
    monkeypatch.setattr(auto_base, "_OWN_CGROUP", tmp_path / "own")

    expected = psutil.virtual_memory().total if limit is None else limit
    assert auto_base.measure() == Memory("CPU", expected)


@pytest.mark.parametrize(
    ("torch", "listed", "expected"),
    [
        ("2.13.0+cu126", "24564\n24564\n", 24564 << 20),
        ("2.13.0+cpu", "24564\n", 0),  # such a torch would not use it
        ("2.13.0", "No devices were found\n", 0),
        ("2.13.0", FileNotFoundError(), 0),
        ("2.13.0", subprocess.TimeoutExpired("nvidia-smi", 1), 0),
    ],
)
def test_the_gpu_is_asked_for_without_torch(
    monkeypatch: pytest.MonkeyPatch, torch: str, listed: str | Exception, expected: int
) -> None:
    def run(*_: object, **__: object) -> subprocess.CompletedProcess[str]:
        if isinstance(listed, Exception):
            raise listed
        return subprocess.CompletedProcess([], 0, stdout=listed)

    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setattr(auto_base.metadata, "version", lambda _: torch)

    assert auto_base._gpu_bytes() == expected
