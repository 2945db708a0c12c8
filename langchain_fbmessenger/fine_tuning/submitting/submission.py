"""Submit a job once, whatever happens in between.

A job is known by its key. What an earlier submit has made is found by it: jobs by their metadata,
by the files that they train on or by the manifest on this machine, files by their names. What a
crash has left behind is found in the same ways, and deleted.
"""

from __future__ import annotations

import logging
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from langchain_fbmessenger.fine_tuning.identity import KEPT, KEY, file_name
from langchain_fbmessenger.fine_tuning.manifests import (
    FileEntry,
    Manifest,
    Manifests,
    versions,
)
from langchain_fbmessenger.fine_tuning.provider_queries import delete_files, jobs_of, uploads_of
from langchain_fbmessenger.fine_tuning.submitting.idempotent_create import (
    UnknownOutcomeError,
    await_check,
    create,
    upload,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from openai import OpenAI
    from openai.types.fine_tuning import FineTuningJob as JobState

    from langchain_fbmessenger.fine_tuning.providers import Provider
    from langchain_fbmessenger.fine_tuning.settings import JobSettings
    from langchain_fbmessenger.fine_tuning.submitting.uploads import JobFiles

__all__ = ["FAILED", "Submission"]

FAILED = frozenset({"failed", "cancelled", "canceled"})
"""Statuses of jobs that have ended without a model; Azure's own API has the second spelling."""

_logger = logging.getLogger("langchain_fbmessenger")
_LOCK_TIMEOUT_S = 600.0
_DAY_S = 24 * 3600


@dataclass(frozen=True)
class Submission:
    """A job that is to be made once.

    Attributes:
        client: A client of the provider.
        provider: The provider.
        model: The base model.
        files: The files of examples.
        settings: How it trains.
        metadata: What travels with it.
        key: What identifies it, see `job_key`.
        keep_files: Whether its files stay at the provider when it ends.
    """

    client: OpenAI
    provider: Provider
    model: str
    files: JobFiles
    settings: JobSettings
    metadata: dict[str, str]
    key: str
    keep_files: bool = False
    manifests: Manifests = field(default_factory=Manifests)

    def run(self, *, resume: bool) -> JobState:
        """Find the job, or else make it.

        Args:
            resume: Whether one that was submitted before will do.
        """
        with self.manifests.submitting(self.key, timeout=_LOCK_TIMEOUT_S):
            known = self._known_jobs()
            if resume and (found := self._usable(known)) is not None:
                _logger.info("job %s is the very same: it is %s", found.id, found.status)
                return found
            self._delete_leftovers(known)
            self._say_what_is_sent()
            return self._make()

    def _known_jobs(self) -> list[JobState]:
        """Return the jobs of this key, by the provider's list and by what is remembered here."""
        import openai

        manifests = self.manifests.with_key(self.key)
        uploads = {file.id for file in uploads_of(self.client, self.key)}
        uploads.update(file for one in manifests for file in one.file_ids)
        found = {job.id: job for job in jobs_of(self.client, self.provider, self.key, uploads)}
        for manifest in manifests:
            if manifest.job_id is not None and manifest.job_id not in found:
                try:
                    job = self.client.fine_tuning.jobs.retrieve(manifest.job_id)
                except openai.NotFoundError:
                    continue
                found[job.id] = job
        return sorted(found.values(), key=lambda job: job.created_at, reverse=True)

    def _usable(self, known: Iterable[JobState]) -> JobState | None:
        for job in known:
            if job.status in FAILED:
                continue
            if job.status == "succeeded" and not self.provider.has_result(self.client, job):
                continue
            self._remember_found(job)
            return job
        return None

    def _remember_found(self, job: JobState) -> None:
        """Note what only a job's maker knew: it may have crashed, or been on another machine."""
        manifests = self.manifests.with_key(self.key)
        mine = [m for m in manifests if m.job_id == job.id or job.training_file in m.file_ids]
        uploaded = {"training": job.training_file, "validation": job.validation_file}
        manifest = mine[0] if mine else self._manifest(secrets.token_hex(4), uploaded)
        manifest.keep_files |= self.keep_files or KEPT in (job.metadata or {})
        manifest.job_id, manifest.status = job.id, job.status
        self.manifests.write(manifest)

    def _delete_leftovers(self, known: Iterable[JobState]) -> None:
        """Delete files of this key that no job needs: a submit was cut off."""
        needed = {
            file
            for job in known
            if job.status not in FAILED
            for file in (job.training_file, job.validation_file)
        }
        left = {file.id for file in uploads_of(self.client, self.key)}
        for manifest in self.manifests.with_key(self.key):
            if manifest.job_id is None:
                left |= set(manifest.file_ids)
                self.manifests.remove(manifest)
        kept = {f for m in self.manifests.with_key(self.key) if m.keep_files for f in m.file_ids}
        delete_files(self.client, sorted(left - needed - kept))

    def _say_what_is_sent(self) -> None:
        """Say in one line what leaves this machine, and where to, so that the user can stop it."""
        lifetime = self.provider.upload_lifetime
        kept = "deleted when the job ends"
        if self.keep_files:
            kept = "kept there (keep_files)"
        elif lifetime is not None:
            kept += f" and after {lifetime // _DAY_S} days at the latest"
        _logger.log(
            logging.INFO if self.provider.is_private else logging.WARNING,
            "provider %s: %s examples (%s bytes of chats) go to %s for a fine-tuning of %s; %s",
            self.provider.label,
            f"{sum(file.examples for file in self.files):,}",
            f"{sum(file.bytes for file in self.files):,}",
            "this machine's own server" if self.provider.is_private else self._host(),
            self.model,
            kept,
        )

    def _make(self) -> JobState:
        attempt = secrets.token_hex(4)
        uploaded: dict[str, str | None] = {}
        lifetime = None if self.keep_files else self.provider.upload_lifetime
        try:
            for file in self.files:
                name = file_name(self.key, attempt, file.role)
                uploaded[file.role] = upload(self.client, file.path, name, lifetime)
            manifest = self._manifest(attempt, uploaded)
            self.manifests.write(manifest)
            if self.provider.checks_files:
                for file_id in manifest.file_ids:
                    await_check(self.client, self.provider, file_id)
            job = create(self.client, self.provider, self._body(manifest))
        except UnknownOutcomeError as error:
            raise error.cause from None  # the next submit finds the job, or else the files
        except Exception:
            delete_files(self.client, filter(None, uploaded.values()))
            for manifest in self.manifests.with_key(self.key):
                if manifest.attempt == attempt:
                    self.manifests.remove(manifest)
            raise
        manifest.job_id, manifest.status = job.id, job.status
        self.manifests.write(manifest)
        return job

    def _body(self, manifest: Manifest) -> dict[str, Any]:
        body = {"model": self.model, **self.provider.job_body(self.settings)}
        for file in manifest.files:
            body[f"{file.role}_file"] = file.id
        if self.provider.keeps_metadata:
            kept = {KEPT: "yes"} if self.keep_files else {}
            body["metadata"] = {**self.metadata, KEY: self.key, **kept}
        return body

    def _manifest(self, attempt: str, ids: dict[str, str | None]) -> Manifest:
        return Manifest(
            key=self.key,
            attempt=attempt,
            provider=self.provider.label,
            host=self._host(),
            model=self.model,
            files=[
                FileEntry(
                    role=file.role,
                    sha256=file.sha256,
                    bytes=file.bytes,
                    examples=file.examples,
                    id=ids.get(file.role),
                )
                for file in self.files
            ],
            settings=_without_values(self.settings.given()),
            metadata=self.metadata,
            versions=versions(),
            keep_files=self.keep_files,
        )

    def _host(self) -> str:
        return urlsplit(str(self.client.base_url)).netloc


def _without_values(settings: dict[str, Any]) -> dict[str, Any]:
    """Keep only the names of what is passed through: a token for another service may be in it."""
    if "extra_body" not in settings:
        return settings
    return {**settings, "extra_body": sorted(settings["extra_body"])}
