"""What a page said as a whole: its record is read again from the input file, where a table keeps only its place.

The page is as hostile as it was when it was extracted: `manyo.pipelines.extraction.isolation` reads it in a child.
"""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO

from manyo.corpus.records import Record
from manyo.corpus.sources import warc
from manyo.corpus.sources.http_body import Body, body_of
from manyo.corpus.sources.source_kinds import Source
from manyo.corpus.sources.warc_framing import frame
from manyo.corpus.tables.shards import filesystem, is_local
from manyo.corpus.text import tidy
from manyo.corpus.web.charset import decode
from manyo.corpus.web.main_text import extract, visible_text
from manyo.corpus.web.statements import read_statements
from manyo.filters import rights
from manyo.filters.rights import Rights

#: Bytes of the input file that are read for one record, and largest page that is shown.
_RECORD_BYTES = 2 << 20

#: Reasons of pages that are not parsed again: their parser crashed, hung or was stopped by its limits.
_NEVER_AGAIN = frozenset(("quarantined", "reader_crashed", "too_large"))


@dataclass(frozen=True, slots=True)
class WholePage:
    """The visible text of a page.

    Attributes:
        text: its lines, frame included, in the order of the page.
        may_show: whether what the page states allows its display, in the policy of the run.
    """

    text: str
    may_show: bool


@dataclass(frozen=True, slots=True)
class PagePlace:
    """Where the record of a page is.

    Attributes:
        source: whose page it is.
        policy: the rights of the run.
        origin_file, origin_offset: of the record.
        reason: for which it was refused; "" for a document.
    """

    source: Source
    policy: Rights
    origin_file: str
    origin_offset: int
    reason: str = ""


def read_page(place: PagePlace) -> WholePage | None:
    """Read the record of a page again.

    Returns:
        The page; None for sources that have no web pages, for files that are not on this machine or have changed, and
        for records that are no pages or must not be parsed again.
    """
    source, policy, origin_file = place.source, place.policy, place.origin_file
    if not isinstance(source.options, warc.Options) or place.reason in _NEVER_AGAIN:
        return None
    fs, path = filesystem(origin_file)
    if not is_local(fs):
        return None
    try:
        with fs.open(path, "rb") as stream:
            stream.seek(place.origin_offset)
            data = stream.read(_RECORD_BYTES)
    except OSError:
        return None
    record = next(frame(BytesIO(data), origin_file, _RECORD_BYTES), None)
    if not isinstance(record, Record):
        return None
    body = body_of(record.payload, _RECORD_BYTES)
    if not isinstance(body, Body):
        return None
    decoded = decode(body.data, body.charset_label)
    if body.media_type == "text/plain":
        text, stated = decoded.text, read_statements((), "", body.sent_head)
    else:
        main = extract(decoded.text, utf_8=decoded.utf_8)
        text = visible_text(decoded.text, decoded.utf_8)
        stated = read_statements(main.tags, main.json_ld, body.sent_head, decoded.utf_8 or decoded.text)
    row = {
        "uses": source.uses,
        "uri": record.payload.uri,
        "fetched_at": warc.date_of(record.payload.date),
        "statements": [str(one) for one in stated.stated],
    }
    opted_out = set(stated.robots) & set(policy.opted_out)
    return WholePage(tidy(text), not opted_out and rights.may_display(row, policy))
