"""How much work the kernels of the hot path do on families of text made to take long.

`NUMBA_DISABLE_JIT=1 python -m tests.hostile_work` prints, as JSON, how many kernels were counted, and each that does
more than twice the work on twice the text. Work is the number of elements of arrays that a kernel touches, its own
arrays included; compiled code cannot be counted. Kernels are wrapped where they are declared, so a new one is counted
without a line here.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np
import pyarrow as pa

from manyo.corpus import jit
from tests.corpus.hostile_markup import Counted

#: Length of the shorter texts, and the elements for each character by which work may grow beside.
_CHARS, _SLACK = 150, 4

#: What is repeated up to a size: pieces on which some pass over characters, lines, segments or names may look back.
PIECES: dict[str, str] = {
    "blanks": " ",
    "line ends": "\n",
    "ideographic blanks": "　",
    "TABs": "a\t",
    "one kana": "あ",
    "two kana": "あい",
    "one kanji": "漢",
    "long vowels": "ー",
    "iteration marks": "々",
    "katakana words": "カタカナ・",
    "Latin letters": "a",
    "Latin words": "ab ",
    "digits": "1",
    "numbers": "1,",
    "stops": "。",
    "commas": "、あ",
    "dots": "…",
    "bullets": "・あ\n",
    "short lines": "あ\n",
    "equal lines": "朝の市場へ行く。\n",
    "equal sentences": "朝の市場へ行く。",
    "equal paragraphs": "朝の市場へ行き、\n夜に帰る。\n\n",
    "open brackets": "（",
    "bracket pairs": "「あ」",
    "readings": "漢《かん》",
    "open readings": "｜漢《",
    "open notes": "※［＃",
    "accents": "〔a'",
    "combining marks": "か\u3099",
    "half-width marks": "ｶﾞ",
    "emoji": "\U0001f600",
    "surnames": "林",
    "places": "東京都港区1-1",
    "labels": "氏名：",
    "dates": "2024年1月2日 ",
    "telephone numbers": "03-1234-5678 ",
    "addresses of mail": "a@b.jp ",
    "web addresses": "http://a.jp/ ",
    "masks": "<人名1>",
    "names in a template": "港区の水道修理なら当店へお任せください。\n",
}


class _CountingNumpy:
    """NumPy for kernels: the arrays that it makes count."""

    def __getattr__(self, name: str) -> Any:
        value = getattr(np, name)
        if name not in ("zeros", "empty", "ones", "full", "arange"):
            return value
        return lambda *arguments, **named: value(*arguments, **named).view(Counted)


_touched: Counter[str] = Counter()
_running: list[str] = []


def counted(function: Callable[..., Any]) -> Callable[..., Any]:
    """A kernel whose work is added to `_touched`; that of kernels which it calls is theirs."""
    name = f"{function.__module__.rpartition('.')[2]}.{function.__name__}"
    if function.__module__.startswith("manyo."):
        function.__globals__["np"] = _CountingNumpy()

    @wraps(function)
    def call(*arguments: Any) -> Any:
        settle()
        _running.append(name)
        try:
            with np.errstate(over="ignore"):
                return function(*map(_counting, arguments))
        finally:
            settle()
            _running.pop()

    return call


def settle() -> None:
    """Give what was touched since the last time to the kernel that runs."""
    if _running:
        _touched[_running[-1]] += Counted.touched
    Counted.touched = 0


def _counting(argument: Any) -> Any:
    if isinstance(argument, np.ndarray):
        return argument.view(Counted)
    if isinstance(argument, tuple) and hasattr(argument, "_fields"):
        return type(argument)(*map(_counting, argument))
    return argument


def steps() -> dict[str, Callable[[str], object]]:
    """Name → what the hot path does with a text; markup has families of its own (`tests.corpus.hostile_markup`)."""
    jit._wrapping = counted  # before the modules of the kernels are imported
    from manyo.corpus.print import furniture, paragraphs
    from manyo.corpus.print.geometry_kernels import Box
    from manyo.corpus.print.notation import plain_text
    from manyo.corpus.print.paragraphs import running_text
    from manyo.corpus.print.recognised import Line, Page
    from manyo.corpus.text import tidy
    from manyo.corpus.web import sniff
    from manyo.corpus.web.charset import decode
    from manyo.corpus.web.main_text import extract
    from manyo.dedup.settings import Dedup
    from manyo.dedup.sketch.minhash import signatures
    from manyo.dedup.sketch.shingles import shingle_sets
    from manyo.dedup.sketch.view import as_compared
    from manyo.filters.pii.find import find_by_profile
    from manyo.filters.pii.scrub_settings import Scrub
    from manyo.filters.signals import fluency
    from manyo.filters.signals.measure import measure
    from manyo.filters.templates.counting import Templates, find_wordings

    # Bounds of what is compared with each other are set so low that growth beyond them shows in short texts.
    bounds = {(paragraphs, "MAX_LINES"): 8, (furniture, "MAX_COMPARED"): 8, (fluency, "MAX_QUOTE_CHARS"): 8}
    for (module, name), value in bounds.items():
        assert getattr(module, name) > value
        setattr(module, name, value)
    # Few permutations, because each is a pass of its own; texts of these lengths have signatures.
    usual = Dedup(view_profiles=("ocr",), min_chars=50, bands=2, rows=2)

    def batch(text: str) -> pa.RecordBatch:
        columns = {"doc_id": pa.array([bytes(16)], pa.binary(16)), "uri": ["https://a.example/1"], "profile": ["ocr"]}
        whole = {**columns, "title": [""], "text": pa.array([text], pa.large_string())}
        return pa.record_batch(list(map(pa.array, whole.values())), list(whole))

    def read_bytes(text: str) -> None:
        for charset in ("utf-8", "cp932", "euc_jp"):
            data = text.encode(charset, "replace")
            sniff.may_be_japanese(data)
            decode(data)

    def read_page(text: str) -> None:
        """The text as the lines of one page of four columns, and as pages of one line in the margin each."""
        pieces = [tidy(text[start : start + 5]).strip() or "一" for start in range(0, len(text), 5)]
        boxes = [Box(100 + 300 * (n % 4), 100 + 30 * (n // 4), 100, 20) for n in range(len(pieces))]
        lines = [Line(piece, box=box, block=n // 2) for n, (piece, box) in enumerate(zip(pieces, boxes, strict=True))]
        body = [Line(PIECES["equal lines"].strip(), box=Box(100, 300 + 30 * n, 160, 20)) for n in range(3)]
        heads = [Line(piece, box=Box(100, 100, 100, 20)) for piece in pieces[::4]]
        running_text([Page.of("1", lines), *(Page.of(str(n), (head, *body)) for n, head in enumerate(heads, 2))])

    def sketch(text: str) -> None:
        documents = batch(text)
        signatures(documents, usual)
        shingle_sets(as_compared(documents, usual), usual)

    return {
        "charset": read_bytes,
        "main text": lambda text: extract(f"<p>{text}</p>"),
        "notation": plain_text,
        "paragraphs": read_page,
        "signals": lambda text: measure(batch(text)),
        "personal information": lambda text: find_by_profile(pa.array([text]), ["web"], Scrub()),
        "templates": lambda text: find_wordings(batch(text), Templates(("ocr",))),
        "dedup": sketch,
    }


def quadratic(text: str) -> None:
    """A step that takes quadratic time on purpose: the law has to see it."""

    @counted
    def compare_all(points: Any) -> int:
        return sum(int(points[i] == points[j]) for i in range(len(points)) for j in range(i))

    compare_all(np.frombuffer(text.encode("utf-32-le"), np.uint32))


def touched(step: Callable[[str], object], piece: str, n_chars: int) -> dict[str, int]:
    """Elements touched by each kernel in a step over a piece that is repeated up to a length."""
    _touched.clear()
    step(piece * (n_chars // len(piece)))
    return dict(_touched)


def grows(once: dict[str, int], twice: dict[str, int], n_chars: int) -> list[str]:
    """Kernels that do more than twice the work, by a tenth and some elements a character."""
    return [name for name, work in twice.items() if work > 2.2 * once.get(name, 0) + _SLACK * n_chars]


def main() -> None:
    """Count every step on every family; where work grows too fast, count again on texts four times as long.

    Small tables grow in steps, and some passes begin at some length: what only looks like growth is gone by then.
    """
    every = {**steps(), "a quadratic step": quadratic}
    for step in every.values():  # tables are made once
        step(PIECES["equal lines"] * 9)
    kernels: set[str] = set()
    grown: dict[str, list[str]] = {}
    for name, step in every.items():
        for family, piece in list(PIECES.items())[: 1 if step is quadratic else None]:
            once, twice = (touched(step, piece, n_chars) for n_chars in (_CHARS, 2 * _CHARS))
            kernels |= twice.keys()
            if grows(once, twice, _CHARS):
                once, twice = (touched(step, piece, n_chars) for n_chars in (4 * _CHARS, 8 * _CHARS))
                for one in grows(once, twice, 4 * _CHARS):
                    grown.setdefault(f"{name}: {one}", []).append(family)
    print(json.dumps({"kernels": sorted(kernels), "families": len(PIECES), "grown": grown}, ensure_ascii=False))


if __name__ == "__main__":
    main()
