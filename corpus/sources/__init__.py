"""Readers of every source, one module for each kind of input, and the list of the kinds."""
