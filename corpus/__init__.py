"""What a document is: tables, shards, text, and the sources that it comes from."""
