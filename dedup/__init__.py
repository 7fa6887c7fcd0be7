"""Same text or not: signatures, candidate pairs, clusters and their survivors."""
