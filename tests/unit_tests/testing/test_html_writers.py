"""The HTML writers, against section 6 of docs/formats.md: by the standard library's parser."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import pytest

from langchain_fbmessenger.exports.records import Attachment, Message, Reaction, Share, Thread
from langchain_fbmessenger.testing import DATE_PRECISION, HtmlPages, write_export
from langchain_fbmessenger.testing._html_dates import Clock

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

MILO, ZOE = "Milo Dvořák", "Zoë Brandt"
NOON = datetime(2024, 7, 12, 20, 54, 10, tzinfo=timezone.utc)
MS = int(NOON.timestamp() * 1000)
BLOCKS = {
    "H2": ("div", "pam _3-95 _2pi0 _2lej uiBoxWhite noborder"),
    "H3": ("div", "_a6-g"),
    "H4": ("section", "_3-95 _a6-g"),
    "I3": ("div", "pam _3-95 _2ph- _a6-g uiBoxWhite noborder"),
    "I4": ("div", "pam _3-95 _2ph- _a6-g uiBoxWhite noborder"),
}


class Elements(HTMLParser):
    """Collects (tag, classes, text below) of every element, in the order of their ends."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[tuple[str, dict[str, str | None], list[str]]] = []
        self.found: list[tuple[str, str, str]] = []
        self.attributes: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)
        assert not self.open, "elements left open"

    def handle_starttag(self, tag: str, attrs: Iterable[tuple[str, str | None]]) -> None:
        self.attributes.append((tag, dict(attrs)))
        if tag not in {"br", "img", "meta", "base"}:
            self.open.append((tag, dict(attrs), []))
        elif tag == "br":
            self.handle_data("\n")

    def handle_startendtag(self, tag: str, attrs: Any) -> None:
        self.handle_starttag(tag, attrs)

    def handle_data(self, data: str) -> None:
        for _, _, texts in self.open:
            texts.append(data)

    def handle_endtag(self, tag: str) -> None:
        opened, attributes, texts = self.open.pop()
        assert opened == tag
        self.found.append((tag, attributes.get("class") or "", "".join(texts)))

    def of(self, tag: str, classes: str) -> list[str]:
        return [text for t, c, text in self.found if (t, c) == (tag, classes)]


def thread(*messages: Message, **fields: Any) -> Thread:
    given = {
        "id": "milodvorak_12", "title": MILO, "participants": [MILO, ZOE], "is_group": False,
        "folder": "inbox", "source": "html", "owner": ZOE, "messages": list(messages),
    }  # fmt: skip
    return Thread(**given | fields)


def pages(path: Path, *threads: Thread, **options: Any) -> list[str]:
    written = write_export(threads, path, media_files=False, **options)
    return [file.read_text(encoding="utf-8") for file in written.files]


@pytest.mark.parametrize("variant", BLOCKS)
def test_blocks(tmp_path: Path, variant: Any) -> None:
    (page,) = pages(
        tmp_path,
        thread(
            Message(ZOE, MS - 60_000, "first\nsecond"),
            Message(MILO, MS, "v pět 😂", reactions=(Reaction(ZOE, "❤"),)),
        ),
        variant=variant,
    )
    elements = Elements(page)
    blocks = elements.of(*BLOCKS[variant])
    assert len(blocks) == 2
    assert blocks[0].startswith(f"{MILO}v pět 😂❤{ZOE}")
    assert blocks[1].startswith(f"{ZOE}first\n second")
    sender = {
        "H2": ("div", "_3-96 _2pio _2lek _2lel"),
        "H3": ("div", "_2ph_ _a6-h _a6-i"),
        "H4": ("h2", "_2ph_ _a6-h _a6-i"),
        "I3": ("div", "_3-95 _2pim _a6-h _a6-i"),
        "I4": ("h2", "_3-95 _2pim _a6-h _a6-i"),
    }[variant]
    assert elements.of(*sender) == [MILO, ZOE]
    date = {
        "H2": ("div", "_3-94 _2lem"),
        "H3": ("div", "_a72d"),
        "H4": ("div", "_a72d"),
        "I3": ("div", "_3-94 _a6-o"),
        "I4": ("div", "_3-94 _a6-o"),
    }[variant]
    assert (
        elements.of(*date)[0]
        == {
            "H2": "Jul 12, 2024 4:54:10pm",
            "H3": "Jul 12, 2024 4:54:10pm",
            "H4": "Jul 12, 2024 4:54:10 pm",
            "I3": "Jul 12, 2024, 12:54 PM",
            "I4": "Jul 12, 2024 12:54 pm",
        }[variant]
    )
    title = {
        "H2": ("div", "_3b0d"), "H3": ("div", "_a70e"), "H4": ("h1", ""), "I3": ("div", "_a70e"),
        "I4": ("h1", ""),
    }[variant]  # fmt: skip
    assert elements.of(*title) == [MILO]


