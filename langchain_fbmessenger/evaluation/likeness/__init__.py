"""Whether a model sounds like its persona: a scale from the friends (0) to the persona (1).

Texts or models go in, a report comes out. docs/likeness.md says what is measured and why.
"""
