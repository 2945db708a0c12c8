from langchain_fbmessenger._version import __version__ as __version__
from langchain_fbmessenger.agents import (
    PseudonymMiddleware as PseudonymMiddleware,
)
from langchain_fbmessenger.chat_loaders import (
    FacebookMessengerChatLoader as FacebookMessengerChatLoader,
)
from langchain_fbmessenger.chat_loaders import (
    FolderFacebookMessengerChatLoader as FolderFacebookMessengerChatLoader,
)
from langchain_fbmessenger.chat_loaders import (
    SingleFileFacebookMessengerChatLoader as SingleFileFacebookMessengerChatLoader,
)
from langchain_fbmessenger.evaluation import (
    Canaries as Canaries,
)
from langchain_fbmessenger.evaluation import (
    LeakReport as LeakReport,
)
from langchain_fbmessenger.evaluation import (
    LikenessMatrix as LikenessMatrix,
)
from langchain_fbmessenger.evaluation import (
    LikenessReport as LikenessReport,
)
from langchain_fbmessenger.evaluation import (
    PersonaMaterial as PersonaMaterial,
)
from langchain_fbmessenger.evaluation import (
    aaudit_leaks as aaudit_leaks,
)
from langchain_fbmessenger.evaluation import (
    acompare_personas as acompare_personas,
)
from langchain_fbmessenger.evaluation import (
    aevaluate as aevaluate,
)
from langchain_fbmessenger.evaluation import (
    audit_leaks as audit_leaks,
)
from langchain_fbmessenger.evaluation import (
    compare_personas as compare_personas,
)
from langchain_fbmessenger.evaluation import (
    evaluate as evaluate,
)
from langchain_fbmessenger.evaluation import (
    likeness_prompts as likeness_prompts,
)
from langchain_fbmessenger.evaluation import (
    measure_likeness as measure_likeness,
)
from langchain_fbmessenger.evaluation import (
    plant_canaries as plant_canaries,
)
from langchain_fbmessenger.examples import (
    CheckReport as CheckReport,
)
from langchain_fbmessenger.examples import (
    ExampleReport as ExampleReport,
)
from langchain_fbmessenger.examples import (
    HeldOut as HeldOut,
)
from langchain_fbmessenger.examples import (
    PreferenceReport as PreferenceReport,
)
from langchain_fbmessenger.examples import (
    balance_examples as balance_examples,
)
from langchain_fbmessenger.examples import (
    check_examples as check_examples,
)
from langchain_fbmessenger.examples import (
    convert_messages_for_finetuning as convert_messages_for_finetuning,
)
from langchain_fbmessenger.examples import (
    export_examples as export_examples,
)
from langchain_fbmessenger.examples import (
    read_jsonl as read_jsonl,
)
from langchain_fbmessenger.examples import (
    split_examples as split_examples,
)
from langchain_fbmessenger.examples import (
    to_preference_pairs as to_preference_pairs,
)
from langchain_fbmessenger.examples import (
    to_training_examples as to_training_examples,
)
from langchain_fbmessenger.examples import (
    write_jsonl as write_jsonl,
)
from langchain_fbmessenger.examples import (
    write_training_file as write_training_file,
)
from langchain_fbmessenger.exceptions import (
    BusyFileError as BusyFileError,
)
from langchain_fbmessenger.exceptions import (
    ExportNotFoundError as ExportNotFoundError,
)
from langchain_fbmessenger.exceptions import (
    FineTuningError as FineTuningError,
)
from langchain_fbmessenger.exceptions import (
    InvalidExampleError as InvalidExampleError,
)
from langchain_fbmessenger.exceptions import (
    InvalidInputError as InvalidInputError,
)
from langchain_fbmessenger.exceptions import (
    InvalidOptionError as InvalidOptionError,
)
from langchain_fbmessenger.exceptions import (
    LocalServerError as LocalServerError,
)
from langchain_fbmessenger.exceptions import (
    MalformedExportError as MalformedExportError,
)
from langchain_fbmessenger.exceptions import (
    MalformedFileError as MalformedFileError,
)
from langchain_fbmessenger.exceptions import (
    MessengerError as MessengerError,
)
from langchain_fbmessenger.exceptions import (
    MissingExtraError as MissingExtraError,
)
from langchain_fbmessenger.exceptions import (
    MissingFolderError as MissingFolderError,
)
from langchain_fbmessenger.exceptions import (
    TrainingNotAvailableError as TrainingNotAvailableError,
)
from langchain_fbmessenger.exceptions import (
    UnknownOwnerError as UnknownOwnerError,
)
from langchain_fbmessenger.exceptions import (
    UnknownProviderError as UnknownProviderError,
)
from langchain_fbmessenger.exceptions import (
    UnknownRowError as UnknownRowError,
)
from langchain_fbmessenger.exceptions import (
    UnknownSenderError as UnknownSenderError,
)
from langchain_fbmessenger.exceptions import (
    UnknownThreadError as UnknownThreadError,
)
from langchain_fbmessenger.exceptions import (
    WorkerError as WorkerError,
)
from langchain_fbmessenger.exports import (
    LoadReport as LoadReport,
)
from langchain_fbmessenger.fine_tuning import (
    FineTuner as FineTuner,
)
from langchain_fbmessenger.fine_tuning import (
    FineTuningJob as FineTuningJob,
)
from langchain_fbmessenger.fine_tuning import (
    Provider as Provider,
)
from langchain_fbmessenger.privacy import (
    ConsentReport as ConsentReport,
)
from langchain_fbmessenger.privacy import (
    Contacts as Contacts,
)
from langchain_fbmessenger.privacy import (
    PrivacyReport as PrivacyReport,
)
from langchain_fbmessenger.privacy import (
    apply_consent as apply_consent,
)
from langchain_fbmessenger.privacy import (
    pseudonymize_chat_sessions as pseudonymize_chat_sessions,
)
from langchain_fbmessenger.privacy import (
    redact_identifiers as redact_identifiers,
)
from langchain_fbmessenger.privacy import (
    restore_names as restore_names,
)
from langchain_fbmessenger.privacy import (
    write_contacts as write_contacts,
)
from langchain_fbmessenger.privacy.identifiers import (
    find_identifiers as find_identifiers,
)
from langchain_fbmessenger.retrieval import (
    IndexReport as IndexReport,
)
from langchain_fbmessenger.retrieval import (
    PersonaRetriever as PersonaRetriever,
)
from langchain_fbmessenger.retrieval import (
    persona_chain as persona_chain,
)
from langchain_fbmessenger.sample import (
    sample_export_path as sample_export_path,
)
from langchain_fbmessenger.sessions import (
    map_ai_messages as map_ai_messages,
)
from langchain_fbmessenger.sessions import (
    map_ai_messages_in_session as map_ai_messages_in_session,
)
from langchain_fbmessenger.sessions import (
    merge_chat_runs as merge_chat_runs,
)
from langchain_fbmessenger.sessions import (
    merge_chat_runs_in_session as merge_chat_runs_in_session,
)
from langchain_fbmessenger.sessions import (
    split_chat_sessions as split_chat_sessions,
)
from langchain_fbmessenger.state import (
    purge_state as purge_state,
)
from langchain_fbmessenger.state import (
    survey_state as survey_state,
)
from langchain_fbmessenger.transcripts.of_threads import (
    MessengerChatSession as MessengerChatSession,
)

