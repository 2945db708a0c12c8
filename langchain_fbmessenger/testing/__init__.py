"""Write synthetic exports in every format of Meta's, for tests of code that reads chats.

Names are imported at first use, because the pytest plugin in here is loaded in every pytest run
where this package is installed.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from langchain_fbmessenger.testing._authors import (
        InventedAuthor,
        author_threads,
        invented_authors,
    )
    from langchain_fbmessenger.testing._carries import CARRIES, TIME_PRECISION
    from langchain_fbmessenger.testing._conversations import iter_sample_threads, sample_threads
    from langchain_fbmessenger.testing._damage import DAMAGES, Damage, damage
    from langchain_fbmessenger.testing._html_dates import DATE_PRECISION
    from langchain_fbmessenger.testing._options import (
        ERAS,
        LAYOUTS,
        VARIANTS,
        HtmlPages,
        Quirks,
        WrittenExport,
        Zips,
    )
    from langchain_fbmessenger.testing._write import write_export
    from langchain_fbmessenger.testing.chat_loader_tests import ChatLoaderTests

__all__ = [
    "CARRIES",
    "DAMAGES",
    "DATE_PRECISION",
    "ERAS",
    "LAYOUTS",
    "TIME_PRECISION",
    "VARIANTS",
    "ChatLoaderTests",
    "Damage",
    "HtmlPages",
    "InventedAuthor",
    "Quirks",
    "WrittenExport",
    "Zips",
    "author_threads",
    "damage",
    "invented_authors",
    "iter_sample_threads",
    "sample_threads",
    "write_export",
]

_LAZY = {
    "CARRIES": "_carries",
    "DAMAGES": "_damage",
    "DATE_PRECISION": "_html_dates",
    "ERAS": "_options",
    "LAYOUTS": "_options",
    "TIME_PRECISION": "_carries",
    "VARIANTS": "_options",
    "ChatLoaderTests": "chat_loader_tests",  # needs pytest and langchain-tests
    "Damage": "_damage",
    "HtmlPages": "_options",
    "InventedAuthor": "_authors",
    "Quirks": "_options",
    "WrittenExport": "_options",
    "Zips": "_options",
    "author_threads": "_authors",
    "damage": "_damage",
    "invented_authors": "_authors",
    "iter_sample_threads": "_conversations",
    "sample_threads": "_conversations",
    "write_export": "_write",
}


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return getattr(import_module(f"{__name__}.{_LAZY[name]}"), name)
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)


def __dir__() -> list[str]:
    return __all__
