"""One writer per output folder: a lease that a command takes before it writes, and says is alive while it works.

The lease is the file that `manyo.corpus.tables.ownership` describes. It is created and replaced only if it is still
what was read before, by a conditional PUT on S3 and under a lock of the filesystem on a disk. A lease is free if its
command has ended or was killed on this machine, or has said nothing for `EXPIRES_S` on another. A process that is
stopped lives.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import secrets
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from manyo.corpus.tables.ownership import EXPIRES_S, OWNER_FILE, Owner, describe, read_owner, writing_for
from manyo.corpus.tables.publishing import remove_partials
from manyo.corpus.tables.shard_errors import OwnershipLost
from manyo.corpus.tables.shards import filesystem, join
from manyo.pipelines.engine.errors import WorkFailed

_log = logging.getLogger("manyo")

#: Between two signs of life.
_BEAT_S = EXPIRES_S / 12

#: A command waits so long for another one to end before it gives up; most takedowns end within it.
WAIT_S = 30.0
_LOOK_AGAIN_S = 0.5


@contextmanager
def own(out: str, command: str, kept: str = "wait for its end, or end it") -> Iterator[Owner]:
    """Own an output folder during the block; all that this process publishes is written for the owner.

    Args:
        out: URI of the folder, which is marked as manyo's.
        command: which command asks, for the messages of others.
        kept: what to tell the user if another command owns the folder.

    Raises:
        WorkFailed: another command owns it and does not end within `WAIT_S`.
        OwnershipLost: raised by what writes, if the ownership is lost during the block.
    """
    uri = join(out, OWNER_FILE)
    owner = Owner(uri, secrets.token_hex(8))
    said = _take(uri, {**_self(), "command": command, "token": owner.token}, kept)
    ended = threading.Event()
    beat = threading.Thread(target=_beat, args=(uri, said, ended), name="manyo-lease", daemon=True)
    beat.start()
    try:
        with writing_for(owner):
            yield owner
    finally:
        ended.set()
        beat.join()
        with contextlib.suppress(OwnershipLost), writing_for(owner):
            remove_partials(out)
        _release(uri, said)


def _self() -> dict[str, Any]:
    return {"host": socket.gethostname(), "machine": _machine(), "pid": os.getpid(), "started": _started(os.getpid())}


def _machine() -> str:
    """Where a process number means a process: this start of this machine, and this container; "" if unknown."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot} {os.readlink('/proc/self/ns/pid')}"
    except OSError:
        return ""


def _started(pid: int) -> str:
    """When a process began, in the machine's ticks, which tells it from a later one of the same number; "" if gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] in "ZX" else fields[19]


def _take(uri: str, mine: dict[str, Any], kept: str) -> dict[str, Any]:
    """Write the lease as soon as it is free; returns what was written."""
    fs, path = filesystem(uri)
    seen: tuple[object, float] | None = None
    waited_for = ""
    while True:
        raw, version = fs.read_version(path)
        found = read_owner(raw or b"")
        if seen is None or seen[0] != version:
            seen = (version, time.monotonic())
        if found and not _has_ended(found) and found.get("token") != waited_for:
            # Others that wait may come first; what counts is how long one of them keeps it.
            waited_for, give_up_at = str(found.get("token")), time.monotonic() + WAIT_S
            _log.warning("%s: waiting for %s, which owns this output", uri, describe(found))
        # Clocks of machines differ: a lease that looks expired must also be seen to be silent.
        is_silent = _is_expired(found) and time.monotonic() - seen[1] > 1.5 * _BEAT_S
        if not found or _has_ended(found) or is_silent:
            lease = {**mine, "alive_at": time.time()}
            if fs.swap(path, version, _bytes(lease)):
                return lease
            continue
        if time.monotonic() > give_up_at and not _is_expired(found):
            raise WorkFailed(f"{uri}: {describe(found)} owns this output; {kept}")
        time.sleep(_LOOK_AGAIN_S)


def _has_ended(found: dict[str, Any]) -> bool:
    """Returns whether the owner has said so, or is a process of this machine that is gone."""
    if found.get("released"):
        return True
    here = _machine()
    return bool(here) and found.get("machine") == here and _started(int(found["pid"])) != found.get("started")


def _is_expired(found: dict[str, Any]) -> bool:
    here = _machine()
    is_ours = bool(here) and found.get("machine") == here
    return not is_ours and time.time() - float(found.get("alive_at", 0)) > EXPIRES_S


def _bytes(lease: dict[str, Any]) -> bytes:
    return json.dumps(lease, indent=1).encode() + b"\n"


def _beat(uri: str, lease: dict[str, Any], ended: threading.Event) -> None:
    """Say that this process lives, until it ends or the lease is another's; who writes notices that by itself."""
    while not ended.wait(_BEAT_S):
        try:
            if not _replace(uri, lease, {**lease, "alive_at": time.time()}):
                return
        except OSError as error:
            _log.warning("%s: cannot be renewed: %s", uri, error)


def _release(uri: str, lease: dict[str, Any]) -> None:
    try:
        _replace(uri, lease, {**lease, "alive_at": time.time(), "released": True})
    except OSError as error:
        _log.warning("%s: cannot be released: %s", uri, error)


def _replace(uri: str, lease: dict[str, Any], new: dict[str, Any]) -> bool:
    """Replace the lease if it is still this process's; returns whether it was."""
    fs, path = filesystem(uri)
    raw, version = fs.read_version(path)
    return read_owner(raw or b"").get("token") == lease["token"] and fs.swap(path, version, _bytes(new))
