"""Base classes that wrap generators of training examples as Runnables."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import ConfigDict
from typing_extensions import override

from langchain_fbmessenger.examples.schema import ExamplesInput, TrainingExample
from langchain_fbmessenger.sessions.stage import EXAMPLES, SessionStage

__all__ = ["ExampleMaker", "ExampleStage"]


class ExampleMaker(SessionStage):
    """A stage that makes any number of training examples, or of what is made of them."""

    model_config = ConfigDict(arbitrary_types_allowed=True)  # reports are not pydantic models

    @property
    @override
    def one_to_one(self) -> bool:
        return False

    @property
    @override
    def item_type(self) -> Any:
        return TrainingExample


class ExampleStage(ExampleMaker):
    """A stage that takes training examples."""

    takes: ClassVar[str] = EXAMPLES

    @property
    @override
    def InputType(self) -> Any:
        return ExamplesInput

    @property
    @override
    def looks_at_texts_alone(self) -> bool:
        return True  # which stand in the examples
