"""Show what would be replaced in an export, and what would not."""
