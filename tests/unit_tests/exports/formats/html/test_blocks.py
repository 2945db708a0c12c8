# ruff: noqa: RUF001 - signs that look alike are the subject
from __future__ import annotations

from typing import Any

import pytest

from langchain_fbmessenger.exports import Attachment, Reaction, Share
from tests.unit_tests.exports.html_pages import GENERATIONS, SHAPES, block, only_thread, page, typed

ZOE, MILO = "Zoë Brandt", "Milo Dvořák"
SINCE_2018 = GENERATIONS[1:]


def only_message(generation: str, *args: str, **more: Any) -> Any:
    """Read a page of one message; a second one makes Milo known."""
    blocks = block(generation, ZOE, *args, **more), block(generation, MILO, "known")
    return only_thread(page(generation, *blocks)).messages[-1]


def text(generation: str, body: str, **more: Any) -> str | None:
    found: str | None = only_message(generation, body, **more).text
    return found


@pytest.mark.parametrize("generation", SINCE_2018)
@pytest.mark.parametrize(
    "words",
    [
        "v pět 😂",
        "first\nsecond\n\nfourth",
        "two  blanks, one at the end ",
        "\n a blank begins a line",
        'it\'s "you" & <me> @home {x}',
        "👩‍👩‍👧 🇨🇿 1️⃣ e\u0301",
        "שלום עולם\u200f",
        "class=\"_a6-g\" <div class='_a6-o'>Jul 12, 2024 4:54:10pm</div>",
        "IP Address: 127.0.0.1",
        "https://example.org/?a=1&b=2",
    ],
)
def test_text_is_as_it_was_typed(generation: str, words: str) -> None:
    assert text(generation, typed(words)) == words


@pytest.mark.parametrize("generation", SINCE_2018)
def test_text_from_right_to_left_stands_in_a_span(generation: str) -> None:
    assert text(generation, '<span dir="rtl">שלום<br /> עולם</span>') == "שלום\nעולם"


def test_blanks_stay_beside_tags() -> None:
    assert text("H3", "a <b>b</b> c<br />\n d<br /><i>e</i>\n<br /> f") == "a b c\nd\ne\nf"


def test_entities_are_read() -> None:
    assert text("H3", "it&#039;s &quot;x&quot; &#064;home &#123;y&#125; &amp;amp;") == (
        'it\'s "x" @home {y} &amp;'
    )


def test_paragraphs_of_2018_may_nest_and_hold_line_feeds() -> None:
    assert text("H1", "<p>one\ntwo &amp;</p>") == "one\ntwo &"
    assert text("H1", "  one  ") == "one"


@pytest.mark.parametrize("generation", SINCE_2018)
def test_what_stands_beside_the_text_is_left_out_of_it(generation: str) -> None:
    read = only_message(
        generation,
        "typed",
        media='<div>IP Address: 198.51.100.7</div><div class="_idm">Duration: 0:07</div>',
        reactions=("❤Milo Dvořák",),
    )
    assert read.text == "typed"
    assert read.reactions == (Reaction(MILO, "❤"),)
    assert (read.attachments, read.share) == ((), None)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("<div>typed</div>", "typed"),
        ("<div><div>typed</div></div>", "typed"),
        ("typed", "typed"),
        ("<div>typed <b>too</b></div>", "typed too"),
        ("<div><div></div><div>typed</div></div>", "typed"),
        ("<div>\n  typed\n  words\n</div>", "typed words"),
        ("typed<div>IP Address: 198.51.100.7</div>", "typed"),
        ("<div><video src='1.mp4'><div>Click for video:</div></video></div>", None),
        ("\n  <div>\n    <div>\n      typed <i>words</i>\n    </div>\n  </div>\n", "typed words"),
        ("<div><div>typed</div></div><div>IP Address: 198.51.100.7</div>", "typed"),
        ('<div><div>typed</div><div><ul class="_a6-q"><li>❤Al</li></ul></div></div>', "typed"),
        (
            "<img src='1.jpg'><div><div>IP Address: ::1</div><div>IP Address: 10.0.0.1</div></div>",
            None,
        ),
    ],
)
def test_another_structure_has_its_text_read_too(body: str, words: str | None) -> None:
    shape = SHAPES["I3"]
    whole = shape.block.format(
        shape.sender.format(ZOE)
        + shape.body.format(body)
        + shape.date.format("May 1, 2024, 6:21 AM")
    )
    thread = only_thread(page("I3", whole))
    assert [message.text for message in thread.messages] == [words]


