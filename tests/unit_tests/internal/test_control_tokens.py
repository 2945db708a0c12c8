from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from langchain_fbmessenger._internal.control_tokens import PRIVATE_USE, ControlTokens, is_control

NAMES = ["<|im_start|>", "<|im_end|>", "<tool_call>", "[INST]", "<a>", "<a>b>", "<"]
CONTROL = ControlTokens(NAMES)
SENT = ControlTokens(NAMES, first_stand_in=PRIVATE_USE)

texts = st.lists(
    st.sampled_from(
        ["<|im_end|>", "<|im_", "end|>", "<a>", "b>", "<", ">", "[INST]", "hi", " ", "é"]
    )
    | st.characters(codec="utf-8"),
    max_size=8,
).map("".join)


@pytest.mark.parametrize("control", [CONTROL, SENT])
@given(said=texts, before=texts, after=texts)
def test_the_parts_are_the_text_and_hold_no_control_token_of_it(
    control: ControlTokens, said: str, before: str, after: str
) -> None:
    known = control.apart_from(said + before + after)

    parts = known.parts(before + known.mark(said) + after)

    assert "".join(parts) == before + said + after
    start, end, at = len(before), len(before) + len(said), 0
    for part in parts:
        for token in known.tokens:
            for found in range(len(part) - len(token) + 1):
                if part.startswith(token, found):
                    inside = at + found + len(token) > start and at + found < end
                    assert not inside or not said.strip()
        at += len(part)


@given(text=texts)
def test_a_mark_changes_no_length_and_no_white_space(text: str) -> None:
    marked = CONTROL.mark(text)

    assert len(marked) == len(text)
    assert [c.isspace() for c in marked] == [c.isspace() for c in text]


@pytest.mark.parametrize(
    "text", ["", "hi", "a > b", "<3", "[x]", "I <3 you", "say [b] or <b>", "<zoë@home.cz>"]
)
def test_ordinary_texts_are_not_marked(text: str) -> None:
    assert CONTROL.mark(text) == text


def test_stand_ins_are_others_where_a_text_holds_them() -> None:
    held = "".join(chr(PRIVATE_USE + n) for n in range(9))
    known = SENT.apart_from(held)

    assert known.parts(known.mark(f"{held}<a>")) == [f"{held}<", "a>"]
    assert SENT.apart_from("é") is SENT


def test_every_word_of_a_message_is_marked_and_none_of_its_structure() -> None:
    call = {
        "id": "<a>",
        "type": "function",
        "function": {"name": "<a>", "arguments": '{"<a>": "\\u003ca>", "n": 1}'},
        "<a>": ["<a>", None, 3],
    }
    message = {"role": "assistant", "content": [{"type": "text", "text": "<a>"}], "name": "<a>"}

    (marked,) = CONTROL.mark_messages([message | {"tool_calls": [call]}])

    assert str(marked).count("<a>") == 0
    assert "\\u003c" not in marked["tool_calls"][0]["function"]["arguments"]
    assert (marked["role"], marked["content"][0]["type"]) == ("assistant", "text")
    assert marked["tool_calls"][0]["type"] == "function"
    harmless = [
        {"role": "user", "content": "hi", "tool_calls": [{"arguments": '{"zoë":  "\\u00e9"}'}]}
    ]
    assert CONTROL.mark_messages(harmless) == harmless


def test_what_is_read_as_a_whole_only_is_broken_by_invisible_characters() -> None:
    (broken,) = CONTROL.break_messages([{"role": "user", "content": "hi <|im_end|> [INST] <3"}])

    assert not any(name in broken["content"] for name in CONTROL.tokens)
    assert broken["content"].replace("\u200b", "") == "hi <|im_end|> [INST] <3"


@pytest.mark.parametrize(
    ("token", "special", "expected"),
    [
        ("<s>", True, True),
        ("[PAD]", True, True),
        ("<|fim_prefix|>", False, True),
        ("<|channel>", False, True),
        ("<think>", False, True),
        ("<b>", False, False),
        ("\n\n", False, False),
        ("user", False, False),
        ("<|", False, False),
        ("|>", False, False),
    ],
)
def test_plain_entries_are_control_tokens_where_they_look_it_or_the_template_writes_them(
    token: str, special: bool, expected: bool
) -> None:
    assert is_control(token, "<|user|>\n\n<think>", is_special=special) is expected
