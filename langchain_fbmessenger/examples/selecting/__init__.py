"""Choose among training examples: hold some out, train less on what is said too often."""
