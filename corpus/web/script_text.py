"""Text that a page keeps in its scripts alone, as what a program draws in the browser: JSON, state, properties.

JSON-LD states an article as `articleBody`. Programs keep theirs under names of their own, in JSON
(`__NEXT_DATA__`, `__NUXT_DATA__`), in assignments (`window.__NUXT__=`), in calls (`self.__next_f.push`), or in
attributes (`data-page`). So every string of a script is read, and what counts is the name with the most Japanese under
it: the parts of an article share a name (`body`, `html`), while the messages of a program each have their own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape, unescape
from urllib.parse import unquote

from manyo.corpus.web.sniff import holds_kana

_KANA = re.compile("[\u3041-\u3096\u30a1-\u30fa\uff66-\uff9d]")
#: Names of JSON-LD under which a page states its own text. `description` is a teaser.
_STATED = frozenset(("articleBody", "text", "reviewBody", "recipeInstructions"))
_TOKEN = re.compile(
    r'"((?:[^"\\]|\\.)*+)"(\s*:)?|'
    r"'((?:[^'\\\n]|\\.)*+)'(\s*:)?|"
    r"`((?:[^`\\]|\\.)*+)`|"
    r"(?<![\w$])([A-Za-z_$][\w$]{0,80}+)\s{0,9}+:",
    re.DOTALL,
)
_ESCAPE = re.compile(r"\\(?:u\{([0-9a-fA-F]{1,6})\}|u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(.))", re.DOTALL)
_LETTERS = {"n": "\n", "r": "\n", "t": "\t", "b": "", "f": "", "v": ""}
_PROPERTIES = re.compile(rb"\s(?:data-[\w-]+|props|:[\w-]+)\s*=\s*(?:\"([^\"]{100,})\"|'([^']{100,})')")
#: The start of an attribute that may be JSON, which references may write.
_BLANK = rb"(?:\s|\xc2[\x85\xa0]|\xe1\x9a\x80|\xe2[\x80\x81].|\xe3\x80\x80)*+"
_MAY_BE_JSON = re.compile(rb"=\s*[\"']" + _BLANK + rb"[{\[&]", re.DOTALL)
#: Escapes that kana in a script start with, or that escape those: U+30xx, U+FFxx, and `%`, `\\` and `u` themselves.
_MAY_SPELL_KANA = re.compile(rb"\\(?:u\{?0*|x)(?:30|[fF][fF]|25|5[cC]|75)|%(?:[eE][3fF]|25)")
_MARKUP = re.compile(r"<(?:/[a-zA-Z]|(?:p|br|div|h[1-6]|ul|ol|li|section|article|table|ruby|span|a|b|strong)\b)")
_ANY_TAG = re.compile("<[^<>]*>")
#: What a string holds that is itself a script: a quoted name or value and what follows it.
_SCRIPT_INSIDE = re.compile(r'"\s*[:,\]}]')
#: A string with fewer kana is a label.
_LABEL_KANA = 10
#: A message of a program is shorter than this, in kana; an article is longer.
_LEAST_KANA = 40
#: A name with less than this share of the kana of the first is not the article's.
_LEAST_SHARE = 0.2
_MAX_NESTING = 3
#: Texts that begin alike are one text.
_SAME_CHARS = 40


def text_in_scripts(page: bytes) -> str:
    """The Japanese text in a page's scripts, as HTML; empty where there is none."""
    values: dict[str, list[str]] = {}
    for attributes, content in _scripts(page):
        is_stated = b"ld+json" in attributes
        if not _may_hold_text(content):
            continue
        for name, value in _values(content.decode("utf-8", "replace"), "", 0):
            if not is_stated or name in _STATED:
                values.setdefault(name, []).append(value)
    # Few pages have an attribute that may be JSON, and a search for one takes a tenth of the time.
    for double_quoted, single_quoted in _PROPERTIES.findall(page) if _MAY_BE_JSON.search(page) else ():
        raw = double_quoted or single_quoted
        if not (_may_hold_text(raw) or b"&#" in raw):
            continue
        written = unescape(raw.decode("utf-8", "replace"))
        if written.lstrip()[:1] in ("{", "["):
            for name, value in _values(written, "", 0):
                values.setdefault(name, []).append(value)
    weights = {
        name: sum(len(_KANA.findall(_ANY_TAG.sub("", value))) for value in set(of)) for name, of in values.items()
    }
    best = max(weights.values(), default=0)
    if best < _LEAST_KANA:
        return ""
    pieces: list[str] = []
    seen: set[str] = set()
    for name in sorted(values, key=lambda name: -weights[name]):
        if weights[name] < _LEAST_SHARE * best:
            continue
        for value in values[name]:
            plain = "".join(_ANY_TAG.sub("", value).split())
            # The same text a second time, without its tags or cut short, is not another text.
            if plain[:_SAME_CHARS] not in seen:
                seen.add(plain[:_SAME_CHARS])
                pieces.append(_as_html(value))
    return f"<article>{''.join(pieces)}</article>" if pieces else ""


def _may_hold_text(script: bytes) -> bool:
    """Whether a script may hold a string of Japanese text, in kana or in escapes for them."""
    return holds_kana(script, _LABEL_KANA) or _MAY_SPELL_KANA.search(script) is not None


def _scripts(page: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Attributes and content of the scripts; the last may be cut."""
    at = page.find(b"<script")
    while at >= 0:
        start = page.find(b">", at)
        if start < 0:
            return
        end = page.find(b"</script", start)
        yield page[at:start], page[start + 1 : end if end >= 0 else len(page)]
        at = page.find(b"<script", end) if end >= 0 else -1


def _values(written: str, name: str, nesting: int) -> Iterator[tuple[str, str]]:
    """Names and values of the strings of a script that are Japanese text."""
    for token in _TOKEN.finditer(written):
        double_quoted, names, single_quoted, also_names, template, bare = token.groups()
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
            yield from _values(value, name, nesting + 1)
        elif len(_KANA.findall(value)) >= _LABEL_KANA:
            yield name, value


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
    if _MARKUP.search(value):
        return f"<div>{value}</div>"
    return "".join(f"<p>{escape(line)}</p>" for line in value.split("\n") if line.strip())
