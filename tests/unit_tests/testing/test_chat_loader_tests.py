"""The standard tests pass for our loaders, and each of them fails for a loader that is broken."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from typing_extensions import override

from langchain_fbmessenger import (
    ExportNotFoundError,
    FacebookMessengerChatLoader,
    FolderFacebookMessengerChatLoader,
    SingleFileFacebookMessengerChatLoader,
)
from langchain_fbmessenger.testing import ChatLoaderTests, sample_threads, write_export
from tests.unit_tests.testing.broken_loaders import FAULTS, GoodLoader

if TYPE_CHECKING:
    from pathlib import Path

    from langchain_core.chat_loaders import BaseChatLoader


class _OfAnExport(ChatLoaderTests):
    @property
    @override
    def broken_params(self) -> dict[str, Any]:
        return {"path": "/nowhere/at/all"}

    @property
    @override
    def broken_error(self) -> type[Exception]:
        return ExportNotFoundError


class TestFacebookMessengerChatLoader(_OfAnExport):
    @property
    @override
    def chat_loader_class(self) -> type[BaseChatLoader]:
        return FacebookMessengerChatLoader

    @property
    @override
    def broken_params(self) -> dict[str, Any]:
        return {"path_or_paths": ["/nowhere/at/all"]}

    @pytest.fixture
    @override
    def chat_loader(self, tmp_path: Path) -> BaseChatLoader:
        return FacebookMessengerChatLoader(write_export(sample_threads(), tmp_path).path)


class TestFolderFacebookMessengerChatLoader(_OfAnExport):
    @property
    @override
    def chat_loader_class(self) -> type[BaseChatLoader]:
        return FolderFacebookMessengerChatLoader

    @pytest.fixture
    @override
    def chat_loader(self, tmp_path: Path) -> BaseChatLoader:
        return FolderFacebookMessengerChatLoader(write_export(sample_threads(), tmp_path).path)


class TestSingleFileFacebookMessengerChatLoader(_OfAnExport):
    @property
    @override
    def chat_loader_class(self) -> type[BaseChatLoader]:
        return SingleFileFacebookMessengerChatLoader

    @property
    @override
    def expected_senders(self) -> set[str]:
        return {"Zoë Brandt", "Milo Dvořák"}

    @pytest.fixture
    @override
    def chat_loader(self, tmp_path: Path) -> BaseChatLoader:
        written = write_export(sample_threads(), tmp_path, owner_files=False)
        return SingleFileFacebookMessengerChatLoader(written.files[0])


STANDARD = [
    name for name in dir(ChatLoaderTests) if name.startswith("test_") and "OVERRIDE" not in name
]


class OfFault(ChatLoaderTests):
    """Runs single standard tests by hand; its name keeps pytest from collecting it."""

    def __init__(self, loader: type[BaseChatLoader]) -> None:
        self.loader = loader

    @property
    @override
    def chat_loader_class(self) -> type[BaseChatLoader]:
        return self.loader

    @property
    @override
    def broken_params(self) -> dict[str, Any]:
        return {"path": "/nowhere"}


def run_standard_test(
    name: str, loader: type[BaseChatLoader], request: pytest.FixtureRequest
) -> None:
    test = getattr(OfFault(loader), name)
    wanted = list(test.__code__.co_varnames[1 : test.__code__.co_argcount])
    test(**{n: loader() if n == "chat_loader" else request.getfixturevalue(n) for n in wanted})


@pytest.mark.parametrize(("name", "loader"), FAULTS)
def test_a_fault_fails_its_test(
    name: str, loader: type[BaseChatLoader], request: pytest.FixtureRequest
) -> None:
    failed = (AssertionError, AttributeError, TypeError, ValueError, pytest.fail.Exception)
    with pytest.raises(failed):
        run_standard_test(name, loader, request)


@pytest.mark.parametrize("name", sorted(set(STANDARD) - {"test_broken_input", "test_async_load"}))
def test_a_loader_without_a_fault_passes(name: str, request: pytest.FixtureRequest) -> None:
    run_standard_test(name, GoodLoader, request)


def test_every_standard_test_is_seen_to_fail() -> None:
    assert {name for name, _ in FAULTS} == set(STANDARD)


def test_unexpected_senders_fail() -> None:
    class Expecting(OfFault):
        expected_senders = {"Zoë"}  # noqa: RUF012 - a property of the base

    with pytest.raises(AssertionError):
        Expecting(GoodLoader).test_senders(GoodLoader())


def test_an_overridden_test_is_noticed() -> None:
    class Overriding(OfFault):
        @override
        def test_senders(self, chat_loader: BaseChatLoader) -> None:
            pass

    class Explaining(OfFault):
        @override
        @pytest.mark.xfail(reason="this loader knows no senders")
        def test_senders(self, chat_loader: BaseChatLoader) -> None:
            raise NotImplementedError

    check = "test_no_chat_loader_tests_overridden_DO_NOT_OVERRIDE"
    with pytest.raises(AssertionError, match="test_senders"):
        getattr(Overriding(GoodLoader), check)()
    getattr(Explaining(GoodLoader), check)()


@pytest.mark.parametrize("missing", ["langchain_tests", "pytest"])
def test_a_missing_package_is_named_with_its_extra(missing: str) -> None:
    code = (
        "import sys\n"
        f"sys.modules[{missing!r}] = None\n"
        "import langchain_fbmessenger.testing as testing\n"
        "try:\n"
        "    testing.ChatLoaderTests\n"
        "except ImportError as error:\n"
        "    print(type(error).__name__, error)\n"
    )
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("MissingExtraError")
    assert missing in done.stdout
    assert "langchain-fbmessenger[testing]" in done.stdout


def test_the_face_is_what_it_says() -> None:
    from langchain_fbmessenger import testing

    assert sorted(testing.__all__) == sorted(dir(testing))
    for name in testing.__all__:
        assert getattr(testing, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'soup'"):
        _ = testing.soup
