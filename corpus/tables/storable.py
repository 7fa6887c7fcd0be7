"""Rows with halves of surrogate pairs, which JSON can state and no table holds."""

from __future__ import annotations

from typing import Any

from manyo.corpus.text import SURROGATES


def storable(value: Any) -> Any:
    """A value for a table, with U+FFFD for each half of a surrogate pair.

    Of a row, a place in a text is no text, so that its structure is passed over.
    """
    if isinstance(value, str):
        return SURROGATES.sub("\ufffd", value)
    if isinstance(value, dict):
        return {name: one if name == "structure" else storable(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [storable(one) for one in value]
    return value
