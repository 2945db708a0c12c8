"""Messenger and Instagram exports on disk, read into plain records.

A path goes in, threads of messages come out, with every text as it was typed. This room knows
neither LangChain nor training. Facts about the formats: docs/formats.md.
"""

from langchain_fbmessenger.exports.reader import read_thread_file, read_threads
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

__all__ = [
    "Attachment",
    "Call",
    "LoadReport",
    "Message",
    "Reaction",
    "Share",
    "Source",
    "Thread",
    "read_thread_file",
    "read_threads",
]
