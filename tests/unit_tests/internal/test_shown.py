"""What is public shows itself in one short line, and in notebooks as a table: no chats, no keys."""

from __future__ import annotations

import inspect
import re
from collections import Counter
from html.parser import HTMLParser
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.types.fine_tuning import FineTuningJobEvent

import langchain_fbmessenger
from langchain_fbmessenger import (
    Contacts,
    ExampleReport,
    FacebookMessengerChatLoader,
    FineTuner,
    FineTuningJob,
    FolderFacebookMessengerChatLoader,
    LeakReport,
    PersonaMaterial,
    PrivacyReport,
    PseudonymMiddleware,
    SingleFileFacebookMessengerChatLoader,
    check_examples,
    map_ai_messages,
    plant_canaries,
    sample_export_path,
    split_chat_sessions,
    split_examples,
    to_training_examples,
)
from langchain_fbmessenger._internal.shown import html_table
from langchain_fbmessenger.evaluation import AuditedAnswer, LeakRow, LikenessMatrix, Rate
from langchain_fbmessenger.examples import CheckReport, HeldOut, RuleViolation
from langchain_fbmessenger.exports import LoadReport
from langchain_fbmessenger.fine_tuning import (
    AzureAccount,
    CompatibleProvider,
    Connection,
    JobProgress,
    JobSettings,
    LocalProvider,
    LossPoint,
)
from langchain_fbmessenger.fine_tuning.following.notebook import EventList, JobList
from langchain_fbmessenger.privacy.consent.contacts import Contact
from langchain_fbmessenger.privacy.preview.figures import Preview
from langchain_fbmessenger.sample import SAMPLE_OWNER
from langchain_fbmessenger.state import Amount, PurgedState, StateSurvey, survey_state
from tests.unit_tests.evaluation.likeness.reports import example_report, report_of_texts

if TYPE_CHECKING:
    from collections.abc import Callable

SECRET = "hush"  # noqa: S105 - what no line may hold
NAME = "Zoë Ångström"
ROOMS = ["evaluation", "examples", "exceptions", "fine_tuning", "privacy", "sessions", "state"]


def job(status: str = "succeeded", job_id: str = "ftjob-1") -> FineTuningJob:
    state: Any = SimpleNamespace(
        id=job_id,
        status=status,
        model="Smol<b>",
        fine_tuned_model="ft:Smol" if status == "succeeded" else None,
        created_at=1_700_000_000,
    )
    return FineTuningJob(state, LocalProvider(), Connection("http://127.0.0.1:1/v1", SECRET))


def leaks() -> LeakReport:
    row = LeakRow("exact_copy", "trained contexts", Rate(1, 9), Rate(0, 9))
    told = AuditedAnswer("tuned", "trained", (("user", SECRET),), 0.0, SECRET)
    settings = {"samples": 1, "min_length": 2, "min_run": 3, "temperature": 1}
    return LeakReport((row,) * 9, settings, 9, {}, {}, answers=(told,))


def split_of_sample() -> Any:
    """The sample's examples, whose words and names no line may hold."""
    loader = FacebookMessengerChatLoader(sample_export_path())
    pipeline = split_chat_sessions() | map_ai_messages() | to_training_examples(system="{owner}")
    return split_examples(pipeline.stream(loader.lazy_load()))


