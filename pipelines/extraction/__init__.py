"""From input files to documents and refused pages, in a child process."""
