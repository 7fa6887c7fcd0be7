"""Which commit runs."""

from __future__ import annotations

import subprocess
from pathlib import Path


def commit() -> str:
    """The commit of the checkout that runs; "" for an installed package."""
    try:
        done = subprocess.run(
            ["git", "rev-parse", "HEAD"], cwd=Path(__file__).parent, capture_output=True, text=True, check=False
        )
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
