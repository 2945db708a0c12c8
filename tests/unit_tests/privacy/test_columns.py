"""The law of columns: a stage makes the same of what was loaded as of the messages that it is."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from langchain_core.messages import AIMessage, HumanMessage

from langchain_fbmessenger import (
    ConsentReport,
    Contacts,
    PrivacyReport,
    UnknownSenderError,
    apply_consent,
    pseudonymize_chat_sessions,
    redact_identifiers,
)
from langchain_fbmessenger._internal.roster import Person, ThreadWithPeople
from langchain_fbmessenger.exports import Attachment, Extra, Reaction, Share
from langchain_fbmessenger.privacy.consent.contacts import Contact
from langchain_fbmessenger.privacy.names import NameBook
from langchain_fbmessenger.privacy.preview.figures import Preview
from langchain_fbmessenger.privacy.scrub import names_in
from langchain_fbmessenger.transcripts.message_sources import LoadedMessages
from langchain_fbmessenger.transcripts.transcript import Transcript, transcript_of
from tests.hypothesis_profiles import profile_examples

if TYPE_CHECKING:
    from langchain_fbmessenger.privacy.findings import Finding

OWNER, MILO, BO = "Zoë Ångström", "Milo Dvořák", "Bo Sun"
PHONES = ("+420 601 234 567", "+420 601 234 568")  # of people in no address book
NAMES = (OWNER, MILO, "MILO dvořák", BO, "Cy Poe", "Facebook user", "", *PHONES)
PEOPLE = (Person(OWNER), Person(MILO, ("Milo Old",)), Person(BO))
TEXTS = (
    *("hi", "", "ask Milo!", "Bo Sun, not Milo", "call +420 601 234 567", "Snail?"),
    *("mail zoe@example.com", "Cy Poe met Wilhelmina yesterday", "@milo_d"),
)

names, texts = st.sampled_from(NAMES), st.sampled_from(TEXTS)
reactions = st.lists(st.builds(Reaction, names, texts), max_size=2).map(tuple)
attachments = st.lists(
    st.builds(Attachment, st.just("photo"), st.sampled_from(["milo_1/a.jpg", "b.gif"])), max_size=1
).map(tuple)
shares = st.none() | st.builds(Share, texts, texts)
extras = st.builds(Extra, reactions, attachments, shares) | st.builds(
    lambda text: {"system": {"kind": "call", "text": text}}, texts
)
threads = st.none() | st.builds(
    lambda people, is_group, folder: ThreadWithPeople(
        {
            "id": "milo_1",
            "title": people[0],
            "participants": people,
            "is_group": is_group,
            "folder": folder,
            "source": "messenger",
            "owner": OWNER,
        },
        PEOPLE,
        ((MILO, "Snail"),),
    ),
    st.lists(names, min_size=1, max_size=3),
    st.booleans(),
    st.sampled_from(["inbox", "message_requests"]),
)


@st.composite
def transcripts(draw: Any) -> Transcript:
    """Return a session as loaders make them, or as it is behind other stages."""
    several = draw(st.lists(st.integers(1, 3), max_size=8))  # of how many messages each is
    starts = [sum(several[:index]) for index in range(len(several) + 1)]
    times = list(range(1_700_000_000_000, 1_700_000_000_000 + starts[-1]))
    places = st.integers(0, max(starts[-1] - 1, 0))
    thread = draw(threads)
    kinds = [draw(st.sampled_from([HumanMessage, AIMessage])) for _ in several]
    whole = Transcript(
        {"messages": ()} if thread is None else {"messages": (), "thread": thread},
        [draw(names) for _ in several],
        [draw(texts) for _ in several],
        [times[start] for start in starts[:-1]],
        [times[end - 1] for end in starts[1:]],
        draw(st.sampled_from([None, kinds])),
        LoadedMessages(times, draw(st.dictionaries(places, extras, max_size=6)) if times else {}),
        range(len(several) + 1) if starts[-1] == len(several) else starts,
    )
    first = draw(st.integers(0, len(whole)))
    return whole.part(first, draw(st.integers(first, len(whole))))


class Spy(PrivacyReport):
    """Remembers what it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[Any] = []

    def saw(self, before: str, after: str, findings: list[Finding]) -> None:
        super().saw(before, after, findings)
        self.seen.append((before, after, findings))


