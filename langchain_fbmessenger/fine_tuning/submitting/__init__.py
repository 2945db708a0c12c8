"""Submit a fine-tuning job once, whatever happens in between."""
