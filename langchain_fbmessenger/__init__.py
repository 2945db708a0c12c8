"""From a Messenger export to a chat model that writes like you, in LangChain.

The road, room by room: an export on disk → chat sessions → training examples → a fine-tuning job →
`ChatOpenAI`. Importing this package is light: what talks to providers is imported at first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from langchain_fbmessenger._version import __version__
from langchain_fbmessenger.chat_loaders import (
    FacebookMessengerChatLoader,
    FolderFacebookMessengerChatLoader,
    SingleFileFacebookMessengerChatLoader,
)
from langchain_fbmessenger.examples import (
    convert_messages_for_finetuning,
    read_jsonl,
    to_training_examples,
    write_jsonl,
)
from langchain_fbmessenger.exceptions import (
    ExportNotFoundError,
    FineTuningError,
    InvalidExampleError,
    LocalServerError,
    MalformedExportError,
    MessengerError,
    MissingExtraError,
    TrainingNotAvailableError,
    UnknownSenderError,
)
from langchain_fbmessenger.sample import sample_export_path
from langchain_fbmessenger.sessions import (
    map_ai_messages,
    map_ai_messages_in_session,
    merge_chat_runs,
    merge_chat_runs_in_session,
)

if TYPE_CHECKING:
    from langchain_fbmessenger.fine_tuning import FineTuner, FineTuningJob

__all__ = [
    "ExportNotFoundError",
    "FacebookMessengerChatLoader",
    "FineTuner",
    "FineTuningError",
    "FineTuningJob",
    "FolderFacebookMessengerChatLoader",
    "InvalidExampleError",
    "LocalServerError",
    "MalformedExportError",
    "MessengerError",
    "MissingExtraError",
    "SingleFileFacebookMessengerChatLoader",
    "TrainingNotAvailableError",
    "UnknownSenderError",
    "__version__",
    "convert_messages_for_finetuning",
    "map_ai_messages",
    "map_ai_messages_in_session",
    "merge_chat_runs",
    "merge_chat_runs_in_session",
    "read_jsonl",
    "sample_export_path",
    "to_training_examples",
    "write_jsonl",
]

_LAZY = {
    "FineTuner": "langchain_fbmessenger.fine_tuning",
    "FineTuningJob": "langchain_fbmessenger.fine_tuning",
}


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return getattr(import_module(_LAZY[name]), name)
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)


def __dir__() -> list[str]:
    return __all__
