from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from langchain_fbmessenger import apply_consent, pseudonymize_chat_sessions, redact_identifiers
from langchain_fbmessenger.privacy.stage import PseudonymizeChatSessions

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("option", ["keep", "people", "regions"])
def test_a_single_text_is_not_taken_for_its_letters(tmp_path: Path, option: str) -> None:
    options: dict[str, Any] = {option: "Milo"}
    with pytest.raises(ValueError, match="several texts: put a single one into a list"):
        pseudonymize_chat_sessions(key=tmp_path / "k", **options)
    with pytest.raises(ValueError, match="several texts: put a single one into a list"):
        PseudonymizeChatSessions(key=tmp_path / "k", **options)


def test_several_texts_may_come_as_anything(tmp_path: Path) -> None:
    stage = pseudonymize_chat_sessions(
        key=tmp_path / "k", keep=iter(["Milo"]), people={"Zoë"}, regions=["cz", "US"]
    )
    assert (stage.keep, stage.people, stage.regions) == (("Milo",), ("Zoë",), ("CZ", "US"))
    assert apply_consent(forget=iter(["Milo"])).forget == ("Milo",)


def test_unknown_regions_are_named() -> None:
    with pytest.raises(ValueError, match="no such region: XX"):
        redact_identifiers(regions=["cz", "xx"])
