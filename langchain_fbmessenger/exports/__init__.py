"""Read Messenger and Instagram exports on disk into plain records.

Paths go in, threads of messages come out, with every text as it was typed. Nothing in here knows
LangChain or training. Facts about the formats: docs/formats.md.
"""

from langchain_fbmessenger.exports.conversations.dealing import check_files, check_workers
from langchain_fbmessenger.exports.formats.mojibake import read_repaired
from langchain_fbmessenger.exports.reader import ExportReader
from langchain_fbmessenger.exports.records import (
    Attachment,
    Call,
    Extra,
    Message,
    Messages,
    Reaction,
    Share,
    Source,
    Thread,
)
from langchain_fbmessenger.exports.report import LoadReport
from langchain_fbmessenger.exports.selection import Moment, Selection, make_selection, to_zone
from langchain_fbmessenger.exports.system_lines.match import is_deleted_account

__all__ = [
    "Attachment",
    "Call",
    "ExportReader",
    "Extra",
    "LoadReport",
    "Message",
    "Messages",
    "Moment",
    "Reaction",
    "Selection",
    "Share",
    "Source",
    "Thread",
    "check_files",
    "check_workers",
    "is_deleted_account",
    "make_selection",
    "read_repaired",
    "to_zone",
]
