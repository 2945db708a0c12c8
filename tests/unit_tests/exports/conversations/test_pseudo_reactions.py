from __future__ import annotations

import copy

import pytest

from langchain_fbmessenger.exports import Message, Reaction
from langchain_fbmessenger.exports.conversations.pseudo_reactions import attach_pseudo_reactions

ZOE = "Zoë Ångström"
AL = "Al"
MILO = "Milo"
HEART = "Reacted ❤ to your message "


def typed(sender: str, text: str = "hi", *reactions: Reaction) -> Message:
    return Message(sender, 0, text, reactions=reactions)


def sentence(sender: str, text: str = HEART) -> Message:
    return Message(sender, 0, text, system="reaction sentence")


def attach(*messages: Message, owner: str | None = ZOE) -> list[tuple[tuple[str, str], ...]]:
    """Return the reactions of each message, once it is certain that no input was changed."""
    given = list(messages)
    before = copy.deepcopy(given)
    found = attach_pseudo_reactions(given, owner)
    assert given == before
    assert [m.text for m in found] == [m.text for m in before]
    return [tuple((r.actor, r.reaction) for r in m.reactions) for m in found]


def test_the_newest_message_of_the_owner_gets_the_reaction() -> None:
    found = attach(typed(ZOE), typed(ZOE), typed(MILO), typed(AL), sentence(AL))
    assert found == [(), ((AL, "❤"),), (), (), ()]


def test_a_like_may_be_for_anybody_else() -> None:
    like = sentence(AL, "Liked a message")
    assert attach(typed(ZOE), typed(MILO), typed(AL), like) == [(), ((AL, "❤"),), (), ()]
    assert attach(typed(ZOE), typed(MILO), typed(ZOE), like) == [(), (), ((AL, "❤"),), ()]


@pytest.mark.parametrize("owner", [None, AL, "AL"])
def test_without_another_owner_anybody_else_is_meant(owner: str | None) -> None:
    found = attach(typed(ZOE), typed(MILO), typed(AL), sentence(AL), owner=owner)
    assert found == [(), ((AL, "❤"),), (), ()]


def test_the_owner_is_known_in_any_spelling() -> None:
    found = attach(typed(ZOE), typed(MILO), sentence(AL), owner="zoe\u0308  ångström")
    assert found == [((AL, "❤"),), (), ()]


def test_a_listed_reaction_is_not_added_again() -> None:
    listed = typed(ZOE, "hi", Reaction(AL, "❤\ufe0f"))
    assert attach(listed, typed(ZOE), sentence(AL)) == [((AL, "❤\ufe0f"),), (), ()]


@pytest.mark.parametrize("other", [Reaction(MILO, "❤"), Reaction(AL, "😂")])
def test_another_persons_or_another_reaction_is_not_the_one(other: Reaction) -> None:
    found = attach(typed(ZOE, "hi", other), sentence(AL))
    assert found == [((other.actor, other.reaction), (AL, "❤")), ()]


def test_each_listed_reaction_is_claimed_once() -> None:
    listed = typed(ZOE, "hi", Reaction(AL, "❤"))
    found = attach(listed, typed(ZOE), sentence(AL), sentence(AL))
    assert found == [((AL, "❤"),), ((AL, "❤"),), (), ()]


def test_reactions_are_claimed_within_200_messages() -> None:
    listed = typed(ZOE, "hi", Reaction(AL, "❤"))
    near = attach(listed, *[typed(ZOE) for _ in range(199)], sentence(AL))
    far = attach(listed, *[typed(ZOE) for _ in range(200)], sentence(AL))
    assert near[-2] == ()
    assert far[-2] == ((AL, "❤"),)


def test_the_oldest_of_several_is_claimed_so_that_the_next_sentence_finds_one_too() -> None:
    first, second = (typed(ZOE, "hi", Reaction(AL, "❤")) for _ in range(2))
    rest = [typed(ZOE) for _ in range(198)]
    found = attach(first, second, *rest, sentence(AL), sentence(AL))
    assert [reactions for reactions in found[2:] if reactions] == []


def test_nobody_reacts_twice_in_the_same_way_to_one_message() -> None:
    found = attach(typed(ZOE), sentence(AL), sentence(AL), sentence(AL, "Liked a message"))
    assert found[0] == ((AL, "❤"),)
    differently = attach(typed(ZOE), sentence(AL), sentence(AL, "Reacted 😂 to your message"))
    assert differently[0] == ((AL, "❤"), (AL, "😂"))


@pytest.mark.parametrize("messages", [[], [sentence(AL)], [typed(AL), sentence(AL), typed(ZOE)]])
def test_without_an_earlier_message_of_another_nothing_is_added(messages: list[Message]) -> None:
    assert attach(*messages) == [()] * len(messages)


def test_system_lines_get_no_reaction() -> None:
    call = Message(ZOE, 0, "You called Al.", system="call")
    assert attach(typed(ZOE), call, sentence(ZOE), sentence(AL)) == [((AL, "❤"),), (), (), ()]


def test_only_marked_sentences_count() -> None:
    assert attach(typed(ZOE), typed(AL, HEART)) == [(), ()]
    assert attach(typed(ZOE), sentence(AL, "no sentence of any table")) == [(), ()]


def test_what_was_given_is_not_changed() -> None:
    messages = [typed(ZOE), typed(ZOE), sentence(AL)]
    found = attach_pseudo_reactions(messages, ZOE)
    assert messages == [typed(ZOE), typed(ZOE), sentence(AL)]
    assert [a == b for a, b in zip(found, messages, strict=True)] == [True, False, True]


def test_the_table_in_another_language_serves_too() -> None:
    found = attach(typed(MILO), typed(ZOE), typed(MILO), sentence(AL, "Reaccionó 😮 a tu mensaje "))
    assert found[1] == ((AL, "😮"),)
