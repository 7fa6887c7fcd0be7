"""Every table that manyo writes: its columns, their types, units and writers.

Columns are declared only here: writers build their batches from these schemas,
and readers select columns by these names.

Rows of `languages`, `signals`, `decisions`, `duplicates` stand in the order of
the `documents` shard of the same name, and repeat its `doc_id`, so that reading
tables together is a zip that can be checked (`manyo.corpus.tables.shards.zip_batches`).
"""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

from manyo.corpus.structure import STRUCTURE

#: BLAKE2b digest size of a document id; 128 bits keep collisions out of reach at 10^12 documents.
DOC_ID_BYTES = 16

DOC_ID = pa.binary(DOC_ID_BYTES)
#: Few distinct values per shard: sources, licences, hosts' charsets, reasons.
LABEL = pa.dictionary(pa.int32(), pa.string())
#: 32-bit string offsets overflow when batches are concatenated, so text is always large.
TEXT = pa.large_string()


@dataclass(frozen=True, slots=True)
class Column:
    """One column: what it holds, in which unit, and which stage writes it."""

    name: str
    type: pa.DataType
    meaning: str
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A named list of columns, with the meaning of one row and the stage that writes it."""

    name: str
    row: str
    writer: str
    columns: tuple[Column, ...]

    @property
    def schema(self) -> pa.Schema:
        """The Arrow schema of the table's shards."""
        return pa.schema([(column.name, column.type) for column in self.columns])


_ID = Column("doc_id", DOC_ID, "BLAKE2b of the source's name and the document's natural key")

DOCUMENTS = Table(
    "documents",
    "a web page, book or work that became text",
    "extract",
    (
        _ID,
        Column("source", LABEL, "name of the [[source]] in the configuration"),
        Column("licence", LABEL, "licence as the configuration states it"),
        Column("terms", LABEL, "terms of use as a side table or else the configuration states them; empty if none"),
        Column("uses", pa.list_(LABEL), "what the configuration lets the source's text be used for"),
        Column("profile", LABEL, "which set of rules decides: web, ocr, classical, law, prose, patent, textbook, pdf"),
        Column("uri", TEXT, "address of the page, or identifier of the work"),
        Column("fetched_at", pa.timestamp("s", "UTC"), "when the page was fetched; null if unknown"),
        Column("origin_file", LABEL, "input file that holds the record"),
        Column("origin_offset", pa.int64(), "where the record starts in that file", "bytes"),
        Column("charset", LABEL, "encoding that the text was decoded with"),
        Column("charset_declared", LABEL, "encoding that the page declared; null if none"),
        Column(
            "charset_decided_by",
            LABEL,
            "what decided the encoding of a web page: bom, http, meta, detected, or overruled (declared, but the bytes "
            "say otherwise); null for other sources",
        ),
        Column(
            "undecodable_fraction",
            pa.float32(),
            "U+FFFD from decoding a web page per character outside ASCII; 0 for other sources",
            "fraction",
        ),
        Column(
            "truncated_by",
            LABEL,
            "why a web page is not whole: length, time, disconnect or unspecified (WARC-Truncated), segment, "
            "record_length, body_length, chunks, encoding; null if it is, and for other sources",
        ),
        Column(
            "robots",
            pa.list_(LABEL),
            "what the page asks of crawlers: noindex, noarchive, noai, noimageai, tdm_reserved",
        ),
        Column(
            "statements",
            pa.list_(LABEL),
            "what the page and its header state about its use, each with place and addressee: x-robots-tag googlebot: "
            "noarchive",
        ),
        Column(
            "page_licence",
            LABEL,
            "licence that the page states for itself: by-sa-4.0, by-2.1-jp, pdl-1.0, gov-jp-2.0; null if none",
        ),
        Column(
            "link_fraction",
            pa.float32(),
            "text inside links per character of the whole page; 0 where there are none",
            "fraction",
        ),
        Column(
            "kept_japanese_fraction",
            pa.float32(),
            "kana and kanji in text and comments per kana and kanji of the whole page; 1 where nothing was left out",
            "fraction",
        ),
        Column("title", TEXT, "title; empty if none"),
        Column("text", TEXT, "extracted text in NFC, lines separated by \\n"),
        Column("comments", TEXT, "what readers wrote below a web page, kept apart from its text; empty if nothing"),
        Column(
            "pages",
            pa.list_(pa.struct([("label", pa.string()), ("start", pa.int64())])),
            "for books: label of each page or its image's IRI, and where it starts in text",
            "characters",
        ),
        Column(
            "structure",
            STRUCTURE,
            "spans of the text: headings, lists, items, tables, rows, cells, quotes, code, math, emphasis, readings, "
            "notes",
            "characters",
        ),
        Column("grade", LABEL, "school grade, as the side table of a delivery states it; null if it does not"),
        Column("subject", LABEL, "school subject, as grade"),
        Column("family", TEXT, "number that publications of one text share: of a patent's application; null elsewhere"),
        Column("meta", TEXT, "what else the source knows, as a JSON object"),
    ),
)

