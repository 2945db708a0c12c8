"""What the options of the privacy stages may be, as pydantic and callers know it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, Literal, Optional, cast

from pydantic import BeforeValidator

from langchain_fbmessenger.exceptions import InvalidOptionError
from langchain_fbmessenger.privacy.identifiers import known_regions

__all__ = ["Kind", "Kinds", "Names", "Regions", "UnknownNames", "as_unknown_names", "several"]

Kind = Literal["phone", "email", "card", "iban", "ip", "link", "address", "id"]

UnknownNames = Literal["keep", "replace"]


def as_unknown_names(option: str) -> UnknownNames:
    """Return what becomes of names of people outside the export.

    Raises:
        InvalidOptionError: There is no such option.
    """
    if option in {"keep", "replace"}:
        return cast("UnknownNames", option)
    message = f"names of people outside the export: keep or replace, not {option!r}"
    raise InvalidOptionError(message)


def several(texts: Any, what: str = "names") -> Any:
    """Return several texts as a tuple.

    Raises:
        InvalidOptionError: It is a single one; a text would be taken for as many as it has letters.
    """
    if isinstance(texts, str | bytes) or not isinstance(texts, Iterable):
        message = f"expected several {what}: put a single one into a list"
        raise InvalidOptionError(message)
    return tuple(texts)


def _as_kinds(kinds: Any) -> Any:
    return None if kinds is None else several(kinds, "kinds")


def _as_names(names: Any) -> Any:
    return several(names)


def _as_regions(regions: Any) -> Any:
    return None if regions is None else known_regions(several(regions, "regions"))


Kinds = Annotated[Optional[frozenset[Kind]], BeforeValidator(_as_kinds)]  # noqa: UP045
Names = Annotated[tuple[str, ...], BeforeValidator(_as_names)]
Regions = Annotated[Optional[tuple[str, ...]], BeforeValidator(_as_regions)]  # noqa: UP045
