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
    FineTuner,
    InvalidOptionError,
    MalformedFileError,
    MessengerError,
    MissingFolderError,
    UnknownProviderError,
    check_examples,
    exceptions,
    map_ai_messages,
    merge_chat_runs,
    pseudonymize_chat_sessions,
    redact_identifiers,
    split_chat_sessions,
    split_examples,
    to_training_examples,
    write_jsonl,
    write_training_file,
)
from langchain_fbmessenger.fine_tuning import find_provider
from langchain_fbmessenger.fine_tuning.providers import CompatibleProvider, OpenAIProvider
from langchain_fbmessenger.fine_tuning.providers.azure_deployment import AzureAccount

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
    # A function that lacks an option, or does not know one, says so as all functions do.
    ("sessions/functions.py", "TypeError"),
    # In the words of the system, which says it itself where the folder has to be made.
    ("_internal/home.py", "OSError"),
    # Caught within the room, and counted as an unreadable file.
    ("exports/discovery/files.py", "OSError"),
    # A broken table of this package: seen while developing it, never by users.
    ("_internal/package_tables.py", "ValueError"),
    # Caught within the local server: users get an answer of OpenAI's shape, or a job that failed.
    ("local/models/adapters.py", "ValueError"),
    ("local/api/chat_body.py", "ValueError"),
    ("local/models/gguf_header.py", "ValueError"),
    ("local/process/regular_files.py", "ValueError"),
    ("local/jobs/store.py", "KeyError"),
    # Caught where an index is read from a file, which then is refused.
    ("retrieval/index.py", "ValueError"),
}


def plain_errors() -> Iterator[tuple[str, str]]:
    for path in sorted(ROOT.rglob("*.py")):
        place = path.relative_to(ROOT)
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
    "format": (
        lambda p: write_training_file([example()], p / "x.jsonl", format="opnai"),
        ValueError,
    ),
    "gap": (lambda _: split_chat_sessions(gap="soon"), ValueError),
    "max_gap": (lambda _: merge_chat_runs(max_gap="soon"), ValueError),
    "sender": (lambda _: map_ai_messages(sender=[]), ValueError),
    "number": (lambda _: to_training_examples(max_messages=0), ValueError),
    "tokenizer": (lambda _: check_examples([example()], tokenizer=7), TypeError),
    "share": (lambda _: split_examples(valid=2), ValueError),
    "source": (lambda _: split_examples([example()]), ValueError),
    "region": (lambda _: redact_identifiers(regions=["XX"]), ValueError),
    "kind": (lambda _: redact_identifiers(kinds=["fax"]), ValueError),  # type: ignore[list-item]
    "one kind": (lambda _: redact_identifiers(kinds="phone"), ValueError),  # type: ignore[arg-type]
    "kinds": (lambda _: redact_identifiers(kinds=7), ValueError),  # type: ignore[call-overload]
    "regions": (lambda _: redact_identifiers(regions=7), ValueError),  # type: ignore[call-overload]
    "keep": (
        lambda p: pseudonymize_chat_sessions(key=p / "k", keep=b"hush"),  # type: ignore[call-overload]
        ValueError,
    ),
    "no key": (lambda _: pseudonymize_chat_sessions(key=None), ValueError),  # type: ignore[call-overload]
    "key": (lambda p: list(pseudonymize_chat_sessions([], key=p)), ValueError),
    "folder": (lambda p: write_jsonl([example()], p / "no" / "x.jsonl"), FileNotFoundError),
    "attachments": (
        lambda p: FacebookMessengerChatLoader(p, attachments="all"),  # type: ignore[arg-type]
        ValueError,
    ),
    "time zone": (lambda p: FacebookMessengerChatLoader(p, timezone="Mars"), ValueError),
    "no path": (lambda _: FacebookMessengerChatLoader([]).load(), ValueError),
    "when": (lambda p: FacebookMessengerChatLoader(p, since="soon"), ValueError),
    "no examples": (lambda _: check_examples(7), TypeError),  # type: ignore[arg-type]
    "no examples to export": (
        lambda p: write_training_file("x", p / "x.jsonl", format="openai"),  # type: ignore[arg-type]
        TypeError,
    ),
    "no examples to write": (
        lambda p: write_jsonl(example(), p / "x.jsonl"),
        TypeError,
    ),
    "tuner's provider": (lambda _: FineTuner(provider="nobody"), LookupError),
    "provider of another kind": (lambda _: FineTuner(provider=7), TypeError),  # type: ignore[arg-type]
    "class of a provider": (
        lambda _: FineTuner(provider=OpenAIProvider),  # type: ignore[arg-type]
        TypeError,
    ),
    "provider's address": (lambda _: CompatibleProvider(base_url="host"), ValueError),
    "address without encryption": (lambda _: FineTuner(provider="http://host/v1"), ValueError),
    "provider's rules": (
        lambda _: CompatibleProvider(base_url="https://host/v1", rules="opnai"),
        LookupError,
    ),
    "suffix": (lambda _: FineTuner(provider="azure", suffix="a.b"), ValueError),
    "setting": (lambda _: FineTuner(provider="openai", lora_rank=8), ValueError),
    "tuner's number": (lambda _: FineTuner(n_epochs=0), ValueError),
    "tuner's option": (lambda _: FineTuner(epochs=1), ValueError),  # type: ignore[call-arg]
    "option set again": (
        lambda _: setattr(FineTuner(), "system", "hush"),
        ValueError,
    ),
    "account": (lambda _: AzureAccount(subscription=7), ValueError),  # type: ignore[call-arg, arg-type]
}


@pytest.mark.parametrize("wrong", WRONG)
def test_wrong_options_are_errors_of_the_tree(wrong: str, tmp_path: Path) -> None:
    make, builtin = WRONG[wrong]
    with pytest.raises(MessengerError) as caught:
        make(tmp_path)
    assert isinstance(caught.value, builtin)
    copied = pickle.loads(pickle.dumps(caught.value))  # noqa: S301 - own
    assert (type(copied), str(copied)) == (type(caught.value), str(caught.value))
    assert "hush" not in str(caught.value)


def test_unknown_providers_and_options_come_with_the_nearest_known() -> None:
    with pytest.raises(UnknownProviderError, match="Did you mean 'together'") as caught:
        check_examples([example()], provider="togehter")
    assert caught.value.suggestions == ["together"]
    assert isinstance(caught.value, LookupError)
    for find in (find_provider, lambda name: FineTuner(provider=name)):
        with pytest.raises(UnknownProviderError, match=r"https://host/v1.*mean 'nebius'") as found:
            find("nebuis")
        assert found.value.suggestions == ["nebius"]
    with pytest.raises(InvalidOptionError, match=r"n_epoch:.*Did you mean 'n_epochs'"):
        FineTuner(n_epoch=3)  # type: ignore[call-arg]
    with pytest.raises(InvalidOptionError, match=r"delimeter.*Did you mean 'delimiter'"):
        type(merge_chat_runs())(delimeter="x")


def test_files_of_ours_that_are_something_else(tmp_path: Path) -> None:
    file = tmp_path / "contacts.toml"
    file.write_text("hello", encoding="utf-8")
    with pytest.raises(MalformedFileError):
        package.apply_consent(contacts=file)
    with pytest.raises(MalformedFileError):
        list(pseudonymize_chat_sessions([], key=file))
    with pytest.raises(MissingFolderError, match="no folder"):
        write_jsonl([example()], tmp_path / "no" / "x.jsonl")
