"""Write an export without names and identifiers."""
