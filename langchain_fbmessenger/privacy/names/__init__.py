"""Invented names for an export's people: names go in, the same invented ones come out each time."""

from langchain_fbmessenger.privacy.names.book import NameBook

__all__ = ["NameBook"]
