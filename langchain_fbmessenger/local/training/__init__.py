"""Train a LoRA adapter, in a process of its own."""
