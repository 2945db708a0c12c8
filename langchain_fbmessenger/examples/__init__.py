"""From chat sessions to training examples, and their rules and files.

Sessions go in, examples in OpenAI's chat format come out. This room knows no network.
"""

from langchain_fbmessenger.examples.files.check import CheckReport, check_examples
from langchain_fbmessenger.examples.files.facts import RuleViolation
from langchain_fbmessenger.examples.files.jsonl import read_jsonl, write_jsonl
from langchain_fbmessenger.examples.files.rules import ExampleRules, provider_names, rules_for
from langchain_fbmessenger.examples.files.validate import valid_examples
from langchain_fbmessenger.examples.files.write import (
    TrainingFile,
    export_examples,
    write_training_file,
)
from langchain_fbmessenger.examples.making.convert import convert_messages_for_finetuning
from langchain_fbmessenger.examples.making.system_template import (
    placeholders_of,
    rendered,
    values_in,
)
from langchain_fbmessenger.examples.making.training_examples import (
    ToTrainingExamples,
    to_training_examples,
)
from langchain_fbmessenger.examples.report import ExampleReport
from langchain_fbmessenger.examples.schema import (
    ChatTurn,
    ExampleSource,
    TrainingExample,
    source_of,
)
from langchain_fbmessenger.examples.selecting.balance import BalanceExamples, balance_examples
from langchain_fbmessenger.examples.selecting.preference import (
    PreferenceReport,
    ToPreferencePairs,
    to_preference_pairs,
)
from langchain_fbmessenger.examples.selecting.split import (
    ExampleSplit,
    HeldOut,
    SplitExamples,
    split_examples,
)

Violation = RuleViolation  # an older name of it

__all__ = [
    "BalanceExamples",
    "ChatTurn",
    "CheckReport",
    "ExampleReport",
    "ExampleRules",
    "ExampleSource",
    "ExampleSplit",
    "HeldOut",
    "PreferenceReport",
    "RuleViolation",
    "SplitExamples",
    "ToPreferencePairs",
    "ToTrainingExamples",
    "TrainingExample",
    "TrainingFile",
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
    "write_training_file",
]
