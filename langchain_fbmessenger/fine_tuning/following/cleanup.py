"""What is done when a job has ended: its uploads are deleted, its manifest is completed."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from langchain_fbmessenger.fine_tuning.following.polling import events_since
from langchain_fbmessenger.fine_tuning.identity import KEPT, key_of, name_prefix
from langchain_fbmessenger.fine_tuning.losses import LossPoint, loss_curve
from langchain_fbmessenger.fine_tuning.provider_queries import delete_files, files_named

if TYPE_CHECKING:
    from openai import OpenAI
    from openai.types.fine_tuning import FineTuningJob as JobState

    from langchain_fbmessenger.fine_tuning.manifests import Manifest, Manifests

__all__ = ["files_of", "finalize_job"]

_RETRIES = 4


def finalize_job(
    client: OpenAI, job: JobState, manifest: Manifest | None, manifests: Manifests
) -> bool:
    """Delete the files of a job that has ended, and write down what became of it.

    Only jobs that were submitted by this package are touched: they carry its key, or there is a
    manifest of them.

    Args:
        client: A client of the provider.
        job: The job.
        manifest: Its manifest, if there is one on this machine.
        manifests: Where to write it.

    Returns:
        Whether all is done; if not, it is worth another try.

    Warns:
        UserWarning: A file could not be deleted.
    """
    if key_of(job) is None and manifest is None:
        return True
    client = client.with_options(max_retries=_RETRIES)  # there may be no later look
    if manifest is not None and manifest.files_deleted and manifest.status == job.status:
        return True
    is_kept = KEPT in (job.metadata or {}) or (manifest is not None and manifest.keep_files)
    all_gone = is_kept or delete_files(client, files_of(client, job, manifest))
    if manifest is not None:
        manifest.status, manifest.finished_at = job.status, job.finished_at
        manifest.fine_tuned_model = job.fine_tuned_model
        manifest.losses = _losses(client, job)
        manifest.files_deleted = all_gone and not is_kept
        manifests.write(manifest)
    return all_gone


def files_of(client: OpenAI, job: JobState, manifest: Manifest | None) -> list[str]:
    """Return the job's files, and those that were sent again since their answer was lost."""
    import openai

    ids = [file for file in (job.training_file, job.validation_file) if file]
    if manifest is not None:
        with suppress(openai.APIError):
            beginning = f"{name_prefix(manifest.key)}{manifest.attempt}-"
            ids += [file.id for file in files_named(client, beginning)]
    return list(dict.fromkeys(ids))


def _losses(client: OpenAI, job: JobState) -> list[LossPoint]:
    import openai

    try:
        return loss_curve(events_since(client, job.id))
    except openai.APIError:
        return []  # the curve is for later; the job's end is not put off for it
