from collections import Counter

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from manyo.corpus.schema import BOILERPLATE, LABEL
from manyo.dedup.boilerplate import (
    BOILERPLATE_LINES,
    LINES,
    combine_lines,
    deal_lines,
    find_boilerplate,
    key_lines,
    most_frequent,
    without_boilerplate,
)
from manyo.dedup.settings import Boilerplate
from manyo.dedup.sketch.exact import fold_character
from tests.dedup.pages import documents

NOTICE = "この日本語訳はすでに古くなっている可能性があります。"
SMALL = Boilerplate(min_documents=2, min_host_fraction=0.5, min_chars=2)


def pages(texts, hosts, profiles=None):
    """A batch of documents with profiles; host None gives an identifier that is not a web address."""
    uris = ["urn:x" if host is None else f"http://{host}.jp/{i}" for i, host in enumerate(hosts)]
    batch = documents(texts, uris=uris)
    return batch.append_column("profile", pa.array(profiles or ["web"] * len(texts)).cast(LABEL))


def boilerplate(shards, usual=SMALL, unique=None, parts=3):
    """Rows of BOILERPLATE and of BOILERPLATE_LINES for each shard, by way of both halves of the exchange."""
    unique = unique or [np.ones(batch.num_rows, bool) for batch in shards]
    columns = list(zip(shards, unique, strict=True))
    dealt = [deal_lines([key_lines(batch, chosen, usual)], parts) for batch, chosen in columns]
    totals = [combine_lines([shard[part] for shard in dealt], usual) for part in range(parts)]
    found = []
    for n, (batch, chosen) in enumerate(columns):
        of_shard = pa.Table.from_batches([part[n] for part in totals], LINES.schema).sort_by("key").combine_chunks()
        repeated = of_shard.to_batches() or [pa.RecordBatch.from_pylist([], LINES.schema)]
        found.append(find_boilerplate(batch, chosen, repeated[0], usual))
    return found


def oracle(texts, hosts, usual):
    """For each document the numbers of its boilerplate lines, counted one line at a time."""
    folded = [["".join(map(fold_character, line)) for line in text.split("\n")] for text in texts]
    of_host = Counter(host for host in hosts if host is not None)
    in_line = Counter((host, line) for host, lines in zip(hosts, folded, strict=True) for line in set(lines))
    return [
        [
            number
            for number, line in enumerate(lines)
            if host is not None
            and len(line) >= usual.min_chars
            and in_line[host, line] >= max(usual.min_documents, usual.min_host_fraction * of_host[host])
        ]
        for host, lines in zip(hosts, folded, strict=True)
    ]


texts_of_lines = st.lists(st.sampled_from(["", " ", "あ", "あい", "あ い", "うえお", "ＡＢ", "ab"]), max_size=5).map(
    "\n".join
)
corpora = st.lists(st.tuples(texts_of_lines, st.sampled_from(["a", "b", None])), max_size=12)


@settings(deadline=None, max_examples=60)
@given(corpora, st.integers(0, 12), st.integers(1, 4), st.sampled_from([0, 0.5, 1]), st.randoms())
def test_marked_lines_equal_the_oracle_for_any_division_into_shards(rows, cut, parts, fraction, dice):
    usual = Boilerplate(min_documents=2, min_host_fraction=fraction, min_chars=2)
    dice.shuffle(rows)
    texts, hosts = [row[0] for row in rows], [row[1] for row in rows]
    found = boilerplate([pages(texts[:cut], hosts[:cut]), pages(texts[cut:], hosts[cut:])], usual, parts=parts)
    assert all(marked.schema == BOILERPLATE.schema for marked, _ in found)
    assert [row["lines"] for marked, _ in found for row in marked.to_pylist()] == oracle(texts, hosts, usual)


@settings(deadline=None, max_examples=30)
@given(corpora)
def test_removal_deletes_the_marked_lines_and_nothing_else(rows):
    texts, hosts = [row[0] for row in rows], [row[1] for row in rows]
    batch = pages(texts, hosts)
    ((marked, _),) = boilerplate([batch])
    left = {}
    for text, lines, doc_id in zip(texts, oracle(texts, hosts, SMALL), batch.column("doc_id").to_pylist(), strict=True):
        rest = [line for number, line in enumerate(text.split("\n")) if number not in lines]
        if not lines:
            left[doc_id] = text
        elif "".join(rest).strip():
            left[doc_id] = "\n".join(rest).strip("\n")
    released = without_boilerplate(batch, marked)
    assert released.schema == batch.schema
    assert dict(zip(*(released.column(name).to_pylist() for name in ("doc_id", "text")), strict=True)) == left


