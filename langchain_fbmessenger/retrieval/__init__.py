"""Writing like somebody without any training: their own exchanges, found and put into a prompt.

Training examples or chat sessions go in; a LangChain retriever and a chain around any chat model
come out. The extra `[retrieval]`. Nothing in this room speaks to a network.
"""

from langchain_fbmessenger.retrieval.chain import PersonaChain, persona_chain
from langchain_fbmessenger.retrieval.report import IndexReport
from langchain_fbmessenger.retrieval.retriever import PersonaRetriever

__all__ = ["IndexReport", "PersonaChain", "PersonaRetriever", "persona_chain"]
