from __future__ import annotations

import logging
import sys
from typing import Any

import pytest

from langchain_fbmessenger.exceptions import MissingExtraError
from langchain_fbmessenger.privacy import redact_identifiers
from langchain_fbmessenger.privacy.identifiers import IdentifierFinder, find_identifiers, ids


@pytest.mark.parametrize("options", [{"regions": ["XX"]}, {"regions": "CZ"}, {"kinds": ["phones"]}])
def test_a_stage_says_at_once_that_an_option_is_unknown(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"regions|kinds|several texts"):
        redact_identifiers(**options)


def test_without_the_extra_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "phonenumbers", None)
    with pytest.raises(MissingExtraError, match=r"langchain-fbmessenger\[privacy\]"):
        IdentifierFinder()


def test_presidio_is_asked_for_by_the_texts_that_need_it(monkeypatch: pytest.MonkeyPatch) -> None:
    ids._recognizer.cache_clear()
    monkeypatch.setitem(sys.modules, "presidio_analyzer", None)
    assert find_identifiers("call +420 776 401 372")
    with pytest.raises(MissingExtraError, match=r"presidio-analyzer"):
        find_identifiers("my ssn 383-20-5597")


def test_nothing_of_a_text_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        find_identifiers("ssn 383-20-5597, IBAN CZ65 0800 0000 1920 0014 5399, zoe@example.com")
    assert not [r for r in caplog.records if "383" in r.getMessage() or "zoe" in r.getMessage()]


def test_phones_alone_are_found_in_links_too() -> None:
    text = "https://wa.me/420777123456?token=ab12CD34ef56GH78"
    found = find_identifiers(text, kinds=frozenset({"phone"}))
    assert [text[one.start : one.end] for one in found] == ["420777123456"]
