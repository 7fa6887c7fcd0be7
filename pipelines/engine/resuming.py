"""A command goes on by itself when the Ray cluster that it works on is lost and comes back.

When a cluster's head is gone, or the node that the driver is attached to, Ray's library ends the driver's process, and
no code of ours runs any more. So on a cluster of others a command works in a child process. The process that the user
started waits for it, and starts it again once the cluster answers; the child finds in the manifests what is finished.
A child says that it ended by itself, and one that did not say so is started again. Imports no library.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from itertools import count

from manyo.pipelines.engine.errors import EXIT_WORK

#: In a child's environment: the descriptor of its socket to its parent, and how often the cluster was lost before.
_SOCKET, _LOSSES = "MANYO_PARENT_SOCKET", "MANYO_CLUSTER_LOSSES"

#: The same of this process, taken away from those that it starts.
_own_socket, _own_losses = os.environ.pop(_SOCKET, ""), os.environ.pop(_LOSSES, "0")

#: Whoever restarts a head, a person or Kubernetes, has this long from the loss until tasks end again.
_WAIT_S = 3600.0

#: A child that lived so long had found its cluster: what it lost then is another loss.
_SETTLED_S = 120.0

#: Between two looks at the cluster, doubling from the first to the last.
_FIRST_LOOK_S, _LAST_LOOK_S = 2.0, 30.0


def is_resumable(executor: str | None) -> bool:
    """Whether a command runs on a cluster that may come back: not its own local one, and not as a job on the head.

    Args:
        executor: as `--executor` says; "serial" for commands that run no tasks.
    """
    is_job = "RAY_JOB_CONFIG_JSON_ENV_VAR" in os.environ
    return executor != "serial" and "RAY_ADDRESS" in os.environ and not is_job and not is_child()


def is_child() -> bool:
    """Whether this process is started again if its cluster is lost."""
    return bool(_own_socket)


def is_resumed() -> bool:
    """Whether this process was started again."""
    return _own_losses != "0"


def resume(command: Sequence[str]) -> int:
    """Run a command in a child process, and again whenever it loses its cluster.

    Args:
        command: program and arguments.

    Returns:
        Its exit status; that of failed work if the cluster does not come back within an hour.
    """
    address = os.environ["RAY_ADDRESS"]
    give_up_at = 0.0
    for losses in count():
        started = time.monotonic()
        status, has_ended = _run(command, losses)
        if has_ended or status < 0:
            return status if status >= 0 else 128 - status
        if time.monotonic() - started > _SETTLED_S or not give_up_at:
            give_up_at = time.monotonic() + _WAIT_S
        _say(f"the Ray cluster at {address} is lost; the command goes on when it is back")
        if not _wait_for(address, give_up_at):
            _say(f"it did not come back in {_WAIT_S / 3600:g} h; run the same command to continue")
            return EXIT_WORK
    raise AssertionError


def _run(command: Sequence[str], losses: int) -> tuple[int, bool]:
    """Run a command once; returns its exit status, and whether it said that it ended by itself."""
    own, of_child = socket.socketpair()
    with own:
        with of_child:
            environment = {**os.environ, _SOCKET: str(of_child.fileno()), _LOSSES: str(losses)}
            # In a session of its own, so that a key of the terminal reaches it once, from here.
            child = subprocess.Popen(command, env=environment, pass_fds=[of_child.fileno()], start_new_session=True)
        before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
        for number, handler in before.items():
            if handler != signal.SIG_IGN:
                signal.signal(number, lambda number, _: child.send_signal(number))
        try:
            status = child.wait()
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
        own.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            return status, bool(own.recv(1))
        return status, False


def _wait_for(address: str, give_up_at: float) -> bool:
    """Wait until a cluster answers; returns whether it does. Without the address of a host it is taken to."""
    host, _, port = address.rpartition(":")
    look_s = _FIRST_LOOK_S
    while time.monotonic() < give_up_at:
        time.sleep(look_s)
        look_s = min(_LAST_LOOK_S, 2 * look_s)
        if not port.isdigit():
            return True
        with contextlib.suppress(OSError), socket.create_connection((host.rpartition("/")[2], int(port)), timeout=5):
            return True
    return False


def _say(line: str) -> None:
    sys.stderr.write(f"manyo: {line}\n")
    sys.stderr.flush()


def watch_parent() -> None:
    """In a child: end in order if the parent is killed."""
    if is_child():
        threading.Thread(target=_end_with_parent, name="manyo-parent", daemon=True).start()


def _end_with_parent() -> None:
    if not _parent().recv(1):
        os.kill(os.getpid(), signal.SIGTERM)


def say_ended() -> None:
    """In a child: tell the parent that this process ends by itself, so that it is not started again."""
    if is_child():
        with contextlib.suppress(OSError):
            _parent().send(b"e")


def _parent() -> socket.socket:
    return socket.socket(fileno=os.dup(int(_own_socket)))
