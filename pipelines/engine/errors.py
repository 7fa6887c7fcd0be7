"""How a command ends: its exit statuses, and the errors that end it with one line. Imports no library.

| status | meaning |
|---|---|
| 0 | done |
| 1 | the work failed; the same command continues it |
| 2 | a mistake of the user |
| 3 | finished, and there is something to look at: notices, or entries of a takedown list that name nothing |
"""

from __future__ import annotations

from typing import Final

EXIT_DONE: Final = 0
EXIT_WORK: Final = 1
EXIT_USER: Final = 2
EXIT_NOTICES: Final = 3


class UserError(Exception):
    """A mistake that the user can correct; the message is one line that names it and the remedy. Exit status 2."""


class WorkFailed(Exception):
    """Work that could not be finished; the message is one line that names the file. Exit status 1."""


class NoCluster(UserError):
    """There is no cluster where the user says that there is one, or it refused the token."""


class ClusterLost(WorkFailed):
    """The cluster that tasks ran on is gone; `manyo.pipelines.engine.resuming` goes on when it is back."""
