"""Patent publications of the Japan Patent Office in XML: WIPO ST.96 (since 2022) and ST.36 (from 2004, in EUC-JP).

Elements are known by their local names, because prefixes differ between deliveries; names of the two standards differ
in hyphens and case only. Only the parts that stand directly below the root are read: a publication may hold amendments
and earlier publications, with claims and numbers of their own. No DTD is fetched; an entity that only the DTD explains
is a character that cannot be read.

Formats: www.wipo.int/standards/en/st96.html, www.wipo.int/standards/en/st36.html, and the gazettes' headings as printed
under the Regulations of the Patent Act (forms 29 and 31).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import lru_cache
from html.entities import html5

from lxml import etree

from manyo.corpus.books.book import UnreadableError
from manyo.corpus.books.patent_text import Patent, PatentWriter, application_number, date_of
from manyo.corpus.books.xml_parts import attribute, local_name, words, xml_parser
from manyo.corpus.web.charset import decode

#: Headings of the parts of a description, by the names of their elements without hyphens, in lower case.
_HEADINGS = {
    "technicalfield": "技術分野", "backgroundart": "背景技術", "citationlist": "先行技術文献",
    "citationbag": "先行技術文献", "patentliterature": "特許文献", "patentcitationbag": "特許文献",
    "nonpatentliterature": "非特許文献", "nonpatentcitationbag": "非特許文献", "nplcitationbag": "非特許文献",
    "inventionsummary": "発明の概要", "summaryofinvention": "発明の概要", "disclosure": "発明の開示",
    "techproblem": "発明が解決しようとする課題", "technicalproblem": "発明が解決しようとする課題",
    "techsolution": "課題を解決するための手段", "technicalsolution": "課題を解決するための手段",
    "advantageouseffects": "発明の効果", "inventionadvantageouseffects": "発明の効果",
    "drawingdescription": "図面の簡単な説明", "descriptionofdrawings": "図面の簡単な説明",
    "embodimentdescription": "発明を実施するための形態", "descriptionofembodiments": "発明を実施するための形態",
    "modeforinvention": "発明を実施するための形態", "bestmode": "発明を実施するための最良の形態",
    "embodimentexample": "実施例", "embodimentsexample": "実施例", "industrialapplicability": "産業上の利用可能性",
    "referencesignbag": "符号の説明", "referencesignslist": "符号の説明",
    "referencetodepositedbiologicalmaterial": "受託番号", "depositedbiologicalmaterial": "受託番号",
}  # fmt: skip
#: Kept as text: marks of characters, and references.
_INLINE = {
    "b", "i", "u", "o", "sub", "sup", "sub2", "sup2", "smallcaps", "figureref", "figurereference", "patentcitation",
    "nonpatentcitation", "patcit", "nplcit", "crossref", "claimref", "claimreference", "bioaccno", "pre", "claimtext",
    "text", "p", "li", "ul", "ol", "dl", "dt", "dd",
}  # fmt: skip
_BLOCKS = {"br", "p", "li", "ul", "ol", "dl", "dt", "dd", "claimtext"}
_PICTURES = {"math": "数", "maths": "数", "chemicalformulae": "化", "chemistry": "化", "table": "表", "tables": "表"}
#: Parts of a publication that hold other texts than its own, or other numbers.
_OTHER_TEXTS = re.compile(r"amend|previous|earlier|correct|priority|related|citation|search|bibliographic")
_OF_OTHERS = re.compile(r"application|priority|related|previous|earlier|division|citation")
_SEQUENCES = re.compile(r"sequencelist")
#: Height of a picture, in millimetres, up to which it is a character within the text: type of the gazettes is 3 to 5.
_CHARACTER_MM = 10.0
_DECLARED = re.compile(r"\A\ufeff?\s*<\?xml[^>]*?\bencoding\s*=\s*[\"']([\w.-]+)[\"'][^>]*\?>")
_DECLARATION = re.compile(r"\A\ufeff?\s*<\?xml[^>]*\?>")
_KIND_OF_PATH = re.compile(r"(?:^|/)[PU]_([A-Z]\d?)(?:/|$)")
_KIND_OF_ROOT = {
    "unexaminedpatentpublication": "A1", "internationalpatentpublication": "P1", "registeredpatentpublication": "B2",
}  # fmt: skip


def read_patent_xml(data: bytes, path: str) -> Patent:
    """A publication in XML.

    Args:
        data: of the file.
        path: of the file; a folder `P_B1` names the kind of publication.

    Raises:
        UnreadableError: it is not well-formed, not in a known encoding, or no publication.
    """
    root, charset = _root(data)
    name = _name(root)
    if not name.endswith("publication") and name != "jpofficialgazette":
        raise UnreadableError("not_patent", f"the root is <{local_name(root)}>")
    parts = _parts(root)
    reader = _Reader()
    reader.abstract(parts.get("abstract"))
    reader.claims(parts.get("claims"))
    reader.description(parts.get("description"))
    patent = Patent(
        reader.out.text.finish(),
        charset,
        n_pictures=reader.out.n_pictures,
        unknown_elements=dict(reader.unknown_elements),
    )
    stated = _KIND_OF_PATH.search(path)
    patent.kind = attribute(root, "kind-of-jp") or (stated[1] if stated else _KIND_OF_ROOT.get(name, ""))
    if "bibliographicdata" in parts:
        _bibliography(parts["bibliographicdata"], patent)
    patent.drawings = list(_drawings(parts.get("drawings")))
    return patent


def _root(data: bytes) -> tuple[etree._Element, str]:
    head = data[:200].decode("latin-1")
    declared = _DECLARED.match(head.removeprefix("ï»¿"))
    decoded = decode(data, declared[1] if declared else None)
    if decoded.replacement_fraction > 0.01:
        raise UnreadableError("undecodable", f"{decoded.replacement_fraction:.0%} of the characters")
    try:
        root = etree.fromstring(_DECLARATION.sub("", decoded.text).encode("utf-8", "replace"), xml_parser())
    except etree.XMLSyntaxError as error:
        raise UnreadableError("broken_xml", str(error)) from error
    return root, decoded.charset


def _name(element: etree._Element) -> str:
    """The local name of an element without hyphens, in lower case; empty for an entity."""
    return _plain(element.tag) if isinstance(element.tag, str) else ""


@lru_cache(maxsize=1024)
def _plain(tag: str) -> str:
    return tag.rpartition("}")[2].replace("-", "").lower()


def _parts(root: etree._Element) -> dict[str, etree._Element]:
    """The parts of a publication by their names, below the root or in what wraps them there."""
    wrapped = (part for child in root if not _OTHER_TEXTS.search(_name(child)) for part in child)
    parts: dict[str, etree._Element] = {}
    for part in (*root, *wrapped):
        name = _name(part)
        parts.setdefault("bibliographicdata" if name.endswith("bibliographicdata") else name, part)
    return parts


class _Reader:
    """Writes the parts of a publication, in the order of the gazette."""

    def __init__(self) -> None:
        self.out = PatentWriter()
        self.unknown_elements: Counter[str] = Counter()

    def abstract(self, part: etree._Element | None) -> None:
        """The abstract, whose paragraphs print no number."""
        if part is None:
            return
        self.out.heading("【要約】", 1)
        self._content(part)
        self.out.end_section(1)
        self.out.text.break_line()

    def claims(self, part: etree._Element | None) -> None:
        """The claims as a list."""
        found = [child for child in part if _name(child) == "claim"] if part is not None else []
        if not found:
            return
        self.out.heading("【特許請求の範囲】", 1)
        self.out.open_list()
        for ordinal, claim in enumerate(found, start=1):
            numbers = [child for child in claim if _name(child) == "claimnumber"]
            number = words(numbers[0]) if numbers else attribute(claim, "num")
            self.out.open_claim(number.lstrip("0") or str(ordinal))
            for child in claim:
                if child not in numbers:
                    self._element(child)
                    self.out.write(child.tail or "")
            self.out.close()
        self.out.text.close()
        self.out.end_section(1)

    def description(self, part: etree._Element | None) -> None:
        """The description, its paragraphs with their numbers."""
        if part is not None:
            self.out.heading("【発明の詳細な説明】", 1)
            self._section(part, 2)

    def _section(self, part: etree._Element, level: int) -> None:
        self.out.write(part.text or "")
        for child in part:
            name = _name(child)
            if name == "p":
                self.out.open_paragraph(attribute(child, "pNumber") or attribute(child, "num"))
                self._content(child)
                self.out.close()
            elif name == "heading":
                self.out.heading(words(child), min(level, 6))
            elif not _SEQUENCES.search(name):
                if name in _HEADINGS:
                    self.out.heading(f"【{_HEADINGS[name]}】", min(level, 6))
                elif name in _INLINE or name in _PICTURES or name in ("img", "image", "br", ""):
                    self._element(child)
                else:
                    self.unknown_elements[name] += 1
                self._section(child, level + 1) if name not in _INLINE and name not in _PICTURES else None
                self.out.end_section(level)
            self.out.write(child.tail or "")
            self.out.text.break_line()

    def _content(self, element: etree._Element) -> None:
        """Text of an element and what is in it."""
        self.out.write(element.text or "")
        for child in element:
            self._element(child)
            self.out.write(child.tail or "")

    def _element(self, element: etree._Element) -> None:
        if isinstance(element, etree._Entity):
            self._entity(str(element.name))
            return
        name = _name(element)
        if name in _PICTURES:
            self._picture(element, _PICTURES[name])
        elif name in ("img", "image", "inlineimage"):
            if _is_character(element):
                self.out.picture("外字")
        elif not _SEQUENCES.search(name):
            if name in _BLOCKS:
                self.out.text.break_line()
            elif name not in _INLINE:
                self.unknown_elements[name] += 1
            self._content(element)
            if name in _BLOCKS - {"br"}:
                self.out.text.break_line()

    def _entity(self, name: str) -> None:
        if known := html5.get(f"{name};"):
            self.out.write(known)
        else:
            self.out.picture("外字")

    def _picture(self, element: etree._Element, what: str) -> None:
        """A formula or table: its cells or characters if it has any, else the mark of its picture."""
        rows = [child for child in element.iter() if _name(child) in ("row", "tr")]
        if rows:
            self.out.write("")
            self.out.text.open("table")
            for row in rows:
                self.out.text.open("row")
                for cell in row:
                    if _name(cell) in ("entry", "td", "th", "cell"):
                        self.out.text.open("cell")
                        self._content(cell)
                        self.out.text.close()
                self.out.text.close()
            self.out.text.close()
            return
        formulas = [child for child in element.iter() if local_name(child) == "math" and child is not element]
        if formulas and (text := "".join(words(formulas[0]).split())):
            self.out.write("")
            self.out.text.open("math")
            self.out.write(text)
            self.out.text.close()
        else:
            self.out.picture(what, attribute(element, "num").lstrip("0"))


def _is_character(image: etree._Element) -> bool:
    """Whether a picture within a paragraph is a character: the file says so, or it is as high as one."""
    content = attribute(image, "img-content")
    if content:
        return content in ("tx", "character", "undefined-character")
    heights = [child for child in image if _name(child) == "heightmeasure"]
    height = words(heights[0]) if heights else attribute(image, "he")
    try:
        return float(height) <= _CHARACTER_MM
    except ValueError:
        return False


# --- bibliography ------------------------------------------------------------------------------------------------


def _bibliography(part: etree._Element, patent: Patent) -> None:
    own = [child for child in part.iter() if not any(map(_is_of_others, (child, *child.iterancestors())))]
    published = next((one for one in own if _PUBLISHED.search(_name(one))), None)
    applied = _first(part, "applicationidentification", "applicationreference")
    registered = _first(part, "registrationidentification", "patentgrantidentification", "grantreference")
    patent.title = words(_first(part, "inventiontitle"))
    numbers = (published, *own) if published is not None else own
    patent.number = next(filter(None, (_words(one, *_NUMBERS) for one in numbers)), "")
    patent.kind = _words(published, "patentdocumentkindcode", "kind") or patent.kind
    patent.application = application_number(_words(applied, "applicationnumbertext", "docnumber"))
    dates = {
        "published": _words(published, "publicationdate", "date"),
        "filed": _words(applied, "filingdate", "date"),
        "registered": _words(registered, "registrationdate", "grantdate", "date"),
    }
    patent.dates = {name: found for name, stated in dates.items() if (found := date_of(stated))}
    classes = {
        "ipc": _all(_first(part, "ipcclassification", "classificationipc"), "clsf", "classification"),
        "fi": _all(
            _first(part, "nationalclassification", "classificationnational"), "patentclassificationtext", "clsf"
        ),
        "theme": _all(part, "themecodeinformation", "themecode"),
        "fterm": _all(part, "fterminformation", "fterm"),
    }
    patent.classes = {name: found for name, found in classes.items() if found}
    patent.applicants = _names(part, "applicant")
    patent.inventors = _names(part, "inventor")


_NUMBERS = ("publicationnumber", "docnumber", "registrationnumber", "patentnumber")
_PUBLISHED = re.compile(r"^(?:\w*publication|registration|patentgrant|grant)\w*(?:identification|reference)$")


def _is_of_others(element: etree._Element) -> bool:
    """Whether an element holds numbers of the application or of other publications."""
    return bool(_OF_OTHERS.search(_name(element)))


def _elements(part: etree._Element | None, names: Iterable[str]) -> Iterator[etree._Element]:
    if part is not None:
        wanted = set(names)
        yield from (element for element in part.iter() if _name(element) in wanted)


def _first(part: etree._Element | None, *names: str) -> etree._Element | None:
    return next(_elements(part, names), None)


def _words(part: etree._Element | None, *names: str) -> str:
    return words(_first(part, *names))


def _all(part: etree._Element | None, *endings: str) -> list[str]:
    """The texts of the innermost elements whose names end so, each once."""
    if part is None:
        return []
    found = (
        words(element)
        for element in part.iter()
        if element is not part and _name(element).endswith(endings) and not len(element)
    )
    return list(dict.fromkeys(filter(None, found)))


def _names(part: etree._Element, role: str) -> list[str]:
    found = []
    for party in _elements(part, (role,)):
        whole = _words(party, "entityname", "organizationstandardname", "personfullname", "orgname")
        person = " ".join(filter(None, (_words(party, "lastname"), _words(party, "firstname"))))
        found.append(whole or person or _words(party, "name"))
    return list(dict.fromkeys(filter(None, found)))


def _drawings(part: etree._Element | None) -> Iterator[tuple[str, str]]:
    for figure in _elements(part, ("figure",)):
        image = _first(figure, "img")
        file = attribute(image, "file") if image is not None else _words(figure, "filename")
        yield _words(figure, "figurenumber") or attribute(figure, "num"), file