MADE: dict[str, Callable[[], Any]] = {
    "AnswersBeside": lambda: report_of_texts([SECRET, NAME]).beside[0],
    "AuditedAnswer": lambda: leaks().answers[0],
    "AzureAccount": lambda: AzureAccount(
        subscription="s",
        resource_group="r",
        resource="x",
        token=SECRET,  # type: ignore[arg-type]
    ),
    "Canaries": lambda: plant_canaries(split_of_sample()[0], count=12).canaries,
    "PersonaMaterial": lambda: PersonaMaterial([], {NAME: [SECRET]}),
    "PseudonymMiddleware": lambda: PseudonymMiddleware(key="names.json", people=[NAME]),
    "CheckReport": lambda: CheckReport("local", None),
    "CompatibleProvider": lambda: CompatibleProvider(
        base_url="https://host/v1",
        api_key=SECRET,  # type: ignore[arg-type]
    ),
    "Connection": lambda: Connection("https://host/v1", SECRET),
    "Contacts": lambda: Contacts(people={NAME: Contact()}),
    "ExampleSplit": split_of_sample,
    "FacebookMessengerChatLoader": lambda: FacebookMessengerChatLoader("export.zip"),
    "FineTuningJob": job,
    "FineTuningPipeline": lambda: to_training_examples(system=SECRET) | FineTuner(system=SECRET),
    "FolderFacebookMessengerChatLoader": lambda: FolderFacebookMessengerChatLoader("inbox"),
    "HeldOut": lambda: HeldOut(split_of_sample()[0]),
    "JobProgress": lambda: JobProgress("running", 1, 2, 1 / 3, 2 / 3, 1e5 / 3),
    "JobSettings": lambda: JobSettings(extra_body={"token": SECRET}, n_epochs=2),
    "LeakReport": leaks,
    "LeakRow": lambda: leaks().rows[0],
    "LikenessBasis": lambda: report_of_texts([SECRET, NAME]).basis,
    "LikenessMatrix": lambda: LikenessMatrix({NAME: example_report()}),
    "LikenessReport": example_report,  # printed, it names its models
    "LossPoint": lambda: LossPoint(1, 0.5),
    "ModelLikeness": lambda: report_of_texts([SECRET, NAME]).models[0],
    "PlantedExamples": lambda: plant_canaries(split_of_sample()[0], count=2),
    "PurgedState": lambda: PurgedState(Path("home"), {}, [], failed=[Path(NAME)]),
    "Rate": lambda: Rate(1, 3),
    "RuleViolation": lambda: RuleViolation("role", "no role", 1),
    "SingleFileFacebookMessengerChatLoader": lambda: SingleFileFacebookMessengerChatLoader("a"),
    "StateSurvey": lambda: StateSurvey(Path("home"), {"uploads": Amount(2, 7)}, [Path(NAME)]),
}
NOT_SHOWN = {
    # Records of a chat, types, what is made of other things, and another name of a class.
    "Canary", "ChatSessionPipeline", "ChatSessionSchema", "ChatTurn", "ExampleRules",
    "ComposesAfterStage", "ExampleSource", "MessengerChatSession", "Provider", "SessionStage",
    "ThreadInfo", "TrainingExample", "TrainingFile", "Violation",
}  # fmt: skip


def public_classes() -> dict[str, type]:
    modules = [langchain_fbmessenger]
    modules += [import_module(f"langchain_fbmessenger.{room}") for room in ROOMS]
    named = {name: getattr(module, name) for module in modules for name in module.__all__}
    return {n: c for n, c in sorted(named.items()) if inspect.isclass(c)}


def shown() -> list[str]:
    return [
        name
        for name, cls in public_classes().items()
        if name not in NOT_SHOWN and not issubclass(cls, Exception)
    ]


def assert_short(told: str, *, name: str) -> None:
    assert re.match(rf"{name}\(.*\)$", told), told
    assert " at 0x" not in told
    assert len(told) <= 200, told
    for private in (SECRET, SAMPLE_OWNER, NAME, "captain", "PosixPath"):
        assert private not in told


@pytest.mark.parametrize("name", shown())
def test_everything_public_shows_itself_in_a_line(name: str) -> None:
    made = MADE.get(name, public_classes()[name])()
    assert_short(repr(made), name=name)
    for told in (str(made), getattr(made, "_repr_html_", str)()):
        assert " at 0x" not in told
        assert SECRET not in told


