"""Documents for other programs: `--json` has every command that lists some print a JSON object a line."""

from __future__ import annotations

import json
import math
import sys
from dataclasses import asdict, is_dataclass
from typing import Any


def print_json(value: Any) -> None:
    """Print a value as one line of JSON that any reader and any terminal takes.

    Args:
        value: of JSON's types, or a dataclass; ids are bytes and become hexadecimal, numbers that JSON has not null.
    """
    is_utf_8 = (sys.stdout.encoding or "").replace("-", "").lower() == "utf8"
    print(json.dumps(_plain(value), ensure_ascii=not is_utf_8, allow_nan=False))


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return _plain(asdict(value))
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if isinstance(value, (str, int, float, type(None))) else str(value)
