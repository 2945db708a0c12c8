"""A small Messenger export of invented people, in Meta's true layout and encoding.

Noémie Åkerlund bakes at night on the island of Kråkholm, and writes English, Swedish and French.
Nobody in it exists.
"""

from __future__ import annotations

from pathlib import Path

__all__ = ["SAMPLE_OWNER", "sample_export_path"]

SAMPLE_OWNER = "Noémie Åkerlund"
"""The person whose export it is."""


def sample_export_path() -> Path:
    """Return the folder of the sample export.

    Example:
        ```python
        loader = FacebookMessengerChatLoader(sample_export_path())
        ```
    """
    return next(
        path for path in Path(__file__).parent.iterdir() if path.name.startswith("facebook-")
    )