@pytest.mark.parametrize("variant", BLOCKS)
def test_the_text_is_the_second_inner_div(tmp_path: Path, variant: Any) -> None:
    body = {"H2": "_3-96 _2let", "H3": "_2ph_ _a6-p", "H4": "_2ph_ _a6-p"}.get(
        variant, "_3-95 _a6-p"
    )
    source = thread(
        Message(ZOE, MS, "look", share=Share("https://example.com/?a=1&b", "Soup")),
        Message(ZOE, MS, attachments=(Attachment("photo", "photos/1.jpg"),)),
    )
    (page,) = pages(tmp_path, source, variant=variant)
    start = rf'class="{body}"><div><div></div><div>'
    assert re.findall(start + "(.*?)</div>", page) == ["", "look"]
    assert (
        '<div>look</div><div><div>Soup</div><div><a target="_blank" '
        'href="https://example.com/?a=1&amp;b">https://example.com/?a=1&amp;b</a></div></div>'
    ) in page
    assert '<div></div><div></div><div><div><a target="_blank" href="photos/1.jpg"><img' in page


def test_the_blocks_of_the_format_reference(tmp_path: Path) -> None:
    message = Message(MILO, MS, "v pět 😂", reactions=(Reaction(ZOE, "❤"),))
    (page,) = pages(tmp_path / "3", thread(message), variant="H3")
    assert (
        '<div class="_a6-g"><div class="_2ph_ _a6-h _a6-i">Milo Dvořák</div>'
        '<div class="_2ph_ _a6-p">'
        "<div><div></div><div>v pět 😂</div><div></div><div></div>"
        '<div><ul class="_a6-q"><li>❤Zoë Brandt</li></ul></div></div></div>'
        '<div class="_3-94 _a6-o"><div class="_a72d">Jul 12, 2024 4:54:10pm</div></div></div>'
    ) in page
    (page,) = pages(tmp_path / "4", thread(message), variant="H4")
    assert (
        '<section class="_3-95 _a6-g"><h2 class="_2ph_ _a6-h _a6-i">Milo Dvořák</h2>'
        '<div class="_2ph_ _a6-p"><div><div></div><div>v pět 😂</div><div></div><div></div>'
        '<div><ul class="_a6-q"><li><span>❤Zoë Brandt (Jul 12, 2024 4:55:10 pm)</span></li></ul>'
        '</div></div></div><footer class="_3-94 _a6-o">'
        '<div class="_a72d">Jul 12, 2024 4:54:10 pm</div></footer></section>'
    ) in page
    assert '<main class="_a706" role="main">' in page


def test_entities_and_right_to_left(tmp_path: Path) -> None:
    texts = ['it\'s "me" @home {1} <b> & ok', "مرحبا"]
    (page,) = pages(tmp_path, thread(*(Message(ZOE, MS, text) for text in texts)), variant="H3")
    assert "it&#039;s &quot;me&quot; &#064;home &#123;1&#125; &lt;b&gt; &amp; ok" in page
    assert '<div><span dir="rtl">مرحبا</span></div>' in page
    assert any(texts[0] in text for _, _, text in Elements(page).found)


@pytest.mark.parametrize(("variant", "up"), [("H2", 3), ("H3", 4), ("H4", 4), ("I3", 4), ("I4", 4)])
def test_links_are_meant_from_the_root(tmp_path: Path, variant: Any, up: int) -> None:
    (page,) = pages(tmp_path, thread(Message(ZOE, MS, "x")), variant=variant)
    assert ("base", {"href": "../" * up}) in Elements(page).attributes


def test_pages_are_split_newest_first(tmp_path: Path) -> None:
    source = thread(*(Message(ZOE, MS + n, f"number {n}!") for n in range(5)))
    found = pages(tmp_path, source, variant="H3", messages_per_part=2)
    numbers = [re.findall(r"number (\d)!", page) for page in found]
    assert numbers == [["4", "3"], ["2", "1"], ["0"]]
    assert [file.name for file in sorted(tmp_path.rglob("*.html"))][-1] == "message_3.html"
    assert Elements(found[0]).of("div", "_7s7q") == ["1", "2", "3"]


