"""Reads JSON Lines for the benches."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def json_lines(path: Path) -> list[dict[str, Any]]:
    """Return the objects of a file; blank lines are passed over."""
    # Not splitlines(), which ends a line at U+2028 in a text too.
    with path.open(encoding="utf-8") as file:
        return [json.loads(line) for line in file if line.strip()]
