"""The system prompt of training examples: a template over the thread that an example is from."""

from __future__ import annotations

import string
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["PLACEHOLDERS", "checked_template", "escaped", "placeholders_of", "rendered"]

PLACEHOLDERS = {
    "owner": "the persona's name",
    "others": "the names of the others who write in the conversation",
    "title": "the thread's title",
    "date": "the day of the conversation's first message (UTC), such as 2024-05-18",
}


def checked_template(template: str) -> str:
    """Return the template if it can be filled in.

    Raises:
        ValueError: It holds another placeholder, or a brace on its own. The text is not quoted.
    """
    advice = (
        f"known are {', '.join(f'{{{name}}}' for name in PLACEHOLDERS)}; {{{{ and }}}} are braces"
    )
    try:
        fields = [*string.Formatter().parse(template)]
    except ValueError as error:
        message = f"the system prompt is no template ({error}): {advice}"
        raise ValueError(message) from None
    for _, name, form, conversion in fields:
        if name is not None and (name not in PLACEHOLDERS or form or conversion):
            message = f"the system prompt has an unknown placeholder {{{name}}}: {advice}"
            raise ValueError(message)
    return template


def placeholders_of(template: str) -> set[str]:
    """Return the names of the placeholders that a template holds."""
    return {name for _, name, _, _ in string.Formatter().parse(template) if name is not None}


def rendered(template: str, values: Mapping[str, str]) -> str:
    """Fill in a template; what is no key of `values` stays a placeholder.

    Example:
        ```python
        assert rendered("You are {owner}.", {"owner": "Zoë"}) == "You are Zoë."
        ```
    """
    partly = any(name not in values for name in placeholders_of(template))
    written = escaped if partly else str  # what stays a template keeps its braces doubled
    return "".join(
        written(text)
        + ("" if name is None else written(values[name]) if name in values else f"{{{name}}}")
        for text, name, _, _ in string.Formatter().parse(template)
    )


def escaped(text: str) -> str:
    """Return the template that stands for a text as it is."""
    return text.replace("{", "{{").replace("}", "}}")
