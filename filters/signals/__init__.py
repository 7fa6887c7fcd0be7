"""Measure: numbers about each document, one column a signal."""
