"""From chat sessions to training examples, and their rules and files.

Sessions go in, examples in OpenAI's chat format come out. This room knows no network.
"""

from langchain_fbmessenger.examples.balance import BalanceExamples, balance_examples
from langchain_fbmessenger.examples.check import CheckReport, Violation, check_examples
from langchain_fbmessenger.examples.convert import convert_messages_for_finetuning
from langchain_fbmessenger.examples.export import ExportedFile, export_examples
from langchain_fbmessenger.examples.jsonl import read_jsonl, write_jsonl
from langchain_fbmessenger.examples.preference import (
    PreferenceReport,
    ToPreferencePairs,
    to_preference_pairs,
)
from langchain_fbmessenger.examples.report import ExampleReport
from langchain_fbmessenger.examples.rules import ExampleRules, provider_names, rules_for
from langchain_fbmessenger.examples.schema import (
    ChatTurn,
    ExampleSource,
    TrainingExample,
    source_of,
)
from langchain_fbmessenger.examples.split import (
    ExampleSplit,
    HeldOut,
    SplitExamples,
    split_examples,
)
from langchain_fbmessenger.examples.strict import valid_examples
from langchain_fbmessenger.examples.system_template import placeholders_of, rendered, values_in
from langchain_fbmessenger.examples.training_examples import (
    ToTrainingExamples,
    to_training_examples,
)

__all__ = [
    "BalanceExamples",
    "ChatTurn",
    "CheckReport",
    "ExampleReport",
    "ExampleRules",
    "ExampleSource",
    "ExampleSplit",
    "ExportedFile",
    "HeldOut",
    "PreferenceReport",
    "SplitExamples",
    "ToPreferencePairs",
    "ToTrainingExamples",
    "TrainingExample",
    "Violation",
    "balance_examples",
    "check_examples",
    "convert_messages_for_finetuning",
    "export_examples",
    "placeholders_of",
    "provider_names",
    "read_jsonl",
    "rendered",
    "rules_for",
    "source_of",
    "split_examples",
    "to_preference_pairs",
    "to_training_examples",
    "valid_examples",
    "values_in",
    "write_jsonl",
]
