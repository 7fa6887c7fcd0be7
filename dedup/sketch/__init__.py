"""What is kept of a text to find its like: shingles, MinHash signatures, exact digests."""
