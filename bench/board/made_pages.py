"""Pages in made frames: the templates of several decades around sentences of our own, with the main text as gold.

A frame draws by chance what stands around the text (menus, lists of other pages, banners, forms), the order of its
parts, and the names of its classes; it knows nothing of how any extractor chooses.
"""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import Final, NamedTuple

from bench.typesetting import Writer


class Page(NamedTuple):
    """A page as text, and the lines of its main text."""

    html: str
    lines: list[str]


def _links(writer: Writer, low: int, high: int, chars: tuple[int, int] = (2, 7)) -> str:
    n = writer.rng.randint(low, high)
    return "".join(
        f'<li><a href="/{writer.rng.randint(1, 9999)}.html">{writer.phrase(*chars)}</a></li>' for _ in range(n)
    )


def _name(writer: Writer, *names: str) -> str:
    return writer.rng.choice(names)


def _prose(writer: Writer, low: int = 3, high: int = 9) -> list[str]:
    return [writer.prose(40, 180) for _ in range(writer.rng.randint(low, high))]


def _head(writer: Writer, title: str) -> str:
    description = writer.sentence()
    meta = f'<meta name="description" content="{escape(description)}">' if writer.rng.random() < 0.6 else ""
    return f'<!DOCTYPE html>\n<html lang="ja"><head><meta charset="utf-8"><title>{title}</title>{meta}</head>'


def _around(writer: Writer, title: str, main: str) -> str:
    """Today's frame: header, menu, crumbs, side column with other pages, footer, sometimes a banner on cookies."""
    rng = writer.rng
    site, tag = writer.phrase(3, 7), rng.choice(("aside", "div"))
    menu = f'<nav class="{_name(writer, "gnav", "menu", "navi", "c-12")}"><ul>{_links(writer, 4, 9)}</ul></nav>'
    path = f"ホーム &gt; {writer.phrase(2, 4)} &gt; {title}"
    crumbs = f'<div class="{_name(writer, "breadcrumb", "topicpath", "pan")}">{path}</div>'
    over_list = _name(writer, "新着記事", "人気の記事", "ランキング", "カテゴリー")
    side = (
        f'<{tag} class="{_name(writer, "side", "sub", "col2", "widget")}"><h2>{over_list}</h2>'
        f"<ul>{_links(writer, 5, 12, (8, 22))}</ul></{tag}>"
    )
    related = (
        f'<div class="{_name(writer, "related", "osusume", "x-list")}"><h3>関連する記事</h3>'
        f"<ul>{_links(writer, 3, 6, (10, 24))}</ul></div>"
    )
    share = '<ul class="sns"><li>ポスト</li><li>シェア</li><li>はてブ</li><li>LINE</li></ul>'
    banner = "<div>当サイトでは利便性の向上のためCookieを使用しています。<button>同意する</button></div>"
    rights = f"Copyright © {rng.randint(2010, 2026)} {site} All Rights Reserved."
    foot = f"<footer><ul>{_links(writer, 3, 6)}</ul><p>{rights}</p></footer>"
    top = f"<header><p>{site}</p></header>{menu}{crumbs if rng.random() < 0.7 else ''}"
    column = "".join([main, share if rng.random() < 0.6 else "", related if rng.random() < 0.6 else ""])
    columns = column + side if rng.random() < 0.7 else side + column
    end = banner if rng.random() < 0.3 else ""
    head = _head(writer, f"{title} | {site}")
    return f"{head}<body>{top}<div>{columns}</div>{foot}{end}</body></html>"


def news(writer: Writer) -> Page:
    """An article of paragraphs under a title and a date."""
    title, lines = writer.phrase(10, 24), _prose(writer)
    body = "".join(f"<p>{line}</p>" for line in lines)
    tag = writer.rng.choice(("article", "div", "main", "section"))
    date = f"<time>{writer.rng.randint(2010, 2026)}年{writer.rng.randint(1, 12)}月{writer.rng.randint(1, 28)}日</time>"
    main = f'<{tag} class="{_name(writer, "entry", "kiji", "post", "a1")}"><h1>{title}</h1>{date}{body}</{tag}>'
    return Page(_around(writer, title, main), [title, *lines])


def broken_lines(writer: Writer) -> Page:
    """A diary whose paragraphs are lines with breaks in one element."""
    title, lines = writer.phrase(6, 16), _prose(writer, 4, 10)
    body = writer.rng.choice(("<br>", "<br><br>", "<br />\n")).join(lines)
    main = f'<div class="{_name(writer, "diary", "honbun", "text")}"><h2>{title}</h2><div>{body}</div></div>'
    return Page(_around(writer, title, main), [title, *lines])


