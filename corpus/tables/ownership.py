"""Who may write below an output folder: one run at a time, named in a small file that whoever writes compares.

The file `OUT/manifests/owner.json` names the owner. A process that writes for an owner looks at it before a file
appears (`manyo.corpus.tables.shards.publish`), so that one that was thought dead and wakes up later writes no more.
`manyo.pipelines.engine.lease` gets and keeps the ownership.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from manyo.corpus.tables.shard_errors import OwnershipLost
from manyo.corpus.tables.storage import connect

#: Path of the file below the output folder.
OWNER_FILE = "manifests/owner.json"

#: An owner that has not said for so long that it lives may be replaced, on another machine than its own.
EXPIRES_S = 120.0

#: What a writer has seen holds for so long; a process that stands still does not notice, but its clock runs on.
_LOOK_AGAIN_S = EXPIRES_S / 12


@dataclass(frozen=True, slots=True)
class Owner:
    """On whose behalf files are written.

    Attributes:
        uri: of the file that names the owner.
        token: what the file must hold; each ownership has another.
    """

    uri: str
    token: str

    def check(self) -> None:
        """Look whether the file still names this owner.

        Raises:
            OwnershipLost: it names another.
        """
        fs, path = connect(self.uri)
        try:
            found = read_owner(fs.cat_file(path))
        except FileNotFoundError:
            found = {}
        if found.get("token") != self.token:
            raise OwnershipLost(
                f"{self.uri}: this process does not own the output any more, {describe(found)} does; nothing more is "
                "written"
            )


def read_owner(raw: bytes) -> dict[str, Any]:
    """What the file says; {} where it is damaged, so that it names nobody."""
    try:
        values = json.loads(raw)
    except ValueError:
        return {}
    return values if isinstance(values, dict) else {}


def describe(found: dict[str, Any]) -> str:
    """The owner that the file names, in words."""
    if not found:
        return "nobody"
    return f"manyo {found.get('command')} (process {found.get('pid')} on {found.get('host')})"


@dataclass(slots=True)
class _Writing:
    """For whom the files of a block are written, and when it was last looked whether they still may be."""

    owner: Owner | None
    looked_at: float = 0.0


#: Of this thread: two threads may make two runs.
_writing: ContextVar[_Writing | None] = ContextVar("manyo_writing", default=None)


@contextmanager
def writing_for(owner: Owner | None) -> Iterator[None]:
    """Have all files that appear during the block, in this thread, written on behalf of an owner; None for nobody."""
    before = _writing.set(_Writing(owner))
    try:
        yield
    finally:
        _writing.reset(before)


def check_owner() -> None:
    """Look whether this process may still write, unless it has looked a short time ago.

    Raises:
        OwnershipLost: it may not.
    """
    writing = _writing.get()
    if writing is not None and writing.owner is not None and time.monotonic() - writing.looked_at > _LOOK_AGAIN_S:
        writing.owner.check()
        writing.looked_at = time.monotonic()


def current_owner() -> Owner | None:
    """For whom this thread writes; None for nobody."""
    writing = _writing.get()
    return None if writing is None else writing.owner
