"""From a Messenger export to a chat model that writes like you, in LangChain.

The road, room by room: an export on disk → chat sessions → training examples → a fine-tuning job →
`ChatOpenAI`. Importing this package is light: each room is imported at its first use.
"""

from langchain_fbmessenger._version import __version__ as __version__

# Nothing of the standard library: the command line minds Ctrl-C when this is read, no sooner.
# langchain-core takes most of a second to import, and our pytest plugin is loaded in every run.
# `__init__.pyi` says the same to type checkers and editors; a test compares the two.
_ROOMS = {
    "agents": ("PseudonymMiddleware",),
    "chat_loaders": (
        "FacebookMessengerChatLoader",
        "FolderFacebookMessengerChatLoader",
        "SingleFileFacebookMessengerChatLoader",
    ),
    "evaluation": (
        "Canaries",
        "LeakReport",
        "LikenessMatrix",
        "LikenessReport",
        "PersonaMaterial",
        "aaudit_leaks",
        "acompare_personas",
        "aevaluate",
        "audit_leaks",
        "compare_personas",
        "evaluate",
        "likeness_prompts",
        "measure_likeness",
        "plant_canaries",
    ),
    "examples": (
        "CheckReport",
        "ExampleReport",
        "HeldOut",
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
        "write_training_file",
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
        "WorkerError",
    ),
    "exports": ("LoadReport",),
    "fine_tuning": (
        "FineTuner",
        "FineTuningJob",
        "Provider",
    ),
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
    "privacy.identifiers": ("find_identifiers",),
    "retrieval": (
        "IndexReport",
        "PersonaRetriever",
        "persona_chain",
    ),
    "sample": ("sample_export_path",),
    "sessions": (
        "map_ai_messages",
        "map_ai_messages_in_session",
        "merge_chat_runs",
        "merge_chat_runs_in_session",
        "split_chat_sessions",
    ),
    "state": (
        "purge_state",
        "survey_state",
    ),
    "transcripts.of_threads": ("MessengerChatSession",),
}
_ROOM_OF = {name: room for room, names in _ROOMS.items() for name in names}
__all__ = sorted(["__version__", *_ROOM_OF])  # noqa: PLE0605 - type checkers read the stub


def __getattr__(name: str) -> object:
    if name in _ROOM_OF:
        from importlib import import_module

        value: object = getattr(import_module(f"{__name__}.{_ROOM_OF[name]}"), name)
        globals()[name] = value
        return value
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)


def __dir__() -> list[str]:
    return [*__all__]