__all__ = [
    "BusyFileError",
    "Canaries",
    "CheckReport",
    "ConsentReport",
    "Contacts",
    "ExampleReport",
    "ExportNotFoundError",
    "FacebookMessengerChatLoader",
    "FineTuner",
    "FineTuningError",
    "FineTuningJob",
    "FolderFacebookMessengerChatLoader",
    "HeldOut",
    "IndexReport",
    "InvalidExampleError",
    "InvalidInputError",
    "InvalidOptionError",
    "LeakReport",
    "LikenessMatrix",
    "LikenessReport",
    "LoadReport",
    "LocalServerError",
    "MalformedExportError",
    "MalformedFileError",
    "MessengerChatSession",
    "MessengerError",
    "MissingExtraError",
    "MissingFolderError",
    "PersonaMaterial",
    "PersonaRetriever",
    "PreferenceReport",
    "PrivacyReport",
    "Provider",
    "PseudonymMiddleware",
    "SingleFileFacebookMessengerChatLoader",
    "TrainingNotAvailableError",
    "UnknownOwnerError",
    "UnknownProviderError",
    "UnknownRowError",
    "UnknownSenderError",
    "UnknownThreadError",
    "WorkerError",
    "__version__",
    "aaudit_leaks",
    "acompare_personas",
    "aevaluate",
    "apply_consent",
    "audit_leaks",
    "balance_examples",
    "check_examples",
    "compare_personas",
    "convert_messages_for_finetuning",
    "evaluate",
    "export_examples",
    "find_identifiers",
    "likeness_prompts",
    "map_ai_messages",
    "map_ai_messages_in_session",
    "measure_likeness",
    "merge_chat_runs",
    "merge_chat_runs_in_session",
    "persona_chain",
    "plant_canaries",
    "pseudonymize_chat_sessions",
    "purge_state",
    "read_jsonl",
    "redact_identifiers",
    "restore_names",
    "sample_export_path",
    "split_chat_sessions",
    "split_examples",
    "survey_state",
    "to_preference_pairs",
    "to_training_examples",
    "write_contacts",
    "write_jsonl",
    "write_training_file",
]
