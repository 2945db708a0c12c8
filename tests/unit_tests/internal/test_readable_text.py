from __future__ import annotations

import pytest

from langchain_fbmessenger._internal.readable_text import plain_text, plain_texts


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Milo", "Milo"),
        ("❤\ufe0f Milo", "❤ Milo"),
        ("👨\u200d👩 Mi\u200blo", "👨👩 Milo"),
        ("one\ntwo ❤\ufe0f", "one\ntwo ❤"),
        ("M\ufe0fi\u0301\u200dlo \uff2d", "Mílo M"),
        ("a\1b", "ab"),
        ("\ufe0f", ""),
        ("", ""),
    ],
)
def test_texts_are_plain_alone_and_beside_others(text: str, plain: str) -> None:
    assert plain_text(text) == plain
    for others in ([], ["so?"], ["2\n3"], ["❤\ufe0f"], ["\u200b"], ["Zoë \uff2d", ""]):
        assert [*plain_texts([text, *others])] == [plain, *map(plain_text, others)]


def test_texts_without_signs_are_the_very_same() -> None:
    texts = ["Zoë 😂", "kde jsi?\n"]
    assert plain_texts(texts) is texts
    assert plain_text(texts[0]) is texts[0]
