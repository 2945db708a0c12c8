"""What a tuned model gives back: canaries planted before the training, and an audit after it.

Training examples and a chat model go in, figures come out. This room knows no providers.
"""

from langchain_fbmessenger.evaluation.audit import aaudit_leaks, audit_leaks
from langchain_fbmessenger.evaluation.canaries import Canaries, Canary
from langchain_fbmessenger.evaluation.planting import PlantedExamples, plant_canaries
from langchain_fbmessenger.evaluation.report import AuditedAnswer, LeakReport, LeakRow, Rate

__all__ = [
    "AuditedAnswer",
    "Canaries",
    "Canary",
    "LeakReport",
    "LeakRow",
    "PlantedExamples",
    "Rate",
    "aaudit_leaks",
    "audit_leaks",
    "plant_canaries",
]
