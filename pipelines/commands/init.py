"""`manyo init`: write a commented configuration for what a folder holds. It asks nothing and overwrites nothing."""

from __future__ import annotations

import argparse
import json
import os
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

from manyo.corpus.sources.row_addresses import address_fields
from manyo.pipelines.engine.errors import EXIT_DONE, UserError
from manyo.pipelines.graph.config_schema import schema

_CONFIG, _SCHEMA = "manyo.toml", "config.schema.json"

#: Ends of file names → kind and profile. What begins like the keys of `_BY_CONTENT` is of that kind instead.
_KINDS = {
    ".warc.gz": ("warc", "web"),
    ".warc": ("warc", "web"),
    ".arc.gz": ("warc", "web"),
    ".jsonl": ("jsonl", "web"),
    ".jsonl.gz": ("jsonl", "web"),
    ".jsonl.zst": ("jsonl", "web"),
    ".parquet": ("parquet", "web"),
    ".pdf": ("pdf", "pdf"),
    ".epub": ("files", "textbook"),
    ".docx": ("files", "textbook"),
    ".odt": ("files", "textbook"),
    ".idml": ("files", "textbook"),
    ".tex": ("files", "textbook"),
    ".xml": ("tei", "classical"),
    ".txt": ("text", "prose"),
}
_BY_CONTENT = {b"<Law": ("egov", "law"), b"<TEI": ("tei", "classical"), b"<patent": ("patent", "patent")}
_CONTENT_BYTES = 4096
#: Kinds of which the configuration says which field is what.
_WITH_FIELDS = ("jsonl", "parquet")