def redacted(_: Path) -> tuple[Any, Any]:
    report = Spy()
    return redact_identifiers(report=report), report


def pseudonymized(key: Path) -> tuple[Any, Any]:
    report = Spy()
    return pseudonymize_chat_sessions(key=key, report=report, keep=[BO]), report


def all_replaced(key: Path) -> tuple[Any, Any]:
    report = Spy()
    options: Any = {"unknown_names": "replace", "identifiers": "fake", "keep_owner": True}
    return pseudonymize_chat_sessions(key=key, report=report, **options), report


def without_milo(_: Path) -> tuple[Any, Any]:
    report = ConsentReport()
    contacts = Contacts("pseudonymize", {MILO: Contact(consent="exclude")})
    return apply_consent(contacts=contacts, report=report), report


def without_most(_: Path) -> tuple[Any, Any]:
    report = ConsentReport()
    contacts = Contacts("exclude", {n: Contact(consent="include") for n in (OWNER, BO)})
    return apply_consent(contacts=contacts, report=report), report


@pytest.fixture(scope="module")
def key_of_all() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        key = Path(folder) / "names.key"
        NameBook(key)
        return key.read_bytes()


def made(make: Any, sessions: list[Transcript], key_bytes: bytes) -> Any:
    with tempfile.TemporaryDirectory() as folder:
        key = Path(folder) / "names.key"
        key.write_bytes(key_bytes)
        key.chmod(0o600)
        stage, report = make(key)
        found: list[Any] = []
        try:
            found.extend(map(Transcript.to_session, stage.over(iter(sessions))))
        except UnknownSenderError as error:  # in the end
            found.append(str(error))
        return found, vars(report), key.read_bytes()


@pytest.mark.parametrize(
    "make", [redacted, pseudonymized, all_replaced, without_milo, without_most]
)
@given(sessions=st.lists(transcripts(), max_size=3))
@settings(max_examples=profile_examples(2))
def test_columns_become_what_their_messages_become(
    key_of_all: bytes, make: Any, sessions: list[Transcript]
) -> None:
    given_sessions = [transcript_of(one.to_session()) for one in sessions]
    before = [one.to_session() for one in sessions]
    assert made(make, sessions, key_of_all) == made(make, given_sessions, key_of_all)
    assert [one.to_session() for one in sessions] == before


@given(session=transcripts())
def test_columns_name_whom_their_messages_name(session: Transcript) -> None:
    given_session = transcript_of(session.to_session())
    assert names_in(session) == names_in(given_session)
    watched = [Preview(), Preview()]
    for preview, one in zip(watched, (session, given_session), strict=True):
        assert len([*preview._watched(iter([one]), keep_owner=True)]) == 1
    assert vars(watched[0]) == vars(watched[1])


@given(session=transcripts(), data=st.data())
def test_chosen_messages_are_the_same_ones(session: Transcript, data: Any) -> None:
    indexes = sorted(data.draw(st.sets(st.integers(0, max(len(session) - 1, 0)))))
    indexes = [index for index in indexes if index < len(session)]
    for one in (session, transcript_of(session.to_session())):
        messages = one.messages()
        chosen = one.chosen(indexes)
        assert chosen.messages() == [messages[index] for index in indexes]
        assert [*chosen.several_times()] == [
            times for index in indexes for times in one.part(index, index + 1).several_times()
        ]
        assert [chosen.firsts, chosen.lasts] == [
            [times[index] for index in indexes] for times in (one.firsts, one.lasts)
        ]


def test_a_report_whose_saw_was_replaced_is_called_for_each_text() -> None:
    report = PrivacyReport()
    seen: list[str] = []
    report.saw = lambda before, after, findings: seen.append(before)  # type: ignore[method-assign]  # noqa: ARG005
    report.saw_unchanged(["a", "b"])
    assert seen == ["a", "b"]
