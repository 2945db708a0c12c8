"""Exchanges go in once, what is held out never does, and the best come out in one order."""

from __future__ import annotations

import copy
import pickle
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from langchain_fbmessenger import IndexReport
from langchain_fbmessenger.retrieval.exchanges import Exchange
from langchain_fbmessenger.retrieval.index import ExchangeIndex
from langchain_fbmessenger.retrieval.ranking import Filters

ANY = Filters()


def pickled(index: ExchangeIndex) -> Any:
    return pickle.loads(pickle.dumps(index))  # noqa: S301 - own


def index_of(*exchanges: Exchange) -> ExchangeIndex:
    index = ExchangeIndex()
    index.add(exchanges, IndexReport())
    return index


def found(index: ExchangeIndex, message: str, k: int = 10, filters: Filters = ANY) -> list[str]:
    return [one.exchange.reply for one in index.find(message, k, filters)]


def test_what_was_said_counts_more_than_what_was_answered() -> None:
    index = index_of(
        Exchange("what about the weather", "a concert"),
        Exchange("what about the concert", "rain"),
        Exchange("nothing", "at all"),
    )
    assert found(index, "concert") == ["rain", "a concert"]
    both = index.find("concert", 10, ANY, reply_share=1.0)
    assert both[0].exchange.reply == "a concert", "alone with the word it fits best"


def test_what_shares_no_word_is_not_found() -> None:
    index = index_of(Exchange("concert?", "yes"))
    for message in ("", "?!", "nothing of it", "\ud83d"):
        assert found(index, message) == []
    assert found(index_of(), "concert") == []


def test_texts_without_a_word_are_kept_and_do_no_harm() -> None:
    index = index_of(Exchange("?!", "…"), Exchange("", "well"))
    assert len(index) == 2
    assert found(index, "?!") == []
    assert found(index, "well") == ["well"]


def test_ties_go_to_the_newest_then_to_the_first() -> None:
    tied = [
        Exchange("concert?", f"no {n}", time, thread=f"t{n}")
        for n, time in enumerate([5, None, 7, 5, 9])
    ]
    index = index_of(*tied)
    assert found(index, "concert") == ["no 4", "no 2", "no 0", "no 3", "no 1"]
    assert found(index, "concert", k=2) == ["no 4", "no 2"]


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 9)), max_size=200), st.integers(1, 9))
def test_the_few_best_are_the_first_of_all(rows: list[tuple[int, int]], k: int) -> None:
    exchanges = [
        Exchange("concert " * (1 + words) + f"x{n}", str(n), time)
        for n, (words, time) in enumerate(rows)
    ]
    index = index_of(*exchanges)
    assert found(index, "concert", k=k) == found(index, "concert", k=1000)[:k]


def test_the_same_words_in_the_same_thread_are_taken_once_with_the_newest_time() -> None:
    index, report = index_of(), IndexReport()
    times = [5, 9, 7, None]
    index.add((Exchange("hi", "ahoj", time, thread="a") for time in times), report)
    index.add([Exchange("hi", "ahoj", 1, thread="b")], report)
    assert (report.added, report.known, len(index)) == (2, 3, 2)
    assert [one.exchange.time for one in index.find("hi", 9, ANY)] == [9, 1]


def test_filters_by_contact_and_time() -> None:
    index = index_of(
        Exchange("concert", "old", 100, contact="milo dvořák"),
        Exchange("concert", "new", 200, contact="milo dvořák", thread="b"),
        Exchange("concert", "unknown", None, contact="milo dvořák", thread="c"),
        Exchange("concert", "other", 200, contact="bo", thread="d"),
    )
    milo = Filters(contact="Milo Dvorak")
    assert found(index, "concert", filters=milo) == ["new", "old", "unknown"]
    assert found(index, "concert", filters=milo._replace(before=200)) == ["old"]
    assert found(index, "concert", filters=milo._replace(after=200)) == ["new"]
    assert found(index, "concert", filters=Filters(after=101, before=200)) == []
    assert found(index, "concert", filters=Filters(contact="Nobody")) == []


def test_a_name_that_several_have_means_all_of_them() -> None:
    index = index_of(
        Exchange("hi", "a", contact="zoë", thread="a"),
        Exchange("hi", "b", contact="zoé", thread="b"),
    )
    assert {*found(index, "hi", filters=Filters(contact="Zoe"))} == {"a", "b"}
    assert found(index, "hi", filters=Filters(contact="Zoë")) == ["a"]


