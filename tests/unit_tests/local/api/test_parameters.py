from __future__ import annotations

import msgspec
import pytest

from langchain_fbmessenger.local.api.errors import ApiError
from langchain_fbmessenger.local.api.parameters import convert, decode


class Inner(msgspec.Struct, forbid_unknown_fields=True):
    n: int = 1


class Body(msgspec.Struct, forbid_unknown_fields=True):
    model: str
    inner: Inner | None = None


@pytest.mark.parametrize(
    ("body", "param", "code"),
    [
        (b'{"model": 5}', "model", None),
        (b"{}", "model", None),
        (b'{"model": "m", "inner": {"n": "x"}}', "inner.n", None),
        (b'{"model": "m", "colour": 1}', "colour", "unsupported_parameter"),
        (b'{"model": "m", "inner": {"m": 1}}', "inner.m", "unsupported_parameter"),
        (b"[]", None, None),
        (b"{", None, None),
        (b"\xff", None, None),
        (b"[" * 100_000, None, None),
    ],
)
def test_a_refusal_names_the_field(body: bytes, param: str | None, code: str | None) -> None:
    with pytest.raises(ApiError) as caught:
        decode(body, Body)

    error = caught.value.body["error"]
    assert caught.value.status == 400
    assert (error["param"], error["code"]) == (param, code)
    assert error["type"] == "invalid_request_error"


def test_text_of_forms_and_queries_is_converted() -> None:
    assert convert({"n": "5"}, Inner).n == 5
    with pytest.raises(ApiError):
        convert({"n": "five"}, Inner)
