"""Every error that a user may meet is one of the tree, and the builtin that older code expects."""

from __future__ import annotations

import ast
import pickle
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import langchain_fbmessenger as package
from langchain_fbmessenger import (
    FacebookMessengerChatLoader,
    InvalidOptionError,
    MalformedFileError,
    MessengerError,
    MissingFolderError,
    UnknownProviderError,
    check_examples,
    exceptions,
    export_examples,
    map_ai_messages,
    merge_chat_runs,
    pseudonymize_chat_sessions,
    redact_identifiers,
    split_chat_sessions,
    split_examples,
    to_training_examples,
    write_jsonl,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(package.__file__).parent
PLAIN = {
    *("Exception", "ValueError", "TypeError", "KeyError", "IndexError", "LookupError"),
    *("RuntimeError", "OSError", "FileNotFoundError", "FileExistsError", "TimeoutError"),
    *("NotADirectoryError", "IsADirectoryError", "PermissionError", "ImportError"),
    *("AttributeError", "NotImplementedError"),
}
ALLOWED = {
    # A module that lacks a name says so as all modules do.
    ("__init__.py", "AttributeError"),
    ("testing/__init__.py", "AttributeError"),
    # Caught within the room, and counted as an unreadable file.
    ("exports/_source.py", "OSError"),
    # A table of this package that is broken: seen by whoever builds it, by nobody who uses it.
    ("exports/_system_tables.py", "ValueError"),
}
OTHERS = ("fine_tuning", "local")  # rooms with errors of the wire, told by their own tests


def plain_errors() -> Iterator[tuple[str, str]]:
    for path in sorted(ROOT.rglob("*.py")):
        place = path.relative_to(ROOT)
        if place.parts[0] in OTHERS:
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Raise) and node.exc is not None:
                raised = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
                if isinstance(raised, ast.Name) and raised.id in PLAIN:
                    yield place.as_posix(), raised.id


def test_no_plain_error_is_raised() -> None:
    assert set(plain_errors()) == ALLOWED


def test_each_error_is_a_builtin_too_and_public() -> None:
    for name in exceptions.__all__:
        error = getattr(exceptions, name)
        assert name in package.__all__
        assert issubclass(error, MessengerError)
        if error is not MessengerError:
            builtins = [c for c in error.__mro__ if c.__module__ == "builtins"]
            assert builtins[0] not in {Exception, BaseException, object}, name


def example(**more: Any) -> Any:
    turns = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]
    return {"messages": turns, **more}


WRONG: dict[str, tuple[Callable[[Path], Any], type[Exception]]] = {
    "provider": (lambda _: check_examples([example()], provider="nobody"), ValueError),
    "format": (lambda p: export_examples([example()], p / "x.jsonl", format="opnai"), ValueError),
    "gap": (lambda _: split_chat_sessions(gap="soon"), ValueError),
    "max_gap": (lambda _: merge_chat_runs(max_gap="soon"), ValueError),
    "sender": (lambda _: map_ai_messages(sender=[]), ValueError),
    "number": (lambda _: to_training_examples(max_messages=0), ValueError),
    "tokenizer": (lambda _: check_examples([example()], tokenizer=7), TypeError),
    "share": (lambda _: split_examples(valid=2), ValueError),
    "source": (lambda _: split_examples([example()]), ValueError),
    "region": (lambda _: redact_identifiers(regions=["XX"]), ValueError),
    "kind": (lambda _: redact_identifiers(kinds=["fax"]), ValueError),  # type: ignore[list-item]
    "key": (lambda p: list(pseudonymize_chat_sessions([], key=p)), ValueError),
    "folder": (lambda p: write_jsonl([example()], p / "no" / "x.jsonl"), FileNotFoundError),
    "attachments": (
        lambda p: FacebookMessengerChatLoader(p, attachments="all"),  # type: ignore[arg-type]
        ValueError,
    ),
    "time zone": (lambda p: FacebookMessengerChatLoader(p, timezone="Mars"), ValueError),
    "no path": (lambda _: FacebookMessengerChatLoader([]).load(), ValueError),
    "when": (lambda p: FacebookMessengerChatLoader(p, since="soon"), ValueError),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_wrong_options_are_errors_of_the_tree(wrong: str, tmp_path: Path) -> None:
    make, builtin = WRONG[wrong]
    with pytest.raises(MessengerError) as caught:
        make(tmp_path)
    assert isinstance(caught.value, builtin)
    copied = pickle.loads(pickle.dumps(caught.value))  # noqa: S301 - own
    assert (type(copied), str(copied)) == (type(caught.value), str(caught.value))


def test_unknown_providers_and_options_come_with_the_nearest_known() -> None:
    with pytest.raises(UnknownProviderError, match="Did you mean 'together'") as caught:
        check_examples([example()], provider="togehter")
    assert caught.value.suggestions == ["together"]
    assert isinstance(caught.value, LookupError)
    with pytest.raises(InvalidOptionError, match=r"delimeter.*Did you mean 'delimiter'"):
        type(merge_chat_runs())(delimeter="x")


def test_files_of_ours_that_are_none(tmp_path: Path) -> None:
    file = tmp_path / "contacts.toml"
    file.write_text("hello", encoding="utf-8")
    with pytest.raises(MalformedFileError):
        package.apply_consent(contacts=file)
    with pytest.raises(MalformedFileError):
        list(pseudonymize_chat_sessions([], key=file))
    with pytest.raises(MissingFolderError, match="no folder"):
        write_jsonl([example()], tmp_path / "no" / "x.jsonl")
