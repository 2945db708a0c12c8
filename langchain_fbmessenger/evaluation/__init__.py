"""What a tuned model sounds like, and what it gives back: likeness, and canaries and leaks.

Training examples, chat sessions and chat models go in, figures come out. This room knows no
providers.
"""

from langchain_fbmessenger.evaluation.audit import aaudit_leaks, audit_leaks
from langchain_fbmessenger.evaluation.canaries import Canaries, Canary
from langchain_fbmessenger.evaluation.likeness.evaluate import aevaluate, evaluate
from langchain_fbmessenger.evaluation.likeness.matrix import (
    LikenessMatrix,
    PersonaMaterial,
    acompare_personas,
    compare_personas,
)
from langchain_fbmessenger.evaluation.likeness.measure import measure_likeness
from langchain_fbmessenger.evaluation.likeness.prompts import likeness_prompts
from langchain_fbmessenger.evaluation.likeness.report import (
    AnswersBeside,
    LikenessBasis,
    LikenessReport,
    ModelLikeness,
)
from langchain_fbmessenger.evaluation.planting import PlantedExamples, plant_canaries
from langchain_fbmessenger.evaluation.report import AuditedAnswer, LeakReport, LeakRow, Rate

__all__ = [
    "AnswersBeside",
    "AuditedAnswer",
    "Canaries",
    "Canary",
    "LeakReport",
    "LeakRow",
    "LikenessBasis",
    "LikenessMatrix",
    "LikenessReport",
    "ModelLikeness",
    "PersonaMaterial",
    "PlantedExamples",
    "Rate",
    "aaudit_leaks",
    "acompare_personas",
    "aevaluate",
    "audit_leaks",
    "compare_personas",
    "evaluate",
    "likeness_prompts",
    "measure_likeness",
    "plant_canaries",
]
