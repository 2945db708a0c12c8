"""Recognise system lines: what Meta wrote into a chat, as opposed to what people typed."""
