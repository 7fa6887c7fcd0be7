"""Markup with a fault gives the text of the sound page, as far as a browser's tree still shows it.

One fault is put at each place of two pages, of today and of the time of tables. The tree is that of lexbor, which
follows the algorithm of the standard (https://html.spec.whatwg.org/multipage/parsing.html).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from resiliparse.parse.html import HTMLTree

from manyo.corpus.web.main_text import extract
from tests.corpus.carriers import LEAD, ROWS, SENTENCES

LINES = (*LEAD, *SENTENCES, *(cell for row in ROWS for cell in row))
TODAY = f"""<!DOCTYPE html><html lang="ja"><head><title>港と村の記録</title></head><body class="page">
<header><nav><ul><li><a href="/">表紙</a></li><li><a href="/b">案内</a></li></ul></nav></header>
<main><article class="entry"><h2>港の朝</h2><div class="text"><p>{LEAD[0]}</p><p>{LEAD[1]}</p><p>{LEAD[2]}</p>
<p>{LEAD[3]}</p></div><h2>村の話</h2><div class="text"><ul><li>{SENTENCES[0]}</li><li>{SENTENCES[1]}</li></ul>
<blockquote>{SENTENCES[2]}</blockquote><p><span>{SENTENCES[3]}</span></p>
<table><tbody>{"".join(f"<tr><th>{a}</th><td>{b}</td></tr>" for a, b in ROWS)}</tbody></table></div></article></main>
<footer><p>海辺の会</p></footer></body></html>"""
OF_TABLES = f"""<HTML><HEAD><TITLE>港と村の記録</TITLE></HEAD><BODY BGCOLOR="#ffffff"><CENTER><TABLE WIDTH="600"><TR>
<TD WIDTH="120"><A HREF="a.html">表紙</A><BR><A HREF="b.html">案内</A></TD><TD><FONT SIZE="4"><B>港の朝</B></FONT>
<P>{LEAD[0]}</P><P>{LEAD[1]}</P><P><FONT COLOR="red">{LEAD[2]}</FONT></P><P>{LEAD[3]}</P><HR>
<DL><DT>一</DT><DD>{SENTENCES[0]}</DD><DT>二</DT><DD>{SENTENCES[1]}</DD></DL><P>{SENTENCES[2]}<BR>{SENTENCES[3]}</P>
<TABLE BORDER="1">{"".join(f"<TR><TD>{a}</TD><TD>{b}</TD></TR>" for a, b in ROWS)}</TABLE></TD></TR></TABLE></CENTER>
</BODY></HTML>"""
TAG = re.compile(r"<(/?)(\w+)[^<>]*>")

#: From a page, the same page with a fault, at each place where it may stand.
Fault = Callable[[str], Iterator[str]]


def tags(page: str, *, ends: bool | None = None) -> list[re.Match[str]]:
    """The tags in the body, in the order of the page."""
    found = TAG.finditer(page, page.lower().index("<body"))
    return [tag for tag in found if tag[2].lower() not in ("body", "html") and ends in (None, tag[1] == "/")]


def without(page: str) -> Iterator[str]:
    """End tags that are missing."""
    return (page[: tag.start()] + page[tag.end() :] for tag in tags(page, ends=True))


def before(written: str) -> Fault:
    """Something that stands before a tag."""
    return lambda page: (page[: tag.start()] + written + page[tag.start() :] for tag in tags(page))


def all_over(expression: str, by: str) -> Fault:
    """A fault of the program that wrote the page, which is everywhere."""
    return lambda page: iter([re.sub(expression, by, page, flags=re.IGNORECASE)])


FAULTS: dict[str, Fault] = {
    "an end tag is missing": without,
    **{
        f"a stray </{name}>": before(f"</{name}>")
        for name in ["p", "div", "span", "b", "font", "h2", "li", "ul", "dd", "section", "body", "html", "a"]
    },
    **{
        f"an open <{name}>": before(f"<{name}>")
        for name in ["b", "font", "p", "form", "center", "a", "blockquote", "noscript", "iframe", "svg"]
    },
    "three boxes end": before("</div></div></div>"),
    "a second body": before('<html><head></head><body class="b">'),
    "tags that cross": before("<b><i></b></i>"),
    "a form in a form": before("<form><form></form>"),
    "a paragraph in a paragraph": before("<p><p>"),
    "a box that ends itself": before('<br class="c"/><span/>'),
    "a place without a name": before('<a name="x">'),
    "a comment that ends oddly": before("<!-- ここまで --!>"),
    "a comment with one hyphen": before("<!- 区切り ->"),
    "a comment with a space": before("<! -- 区切り -- >"),
    "a byte order mark": before("\ufeff"),
    "signs of comparison": before("5<6 と <- と <>"),
    "a script that writes a script": before("<script>w('<script src=a></scr'+'ipt>');</script>"),
    "a script in a comment": before('<script><!-- a="<script>"; //--></script>'),
    "a control without an end": before("<select><option>一<option>二</select>"),
    "no end tags of parts": all_over("</(?:p|li|tr|td|th|dt|dd)>", ""),
    "no rows": all_over("</?tr>", ""),
    "no end tags of tables": all_over("</(?:table|tr|td|th)>", ""),
    "headings that end as others": all_over("</h2>", "</h3>"),
    "no quotation marks": all_over('="([^"\\s]*)"', r"=\1"),
    "attributes twice": all_over("<(p|div|td|ul)([ >])", r'<\1 class="nav" id=z id="y"\2'.replace('class="nav" ', "")),
    "spaces in end tags": all_over("</(\\w+)>", r"</\1 >"),
    "end tags of breaks": all_over("<br>", "</br>"),
    "paragraphs without a start": all_over("<p>", ""),
    "capitals": lambda page: iter([TAG.sub(lambda tag: tag[0].upper(), page)]),
}


def shown(page: str) -> str:
    """What a browser's tree shows of a page, without white space."""
    tree = HTMLTree.parse(page)
    assert tree.body
    for hidden in tree.body.query_selector_all("script, noscript, iframe, select, textarea, template"):
        if hidden.parent:
            hidden.parent.remove_child(hidden)
    return "".join(tree.body.text.split())


@pytest.mark.parametrize("page", [TODAY, OF_TABLES], ids=["today", "tables"])
def test_the_sound_page_gives_its_lines(page: str) -> None:
    text = extract(page).text
    assert all(line in text for line in LINES)
    assert all(line in shown(page) for line in LINES)
    assert "表紙" not in text


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
@pytest.mark.parametrize("page", [TODAY, OF_TABLES], ids=["today", "tables"])
def test_a_fault_loses_no_line_that_a_browser_shows(page: str, fault: Fault) -> None:
    for faulty in fault(page):
        found = extract(faulty)
        kept = "".join((found.text + found.comments).split())
        lost = [line for line in LINES if line not in kept]
        assert not lost or not all(line in shown(faulty) for line in lost), faulty
