"""From a Messenger export to a chat model that writes like you, in LangChain.

The road, room by room: an export on disk → chat sessions → training examples → a fine-tuning job →
`ChatOpenAI`. Importing this package is light: each room is imported at its first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from langchain_fbmessenger._version import __version__

if TYPE_CHECKING:
    from langchain_fbmessenger.chat_loaders import (
        FacebookMessengerChatLoader,
        FolderFacebookMessengerChatLoader,
        SingleFileFacebookMessengerChatLoader,
    )
    from langchain_fbmessenger.evaluation import (
        Canaries,
        LeakReport,
        aaudit_leaks,
        audit_leaks,
        plant_canaries,
    )
    from langchain_fbmessenger.examples import (
        ExampleReport,
        PreferenceReport,
        balance_examples,
        check_examples,
        convert_messages_for_finetuning,
        export_examples,
        read_jsonl,
        split_examples,
        to_preference_pairs,
        to_training_examples,
        write_jsonl,
    )
    from langchain_fbmessenger.exceptions import (
        BusyFileError,
        ExportNotFoundError,
        FineTuningError,
        InvalidExampleError,
        InvalidInputError,
        InvalidOptionError,
        LocalServerError,
        MalformedExportError,
        MalformedFileError,
        MessengerError,
        MissingExtraError,
        MissingFolderError,
        TrainingNotAvailableError,
        UnknownOwnerError,
        UnknownProviderError,
        UnknownRowError,
        UnknownSenderError,
        UnknownThreadError,
    )
    from langchain_fbmessenger.fine_tuning import FineTuner, FineTuningJob
    from langchain_fbmessenger.privacy import (
        ConsentReport,
        Contacts,
        PrivacyReport,
        apply_consent,
        pseudonymize_chat_sessions,
        redact_identifiers,
        restore_names,
        write_contacts,
    )
    from langchain_fbmessenger.sample import sample_export_path
    from langchain_fbmessenger.sessions import (
        map_ai_messages,
        map_ai_messages_in_session,
        merge_chat_runs,
        merge_chat_runs_in_session,
        split_chat_sessions,
    )
    from langchain_fbmessenger.state import purge_state

__all__ = [
    "BusyFileError",
    "Canaries",
    "ConsentReport",
    "Contacts",
    "ExampleReport",
    "ExportNotFoundError",
    "FacebookMessengerChatLoader",
    "FineTuner",
    "FineTuningError",
    "FineTuningJob",
    "FolderFacebookMessengerChatLoader",
    "InvalidExampleError",
    "InvalidInputError",
    "InvalidOptionError",
    "LeakReport",
    "LocalServerError",
    "MalformedExportError",
    "MalformedFileError",
    "MessengerError",
    "MissingExtraError",
    "MissingFolderError",
    "PreferenceReport",
    "PrivacyReport",
    "SingleFileFacebookMessengerChatLoader",
    "TrainingNotAvailableError",
    "UnknownOwnerError",
    "UnknownProviderError",
    "UnknownRowError",
    "UnknownSenderError",
    "UnknownThreadError",
    "__version__",
    "aaudit_leaks",
    "apply_consent",
    "audit_leaks",
    "balance_examples",
    "check_examples",
    "convert_messages_for_finetuning",
    "export_examples",
    "map_ai_messages",
    "map_ai_messages_in_session",
    "merge_chat_runs",
    "merge_chat_runs_in_session",
    "plant_canaries",
    "pseudonymize_chat_sessions",
    "purge_state",
    "read_jsonl",
    "redact_identifiers",
    "restore_names",
    "sample_export_path",
    "split_chat_sessions",
    "split_examples",
    "to_preference_pairs",
    "to_training_examples",
    "write_contacts",
    "write_jsonl",
]

# langchain-core takes most of a second to import, and our pytest plugin is loaded in every run.
_ROOMS = {
    "chat_loaders": (
        "FacebookMessengerChatLoader",
        "FolderFacebookMessengerChatLoader",
        "SingleFileFacebookMessengerChatLoader",
    ),
    "evaluation": (
        "Canaries",
        "LeakReport",
        "aaudit_leaks",
        "audit_leaks",
        "plant_canaries",
    ),
    "examples": (
        "ExampleReport",
        "PreferenceReport",
        "balance_examples",
        "check_examples",
        "convert_messages_for_finetuning",
        "export_examples",
        "read_jsonl",
        "split_examples",
        "to_preference_pairs",
        "to_training_examples",
        "write_jsonl",
    ),
    "exceptions": (
        "BusyFileError",
        "ExportNotFoundError",
        "FineTuningError",
        "InvalidExampleError",
        "InvalidInputError",
        "InvalidOptionError",
        "LocalServerError",
        "MalformedExportError",
        "MalformedFileError",
        "MessengerError",
        "MissingExtraError",
        "MissingFolderError",
        "TrainingNotAvailableError",
        "UnknownOwnerError",
        "UnknownProviderError",
        "UnknownRowError",
        "UnknownSenderError",
        "UnknownThreadError",
    ),
    "fine_tuning": ("FineTuner", "FineTuningJob"),
    "privacy": (
        "ConsentReport",
        "Contacts",
        "PrivacyReport",
        "apply_consent",
        "pseudonymize_chat_sessions",
        "redact_identifiers",
        "restore_names",
        "write_contacts",
    ),
    "sample": ("sample_export_path",),
    "sessions": (
        "map_ai_messages",
        "map_ai_messages_in_session",
        "merge_chat_runs",
        "merge_chat_runs_in_session",
        "split_chat_sessions",
    ),
    "state": ("purge_state",),
}
_ROOM_OF = {name: room for room, names in _ROOMS.items() for name in names}


def __getattr__(name: str) -> Any:
    if name in _ROOM_OF:
        value = getattr(import_module(f"langchain_fbmessenger.{_ROOM_OF[name]}"), name)
        globals()[name] = value
        return value
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)


def __dir__() -> list[str]:
    return __all__
