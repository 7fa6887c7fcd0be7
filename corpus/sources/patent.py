"""Patent publications of the Japan Patent Office: one document per publication, as the weekly deliveries bring them.

Read are the XML of WIPO ST.96 and ST.36 (`manyo.corpus.books.patent_xml`) and the marked text of the CD-ROM years
(`manyo.corpus.books.patent_tags`), in files, ZIPs and TARs. Drawings of a delivery are skipped; amendments and sequence
listings are no texts of their own.

A publication's `family` is the number of its application: the application as published (A), its translation and the
patent as granted (B) repeat each other almost wholly, so one of them takes part in dedup.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from manyo.corpus.books.book import UnreadableError
from manyo.corpus.books.patent_tags import read_patent_tags
from manyo.corpus.books.patent_text import Patent
from manyo.corpus.books.patent_xml import read_patent_xml
from manyo.corpus.nearest import not_one_of
from manyo.corpus.records import BrokenInput, Document, InputFile, InputShard, Outcome, Record, Refused, Skipped
from manyo.corpus.sources import archives
from manyo.corpus.sources.content_kind import HEAD_BYTES
from manyo.corpus.sources.packing import pack_files, require_positive
from manyo.corpus.text import tidy

REASONS = {
    **archives.REASONS,
    "broken_xml": "the XML is not well-formed",
    "not_patent": "the XML, or the marked text, is no patent publication",
    "undecodable": "too large a share of the characters could not be decoded",
    "no_text": "the publication has neither abstract nor claims nor description",
    "duplicate_file": "an earlier entry of the archive has the same path; that one is read",
    "unknown_file": "an archive entry that is neither text, XML nor a drawing",
}

_TEXTS = (".xml", ".txt", ".sgm", ".sgml")
_DRAWINGS = (".tif", ".tiff", ".jpg", ".jpeg", ".gif", ".png")
_READS = ("patent", "xml", "binary", "tiff", "jpeg", "gif", "png")
#: The publications of a file in the form of the CD-ROM years.
_PUBLICATION = re.compile(rb"(?=<SDO\s+BI\w*>)")
#: What stands in the name of an organisation and in no person's.
_ORGANISATION = re.compile(
    r"会社|法人|大学|学校|機構|研究所|研究院|組合|協会|財団|公社|公団|銀行|事業団|連合会|[都道府県市町村省庁]$|長官$"
    r"|コーポレ|カンパニ|リミテッド|インコ|ゲゼルシャフト|ゲー・?エム・?ベー|アクチエン|ソシエテ|ユニバーシ"
    r"|(?i:\b(?:inc|ltd|llc|corp|co|gmbh|ag|kg|s\.?a|b\.?v|n\.?v|plc|oy|ab|university|institute|company)\b)"
)
#: Applicants to keep in meta.
_WHO = ("organisations", "all", "none")


@dataclass(frozen=True, slots=True)
class Options:
    """Settings of a patent source.

    Attributes:
        applicants: whose names go to the document's meta: organisations, all, or none. Inventors go with all. Names are
            never in the text, and addresses are not kept.
        target_shard_bytes: files are packed into one shard up to this size.
        max_file_bytes: limit for one publication, decompressed.
    """

    applicants: str = "organisations"
    target_shard_bytes: int = 64 << 20
    max_file_bytes: int = 256 << 20

    def __post_init__(self) -> None:
        if self.applicants not in _WHO:
            raise ValueError(f"applicants: {not_one_of(self.applicants, _WHO)}")
        require_positive(self, "target_shard_bytes", "max_file_bytes")


def plan(files: Sequence[InputFile], options: Options) -> list[InputShard]:
    """Pack small files together up to the target size."""
    return pack_files(files, options.target_shard_bytes)


def records(shard: InputShard, options: Options) -> Iterator[Record[bytes] | BrokenInput]:
    """One record per publication or drawing; its key is the path below the input's root.

    A file of the CD-ROM years may hold several publications: all but the first have their ordinal in the key.
    """
    for found in archives.texts(shard.files, options.max_file_bytes, _TEXTS + _DRAWINGS, _READS):
        pieces = _PUBLICATION.split(found.payload) if isinstance(found, Record) else []
        if isinstance(found, BrokenInput) or len(pieces) < 3:
            yield found
            continue
        pieces = [pieces[0] + pieces[1], *pieces[2:]]
        for number, piece in enumerate(pieces):
            yield found._replace(payload=piece, key=f"{found.key}#{number}" if number else found.key)


def parse(record: Record[bytes], options: Options) -> Outcome:
    """The publication's text; its numbers, dates and classes go to meta."""
    data = record.payload
    name = record.key
    if name.lower().endswith(_DRAWINGS):
        return Skipped("drawing")
    head = data[:HEAD_BYTES]
    if re.search(rb"<(?:[\w.-]+:)?\w*Publication\w*Amendment[\s>]", head):
        return Skipped("amendment")
    if re.search(rb"<ST26SequenceListing[\s>]", head):
        return Skipped("sequence_listing")
    try:
        is_tags = b"<SDO " in data and not data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<?xml")
        patent = read_patent_tags(data) if is_tags else read_patent_xml(data, name)
    except UnreadableError as error:
        return Refused(error.reason, f"{name}: {error.detail}", record.address)
    uri = _identifier(patent) or record.address
    if not patent.written.text.strip():
        return Refused("no_text", f"{name}: neither abstract nor claims nor description", uri)
    return Document(
        uri=uri,
        text=patent.written.text,
        title=tidy(patent.title),
        charset=patent.charset,
        structure=patent.written.structure,
        family=f"JP{patent.application}" if patent.application else None,
        meta=_meta(patent, options),
    )


def _identifier(patent: Patent) -> str:
    """`JP-2099000001-A1`, as indexes of several countries write it; empty if the number is not stated."""
    number = "".join(unicodedata.normalize("NFKC", patent.number).split()).replace("−", "-")
    return f"JP-{number}{f'-{patent.kind}' if patent.kind else ''}" if number else ""


def _meta(patent: Patent, options: Options) -> dict[str, object]:
    meta: dict[str, object] = {
        "publication_number": patent.number,
        "kind": patent.kind,
        "application_number": patent.application,
        **patent.dates,
        **patent.classes,
        "drawings": [{"figure": figure, "file": file} for figure, file in patent.drawings],
        "pictures": patent.n_pictures,
        "unknown_elements": patent.unknown_elements,
    }
    if options.applicants != "none":
        is_all = options.applicants == "all"
        meta["applicants"] = [name for name in patent.applicants if is_all or _ORGANISATION.search(name)]
        meta["inventors"] = patent.inventors if is_all else []
    return {name: value for name, value in meta.items() if value}
