"""Chats without real names: sessions in; pseudonyms, placeholders, and only those who consent out.

The extra `[privacy]`. Nothing in this room speaks to a network.
"""

from langchain_fbmessenger.privacy.consent import (
    ConsentReport,
    Contacts,
    apply_consent,
    write_contacts,
)
from langchain_fbmessenger.privacy.identifiers import find_identifiers
from langchain_fbmessenger.privacy.names import restore_names
from langchain_fbmessenger.privacy.report import PrivacyReport
from langchain_fbmessenger.privacy.stage import pseudonymize_chat_sessions, redact_identifiers

__all__ = [
    "ConsentReport",
    "Contacts",
    "PrivacyReport",
    "apply_consent",
    "find_identifiers",
    "pseudonymize_chat_sessions",
    "redact_identifiers",
    "restore_names",
    "write_contacts",
]
