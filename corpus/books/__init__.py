"""Books and papers as publishers and offices deliver them: files in, text with structure out."""