#: What stands for a licence until the user states one.
NO_LICENCE = "state it here"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `manyo init`."""
    parser.add_argument("folder", nargs="?", default=".", metavar="FOLDER", help="what to read (default: this folder)")


def run(options: argparse.Namespace) -> int:
    """Write manyo.toml and its schema into the current folder, print what was found, and return 0.

    Raises:
        UserError: there is no such folder, nothing in it can be read, or there is a configuration already.
    """
    folder = Path(options.folder)
    if not folder.is_dir():
        raise UserError(f"{folder}: is no folder")
    if os.path.exists(_CONFIG):
        raise UserError(f"{_CONFIG}: exists already; delete it first, or work in another folder")
    found, first = _found(folder)
    if not found:
        raise UserError(
            f"{folder}: holds no file that manyo reads; it reads {', '.join(_KINDS)} and more (docs/sources.md)"
        )
    addresses = {of: address_fields(of[0], str(path)) for of, path in first.items()}
    Path(_CONFIG).write_text(_configuration(found, addresses), encoding="utf-8")
    Path(_SCHEMA).write_text(schema(), encoding="utf-8")
    for (kind, _, _), patterns in sorted(found.items()):
        for pattern, n in sorted(patterns.items()):
            print(f"{n:,} files of kind {kind}: {pattern}")
    for (kind, _, suffix), fields in sorted(addresses.items()):
        if kind in _WITH_FIELDS and len(fields) != 1:
            which = (
                f"several fields hold addresses ({', '.join(fields)})"
                if fields
                else "no field of their first rows holds one"
            )
            print(f"{suffix} files have no addresses yet: {which}; see uri_field in {_CONFIG}")
    print(f"wrote {_CONFIG} and {_SCHEMA}; state the licence in {_CONFIG}, then: manyo check --config {_CONFIG}")
    return EXIT_DONE


#: Kind, profile and ending of the files of a source.
_Of: TypeAlias = tuple[str, str, str]


def _found(folder: Path) -> tuple[dict[_Of, Counter[str]], dict[_Of, Path]]:
    """Numbers of files by pattern, for each kind, profile and ending, and the first of these files."""
    found: dict[_Of, Counter[str]] = defaultdict(Counter)
    first: dict[_Of, Path] = {}
    paths, split = _files(folder)
    for path in paths:
        suffix = next((suffix for suffix in sorted(_KINDS, key=len, reverse=True) if path.name.endswith(suffix)), None)
        if suffix is None or not path.is_file():
            continue
        kind, profile = _KINDS[suffix]
        if suffix == ".xml":
            with path.open("rb") as stream:
                head = stream.read(_CONTENT_BYTES)
            kind, profile = next((of for begin, of in _BY_CONTENT.items() if begin in head), (kind, profile))
        whole = [one for one in path.parents if one not in split and (one == folder or folder in one.parents)]
        pattern = f"{whole[-1]}/**/*{suffix}" if whole else f"{path.parent}/*{suffix}"
        found[kind, profile, suffix][pattern] += 1
        first.setdefault((kind, profile, suffix), path)
    return found, first


def _files(folder: Path) -> tuple[list[Path], set[Path]]:
    """The files below a folder that may be data, and the folders of which not all below them may be."""
    paths: list[Path] = []
    split: set[Path] = set()
    for name, below, files in os.walk(folder):
        at = Path(name)
        data = sorted(one for one in below if not _is_no_data(at / one))
        if len(data) < len(below):
            split.update((at, *at.parents))
        below[:] = data
        paths += [at / one for one in sorted(files) if not one.startswith(".")]
    return paths, split


def _is_no_data(folder: Path) -> bool:
    """Whether it is hidden, an environment of Python, whose packages bring texts and tables, or what manyo wrote."""
    return folder.name.startswith(".") or any((folder / mark).is_file() for mark in ("pyvenv.cfg", "manyo.json"))


def _configuration(found: Mapping[_Of, Iterable[str]], addresses: Mapping[_Of, Sequence[str]]) -> str:
    names = Counter(kind for kind, _, _ in found)
    lines = [
        f"#:schema ./{_SCHEMA}",
        "# A configuration of manyo; docs/configuration.md has every key. Relative paths start at this file's folder.",
        "",
        "[run]",
        'out = "manyo-out"          # a folder or URI; later runs with other thresholds share it',
    ]
    numbers: Counter[str] = Counter()
    for of, patterns in sorted(found.items()):
        kind, profile, _ = of
        numbers[kind] += 1
        name = kind if names[kind] == 1 else f"{kind}{numbers[kind]}"
        lines += [
            "",
            "[[source]]",
            f'name    = "{name}"',
            f'kind    = "{kind}"',
            f"inputs  = {json.dumps(sorted(patterns), ensure_ascii=False)}",
            f'profile = "{profile}"          # whose rules decide: web, ocr, classical, law, prose, patent …',
            f'licence = "{NO_LICENCE}"  # the documents carry it',
            'uses    = ["train", "search", "display", "redistribute"]  # take out what you may not do with its text',
            *(_uri_field(addresses[of]) if kind in _WITH_FIELDS else ()),
        ]
    lines += [
        "",
        "[filter]",
        'rules = "default"          # or llmjp_v1, hojichar, fineweb2_ja, swallow_v1, or the path of your own',
        "",
        "# [tokenize]",
        '# model = "FILE"           # a SentencePiece model or tokenizer.json; without it there are no token shards',
        "# or, to train one on the release:",
        "# [tokenize.train]",
        "# vocabulary_size = 8_000  # for some megabytes of text; 64_000 for a gigabyte and more",
    ]
    return "\n".join(lines) + "\n"


def _uri_field(fields: Sequence[str]) -> Iterator[str]:
    """The line that names the field with the address of a document: stated if there is one field, else to be stated."""
    names = [json.dumps(name, ensure_ascii=False) for name in fields]
    if len(names) == 1:
        yield f"uri_field = {names[0]}  # the address of a document: by it hosts are known and takedowns find it"
        return
    yield "# without the address of a document no host, page or takedown by URL is found; state its field:"
    yield "# uri_field = " + (" or ".join(names) or '"FIELD"')
