from __future__ import annotations

import ast
import inspect
import pickle
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
from langchain_core.runnables import RunnableLambda

import langchain_fbmessenger
from langchain_fbmessenger import exceptions

STUB = Path(langchain_fbmessenger.__file__).with_suffix(".pyi")


def test_type_checkers_know_the_public_names() -> None:
    nodes = ast.parse(STUB.read_text(encoding="utf-8")).body
    stubbed = {
        (node.module.removeprefix("langchain_fbmessenger."), alias.asname)
        for node in nodes
        if isinstance(node, ast.ImportFrom) and node.module
        for alias in node.names
    }
    rooms = langchain_fbmessenger._ROOMS.items()
    known = {(room, name) for room, names in rooms for name in names}
    assert stubbed == {("_version", "__version__"), *known}
    (listed,) = [ast.literal_eval(node.value) for node in nodes if isinstance(node, ast.Assign)]
    assert listed == langchain_fbmessenger.__all__


def test_public_names() -> None:
    assert dir(langchain_fbmessenger) == langchain_fbmessenger.__all__
    assert {"FacebookMessengerChatLoader", "__version__"} < {*langchain_fbmessenger.__all__}
    for name in langchain_fbmessenger.__all__:
        assert getattr(langchain_fbmessenger, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = langchain_fbmessenger.nothing


def test_everything_public_is_documented() -> None:
    for name in langchain_fbmessenger.__all__:
        public = getattr(langchain_fbmessenger, name)
        assert name == "__version__" or inspect.getdoc(public)


HEAVY = ["torch", "transformers", "openai", "langchain_openai", "typer", "rich", "starlette"]


@pytest.mark.parametrize(
    ("imported", "absent"),
    [
        ("import langchain_fbmessenger", [*HEAVY, "langchain_core", "selectolax"]),
        ("import langchain_fbmessenger.testing", [*HEAVY, "langchain_core", "pytest"]),
        ("import langchain_fbmessenger.testing.pytest_plugin", [*HEAVY, "langchain_core"]),
        ("from langchain_fbmessenger import FacebookMessengerChatLoader, write_jsonl", HEAVY),
        ("from langchain_fbmessenger import audit_leaks, plant_canaries", HEAVY),
        (
            "from langchain_fbmessenger import PersonaRetriever, persona_chain",
            [*HEAVY, "bm25s", "numpy", "langchain_fbmessenger.privacy"],
        ),
    ],
)
def test_import_is_light(imported: str, absent: list[str]) -> None:
    code = f"import sys; {imported}; print([m for m in {absent!r} if m in sys.modules])"
    done = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_every_error_is_a_messenger_error_and_a_builtin() -> None:
    for name in exceptions.__all__:
        error = getattr(exceptions, name)
        assert issubclass(error, exceptions.MessengerError)
        if error is not exceptions.MessengerError:
            assert any(base.__module__ == "builtins" for base in error.__mro__[1:-3])
        assert name in (exceptions.__doc__ or ""), "the tree in the docstring is complete"


@pytest.mark.parametrize(
    "error",
    [
        exceptions.ExportNotFoundError("gone", path="p"),
        exceptions.MalformedExportError("broken", path="p", index=3),
        exceptions.InvalidExampleError("bad", rule="role", line=2),
        exceptions.MissingExtraError("The server", extra="local", missing="torch"),
        exceptions.FineTuningError("failed", job_id="j", status="failed", code="c"),
    ],
)
def test_errors_cross_process_borders(error: Exception) -> None:
    again = pickle.loads(pickle.dumps(error))  # noqa: S301 - own
    assert (str(again), vars(again)) == (str(error), vars(error))
    assert type(again) is type(error)


def test_missing_extra_names_the_extra() -> None:
    error = exceptions.MissingExtraError("The server", extra="local", missing="torch")
    assert 'pip install "langchain-fbmessenger[local]"' in str(error)
    assert isinstance(error, ImportError)


def test_every_runnable_is_found_again_by_its_serialisation_id(tmp_path: Path) -> None:
    runnables = [
        langchain_fbmessenger.apply_consent(contacts=langchain_fbmessenger.Contacts()),
        langchain_fbmessenger.balance_examples(),
        langchain_fbmessenger.map_ai_messages("Zoe"),
        langchain_fbmessenger.merge_chat_runs(),
        langchain_fbmessenger.pseudonymize_chat_sessions(key=tmp_path / "names.key"),
        langchain_fbmessenger.redact_identifiers(),
        langchain_fbmessenger.split_chat_sessions(),
        langchain_fbmessenger.split_chat_sessions() | langchain_fbmessenger.to_training_examples(),
        langchain_fbmessenger.split_examples(valid=0.2),
        langchain_fbmessenger.to_preference_pairs(),
        langchain_fbmessenger.to_training_examples(),
        langchain_fbmessenger.FineTuner(),
        langchain_fbmessenger.PersonaRetriever(),
        langchain_fbmessenger.persona_chain(
            RunnableLambda(str), langchain_fbmessenger.PersonaRetriever()
        ),
    ]
    for runnable in runnables:
        room, *module, name = runnable.lc_id()
        assert room == "langchain_fbmessenger"
        assert getattr(import_module(".".join([room, *module])), name) is type(runnable)
