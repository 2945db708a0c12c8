"""What is about to leave this machine in a file of examples: examples go in, figures come out."""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from langchain_fbmessenger.exceptions import InvalidOptionError, MissingExtraError
from langchain_fbmessenger.privacy.findings import find_in
from langchain_fbmessenger.privacy.identifiers import IdentifierFinder
from langchain_fbmessenger.privacy.names import NameBook
from langchain_fbmessenger.privacy.preview.samples import Reservoir, Sample, sample_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from langchain_fbmessenger.privacy.findings import Finding, TextFinder

__all__ = ["Outgoing", "Turn", "look_through"]

_SAMPLES = 30


class Turn(NamedTuple):
    """A turn of a sample: who speaks, and its text."""

    role: str
    sample: Sample


class Outgoing:
    """What a file of examples holds: figures, and samples for the user's own eyes.

    Attributes:
        examples: Examples.
        texts: Texts in them: turns, system prompts, names of speakers.
        characters: Characters of all texts.
        tokens: About as many tokens.
        found: Identifiers by kind, and with a key file real names; None if nobody could look.
        why_not: Why nobody could look.
        samples: Some examples, chosen evenly, each as its turns.
    """

    def __init__(self) -> None:
        self.examples = 0
        self.texts = 0
        self.characters = 0
        self.tokens = 0
        self.found: Counter[str] | None = Counter()
        self.why_not: str | None = None
        self.samples: list[list[Turn]] = []

    def nobody_could_look(self, why: MissingExtraError) -> None:
        """Forget what was found until now: it is not all."""
        self.found, self.why_not = None, str(why)

    def __repr__(self) -> str:
        return f"Outgoing(examples={self.examples}, texts={self.texts}, found={self.found})"


def look_through(
    examples: Iterable[Mapping[str, Any]],
    *,
    key: Path | None = None,
    count_tokens: Callable[[Sequence[str]], list[int]] | None = None,
) -> Outgoing:
    """Count what examples hold, identifiers and names among it; nothing is changed.

    Args:
        examples: The examples, as they would be sent.
        key: A key file: its real names are looked for as well.
        count_tokens: Counts the tokens of each of several texts.

    Raises:
        InvalidOptionError: There is no such key file.
        MalformedFileError: The file is not a key file.
    """
    if key is not None and not key.is_file():
        message = f"There is no key file {str(key)!r}"
        raise InvalidOptionError(message)
    outgoing = Outgoing()
    finders: list[TextFinder] = []
    try:
        finders = _finders(key)
    except MissingExtraError as error:
        outgoing.nobody_could_look(error)
    samples: Reservoir[list[Turn]] = Reservoir(_SAMPLES, "outgoing")
    for example in examples:
        texts = [*_texts(example)]
        outgoing.examples += 1
        outgoing.texts += len(texts)
        outgoing.characters += sum(map(len, texts))
        if count_tokens is not None:
            outgoing.tokens += sum(count_tokens(texts))
        findings = {text: _findings(text, finders, outgoing) for text in texts}
        samples.offer(partial(_turns, example, findings))
    outgoing.samples = samples.kept()
    return outgoing


def _finders(key: Path | None) -> list[TextFinder]:
    identifiers = IdentifierFinder()
    return [identifiers] if key is None else [identifiers, NameBook(key).finder()]


def _findings(text: str, finders: list[TextFinder], outgoing: Outgoing) -> list[Finding]:
    if outgoing.found is None:
        return []
    try:
        found = find_in(text, finders)
    except MissingExtraError as error:  # some finders import a package when a text needs it
        outgoing.nobody_could_look(error)
        return []
    outgoing.found.update(one.kind for one in found)
    return found


def _texts(value: Any, key: str = "") -> Iterator[str]:
    """Give all texts in an example, wherever they stand: what leaves is not only turns."""
    if isinstance(value, str):
        if key != "role":
            yield value
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from _texts(item, name)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)


def _turns(example: Mapping[str, Any], findings: dict[str, list[Finding]]) -> list[Turn]:
    turns = [turn for turn in example.get("messages") or () if isinstance(turn, dict)]
    return [
        Turn(str(turn.get("role", "")), _unchanged(text, findings.get(text, [])))
        for turn in turns
        if isinstance(text := turn.get("content"), str)
    ]


def _unchanged(text: str, findings: list[Finding]) -> Sample:
    """Return a sample of a text that is sent as it is, what was found in it marked."""
    stays = [one._replace(replacement=text[one.start : one.end]) for one in findings]
    return sample_of(text, stays, stays[0].kind if stays else None)
