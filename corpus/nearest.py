"""The known name that a misspelt one is nearest to, for messages."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterable

#: Names are called near from this similarity on: one wrong letter in a word of four has 0.75, another word 0.4.
_NEAR = 0.6
#: Names that a message lists in full, even where it knows which one was meant.
_NAMES_LISTED = 24


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that a name is nearest to, in any case and width of its letters; None if none is near."""
    folded = {_folded(one): one for one in known}
    found = difflib.get_close_matches(_folded(name), folded, n=1, cutoff=_NEAR)
    return folded[found[0]] if found else None


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """What follows a message about an unknown name: the nearest known one as a question, or all of them."""
    known = list(known)
    near = nearest(name, known)
    return f"did you mean {near!r}?" if near else f"valid are {', '.join(known)}"


def perhaps(name: object, known: Iterable[str]) -> str:
    """The end of a message about an unknown name: the nearest known one as a question; "" if none is near."""
    near = nearest(str(name), known)
    return f"; did you mean {near!r}?" if near else ""


def not_one_of(given: object, known: Iterable[str]) -> str:
    """What is wrong with a name that is none of the known ones: those, and which one was probably meant."""
    known = list(known)
    meant = perhaps(given, known)
    named = f"{len(known)} names" if meant and len(known) > _NAMES_LISTED else ", ".join(known)
    return f"{given!r} is not one of {named}{meant}"


def _folded(name: str) -> str:
    return unicodedata.normalize("NFKC", name).casefold().replace("-", "_").replace(" ", "_")
