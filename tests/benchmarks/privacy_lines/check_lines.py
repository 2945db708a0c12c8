"""Check the labelled chat lines of this folder, and count what they hold.

That the labels are what they say (check digits, number plans, names of people.toml), that nothing
unlabelled passes for a card, an IBAN or an e-mail, that dev and test share nothing, that each kind
is there. Exits 1 and says what is wrong and where, else prints the table of counts.
Needs `pip install phonenumbers python-stdnum`: the checks are not to be the filter's own.
Run: `python tests/benchmarks/privacy_lines/check_lines.py`.
"""

from __future__ import annotations

import difflib
import ipaddress
import re
import sys
import unicodedata
from collections import Counter
from itertools import chain, combinations
from typing import TYPE_CHECKING

import phonenumbers
from labels import (
    FOLDER,
    IDENTIFIER_KINDS,
    KINDS,
    NAME_KINDS,
    OUTSIDE,
    OUTSIDE_KINDS,
    Line,
    half_of,
    read_lines,
    read_people,
)
from national import PASSPORT, REGIONS, is_national_id, is_wallet
from stdnum import iban, luhn

if TYPE_CHECKING:
    from collections.abc import Iterator

MIN_LINES, MIN_LINES_OF_SCRIPTS = 52, 20
MIN_UNLABELLED = 0.25  # of a file's lines
MIN_PER_KIND = {"dev": 2, "test": 1}
MIN_PER_NAME_KIND = 4  # over both
CLOSE = 0.5  # how like a name its inflected or misspelt form is at least: Лев, Львом
TRANSLITERATED = ("ru", "scripts")  # in links their names stand in Latin letters

_STROKES = str.maketrans("łøđı", "lodi")  # letters that Unicode does not take apart
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})
_CARD_LIKE = re.compile(r"(?<!\d)\d(?:[ -]?\d){12,18}(?!\d)")
_IBAN_LIKE = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b")
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")


def folded(text: str) -> str:
    """Return a text's letters and digits in lower case, without accents; emoji stay."""
    apart = unicodedata.normalize("NFKD", text.casefold().translate(_STROKES))
    return "".join(c for c in apart if unicodedata.category(c)[0] in "LNS")


class Names:
    """What a language's people are called, by kind of label, in lower case."""

    def __init__(self, language: str) -> None:
        people = read_people(language)
        self.transliterated = language in TRANSLITERATED
        self.full = {person.name.casefold() for person in people}
        self.nicknames = {nick.casefold() for person in people for nick in person.nicknames}
        self.parts = set(chain.from_iterable(map(parts, self.full)))
        self.all = self.full | self.parts | self.nicknames
        written = chain.from_iterable((person.name, *person.nicknames) for person in people)
        words = chain.from_iterable(name.split() for name in written)
        self.words = {word.casefold() for word in words if not word.islower()}  # no `de la`

    def like(self, span: str) -> bool:
        """Tell whether a span is a name, or close to one."""
        return bool(difflib.get_close_matches(folded(span), map(folded, self.all), 1, CLOSE))

    def written_as(self, span: str) -> bool:
        """Tell whether a span is a name but for accents, spaces and dots: `milo.dvorak`."""
        return folded(span) in set(map(folded, self.all))

    def holds(self, span: str) -> bool:
        """Tell whether a name stands in a part of a link: `milodvorak_77`, `joerg.oeztuerk`."""
        if self.transliterated and span.isascii():
            return True
        names = {folded(name.translate(umlauts)) for name in self.all for umlauts in ({}, _UMLAUTS)}
        return any(len(name) > 2 and name in folded(span) for name in names)


def parts(name: str) -> set[str]:
    """Return a name's shorter runs of words: `Sol`, `de la Cruz`, `Garnier` of `Garnier-Duval`.

    A name without spaces in a script without capitals may be cut anywhere: `ゆき` of `佐藤ゆき`.
    """
    words = [word for word in re.split(r"([\s-])", name) if word]
    if len(words) == 1 and all(unicodedata.category(c) == "Lo" for c in name):
        words = list(name)
    return {
        "".join(words[start:end])
        for start, end in combinations(range(len(words) + 1), 2)
        if words[start] not in " -" and words[end - 1] not in " -" and end - start < len(words)
    }


