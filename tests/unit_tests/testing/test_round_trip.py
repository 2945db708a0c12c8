"""What is written in each variant comes back through our loader: texts, senders and times."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest

from langchain_fbmessenger import FacebookMessengerChatLoader
from langchain_fbmessenger.testing import (
    CARRIES,
    DATE_PRECISION,
    TIME_PRECISION,
    VARIANTS,
    HtmlPages,
    Quirks,
    sample_threads,
    write_export,
)

if TYPE_CHECKING:
    from pathlib import Path

    from langchain_fbmessenger.exports.records import Thread
    from langchain_fbmessenger.testing import WrittenExport

ZONE = timezone(timedelta(hours=-6))


def threads_of(*, hostile: bool) -> list[Thread]:
    threads = sample_threads(n_messages=100, hostile=hostile)
    for thread in threads:
        thread.folder = "inbox"  # which folders are read is the loader's choice
    return threads


def typed(threads: list[Thread], precision: int) -> Counter[Any]:
    return Counter(
        (message.sender, message.timestamp_ms // precision * precision, message.text)
        for thread in threads
        for message in thread.messages
        if message.text and not message.system
    )


def bare_links(threads: list[Thread]) -> Counter[Any]:
    return Counter(
        (message.sender, message.timestamp_ms, message.share.link)
        for thread in threads
        for message in thread.messages
        if message.share and not message.text
    )


def loaded(written: WrittenExport) -> Counter[Any]:
    sessions = FacebookMessengerChatLoader(written.paths, timezone=ZONE).load()
    return Counter(
        (m.additional_kwargs["sender"], event["message_time"], m.content)
        for session in sessions
        for m in session["messages"]
        for event in m.additional_kwargs["events"]
    )


@pytest.mark.parametrize("packaging", ["folder", "zip", "zips"])
@pytest.mark.parametrize("variant", VARIANTS)
def test_every_variant(tmp_path: Path, variant: Any, packaging: Any) -> None:
    # In a hand-made file nobody can tell typed mojibake from Meta's.
    threads = threads_of(hostile="white space" in CARRIES[variant] and variant != "E")
    written = write_export(
        threads,
        tmp_path,
        variant=variant,
        packaging=packaging,
        messages_per_part=30,
        other_files=True,
        wrapper="unpacked",
        html=HtmlPages(zone=ZONE),
    )
    expected = typed(threads, TIME_PRECISION[variant])
    if variant == "B":
        expected += bare_links(threads)
    assert loaded(written) == expected


@pytest.mark.parametrize("dates", DATE_PRECISION)
def test_every_date_layout(tmp_path: Path, dates: Any) -> None:
    threads = threads_of(hostile=False)
    html = HtmlPages(dates=dates, zone=ZONE, narrow_blanks=True)
    written = write_export(threads, tmp_path, variant="H3", html=html)
    assert loaded(written) == typed(threads, DATE_PRECISION[dates])


@pytest.mark.parametrize("encoding", ["untouched", "raw", "ascii", "raw-mojibake", "half-repaired"])
def test_every_encoding(tmp_path: Path, encoding: Any) -> None:
    threads = threads_of(hostile=encoding == "untouched")
    written = write_export(threads, tmp_path, quirks=Quirks(encoding=encoding, bom=True))
    assert loaded(written) == typed(threads, 1)
