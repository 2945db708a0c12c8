"""Find base models and adapters, and tell what they are."""
