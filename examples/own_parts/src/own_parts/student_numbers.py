"""A kind of personal information: student numbers behind their label."""

from __future__ import annotations

import re
from collections.abc import Iterator

from manyo.filters.pii.own_kinds import OwnKind

_NUMBER = re.compile(r"学籍番号[ 　:：は]*([0-9A-Z]{6,10})")


def _find(text: str) -> Iterator[tuple[int, int]]:
    return (found.span(1) for found in _NUMBER.finditer(text))


STUDENT_NUMBER = OwnKind("<学籍番号>", _find)
