"""Local server: what killed processes left in the state folder is removed when a server starts.

Content is written before its record and removed after it, so that no record lacks its content. Who
is killed in between leaves content that nothing names: private chats, or gigabytes. Only what is
named as we name things goes: the folder may be one that somebody has other things in.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from langchain_fbmessenger._internal.home import sweep_partials
from langchain_fbmessenger.local.process.home import UNFINISHED_BASE
from langchain_fbmessenger.local.records import FileRecord, JobRecord

if TYPE_CHECKING:
    from langchain_fbmessenger.local.jobs.store import Store
    from langchain_fbmessenger.local.process.home import Home


def sweep(home: Home, store: Store) -> None:
    """Remove files and jobs without a record, and bases that were not converted to the end."""
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
