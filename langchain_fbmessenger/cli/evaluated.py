"""What a job is evaluated on: what was held out when its examples were prepared, made once more."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from langchain_core.messages import AIMessage

from langchain_fbmessenger import (
    ConsentReport,
    ExampleReport,
    FacebookMessengerChatLoader,
    PrivacyReport,
    likeness_prompts,
    map_ai_messages,
    read_jsonl,
    split_chat_sessions,
    split_examples,
)
from langchain_fbmessenger._version import __version__
from langchain_fbmessenger.cli.prepared_records import PreparedRecord, fingerprint, record_of_job
from langchain_fbmessenger.examples.files.tokens import LIKELY
from langchain_fbmessenger.exceptions import InvalidInputError, InvalidOptionError
from langchain_fbmessenger.sessions import ChatSessionPipeline

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from langchain_core.chat_sessions import ChatSession

    from langchain_fbmessenger.examples import TrainingExample

__all__ = ["EvaluatedChats", "chats_of_files", "chats_of_job", "most_tokens"]

_AT_LEAST, _AT_MOST = 64, 256
_SHARE = 0.99
_KNOWN = 0.5


class EvaluatedChats(NamedTuple):
    """What models are asked, and what their answers are held against.

    Attributes:
        train: The examples that were trained.
        valid: Those that were held out.
        sessions: Chat sessions in which the persona's messages are `AIMessage`s.
    """

    train: Sequence[TrainingExample]
    valid: Sequence[TrainingExample]
    sessions: Sequence[ChatSession]

    def __repr__(self) -> str:
        counts = ", ".join(f"{name}={len(what)}" for name, what in self._asdict().items())
        return f"EvaluatedChats({counts})"


def chats_of_job(
    job_id: str, exports: list[Path], on_progress: Callable[[int, int], None]
) -> EvaluatedChats:
    """Return what a job was trained on and what was held out, as `prepare` has made it.

    Args:
        job_id: The job.
        exports: Where the export is now; where it was then, without any.
        on_progress: Is called with how much was read, and of how much.

    Raises:
        InvalidInputError: It is not known how the examples were prepared; nothing was held out; or
            the export or a file beside it is not what it was.
        MessengerError: The export cannot be read, as `FacebookMessengerChatLoader.lazy_load`.
    """
    record = record_of_job(job_id)
    if record is None:
        message = (
            f"how the examples of job {job_id} were prepared is not known on this machine: say so "
            f"by evaluate {job_id} EXPORT --train FILE --validation FILE"
        )
        raise InvalidInputError(message)
    if record.held_out_sha256 is None:
        message = (
            f"nothing was held out of the examples of job {job_id}, and what a model was trained "
            "on tells nothing: prepare --valid 0.3 …, then finetune its file"
        )
        raise InvalidInputError(message)
    return _made_again(record, exports, on_progress)


def _made_again(
    record: PreparedRecord, exports: list[Path], on_progress: Callable[[int, int], None]
) -> EvaluatedChats:
    """Make sessions and examples with the options of a record.

    Raises:
        InvalidInputError: They are not the ones that were held out.
    """
    preparation = record.preparation.with_exports(exports) if exports else record.preparation
    _refuse_lost(preparation.contacts, preparation.pseudonymize)
    loader = preparation.loader(on_progress=on_progress)
    stages = preparation.session_stages(ConsentReport(), PrivacyReport())
    sessions = list(ChatSessionPipeline(steps=tuple(stages)).stream(loader.lazy_load()))
    if record.owner is not None and loader.owner != record.owner:
        message = (
            f"this is the export of {loader.owner!r}: the model writes as {record.owner!r}, whose "
            "export is needed"
        )
        raise InvalidInputError(message)
    making = ChatSessionPipeline(steps=tuple(preparation.example_stages(ExampleReport())))
    examples = list(making.stream(iter(sessions)))
    split = split_examples(examples, valid=preparation.valid or 0.0)
    if not split.valid or fingerprint(split.valid) != record.held_out_sha256:
        message = (
            f"these are not the {record.held_out:,} examples that were held out: the export or a "
            "file beside it has changed since `prepare`. Train again on what is there now, or give "
            f"EXPORT, --train FILE and --validation FILE{_other_version(record)}"
        )
        raise InvalidInputError(message)
    return EvaluatedChats(split.train, split.valid, sessions)


def _refuse_lost(*files: str | None) -> None:
    """Refuse to go on without a file: a key file would be made anew, with other names."""
    for file in files:
        if file is not None and not Path(file).exists():
            message = f"{file} is gone: the examples were prepared with it"
            raise InvalidInputError(message)


def _other_version(record: PreparedRecord) -> str:
    if record.version == __version__:
        return ""
    return f" (they were made by version {record.version}, this is {__version__})"


def chats_of_files(
    exports: list[Path],
    train: Path,
    validation: Path,
    me: list[str] | None,
    on_progress: Callable[[int, int], None],
) -> EvaluatedChats:
    """Return what two files hold, and the sessions of an export beside it.

    Args:
        exports: The export whose friends are compared with.
        train: The file that was trained.
        validation: The file that was held out.
        me: Names of the persona; the export's owner, without any.
        on_progress: Is called with how much was read, and of how much.

    Raises:
        InvalidInputError: The files are of somebody else than the persona of the export.
        InvalidOptionError: There is no export.
        UnknownOwnerError: The export does not tell whose it is.
        UnknownSenderError: Nobody of that name has written in it.
    """
    if not exports:
        message = "--train and --validation need the EXPORT that they are from, for the friends"
        raise InvalidOptionError(message)
    loader = FacebookMessengerChatLoader(exports, on_progress=on_progress)
    stages = split_chat_sessions() | map_ai_messages(sender=me or None)
    sessions = list(stages.stream(loader.lazy_load()))
    chats = EvaluatedChats([*read_jsonl(train)], [*read_jsonl(validation)], sessions)
    _refuse_other_persona(chats, me or [loader.owner or ""])
    return chats


def _refuse_other_persona(chats: EvaluatedChats, me: list[str]) -> None:
    """Refuse files whose answers the persona of the sessions has not written, for the most part.

    Some may read otherwise in the files: with invented names, or without identifiers.
    """
    written = {
        line.strip()
        for session in chats.sessions
        for message in session["messages"]
        if isinstance(message, AIMessage)
        for line in str(message.content).splitlines()
    }
    answers = [line.strip() for own in _own(chats) for line in own.splitlines()]
    if sum(line in written for line in answers) < len(answers) * _KNOWN:
        message = (
            f"{' or '.join(map(repr, me))} has not written the answers of these files in this "
            "export: give the export that they are from, and --me as for `prepare`"
        )
        raise InvalidInputError(message)


def most_tokens(chats: EvaluatedChats) -> int:
    """Return how long an answer may be: as nearly all of the persona's are, estimated."""
    needed = sorted(LIKELY.of_texts([*_own(chats)]))
    longest = needed[min(len(needed) - 1, int(_SHARE * len(needed)))] if needed else 0
    return max(_AT_LEAST, min(_AT_MOST, longest))


def _own(chats: EvaluatedChats) -> Iterator[str]:
    for examples in filter(None, (chats.train, chats.valid)):
        for prompt in likeness_prompts(examples):
            yield prompt.own
