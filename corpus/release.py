"""The release: kept documents, with the spans that the filters found in them replaced by masks.

This is the last step that touches text. It takes spans as plain columns and does not
know how they were found.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from manyo.corpus.schema import RELEASE
from manyo.corpus.structure import NO_STRUCTURE, STRUCTURE, moved, structure_of_row, view_of

#: Spans of a batch of texts: `text[start:stop]` of row `row`, positions in code points. `score` is the
#: confidence of the finder, 0 to 1, and `rule` the name of the rule that found it.
SPANS = pa.schema(
    [
        ("row", pa.int64()),
        ("start", pa.int64()),
        ("stop", pa.int64()),
        ("kind", pa.string()),
        ("score", pa.float32()),
        ("rule", pa.string()),
    ]
)


def passes_rules(decisions: pa.RecordBatch) -> np.ndarray:
    """bool (n_docs,), which documents have no reason against them in a batch with column `reasons` of `DECISIONS`."""
    passes: np.ndarray = pc.equal(pc.list_value_length(decisions.column("reasons")), 0).to_numpy(zero_copy_only=False)
    return passes


def survives_dedup(duplicates: pa.RecordBatch) -> np.ndarray:
    """bool (n_docs,), which documents stay, in a batch with column `kept` of `DUPLICATES`; false where it is null."""
    survives: np.ndarray = pc.fill_null(duplicates.column("kept"), False).to_numpy(zero_copy_only=False)
    return survives


def is_kept(decisions: pa.RecordBatch, duplicates: pa.RecordBatch) -> np.ndarray:
    """bool (n_docs,), which documents both the rules and dedup keep."""
    kept: np.ndarray = passes_rules(decisions) & survives_dedup(duplicates)
    return kept


def resolve(spans: Iterable[tuple[int, int, str]], kinds: Iterable[str]) -> list[tuple[int, int, str]]:
    """Join overlapping spans, so that every character belongs to at most one and none is lost.

    Spans that overlap become one span over all of them. It has the kind of its longest part; of equally long ones, of
    the kind that `kinds` names first. Spans that only touch stay apart.

    Args:
        spans: (start, stop, kind), in any order.
        kinds: every kind that occurs, most important first.

    Returns:
        Disjoint spans in order.
    """
    rank = {kind: i for i, kind in enumerate(kinds)}
    joined: list[tuple[int, int, str]] = []
    longest = (0, 0)
    for start, stop, kind in sorted(spans):
        claim = (stop - start, -rank[kind])
        if joined and start < joined[-1][1]:
            first, last, owner = joined[-1]
            joined[-1] = (first, max(last, stop), kind if claim > longest else owner)
            longest = max(longest, claim)
        else:
            joined.append((start, stop, kind))
            longest = claim
    return joined


#: Replaces an item of a benchmark.
BENCHMARK_MASK = "<評価データ>"

#: The greatest number of a mask; all further values share the mask without a number.
MAX_PSEUDONYM = 999

#: For each kind, the number of every value that one document has had so far, from 1.
Pseudonyms = dict[str, dict[str, int]]


def mask(
    text: str,
    spans: Iterable[tuple[int, int, str]],
    masks: Mapping[str, str],
    pseudonyms: Pseudonyms | None = None,
) -> str:
    """Replace spans of a text; every other character stays as it is.

    Args:
        text: any text.
        spans: (start, stop, kind) in code points; overlapping ones are joined (`resolve`).
        masks: kind to the text that replaces it, most important kind first.
        pseudonyms: numbers of the values that the document has had before, to which new ones are added: a value has
            the same mask wherever it stands (<人名1>). None gives masks without numbers.

    Raises:
        ValueError: a span is empty or not within the text.
    """
    parts = []
    position = 0
    for start, stop, written in _replacements(text, spans, masks, pseudonyms):
        parts += [text[position:start], written]
        position = stop
    parts.append(text[position:])
    return "".join(parts)


def _replacements(
    text: str, spans: Iterable[tuple[int, int, str]], masks: Mapping[str, str], pseudonyms: Pseudonyms | None
) -> Iterator[tuple[int, int, str]]:
    """Start and stop of the parts of a text that are replaced, and what is written for each."""
    position = 0
    for start, stop, kind in resolve(spans, masks):
        if not position <= start < stop <= len(text):
            raise ValueError(f"span {start}:{stop} ({kind}) is not within a text of {len(text)} characters")
        number = _number(text[start:stop], kind, pseudonyms) if pseudonyms is not None else 0
        yield start, stop, f"{masks[kind][:-1]}{number}>" if number else masks[kind]
        position = stop


def _number(value: str, kind: str, pseudonyms: Pseudonyms) -> int:
    """A value's number in its kind, 0 above `MAX_PSEUDONYM`; case, width, blanks and hyphens do not matter."""
    numbers = pseudonyms.setdefault(kind, {})
    same = re.sub(r"[\s()‐‑‒–—―−─ー-]", "", unicodedata.normalize("NFKC", value)).casefold()
    number = numbers.setdefault(same, len(numbers) + 1)
    return number if number <= MAX_PSEUDONYM else 0


