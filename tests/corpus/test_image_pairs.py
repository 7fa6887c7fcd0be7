"""Image-text pairs: rows of a work become one document, from which the pairs can be cut out again."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from manyo.corpus.records import BrokenInput, Document, InputFile, Record, Refused
from manyo.corpus.sources import image_pairs as pairs
from manyo.corpus.text import tidy

SAMPLE = Path(__file__).parents[2] / "samples" / "pairs" / "pages.jsonl"
OPTIONS = pairs.Options(confidence_field="confidence", title_field="title")


def row(work: object, page: object, text: object, **more: object) -> dict[str, Any]:
    return {"work": work, "page": page, "image": f"https://iiif.example/{work}/{page}", "text": text, **more}


def read(path: Path, rows: list[dict[str, Any]], options: pairs.Options = OPTIONS) -> list[Document | Refused]:
    if path.suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist(rows), path)
    else:
        path.write_text("".join(json.dumps(value) + "\n" for value in rows), encoding="utf-8")
    return outcomes(path, options)


def outcomes(path: Path, options: pairs.Options = OPTIONS) -> list[Document | Refused]:
    found: list[Document | Refused] = []
    for shard in pairs.plan([InputFile(str(path), path.stat().st_size, "1")], options):
        for item in pairs.records(shard, options):
            outcome = item.refused if isinstance(item, BrokenInput) else pairs.parse(item, options)
            assert isinstance(outcome, Document | Refused)
            found.append(outcome)
    return found


def cut_out(document: Document) -> list[tuple[str, str]]:
    """The pairs of a document, as the module's docstring says."""
    starts = [start for _, start in document.pages] + [len(document.text)]
    return [
        (image, document.text[start:end].removesuffix("\n"))
        for (image, _), (start, end) in zip(document.pages, pairwise(starts), strict=True)
    ]


@pytest.mark.parametrize("ending", ["jsonl", "parquet"])
def test_a_work_is_its_pages_in_order(tmp_path: Path, ending: str) -> None:
    rows = [
        row("w1", "p10", "三丁\n目", confidence=0.5, title="草紙"),
        row("w1", "p2", "二丁目", confidence=0.9, title="草紙"),
        row("w2", "p1", "別の本", confidence=0.7, title="絵巻"),
    ]
    first, second = read(tmp_path / f"a.{ending}", rows)
    assert isinstance(first, Document)
    assert isinstance(second, Document)
    assert first.text == "二丁目\n三丁\n目"
    assert first.title == "草紙"
    assert first.meta["page_confidence"] == [0.9, 0.5]
    assert cut_out(first) == [("https://iiif.example/w1/p2", "二丁目"), ("https://iiif.example/w1/p10", "三丁\n目")]
    assert second.text == "別の本"


TEXTS = st.text("月花 かな\n舊", max_size=8).filter(lambda text: tidy(text) == text)


@settings(max_examples=50, deadline=None)
@given(st.lists(TEXTS, min_size=1, max_size=6).filter(lambda texts: any(text.strip() for text in texts)))
def test_the_pairs_can_be_cut_out_again(texts: list[str]) -> None:
    rows = [row("w", number, text) for number, text in enumerate(texts)]
    document = pairs.parse(Record("a.jsonl", 0, "w", rows), OPTIONS)
    assert isinstance(document, Document)
    assert cut_out(document) == [(f"https://iiif.example/w/{number}", text) for number, text in enumerate(texts)]


@pytest.mark.parametrize(
    ("rows", "reasons"),
    [
        ([row(None, 1, "月")], ["no_work"]),
        ([row("w", 1, ""), row("w", 2, None)], ["no_text"]),
        ([row("w", 1, "月"), row("w", 1, "花"), row("w", 2, "雪")], [None, "duplicate_page"]),
        (
            [row("w", 1, "月"), row("w", 4, "花"), row("v", "p2", "雪"), row("v", "p4", "")],
            [None] * 2 + ["missing_page"],
        ),
        ([row("w", 1, "月"), row("v", 1, "花"), row("w", 2, "雪")], [None, None, "work_in_pieces"]),
    ],
)
def test_what_makes_no_work_has_its_reason(
    tmp_path: Path, rows: list[dict[str, Any]], reasons: list[str | None]
) -> None:
    found = read(tmp_path / "a.jsonl", rows)
    got = [outcome.reason if isinstance(outcome, Refused) else None for outcome in found]
    assert sorted(map(str, got)) == sorted(map(str, reasons))
    assert {reason for reason in got if reason} <= set(pairs.REASONS)


def test_a_page_of_thousands_of_digits_costs_no_row(tmp_path: Path) -> None:
    # Python makes no number of them, and the rows are put in order before any one is isolated.
    rows = [row("w", "1" * 5000, "長"), row("w", 2, "短"), row("v", 1, "別")]
    assert [document.text for document in read(tmp_path / "b.jsonl", rows) if isinstance(document, Document)] == [
        "短\n長",
        "別",
    ]


def test_a_broken_row_costs_that_row(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps(row("w", 1, "月")) + "\n{\n" + json.dumps(row("w", 2, "花")) + "\n", encoding="utf-8")
    found = outcomes(path)
    assert [type(outcome).__name__ for outcome in found] == ["Refused", "Document"]
    assert isinstance(found[1], Document)
    assert found[1].text == "月\n花"


def test_the_sample_is_two_works() -> None:
    found = outcomes(SAMPLE)
    assert [outcome.title for outcome in found if isinstance(outcome, Document)] == ["月待草紙", "渡し船図会"]


def test_a_field_must_have_a_name() -> None:
    with pytest.raises(ValueError, match="work_field"):
        pairs.Options(work_field="")
