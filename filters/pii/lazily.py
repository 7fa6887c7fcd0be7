"""Expressions that are compiled when they are first used: all of them at once take a second."""

from __future__ import annotations

import re
from typing import Any, cast


class _Lazy:
    """What acts as a `re.Pattern` and becomes one when any of its methods is asked for."""

    def __init__(self, pattern: str, flags: int) -> None:
        self.pattern = pattern
        self.flags = flags

    def __getattr__(self, name: str) -> Any:
        # Kept, so that this is asked once for each method.
        method = getattr(re.compile(self.pattern, self.flags), name)
        setattr(self, name, method)
        return method


def lazily(pattern: str, flags: int = 0) -> re.Pattern[str]:
    """An expression as `re.compile` makes it; a mistake in it shows at its first use."""
    return cast("re.Pattern[str]", _Lazy(pattern, flags))
