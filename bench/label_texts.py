"""Writes the texts that labels name by a digest, from repositories that hold them.

    python -m bench.label_texts REPOSITORIES DATA --out FILE

`bench/labels/sources.tsv` says which files hold labelled texts: repository and commit on GitHub, path (`*` for any
name), and how a text is cut from the file (`cuts_of`). REPOSITORIES is a folder with a clone of each, named OWNER+NAME,
bare or not; nothing is fetched. DATA is that of `bench.quality_examples`, of which `text/*.json` is read. FILE has one
JSON object a text, in the order of the digests, so that it is the same whenever it is written. How many texts of each
draw were found is printed; a source none of whose files is there ends the command.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import subprocess
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from lxml import etree, html

from bench.quality_examples import LABELS, digest_name, rows_of

#: Draws of which each label names a text by its digest.
_FILES = ("crawl.tsv", "one_reader.tsv")
_BLANKS = re.compile(r"[ \t]+")
#: Elements that begin no line.
_INLINE = ("a", "span", "b", "strong", "em", "font", "i", "u", "small", "sup", "sub", "mark", "label", "big")
_INLINE += ("abbr", "time", "s", "del", "ins", "code", "ruby", "rb", "rt")
_LONG_LINE = 40
_MARKS = frozenset("。！？!?")
#: Whole pages were drawn up to so many characters.
_MOST_OF_PAGE = 20_000
#: Of files of sites: what a server fills in, control characters, and what a page does not show.
_SCRIPT = re.compile(r"<\?(?:php|=).*?\?>", re.DOTALL | re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f]")
_FRONT_MATTER = re.compile(r"\A---.*?\n---\n", re.DOTALL)
_SPACES = re.compile(r"[ \t\r\xa0]+")
_UNSEEN = "//script|//style|//noscript|//comment()|//template"
_QUOTED = re.compile(r"'((?:[^'\\\n]|\\.)*)'|\"((?:[^\"\\\n]|\\.)*)\"")


def main() -> None:
    """Write the file and say what was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("repositories", type=Path)
    parser.add_argument("data", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    rows = [row for name in _FILES for row in rows_of(LABELS / name) if row["id"].startswith("text-")]
    wanted = {row["id"] for row in rows}
    found: dict[str, str] = {}
    for content, cut in _contents(options.repositories, options.data):
        for text in cuts_of(content, cut):
            name = digest_name(text)
            if name in wanted:
                found[name] = text
    lines = (json.dumps({"text": text}, ensure_ascii=False) + "\n" for _, text in sorted(found.items()))
    options.out.write_text("".join(lines), encoding="utf-8")
    n_named = Counter(row["draw"] for row in rows)
    n_found = Counter(row["draw"] for row in rows if row["id"] in found)
    for draw, n in sorted(n_named.items()):
        print(f"{draw:13} {n_found[draw]:4} of {n}")


def cuts_of(content: str, cut: str) -> Iterator[str]:
    """Yield the texts of a file, each as it is and without blanks around it.

    Args:
        cut: `lines`, all of them; `before the last TAB` of each line, also with runs of blanks and TABs as one blank;
            `strings` of the JSON value, or of that of each line; `quoted in output`, what quotation marks enclose in
            the strings of a notebook; `text nodes` of each page (`_page_lines`), all of it and from its first long
            line with a mark to its last; `markup`, what a page shows; `Markdown`, what follows the front matter; `all`
            of the file. `\\n` is read as a line end too.
    """
    match cut:
        case "lines":
            texts: Iterator[str] = iter(content.split("\n"))
        case "before the last TAB":
            cells = (line.rpartition("\t")[0] for line in content.split("\n"))
            texts = (text for cell in cells for text in (cell, _BLANKS.sub(" ", cell)))
        case "strings":
            texts = _strings_of(content)
        case "quoted in output":
            found = (match for text in _strings_of(content) for match in _QUOTED.finditer(text))
            texts = (match[1] or match[2] or "" for match in found)
        case "text nodes":
            pages = (_page_lines(page["text"]) for page in json.loads(content)["tag_records"]) if content else ()
            texts = (text for lines in pages for text in _parts(lines))
        case "markup":
            texts = iter((_shown(content),))
        case "Markdown":
            texts = iter((_FRONT_MATTER.sub("", _CONTROL.sub("", _SCRIPT.sub("", content))),))
        case "all":
            texts = iter((content,))
        case _:
            raise SystemExit(f"sources.tsv: no such cut: {cut}")
    for text in texts:
        yield text
        yield text.strip()
        if "\\n" in text:
            yield text.replace("\\n", "\n").strip()


def _page_lines(nodes: Sequence[Sequence[str]]) -> list[str]:
    """The lines of a page that is given as its text nodes.

    Args:
        nodes: text and element; the page's nodes are listed for each element that they are in, `html` first.
    """
    within: dict[str, set[str]] = defaultdict(set)
    for text, *elements in nodes:
        for element in elements:
            within[element].add(text.strip())
    inline = set().union(*(within[element] for element in _INLINE))
    prose = set().union(*(within[element] for element in ("p", "dd", "td", "blockquote")))
    prose -= set().union(*(within[element] for element in ("li", "nav", "ul")))
    lines: list[str] = []
    last = ""
    for text in (text.strip() for text, *elements in nodes if elements == ["html"]):
        if not text:
            continue
        # A link in a sentence is no line of its own.
        if lines and {last, text} <= prose and {last, text} & inline:
            lines[-1] += text
        else:
            lines.append(text)
        last = text
    return lines


def _parts(lines: list[str]) -> Iterator[str]:
    """Yield what was drawn of a page: all of it, its beginning, and from mark to mark."""
    whole = "\n".join(lines).strip()
    yield whole
    yield whole[:_MOST_OF_PAGE]
    yield "\n".join(_from_mark_to_mark(lines))


def _shown(content: str) -> str:
    """The lines of text that a page of markup shows, without what a server fills in; "" where there is no page."""
    try:
        page = html.fromstring(_CONTROL.sub("", _SCRIPT.sub("", content)))
    except (etree.ParserError, ValueError):
        return ""
    for element in page.xpath(_UNSEEN):
        if element.getparent() is not None:
            element.drop_tree()
    for element in page.iter():
        if isinstance(element.tag, str) and element.tag not in _INLINE:
            element.tail = (element.tail or "") + "\n"
            element.text = "\n" + (element.text or "")
    lines = (_SPACES.sub(" ", line).strip() for line in page.text_content().split("\n"))
    return "\n".join(filter(None, lines))


def _from_mark_to_mark(lines: list[str]) -> list[str]:
    at = [number for number, line in enumerate(lines) if len(line) >= _LONG_LINE and set(line) & _MARKS]
    return lines[at[0] : at[-1] + 1] if at else []


def _strings_of(content: str) -> Iterator[str]:
    try:
        values = [json.loads(content)]
    except json.JSONDecodeError:
        values = [json.loads(line) for line in content.split("\n") if line.strip()]
    while values:
        value: Any = values.pop()
        match value:
            case str():
                yield value
            case dict():
                values.extend(value.values())
            case list():
                values.extend(value)
                if value and all(isinstance(item, str) for item in value):
                    yield "".join(value)


def _contents(repositories: Path, data: Path) -> Iterator[tuple[str, str]]:
    """Yield the content of each file that has labelled texts, and how they are cut from it."""
    for path in sorted((data / "text").glob("*.json")):
        yield path.read_text(encoding="utf-8"), "strings"
    for row in rows_of(LABELS / "sources.tsv"):
        folder = repositories / row["repository"].replace("/", "+")
        names = _git(folder, "ls-tree", "-r", "-z", "--name-only", row["commit"]).decode().split("\0")
        chosen = [name for name in names if fnmatchcase(name, row["path"])]
        if not chosen:
            raise SystemExit(f"sources.tsv: {row['repository']} has no {row['path']} at {row['commit']}")
        for name in chosen:
            content = _git(folder, "cat-file", "blob", f"{row['commit']}:{name}")
            if name.endswith(".gz"):
                content = gzip.decompress(content)
            yield content.decode(errors="replace"), row["cut"]


def _git(folder: Path, *words: str) -> bytes:
    try:
        return subprocess.run(["git", "-C", folder, *words], check=True, capture_output=True).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        said = error.stderr.decode().strip() if isinstance(error, subprocess.CalledProcessError) else error
        raise SystemExit(f"{folder}: {said}; clone the repository there and fetch its commit") from error


if __name__ == "__main__":
    main()
