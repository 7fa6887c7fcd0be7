"""Japanese for each meaning and notice that the report, `manyo view` and docs/reasons.ja.md show.

The English stays where the code states it, and is the key in japanese.toml; the tests hold that none is missing there,
none is left over, and both name the same values.
"""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path


def japanese(english: str) -> str:
    """The Japanese of a meaning, a unit or a notice that manyo states; another text, such as "", stays as it is."""
    return _sentences().get(english, english)


@cache
def _sentences() -> dict[str, str]:
    sections = tomllib.loads(Path(__file__).with_name("japanese.toml").read_text(encoding="utf-8"))
    return {english: said for section in sections.values() for english, said in section.items()}
