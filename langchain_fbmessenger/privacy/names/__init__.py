"""Invented names for an export's people: names go in, the same invented ones come out each time."""

from langchain_fbmessenger.privacy.names.book import NameBook
from langchain_fbmessenger.privacy.names.restore import restore_names

__all__ = ["NameBook", "restore_names"]
