"""Measure and decide: signals over batches of documents, and rules over signals."""