def is_phone(span: str, language: str) -> bool:
    """Tell whether a span is a number of one of the language's countries, or of the world."""
    for region in REGIONS[language]:
        try:
            if phonenumbers.is_valid_number(phonenumbers.parse(span, region)):
                return True
        except phonenumbers.NumberParseException:
            continue
    return False


def is_ip(span: str) -> bool:
    """Tell whether a span is an address of IPv4 or IPv6."""
    try:
        ipaddress.ip_address(span)
    except ValueError:
        return False
    return True


def is_id(span: str, line: Line) -> bool:
    """Tell whether a span is an id with right check digits, a wallet, or stands by `passport`."""
    return (
        is_national_id(span, line.language)
        or is_wallet(span)
        or bool(PASSPORT.search(line.text.casefold()))
    )


def word_around(line: Line, start: int, end: int) -> str:
    """Return what stands around a span up to the next spaces."""
    return re.split(r"\s", line.text[:start])[-1] + re.split(r"\s", line.text[end:])[0]


def outside(line: Line) -> str:
    """Return what a line says outside of its labels, with a new line where each was."""
    text = line.text
    for label in reversed(line.labels):
        text = text[: label.start] + "\n" + text[label.end :]
    return text


def wrong_labels(line: Line, names: Names) -> Iterator[str]:
    """Yield what is wrong with a line's labels."""
    if "{{" in line.text or "}}" in line.text:
        yield "a label is not closed, or its kind is not in lower case"
    for kind, span, start, end in ((x.kind, x.span, x.start, x.end) for x in line.labels):
        around = word_around(line, start, end)
        holds = {
            "name-full": lambda s: s.casefold() in names.full,
            "name-first": lambda s: s.casefold() in names.parts,
            "nickname": lambda s: s.casefold() in names.nicknames,
            "mention": lambda s, b=start: line.text[b - 1 : b] == "@" and names.written_as(s),
            "inflected": names.like,
            "misspelt": lambda s: s.casefold() not in names.all and names.like(s),
            "name-link": lambda s, a=around: ("." in a or "/" in a) and names.holds(s),
            "phone": lambda s: is_phone(s, line.language),
            "email": _EMAIL.fullmatch,
            "card": luhn.is_valid,
            "iban": iban.is_valid,
            "ip": is_ip,
            "link": lambda _, a=around: "." in a and "/" in a,
            "address": lambda s: any(map(str.isdigit, s)) and any(map(str.isalpha, s)),
            "id": lambda s: is_id(s, line),
        }.get(kind)
        bare = re.sub(r"[ -]", "", span) if kind == "card" else span
        if holds is None:
            yield f"there is no kind {kind!r}"
        elif not span or span != span.strip() or not holds(bare):
            yield f"{span!r} is no {kind}"


def wrong_outside(line: Line) -> Iterator[str]:
    """Yield what a line holds that should have been labelled."""
    rest = outside(line)
    for found in _CARD_LIKE.findall(rest):
        if luhn.is_valid(re.sub(r"[ -]", "", found)):
            yield f"{found!r} is not labelled and passes Luhn"
    for found in _IBAN_LIKE.findall(rest):
        if iban.is_valid(found):
            yield f"{found!r} is not labelled and is a valid IBAN"
    for found in _EMAIL.findall(rest):
        yield f"{found!r} is an e-mail and not labelled"


def too_few(part: str, language: str, lines: list[Line]) -> Iterator[str]:
    """Yield what a file holds too little of."""
    least = MIN_LINES_OF_SCRIPTS if language == "scripts" else MIN_LINES
    if len(lines) < least:
        yield f"{language}.{part}: {len(lines)} lines, not {least}"
    if language == "scripts":
        return
    if sum(not line.labels for line in lines) < MIN_UNLABELLED * len(lines):
        yield f"{language}.{part}: less than {MIN_UNLABELLED:.0%} of the lines without a label"
    for kind in KINDS:
        if kinds_of(lines)[kind] < MIN_PER_KIND[part]:
            yield f"{language}.{part}: {kind} {kinds_of(lines)[kind]} times"


