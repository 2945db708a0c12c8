from __future__ import annotations

from tests.unit_tests.exports.html_pages import block, decode, only_thread, page

ZOE, MILO = "Zoë Brandt", "Milo Dvořák"


def test_a_page_of_2018_holds_all_threads_and_goes_on_with_one_under_a_second_heading() -> None:
    first = page("H1", block("H1", MILO, "3"), block("H1", ZOE, "2")).decode()
    heading = '<div class="thread">'
    others = f"{heading}Al, Zoë Brandt{block('H1', 'Al', 'hi')}</div>"
    again = f"{heading}Milo Dvořák, Zoë Brandt{block('H1', MILO, '1')}</div>"
    found = decode(
        first.replace("</div></div></div>", f"</div>{others}{again}</div></div>").encode()
    )
    assert [thread.participants for thread in found.threads] == [[ZOE, MILO], ["Al", ZOE]]
    assert [[m.text for m in thread.messages] for thread in found.threads] == [
        ["1", "2", "3"],
        ["hi"],
    ]
    assert found.owner == ZOE
    assert found.threads[0].messages[0].share is None, "the footer's link is no message's"


def test_a_page_of_autumn_2017_holds_one_thread_with_a_title() -> None:
    heading = "<h3>Conversation with Al &amp; Co</h3>Participants: Milo Dvořák, Al"
    raw = (
        page("H1", block("H1", MILO, "x"))
        .decode()
        .replace("Zoë Brandt, Milo Dvořák<", f"{heading}<")
    )
    thread = only_thread(raw.encode())
    assert (thread.title, thread.participants) == ("Al & Co", [MILO, "Al"])


def test_messages_of_2018_without_their_thread_are_read() -> None:
    raw = page("H1", block("H1", MILO, "2"), block("H1", ZOE, "1"))
    thread = only_thread(raw.replace(b'class="thread"', b'class="x"'))
    assert (thread.title, thread.participants, len(thread.messages)) == (None, None, 2)


def test_a_person_may_have_been_in_two_groups() -> None:
    group = '<div class="thread">Al, Zoë Brandt'
    first = page("H1", block("H1", MILO, "x")).decode()
    threads = f"{group}, Bo{block('H1', 'Al', 'a')}</div>{group}{block('H1', 'Al', 'b')}</div>"
    found = decode(first.replace("</div></div></div>", f"</div>{threads}</div></div>").encode())
    assert [thread.participants for thread in found.threads] == [
        [ZOE, MILO],
        ["Al", ZOE, "Bo"],
        ["Al", ZOE],
    ]


def test_a_message_without_text_or_date_is_counted() -> None:
    blocks = block("H1", ZOE, "x"), block("H1", ZOE), block("H1", ZOE, "x", "once")
    thread = only_thread(page("H1", *blocks))
    assert (thread.found, dict(thread.skipped)) == (3, {"empty": 1, "no time": 1})
