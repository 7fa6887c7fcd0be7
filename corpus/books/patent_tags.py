"""Patent publications of the years of the CD-ROM gazettes (1993 to 2003): marked parts of lines with headings in 【】.

A part stands between `<SDO XXJ>` and `</SDO>`: BIJ the bibliography, ABJ the abstract, CLJ the claims, DEJ the
description, DRJ the drawings. Lines end where the page did, after 30 to 40 characters, so they are joined; a line that
begins with a heading begins a paragraph, and one that is nothing but a number numbers the next.

No specification of these files could be found in public; this follows samples of the form and what is remembered of it.
"""

from __future__ import annotations

import re
import unicodedata

from manyo.corpus.books.book import UnreadableError
from manyo.corpus.books.patent_text import Patent, PatentWriter, application_number, date_of
from manyo.corpus.print.pages import joined
from manyo.corpus.web.charset import decode

_PART = re.compile(r"<SDO\s+(\w+)>(.*?)(?:</SDO>|(?=<SDO\s)|\Z)", re.DOTALL)
_NUMBER_LINE = re.compile(r"【([0-9０-９]{4,5})】\s*")
_CLAIM = re.compile(r"【請求項([0-9０-９]+)】\s*")
_HEADED = re.compile(r"(?:\(\d+\))?\s*【([^】\n]+)】\s*(.*)")
_TAG = re.compile(r"<(/?)(\w+)([^<>]*)>")
_NUMBERED_PICTURE = re.compile(r"【([数化表])([0-9０-９]+)】")


def read_patent_tags(data: bytes) -> Patent:
    """A publication in the form of the CD-ROM gazettes.

    Raises:
        UnreadableError: it has no marked part, or is not in a known encoding.
    """
    decoded = decode(data)
    if decoded.replacement_fraction > 0.01:
        raise UnreadableError("undecodable", f"{decoded.replacement_fraction:.0%} of the characters")
    text = decoded.text.replace("\r\n", "\n").replace("\r", "\n")
    parts = {name[:2]: body.strip("\n") for name, body in reversed(_PART.findall(text))}
    if not parts.keys() & {"AB", "CL", "DE"}:
        raise UnreadableError("not_patent", "no part of a publication: <SDO ABJ>, <SDO CLJ> or <SDO DEJ>")
    out = PatentWriter()
    _abstract(parts.get("AB", ""), out)
    _claims(parts.get("CL", ""), out)
    _description(parts.get("DE", ""), out)
    patent = Patent(out.text.finish(), decoded.charset, n_pictures=out.n_pictures)
    _bibliography(parts.get("BI", ""), patent)
    return patent


def _blocks(part: str) -> list[str]:
    """Paragraphs of a part: lines joined, a new one where a line begins with a heading or after an empty line."""
    blocks: list[str] = []
    begins = True
    for line in map(str.rstrip, part.split("\n")):
        stripped = line.strip(" ")
        if not stripped:
            begins = True
            continue
        if begins or stripped.startswith(("【", "<IMG", "(57)【", "\u3000")) or not blocks:
            blocks.append(stripped)
        else:
            blocks[-1] += joined(blocks[-1][-1], stripped) + stripped
        begins = False
    return blocks


def _write(text: str, out: PatentWriter) -> None:
    """A block, with marks of characters taken off and the marks of pictures counted."""
    for match in _NUMBERED_PICTURE.finditer(text):
        out.n_pictures[match[1]] = out.n_pictures.get(match[1], 0) + 1
    out.write(_TAG.sub("", text))


def _abstract(part: str, out: PatentWriter) -> None:
    if part:
        out.heading("【要約】", 1)
    for block in _blocks(part):
        content = re.sub(r"^(?:\(57\))?【要約】\s*", "", block)
        if _TAG.sub("", content).strip():
            out.text.break_line()
            _write(content, out)
            out.text.break_line()
    out.end_section(1)


def _claims(part: str, out: PatentWriter) -> None:
    if not part:
        return
    out.heading("【特許請求の範囲】", 1)
    out.open_list()
    is_open = False
    for block in _blocks(part):
        content = re.sub(r"^【(?:特許|実用新案登録)請求の範囲】\s*", "", block)
        if claim := _CLAIM.match(content):
            if is_open:
                out.close()
            out.open_claim(str(int(unicodedata.normalize("NFKC", claim[1]))))
            is_open = True
            content = content[claim.end() :]
        if _TAG.sub("", content).strip():
            out.text.break_line()
            _write(content, out)
    if is_open:
        out.close()
    out.text.close()
    out.end_section(1)


def _description(part: str, out: PatentWriter) -> None:
    if part:
        out.heading("【発明の詳細な説明】", 1)
    number = ""
    is_open = False
    for block in _blocks(part):
        content = re.sub(r"^【(?:発明|考案)の詳細な説明】\s*", "", block)
        if numbered := _NUMBER_LINE.match(content):
            if is_open:
                out.close()
            number = unicodedata.normalize("NFKC", numbered[1])
            content = content[numbered.end() :]
            is_open = False
        if _TAG.sub("", content).strip():
            if not is_open:
                out.open_paragraph(number)
                is_open = True
            out.text.break_line()
            _write(content, out)
    if is_open:
        out.close()


def _bibliography(part: str, patent: Patent) -> None:
    fields: dict[str, list[str]] = {}
    name = ""
    for line in part.split("\n"):
        if headed := _HEADED.match(line.strip()):
            name = headed[1]
            fields.setdefault(name, []).append(headed[2].strip())
        elif name and line.strip():
            fields[name].append(line.strip())

    def stated(*names: str) -> list[str]:
        return [value for field, values in fields.items() if field.startswith(names) for value in values if value]

    def plain(*names: str) -> str:
        return unicodedata.normalize("NFKC", next(iter(stated(*names)), ""))

    patent.title = next(iter(stated("発明の名称", "考案の名称")), "")
    patent.number = next(iter(stated("公開番号", "公告番号", "公表番号", "特許番号", "登録番号")), "")
    kind = re.search(r"\(([A-Z]\d?)\)", plain("公報種別"))
    patent.kind = kind[1] if kind else ""
    patent.application = application_number(plain("出願番号"))
    dates = {
        "published": plain("公開日", "公告日", "公表日", "発行日"),
        "filed": plain("出願日"),
        "registered": plain("登録日"),
    }
    patent.dates = {name: found for name, value in dates.items() if (found := date_of(value))}
    classes = {
        "ipc": [" ".join(value.split()) for value in stated("国際特許分類")],
        "fi": [" ".join(value.split()) for value in stated("ＦＩ", "FI")],
        "theme": stated("テーマコード"),
        "fterm": stated("Ｆターム"),
    }
    patent.classes = {name: list(dict.fromkeys(found)) for name, found in classes.items() if found}
    patent.applicants, patent.inventors = _names(part, "出願人"), _names(part, "発明者")


def _names(part: str, role: str) -> list[str]:
    """The names behind the headings of a role, each up to the next numbered field."""
    found = re.findall(rf"【{role}】(.*?)(?=^\(\d\d\)|\Z)", part, re.DOTALL | re.MULTILINE)
    names = (name.strip() for field in found for name in re.findall(r"【氏名(?:又は名称)?】([^\n【]+)", field))
    return list(dict.fromkeys(names))
