"""The law of loading: messages written = messages loaded + messages counted as skipped.

And each that is loaded is what was written: text, sender, time and reactions, in every format.
"""

from __future__ import annotations

import tempfile
import warnings
from collections import Counter
from datetime import timedelta, timezone
from typing import TYPE_CHECKING, Any, get_args

import pytest
from hypothesis import HealthCheck, Phase, given, note, settings
from hypothesis import strategies as st

from langchain_fbmessenger import FacebookMessengerChatLoader
from langchain_fbmessenger._internal.names import normal_name
from langchain_fbmessenger.exports import Attachment, Message, Reaction, Thread, is_deleted_account
from langchain_fbmessenger.exports.selection import HIDDEN_FOLDERS
from langchain_fbmessenger.exports.system_lines.match import find_system_line
from langchain_fbmessenger.testing import CARRIES, ERAS, TIME_PRECISION, Quirks, write_export
from langchain_fbmessenger.testing._options import Encoding, Variant

if TYPE_CHECKING:
    from collections.abc import Callable

OWNER = "Zoë Ångström"
FOLDERS = ["inbox", "e2ee_cutover", "archived_threads", *sorted(HIDDEN_FOLDERS)]
VARIANTS = get_args(Variant)
EMOJI = st.sampled_from(["❤", "😂", "👍🏽", "🏳️‍🌈", "🇨🇿", "😮"])

# What JSON can hold and a person can type; lone surrogates are bad input, which has its own table.
any_text = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60)
# HTML knows no control characters, and white space is not kept.
page_text = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Cf", "Zs", "Zl", "Zp", "Cn", "Co"]), min_size=1
)
page_lines = st.lists(page_text, min_size=1, max_size=4).map(" ".join)
# What looks like mojibake cannot be told from it in a file that was made or saved by others.
plain_lines = page_lines.filter(lambda text: not looks_like_mojibake(text))
words = st.text(st.characters(categories=["Lu", "Ll", "Lo", "Mn"]), min_size=2, max_size=12)


def looks_like_mojibake(text: str) -> bool:
    try:
        return text.encode("latin-1").decode() != text
    except UnicodeError:
        return any("\x80" <= character <= "\x9f" for character in text)


def is_ordinary(name: str) -> bool:
    return bool(normal_name(name)) and not is_deleted_account(name)


names = st.tuples(words, words).map(" ".join).map(normal_name).filter(is_ordinary)


def is_typed(text: str) -> bool:
    lines = (find_system_line(text, is_group=True, has_payload=p) for p in (True, False))
    return bool(text.strip()) and not any(lines)


