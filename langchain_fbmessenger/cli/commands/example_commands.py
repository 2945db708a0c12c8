"""The commands about training examples: `prepare` and `check`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from langchain_fbmessenger import (
    ConsentReport,
    ExampleReport,
    FacebookMessengerChatLoader,
    InvalidExampleError,
    PrivacyReport,
    check_examples,
)
from langchain_fbmessenger.cli.common import (
    ContactsFile,
    Exports,
    Folders,
    TimeZone,
    Tokenizer,
    UnknownNamesOption,
    console,
    friendly_errors,
    or_stdout,
    print_plain,
    told_beside,
)
from langchain_fbmessenger.cli.field_options import default_of, option_of
from langchain_fbmessenger.cli.preparation import Preparation
from langchain_fbmessenger.cli.prepared import refuse_input_as_output, write_prepared, written_lines
from langchain_fbmessenger.cli.prepared_records import PreparedRecord, fingerprint, remember
from langchain_fbmessenger.cli.views.check_screen import check_lines
from langchain_fbmessenger.cli.views.screens import owner_line, report_lines
from langchain_fbmessenger.examples.making.training_examples import ToTrainingExamples
from langchain_fbmessenger.examples.selecting.balance import BalanceExamples
from langchain_fbmessenger.examples.selecting.split import SplitExamples
from langchain_fbmessenger.privacy.consent.stage import ApplyConsent
from langchain_fbmessenger.privacy.options import as_unknown_names
from langchain_fbmessenger.privacy.preview.wording import outside_line
from langchain_fbmessenger.privacy.stage import PseudonymizeChatSessions
from langchain_fbmessenger.sessions import ChatSessionPipeline
from langchain_fbmessenger.sessions.split import SplitChatSessions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from langchain_core.chat_sessions import ChatSession


__all__ = ["check", "prepare"]


def prepare(
    exports: Exports,
    me: Annotated[
        list[str] | None,
        typer.Option(
            "--me",
            "--sender",
            help="Whose messages the model learns: a name, the export's owner else; may be "
            "repeated for several names.",
        ),
    ] = None,
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            callback=or_stdout,
            help="File for the training examples; - is stdout.",
        ),
    ] = Path("train.jsonl"),
    form: Annotated[
        str,
        typer.Option("--format", help="Whose form the file has: local, openai, together, trl …"),
    ] = "local",
    gap: Annotated[
        str, option_of(SplitChatSessions, "gap", more='"none" cuts nowhere.')
    ] = default_of(SplitChatSessions, "gap"),
    max_messages: Annotated[
        int | None,
        option_of(ToTrainingExamples, "max_messages"),
    ] = default_of(ToTrainingExamples, "max_messages"),
    overlap: Annotated[
        int | None,
        option_of(ToTrainingExamples, "overlap"),
    ] = default_of(ToTrainingExamples, "overlap"),
    max_tokens: Annotated[
        int | None,
        option_of(ToTrainingExamples, "max_tokens"),
    ] = default_of(ToTrainingExamples, "max_tokens"),
    tokenizer: Tokenizer = default_of(ToTrainingExamples, "tokenizer"),
    system: Annotated[
        str | None,
        option_of(
            ToTrainingExamples,
            "system",
            more="{owner}, {others}, {title} and {date} in it are filled in.",
        ),
    ] = default_of(ToTrainingExamples, "system"),
    opening: Annotated[str, option_of(ToTrainingExamples, "opening")] = default_of(
        ToTrainingExamples, "opening"
    ),
    valid: Annotated[
        float | None,
        option_of(
            SplitExamples,
            "valid",
            more="Those are the newest of each thread, in a file beside --output; none by default.",
        ),
    ] = None,
    max_repeats: Annotated[int | None, option_of(BalanceExamples, "max_repeats")] = default_of(
        BalanceExamples, "max_repeats"
    ),
    max_share: Annotated[float | None, option_of(BalanceExamples, "max_share")] = default_of(
        BalanceExamples, "max_share"
    ),
    half_life: Annotated[str | None, option_of(BalanceExamples, "half_life")] = default_of(
        BalanceExamples, "half_life"
    ),
    min_letters: Annotated[int | None, option_of(BalanceExamples, "min_letters")] = default_of(
        BalanceExamples, "min_letters"
    ),
    contacts: ContactsFile = None,
    forget: Annotated[
        list[str] | None, option_of(ApplyConsent, "forget", more="May be repeated.")
    ] = None,
    pseudonymize: Annotated[
        Path | None,
        typer.Option(metavar="KEYFILE", help="Give people invented names, and redact; see redact."),
    ] = None,
    unknown_names: UnknownNamesOption = default_of(PseudonymizeChatSessions, "unknown_names"),
    redact: Annotated[
        bool, typer.Option("--redact", help="Replace phone numbers and the like; names stay.")
    ] = False,
    folder: Folders = default_of(FacebookMessengerChatLoader, "folders"),
    timezone: TimeZone = default_of(FacebookMessengerChatLoader, "timezone"),
    workers: Annotated[
        int,
        typer.Option(min=0, help="Processes that read, 0 for all cores: pays from 50 MB of JSON."),
    ] = default_of(FacebookMessengerChatLoader, "workers"),
) -> None:
    """Turn an export into training examples (JSONL, readable by you alone)."""
    with friendly_errors(), told_beside(output):
        refuse_input_as_output(exports, output)
        preparation = Preparation(
            exports=[os.fspath(path) for path in exports],
            me=me,
            gap=gap,
            max_messages=max_messages,
            overlap=overlap,
            max_tokens=max_tokens,
            tokenizer=tokenizer,
            system=system,
            opening=opening,
            valid=valid,
            max_repeats=max_repeats,
            max_share=max_share,
            half_life=half_life,
            min_letters=min_letters,
            contacts=None if contacts is None else os.fspath(contacts),
            forget=forget,
            pseudonymize=None if pseudonymize is None else os.fspath(pseudonymize),
            unknown_names=unknown_names,
            redact=redact,
            folders=folder,
            timezone=timezone,
        )
        loader = preparation.loader(workers=workers)
        report, left_out, redacted = ExampleReport(), ConsentReport(), PrivacyReport()
        stages = preparation.session_stages(left_out, redacted) + preparation.example_stages(report)
        examples = ChatSessionPipeline(steps=tuple(stages)).stream(_sessions(loader, me))
        written = write_prepared(examples, output, form, valid)
        consent = str(left_out).splitlines() if preparation.asks_consent else []
        privacy = str(redacted).splitlines() if pseudonymize or redact else []
        privacy += [outside_line(as_unknown_names(unknown_names))] if pseudonymize else []
        made = (*report_lines(loader.report), *consent, *str(report).splitlines(), *privacy)
        for line in made:
            console.print(line, soft_wrap=True)
        if not written.files:
            balanced = "nothing is left to train: balance the examples less"
            silent = _why_silent(loader, me)
            raise InvalidExampleError(balanced if report.answers else silent, rule="min_examples")
        for line in written_lines(written.files):
            print_plain(line)
        record = PreparedRecord(
            preparation=preparation.absolute(),
            owner=None if me else loader.owner,
            held_out=len(written.held_out),
            held_out_sha256=fingerprint(written.held_out) if written.held_out else None,
        )
        remember(output, record)


def _sessions(loader: FacebookMessengerChatLoader, me: list[str] | None) -> Iterator[ChatSession]:
    """Give the sessions of an export; before the first, tell who is taken for the persona."""
    for number, session in enumerate(loader.lazy_load()):
        if number == 0 and not me and loader.owner:
            console.print("owner:", owner_line(loader.owner, loader.owner_evidence), soft_wrap=True)
        yield session


def _why_silent(loader: FacebookMessengerChatLoader, me: list[str] | None) -> str:
    """Say why there is no answer to train: what was left out may be all that there was."""
    report = loader.report
    reasons = ", ".join(f"{n:,} x {reason}" for reason, n in report.messages_skipped.most_common())
    if report.messages_read and not report.messages_loaded:
        return f"none of the {report.messages_read:,} messages found could be loaded: {reasons}"
    names = me or [name for name in [loader.owner] if name]
    persona = " or ".join(map(repr, names)) or "nobody"
    silent = f"{persona} has written nothing in these chats: nothing to train"
    return f"{silent} (left out: {reasons})" if reasons else silent


def check(
    file: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="JSONL file of examples.")
    ],
    provider: Annotated[
        str, typer.Option(help="Whose rules: local, openai, azure, together, trl …")
    ] = default_of(check_examples, "provider"),
    model: Annotated[str | None, option_of(check_examples, "model")] = default_of(
        check_examples, "model"
    ),
    epochs: Annotated[int | None, option_of(check_examples, "n_epochs", min=1)] = default_of(
        check_examples, "n_epochs"
    ),
    tokenizer: Tokenizer = default_of(check_examples, "tokenizer"),
) -> None:
    """Check training examples against a provider's rules before anything leaves."""
    with friendly_errors():
        report = check_examples(
            file, provider=provider, model=model, tokenizer=tokenizer, n_epochs=epochs
        )
    for line in check_lines(report):
        console.print(line, highlight=False, soft_wrap=True)
    if not report.ok:
        raise typer.Exit(1)