def old_tables(writer: Writer) -> Page:
    """A page of the nineties: columns are cells of a table, without classes, menu at the left, a counter below."""
    title, lines = writer.phrase(6, 16), _prose(writer, 3, 7)
    body = "".join(f"<p>{line}" for line in lines)
    menu = "<br>".join(f'<a href="p{n}.html">{writer.phrase(2, 5)}</a>' for n in range(writer.rng.randint(4, 9)))
    counter = f"あなたは{writer.rng.randint(1000, 99999)}人目のお客様です。"
    left = f'<td width="120" valign="top">{menu}</td>'
    right = f'<td><font size="+2"><b>{title}</b></font><hr>{body}<hr></td>'
    below = f'<center>{counter}<a href="index.html">トップへ戻る</a></center>'
    page = f'<body bgcolor="#ffffff"><table width="700"><tr>{left}{right}</tr></table>{below}</body>'
    return Page(f"<html><head><title>{title}</title></head>{page}</html>", [title, *lines])


def sections(writer: Writer) -> Page:
    """A manual or a report: headings, paragraphs, lists."""
    title, lines, body = writer.phrase(6, 16), [], ""
    lines.append(title)
    for _ in range(writer.rng.randint(2, 5)):
        head, paragraph = writer.phrase(4, 10), writer.prose(40, 160)
        items = [writer.sentence() for _ in range(writer.rng.choice((0, 3, 4)))]
        kind = writer.rng.choice(("ul", "ol"))
        listed = "".join(f"<li>{item}</li>" for item in items)
        body += f"<h2>{head}</h2><p>{paragraph}</p>" + (f"<{kind}>{listed}</{kind}>" if items else "")
        lines += [head, paragraph, *items]
    main = f'<div id="{_name(writer, "contents", "main", "w")}"><h1>{title}</h1>{body}</div>'
    return Page(_around(writer, title, main), lines)


def answers(writer: Writer) -> Page:
    """Questions and answers in a list of definitions, or in pairs of blocks."""
    title, lines, body = writer.phrase(4, 10), [], ""
    lines.append(title)
    is_list = writer.rng.random() < 0.5
    for _ in range(writer.rng.randint(3, 7)):
        question, answer = writer.phrase(10, 20) + "か。", writer.prose(40, 120)
        body += f"<dt>{question}</dt><dd>{answer}</dd>" if is_list else f"<div><p>{question}</p><p>{answer}</p></div>"
        lines += [question, answer]
    tag = "dl" if is_list else "div"
    return Page(_around(writer, title, f"<h1>{title}</h1><{tag}>{body}</{tag}>"), lines)


def thread(writer: Writer) -> Page:
    """A thread: posts of several people, each with a name, a date and a link to report it, which are no text."""
    title, lines, body = writer.phrase(8, 18), [], ""
    lines.append(title)
    for number in range(1, writer.rng.randint(4, 10)):
        post = writer.prose(20, 110)
        date = f"{writer.rng.randint(2010, 2026)}/{writer.rng.randint(1, 12):02}/{writer.rng.randint(1, 28):02} 12:34"
        top = f'<span>{number}</span> <b>{writer.phrase(2, 4)}</b> {date} <a href="/report?{number}">通報</a>'
        body += f'<div class="{_name(writer, "post", "res", "c")}"><div>{top}</div><div>{post}</div></div>'
        lines.append(post)
    return Page(_around(writer, title, f"<h1>{title}</h1><div>{body}</div>"), lines)


def table_of_facts(writer: Writer) -> Page:
    """A page of a shop or an office: a paragraph, and a table of names and values."""
    title, paragraph = writer.phrase(5, 12), writer.prose(60, 160)
    rows = [(writer.phrase(2, 5), writer.sentence()) for _ in range(writer.rng.randint(3, 8))]
    body = "".join(f"<tr><th>{name}</th><td>{value}</td></tr>" for name, value in rows)
    main = f"<h1>{title}</h1><p>{paragraph}</p><table>{body}</table>"
    main = f'<div class="{_name(writer, "item", "detail", "info")}">{main}</div>'
    return Page(_around(writer, title, main), [title, paragraph, *(f"{name} {value}" for name, value in rows)])


def short(writer: Writer) -> Page:
    """A notice of one paragraph in a frame that is longer than it."""
    title, lines = writer.phrase(6, 14), [writer.prose(30, 80)]
    return Page(_around(writer, title, f"<div><h1>{title}</h1><p>{lines[0]}</p></div>"), [title, *lines])


KINDS: Final[dict[str, Callable[[Writer], Page]]] = {
    "news": news,
    "lines with breaks": broken_lines,
    "tables of the nineties": old_tables,
    "sections and lists": sections,
    "questions and answers": answers,
    "thread": thread,
    "table of facts": table_of_facts,
    "short notice": short,
}
