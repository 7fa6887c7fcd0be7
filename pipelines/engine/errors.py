"""The errors that end a command with one line: a mistake of the user, or work that failed. Imports no library."""

from __future__ import annotations


class UserError(Exception):
    """A mistake that the user can correct; the message is one line that names it and the remedy. Exit status 2."""


class WorkFailed(Exception):
    """Work that could not be finished; the message is one line that names the file. Exit status 1."""