def wrong_counts(language: str, dev: list[Line], test: list[Line]) -> Iterator[str]:
    """Yield where a language has too little, or its dev and test share something."""
    yield from too_few("dev", language, dev)
    yield from too_few("test", language, test)
    if language != "scripts":
        for kind in NAME_KINDS:
            if kinds_of(dev + test)[kind] < MIN_PER_NAME_KIND:
                yield f"{language}: {kind} less than {MIN_PER_NAME_KIND} times over both"
    values = [
        {x.span for line in lines for x in line.labels if x.kind in IDENTIFIER_KINDS}
        for lines in (dev, test)
    ]
    for shared in values[0] & values[1]:
        yield f"{language}: {shared!r} is in dev and in test"


def repeated(lines: list[Line]) -> Iterator[str]:
    """Yield the sentences that stand there more than once."""
    for text, times in Counter(folded(line.text) for line in lines).items():
        if times > 1:
            yield f"{times} times: {text!r}"


def kinds_of(lines: list[Line]) -> Counter[str]:
    """Return how many labels of each kind lines hold."""
    return Counter(label.kind for line in lines for label in line.labels)


def wrong_outsiders(lines: list[Line], names: Names) -> Iterator[str]:
    """Yield what is wrong with lines that mention people who take no part in the export."""
    for line in lines:
        where = f"{line.file}:{line.number}"
        if line.file.split(".")[1] != half_of(line.text):
            yield f"{where}: belongs into the other half"
        if "{{" in line.text or "}}" in line.text:
            yield f"{where}: a label is not closed"
        for label in line.labels:
            if label.kind not in OUTSIDE_KINDS or label.span != label.span.strip():
                yield f"{where}: {label.span!r} is no {label.kind}"
            if label.span.casefold() in names.parts | names.full | names.nicknames:
                yield f"{where}: {label.span!r} is somebody's in the export"
        yield from (f"{where}: {what}" for what in wrong_outside(line))


def rows(lines: list[Line], names: Names) -> dict[str, int]:
    """Return what a file holds, as a column of the table."""
    words = [w for line in lines for w in re.findall(r"\w+", outside(line).casefold())]
    return {
        "lines": len(lines),
        "without a label": sum(not line.labels for line in lines),
        "name as a word": sum(word in names.words for word in words),
        **{kind: kinds_of(lines)[kind] for kind in KINDS},
    }


def main() -> int:
    """Check all files, print what is wrong or the counts."""
    files = {path.stem: read_lines(path) for path in sorted(FOLDER.glob("*.*.txt"))}
    languages = sorted({stem.split(".")[0] for stem in files})
    names = {language: Names(language) for language in languages}
    every = list(chain.from_iterable(files.values()))
    wrong = [
        f"{line.file}:{line.number}: {what}"
        for line in every
        for what in chain(wrong_labels(line, names[line.language]), wrong_outside(line))
    ]
    for language in languages:
        wrong += wrong_counts(
            language, files.get(f"{language}.dev", []), files.get(f"{language}.test", [])
        )
    outside = {path.stem: read_lines(path) for path in sorted(OUTSIDE.glob("*.*.txt"))}
    for lines in outside.values():
        wrong += wrong_outsiders(lines, Names(lines[0].language))
    every += chain.from_iterable(outside.values())
    wrong += repeated(every)
    columns = {stem: rows(lines, names[stem.split(".")[0]]) for stem, lines in files.items()}
    print(" " * 16, *(f"{stem:>8}" for stem in columns), f"{'all':>8}")
    for row in next(iter(columns.values())):
        counts = [column[row] for column in columns.values()]
        print(f"{row:16}", *(f"{n:8}" for n in counts), f"{sum(counts):8}")
    print(f"\noutside{'':9}", *(f"{stem:>12}" for stem in outside))
    for kind in OUTSIDE_KINDS:
        print(f"{kind:16}", *(f"{kinds_of(lines)[kind]:12}" for lines in outside.values()))
    print(*wrong, sep="\n", file=sys.stderr)
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
