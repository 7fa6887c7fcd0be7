"""Text that a page keeps in its scripts alone, as what a program draws in the browser: JSON, state, properties.

JSON-LD states an article as `articleBody`. Programs keep theirs under names of their own, in JSON
(`__NEXT_DATA__`, `__NUXT_DATA__`), in assignments (`window.__NUXT__=`), in calls (`self.__next_f.push`), or in
attributes (`data-page`). So every string of a script is read, and what counts is the name with the most Japanese under
it: the parts of an article share a name (`body`, `html`), while the messages of a program each have their own. The
object or list around these parts is the article, and what else is Japanese in it (headings, rows of tables, an access
map's line) belongs to it, in the order of the script.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from html import escape, unescape
from itertools import count, groupby
from typing import NamedTuple
from urllib.parse import unquote

from manyo.corpus.web.sniff import holds_kana

_KANA = re.compile("[\u3041-\u3096\u30a1-\u30fa\uff66-\uff9d]")
#: Names of JSON-LD under which a page states its own text. `description` is a teaser.
_STATED = frozenset(("articleBody", "text", "reviewBody", "recipeInstructions"))
#: A script that is no program, but markup or text that one shows; the name of its content.
_NO_PROGRAM = re.compile(
    rb"type\s*=\s*[\"']?text/(?:(?:x-)?(?:html|template|markdown|handlebars)|ng-template|plain)", re.I
)
_TEXT_NAME = "text"
_TOKEN = re.compile(
    r'"((?:[^"\\]|\\.)*+)"(\s*:)?|'
    r"'((?:[^'\\\n]|\\.)*+)'(\s*:)?|"
    r"`((?:[^`\\]|\\.)*+)`|"
    r"(?<![\w$])([A-Za-z_$][\w$]{0,80}+)\s{0,9}+:|"
    r"([{}\[\]])",
    re.DOTALL,
)
_ESCAPE = re.compile(r"\\(?:u\{([0-9a-fA-F]{1,6})\}|u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(.))", re.DOTALL)
_LETTERS = {"n": "\n", "r": "\n", "t": "\t", "b": "", "f": "", "v": ""}
#: The start of an attribute that may be JSON, which references may write, and the name before it.
_BLANK = rb"(?:\s|\xc2[\x85\xa0]|\xe1\x9a\x80|\xe2[\x80\x81].|\xe3\x80\x80)*+"
_MAY_BE_JSON = re.compile(rb"=\s*([\"'])" + _BLANK + rb"[{\[&]", re.DOTALL)
_PROPERTY_NAME = re.compile(rb"\s(?:data-[\w-]+|props|:[\w-]+)\s*\Z")
_PROPERTY_NAME_BYTES = 100
_LEAST_PROPERTY_BYTES = 100
#: Escapes that kana in a script start with, or that escape those: U+30xx, U+FFxx, and `%`, `\\` and `u` themselves.
#: Each begins with a byte of its own, which is searched for ten times as fast as either of two.
_MAY_SPELL_KANA = (re.compile(rb"\\(?:u\{?0*|x)(?:30|[fF][fF]|25|5[cC]|75)"), re.compile(rb"%(?:[eE][3fF]|25)"))
_MARKUP = re.compile(r"<(?:/[a-zA-Z]|(?:p|br|div|h[1-6]|ul|ol|li|section|article|table|ruby|span|a|b|strong)\b)")
_ANY_TAG = re.compile("<[^<>]*>")
#: A string with fewer kana is a label.
_LABEL_KANA = 10
#: A message of a program is shorter than this, in kana; an article is longer.
_LEAST_KANA = 40
#: A name with less than this share of the kana of the first is not the article's.
_LEAST_SHARE = 0.2
_MAX_NESTING = 3
#: Objects and lists around a string that are told apart.
_MAX_DEPTH = 50
#: The article has this share of the kana under its names.
_ARTICLE_SHARE = 0.9
_JAPANESE = re.compile("[\u3041-\u3096\u30a1-\u30fa\u3005\u4e00-\u9fff]")
#: Texts that begin alike are one text.
_SAME_CHARS = 40


class _Said(NamedTuple):
    """A string of a script that has Japanese text.

    Attributes:
        name: the name that it has, or that the list around it has.
        text: the string.
        path: numbers of the scripts, objects and lists around it, the outermost first.
        n_kana: kana outside tags.
        is_listed: whether it is in a list; is_cell: in a list of lists.
    """

    name: str
    text: str
    path: tuple[int, ...]
    n_kana: int
    is_listed: bool
    is_cell: bool


def text_in_scripts(page: bytes) -> str:
    """The Japanese text in a page's scripts, as HTML; empty where there is none."""
    numbers = count()
    said: list[_Said] = []
    for attributes, content in _scripts(page):
        if not _may_hold_text(content):
            continue
        written = content.decode("utf-8", "replace")
        if _NO_PROGRAM.search(attributes):
            said.append(_Said(_TEXT_NAME, written, (next(numbers),), _count_kana(written), False, False))
            continue
        strings = _strings(written, "", (next(numbers),), numbers)
        is_stated = b"ld+json" in attributes
        said += [one for one in strings if not is_stated or one.name in _STATED]
    for raw in _properties(page):
        if not (_may_hold_text(raw) or b"&#" in raw):
            continue
        # Nearly every reference in JSON stands for a quotation mark; `unescape` takes a microsecond for each.
        written = unescape(raw.replace(b"&quot;", b'"').decode("utf-8", "replace"))
        if written.lstrip()[:1] in ("{", "["):
            said += _strings(written, "", (next(numbers),), numbers)
    pieces = _pieces(_article(said))
    return f"<article>{''.join(pieces)}</article>" if pieces else ""