@pytest.mark.parametrize("variant", BLOCKS)
def test_headers_name_the_owner_and_the_zone(tmp_path: Path, variant: Any) -> None:
    (page,) = pages(tmp_path / "1", thread(Message(ZOE, MS, "x")), variant=variant)
    lines = [text for _, classes, text in Elements(page).found if classes in {"_aoaa", "_4t5o"}]
    if variant.startswith("I"):
        assert not lines
        return
    start = "Generated by Zoë Brandt on Saturday, May 18, 2024 at 4:54 PM UTC-04:00"
    assert lines[0].startswith(start)
    assert (page.index("_4t5o") > page.index("_2lej")) if variant == "H2" else "_aoaa" in page
    without = HtmlPages(header=False)
    (page,) = pages(tmp_path / "2", thread(Message(ZOE, MS, "x")), variant=variant, html=without)
    assert "Generated by" not in page


def test_participants_stand_in_the_first_block_of_groups(tmp_path: Path) -> None:
    people = [MILO, "Ana", ZOE]
    group = thread(Message(ZOE, MS, "x"), is_group=True, participants=people)
    (page,) = pages(tmp_path / "1", group, variant="H3")
    first, _ = Elements(page).of("div", "_a6-g")
    assert first == f"Participants: {MILO}, Ana and {ZOE}"
    (page,) = pages(tmp_path / "2", group, variant="H3", html=HtmlPages(participants=False))
    assert len(Elements(page).of("div", "_a6-g")) == 1


@pytest.mark.parametrize("variant", ["H1", "H1-manifest"])
def test_the_first_generation(tmp_path: Path, variant: Any) -> None:
    threads = [
        thread(Message(ZOE, MS, "one"), Message(MILO, MS + 60_000, "two <3")),
        thread(Message(ZOE, MS, "three"), id="ana_5", participants=["Ana", ZOE]),
    ]
    written = write_export(threads, tmp_path, variant=variant)
    names = [file.relative_to(tmp_path).as_posix() for file in written.files]
    page = (tmp_path / "html/messages.htm").read_text(encoding="utf-8")
    if variant == "H1":
        assert names == ["html/messages.htm"]
    else:
        assert names == ["messages/0.html", "messages/1.html", "html/messages.htm"]
        assert '<a href="../messages/1.html">Ana, Zoë Brandt</a>' in page
        page = (tmp_path / "messages/0.html").read_text(encoding="utf-8")
    elements = Elements(page)
    assert f'<div class="thread">{MILO}, {ZOE}<div class="message">' in page
    assert elements.of("span", "user")[:2] == [MILO, ZOE]
    assert elements.of("span", "meta")[1] == "Friday, July 12, 2024 at 4:54pm UTC-04"
    assert "</div></div><p>two &lt;3</p>" in page


@pytest.mark.parametrize(
    ("dates", "shown"),
    [
        ("h1", "Friday, July 12, 2024 at 10:54pm UTC+02"),
        ("us-glued", "Jul 12, 2024 10:54:10pm"),
        ("us-blank", "Jul 12, 2024 10:54:10 pm"),
        ("us-minutes", "Jul 12, 2024 10:54 pm"),
        ("us-comma", "Jul 12, 2024, 10:54 PM"),
        ("gb", "12 Jul 2024, 22:54"),
        ("fr", "12/07/2024, 22:54"),
        ("cs", "čvc 12, 2024 10:54:10 odpol."),
        ("ja", "7月 12, 2024 10:54:10 PM"),
    ],
)
def test_dates(dates: Any, shown: str) -> None:
    zone = timezone(timedelta(hours=2))
    assert Clock("H3", HtmlPages(dates=dates, zone=zone)).show(MS) == shown
    assert DATE_PRECISION[dates] == (1_000 if ":10" in shown else 60_000)
    narrow = Clock("H3", HtmlPages(dates=dates, zone=zone, narrow_blanks=True)).show(MS)
    assert narrow == re.sub(r" (?=[ap]m$)", "\u202f", shown, flags=re.IGNORECASE)


@pytest.mark.parametrize(("hour", "shown"), [(0, "12:05 AM"), (12, "12:05 PM"), (13, "1:05 PM")])
def test_the_clock_of_twelve_hours(hour: int, shown: str) -> None:
    time = datetime(2024, 1, 2, hour, 5, tzinfo=timezone.utc).timestamp() * 1000
    clock = Clock("I3", HtmlPages(zone=timezone.utc))
    assert clock.show(int(time)) == f"Jan 2, 2024, {shown}"
