"""Every place of a session in which a name or an identifier may stand."""

from __future__ import annotations

import copy
import json
from typing import Any

from langchain_core.messages import AIMessage, HumanMessage

from langchain_fbmessenger.privacy.findings import Finding
from langchain_fbmessenger.privacy.report import PrivacyReport
from langchain_fbmessenger.privacy.scrub import SessionScrubber, names_in
from langchain_fbmessenger.transcripts.transcript import transcript_of


class Words:
    """Finds whole words of a table."""

    def __init__(self, kind: str, words: dict[str, str]) -> None:
        self.kind = kind
        self.words = words

    def find(self, text: str) -> list[Finding]:
        found = []
        for word, instead in self.words.items():
            start = text.find(word)
            if start >= 0:
                found.append(Finding(start, start + len(word), self.kind, instead))
        return sorted(found)


class Book:
    def invented(self, name: str) -> str:
        return {"Milo Dvořák": "Tomas Havel", "Zoë": "Lea"}.get(name, name)

    def knows(self, name: str) -> bool:
        return self.invented(name) != name

    def number(self, text: str) -> str:
        return f"no{len(text)}"


NAMES = Words("name", {"Milo": "Tomas", "Zoë": "Lea"})
PHONES = Words("phone", {"601 234 567": "[phone]"})


def scrubbed(
    session: Any,
    report: PrivacyReport | None = None,
    *,
    identifiers: Words | None = PHONES,
    book: Any = Book(),  # noqa: B008 - it holds nothing
    names: Words | None = NAMES,
) -> Any:
    scrubber = SessionScrubber(identifiers, book, names, report or PrivacyReport())
    return scrubber.scrub(transcript_of(session)).to_session()


def session(**event: Any) -> Any:
    kwargs = {"sender": "Milo Dvořák", "events": [{"message_time": 1, **event}]}
    return {
        "messages": [HumanMessage("Milo here, 601 234 567", additional_kwargs=kwargs)],
        "thread": {
            "id": "milodvorak_1234",
            "title": "Milo Dvořák",
            "participants": ["Milo Dvořák", "Zoë"],
            "is_group": False,
            "folder": "inbox",
            "source": "messenger",
            "owner": "Zoë",
        },
    }


def test_texts_senders_and_the_thread_are_replaced_and_the_rest_stays() -> None:
    given = session()
    before = copy.deepcopy(given)
    out = scrubbed(given)
    (message,) = out["messages"]
    assert message.content == "Tomas here, [phone]"
    assert message.additional_kwargs == {"sender": "Tomas Havel", "events": [{"message_time": 1}]}
    assert out["thread"] == {
        "id": "thread_no15",
        "title": "Tomas Havel",
        "participants": ["Tomas Havel", "Lea"],
        "is_group": False,
        "folder": "inbox",
        "source": "messenger",
        "owner": "Lea",
    }
    assert given == before


def test_events_hold_names_in_many_places() -> None:
    given = session(
        reactions=[{"actor": "Zoë", "reaction": "❤"}],
        attachments=[{"kind": "photo", "uri": "messages/inbox/milodvorak_1234/photos/1.jpg"}],
        share={"link": "https://example.org/Milo", "text": "Milo's page, 601 234 567"},
        system={"kind": "call", "text": "Milo called you."},
        call={"duration": 62, "missed": False},
    )
    (event,) = scrubbed(given)["messages"][0].additional_kwargs["events"]
    assert event == {
        "message_time": 1,
        "reactions": [{"actor": "Lea", "reaction": "❤"}],
        "attachments": [{"kind": "photo", "uri": "no43.jpg"}],
        "share": {"link": "https://example.org/Tomas", "text": "Tomas's page, [phone]"},
        "system": {"kind": "call", "text": "Tomas called you."},
        "call": {"duration": 62, "missed": False},
    }
    (whole,) = given["messages"][0].additional_kwargs["events"]
    for key, value in whole.items():  # events with nothing in them are not walked through
        (alone,) = scrubbed(session(**{key: value}))["messages"][0].additional_kwargs["events"]
        assert alone[key] == event[key]


