"""Phone numbers, addresses and the like in texts: text goes in, findings come out."""

from langchain_fbmessenger.privacy.identifiers.finder import IdentifierFinder, find_identifiers
from langchain_fbmessenger.privacy.identifiers.phones import known_regions

__all__ = ["IdentifierFinder", "find_identifiers", "known_regions"]
