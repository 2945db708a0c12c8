"""Run the server as a process: start it, find it, bound what it takes, end it."""
