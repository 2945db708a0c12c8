"""Phone numbers, addresses and the like in texts: text goes in, findings come out."""

from langchain_fbmessenger.privacy.identifiers.finder import IdentifierFinder

__all__ = ["IdentifierFinder"]
