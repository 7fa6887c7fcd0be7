"""Wikitext as text: what a reader of the article sees, without references, navigation and pictures.

mwparserfromhell gives the parts of the markup; a wiki's templates are not there, so that only those which print their
own words are read (`_PRINTED`), and all others are left out with what they would have said. The text of a CirrusSearch
dump, which the wiki rendered itself, says more.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import mwparserfromhell
from mwparserfromhell.nodes import ExternalLink, Heading, HTMLEntity, Tag, Template, Text, Wikilink
from mwparserfromhell.wikicode import Wikicode

from manyo.corpus.books.structured_text import StructuredText, Written

#: Links that show a picture or file a page, not a word.
_NOT_SHOWN = re.compile(
    r"\s*(?:file|image|media|category|template|ファイル|画像|メディア|カテゴリ|テンプレート)\s*:", re.IGNORECASE
)
#: Templates that print an argument: its place, from 1; -1 for the last.
_PRINTED = {
    "lang": 2, "仮リンク": 1, "ill2": 1, "nowrap": 1, "small": 1, "big": 1, "color": 2, "font": 1, "underline": 1,
    "要出典範囲": 1, "visible anchor": 1, "anchors": 1, "補助漢字フォント": 1, "jis2004フォント": 1, "cjkv": 1,
    "拡張漢字": 1, "機種依存文字": 1, "quotation": 1, "cquote": 1,
}  # fmt: skip
#: Templates of a base and its reading, and whether the article prints the reading in brackets.
_READINGS = {"ruby": False, "ルビ": False, "読み仮名": True, "読み仮名 ruby不使用": True}
_LANGUAGE = re.compile(r"lang-[a-z-]+$")
_HIDDEN = {
    "ref", "references", "gallery", "imagemap", "timeline", "score", "style", "script", "templatestyles", "includeonly",
    "section", "graph", "mapframe", "maplink", "hiero", "inputbox", "indicator",
}  # fmt: skip
_ITEMS = {"li", "dt", "dd"}
_MAGIC = re.compile(r"__[A-Z぀-ヿ一-鿿]+__")


def read_wikitext(wikitext: str) -> Written:
    """The text of an article, with headings, items, tables, formulas and readings as spans."""
    writer = _Writer()
    writer.nodes(mwparserfromhell.parse(wikitext, skip_style_tags=False).nodes)
    return writer.finish()


def template_names(wikitext: str) -> set[str]:
    """Names of the templates that stand in a page, in lower case."""
    return {name.strip().lower() for name in re.findall(r"\{\{\s*([^{}|\n]+)", wikitext)}


class _Writer:
    """Writes nodes; headings wait for the text below them, and an item ends with its line."""

    def __init__(self) -> None:
        self._text = StructuredText()
        self._headings: list[tuple[int, str]] = []
        self._in_item = False

    def finish(self) -> Written:
        """The text so far."""
        self._end_item()
        return self._text.finish()

    def nodes(self, nodes: Sequence[object]) -> None:
        """Write nodes in order."""
        for node in nodes:
            if isinstance(node, Text):
                self._words(_MAGIC.sub("", str(node.value)))
            elif isinstance(node, Wikilink):
                self._link(node)
            elif isinstance(node, ExternalLink):
                if node.title is not None:
                    self.nodes(node.title.nodes)
            elif isinstance(node, HTMLEntity):
                self._words(str(node.normalize()))
            elif isinstance(node, Template):
                self._template(node)
            elif isinstance(node, Heading):
                self._end_item()
                self._headings = [one for one in self._headings if one[0] < node.level]
                self._headings.append((node.level, str(node.title.strip_code()).strip()))
            elif isinstance(node, Tag):
                self._tag(node)

    def _words(self, text: str) -> None:
        """Text of a line; a line end ends an item, an empty line a paragraph."""
        for number, line in enumerate(text.split("\n")):
            if number:
                self._end_item()
                self._text.break_line()
            if line.strip():
                self._write_headings()
                self._text.flow(line)

    def _link(self, link: Wikilink) -> None:
        title = str(link.title)
        if _NOT_SHOWN.match(title):
            return
        if link.text is not None:
            self.nodes(link.text.nodes)
        else:
            self._words(title.strip().lstrip(":"))

    def _template(self, template: Template) -> None:
        name = str(template.name).strip().lower().replace("_", " ")
        arguments = [one.value for one in template.params if not one.showkey]
        if name in _READINGS and len(arguments) > 1:
            self._reading(arguments[0], str(arguments[1].strip_code()).strip(), in_brackets=_READINGS[name])
            return
        place = -1 if _LANGUAGE.match(name) else _PRINTED.get(name, 0)
        if place and len(arguments) >= max(place, 1):
            self.nodes(arguments[place - 1 if place > 0 else -1].nodes)

    def _reading(self, base: Wikicode, reading: str, *, in_brackets: bool) -> None:
        self._write_headings()
        if in_brackets:
            self.nodes(base.nodes)
            self._words(f"（{reading}）")
            return
        self._text.open("ruby", reading)
        self.nodes(base.nodes)
        self._text.close()

    def _tag(self, tag: Tag) -> None:
        name = str(tag.tag).strip().lower()
        if name in _HIDDEN:
            return
        if name == "br":
            self._text.break_line()
        elif name in _ITEMS and tag.wiki_markup:
            if not self._in_item:
                self._text.break_line()
                self._write_headings()
                self._text.open("item")
                self._in_item = True
        elif name == "table":
            self._table(tag)
        elif name == "math":
            self._write_headings()
            self._text.open("math")
            self._text.flow(" ".join(str(tag.contents).split()))
            self._text.close()
        elif tag.contents is not None:
            is_block = name in ("p", "div", "blockquote", "center", "poem", "li", "dt", "dd", "ul", "ol")
            if is_block:
                self._text.break_line()
            self.nodes(tag.contents.nodes)
            if is_block:
                self._text.break_line()

    def _table(self, table: Tag) -> None:
        """A table of an article; those for layout, and boxes of data, have other classes."""
        if not (table.has("class") and "wikitable" in str(table.get("class").value)):
            return
        self._end_item()
        self._write_headings()
        self._text.open("table")
        loose = [node for node in table.contents.nodes if isinstance(node, Tag) and node.tag in ("td", "th")]
        rows = [loose] if loose else []
        for row in table.contents.nodes:
            if isinstance(row, Tag) and row.tag == "tr":
                rows.append([node for node in row.contents.nodes if isinstance(node, Tag) and node.tag in ("td", "th")])
        for cells in rows:
            self._text.open("row")
            for cell in cells:
                self._text.open("cell", "h" if cell.tag == "th" else "")
                self.nodes(cell.contents.nodes)
                self._text.close()
            self._text.close()
        self._text.close()

    def _end_item(self) -> None:
        if self._in_item:
            self._in_item = False
            self._text.close()
            self._text.break_line()

    def _write_headings(self) -> None:
        waiting, self._headings = self._headings, []
        for level, title in waiting:
            self._text.break_line()
            self._text.open("heading", str(min(level, 6)))
            self._text.flow(title)
            self._text.close()
            self._text.break_line()
