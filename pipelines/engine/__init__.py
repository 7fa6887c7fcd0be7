"""Stages, their plans and how they are run; knows nothing of text."""
