"""Read the tables (TOML) that lie in the package beside the code that goes by them."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, TypeVar

import msgspec

if TYPE_CHECKING:
    from importlib.abc import Traversable

__all__ = ["decode_table", "read_table"]

T = TypeVar("T")


def read_table(package: str, name: str, of: type[T]) -> T:
    """Return what a table of the package holds.

    Args:
        package: Where it lies: `__package__` of the module that goes by it.
        name: The file.
        of: What it holds; msgspec checks it.

    Raises:
        ValueError: It holds something else: somebody changed it.
    """
    return decode_table(files(package).joinpath(name), of)


def decode_table(file: Traversable, of: type[T]) -> T:
    """Return what a file of a table holds, as `read_table`."""
    try:
        return msgspec.toml.decode(file.read_bytes(), type=of)
    except (msgspec.MsgspecError, ValueError) as error:  # the latter for what is no TOML
        message = f"{file.name}: {error}"
        raise ValueError(message) from error
