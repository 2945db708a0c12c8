"""The commands, each thin: parse, call, show."""
