"""The law of renames: people keep their messages, even if renamed between two exports.

A conversation is made up and written twice, by an older and a newer name of each person; what is
loaded of both is what one export of all would hold.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from datetime import timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import pytest
from hypothesis import HealthCheck, Phase, assume, event, given, note, settings
from hypothesis import strategies as st

from langchain_fbmessenger import FacebookMessengerChatLoader, map_ai_messages
from langchain_fbmessenger._internal.names import comparable_name
from langchain_fbmessenger._internal.roster import people_of
from langchain_fbmessenger.exports import Message, Thread
from langchain_fbmessenger.testing import write_export
from langchain_fbmessenger.testing._options import Variant
from tests.hypothesis_profiles import profile_examples

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

START, HOUR = 1_700_000_040_000, 3_600_000
NAMES = [
    "zoe", "Zoë", "Zoë ✨", "Zoë Brandt", "ZOË NOVÁK", "Milo", "milo d.", "Milo Dvořák", "Ana",
    "Bo", "王小明", "小明", "Мария", "김철수", "नमिता", "محمد", "kitty_cat.99", "🌱",
]  # fmt: skip
NUMBERED = {"A", "H2", "H3", "H4", "I3", "I4"}
VARIANTS = [v for v in get_args(Variant) if v not in {"G", "H1-manifest", "F-conversations"}]

relaxed = settings(
    max_examples=profile_examples(2 / 3),
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
some_names = st.lists(
    st.sampled_from(NAMES), min_size=2, max_size=5, unique_by=comparable_name
).map(tuple)


class Case:
    """A conversation that two exports hold.

    Attributes:
        before: What people were called, the owner last.
        today: What they are called now.
        writers: Who writes each message, as a place in these.
        until: Where the older export ends.
        since: Where the newer one begins.
    """

    def __init__(self, draw: Callable[..., Any], *, is_disjoint: bool) -> None:
        self.before: tuple[str, ...] = draw(some_names)
        people = len(self.before)
        self.writers: list[int] = [
            *range(people),
            *draw(st.lists(st.integers(0, people - 1), min_size=4, max_size=12)),
            *range(people),
        ]
        end = len(self.writers)
        self.until = draw(st.integers(2, end - 1))
        self.since = self.until if is_disjoint else draw(st.integers(0, self.until - 2))
        both = set(self.writers[self.since : self.until])
        may_be = range(people) if is_disjoint else sorted(both)
        renamed = draw(st.sets(st.sampled_from(may_be), min_size=1))
        pool = [name for name in NAMES if not is_disjoint or name not in self.before]
        new = draw(
            st.lists(
                st.sampled_from(pool),
                min_size=people,
                max_size=people,
                unique_by=comparable_name,
            )
        )
        self.today = tuple(new[n] if n in renamed else name for n, name in enumerate(self.before))
        self.renamed = {n for n in renamed if self.today[n] != self.before[n]}
        assume(len({comparable_name(name) for name in self.today}) == people)

    def thread(self, names: Sequence[str], numbers: range) -> Thread:
        messages = [Message(names[self.writers[n]], START + n * HOUR, f"line {n}") for n in numbers]
        is_group = len(names) > 2
        title = "Soup Council" if is_group else names[0]
        number = "soup_123456789012345"
        people = list(names)
        return Thread(number, title, people, is_group, "inbox", "messenger", names[-1], messages)

    def check(self, variant: Variant, *, swap_paths: bool) -> None:
        note(f"{self.before} -> {self.today}, {self.writers}, {self.since}:{self.until}")
        older = self.thread(self.before, range(self.until))
        newer = self.thread(self.today, range(self.since, len(self.writers)))
        with tempfile.TemporaryDirectory() as folder:
            paths = [
                write_export([thread], Path(folder, name), variant=variant).path
                for name, thread in (("z", older), ("a", newer))
            ]
            loader = FacebookMessengerChatLoader(
                paths[::-1] if swap_paths else paths, timezone=timezone(timedelta(hours=-4))
            )
            sessions = loader.load()
        assert len(sessions) == 1
        (session,) = sessions
        expected = self.thread(self.today, range(len(self.writers)))
        assert [(m.additional_kwargs["sender"], m.content) for m in session["messages"]] == [
            (m.sender, m.text) for m in expected.messages
        ]
        owner = session["thread"]["owner"]
        assert loader.owner == owner
        assert owner == self.today[-1] or (owner is None and variant not in {"A", "A0"})
        people = {p.name: set(p.aliases) for p in people_of(session["thread"])}
        for number in self.renamed:
            then, now = self.before[number], self.today[number]
            assert comparable_name(then) == comparable_name(now) or then in people[now]
        (mapped,) = map_ai_messages([session], sender=self.today[-1])
        answers = Counter(message.type for message in mapped["messages"])
        assert answers["ai"] == self.writers.count(len(self.today) - 1)


@pytest.mark.parametrize("variant", VARIANTS)
@relaxed
@given(st.data())
def test_messages_in_common_tell_who_is_who(variant: Variant, data: st.DataObject) -> None:
    case = Case(data.draw, is_disjoint=False)
    event(f"{len(case.renamed)} of {len(case.before)} renamed")
    case.check(variant, swap_paths=data.draw(st.booleans()))


@pytest.mark.parametrize("variant", sorted(NUMBERED))
@relaxed
@given(st.data())
def test_number_tells_where_no_message_is_in_common(variant: Variant, data: st.DataObject) -> None:
    case = Case(data.draw, is_disjoint=True)
    owner = len(case.before) - 1
    # Of two, both may have another name if the files say whose they are; of more, the owner alone.
    assume(len(case.renamed) == 1 if variant != "A" else case.renamed)
    assume(len(case.before) == 2 or (case.renamed == {owner} and variant == "A"))
    case.check(variant, swap_paths=data.draw(st.booleans()))
