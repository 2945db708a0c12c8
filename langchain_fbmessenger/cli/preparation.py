"""What `prepare` was asked for, as one value: an export and options in, the stages for them out.

The same value makes the same examples again, which `evaluate` needs.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from langchain_fbmessenger import (
    ConsentReport,
    Contacts,
    ExampleReport,
    FacebookMessengerChatLoader,
    PrivacyReport,
    apply_consent,
    balance_examples,
    map_ai_messages,
    pseudonymize_chat_sessions,
    redact_identifiers,
    split_chat_sessions,
    to_training_examples,
)
from langchain_fbmessenger.exceptions import InvalidOptionError
from langchain_fbmessenger.privacy.options import as_unknown_names

if TYPE_CHECKING:
    from collections.abc import Callable

    from langchain_fbmessenger.sessions import SessionStage

__all__ = ["Preparation"]


class Preparation(msgspec.Struct, frozen=True, kw_only=True):
    """All that decides which examples an export gives; each option as it was typed.

    Attributes:
        exports: Paths of the exports.
        me: Names of the persona, the export's owner without any.
        gap: The pause that ends a conversation, "none" cuts nowhere.
        max_messages: As `to_training_examples` takes it, and so the next five.
        valid: The share that is held out, None for nothing.
        max_repeats: As `balance_examples` takes it, and so the next three.
        contacts: The file of who has agreed.
        forget: Names of people who are left out.
        pseudonymize: The key file of invented names.
        unknown_names: What becomes of names of people outside the export: keep or replace.
        redact: Whether identifiers are replaced where names stay.
        folders: Thread folders to read.
        timezone: Zone of HTML exports.
    """

    exports: list[str]
    me: list[str] | None = None
    gap: str
    max_messages: int | None
    overlap: int | None
    max_tokens: int | None
    tokenizer: str | None
    system: str | None
    opening: str
    valid: float | None = None
    max_repeats: int | None
    max_share: float | None
    half_life: str | None
    min_letters: int | None
    contacts: str | None = None
    forget: list[str] | None = None
    pseudonymize: str | None = None
    unknown_names: str
    redact: bool = False
    folders: list[str] | None = None
    timezone: str | None = None

    def __repr__(self) -> str:
        return f"Preparation(exports={len(self.exports)})"  # prompts and names are the user's own

    @property
    def asks_consent(self) -> bool:
        """Whether people are left out who have not agreed, or are to be forgotten."""
        return bool(self.contacts or self.forget)

    def with_exports(self, exports: list[Path]) -> Preparation:
        """Return the same options for other exports."""
        return msgspec.structs.replace(self, exports=[os.fspath(path) for path in exports])

    def absolute(self) -> Preparation:
        """Return the same with absolute paths, which lead to the files from anywhere."""
        tokenizer = self.tokenizer
        if tokenizer is not None and Path(tokenizer).exists():  # else it is a name
            tokenizer = _absolute(tokenizer)
        return msgspec.structs.replace(
            self,
            exports=[_absolute(path) for path in self.exports],
            tokenizer=tokenizer,
            contacts=self.contacts and _absolute(self.contacts),
            pseudonymize=self.pseudonymize and _absolute(self.pseudonymize),
        )

    def loader(
        self, *, workers: int = 1, on_progress: Callable[[int, int], None] | None = None
    ) -> FacebookMessengerChatLoader:
        """Return the loader of the exports.

        Args:
            workers: Processes that read.
            on_progress: Is called with how much was read, and of how much.
        """
        return FacebookMessengerChatLoader(
            self.exports,
            folders=self.folders,
            timezone=self.timezone,
            workers=workers,
            on_progress=on_progress,
        )

    def session_stages(self, consent: ConsentReport, privacy: PrivacyReport) -> list[SessionStage]:
        """Return the stages that sessions go through: consent, pauses, persona, privacy.

        Args:
            consent: Counts what is left out.
            privacy: Counts what is replaced.

        Raises:
            InvalidOptionError: Options contradict each other.
            MalformedFileError: The file of contacts is broken.
        """
        agreed = Contacts() if self.contacts is None else Contacts.read(self.contacts)
        if self.contacts and agreed.ask_for_pseudonyms and not self.pseudonymize:
            message = f"{self.contacts} asks for invented names: add --pseudonymize KEYFILE"
            raise InvalidOptionError(message)
        if as_unknown_names(self.unknown_names) == "replace" and not self.pseudonymize:
            message = "--unknown-names replace invents names: add --pseudonymize KEYFILE"
            raise InvalidOptionError(message)
        stages: list[SessionStage] = []
        if self.asks_consent:  # before threads are cut: an answer may come after a pause
            forget = self.forget or ()
            stages.append(apply_consent(contacts=agreed, forget=forget, report=consent))
        if self.gap.strip().lower() != "none":
            stages.append(split_chat_sessions(gap=self.gap))
        stages.append(map_ai_messages(sender=self.me or None))
        return [*stages, *self._privacy_stages(agreed, privacy)]

    def _privacy_stages(self, contacts: Contacts, report: PrivacyReport) -> list[SessionStage]:
        """Return the stage that is asked for, to stand behind all that look for real names."""
        if self.pseudonymize is not None:
            return [
                pseudonymize_chat_sessions(
                    key=self.pseudonymize,
                    contacts=contacts,
                    unknown_names=as_unknown_names(self.unknown_names),
                    report=report,
                )
            ]
        return [redact_identifiers(report=report)] if self.redact else []

    def example_stages(self, report: ExampleReport) -> list[SessionStage]:
        """Return the stages that make examples of sessions, and balance them."""
        return [
            to_training_examples(**self._options(_MAKING), report=report),
            balance_examples(**self._options(_BALANCING), report=report),
        ]

    def _options(self, names: tuple[str, ...]) -> dict[str, Any]:
        return {name: getattr(self, name) for name in names}


_MAKING = ("max_messages", "overlap", "max_tokens", "tokenizer", "system", "opening")
_BALANCING = ("max_repeats", "max_share", "half_life", "min_letters")


def _absolute(path: str) -> str:
    return os.path.abspath(Path(path).expanduser())  # noqa: PTH100 - links stay as they are
