"""Why a page in an archive may not be all of the page."""

from __future__ import annotations

from typing import Final

#: What `truncated_by` of a document says, and what it means.
CAUSES: Final = {
    "length": "WARC-Truncated: the crawler's limit of bytes",
    "time": "WARC-Truncated: the crawler's limit of time",
    "disconnect": "WARC-Truncated: the connection broke off",
    "unspecified": "WARC-Truncated: another reason",
    "segment": "the record is the first of several segments, which are not put together",
    "record_length": "the record's length is wrong; its end was found by what follows",
    "body_length": "the body is shorter than its Content-Length",
    "chunks": "the last chunk of the body is missing, or the size of a chunk is wrong",
    "encoding": "the compressed body breaks off or is damaged",
}

_STATED: Final = ("length", "time", "disconnect")


def stated_cause(truncated: str | None, segment: str | None) -> str:
    """The key of `CAUSES` that the fields WARC-Truncated and WARC-Segment-Number stand for; empty if neither does."""
    if truncated:
        value = truncated.strip().lower()
        return value if value in _STATED else "unspecified"
    return "segment" if segment else ""
