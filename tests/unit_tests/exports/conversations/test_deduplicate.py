from __future__ import annotations

import pytest

from langchain_fbmessenger.exports import Attachment, Message, Reaction, Share
from langchain_fbmessenger.exports.conversations.deduplicate import merge_messages
from tests.unit_tests.builders import AL, ZOE

MINUTE = 60_000


def texts(messages: list[Message]) -> str:
    return "".join(message.text or "-" for message in messages)


def file(*typed: tuple[int, str]) -> list[Message]:
    return [Message(ZOE, time, text) for time, text in typed]


@pytest.mark.parametrize(
    ("files", "expected", "duplicates"),
    [
        ([], "", 0),
        ([[], []], "", 0),
        ([file((1, "a"), (2, "b"))], "ab", 0),
        ([file((1, "a"), (2, "b")), file((3, "c"))], "abc", 0),
        ([file((3, "c")), file((1, "a"), (2, "b"))], "abc", 0),
        ([file((1, "a"), (3, "c")), file((2, "b"), (3, "c"), (4, "d"))], "abcd", 1),
        ([file((1, "a"), (2, "b"))] * 3, "ab", 4),
        ([file((1, "a")), [], file((1, "a"))], "a", 1),
        ([file((1, "a"), (2, "b")), file((2, "c"), (3, "d"))], "abcd", 0),
        ([file((1, "a"), (9, "z")), file((4, "m"), (5, "n"))], "amnz", 0),
    ],
)
def test_each_message_comes_once_in_the_order_of_time(
    files: list[list[Message]], expected: str, duplicates: int
) -> None:
    merged, dropped = merge_messages(files, 1)
    assert (texts(merged), dropped) == (expected, duplicates)
    assert sum(map(len, files)) == len(merged) + dropped


@pytest.mark.parametrize(
    ("files", "expected", "duplicates"),
    [
        ([file((1, "h"), (1, "h"))], "hh", 0),
        ([file((1, "h"), (1, "h")), file((1, "h"))], "hh", 1),
        ([file((1, "h")), file((1, "h"), (1, "h"))], "hh", 1),
        ([file((1, "h"), (1, "h")), file((1, "h"), (1, "h"), (1, "h"))], "hhh", 2),
    ],
)
def test_what_one_file_repeats_is_no_duplicate(
    files: list[list[Message]], expected: str, duplicates: int
) -> None:
    merged, dropped = merge_messages(files, 1)
    assert (texts(merged), dropped) == (expected, duplicates)


def test_files_that_share_no_time_are_not_compared() -> None:
    """Parts of one thread share no time, and most exports are a single one."""
    early = [Message(ZOE, 1, "a"), Message(ZOE, 1, "a")]
    assert merge_messages([early, file((2, "a"))], 1)[1] == 0


@pytest.mark.parametrize(
    ("precision", "expected", "duplicates"), [(1, "aacb", 0), (1000, "aacb", 0), (MINUTE, "acb", 1)]
)
def test_times_are_compared_in_the_coarsest_unit(
    precision: int, expected: str, duplicates: int
) -> None:
    exact = file((MINUTE + 1500, "a"), (MINUTE + 40_000, "b"))
    page = file((MINUTE, "a"), (MINUTE + 2000, "c"))
    merged, dropped = merge_messages([exact, page], precision)
    assert (texts(merged), dropped) == (expected, duplicates)


def test_exact_time_of_the_earlier_file_is_kept() -> None:
    merged, _ = merge_messages([file((MINUTE + 1500, "a")), file((MINUTE, "a"))], MINUTE)
    assert [m.timestamp_ms for m in merged] == [MINUTE + 1500]


@pytest.mark.parametrize(
    ("other", "is_same"),
    [
        (Message(ZOE, 5, "a b"), True),
        (Message(ZOE, 5, " a\n\nb"), True),
        (Message(AL, 5, "a b"), False),
        (Message(ZOE, 6, "a b"), False),
        (Message(ZOE, 5, "a c"), False),
        (Message(ZOE, 5, None), False),
        (Message(ZOE, 5, "a b", attachments=(Attachment("photo", "a.jpg"),)), False),
        (Message(ZOE, 5, "a b", share=Share("https://a")), True),
        (Message(ZOE, 5, share=Share("https://a")), False),
        (Message(ZOE, 5, share=Share(None, "a b")), False),
    ],
)
def test_message_is_the_same_by_sender_time_text_and_media(other: Message, is_same: bool) -> None:
    one = Message(ZOE, 5, "a b")
    around = [Message(AL, 0, "start"), other, Message(AL, 9, "end")]
    assert merge_messages([[one], around], 1)[1] == int(is_same)


@pytest.mark.parametrize(
    ("other", "is_same"),
    [
        (Message(ZOE, 5, share=Share("https://a", "title")), True),
        (Message(ZOE, 5, "https://a"), True),
        (Message(ZOE, 5, "https://a", share=Share("https://a")), True),
        (Message(ZOE, 5, share=Share("https://b")), False),
        (Message(ZOE, 5, share=Share(None, "title")), False),
    ],
)
def test_link_is_the_same_as_a_field_or_as_the_text(other: Message, is_same: bool) -> None:
    one = Message(ZOE, 5, share=Share("https://a"))
    assert merge_messages([[one], [other]], 1)[1] == int(is_same)


@pytest.mark.parametrize(
    ("uris", "is_same"),
    [
        (("messages/inbox/al_1/photos/1.jpg", "your_facebook_activity/x/photos/1.jpg"), True),
        (("photos/1.jpg", "photos/2.jpg"), False),
        (("1.jpg", "1.jpg"), True),
        (("", ""), True),
    ],
)
def test_media_are_compared_without_their_folders(uris: tuple[str, str], is_same: bool) -> None:
    files = [[Message(ZOE, 5, attachments=(Attachment("photo", uri),))] for uri in uris]
    assert merge_messages(files, 1)[1] == int(is_same)


def test_reactions_that_only_a_duplicate_has_are_kept() -> None:
    heart, laugh = Reaction(AL, "❤"), Reaction("Bo", "😂")
    first = Message(ZOE, 1, "a", reactions=(heart,))
    second = Message(ZOE, 1, "a", reactions=(laugh, heart))
    merged, _ = merge_messages([[first], [second], [Message(ZOE, 1, "a")]], 1)
    assert merged[0].reactions == (heart, laugh)


def test_reactions_go_to_the_message_that_they_belong_to() -> None:
    heart = Reaction(AL, "❤")
    second = [Message(ZOE, 1, "h"), Message(ZOE, 1, "h", reactions=(heart,))]
    merged, _ = merge_messages([file((1, "h"), (1, "h")), second], 1)
    assert [m.reactions for m in merged] == [(), (heart,)]


def test_ties_stay_in_the_order_of_the_files() -> None:
    older, newer = file((1, "a"), (5, "b")), file((5, "c"), (9, "d"))
    assert texts(merge_messages([older, newer], 1)[0]) == "abcd"


@pytest.mark.parametrize("time", [-(10**16), -1, 0, 10**16])
def test_any_time_is_borne(time: int) -> None:
    files = [file((time, "a"))] * 2
    assert merge_messages(files, MINUTE)[1] == 1
