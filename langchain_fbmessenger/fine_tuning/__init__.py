"""Turn training examples into a finished chat model, at a provider that speaks OpenAI's wire.

Examples go in, jobs and `ChatOpenAI` models come out. This room does not know how the local
server works; it asks it for an address and speaks to it as to any other provider.
"""

from langchain_fbmessenger.fine_tuning.connection import Connection
from langchain_fbmessenger.fine_tuning.following.progress import JobProgress
from langchain_fbmessenger.fine_tuning.job import FineTuningJob
from langchain_fbmessenger.fine_tuning.losses import LossPoint
from langchain_fbmessenger.fine_tuning.providers import (
    AzureProvider,
    CompatibleProvider,
    LocalProvider,
    NebiusProvider,
    OpenAIProvider,
    Provider,
    find_provider,
)
from langchain_fbmessenger.fine_tuning.providers.azure_deployment import AzureAccount
from langchain_fbmessenger.fine_tuning.settings import JobSettings
from langchain_fbmessenger.fine_tuning.tuner import FineTuner, FineTuningPipeline

__all__ = [
    "AzureAccount",
    "AzureProvider",
    "CompatibleProvider",
    "Connection",
    "FineTuner",
    "FineTuningJob",
    "FineTuningPipeline",
    "JobProgress",
    "JobSettings",
    "LocalProvider",
    "LossPoint",
    "NebiusProvider",
    "OpenAIProvider",
    "Provider",
    "find_provider",
]