def _article(said: list[_Said]) -> list[_Said]:
    """The strings that are the article, in the order of the page."""
    texts = [one for one in said if one.n_kana >= _LABEL_KANA]
    weights = _weights(texts)
    if max(weights.values(), default=0) < _LEAST_KANA:
        # Verse and rows of a table: many short lines under one name, where each message of a program has its own.
        texts = [one for one in said if one.n_kana]
        weights = _weights(texts)
    best = max(weights.values(), default=0)
    if best < _LEAST_KANA:
        return []
    chosen = [one for one in texts if weights[one.name] >= _LEAST_SHARE * best]
    around = _around(chosen)
    taken = {*map(id, chosen)}
    others = [one for one in said if one.name and id(one) not in taken and one.path[: len(around)] == around]
    # In a program, what surrounds its texts is the program; in a list of all that it says, its labels.
    is_article = len(around) > 1 and sum(one.n_kana for one in others) <= sum(one.n_kana for one in chosen)
    kept = taken.union(map(id, others)) if is_article else taken
    return [one for one in said if id(one) in kept]


def _weights(texts: list[_Said]) -> Counter[str]:
    """Kana under each name, of each text once."""
    weights: Counter[str] = Counter()
    for name, text in {(one.name, one.text): one for one in texts}:
        weights[name] += _count_kana(text)
    return weights


def _around(chosen: list[_Said]) -> tuple[int, ...]:
    """The path of the innermost object or list with most of some strings."""
    around: tuple[int, ...] = ()
    total = sum(one.n_kana for one in chosen)
    while True:
        within: Counter[tuple[int, ...]] = Counter()
        for one in chosen:
            if len(one.path) > len(around) and one.path[: len(around)] == around:
                within[one.path[: len(around) + 1]] += one.n_kana
        ((inner, n_kana),) = within.most_common(1) or [((), 0)]
        if n_kana < _ARTICLE_SHARE * total:
            break
        around = inner
    # A list of strings is a part of the article.
    is_list = any(one.path == around and one.is_listed for one in chosen)
    return around[:-1] if is_list else around


