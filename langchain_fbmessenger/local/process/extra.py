"""Check that the extra [local] is installed, before anything of it is imported."""

from __future__ import annotations

import importlib.util

from langchain_fbmessenger.exceptions import MissingExtraError

__all__ = ["check_extra"]

_NEEDED = ("starlette", "uvicorn", "python_multipart", "xllamacpp", "gguf", "peft", "torch")


def check_extra() -> None:
    """Make sure that what the server and its training child import is there.

    Raises:
        MissingExtraError: Naming the first package that is not.
    """
    for name in _NEEDED:
        if importlib.util.find_spec(name) is None:
            msg = "The local server"
            raise MissingExtraError(msg, extra="local", missing=name)
