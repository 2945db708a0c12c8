"""Make training examples of chat sessions: turns, windows, and the prompt at their head."""
