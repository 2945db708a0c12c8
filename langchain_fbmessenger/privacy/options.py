"""What the options of the privacy stages may be, as pydantic and callers know it."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Optional

from pydantic import BeforeValidator

from langchain_fbmessenger.privacy.identifiers import known_regions

__all__ = ["Kind", "Names", "Regions", "several"]

Kind = Literal["phone", "email", "card", "iban", "ip", "link", "address", "id"]


def several(texts: Any) -> Any:
    """Return several texts as a tuple.

    Raises:
        ValueError: It is a single text, which would be taken for as many as it has letters.
    """
    if isinstance(texts, str):
        message = "expected several texts: put a single one into a list"
        raise ValueError(message)  # noqa: TRY004 - pydantic reports ValueErrors
    return tuple(texts)


def _as_regions(regions: Any) -> Any:
    return None if regions is None else known_regions(several(regions))


Names = Annotated[tuple[str, ...], BeforeValidator(several)]
Regions = Annotated[Optional[tuple[str, ...]], BeforeValidator(_as_regions)]  # noqa: UP045
