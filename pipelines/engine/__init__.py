"""Stages, their shapes and how they are run; knows nothing about text."""
