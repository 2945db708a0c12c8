from __future__ import annotations

from itertools import islice

from langchain_fbmessenger.testing import iter_sample_threads, sample_threads


def test_a_seed_gives_the_same_threads_again() -> None:
    assert sample_threads(1) == sample_threads(1) != sample_threads(2)
    assert sample_threads(1) == list(islice(iter_sample_threads(1), 8))


def test_sizes_and_owner() -> None:
    threads = sample_threads(n_threads=30, n_messages=7, owner="Ana Oak")
    assert [len(thread.messages) for thread in threads] == [7] * 30
    assert {thread.owner for thread in threads} == {"Ana Oak"}
    assert len({thread.id for thread in threads}) == 30
    assert all("Ana Oak" in thread.participants for thread in threads)


def test_messages_stand_in_the_order_of_time_and_some_stamps_are_equal() -> None:
    for thread in sample_threads():
        times = [message.timestamp_ms for message in thread.messages]
        assert times == sorted(times)
        assert len(set(times)) < len(times)


def test_every_kind_of_message_occurs_in_a_thread() -> None:
    for thread in sample_threads(n_messages=60):
        messages = thread.messages
        kinds = {a.kind for m in messages for a in m.attachments}
        assert kinds == {"photo", "video", "audio", "file", "gif", "sticker"}
        assert {m.call.missed for m in messages if m.call} == {True, False}
        assert {m.text is None for m in messages if m.share} == {True, False}
        assert {m.text is None for m in messages if m.attachments} == {True, False}
        assert {m.system for m in messages} >= {None, "call", "unsent"}
        assert any(m.reactions for m in messages)


def test_the_threads_differ_in_kind() -> None:
    threads = sample_threads(n_threads=10)
    assert {thread.folder for thread in threads} == {
        "inbox", "e2ee_cutover", "archived_threads", "filtered_threads", "message_requests",
    }  # fmt: skip
    (group,) = [thread for thread in threads if thread.is_group]
    assert len(group.participants) == 4
    assert "group event" in {m.system for m in group.messages}
    assert any(thread.id.startswith("facebookuser_") for thread in threads)
    (request,) = [thread for thread in threads if thread.folder == "message_requests"]
    assert request.owner not in {m.sender for m in request.messages}
    assert any(" · " in thread.title for thread in threads)


def test_hostile_text_can_be_left_out() -> None:
    def texts(*, hostile: bool) -> str:
        threads = sample_threads(n_messages=120, hostile=hostile)
        return "".join(m.text or "" for thread in threads for m in thread.messages)

    assert {"Ã©", "\t", "\f", "\\u00e9", "<b>"} <= {
        sign for sign in ("Ã©", "\t", "\f", "\\u00e9", "<b>") if sign in texts(hostile=True)
    }
    assert not {
        sign for sign in ("Ã©", "\t", "\f", "\\u00e9", "<b>") if sign in texts(hostile=False)
    }
