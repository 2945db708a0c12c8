"""The system prompt of training examples: a template over the thread that an example is from.

Only the four placeholders below are filled in; all other braces are text, as system prompts may
hold JSON or code.
"""

from __future__ import annotations

import re
import warnings
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["PLACEHOLDERS", "checked_template", "placeholders_of", "rendered", "values_in"]

PLACEHOLDERS = {
    "owner": "the persona's name",
    "others": "the names of the others who write in the conversation",
    "title": "the thread's title",
    "date": "the day of the conversation's first message (UTC), such as 2024-05-18",
}
_PLACEHOLDER = re.compile(rf"\{{({'|'.join(PLACEHOLDERS)})\}}")
_LOOKS_LIKE_ONE = re.compile(r"\{([a-z_]+)\}")


def checked_template(template: str) -> str:
    """Return the template; a word in braces that is not a placeholder may be a slip, and is told.

    Warns:
        UserWarning: There is such a word. It is named, the rest of the text is not quoted.
    """
    unknown = set(_LOOKS_LIKE_ONE.findall(template)) - set(PLACEHOLDERS)
    if unknown:
        named, known = (
            ", ".join(f"{{{name}}}" for name in names) for names in (sorted(unknown), PLACEHOLDERS)
        )
        warnings.warn(
            f"In the system prompt, {named} stays as it is: the placeholders are {known}.",
            stacklevel=2,
        )
    return template


def placeholders_of(template: str) -> set[str]:
    """Return the names of the placeholders that a template holds."""
    return set(_PLACEHOLDER.findall(template))


def rendered(template: str, values: Mapping[str, str]) -> str:
    """Fill in a template; a placeholder that is not a key of `values` stays.

    Example:
        ```python
        assert rendered("You are {owner}.", {"owner": "Zoë"}) == "You are Zoë."
        ```
    """
    return _PLACEHOLDER.sub(lambda match: values.get(match[1], match[0]), template)


def values_in(template: str, prompt: str) -> dict[str, str] | None:
    """Return what a template was filled in with to give a prompt; None if it is not made of it.

    Where it could have been filled in in two ways, nobody can tell: None as well.

    Example:
        ```python
        assert values_in("You are {owner}.", "You are Zoë.") == {"owner": "Zoë"}
        ```
    """
    parts = _PLACEHOLDER.split(template)
    if "" in parts[2:-1:2]:  # two that touch: no need to try, and trying takes for ever
        return None
    shortest, longest = (
        re.fullmatch(_pattern(parts, any_), prompt, re.DOTALL) for any_ in (".*?", ".*")
    )
    if shortest is None or longest is None or shortest.groupdict() != longest.groupdict():
        return None
    return shortest.groupdict()


def _pattern(parts: list[str], any_: str) -> str:
    pattern, seen = "", set[str]()
    for position, part in enumerate(parts):
        if position % 2 == 0:
            pattern += re.escape(part)
        else:
            pattern += f"(?P={part})" if part in seen else f"(?P<{part}>{any_})"
            seen.add(part)
    return pattern
