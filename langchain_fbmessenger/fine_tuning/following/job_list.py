"""Lists of jobs and of their events: lists like others, which notebooks show as tables."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING, TypeVar

from langchain_fbmessenger._internal.shown import html_table

if TYPE_CHECKING:
    from openai.types.fine_tuning import FineTuningJobEvent

    from langchain_fbmessenger.fine_tuning.job import FineTuningJob

__all__ = ["EventList", "JobList", "moment"]

_Job = TypeVar("_Job", bound="FineTuningJob")


class JobList(list[_Job]):
    """Jobs, newest first."""

    def _repr_html_(self) -> str:
        rows = (
            (j.id, j.status, moment(j.state.created_at), j.state.model, j.fine_tuned_model or "")
            for j in self
        )
        return html_table("Fine-tuning jobs", rows, ("job", "status", "made", "base", "model"))


class EventList(list["FineTuningJobEvent"]):
    """What has happened to a job, oldest first."""

    def _repr_html_(self) -> str:
        rows = ((moment(event.created_at), event.level, event.message) for event in self)
        return html_table("Events", rows, ("when", "level", "what"))


def moment(seconds: int) -> str:
    """Return a time of a provider's as people read it."""
    return datetime.fromtimestamp(seconds, tz=timezone.utc).strftime("%Y-%m-%d %H:%M UTC")