REFUSED = Table(
    "refused",
    "a page that became no document",
    "extract",
    (
        _ID,
        Column("source", LABEL, "name of the [[source]] in the configuration"),
        Column("uri", TEXT, "address of the page; empty if unknown"),
        Column("origin_file", LABEL, "input file that holds the record"),
        Column("origin_offset", pa.int64(), "where the record starts in that file", "bytes"),
        Column("reason", LABEL, "why there is no document, one of a fixed list"),
        Column("detail", TEXT, "what was found, for a person to read"),
    ),
)

OCR_QUEUE = Table(
    "ocr_queue",
    "a page that must be recognised, because its file has no text of it that can be taken",
    "extract",
    (
        _ID,
        Column("source", LABEL, "name of the [[source]] in the configuration"),
        Column("key", TEXT, "path of the file below the input's root; results stand in a folder of this name"),
        Column("uri", TEXT, "address of the file"),
        Column("origin_file", LABEL, "input file that holds the record"),
        Column("origin_offset", pa.int64(), "where the record starts in that file", "bytes"),
        Column("page", pa.int32(), "number of the page, from 1"),
        Column("why", LABEL, "scanned, poor_layer, no_map, implausible or outlines"),
    ),
)

LANGUAGES = Table(
    "languages",
    "one document",
    "langid",
    (
        _ID,
        Column("lang", LABEL, "ISO 639-1 code, else 639-3; 'und' where nothing was decided, 'zxx' for code"),
        Column("lang_score", pa.float32(), "confidence in lang", "probability"),
        Column("lang_decided_by", LABEL, "scripts, fasttext, paragraphs or profile"),
        Column("japanese_score", pa.float32(), "confidence that the document is Japanese", "probability"),
        Column("is_mixed", pa.bool_(), "a second language has a fair share of the paragraphs"),
        Column(
            "lang_shares",
            pa.list_(pa.struct([("lang", pa.string()), ("share", pa.float32())])),
            "languages by their share of the letters, by paragraph, largest first; empty for pages that are in one "
            "language by their scripts",
        ),
        Column("katakana_fraction", pa.float32(), "katakana per character that is not white space", "fraction"),
        Column("han_fraction", pa.float32(), "han characters per character that is not white space", "fraction"),
        Column("hangul_fraction", pa.float32(), "hangul per character that is not white space", "fraction"),
    ),
)

TEMPLATES = Table(
    "templates",
    "one document; written only where the configuration has [templates]",
    "filter",
    (
        _ID,
        Column("template_fraction", pa.float32(), "characters in templates per character in segments", "fraction"),
        Column(
            "template_documents",
            pa.int64(),
            "documents that fill the same template, of the template that most documents do; copies are counted once",
            "documents",
        ),
        Column("template_hosts", pa.int64(), "hosts of the documents of a template, the largest number", "hosts"),
    ),
)

DECISIONS = Table(
    "decisions",
    "one document",
    "filter",
    (
        _ID,
        Column("reasons", pa.list_(LABEL), "names of all the rules it fails; empty means kept"),
        Column("uses", pa.list_(LABEL), "what it may be used for: train, search, display, redistribute"),
    ),
)

SIGNATURES = Table(
    "signatures",
    "one document",
    "dedup",
    (
        _ID,
        Column("exact_hash", pa.uint64(), "hash of the text as dedup compares it"),
        Column("chars", pa.int64(), "length of the text as dedup compares it", "characters"),
        Column("minhash", pa.list_(pa.uint32()), "minimum of each permutation; empty for a short document"),
    ),
)

DUPLICATES = Table(
    "duplicates",
    "one document",
    "dedup",
    (
        _ID,
        Column("cluster", DOC_ID, "doc_id of the document it repeats, or its own; null if the rules dropped it"),
        Column("cluster_size", pa.int32(), "documents of the same text in the cluster, 1 if unique", "documents"),
        Column(
            "similarity",
            pa.float32(),
            "Jaccard similarity of the shingles to the survivor's; null where another page of the same address stays",
            "fraction",
        ),
        Column(
            "containment", pa.float32(), "share of its shingles that the survivor has; null as similarity", "fraction"
        ),
        Column("kept", pa.bool_(), "repeats no other document"),
        Column(
            "within_source", pa.bool_(), "its cluster was found in its source alone; its survivor may repeat another"
        ),
    ),
)

