"""Consent: who is read, who under an invented name, and who not at all."""

from langchain_fbmessenger.privacy.consent.contacts import Contacts, write_contacts
from langchain_fbmessenger.privacy.consent.report import ConsentReport
from langchain_fbmessenger.privacy.consent.stage import apply_consent

__all__ = ["ConsentReport", "Contacts", "apply_consent", "write_contacts"]
