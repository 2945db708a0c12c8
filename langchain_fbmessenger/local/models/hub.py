"""Take base models of the Hugging Face hub from the cache, or download them into it.

A branch moves, a commit does not: what is fetched is named by its commit, which a branch or tag is
resolved to once, when it is first fetched. By its commit the very same files are found later.
What lies in the cache is used without asking the network: a served model is looked up again with
each request. Only GGUF, safetensors, JSON and tokenizer files are ever fetched; pickle and code
are not.
"""

from __future__ import annotations

import re
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from langchain_fbmessenger._internal.home import write_private

if TYPE_CHECKING:
    from collections.abc import Callable

ResultT = TypeVar("ResultT")

_SAFETENSORS_PATTERNS = ["*.safetensors", "*.json", "*.jinja", "tokenizer.model", "merges.txt",
                         "vocab.txt"]  # fmt: skip
_WITHIN_FOLDERS = ["*/*"]
"""Folders within a repository hold the weights again in other formats."""
_PATIENCE_SECONDS = 4.0
_BRANCH = "main"
_COMMIT = re.compile("[0-9a-f]{40}")
_REVISION = re.compile(r"\w[\w.-]*(/\w[\w.-]*)*", re.ASCII)


class HubError(Exception):
    """A repository or file of the hub cannot be had; the message is for the user."""


@dataclass(frozen=True)
class HubName:
    """A repository of the hub at a revision: `owner/name`, or `owner/name@revision`.

    Attributes:
        repo: Its owner and name.
        revision: A branch, a tag or a commit.

    Raises:
        HubError: The revision cannot be one.
    """

    repo: str
    revision: str = _BRANCH

    def __post_init__(self) -> None:
        if not _REVISION.fullmatch(self.revision):  # it becomes a part of addresses and paths
            msg = f"{self.revision[:100]!r} is not a revision of {self.repo}."
            raise HubError(msg)

    def __str__(self) -> str:
        return self.repo if self.revision == _BRANCH else f"{self.repo}@{self.revision}"


def without_revision(name: str) -> tuple[str, str]:
    """Split what a user wrote into a name and the revision behind its `@`, `main` without one."""
    plain, _, revision = name.partition("@")
    return plain, revision or _BRANCH


def commit_of(path: Path) -> str:
    """Return the commit that a file or folder of the hub's cache is of; nothing for others."""
    for folder, parent in zip((path, *path.parents), path.parents, strict=False):
        if parent.name == "snapshots" and _COMMIT.fullmatch(folder.name):
            return folder.name
    return ""


def cached_file(repo: HubName, file: str) -> Path | None:
    """Return a file of a repository if it was downloaded before."""
    from huggingface_hub import try_to_load_from_cache

    try:
        found = try_to_load_from_cache(repo.repo, file, revision=repo.revision)
    except ValueError:  # not a valid name of a file there
        return None
    return Path(found) if isinstance(found, str) else None


def cached_folder(repo: HubName) -> Path | None:
    """Return the folder of a repository's files that were downloaded before."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    for patterns in (_SAFETENSORS_PATTERNS, ["*.gguf"]):
        # The library knows what it would have fetched: what we never fetch must not be missed.
        with suppress(LocalEntryNotFoundError, HFValidationError):
            return Path(
                snapshot_download(
                    repo.repo,
                    revision=repo.revision,
                    local_files_only=True,
                    allow_patterns=patterns,
                    ignore_patterns=_WITHIN_FOLDERS,
                )
            )
    return None


def download_file(repo: HubName, file: str) -> Path:
    """Return a file of a repository, downloaded if need be.

    Raises:
        HubError: It cannot be had.
    """
    if cached := cached_file(repo, file):
        return cached
    from huggingface_hub import hf_hub_download

    commit, _ = _contents(repo)
    path = _asked(f"{repo}/{file}", lambda: hf_hub_download(repo.repo, file, revision=commit))
    _remember(repo, Path(path))
    return Path(path)


def download_folder(repo: HubName) -> Path:
    """Return a folder with the one GGUF file of a repository, or with its safetensors.

    Raises:
        HubError: It cannot be had, or holds several GGUF files.
    """
    from huggingface_hub import snapshot_download

    commit, files = _contents(repo)
    ggufs = [name for name in files if name.endswith(".gguf")]
    if len(ggufs) == 1:
        patterns = ggufs
    elif any(name.endswith(".safetensors") and "/" not in name for name in files):
        patterns = _SAFETENSORS_PATTERNS
    elif ggufs:
        some = ", ".join(repr(f"{repo.repo}/{name}") for name in ggufs[:5])
        msg = f"{repo} holds {len(ggufs)} .gguf files. Name one of them: {some}."
        raise HubError(msg)
    else:
        msg = f"{repo} holds neither .gguf nor .safetensors files."
        raise HubError(msg)
    fetched = _asked(
        str(repo),
        lambda: snapshot_download(
            repo.repo, revision=commit, allow_patterns=patterns, ignore_patterns=_WITHIN_FOLDERS
        ),
    )
    _remember(repo, Path(fetched))
    return Path(fetched)


def _contents(repo: HubName) -> tuple[str, list[str]]:
    """Ask the hub which commit a revision is now, and which files are in it.

    Raises:
        HubError: It does not say.
    """
    from huggingface_hub import HfApi

    told = _asked(str(repo), lambda: HfApi().model_info(repo.repo, revision=repo.revision))
    if told.sha is None or not _COMMIT.fullmatch(told.sha):
        msg = f"The hub does not say which commit of {repo.repo} {repo.revision!r} is."
        raise HubError(msg)
    return told.sha, [file.rfilename for file in told.siblings or ()]


def _remember(repo: HubName, fetched: Path) -> None:
    """Note in the hub's cache which commit a branch was, as its library does on request."""
    commit = commit_of(fetched)
    for snapshots in fetched.parents:
        if snapshots.name == "snapshots" and repo.revision != commit:
            ref = snapshots.parent / "refs" / repo.revision
            ref.parent.mkdir(parents=True, exist_ok=True)
            write_private(ref, commit.encode())
            return


def is_downloadable(repo: str, file: str) -> bool:
    """Ask the hub once, for a few seconds at most, whether it would give a file.

    Raises:
        HubError: The hub cannot be reached.
    """
    answers: list[bool | Exception] = []

    def ask() -> None:
        from huggingface_hub import get_hf_file_metadata, hf_hub_url
        from huggingface_hub.errors import HfHubHTTPError

        try:
            get_hf_file_metadata(hf_hub_url(repo, file), timeout=_PATIENCE_SECONDS)
            answers.append(True)
        except HfHubHTTPError:  # not there, or only for those who accepted its terms
            answers.append(False)
        except Exception as error:  # noqa: BLE001  # whatever a dead network raises
            answers.append(error)

    # A thread of its own: looking up a name in a dead network ignores time limits.
    thread = threading.Thread(target=ask, name="hub", daemon=True)
    thread.start()
    thread.join(_PATIENCE_SECONDS)
    if not answers or isinstance(answers[0], Exception):
        msg = "The hub cannot be reached."
        raise HubError(msg)
    return answers[0]


def _asked(what: str, ask: Callable[[], ResultT]) -> ResultT:
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    try:
        return ask()
    except (
        LocalEntryNotFoundError,
        HfHubHTTPError,
        HFValidationError,
        OSError,
        ValueError,
    ) as error:
        msg = (
            f"The base model {what!r} could not be downloaded from the hub "
            f"({type(error).__name__}). Without a network, download it elsewhere and give its path."
        )
        raise HubError(msg) from error
