"""One virtual environment for each set of requirements, made when it is first needed and kept."""

from __future__ import annotations

import fcntl
import hashlib
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

#: The largest takes two minutes on an idle machine.
_INSTALL_S = 1_800


class NotInstalled(RuntimeError):
    """An environment cannot be made; says why in one line."""


def interpreter(folder: Path, requirements: Sequence[str]) -> str:
    """Return the Python that has these requirements; that of this process for none.

    Args:
        folder: where environments are kept, each under the digest of its requirements and of Python's version.
        requirements: as pip reads them, with exact versions.

    Raises:
        NotInstalled: pip fails. It is asked again the next time, for the network may have been away.
    """
    if not requirements:
        return sys.executable
    key = json.dumps([sys.version_info[:3], sorted(requirements)])
    home = folder.absolute() / hashlib.blake2b(key.encode(), digest_size=6).hexdigest()
    python, finished = home / "bin" / "python", home / "installed.txt"
    home.parent.mkdir(parents=True, exist_ok=True)
    with home.with_suffix(".lock").open("w") as lock:  # two runs may need it at the same time
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not finished.exists():
            _do([sys.executable, "-m", "venv", "--clear", str(home)])
            _do([str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *requirements])
            frozen = _do([str(python), "-m", "pip", "freeze", "--disable-pip-version-check"])
            finished.write_text(frozen, "utf-8")
    return str(python)


def versions(python: str, distributions: Sequence[str]) -> dict[str, str]:
    """Return the versions of distributions that an interpreter has."""
    program = "import sys, json, importlib.metadata as m; print(json.dumps({n: m.version(n) for n in sys.argv[1:]}))"
    found: dict[str, str] = json.loads(_do([python, "-c", program, *distributions]))
    return found


def _do(command: Sequence[str]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_INSTALL_S)
    except subprocess.TimeoutExpired:
        raise NotInstalled(f"{Path(command[0]).name} took more than {_INSTALL_S} s") from None
    if done.returncode:
        raise NotInstalled(last_line(done.stderr) or f"status {done.returncode} without a message")
    return done.stdout


def last_line(text: str) -> str:
    """Return the last line that says something; pip's line of the error rather than its hints."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("ERROR:")]
    return (errors or lines or [""])[-1][:300]
