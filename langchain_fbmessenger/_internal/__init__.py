"""Hold what several parts of the package need and users do not."""
