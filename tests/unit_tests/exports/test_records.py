from __future__ import annotations

import pytest

from langchain_fbmessenger.exports.records import Extra, Message, Messages

MESSAGES = Messages(
    ["Zoë", "Milo", "Zoë", "Bo"],
    [1, 2, 3, 4],
    ["hi", None, "so?", ""],
    # Newest first, as behind `turned_round`.
    {3: Extra(system="call"), 1: Extra(system="unsent"), 0: Extra(system="poll")},
)


@pytest.mark.parametrize(
    "wanted", [["x"] * 4, [0] * 4, [1, None, "", True], [0, 1, 0, 1], [0, 0, 1, 1], [1, 1, 0, 0]]
)
def test_where_keeps_the_messages_whose_flag_is_true(wanted: list[object]) -> None:
    kept = [index for index, flag in enumerate(wanted) if flag]
    assert MESSAGES.where(wanted) == MESSAGES.chosen(kept)
    assert MESSAGES.where(wanted) == [MESSAGES[index] for index in kept]
    assert len(MESSAGES) == 4
    assert MESSAGES[1] == Message("Milo", 2, system="unsent")