def test_a_date_may_stand_without_its_frame() -> None:
    raw = page("H3", block("H3", ZOE, "x").replace("_3-94 _a6-o", "_3-94"))
    thread = only_thread(raw)
    assert thread.messages[0].text == "x"


@pytest.mark.parametrize(
    "inner",
    [
        "<div>{}</div>",
        "<article>{}</article>",
    ],
)
def test_parts_may_be_wrapped_once_more(inner: str) -> None:
    shape = SHAPES["H3"]
    parts = shape.sender.format(ZOE) + shape.body.format("<div>x</div>")
    raw = page(
        "H3", shape.block.format(inner.format(parts)) + shape.date.format("May 1, 2024 6:21pm")
    )
    thread = only_thread(raw)
    assert [(m.sender, m.text) for m in thread.messages] == [(ZOE, "x")]


@pytest.mark.parametrize(
    ("item", "reaction"),
    [
        ("❤Milo Dvořák", Reaction(MILO, "❤")),
        ("<span>❤Milo Dvořák</span> (Jun 01, 2025 3:32:01 pm)", Reaction(MILO, "❤")),
        ("<span>😆Milo Dvořák<span> (1 juin 2025, 15 h 32)</span></span>", Reaction(MILO, "😆")),
        ("👍🏽Unknown Person", Reaction("Unknown Person", "👍🏽")),
        ("❤️Unknown", Reaction("Unknown", "❤️")),
        ("👩‍❤️‍👨Unknown", Reaction("Unknown", "👩‍❤️‍👨")),
        ("🕵🏿‍♂️Unknown", Reaction("Unknown", "🕵🏿‍♂️")),
        ("🇨🇿Unknown", Reaction("Unknown", "🇨🇿")),
        ("1️⃣2 Fast", Reaction("2 Fast", "1️⃣")),
        (
            "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007fAl",
            Reaction("Al", "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"),
        ),
        ("❤🌸 Flower", Reaction("🌸 Flower", "❤")),
        ("❤あきら", Reaction("あきら", "❤")),
        ("あきら", None),
        ("<span>❤Unknown (2)</span>", Reaction("Unknown (2)", "❤")),
        ("❤Not Milo Dvořák", Reaction("Not Milo Dvořák", "❤")),
        ("❤Unknown (2)", Reaction("Unknown (2)", "❤")),
        ("❤", Reaction("", "❤")),
        ("Milo Dvořák", None),
        ("", None),
    ],
)
@pytest.mark.parametrize("generation", SINCE_2018)
def test_a_reaction_is_an_emoji_and_who_gave_it(
    generation: str, item: str, reaction: Reaction | None
) -> None:
    read = only_message(generation, "x", reactions=(item, item))
    assert read.reactions == ((reaction,) if reaction else ())
    assert read.text == "x"


@pytest.mark.parametrize("where", ["owner", "participant"])
def test_who_never_wrote_is_known_from_the_page(where: str) -> None:
    """To a parser of emoji alone, this name begins with the skin of the thumb."""
    name, item = "\U0001f3fd Ana", "👍\U0001f3fd Ana"
    said = f'<div class="_aoaa">Generated by {name} on July 14, 2024 at 6:31 PM UTC-04:00</div>'
    listed = block("H3", f"Participants: {ZOE} and {name}", date="")
    above, first = (said, "") if where == "owner" else ("", listed)
    raw = page("H3", first, block("H3", ZOE, "x", reactions=(item,)), above=above)
    thread = only_thread(raw)
    assert thread.messages[0].reactions == (Reaction(name, "👍"),)


def test_a_name_of_the_page_may_begin_with_an_emoji() -> None:
    blocks = block("I4", "🌸🌸", "x", reactions=("🌸🌸🌸",)), block("I4", "🌸", "y")
    thread = only_thread(page("I4", *blocks))
    assert thread.messages[-1].reactions == (Reaction("🌸🌸", "🌸"),)


