"""Find documents that may have the same text: keys, pairs of documents that share one, and connected components."""
