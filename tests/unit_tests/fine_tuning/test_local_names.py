"""Names of bases and folders on their way to the local server, as different locales give them."""

from __future__ import annotations

import pytest

from langchain_fbmessenger import FineTuningError
from langchain_fbmessenger.fine_tuning.providers.local import as_text


@pytest.mark.parametrize("name", ["zoë/人.gguf", "owner/name@v1", "SmolLM2-135M-Instruct", "🦊"])
@pytest.mark.parametrize("locale", ["utf-8", "ascii"])
def test_a_name_is_the_same_text_under_any_locale(name: str, locale: str) -> None:
    assert as_text(name.encode().decode(locale, "surrogateescape")) == name


@pytest.mark.parametrize(
    "name", [b"bad\xff.gguf", b"\xc3", "\ud83e".encode("utf-8", "surrogatepass")]
)
def test_a_name_that_is_no_text_is_an_error_of_ours(name: bytes) -> None:
    with pytest.raises(FineTuningError, match="not UTF-8") as caught:
        as_text(name.decode("utf-8", "surrogateescape"))
    str(caught.value).encode()
