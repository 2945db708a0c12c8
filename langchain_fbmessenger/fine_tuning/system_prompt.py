"""Keep the system prompt that a model was trained with, together with its job.

A tuned model answers as trained only behind the system prompt that it was trained with. So the
prompt, or the template that it was made of, travels in the job's metadata, and a job that
is found again gives it back.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from langchain_fbmessenger.examples import placeholders_of, rendered, source_of, values_in
from langchain_fbmessenger.exceptions import InvalidExampleError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from langchain_core.prompts import ChatPromptTemplate

    from langchain_fbmessenger.examples import TrainingExample

__all__ = ["SystemPrompt", "SystemPromptSeen", "from_metadata", "prompt_with", "to_metadata"]

_TEXT, _TEMPLATE = "system_prompt_", "system_template_"
# OpenAI: at most 16 pairs, values of at most 512 characters. Four pairs stay free for the user's.
_MAX_VALUE = 512
_MAX_PAIRS = 12


@dataclass(frozen=True)
class SystemPrompt:
    """A system prompt: a text, or with `is_template` one that holds placeholders."""

    text: str
    is_template: bool = False

    @property
    def placeholders(self) -> set[str]:
        """The placeholders that are to be filled in."""
        return placeholders_of(self.text) if self.is_template else set()


class SystemPromptSeen:
    """Notes the system prompt of examples that pass, and the template that it was made of.

    Args:
        template: The template, for examples that have forgotten theirs (those of a file).
    """

    def __init__(self, template: str | None = None) -> None:
        self._given = template
        self._prompts: set[str | None] = set()
        self._templates: set[str | None] = set()
        self._values: dict[str, set[str]] = {}

    def watch(self, examples: Iterable[TrainingExample]) -> Iterator[TrainingExample]:
        """Pass the examples on.

        Raises:
            InvalidExampleError: The given template does not make the prompt of an example.
        """
        for number, example in enumerate(examples, start=1):
            first = example["messages"][0]
            prompt = first["content"] if first["role"] == "system" else None
            template, values = self._made_of(example, prompt, number)
            _note(self._prompts, prompt)
            _note(self._templates, template)
            for name, value in values.items():
                _note(self._values.setdefault(name, set()), value)
            yield example

    def _made_of(
        self, example: TrainingExample, prompt: str | None, number: int
    ) -> tuple[str | None, dict[str, str]]:
        if self._given is None:
            source = source_of(example)
            return (None, {}) if source is None else (source.system, source.values)
        values = None if prompt is None else values_in(self._given, prompt)
        if values is None:
            message = "its system prompt is not made of the template that is given as system="
            raise InvalidExampleError(message, rule="system_prompt", line=number)
        return self._given, values

    def shared(self) -> SystemPrompt | None:
        """Return what all examples had: a prompt, or else a template; None if neither."""
        if len(self._prompts) == 1:
            (prompt,) = self._prompts
            return None if prompt is None else SystemPrompt(prompt)
        template = next(iter(self._templates)) if len(self._templates) == 1 else None
        if template is None:
            return None
        same = {name: next(iter(seen)) for name, seen in self._values.items() if len(seen) == 1}
        # A name with a brace in it must not become a placeholder itself.
        same = {name: value for name, value in same.items() if "{" not in value}
        return SystemPrompt(rendered(template, same), is_template=True)


def to_metadata(system: SystemPrompt | None) -> dict[str, str]:
    """Return the job metadata that holds a system prompt.

    Warns:
        UserWarning: It is too long for it and left out.
    """
    if system is None or not system.text:
        return {}
    if len(system.text) > _MAX_VALUE * _MAX_PAIRS:
        warnings.warn(
            f"The system prompt has {len(system.text):,} characters, a job keeps up to "
            f"{_MAX_VALUE * _MAX_PAIRS:,}: job.prompt() will have none, put it before your prompt "
            "yourself.",
            stacklevel=2,
        )
        return {}
    key = _TEMPLATE if system.is_template else _TEXT
    starts = range(0, len(system.text), _MAX_VALUE)
    return {f"{key}{i:02}": system.text[s : s + _MAX_VALUE] for i, s in enumerate(starts)}


def from_metadata(metadata: Mapping[str, Any] | None) -> SystemPrompt | None:
    """Return the system prompt that a job's metadata holds, if any."""
    for key in (_TEXT, _TEMPLATE):
        pieces = {k: v for k, v in (metadata or {}).items() if k.startswith(key)}
        if text := "".join(str(pieces[piece]) for piece in sorted(pieces)):
            return SystemPrompt(text, is_template=key == _TEMPLATE)
    return None


def prompt_with(system: SystemPrompt | None, values: Mapping[str, str]) -> ChatPromptTemplate:
    """Return a prompt with a system prompt, `history` and `input`.

    Args:
        system: The system prompt; without one there is no system message.
        values: What its placeholders are filled in with; the others become inputs.
    """
    from langchain_core.prompts import ChatPromptTemplate, MessagesPlaceholder

    turns: list[Any] = [MessagesPlaceholder("history", optional=True), ("human", "{input}")]
    head, given = _system_message(system, values)
    return ChatPromptTemplate.from_messages([*head, *turns]).partial(**given)


def _system_message(
    system: SystemPrompt | None, values: Mapping[str, str]
) -> tuple[list[Any], dict[str, Any]]:
    """Return the system message of a prompt, and what is filled in."""
    from langchain_core.messages import SystemMessage

    if system is None:
        return [], {}
    if not system.is_template:
        return [SystemMessage(system.text)], {}  # no template: braces in it are text
    text = system.text.replace("{", "{{").replace("}", "}}")
    for name in system.placeholders:
        text = text.replace(f"{{{{{name}}}}}", f"{{{name}}}")
    given: dict[str, Any] = {"date": _today} if "date" in system.placeholders else {}
    return [("system", text)], {**given, **values}


def _today() -> str:
    return datetime.now(tz=timezone.utc).date().isoformat()


def _note(seen: set[Any], value: Any) -> None:
    """Remember up to two values: one more than is shared, and dates may be many."""
    if len(seen) < 2:  # noqa: PLR2004 - as above
        seen.add(value)
