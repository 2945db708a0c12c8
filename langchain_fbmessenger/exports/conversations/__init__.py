"""Bring together what is one conversation, across files and exports, and read it."""
