"""Tell the lines that Meta wrote into a chat from those that somebody typed."""
