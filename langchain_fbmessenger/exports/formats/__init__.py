"""Read one file of any format: bytes go in, a part of a thread comes out."""
