"""Measure a text for comparison: folded, or in a common spelling; its exact hash, MinHash signature and shingles."""