ROOT = "your_facebook_activity/messages/inbox/milo_1/"


@pytest.mark.parametrize(
    ("html", "attachment"),
    [
        (
            f'<a target="_blank" href="{ROOT}photos/1.jpg"><img src="{ROOT}photos/1.jpg" /></a>',
            Attachment("photo", f"{ROOT}photos/1.jpg"),
        ),
        (
            f'<a href="{ROOT}photos/1.png"><img src="{ROOT}photos/thumb.png" /></a>',
            Attachment("photo", f"{ROOT}photos/1.png"),
        ),
        (
            (
                f'<div><video src="{ROOT}videos/2.mp4" controls="1"><a href="{ROOT}videos/2.mp4">'
                f'<div>Click for video:</div><img src="{ROOT}videos/2.jpg" /></a></video></div>'
            ),
            Attachment("video", f"{ROOT}videos/2.mp4"),
        ),
        (
            f'<video src="{ROOT}audio/3.mp4"><a href="{ROOT}audio/3.mp4">x</a></video>',
            Attachment("audio", f"{ROOT}audio/3.mp4"),
        ),
        (f'<audio src="{ROOT}4.aac"></audio>', Attachment("audio", f"{ROOT}4.aac")),
        (f'<img src="{ROOT}gifs/5.mp4" />', Attachment("gif", f"{ROOT}gifs/5.mp4")),
        ('<img src="6.gif" />', Attachment("gif", "6.gif")),
        (f'<a href="{ROOT}files/a b.pdf">a b.pdf</a>', Attachment("file", f"{ROOT}files/a b.pdf")),
        ('<a href="talk.opus">talk</a>', Attachment("audio", "talk.opus")),
        (
            '<img src="messages/stickers_used/39178562_1505197616293642.png" class="_2yuc" />',
            Attachment("sticker", "messages/stickers_used/39178562_1505197616293642.png"),
        ),
        (
            '<img src="https://scontent.fbcdn.net/1.jpg?x=y" />',
            Attachment("photo", "https://scontent.fbcdn.net/1.jpg?x=y"),
        ),
    ],
)
@pytest.mark.parametrize("generation", GENERATIONS)
def test_a_file_counts_once_by_its_kind(generation: str, html: str, attachment: Attachment) -> None:
    read = only_message(generation, media=html)
    assert (read.text, read.attachments, read.share) == (None, (attachment,), None)


@pytest.mark.parametrize(
    "html",
    [
        '<img src="data:image/png;base64,AAAA" />',
        '<a href="mailto:al@example.org">mail</a>',
        '<a href="#top">up</a>',
        '<a href="fb-messenger://thread/1">app</a>',
        "<a>nothing</a>",
    ],
)
def test_what_is_no_file_is_no_attachment(html: str) -> None:
    assert only_message("H3", "x", media=html).attachments == ()


LINK = '<a target="_blank" href="{0}">{0}</a>'
REEL = "https://www.instagram.com/reel/ABC/?id=1&k=2"


def test_a_link_of_its_own_is_a_share_with_what_is_said_of_it() -> None:
    said = f"<div>Cats #cat</div><div>catlady</div><div>{LINK.format(typed(REEL))}</div>"
    read = only_message("I4", "Zoë sent an attachment.", link=f"<div><div>{said}</div></div>")
    assert read.text == "Zoë sent an attachment."
    assert read.share == Share(REEL, "Cats #cat\ncatlady")
    assert read.attachments == ()


@pytest.mark.parametrize("generation", SINCE_2018)
def test_the_typed_link_is_text(generation: str) -> None:
    link = LINK.format(typed(REEL))
    assert only_message(generation, f"look: {link}").share is None
    for shown in (link, link.replace(f">{typed(REEL)}<", ">A reel of cats<")):
        read = only_message(generation, typed(f"look: {REEL}"), link=shown)
        assert (read.text, read.share) == (f"look: {REEL}", None)


def test_a_preview_of_a_shared_page_is_no_photo() -> None:
    link = f'<a href="{typed(REEL)}"><img src="https://external.fbcdn.net/p.jpg" /></a>'
    read = only_message("H3", link=link)
    assert (read.share, read.attachments) == (Share(REEL), ())
