"""LangChain agents whose model sees pseudonyms, while everybody else sees real names.

The extra `[agents]`. What this room does to texts is `privacy/`'s; it speaks to no network itself.
"""

from langchain_fbmessenger.agents.middleware import PseudonymMiddleware

__all__ = ["PseudonymMiddleware"]
