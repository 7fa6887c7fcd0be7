"""Nodes that a run lost, for `manyo status`, which asks no process that works on the run.

The driver writes them to one small file next to the name of the output's owner. Nothing depends on it: a file that
cannot be used counts as none.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

from manyo.corpus.tables.publishing import publish
from manyo.corpus.tables.shards import filesystem, join

_FILE = "manifests/lost_nodes.json"

#: How Ray names a node in its messages.
_ADDRESS, _ID = re.compile(r"\bNode IP: ([0-9A-Fa-f.:]+[0-9A-Fa-f])"), re.compile(r"\bnode ID: ([0-9a-f]+)")

#: Of the last nodes so many are kept.
_KEPT = 100


@dataclass(frozen=True, slots=True)
class LostNode:
    """A node that was lost while it ran tasks.

    Attributes:
        node: its address and identifier, or what Ray said of it.
        stage: whose tasks it ran.
        tasks: how many of them were lost, all of which are run again.
        lost_at: when the driver heard of the last, in seconds since 1970.
    """

    node: str
    stage: str
    tasks: int
    lost_at: float


def name_of(message: str) -> str:
    """The node that a message of Ray speaks of."""
    address, identifier = _ADDRESS.search(message), _ID.search(message)
    if address and identifier:
        return f"{address[1]} ({identifier[1][:8]})"
    return message.strip().splitlines()[0][:80] if message.strip() else "unknown"


def note_lost_node(out: str, message: str, stage: str, now: float) -> None:
    """Add a task that was lost with its node.

    Args:
        out: URI of the run's output.
        message: what Ray said.
        stage: of the task.
        now: in seconds since 1970.
    """
    node = name_of(message)
    nodes = list(read_lost_nodes(out))
    known = next((at for at, one in enumerate(nodes) if (one.node, one.stage) == (node, stage)), None)
    if known is None:
        nodes.append(LostNode(node, stage, 1, now))
    else:
        one = nodes.pop(known)
        nodes.append(replace(one, tasks=one.tasks + 1, lost_at=now))
    with publish(join(out, _FILE)) as path:
        path.write_text(json.dumps([asdict(one) for one in nodes[-_KEPT:]]), encoding="utf-8")


def read_lost_nodes(out: str) -> Sequence[LostNode]:
    """The nodes that runs of an output lost, the latest last."""
    fs, path = filesystem(join(out, _FILE))
    try:
        return [LostNode(**values) for values in json.loads(fs.cat_file(path))]
    except (FileNotFoundError, ValueError, TypeError):
        return []
