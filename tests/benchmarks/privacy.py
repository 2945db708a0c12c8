"""Names and identifiers in chat lines: our finders beside presidio-analyzer alone, and their speed.

Reads the labelled lines of `privacy_lines/`. A label is found if every letter and digit of it is
within findings, of whatever kind: then nothing of it leaks. A finding is right if it overlaps a
label of its kind. Seven sorts of names are one kind there. Run: `make benchmark`, or this file;
`--misses` shows what was not found or wrong in the lines for development.

presidio alone is what it does without a language model: all of its pattern recognisers, whatever
their country, and its recogniser of phone numbers, on a blank spaCy pipeline; scores below 0.4 are
dropped. Its e-mail recogniser would fetch a list of suffixes; here it takes the one it came with.
"""

from __future__ import annotations

import inspect
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from privacy_lines.chats import mixed_messages
from privacy_lines.labels import FOLDER, NAME_KINDS, Line, read_lines, read_people
from privacy_outside import print_outside
from privacy_outside import print_speed as print_outside_speed

from langchain_fbmessenger import FacebookMessengerChatLoader, sample_export_path
from langchain_fbmessenger._internal.roster import Person
from langchain_fbmessenger.privacy.findings import (
    IDENTIFIER_KINDS,
    Finding,
    find_in,
    replaced,
    without_overlaps,
)
from langchain_fbmessenger.privacy.identifiers import IdentifierFinder
from langchain_fbmessenger.privacy.names import NameBook
from tests.benchmarks.scale import scaled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    Find = Callable[[str], list[Finding]]

MESSAGES = scaled(1_000_000, least=1000)
ROUNDS = scaled(3)
LOWEST_SCORE = 0.4
PRESIDIO_KINDS = {
    "EMAIL_ADDRESS": "email",
    "PHONE_NUMBER": "phone",
    "CREDIT_CARD": "card",
    "IBAN_CODE": "iban",
    "IP_ADDRESS": "ip",
    "URL": "link",
    "UK_POSTCODE": "address",
    "CA_POSTAL_CODE": "address",
    "DE_PLZ": "address",
}


class Score:
    """Counts of labels and findings, by kind."""

    def __init__(self) -> None:
        self.labels: Counter[str] = Counter()
        self.found: Counter[str] = Counter()
        self.findings: Counter[str] = Counter()
        self.right: Counter[str] = Counter()
        self.clean_lines = 0
        self.clean_lines_changed: Counter[str] = Counter()

    def saw(self, line: Line, findings: list[Finding]) -> list[str]:
        """Count a line; return what was missed and what is wrong."""
        wrong = []
        covered = {place for one in findings for place in range(one.start, one.end)}
        for label in line.labels:
            self.labels[kind_of(label.kind)] += 1
            letters = {n for n in range(label.start, label.end) if line.text[n].isalnum()}
            is_found = (letters or set(range(label.start, label.end))) <= covered
            self.found[kind_of(label.kind)] += is_found
            if not is_found:
                wrong.append(f"missed {label.kind}: {label.span!r} in {line.text!r}")
        for one in findings:
            is_right = any(
                kind_of(label.kind) == one.kind and label.start < one.end and one.start < label.end
                for label in line.labels
            )
            self.findings[one.kind] += 1
            self.right[one.kind] += is_right
            if not is_right:
                wrong.append(
                    f"wrong {one.kind}: {line.text[one.start : one.end]!r} in {line.text!r}"
                )
        if not line.labels:
            self.clean_lines += 1
            self.clean_lines_changed["names"] += any(one.kind == "name" for one in findings)
            self.clean_lines_changed["identifiers"] += any(one.kind != "name" for one in findings)
        return wrong

    def row(self, kind: str) -> str:
        """Return recall and precision of a kind, as two columns."""
        recall = share(self.found[kind], self.labels[kind])
        return f"{recall:>7} {share(self.right[kind], self.findings[kind]):>9}"


def kind_of(label: str) -> str:
    """Return the kind of findings that a kind of labels is about."""
    return "name" if label in NAME_KINDS else label


def share(part: int, whole: int) -> str:
    """Return a share in percent; a dash of nothing."""
    return f"{part / whole:.1%}" if whole else "-"


def our_finders(folder: str) -> Callable[[str], Find]:
    """Return a function that gives our finder for a language's lines and people."""
    identifiers = IdentifierFinder()

    def of(language: str) -> Find:
        people = read_people(language)
        book = NameBook(Path(folder) / f"{language}.key")
        book.learn(Person(person.name) for person in people)
        names = book.finder(
            tuple((person.name, nickname) for person in people for nickname in person.nicknames)
        )
        return lambda text: find_in(text, [identifiers, names])

    return of


