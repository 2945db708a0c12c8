from __future__ import annotations

import numpy as np
import pytest

from langchain_fbmessenger.local import adapters, lora, weights
from langchain_fbmessenger.local.masking import IGNORED


def test_the_order_of_rows_is_undone_by_its_reverse() -> None:
    rows = np.arange(24, dtype=np.float32).reshape(12, 2)

    there = adapters.interleaved(rows, heads=2)

    # A head of six rows: its halves (0, 1, 2) and (3, 4, 5) become the pairs 0 3, 1 4 and 2 5.
    assert (there[:6, 0] / 2).tolist() == [0, 3, 1, 4, 2, 5]
    assert weights._half_rotated(there, heads=2).tolist() == rows.tolist()


@pytest.mark.parametrize(
    ("batch_size", "longest", "expected"),
    [(8, 100, (8, 1)), (8, 1000, (2, 4)), (8, 5000, (1, 8)), (3, 1000, (2, 2)), (1, 10, (1, 1))],
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
