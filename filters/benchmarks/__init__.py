"""Benchmark items in documents: read the items, index them, find them again verbatim or lightly edited."""