def test_keys_of_events_are_nobodys_names() -> None:
    given = session(
        reactions=[{"actor": "Zoë", "reaction": "❤"}],
        attachments=[{"kind": "photo", "uri": "x.jpg"}],
        share={"link": "https://example.org", "text": "t"},
        system={"kind": "call", "text": "t"},
        call={"duration": 62, "missed": False},
    )
    keys = json.dumps(given["messages"][0].additional_kwargs).split('"')
    names = Words("name", dict.fromkeys(keys, "Tomas"))
    out = scrubbed(given, identifiers=None, names=names)
    (before,) = given["messages"][0].additional_kwargs["events"]
    (event,) = out["messages"][0].additional_kwargs["events"]
    assert event.keys() == before.keys()
    for key in ("share", "system", "call"):
        assert event[key].keys() == before[key].keys()
    for key in ("reactions", "attachments"):
        assert event[key][0].keys() == before[key][0].keys()


def test_what_other_loaders_and_stages_add_is_walked_through() -> None:
    given = {
        **session(),
        "functions": [{"name": "call", "hint": {"Milo": ["ask Zoë", 3]}}],
        "from": "Milo",
    }
    given["messages"] = [
        AIMessage("hi Milo", name="Zoë", additional_kwargs={"quote": ["Milo: 601 234 567", None]}),
        HumanMessage(
            [{"type": "text", "text": "Milo?"}, {"type": "image", "url": "x/Milo"}, "Zoë"]
        ),
    ]
    out = scrubbed(given)
    first, second = out["messages"]
    assert isinstance(first, AIMessage)
    assert (first.content, first.name) == ("hi Tomas", "Lea")
    assert first.additional_kwargs == {"quote": ["Tomas: [phone]", None]}
    assert second.content[0] == {"type": "text", "text": "Tomas?"}
    assert second.content[1] == {"type": "image", "url": "x/Tomas"}
    assert second.content[2] == "Lea"
    assert out["from"] == "Tomas"
    assert out["functions"] == [{"name": "call", "hint": {"Tomas": ["ask Lea", 3]}}]


def test_without_a_book_names_and_ids_stay() -> None:
    given = session()
    out = scrubbed(given, book=None, names=None)
    assert out["thread"] == given["thread"]
    assert out["messages"][0].content == "Milo here, [phone]"
    assert out["messages"][0].additional_kwargs["sender"] == "Milo Dvořák"


def test_what_one_finder_has_found_is_no_other_finders() -> None:
    emails = Words("email", {"Milo@example.org": "[email]"})
    given: Any = {"messages": [HumanMessage("Milo@example.org or Zoë")]}
    out = scrubbed(given, identifiers=emails)
    assert out["messages"][0].content == "[email] or Lea"
    assert "thread" not in out


def test_the_report_counts_and_holds_no_text() -> None:
    report = PrivacyReport()
    given = session()
    given["messages"].append(HumanMessage("nothing here"))
    given["messages"].append(HumanMessage(["ab ", {"text": "Zoë, 601 234 567"}]))
    scrubbed(given, report)
    assert (report.sessions, report.messages, report.messages_changed) == (1, 3, 2)
    assert report.found == {"name": 2, "phone": 2}
    assert "Milo" not in f"{report}{report!r}"
    assert "2 of 3 messages changed: 2 name, 2 phone" in str(report)


def test_content_blocks_are_told_to_the_report_as_one_text() -> None:
    seen = []

    class Spy(PrivacyReport):
        def saw(self, before: str, after: str, findings: list[Finding]) -> None:
            seen.append((before, after, [before[f.start : f.end] for f in findings]))

    scrubbed({"messages": [HumanMessage(["ab ", {"text": "Zoë, 601 234 567"}])]}, Spy())
    assert seen == [("ab Zoë, 601 234 567", "ab Lea, [phone]", ["Zoë", "601 234 567"])]


def test_people_are_all_who_take_part() -> None:
    given = session(reactions=[{"actor": "Emil", "reaction": "❤"}])
    given["messages"].append(HumanMessage("x", name="Ada"))
    assert set(names_in(transcript_of(given))) == {"Milo Dvořák", "Zoë", "Emil", "Ada"}


def test_malformed_threads_and_events_are_walked_through_too() -> None:
    for thread in (None, "Milo", ["Milo"], {"participants": None, "id": 3, "title": ["Milo"]}):
        given: Any = {"messages": [], "thread": thread}
        out = scrubbed(given)
        assert "Milo" not in json.dumps(out), thread
        assert names_in(transcript_of(given)) == []
    broken = HumanMessage(
        "x", additional_kwargs={"sender": 5, "events": ["Milo", {"reactions": ["Milo", None]}]}
    )
    out = scrubbed({"messages": [broken]})
    assert out["messages"][0].additional_kwargs == {
        "sender": 5,
        "events": ["Tomas", {"reactions": ["Tomas", None]}],
    }
    assert names_in(transcript_of({"messages": [broken]})) == []
