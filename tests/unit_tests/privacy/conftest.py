"""The same secrets in each run: which names are invented, and how they decline, is no chance."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from langchain_fbmessenger.privacy.names import key_file

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True, scope="module")
def no_chance_in_keys() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(key_file.secrets, "token_bytes", random.Random(7).randbytes)  # noqa: S311
        yield