def release_batch(
    documents: pa.RecordBatch,
    text_spans: pa.RecordBatch,
    title_spans: pa.RecordBatch,
    uri_spans: pa.RecordBatch,
    comment_spans: pa.RecordBatch,
    masks: Mapping[str, str],
    is_numbered: bool = False,
) -> pa.RecordBatch:
    """Make the release rows of a batch of documents.

    The uri is masked like text and title, because a query string may carry an e-mail address or a telephone number:
    such a uri no longer resolves, and `doc_id` still leads back to the page.

    Args:
        documents: columns of `manyo.corpus.schema.DOCUMENTS` that the release repeats: doc_id, source, licence, uri,
            title, text, comments, structure; and `uses` of `DECISIONS`. Every row is released.
        text_spans, title_spans, uri_spans, comment_spans: what to mask in the four columns, as `SPANS`; rows count
            from the start of the batch.
        masks: kind to the text that replaces it, most important kind first.
        is_numbered: give each value of a document a number of its own (`mask`); numbers start again in each document.

    Returns:
        A batch of `manyo.corpus.schema.RELEASE`, row by row; `pii` counts masks in text, title and comments.
    """
    pseudonyms: dict[int, Pseudonyms] | None = {} if is_numbered else None
    masked = {
        name: _mask_column(documents.column(name), spans, masks, pseudonyms)
        for name, spans in (
            ("text", text_spans),
            ("title", title_spans),
            ("uri", uri_spans),
            ("comments", comment_spans),
        )
    }
    counts: dict[int, dict[str, int]] = {}
    for name in ("text", "title", "comments"):
        for row, kinds in masked[name][1].items():
            of_row = counts.setdefault(row, dict.fromkeys(masks, 0))
            for kind in kinds:
                of_row[kind] += 1
    pii = [
        [{"kind": kind, "count": count} for kind, count in counts.get(row, {}).items() if count]
        for row in range(documents.num_rows)
    ]
    columns = {name: column for name, (column, _, _) in masked.items()}
    columns["structure"] = _moved_column(documents.column("structure"), masked["text"][2])
    columns |= {name: documents.column(name) for name in ("doc_id", "source", "licence", "uses")}
    columns["pii"] = pa.array(pii, RELEASE.schema.field("pii").type)
    return pa.RecordBatch.from_arrays([columns[name] for name in RELEASE.schema.names], schema=RELEASE.schema)


def in_view(released: pa.RecordBatch, view: str) -> pa.RecordBatch:
    """A batch of the release whose texts are a view of it; what stands in the text needs no spans beside it.

    Args:
        released: a batch of `manyo.corpus.schema.RELEASE`.
        view: one of `manyo.corpus.structure.VIEWS`.
    """
    if view == "plain":
        return released
    rows = zip(released.column("text").to_pylist(), released.column("structure").to_pylist(), strict=True)
    texts = [view_of(view, text, structure_of_row(structure)) for text, structure in rows]
    columns = {name: released.column(name) for name in released.schema.names}
    columns["text"] = pa.array(texts, columns["text"].type)
    columns["structure"] = pa.array([NO_STRUCTURE._asdict()] * len(texts), STRUCTURE)
    return pa.RecordBatch.from_arrays(list(columns.values()), schema=RELEASE.schema)


#: The parts of a text that were replaced: start, stop, characters that stand there now.
_Edits = list[tuple[int, int, int]]


def _mask_column(
    column: pa.Array, spans: pa.RecordBatch, masks: Mapping[str, str], pseudonyms: dict[int, Pseudonyms] | None
) -> tuple[pa.Array, dict[int, list[str]], dict[int, _Edits]]:
    """A column with its spans masked, the kinds masked in each row that had any, and what was replaced there."""
    fields = (spans.column(name).to_pylist() for name in ("row", "start", "stop", "kind"))
    texts: dict[int, str] = {}
    kinds: dict[int, list[str]] = {}
    edits: dict[int, _Edits] = {}
    for row, group in groupby(sorted(zip(*fields, strict=True)), key=lambda span: span[0]):
        of_row = resolve((span[1:] for span in group), masks)
        met = pseudonyms.setdefault(row, {}) if pseudonyms is not None else None
        text = column[row].as_py()
        texts[row] = mask(text, of_row, masks, met)
        # A second look at the values finds the numbers that the first one gave.
        edits[row] = [(start, stop, len(new)) for start, stop, new in _replacements(text, of_row, masks, met)]
        kinds[row] = [kind for _, _, kind in of_row]
    if texts:
        touched = np.zeros(len(column), np.bool_)
        touched[list(texts)] = True
        column = pc.replace_with_mask(column, pa.array(touched), pa.array(texts.values(), column.type))
    return column, kinds, edits


def _moved_column(structure: pa.Array, edits: Mapping[int, _Edits]) -> pa.Array:
    """A column of structures after parts of the texts were replaced."""
    if not edits:
        return structure
    rows = structure.to_pylist()
    for row, of_row in edits.items():
        rows[row] = moved(structure_of_row(rows[row]), of_row)._asdict()
    return pa.array(rows, STRUCTURE)
