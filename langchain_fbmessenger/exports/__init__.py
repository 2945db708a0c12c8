"""Messenger and Instagram exports on disk, read into plain records.

Paths go in, threads of messages come out, with every text as it was typed. This room knows neither
LangChain nor training. Facts about the formats: docs/formats.md.
"""

from langchain_fbmessenger.exports._encoding import read_repaired
from langchain_fbmessenger.exports._system_lines import is_deleted_account
from langchain_fbmessenger.exports.reader import ExportReader
from langchain_fbmessenger.exports.records import (
    Attachment,
    Call,
    Message,
    Reaction,
    Share,
    Source,
    Thread,
)
from langchain_fbmessenger.exports.report import LoadReport
from langchain_fbmessenger.exports.selection import Moment, Selection, make_selection, to_zone

__all__ = [
    "Attachment",
    "Call",
    "ExportReader",
    "LoadReport",
    "Message",
    "Moment",
    "Reaction",
    "Selection",
    "Share",
    "Source",
    "Thread",
    "is_deleted_account",
    "make_selection",
    "read_repaired",
    "to_zone",
]
