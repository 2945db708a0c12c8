"""Read HTML pages: what Meta shows of a chat goes in, a part of a thread comes out."""
