"""Statutes as the government's law data base gives them: one document per law, as the law is printed.

A law is chapters of articles of paragraphs of items, and the XML keeps titles, numbers and sentences of
each apart. They are put together as they stand in print: a title or caption is a line, a number stands
before its sentences, with an ideographic space between them. The table of contents, which only repeats the titles,
and ruby are left out. Schema: laws.e-gov.go.jp (XMLSchemaForJapaneseLaw_v3.xsd).

Files of the bulk data are read, and answers of the interface: XML of version 1 and 2, and JSON of version 2, in which
an element is an object of `tag`, `attr` and `children`, or all XML is one string in base64.
"""

from __future__ import annotations

import json
import re
from base64 import b64decode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from lxml import etree

from manyo.corpus.books.xml_parts import xml_parser
from manyo.corpus.records import BrokenInput, Document, InputFile, InputShard, Outcome, Record, Refused
from manyo.corpus.sources import archives
from manyo.corpus.sources.packing import file_stem, pack_files, require_positive
from manyo.corpus.text import tidy

REASONS = {
    **archives.REASONS,
    "broken_xml": "the XML is not well-formed",
    "not_a_law": "the XML holds no Law element",
    "no_text": "the law has no text",
    "duplicate_file": "an earlier entry of the archive has the same path; that one is read",
    "broken_json": "the JSON is not well-formed, or holds no law as the interface gives one",
    "unknown_file": "an archive entry that is neither an .xml nor a .json file",
}


@dataclass(frozen=True, slots=True)
class Options:
    """Settings of a law source.

    Attributes:
        target_shard_bytes: laws are packed into one shard up to this size.
        max_file_bytes: limit for one law. The longest, with its tables, has some 20 MB.
    """

    target_shard_bytes: int = 64 << 20
    max_file_bytes: int = 64 << 20

    def __post_init__(self) -> None:
        require_positive(self, "target_shard_bytes", "max_file_bytes")


def plan(files: Sequence[InputFile], options: Options) -> list[InputShard]:
    """Pack files together up to the target size."""
    return pack_files(files, options.target_shard_bytes)


def records(shard: InputShard, options: Options) -> Iterator[Record[bytes] | BrokenInput]:
    """One record per .xml or .json file or archive entry; its key is the path below the input's root."""
    return archives.texts(shard.files, options.max_file_bytes, (".xml", ".json"), ("egov", "xml", "json", "binary"))


