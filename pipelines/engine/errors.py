"""How a command ends: its exit statuses, and the errors that end it with one line. Imports no library."""

from __future__ import annotations

from typing import Final

EXIT_DONE: Final = 0
EXIT_WORK: Final = 1
EXIT_USER: Final = 2
EXIT_NOTICES: Final = 3

#: Every exit status and what it means (docs/commands.md).
STATUSES: Final = {
    EXIT_DONE: "Done.",
    EXIT_WORK: "The work failed; the same command continues it.",
    EXIT_USER: "A mistake in a configuration or on the command line; standard error says where, and the remedy.",
    EXIT_NOTICES: "Done, and there is something to look at: notices, entries of a takedown list that name nothing, a "
    "bound that is exceeded.",
}


class UserError(Exception):
    """A mistake that the user can correct; the message is one line that names it and the remedy. Exit status 2."""


class WorkFailed(Exception):
    """Work that could not be finished; the message is one line that names the file. Exit status 1."""


class NoCluster(UserError):
    """There is no cluster where the user says that there is one, or it refused the token."""


class ClusterLost(WorkFailed):
    """The cluster that tasks ran on is gone; `manyo.pipelines.engine.resuming` goes on when it is back."""