def test_a_notice_is_removed_on_its_own_host_and_kept_where_another_host_quotes_it():
    texts = [f"{NOTICE}\n記事その{i}。" for i in range(3)] + [f"引用します。\n{NOTICE}"]
    batch = pages(texts, ["a", "a", "a", "b"])
    ((marked, lines),) = boilerplate([batch])
    assert without_boilerplate(batch, marked).column("text").to_pylist() == [
        "記事その0。",
        "記事その1。",
        "記事その2。",
        texts[3],
    ]
    (line,) = lines.to_pylist()
    assert line.pop("doc_id") == batch.column("doc_id")[0].as_py()
    assert line == {"host": "a.jp", "line": NOTICE, "documents": 3, "host_documents": 3}
    assert marked.column("chars").to_pylist() == [len(NOTICE)] * 3 + [0]


def test_a_line_repeated_in_one_document_is_counted_once():
    ((marked, _),) = boilerplate([pages([f"{NOTICE}\n" * 5, "一", "二"], ["a"] * 3)])
    assert marked.column("lines").to_pylist() == [[], [], []]


def test_copies_removed_by_dedup_are_not_counted():
    batch = pages([NOTICE] * 3, ["a"] * 3)
    ((marked, _),) = boilerplate([batch], unique=[np.array([True, False, False])])
    assert marked.column("lines").to_pylist() == [[], [], []]


def test_flagged_profiles_keep_their_lines_and_other_profiles_are_not_counted():
    usual = Boilerplate(remove=("web",), flag=("prose",), min_documents=2, min_host_fraction=0, min_chars=2)
    batch = pages([f"{NOTICE}\n本文{i}" for i in range(3)], ["a"] * 3, ["web", "prose", "law"])
    ((marked, _),) = boilerplate([batch], usual)
    assert marked.column("lines").to_pylist() == [[0], [0], []]
    assert marked.column("removed").to_pylist() == [True, False, False]
    kept = [f"{NOTICE}\n本文{i}" for i in (1, 2)]
    assert without_boilerplate(batch, marked).column("text").to_pylist() == ["本文0", *kept]


NOBODY = pa.array([], pa.binary(16))


def test_each_line_is_shown_once_the_most_frequent_first():
    rows = [
        {"doc_id": bytes(16), "host": "a.jp", "line": "短 い", "documents": 3, "host_documents": 9},
        {"doc_id": bytes(16), "host": "b.jp", "line": "長い", "documents": 7, "host_documents": 9},
        {"doc_id": bytes(16), "host": "a.jp", "line": "短い", "documents": 3, "host_documents": 9},
    ]
    batches = [pa.RecordBatch.from_pylist([row], BOILERPLATE_LINES.schema) for row in rows]
    assert most_frequent(batches, 5, NOBODY) == [rows[1], rows[0]]
    assert most_frequent(batches, 1, NOBODY) == [rows[1]]


def test_a_line_is_shown_unless_every_document_quoted_is_taken_down():
    row = {"host": "a.jp", "line": NOTICE, "documents": 3, "host_documents": 9}
    batches = [
        pa.RecordBatch.from_pylist([{"doc_id": doc_id, **row}], BOILERPLATE_LINES.schema)
        for doc_id in (b"a" * 16, b"b" * 16)
    ]
    one, both = (pa.array(doc_ids, pa.binary(16)) for doc_ids in ([b"a" * 16], [b"a" * 16, b"b" * 16]))
    assert [found["doc_id"] for found in most_frequent(batches, 5, one)] == [b"b" * 16]
    assert most_frequent(batches, 5, both) == []


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"min_documents": 0}, "min_documents must be at least 1"),
        ({"min_host_fraction": 1.5}, "min_host_fraction must be from 0 to 1"),
        ({"flag": ("web",)}, "web is named in both"),
    ],
)
def test_contradictory_settings_are_errors(wrong, message):
    with pytest.raises(ValueError, match=message):
        Boilerplate(**wrong)
