"""What is loaded of models is loaded by commit, or from a folder: told by the code itself."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import langchain_fbmessenger
from langchain_fbmessenger.local.models.hub import HubError, HubName, commit_of

PACKAGE = Path(langchain_fbmessenger.__file__).parent
FETCHING = {"hf_hub_download", "snapshot_download", "model_info", "try_to_load_from_cache"}


def calls() -> list[tuple[Path, ast.Call, str]]:
    found = []
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                name = getattr(node.func, "attr", getattr(node.func, "id", ""))
                if name in FETCHING or name in {"from_pretrained", "load_dataset"}:
                    found.append((path, node, name))
    return found


def test_whatever_asks_the_hub_names_a_revision() -> None:
    asking = [(path, node) for path, node, name in calls() if name in FETCHING]

    assert {path.name for path, _ in asking} == {"hub.py", "tokens.py"}
    for path, node in asking:
        assert "revision" in {word.arg for word in node.keywords}, f"{path}:{node.lineno}"


def test_whatever_is_loaded_is_loaded_from_a_folder() -> None:
    loading = [(path, node) for path, node, name in calls() if name not in FETCHING]

    assert loading
    for path, node in loading:
        given = {word.arg: ast.unparse(word.value) for word in node.keywords}
        is_adapter = ast.unparse(node.func) == "PeftModel.from_pretrained"
        in_one_place = path.name == "loading.py" and given.get(None) in {
            "_FROM_HERE",
            "options",
        }
        assert is_adapter or in_one_place or given.get("local_files_only") == "True", (
            f"{path}:{node.lineno}"
        )


@pytest.mark.parametrize("revision", ["", "..", "../x", "a/../b", "a b", "/a", "a\nb", "-a", "é"])
def test_what_cannot_be_a_revision_is_refused(revision: str) -> None:
    with pytest.raises(HubError):
        HubName("owner/name", revision)


def test_the_commit_is_that_of_the_cache_and_of_nothing_else() -> None:
    commit = "0123456789" * 4
    cached = Path("hub/models--o--n/snapshots", commit)

    assert commit_of(cached) == commit_of(cached / "x" / "a.gguf") == commit
    for path in (Path("snapshots/main/a"), Path(commit, "a.gguf"), Path("a.gguf"), Path()):
        assert commit_of(path) == ""
