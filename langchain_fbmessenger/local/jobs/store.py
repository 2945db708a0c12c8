"""Keep records in SQLite, so that jobs and their events survive a restart."""

from __future__ import annotations

import json
import shutil
import sqlite3
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from langchain_fbmessenger._internal.home import sweep_partials
from langchain_fbmessenger.local.process.home import UNFINISHED_BASE
from langchain_fbmessenger.local.records import (
    CheckpointRecord,
    EventRecord,
    FileRecord,
    JobRecord,
    ModelRecord,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

    from langchain_fbmessenger.local.process.home import Home
    from langchain_fbmessenger.local.records import JobStatus

_TABLES: dict[type[msgspec.Struct], str] = {
    FileRecord: "files",
    JobRecord: "jobs",
    EventRecord: "events",
    CheckpointRecord: "checkpoints",
    ModelRecord: "models",
}
_SCHEMA = """
CREATE TABLE IF NOT EXISTS {table} (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, parent TEXT, status TEXT,
    record BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS {table}_parent ON {table} (parent, seq);
"""
_ADD = "INSERT INTO {table} (id, parent, status, record) VALUES (?, ?, ?, ?)"
_GET = "SELECT record FROM {table} WHERE id = ?"
_DELETE = "DELETE FROM {table} WHERE id = ?"
_DELETE_OF = "DELETE FROM {table} WHERE parent = ?"
_PAGE = """
SELECT record FROM {table} WHERE (:parent IS NULL OR parent = :parent)
AND (:after IS NULL OR seq < (SELECT seq FROM {table} WHERE id = :after))
ORDER BY seq DESC LIMIT :limit
"""
_UPDATE_JOB = "UPDATE {table} SET status = ?, record = ? WHERE id = ?"
_JOBS_IN = """
SELECT record FROM {table} WHERE status IN (SELECT value FROM json_each(?)) ORDER BY seq
"""
RecordT = TypeVar("RecordT", FileRecord, JobRecord, EventRecord, CheckpointRecord, ModelRecord)


class Store:
    """A table per kind of record; each row is the record as JSON, beside what is searched by.

    Safe to use from several threads: the routes run in some, the job queue in another.
    """

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._lock = threading.RLock()
        # WAL: a killed server leaves the file whole, and committing costs no wait for the disk.
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=NORMAL")
        for table in _TABLES.values():
            self._connection.executescript(_SCHEMA.format(table=table))

    def close(self) -> None:
        """Let go of the database file."""
        with self._lock:
            self._connection.close()

    def add(self, record: RecordT) -> RecordT:
        """Insert a new record and return it."""
        row = (record.id, *_searched_by(record), msgspec.json.encode(record))
        self._execute(_ADD, type(record), row)
        return record

    def get(self, kind: type[RecordT], record_id: str) -> RecordT | None:
        """Return the record of that id, if there is one."""
        found = self._execute(_GET, kind, (record_id,))
        return found[0] if found else None

    def delete(self, kind: type[RecordT], record_id: str) -> None:
        """Forget the record of that id."""
        self._execute(_DELETE, kind, (record_id,))

    def delete_job(self, job_id: str) -> None:
        """Forget a job with its events, checkpoints and models."""
        with self.transaction():
            self._execute(_DELETE_OF, EventRecord, (job_id,))
            self._execute(_DELETE_OF, CheckpointRecord, (job_id,))
            self._execute(_DELETE_OF, ModelRecord, (job_id,))
            self._execute(_DELETE, JobRecord, (job_id,))

    def page(
        self,
        kind: type[RecordT],
        *,
        limit: int = -1,
        after: str | None = None,
        parent: str | None = None,
    ) -> list[RecordT]:
        """Return records, newest first.

        Args:
            kind: Which records.
            limit: How many at most; -1 for all.
            after: The id of the last record of the page before.
            parent: Only what belongs to this job.
        """
        return self._execute(_PAGE, kind, {"parent": parent, "after": after, "limit": limit})

    def update_job(self, job_id: str, **changes: Any) -> JobRecord:
        """Change fields of a job and return it as it is now.

        Raises:
            KeyError: There is no such job.
        """
        with self.transaction():
            job = self.get(JobRecord, job_id)
            if job is None:
                raise KeyError(job_id)
            job = msgspec.structs.replace(job, **changes)
            row = (job.status, msgspec.json.encode(job), job_id)
            self._execute(_UPDATE_JOB, JobRecord, row)
        return job

    def move_job(
        self, job_id: str, to: JobStatus, *, only_from: Collection[JobStatus], **changes: Any
    ) -> bool:
        """Change a job's status, and more, if it is in one of the given states; say whether so."""
        with self.transaction():
            job = self.get(JobRecord, job_id)
            if job is None or job.status not in only_from:
                return False
            self.update_job(job_id, status=to, **changes)
        return True

    def jobs_in(self, *statuses: JobStatus) -> list[JobRecord]:
        """Return the jobs in these states, oldest first."""
        return self._execute(_JOBS_IN, JobRecord, (json.dumps(statuses),))

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Make what happens in the block one change, or none; nested ones join the outer."""
        with self._lock:
            if self._connection.in_transaction:
                yield
                return
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    def _execute(self, sql: str, kind: type[RecordT], values: Any) -> list[RecordT]:
        with self._lock:
            rows = self._connection.execute(sql.format(table=_TABLES[kind]), values).fetchall()
        return [msgspec.json.decode(row[0], type=kind) for row in rows]


def _searched_by(
    record: FileRecord | JobRecord | EventRecord | CheckpointRecord | ModelRecord,
) -> tuple[str | None, str | None]:
    """Return what stands in the columns `parent` and `status`."""
    parent = getattr(record, "job_id", None)
    status = record.status if isinstance(record, JobRecord) else None
    return parent, status


def sweep(home: Home, store: Store) -> None:
    """Remove files and jobs without a record, and bases that were not converted to the end.

    Content is written before its record and removed after it, so that no record lacks its content.
    A process that is killed in between leaves content without a record: private chats, or
    gigabytes. Only names that this package gives are removed: a state folder may hold other files.
    """
    for file in home.files.glob("file-*"):
        if store.get(FileRecord, file.name) is None:
            file.unlink(missing_ok=True)
    for job in home.jobs.glob("ftjob-*"):
        if store.get(JobRecord, job.name) is None:
            shutil.rmtree(job, ignore_errors=True)
    for upload in home.incoming.glob("tmp????????"):
        upload.unlink(missing_ok=True)
    sweep_partials(home.address)
    for base in home.bases.glob(f"{UNFINISHED_BASE}*"):
        shutil.rmtree(base, ignore_errors=True)