LEAKS = Table(
    "leaks",
    "a stretch of a kept document that is an item of a benchmark, verbatim or lightly edited",
    "scrub",
    (
        _ID,
        Column("benchmark", LABEL, "name of the [[decontaminate.benchmark]]"),
        Column("item", TEXT, "file and place of the item: jsquad.json:data[3].paragraphs[0].qas[2].question"),
        Column("part", LABEL, "where the stretch is: text or comments"),
        Column("start", pa.int64(), "where the stretch begins in that part of the document", "characters"),
        Column("stop", pa.int64(), "where it ends", "characters"),
        Column("similarity", pa.float32(), "1 - edits per letter of the item; 1 is verbatim", "fraction"),
    ),
)

MENTIONS = Table(
    "mentions",
    "a passage of a document that may state terms of use: a candidate for a person to read, no verdict",
    "filter",
    (
        _ID,
        Column(
            "kind",
            LABEL,
            "gov-jp (政府標準利用規約), pdl (公共データ利用規約), cc (Creative Commons), no-ai (a ban on training)",
        ),
        Column("start", pa.int64(), "where the passage begins in the document's text", "characters"),
        Column("stop", pa.int64(), "where it ends", "characters"),
    ),
)

TAKEN_DOWN = Table(
    "taken_down",
    "a document that someone asked to be taken down; there may be a row for documents that were dropped anyway",
    "takedown",
    (
        _ID,
        Column(
            "listed_as",
            LABEL,
            "kind of the entry that names it: doc_id, uri, prefix, host, domain, or found for a document without an "
            "address that another configuration of the same output found by its address",
        ),
        Column("requested", pa.date32(), "day of the request, as the list says; null if it does not"),
        Column("reference", TEXT, "reference of the request, as the list says; empty if it does not"),
        Column("entries", pa.list_(DOC_ID), "digests of all the entries that name it, the most exact first"),
    ),
)

PERMISSIONS = Table(
    "permissions",
    "what one file of a site says to one agent about one use of its pages",
    "filter",
    (
        Column("host", TEXT, "scheme, host and port that the file is of"),
        Column("agent", LABEL, "product token that it addresses; * for everyone"),
        Column("use", LABEL, "train, search, display or redistribute"),
        Column(
            "since", pa.date32(), "day of the capture that was in force; null for a file that was given without one"
        ),
        Column(
            "source",
            LABEL,
            "what says so: robots.txt, robots.txt content-usage, robots.txt content-signal, tdmrep.json, ai.txt, rsl",
        ),
        Column("file", TEXT, "address of the capture"),
        Column("verdict", LABEL, "allowed or denied; unknown where a licence is named that was not captured"),
        Column("pages", pa.int64(), "documents of the part that it is about", "documents"),
    ),
)

BOILERPLATE = Table(
    "boilerplate",
    "one document",
    "dedup",
    (
        _ID,
        Column("lines", pa.list_(pa.int32()), "numbers, from 0, of its lines that are boilerplate of its host"),
        Column("chars", pa.int64(), "length of those lines as dedup compares them", "characters"),
        Column("removed", pa.bool_(), "whether the release leaves them out"),
    ),
)

RELEASE = Table(
    "release",
    "a document that is kept, with personal information masked",
    "scrub",
    (
        _ID,
        Column("source", LABEL, "name of the [[source]] in the configuration"),
        Column("licence", LABEL, "licence as the configuration states it"),
        Column("uses", pa.list_(LABEL), "what it may be used for: train, search, display, redistribute"),
        Column("uri", TEXT, "address of the page, or identifier of the work"),
        Column("title", TEXT, "title with personal information masked"),
        Column("text", TEXT, "text with personal information masked"),
        Column("comments", TEXT, "what readers wrote below it, with personal information masked; empty if nothing"),
        Column("structure", STRUCTURE, "spans of the text, as in documents", "characters"),
        Column(
            "pii",
            pa.list_(pa.struct([("kind", pa.string()), ("count", pa.int32())])),
            "spans masked in text, title and comments, by kind",
            "spans",
        ),
    ),
)

PROVENANCE = Table(
    "provenance",
    "a document in a token shard, in the order of its tokens",
    "tokenize",
    (
        _ID,
        Column("source", LABEL, "name of the [[source]] in the configuration"),
        Column("uri", TEXT, "address of the page, or identifier of the work"),
        Column("first_token", pa.int64(), "position of its first token in the shard", "tokens"),
        Column("token_count", pa.int64(), "its tokens, end-of-document mark included", "tokens"),
    ),
)


def signals_table(columns: tuple[Column, ...]) -> Table:
    """The `signals` table for the given signal columns (`manyo.filters.signals.catalogue.SIGNALS`)."""
    return Table("signals", "one document", "filter", (_ID, *columns))
