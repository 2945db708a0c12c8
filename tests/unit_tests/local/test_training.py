from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from langchain_fbmessenger.local.models import adapters, weights
from langchain_fbmessenger.local.process.children import child_environment
from langchain_fbmessenger.local.process.home import locked
from langchain_fbmessenger.local.training import lora, train
from langchain_fbmessenger.local.training.masking import IGNORED

if TYPE_CHECKING:
    from pathlib import Path


def test_the_order_of_rows_is_undone_by_its_reverse() -> None:
    rows = np.arange(24, dtype=np.float32).reshape(12, 2)

    there = adapters.interleaved(rows, heads=2)

    # A head of six rows: its halves (0, 1, 2) and (3, 4, 5) become the pairs 0 3, 1 4 and 2 5.
    assert (there[:6, 0] / 2).tolist() == [0, 3, 1, 4, 2, 5]
    assert weights._half_rotated(there, heads=2).tolist() == rows.tolist()


@pytest.mark.parametrize(
    ("batch_size", "longest", "expected"),
    [
        (8, 100, (8, 1)),
        (8, 300, (4, 2)),  # six would fit, but make twelve of eight
        (8, 1000, (2, 4)),
        (8, 5000, (1, 8)),
        (3, 1000, (1, 3)),
        (1, 10, (1, 1)),
    ],
)
def test_long_chats_are_taken_in_parts(
    batch_size: int, longest: int, expected: tuple[int, int]
) -> None:
    assert lora._cut(batch_size, longest) == expected


def test_padding_is_on_the_right_and_learns_nothing() -> None:
    batch = lora._pad(
        [{"input_ids": [5, 6, 7], "labels": [IGNORED, 6, 7]}, {"input_ids": [8], "labels": [8]}]
    )

    assert batch["input_ids"].tolist() == [[5, 6, 7], [8, 0, 0]]
    assert batch["labels"].tolist() == [[IGNORED, 6, 7], [8, IGNORED, IGNORED]]
    assert batch["n_tokens"].tolist() == [3, 1]


def test_several_processes_are_refused_where_only_one_was_started(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    train._check_gpus(1)
    with pytest.raises(train._JobError) as caught:
        train._check_gpus(2)
    assert caught.value.failed.param == "compute"

    monkeypatch.setenv("WORLD_SIZE", "2")
    train._check_gpus(2)


def test_a_child_does_not_write_beside_another(tmp_path: Path) -> None:
    """As of a server that was killed: it is gone only when it has seen that."""
    code = (
        "import pathlib, sys; from langchain_fbmessenger.local.training import train; "
        "train._PREDECESSOR_SECONDS = 0.0; sys.exit(train.main(pathlib.Path(sys.argv[1])))"
    )
    with (
        locked(tmp_path / "training.lock", timeout=0),
        subprocess.Popen(  # noqa: S603  # our own
            [sys.executable, "-c", code, str(tmp_path)],
            stdin=subprocess.PIPE,
            env=child_environment(),
        ) as second,
    ):
        assert second.wait(60) == 143


def test_the_order_of_an_epoch_hangs_on_seed_and_epoch_alone() -> None:
    lengths = list(range(1, 401))
    sampler = lora._EpochSampler(4, lengths=lengths, seed=3)
    first = list(sampler)
    sampler.set_epoch(1)
    second = list(sampler)
    torch.manual_seed(99)
    again = lora._EpochSampler(4, lengths=lengths, seed=3)
    again.set_epoch(1)

    assert sorted(first) == sorted(second) == list(range(400))
    batches = [first[at : at + 4] for at in range(0, 400, 4)]
    spread = [max(batch) - min(batch) for batch in batches]
    assert sum(spread) / len(spread) < 40  # of 240 at random
    longest = [max(batch) for batch in batches]
    assert longest != sorted(longest, reverse=True)
    assert first != second
    assert list(again) == second


def test_a_batch_that_is_not_full_comes_last() -> None:
    sampler = lora._EpochSampler(4, lengths=[9, 1, 5, 3, 7, 8], seed=0)

    assert sorted(sampler) == list(range(6))
    assert len(list(sampler)) == 6