def _pieces(article: list[_Said]) -> list[str]:
    """The strings of an article as HTML, each text once; the cells of a row share a line."""
    longest: dict[str, _Said] = {}
    for one in article:
        # The same text a second time, without its tags or cut short, is not another text.
        key = _beginning(one)
        if key not in longest or len(one.text) > len(longest[key].text):
            longest[key] = one
    pieces = []
    for (is_row, _), group in groupby(article, key=lambda one: (one.is_cell, one.path if one.is_cell else ())):
        row = list(group)
        if is_row and len(row) > 1 and not any(one.n_kana >= _LABEL_KANA for one in row):
            pieces.append(f"<table><tr>{''.join(f'<td>{escape(one.text)}</td>' for one in row)}</tr></table>")
        else:
            pieces += [_as_html(one.text) for one in row if one.n_kana < _LABEL_KANA or longest[_beginning(one)] is one]
    return pieces


def _beginning(one: _Said) -> str:
    return "".join(_ANY_TAG.sub("", one.text).split())[:_SAME_CHARS]


def _properties(page: bytes) -> Iterator[bytes]:
    """Values of the attributes in which a page may keep what a program draws."""
    for found in _MAY_BE_JSON.finditer(page):
        name = _PROPERTY_NAME.search(page, max(0, found.start() - _PROPERTY_NAME_BYTES), found.start())
        end = page.find(found[1], found.end(1))
        if name and end - found.end(1) >= _LEAST_PROPERTY_BYTES:
            yield page[found.end(1) : end]


def _may_hold_text(script: bytes) -> bool:
    """Whether a script may hold a string of Japanese text, in kana or in escapes for them."""
    return holds_kana(script, _LABEL_KANA) or any(one.search(script) for one in _MAY_SPELL_KANA)


def _scripts(page: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Attributes and content of the scripts; the last may be cut."""
    lower = page.lower()
    at = lower.find(b"<script")
    while at >= 0:
        start = lower.find(b">", at)
        if start < 0:
            return
        end = lower.find(b"</script", start)
        yield lower[at:start], page[start + 1 : end if end >= 0 else len(page)]
        at = lower.find(b"<script", end) if end >= 0 else -1


def _strings(
    written: str, name: str, path: tuple[int, ...], numbers: Iterator[int], nesting: int = 0
) -> Iterator[_Said]:
    """The strings of a script that have Japanese text; a string that is a script itself gives its own."""
    outer: list[tuple[str, bool, tuple[int, ...]]] = []
    for token in _TOKEN.finditer(written):
        double_quoted, names, single_quoted, also_names, template, bare, sign = token.groups()
        if sign in ("{", "["):
            outer.append((name, sign == "[", path))
            path = (*path, next(numbers)) if len(path) < _MAX_DEPTH else path
            continue
        if sign:
            name, _, path = outer.pop() if outer else (name, False, path)
            continue
        if bare or names or also_names:
            name = bare or double_quoted or single_quoted or ""
            continue
        value = _unescaped(double_quoted or single_quoted or template or "")
        if value.count("%") * 4 > len(value) or "%22" in value:
            value = unquote(value)
        if (
            '"' in value
            and nesting < _MAX_NESTING
            and (value.lstrip()[:1] in ("{", "[") or re.search(r'["\]}]\s*[,:\]}]', value))
        ):
            yield from _strings(value, name, (*path, next(numbers)), numbers, nesting + 1)
        elif _JAPANESE.search(value):
            is_listed = bool(outer) and outer[-1][1]
            is_cell = is_listed and len(outer) > 1 and outer[-2][1]
            yield _Said(name, value, path, _count_kana(value), is_listed, is_cell)


def _unescaped(written: str) -> str:
    if "\\" not in written:
        return written
    text = _ESCAPE.sub(_character, written)
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _character(match: re.Match[str]) -> str:
    code = match[1] or match[2] or match[3]
    if code:
        return chr(min(int(code, 16), 0x10FFFF))
    return _LETTERS.get(match[4], match[4])


def _count_kana(value: str) -> int:
    return len(_KANA.findall(_ANY_TAG.sub("", value)))


def _as_html(value: str) -> str:
    if "<" not in value and "&lt;" in value:
        value = unescape(value)
    if _MARKUP.search(value) and value.count("\n") > value.count("<"):
        return "".join(f"<p>{line}</p>" for line in value.split("\n") if line.strip())
    if _MARKUP.search(value):
        return f"<div>{value}</div>"
    return "".join(f"<p>{escape(line)}</p>" for line in value.split("\n") if line.strip())