def test_a_half_life_halves_the_score() -> None:
    day = 86_400_000
    far_ahead = Exchange("x", "y", 2**52)
    index = index_of(
        *(Exchange("concert", str(n), (1000 - n) * day, thread=str(n)) for n in range(3)), far_ahead
    )
    aged = index.find("concert", 9, Filters(half_life=timedelta(days=1)))
    scores = [one.score for one in aged]
    assert [one.exchange.reply for one in aged] == ["0", "1", "2"]
    assert scores[1] == pytest.approx(scores[0] / 2)
    assert scores[2] == pytest.approx(scores[0] / 4)


def test_an_exchange_of_unknown_time_does_not_age() -> None:
    index = index_of(Exchange("concert", "new", 10**12), Exchange("concert", "?", None, thread="b"))
    one, other = index.find("concert", 9, Filters(half_life=timedelta(days=1)))
    assert one.score == pytest.approx(other.score)


def test_common_words_can_be_passed_over() -> None:
    common = [Exchange(f"you and {n}", "ok") for n in range(200)]
    index = index_of(*common, Exchange("you and the owl", "karel"))
    assert len(index.find("you owl", 500, ANY)) == 201
    rare = index.find("you owl", 500, ANY, by_rare_words=True)
    assert [one.exchange.reply for one in rare] == ["karel"]


def test_the_newest_are_given_without_a_message() -> None:
    index = index_of(*(Exchange(f"a{n}", str(n), n) for n in range(5)), Exchange("b", "?"))
    assert [one.exchange.reply for one in index.newest(3, ANY)] == ["4", "3", "2"]
    assert [one.exchange.reply for one in index.newest(9, ANY)][-1] == "?"
    assert {one.score for one in index.newest(3, ANY)} == {0.0}


@pytest.mark.parametrize("again", [copy.deepcopy, pickled])
def test_copies_find_the_same_and_are_their_own(again: Any) -> None:
    index = index_of(Exchange("concert", "yes", 5), Exchange("soup", "no", 6))
    index.find("concert", 1, ANY)
    other = again(index)
    assert other.find("concert soup", 9, ANY) == index.find("concert soup", 9, ANY)
    other.add([Exchange("concert", "new")], IndexReport())
    assert (len(index), len(other)) == (2, 3)
    assert len(found(other, "concert")) == 2


def test_what_is_added_later_is_found_as_if_it_had_been_there() -> None:
    exchanges = [Exchange(f"concert {n} of {n % 7}", f"yes {n}", n) for n in range(40)]
    at_once, bit_by_bit = index_of(*exchanges), index_of()
    for one in exchanges:
        bit_by_bit.add([one], IndexReport())
        bit_by_bit.find("concert", 1, ANY)
    assert bit_by_bit.find("concert 3", 40, ANY) == at_once.find("concert 3", 40, ANY)


def test_threads_may_ask_while_others_add() -> None:
    index = index_of(Exchange("concert", "first", 0))

    def add(number: int) -> None:
        index.add([Exchange(f"concert {number}", str(number), number)], IndexReport())

    with ThreadPoolExecutor(4) as threads:
        asked = [threads.submit(index.find, "concert", 99, ANY) for _ in range(50)]
        added = [threads.submit(add, number) for number in range(50)]
        for done in (*asked, *added):
            done.result()
    assert len(found(index, "concert", k=99)) == 51


def test_an_index_shows_figures_only() -> None:
    assert repr(index_of(Exchange("secret", "secret"))) == "ExchangeIndex(exchanges=1)"


def test_half_a_character_is_replaced() -> None:
    from langchain_fbmessenger.retrieval.exchanges import exchanges_of

    example: Any = {
        "messages": [
            {"role": "user", "content": "hi \ud83d"},
            {"role": "assistant", "content": "ho \udc4d"},
        ]
    }
    (one,) = exchanges_of(example)
    assert (one.said, one.reply) == ("hi \ufffd", "ho \ufffd")


def test_what_fits_worst_is_found_where_nothing_better_is_wanted() -> None:
    index = index_of(*(Exchange(f"concert {'la ' * n}", str(n)) for n in range(300)))
    worst = index.find("concert", 3, ANY, is_wanted=lambda one: int(one.reply) > 290)
    assert [one.exchange.reply for one in worst] == ["291", "292", "293"]
