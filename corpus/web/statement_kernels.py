"""Kernels that note where a page states something about itself: in attributes of tags, its title, its JSON-LD."""

from __future__ import annotations

from typing import Final

from manyo.corpus.jit import Bytes, Records, borrowing, inlined, record
from manyo.corpus.web.attribute_kernels import ITEMPROP, NAME, PROPERTY, REL, contains, hash_value, look_up
from manyo.corpus.web.markup import META, TAGS

_TEXTAREA = TAGS.index("textarea")

#: A page states few things about itself; thousands of `<meta>` are an attack.
MAX_STATEMENTS: Final = 500
#: What a page states about itself: attributes of a tag, its title, or JSON-LD, and where that is in the page.
TAG_STATEMENT, TITLE_STATEMENT, JSON_LD_STATEMENT = range(3)
STATEMENT: Final = record(("kind", "i4"), ("start", "i4"), ("end", "i4"))


@inlined
def _is_statement(data: Bytes, kind: int, names: Records, states: Records) -> bool:
    """Whether a tag's attributes state something about the page: a `<meta>` that is read, a licence, a date."""
    attributes = states[0].attributes
    if kind == META:
        for column in (NAME, PROPERTY, ITEMPROP):
            if attributes[column].start >= 0:
                value = hash_value(data, attributes[column].start, attributes[column].end)
                if look_up(names[0].statements, value, 0):
                    return True
    rel, itemprop = attributes[REL], attributes[ITEMPROP]
    return contains(data, rel.start, rel.end, b"license") or contains(
        data, itemprop.start, itemprop.end, b"datepublished"
    )


@borrowing
def note_statement(
    data: Bytes,
    name_end: int,
    after: int,
    kind: int,
    is_end: bool,
    names: Records,
    states: Records,
    statements: Records,
) -> None:
    """Note what the attributes of a start tag state, whose name ends at `name_end` and which ends before `after`.

    In a browser, what follows a text area without an end is its text.
    """
    state = states[0]
    may_state = not is_end and state.n_statements < len(statements) and not state.is_endless[_TEXTAREA]
    if may_state and _is_statement(data, kind, names, states):
        add_statement(statements, states, TAG_STATEMENT, name_end, after - 1)


@borrowing
def add_statement(statements: Records, states: Records, kind: int, start: int, end: int) -> None:
    """Note that a page states something from `start` to `end`."""
    statement = statements[states[0].n_statements]
    statement.kind = kind
    statement.start = start
    statement.end = end
    states[0].n_statements += 1