def parse(record: Record[bytes], options: Options) -> Outcome:
    """The law's text, a line for each title, caption, paragraph and item."""
    uri = _address(file_stem(record.address).split("_", 1)[0]) or record.address
    is_json = record.payload.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{")
    try:
        root = _of_json(json.loads(record.payload)) if is_json else _of_xml(record.payload)
    except RecursionError:
        return Refused("broken_json", "nested too deeply", uri)
    except etree.XMLSyntaxError as error:
        return Refused("broken_xml", str(error), uri)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        return Refused("broken_json" if is_json else "broken_xml", f"not a law: {error!r}", uri)
    law = root if root.tag == "Law" else root.find(".//Law")
    if law is None:
        return Refused("not_a_law", f"the root is <{root.tag}>", uri)
    for name in ("LawId", "law_id"):
        uri = _address(_words(root.find(f".//{name}"))) or uri
    lines: list[str] = []
    _write(law, lines)
    text = tidy("\n".join(lines))
    if not text:
        return Refused("no_text", "no characters in <Law>", uri)
    title = law.find(".//LawTitle")
    number = law.find("LawNum")
    meta = {"law_number": _words(number), "law_type": law.get("LawType", ""), "era": law.get("Era", "")}
    if title is not None:
        meta["title_kana"] = title.get("Kana", "")
    return Document(
        uri=uri, text=text, title=_words(title), meta={name: value for name, value in meta.items() if value}
    )


#: Elements whose text is left out: contents repeat the titles, ruby the characters.
_LEFT_OUT = {"TOC", "Rt", "Fig"}
#: Numbers and titles that lead the sentences after them on one line: 第一条, ２, 一, イ.
_LEADS = re.compile(r"ArticleTitle|ParagraphNum|(?:Sub)?[Ii]tem\d*Title")
#: Each is a line of its own.
_LINES = re.compile(
    r"LawNum|LawTitle|EnactStatement|\w+Caption|\w+Label|(?:Part|Chapter|Section|Subsection|Division)Title"
    r"|\w+(?:TableTitle|NoteTitle|StyleTitle|FormatTitle|FigTitle)|\w+Sentence|TableRow|TableHeaderRow|RelatedArticleNum"
)
#: White space with a line end in it.
_LAYOUT = re.compile(r"(?<![ \t])[ \t]*\n\s*")
#: Parts of a line with a blank between them.
_COLUMNS = {"Column", "TableColumn", "TableHeaderColumn"}


@lru_cache(maxsize=4096)
def _role(tag: str) -> tuple[bool, bool]:
    """Whether an element leads the line after it, and whether it is a line of its own."""
    return _LEADS.fullmatch(tag) is not None, _LINES.fullmatch(tag) is not None


def _write(element: etree._Element, lines: list[str]) -> None:
    """Append the element's lines. Laws nest less than 20 deep; the parser refuses more than 256."""
    lead = ""
    for child in element:
        tag = child.tag
        if tag in _LEFT_OUT or not isinstance(tag, str):
            continue
        leads, is_line = _role(tag)
        if leads:
            lead = _words(child)
        elif is_line or (not len(child) and child.text):
            if line := _words(child):
                lines.append(f"{lead}　{line}" if lead else line)
                lead = ""
        else:
            start = len(lines)
            _write(child, lines)
            # 第一条 leads the first line of its first paragraph, which has no number of its own.
            if lead and len(lines) > start:
                lines[start] = f"{lead}　{lines[start]}"
                lead = ""
    if lead:
        lines.append(lead)  # a repealed article: 第三条, and 削除 in no sentence


def _words(element: etree._Element | None) -> str:
    """The text of a line, columns apart, without the line ends that the file's layout puts in."""
    if element is None:
        return ""
    if len(element):
        parts: list[str] = []
        _collect(element, parts)
        text = "".join(parts)
    else:
        text = element.text or ""
    if "\n" in text:
        text = _LAYOUT.sub("", text)
    return text.strip(" \t　")


def _collect(element: etree._Element, parts: list[str]) -> None:
    parts.append(element.text or "")
    for child in element:
        if child.tag not in _LEFT_OUT:
            if child.tag in _COLUMNS and any(map(str.strip, parts)):
                parts.append("　")
            _collect(child, parts)
        parts.append(child.tail or "")


def _of_xml(data: bytes) -> etree._Element:
    return etree.fromstring(data, xml_parser())


def _of_json(value: dict[str, Any]) -> etree._Element:
    """The answer of the interface as the XML that it stands for.

    Raises:
        ValueError, TypeError, KeyError, AttributeError: it is no such answer.
    """
    full = value["law_full_text"]
    root = etree.Element("law_data_response")
    if isinstance(identity := value.get("law_info", {}).get("law_id"), str):
        etree.SubElement(root, "law_id").text = identity
    if isinstance(full, str):
        root.append(_of_xml(full.encode() if full.lstrip().startswith("<") else b64decode(full, validate=True)))
    else:
        _append(root, full)
    return root


def _append(parent: etree._Element, node: dict[str, Any]) -> None:
    element = etree.SubElement(
        parent, node["tag"], {name: str(value) for name, value in (node.get("attr") or {}).items()}
    )
    last: etree._Element | None = None
    for child in node.get("children") or ():
        if not isinstance(child, str):
            _append(element, child)
            last = element[-1]
        elif last is None:
            element.text = (element.text or "") + child
        else:
            last.tail = (last.tail or "") + child


def _address(identity: str) -> str:
    """The page of a law; empty if this is not the id of one (`405AC0000000088`)."""
    return f"https://laws.e-gov.go.jp/law/{identity}" if re.fullmatch(r"[0-9A-Z]{15}", identity) else ""
