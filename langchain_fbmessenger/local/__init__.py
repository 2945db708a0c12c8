"""Serve fine-tuning and chat with OpenAI's API, on the user's own machine.

Files, fine-tuning jobs, models and chat completions come in and go out as OpenAI's API has them
(platform.openai.com/docs/api-reference), so OpenAI's own client drives it. This room knows nothing
of LangChain or Messenger. Importing it loads no machine learning library: the server is a process
of its own, and the training a child of that.
"""

from __future__ import annotations

from langchain_fbmessenger._internal.bundled_models import bundled_file
from langchain_fbmessenger.local.process.address import ServerAddress
from langchain_fbmessenger.local.process.home import default_home
from langchain_fbmessenger.local.process.launcher import ensure_server, find_server, stop_server
from langchain_fbmessenger.local.server import serve

__all__ = [
    "ServerAddress",
    "bundled_file",
    "default_home",
    "ensure_server",
    "find_server",
    "serve",
    "stop_server",
]