def presidio_alone() -> Find:
    """Return presidio's finder: its engine with all that needs no language model."""
    import spacy
    import tldextract
    from presidio_analyzer import (
        AnalyzerEngine,
        LocalRecognizer,
        RecognizerRegistry,
        predefined_recognizers,
    )
    from presidio_analyzer.nlp_engine import SpacyNlpEngine

    tldextract.extract = tldextract.TLDExtract(suffix_list_urls=())
    engine = SpacyNlpEngine()
    engine.nlp = {"en": spacy.blank("en")}
    registry = RecognizerRegistry(supported_languages=["en"])
    for name, made in inspect.getmembers(predefined_recognizers, inspect.isclass):
        needs_model = "nlp" in made.__module__ or ".ner" in made.__module__
        is_usable = issubclass(made, LocalRecognizer) and not inspect.isabstract(made)
        if is_usable and not needs_model and "third_party" not in made.__module__:
            try:
                registry.add_recognizer(made(supported_language="en"))
            except Exception as error:  # noqa: BLE001 - some want a model or a service
                print(f"(left out: {name}, {type(error).__name__})")
    analyzer = AnalyzerEngine(registry=registry, nlp_engine=engine, supported_languages=["en"])

    def find(text: str) -> list[Finding]:
        results: list[Any] = analyzer.analyze(text, language="en", score_threshold=LOWEST_SCORE)
        results.sort(key=lambda result: -result.score)
        return without_overlaps(
            Finding(r.start, r.end, PRESIDIO_KINDS.get(r.entity_type, "id"), "")
            for r in results
            if r.entity_type != "DATE_TIME"
        )

    return find


def print_quality(folder: str) -> None:
    """Print recall and precision of both, per split and kind, and of ours per language."""
    ours, presidio = our_finders(folder), presidio_alone()
    for split in ("dev", "test"):
        mine, theirs = Score(), Score()
        by_language: dict[str, Score] = {}
        for path in sorted(FOLDER.glob(f"*.{split}.txt")):
            lines = read_lines(path)
            find = ours(lines[0].language)
            score = by_language[lines[0].language] = Score()
            for line in lines:
                findings = find(line.text)
                score.saw(line, findings)
                wrong = mine.saw(line, findings)
                theirs.saw(line, presidio(line.text))
                if "--misses" in sys.argv and split == "dev":
                    print(*(f"{path.stem} {line.number}: {one}" for one in wrong), sep="\n")
        print(f"\n{split}: {'':12} ours            presidio alone")
        print(f"{'kind':10} labels  recall precision   recall precision")
        for kind in ("name", *IDENTIFIER_KINDS):
            print(f"{kind:10} {mine.labels[kind]:6} {mine.row(kind)}  {theirs.row(kind)}")
        for name, score in (("ours", mine), ("presidio", theirs)):
            changed, clean = score.clean_lines_changed, score.clean_lines
            print(
                f"of {clean} lines without a label, {name} changed {changed['identifiers']} "
                f"for identifiers, {changed['names']} for names"
            )
        languages = (
            f"{language} {share(sum(score.found.values()), sum(score.labels.values()))}"
            f"/{share(sum(score.right.values()), sum(score.findings.values()))}"
            for language, score in by_language.items()
        )
        print("ours by language, recall/precision:", ", ".join(languages))


def print_speed(folder: str) -> None:
    """Print messages a second, one core, beside a loop that only copies."""
    sample = FacebookMessengerChatLoader(sample_export_path()).load()
    few = [str(message.content) for session in sample for message in session["messages"]]
    book = NameBook(Path(folder) / "speed.key")
    book.learn([Person("Milo Dvořák"), Person("Zoë Ångström"), Person("Al Novák")])
    names = book.finder(())
    cheap = IdentifierFinder(kinds=frozenset(IDENTIFIER_KINDS) - {"id"})
    full = IdentifierFinder()
    finders: dict[str, list[Any]] = {
        "copied only": [],
        "names": [names],
        "identifiers but ids": [cheap],
        "identifiers": [full],
        "names, identifiers but ids": [cheap, names],
        "names, identifiers": [full, names],
    }
    full.find("my ssn 383-20-5597")  # presidio is imported once
    for title, texts in (
        ("the sample's texts, repeated", few * max(1, scaled(200_000) // len(few))),
        (f"{MESSAGES:,} invented messages", mixed_messages(MESSAGES)),
    ):
        print(f"\n{title}: messages/s, best of {ROUNDS}, one core; times the copying's time")
        copying = 0.0
        for name, used in finders.items():
            seconds = min(_seconds(used, texts) for _ in range(ROUNDS))
            copying = copying or seconds
            print(f"{name:28} {len(texts) / seconds:12,.0f} {seconds / copying:8.1f}")


def _seconds(finders: Iterable[Any], texts: list[str]) -> float:
    used = list(finders)
    started = time.process_time()  # other programs may run beside
    for text in texts:
        replaced(text, find_in(text, used) if used else [])
    return time.process_time() - started


def main() -> None:
    """Print all tables."""
    with tempfile.TemporaryDirectory() as folder:
        print_quality(folder)
        print_speed(folder)
    print_outside()
    print_outside_speed()


if __name__ == "__main__":
    main()