class Cells(HTMLParser):
    """The rows of a table, and all tags in it."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.rows: list[list[str]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.append(tag)
        if tag == "tr":
            self.rows.append([])

    def handle_data(self, data: str) -> None:
        if self.rows:
            self.rows[-1].append(data)


@given(
    st.lists(
        st.tuples(st.text(st.characters(exclude_categories=["C"]), min_size=1), st.integers(0))
    )
)
def test_nothing_in_a_table_is_taken_for_html(rows: list[tuple[str, int]]) -> None:
    read = Cells(html_table("<i>", rows, ("<b>", "&")))
    assert {*read.tags} <= {"table", "caption", "thead", "tbody", "tr", "th", "td"}
    assert [row[0] for row in read.rows[1:]] == [text for text, _ in rows]


def test_a_path_that_is_no_text_can_be_sent_to_a_notebook() -> None:
    for told in (html_table("a\udcff", [("b\udcff", 1)], ("c\udcff",)), survey_of("a\udcff")):
        assert "a?" in told.encode().decode()


def survey_of(path: str) -> str:
    return StateSurvey(Path(path), {}, [])._repr_html_()


def test_only_the_names_of_extra_fields_are_shown() -> None:
    assert repr(JobSettings(extra_body={"b": SECRET, "a": 2})) == "JobSettings(extra_body='a, b')"


@given(st.dictionaries(st.text(), st.integers(1, 10**12), max_size=30))
def test_a_report_is_short_however_full_it_is(counts: dict[str, int]) -> None:
    reports: list[Any] = [LoadReport(), ExampleReport(), PrivacyReport()]
    for report in reports:
        for value in vars(report).values():
            if isinstance(value, Counter):
                value.update(counts)
        assert_short(repr(report), name=type(report).__name__)
        assert report._repr_html_().count("<tr>") >= len(counts)


def test_a_loader_shows_its_path_and_what_it_has_read() -> None:
    loader = FacebookMessengerChatLoader(sample_export_path())
    assert str(sample_export_path())[-60:] in repr(loader)
    assert "messages" not in repr(loader)
    sessions = loader.load()
    total = sum(len(session["messages"]) for session in sessions)
    assert repr(loader).endswith(f"sessions={len(sessions)}, messages={total})")
    two = FacebookMessengerChatLoader(["a.zip", "b.zip", "c.zip"])
    assert repr(two) == "FacebookMessengerChatLoader(path='a.zip', more_paths=2)"
    assert repr(FacebookMessengerChatLoader([])) == "FacebookMessengerChatLoader()"
    assert len(repr(FacebookMessengerChatLoader("x/" * 500))) <= 200


def test_a_load_report_counts_and_names_nobody() -> None:
    loader = FacebookMessengerChatLoader(sample_export_path())
    loader.load()
    report = loader.report
    skipped = report.messages_skipped.total()
    assert f"messages_loaded={report.messages_loaded}, messages_skipped={skipped}" in repr(report)
    rows = {row[0]: row[1] for row in Cells(report._repr_html_()).rows}
    assert rows["messages skipped: unsent"] == str(report.messages_skipped["unsent"])
    report.skip_file(Path(f"{NAME}/message_1.json"), "broken JSON")
    assert NAME not in repr(report) + report._repr_html_() + str(report)


def test_a_preview_shows_no_more_than_its_report() -> None:
    preview = Preview()
    list(preview.watch([{"messages": [], "thread": {"participants": [NAME]}}], keep_owner=False))
    assert NAME not in repr(preview) + preview._repr_html_()


def test_a_tuner_says_where_and_what_it_trains() -> None:
    assert repr(FineTuner(provider="local")) == (
        "FineTuner(provider='local', model='SmolLM2-135M-Instruct')"
    )
    told = repr(FineTuner(n_epochs=2, system=SECRET, extra_body={"wandb": {"key": SECRET}}))
    assert told.endswith("n_epochs=2, extra_body=['wandb'])")
    assert SECRET not in str(FineTuner(system=SECRET, extra_body={"key": SECRET}))


def test_a_job_says_what_has_become_of_it() -> None:
    assert repr(job()) == (
        "FineTuningJob(id='ftjob-1', provider='local', status='succeeded', model='ft:Smol')"
    )
    assert repr(job("running")) == (
        "FineTuningJob(id='ftjob-1', provider='local', status='running')"
    )


def test_lists_of_jobs_and_events_are_tables() -> None:
    jobs = JobList([job(), job("failed", "ftjob-2")])
    rows = Cells(jobs._repr_html_()).rows
    assert rows[1] == ["ftjob-1", "succeeded", "2023-11-14 22:13 UTC", "Smol<b>", "ft:Smol"]
    assert (len(jobs), len(rows), jobs == list(jobs)) == (2, 3, True)
    event = FineTuningJobEvent(
        id="e",
        created_at=1_700_000_000,
        level="info",
        message="<script>",
        object="fine_tuning.job.event",
    )
    assert "<script>" not in EventList([event])._repr_html_()
    assert " at 0x" not in repr(EventList([event]))


def test_a_check_is_shown_in_lines() -> None:
    report = check_examples(split_of_sample()[0], provider="local")
    assert repr(report).startswith(f"CheckReport(provider='local', examples={report.examples}")
    lines = str(report).splitlines()
    assert lines[0] == f"examples: {report.examples}, held against the rules of local"
    assert lines[1] == "broken rules: none"
    assert "Counter" not in str(report) + repr(report)
    assert [row[0] for row in Cells(report._repr_html_()).rows][:2] == ["examples", "broken rules"]
    broken = check_examples([{"messages": []}], provider="openai", model="m")  # type: ignore[typeddict-item]
    assert "min_examples 1" in str(broken)
    assert "base model: m" in str(broken)


def test_a_leak_report_is_a_table_beside_its_base() -> None:
    rows = Cells(leaks()._repr_html_()).rows
    assert rows[0] == ["measured", "in answers to", "tuned", "base"]
    assert rows[1][1:] == ["trained contexts", str(Rate(1, 9)), str(Rate(0, 9))]


def test_a_state_folder_is_shown_by_kind(tmp_path: Path) -> None:
    empty = survey_state(tmp_path)
    assert repr(empty) == f"StateSurvey(root='{tmp_path}', things=0, bytes=0, foreign=0)"
    survey = StateSurvey(Path("home"), {"uploads": Amount(2, 7), "jobs": Amount(1, 3)}, [])
    assert str(survey) == "home\njobs: 1, 3 bytes\nuploads: 2, 7 bytes"
    assert Cells(survey._repr_html_()).rows[1:] == [["jobs", "1", "3"], ["uploads", "2", "7"]]
