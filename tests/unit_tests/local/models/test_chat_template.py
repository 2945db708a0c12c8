"""What a base model's chat template cannot write."""

from __future__ import annotations

from typing import TYPE_CHECKING

import gguf
import pytest

from langchain_fbmessenger.local.models.bases import BaseModelInfo
from langchain_fbmessenger.local.models.chat_template import unsupported_fields

if TYPE_CHECKING:
    from pathlib import Path

TOOLS = {"tools", "tool_choice"}


def base_with(template: str, folder: Path) -> BaseModelInfo:
    writer = gguf.GGUFWriter(folder / "base.gguf", arch="llama")
    writer.add_chat_template(template)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()
    return BaseModelInfo("base", folder / "base.gguf", 512)


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{% for message in messages %}{{ message.content }}{% endfor %}", TOOLS),
        ("{% if tools %}{{ tools }}{% endif %}", set()),
    ],
)
def test_tools_need_a_template_that_shows_them(
    template: str, expected: set[str], tmp_path: Path
) -> None:
    base = base_with(template, tmp_path)
    assert unsupported_fields(base, {"messages", *TOOLS}) == expected
    assert unsupported_fields(base, {"messages"}) == set()
