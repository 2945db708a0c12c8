"""Local server: base models of the Hugging Face hub, from the cache or downloaded into it.

What lies in the cache is used without asking the network: a served model is looked up again with
each request. Only GGUF, safetensors, JSON and tokenizer files are ever fetched; pickle and code
are not.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

ResultT = TypeVar("ResultT")

_SAFETENSORS_PATTERNS = ["*.safetensors", "*.json", "*.jinja", "tokenizer.model", "merges.txt",
                         "vocab.txt"]  # fmt: skip
_PATIENCE_SECONDS = 4.0


class HubError(Exception):
    """A repository or file of the hub cannot be had, in words for who asked."""


def cached_file(repo: str, file: str) -> Path | None:
    """Return a file of a repository if it was downloaded before."""
    from huggingface_hub import try_to_load_from_cache

    try:
        found = try_to_load_from_cache(repo, file)
    except ValueError:  # no name that a file could have there
        return None
    return Path(found) if isinstance(found, str) else None


def cached_folder(repo: str) -> Path | None:
    """Return the folder of a repository's files that were downloaded before."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(repo, local_files_only=True))
    except (LocalEntryNotFoundError, HFValidationError):
        return None


def download_file(repo: str, file: str) -> Path:
    """Return a file of a repository, downloaded if need be.

    Raises:
        HubError: It cannot be had.
    """
    if cached := cached_file(repo, file):
        return cached
    from huggingface_hub import hf_hub_download

    return Path(_asked(f"{repo}/{file}", lambda: hf_hub_download(repo, file)))


def download_folder(repo: str) -> Path:
    """Return a folder with the one GGUF file of a repository, or with its safetensors.

    Raises:
        HubError: It cannot be had, or holds several GGUF files.
    """
    from huggingface_hub import HfApi, snapshot_download

    files: Sequence[str] = _asked(repo, lambda: HfApi().list_repo_files(repo))
    ggufs = [name for name in files if name.endswith(".gguf")]
    if len(ggufs) == 1:
        patterns = ggufs
    elif any(name.endswith(".safetensors") and "/" not in name for name in files):
        patterns = _SAFETENSORS_PATTERNS
    elif ggufs:
        some = ", ".join(repr(f"{repo}/{name}") for name in ggufs[:5])
        msg = f"{repo} holds {len(ggufs)} .gguf files. Name one of them: {some}."
        raise HubError(msg)
    else:
        msg = f"{repo} holds neither .gguf nor .safetensors files."
        raise HubError(msg)
    fetched: str = _asked(
        repo,
        # Folders within a repository hold the weights again in other formats.
        lambda: snapshot_download(repo, allow_patterns=patterns, ignore_patterns=["*/*"]),
    )
    return Path(fetched)


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

    # A thread of its own: looking up a name in a dead network obeys no time limit.
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