@st.composite
def threads(draw: Callable, texts: st.SearchStrategy[str], precision: int) -> list[Thread]:
    friends = draw(st.lists(names, min_size=1, max_size=5, unique_by=str.casefold))
    made = []
    for number, friend in enumerate(f for f in friends if f.casefold() != OWNER.casefold()):
        people = [friend, *(["Bystander"] if draw(st.booleans()) else []), OWNER]
        times = draw(st.lists(st.integers(1_200_000_000_000, 1_800_000_000_000), max_size=12))
        if draw(st.booleans()) and times:
            times += [times[0]] * 2  # equal stamps keep their order
        messages: list[Message] = []
        seen = set()  # what is equal in two parts of a thread is taken for a duplicate
        for time in sorted(t // precision * precision for t in times):
            reactors = draw(st.sets(st.sampled_from(people), max_size=2))
            photo = draw(st.booleans()) and draw(st.booleans())
            text = None if photo else draw(texts.filter(is_typed))
            sender = draw(st.sampled_from(people))
            if (sender, time, text) in seen:
                continue
            seen.add((sender, time, text))
            messages.append(
                Message(
                    sender=sender,
                    timestamp_ms=time,
                    text=text,
                    reactions=tuple(Reaction(actor, draw(EMOJI)) for actor in sorted(reactors)),
                    attachments=(Attachment("photo", f"photos/{time}.jpg"),) if photo else (),
                )
            )
        made.append(
            Thread(
                id=f"thread_{10**15 + number}",
                title=friend,
                participants=people,
                is_group=len(people) > 2,
                folder=draw(st.sampled_from(FOLDERS)),
                source="messenger",
                owner=OWNER,
                messages=messages,
            )
        )
    return made


def written_lines(thread: Thread, variant: Variant) -> tuple[Any, ...]:
    """Return what must come back of a thread, as far as the format can hold it."""
    return tuple(
        line(
            m.sender, m.timestamp_ms, m.text, [(r.actor, r.reaction) for r in m.reactions], variant
        )
        for m in thread.messages
        if m.text
    )


def loaded_lines(session: Any, variant: Variant) -> tuple[Any, ...]:
    return tuple(
        line(
            m.additional_kwargs["sender"],
            event["message_time"],
            m.content,
            [(r["actor"], r["reaction"]) for r in event.get("reactions", ())],
            variant,
        )
        for m in session["messages"]
        for event in m.additional_kwargs["events"]
    )


def line(sender: str, time: int, text: str, reactions: list, variant: Variant) -> tuple[Any, ...]:
    if "white space" not in CARRIES[variant]:
        text = " ".join(text.split())
    kept = frozenset(reactions) if "reactions" in CARRIES[variant] else frozenset()
    return sender, time // TIME_PRECISION[variant], text, kept


def check_law(given_threads: list[Thread], variant: Variant, **options: Any) -> None:
    has_folders = "folder" in CARRIES[variant]
    with tempfile.TemporaryDirectory() as folder:
        written = write_export(given_threads, folder, variant=variant, owner=OWNER, **options)
        loader = FacebookMessengerChatLoader(
            written.paths,
            folders=FOLDERS if has_folders else None,
            # Instagram's pages show a fixed time, which needs no telling.
            timezone=None if variant.startswith("I") else timezone(timedelta(hours=-4)),
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            sessions = loader.load() if written.messages else []
    report = loader.report
    note(str(report))
    assert report.files_lost() == {}
    assert report.messages_read == written.messages
    assert report.messages_read == report.messages_loaded + report.messages_skipped.total()
    assert set(report.messages_skipped) <= {"no text", "empty"}
    expected = [written_lines(thread, variant) for thread in given_threads]
    loaded = [loaded_lines(session, variant) for session in sessions]
    if variant == "E":  # in a hand-made file nothing tells which of two equal stamps came first
        expected, loaded = [*map(sort_lines, expected)], [*map(sort_lines, loaded)]
    assert Counter(loaded) == Counter(filter(None, expected))


def sort_lines(lines: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(sorted(lines, key=lambda found: (found[1], found[0], found[2])))


def texts_of(variant: Variant) -> st.SearchStrategy[str]:
    if variant == "E":
        return plain_lines
    return any_text if "white space" in CARRIES[variant] else page_lines


relaxed = settings(phases=[Phase.generate], suppress_health_check=list(HealthCheck))


@pytest.mark.parametrize("variant", VARIANTS)
@relaxed
@given(st.data())
def test_nothing_is_lost_in_any_format(variant: Variant, data: st.DataObject) -> None:
    given_threads = data.draw(threads(texts_of(variant), TIME_PRECISION[variant]))
    check_law(given_threads, variant, messages_per_part=data.draw(st.integers(1, 10)))


@pytest.mark.parametrize("packaging", ["zip", "zips"])
@relaxed
@given(st.data())
def test_nothing_is_lost_in_archives(packaging: str, data: st.DataObject) -> None:
    variant = data.draw(st.sampled_from(["A", "H3", "B"]))
    given_threads = data.draw(threads(texts_of(variant), TIME_PRECISION[variant]))
    check_law(given_threads, variant, packaging=packaging, messages_per_part=3)


@pytest.mark.parametrize("era", sorted(ERAS))
@relaxed
@given(threads(any_text, 1))
def test_nothing_is_lost_of_any_year(era: str, given_threads: list[Thread]) -> None:
    check_law(given_threads, "A", quirks=ERAS[era])


@pytest.mark.parametrize("encoding", sorted({*get_args(Encoding)} - {"half-repaired"}))
@relaxed
@given(threads(plain_lines, 1))
def test_nothing_is_lost_in_files_that_were_saved_again(
    encoding: Encoding, given_threads: list[Thread]
) -> None:
    check_law(given_threads, "A", quirks=Quirks(encoding=encoding, bom=True))
