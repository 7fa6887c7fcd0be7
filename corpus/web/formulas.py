"""Formulas of a page: each once, on one line, however often the page draws it.

Browsers lack one way to show a formula, so pages repeat it: KaTeX writes MathML beside its own boxes, MathJax writes
its boxes, MathML for screen readers and keeps the TeX in a script, MediaWiki adds a picture. Of what stands for one
formula, TeX is taken where the page has it, as `$…$` (`$$…$$` for a displayed one), else the MathML, written on one
line: `c^2`, `(a+b)/2`, `√(gh)`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

#: Where a formula is in the page, and what is written for it.
Formula = tuple[int, int, str]

#: A longer element is no formula: patterns search each of them several times.
_MAX_BYTES = 20_000
#: A tag of an element that may hold a formula. Attributes that are longer hold no class that counts.
_TAG = re.compile(rb"<(/?)((?:\w+:)?math|mjx-container|span|div|p|script)(?=[\s/>])([^>]{0,500}+)>", re.IGNORECASE)
_DRAWN = re.compile(rb"\bclass\s*=\s*[\"']?[^\"'>]*(?:katex|mathjax|mjx-chtml|mwe-math-element)", re.IGNORECASE)
_FORMULA_SCRIPT = re.compile(rb"\btype\s*=\s*[\"']?\s*math/(tex|asciimath|mml)", re.IGNORECASE)
_ANNOTATION = re.compile(
    rb"<(?:\w+:)?annotation\b[^>]*encoding\s*=\s*[\"']?application/x-tex[^>]*>(.*?)</(?:\w+:)?annotation", re.I | re.S
)
_ALT_TEXT = re.compile(rb"<(?:\w+:)?math\b[^>]*\balttext\s*=\s*(?:\"([^\"]*)\"|'([^']*)')", re.IGNORECASE)
_MATHML = re.compile(rb"<((?:\w+:)?math)\b.*?</\1\s*>", re.IGNORECASE | re.DOTALL)
_SCRIPT_INSIDE = re.compile(rb"<script\b[^>]*\bmath/(tex|asciimath|mml)[^>]*>(.*?)</script", re.IGNORECASE | re.DOTALL)
_PICTURE = re.compile(rb"<img\b[^>]*\balt\s*=\s*(?:\"([^\"]+)\"|'([^']+)')", re.IGNORECASE)
_SCRIPT_FOLLOWS = re.compile(rb"(?:\s|</?(?:span|div|p)\b[^>]{0,300}>){0,9}<script\b[^>]{0,200}\bmath/", re.IGNORECASE)
_IS_DISPLAYED = re.compile(
    rb"\bdisplay\s*=\s*[\"']?(?:block|true)|mode\s*=\s*display|katex-display|MathJax_(?:SVG_)?Display", re.IGNORECASE
)
_STYLE = re.compile(r"^\{\\(?:display|text)style\s*(.*)\}$", re.DOTALL)
_ELEMENT = re.compile(r"<(/?)(?:\w+:)?([\w-]+)[^<>]*?(/?)>|([^<]+)")
_INVISIBLE = re.compile("[\u2061-\u2064\u200b]")
#: Elements whose parts are joined by a sign.
_JOINTS = {
    "msup": ("^",), "mover": ("^",), "msub": ("_",), "munder": ("_",), "mfrac": ("/",), "msubsup": ("_", "^"),
    "munderover": ("_", "^"),
}  # fmt: skip


def find_formulas(page: bytes) -> list[Formula]:
    """The formulas of a page, in its order; none lies in another."""
    found: list[Formula] = []
    for start, end, name, attributes in _elements(page):
        if found and start < found[-1][1]:
            continue
        written = _written(page, start, end, name, attributes)
        if written is not None:
            found.append((start, end, written))
    return found


def _elements(page: bytes) -> list[tuple[int, int, str, bytes]]:
    """First byte, the byte after the last, name and attributes of the elements that are drawn or that hold a formula.

    One pass: an end tag closes the last open element of its name.
    """
    open_tags: dict[str, list[tuple[int, bytes, bool]]] = {}
    found = []
    for tag in _TAG.finditer(page):
        name = tag[2].decode().lower().rpartition(":")[2]
        opened = open_tags.setdefault(name, [])
        if not tag[1]:
            names = _FORMULA_SCRIPT if name == "script" else _DRAWN
            counts = name in ("math", "mjx-container") or names.search(tag[3]) is not None
            opened.append((tag.start(), tag[3], counts))
        elif opened:
            start, attributes, counts = opened.pop()
            if counts:
                found.append((start, tag.end(), name, attributes))
    return sorted(found, key=lambda element: (element[0], -element[1]))


def _written(page: bytes, start: int, end: int, name: str, attributes: bytes) -> str | None:
    """What is written for an element that holds a formula; None where it does not."""
    content = page[start : min(end, start + _MAX_BYTES)]
    is_displayed = _IS_DISPLAYED.search(content[:2000]) is not None
    if name != "script" and name != "math" and _SCRIPT_FOLLOWS.match(page, end):
        return ""  # what MathJax drew from the script
    if tex := _tex_of(content):
        mark = "$$" if is_displayed else "$"
        return f"{mark}{tex}{mark}"
    if mathml := _MATHML.search(content):
        return _linear(mathml[0].decode("utf-8", "replace"))
    if script := _SCRIPT_INSIDE.search(content):
        return _linear(script[2].decode("utf-8", "replace"))
    if picture := _PICTURE.search(content):
        return f"${_tidy(picture[1] or picture[2])}$"
    return "" if name == "mjx-container" or b"MathJax_Preview" in attributes else None


def _tex_of(content: bytes) -> str:
    if found := _ANNOTATION.search(content):
        return _tidy(found[1])
    if found := _ALT_TEXT.search(content):
        return _tidy(found[1] or found[2])
    found = _SCRIPT_INSIDE.search(content)
    return _tidy(found[2], is_script=True) if found and found[1].lower() != b"mml" else ""


def _tidy(tex: bytes, *, is_script: bool = False) -> str:
    text = tex.decode("utf-8", "replace")
    text = " ".join((text if is_script else unescape(text)).split())
    text = text.removeprefix("% <![CDATA[").removesuffix("%]]>").strip()
    inner = _STYLE.match(text)
    return inner[1].strip() if inner else text


def _linear(mathml: str) -> str:
    """MathML on one line."""
    stack: list[tuple[str, list[str]]] = [("", [])]
    skipped = 0
    for is_end, name, is_empty, text in _tokens(mathml):
        if skipped or name in ("annotation", "annotation-xml"):
            if name in ("annotation", "annotation-xml") and not is_empty:
                skipped += -1 if is_end else 1
        elif text:
            stack[-1][1].append(text)
        elif is_end and any(opened == name for opened, _ in stack):
            while stack[-1][0] != name:
                _close(stack)
            _close(stack)
        elif not is_end and not is_empty:
            stack.append((name, []))
    while len(stack) > 1:
        _close(stack)
    return "".join(stack[0][1])


def _tokens(mathml: str) -> Iterator[tuple[bool, str, bool, str]]:
    for token in _ELEMENT.finditer(mathml):
        text = _INVISIBLE.sub("", " ".join(unescape(token[4] or "").split()))
        yield bool(token[1]), (token[2] or "").lower(), bool(token[3]), text


def _close(stack: list[tuple[str, list[str]]]) -> None:
    """Write the innermost open element into the one around it."""
    name, parts = stack.pop()
    around = stack[-1][1]
    if name in _JOINTS and len(parts) == len(_JOINTS[name]) + 1:
        signs = ("", *_JOINTS[name])
        around.append("".join(sign + _grouped(part) for sign, part in zip(signs, parts, strict=True)))
    elif name == "msqrt":
        around.append("√" + _grouped("".join(parts)))
    elif name == "mroot" and len(parts) == 2:
        around.append(f"{_grouped(parts[0])}^(1/{parts[1]})")
    elif name == "mfenced":
        around.append(f"({','.join(parts)})")
    elif name in ("mtr", "mtable"):
        around.append((", " if name == "mtr" else "; ").join(parts))
    else:
        around.append("".join(parts))


def _grouped(part: str) -> str:
    return part if len(part) == 1 or part.isdigit() or (part[:1] == "(" and part[-1:] == ")") else f"({part})"
