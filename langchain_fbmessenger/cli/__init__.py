"""The command line: thin commands over the package's public functions."""

from langchain_fbmessenger.cli.app import app

__all__ = ["app"]
