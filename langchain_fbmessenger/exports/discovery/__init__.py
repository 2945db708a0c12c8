"""Find the files of exports: in folders and archives, and which of them are parts of one thread."""
