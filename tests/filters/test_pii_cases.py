"""Precision and recall of every kind on labelled sentences; `python -m tests.filters.test_pii_cases` prints them."""

import csv
import os
import re
import tomllib
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import pyarrow as pa
import pytest

from manyo.corpus.release import resolve
from manyo.filters.pii.find import find
from manyo.filters.pii.kinds import PII_KINDS

KINDS = [kind.name for kind in PII_KINDS]
TABLE, BLIND, UNSEEN = (
    tomllib.loads(Path(__file__).with_name(name).read_text("utf-8"))
    for name in ("pii_cases.toml", "pii_cases_blind.toml", "pii_cases_unseen.toml")
)
DATA = os.environ.get("MANYO_DATA")

Spans = set[tuple[int, int, str]]


@dataclass
class Score:
    found: int = 0
    expected: int = 0
    right: int = 0
    wrong: list[str] = field(default_factory=list)

    @property
    def precision(self) -> float:
        return self.right / self.found if self.found else 1.0

    @property
    def recall(self) -> float:
        return self.right / self.expected if self.expected else 1.0


def unmark(marked: str, kind: str) -> tuple[str, Spans]:
    """A sentence without its ⟦ ⟧, and what they enclosed."""
    parts, spans, length = [], set(), 0
    for i, part in enumerate(re.split("[⟦⟧]", marked)):
        if i % 2:
            named, _, value = part.partition(":")
            other, part = (named, value) if named in KINDS else (kind, part)
            spans.add((length, length + len(part), other))
        parts.append(part)
        length += len(part)
    return "".join(parts), spans


def masked_spans(texts: list[str]) -> list[Spans]:
    """What would be masked in each text, all kinds looked for."""
    of_text: list[list[tuple[int, int, str]]] = [[] for _ in texts]
    for span in find(pa.array(texts, pa.large_string()), KINDS).to_pylist():
        of_text[span["row"]].append((span["start"], span["stop"], span["kind"]))
    return [set(resolve(spans, KINDS)) for spans in of_text]


def scores(table: dict[str, dict[str, list[str]]]) -> dict[str, Score]:
    """The score of each kind on the labelled sentences of a table."""
    cases = [unmark(marked, kind) for kind, of in table.items() for marked in of["positive"] + of["negative"]]
    by_kind = {kind: Score() for kind in KINDS}
    for (text, expected), found in zip(cases, masked_spans([text for text, _ in cases]), strict=True):
        for span in expected | found:
            score = by_kind[span[2]]
            score.expected += span in expected
            score.found += span in found
            score.right += span in expected and span in found
            if (span in expected) != (span in found):
                score.wrong.append(f"{'found' if span in found else 'missed'} {text[span[0] : span[1]]!r} in {text!r}")
    return by_kind


@cache
def scores_of_tables() -> list[dict[str, Score]]:
    """The scores on the three tables. Seen by now; the figures at first sight are in docs/pii.md."""
    return [scores(table) for table in (TABLE, BLIND, UNSEEN)]


#: Precision and recall; whether a word is a name, a dictionary says, and it does not know every name.
FLOORS = dict.fromkeys(KINDS, (0.98, 0.95)) | {"person_name": (0.9, 0.8)}


def rows_of_the_page() -> list[str]:
    """A row for each kind: spans, precision and recall on all labelled sentences together."""
    rows = []
    for kind in KINDS:
        of = [table[kind] for table in scores_of_tables()]
        every = Score(*(sum(getattr(one, name) for one in of) for name in ("found", "expected", "right")))
        rows.append(f"| `{kind}` | {every.expected} | {every.precision:.3f} | {every.recall:.3f} |")
    return rows


@pytest.mark.parametrize("kind", KINDS)
def test_precision_and_recall_stay_above_their_floors(kind: str) -> None:
    precision, recall = FLOORS[kind]
    for score in (table[kind] for table in scores_of_tables()):
        assert score.precision >= precision, score.wrong
        assert score.recall >= recall, score.wrong


def test_every_kind_has_cases_of_both_sorts() -> None:
    with_cases = [kind for kind in KINDS if kind in TABLE]
    assert all(TABLE[kind]["positive"] and TABLE[kind]["negative"] for kind in with_cases)
    tables = [*TABLE.values(), *BLIND.values(), *UNSEEN.values()]
    assert sum(len(of["positive"]) + len(of["negative"]) for of in tables) >= 750


def test_the_figures_in_the_documentation_are_these() -> None:
    page = (Path(__file__).parents[2] / "docs" / "pii.md").read_text("utf-8")
    for row in rows_of_the_page():
        assert row in page, f"docs/pii.md should say: {row}"


LABELS = {
    "phone_mobile": "phone",
    "phone_freedial": "phone",
    "phone_international": "phone",
    "address": "postal_address",
}
LABELS |= {"postal": "postal_address", "name": "person_name"}


@pytest.mark.skipif(DATA is None, reason="MANYO_DATA does not point to the labelled examples")
def test_labelled_examples_of_others_are_found_and_their_negatives_left_alone() -> None:
    with (Path(str(DATA)) / "pii" / "pii_examples_ja.tsv").open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines, delimiter="\t"))
    for row, found in zip(rows, masked_spans([row["text"] for row in rows]), strict=True):
        label = re.split("[ =]", row["expected"])[0]
        # m1 is a My Number only for those who do not look at its check digit.
        nothing = label in ("NOT", "none") or "only if" in row["expected"]
        wanted = "" if nothing else LABELS.get(label, label)
        assert {kind for _, _, kind in found} == ({wanted} if wanted else set()), row


@pytest.mark.skipif(DATA is None, reason="MANYO_DATA does not point to the made-up numbers")
def test_my_numbers_with_a_right_check_digit_are_found_after_the_word() -> None:
    with (Path(str(DATA)) / "pii" / "my_number_made_up.tsv").open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines, delimiter="\t"))
    for row, found in zip(rows, masked_spans([f"個人番号 {row['number']}" for row in rows]), strict=True):
        one_digit = len(set(row["number"])) == 1
        assert bool(found) == (row["check_digit"] == "valid" and not one_digit), row


if __name__ == "__main__":
    print("| kind | spans | precision | recall |\n|---|---|---|---|", *rows_of_the_page(), sep="\n")
