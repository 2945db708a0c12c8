"""Chats without real names: sessions in; pseudonyms, placeholders, and only those who consent out.

The extra `[privacy]`. Nothing in this room speaks to a network.
"""

from langchain_fbmessenger.privacy.identifiers import find_identifiers
from langchain_fbmessenger.privacy.report import PrivacyReport
from langchain_fbmessenger.privacy.stage import pseudonymize_chat_sessions, redact_identifiers

__all__ = ["PrivacyReport", "find_identifiers", "pseudonymize_chat_sessions", "redact_identifiers"]
