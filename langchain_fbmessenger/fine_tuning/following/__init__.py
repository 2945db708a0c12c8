"""Follow a fine-tuning job until it has ended."""
