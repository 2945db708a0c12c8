"""Write training examples to files, read them, and check them by a provider's rules."""
