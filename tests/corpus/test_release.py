"""Laws of masking, and the release rows."""

from datetime import UTC, datetime
from itertools import pairwise

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from manyo.corpus.release import MAX_PSEUDONYM, SPANS, Pseudonyms, in_view, is_kept, mask, release_batch, resolve
from manyo.corpus.schema import DECISIONS, DOCUMENTS, DUPLICATES, RELEASE
from manyo.corpus.structure import NO_STRUCTURE

MASKS = {"phone": "<電話番号>", "email": "<メールアドレス>", "address": "<住所>"}


@st.composite
def texts_with_spans(draw: st.DrawFn) -> tuple[str, list[tuple[int, int, str]]]:
    text = draw(st.text(min_size=1, max_size=30))
    start_and_size = st.tuples(st.integers(0, len(text) - 1), st.integers(1, 10), st.sampled_from(list(MASKS)))
    spans = [
        (start, min(start + size, len(text)), kind) for start, size, kind in draw(st.lists(start_and_size, max_size=6))
    ]
    return text, spans


@given(texts_with_spans())
def test_resolved_spans_are_disjoint_and_cover_the_same_characters(
    case: tuple[str, list[tuple[int, int, str]]],
) -> None:
    _, spans = case
    resolved = resolve(spans, MASKS)
    assert all(a[1] <= b[0] for a, b in pairwise(resolved))
    covered = {i for start, stop, _ in spans for i in range(start, stop)}
    assert {i for start, stop, _ in resolved for i in range(start, stop)} == covered


@given(texts_with_spans(), st.randoms())
def test_the_order_of_spans_does_not_matter(case: tuple[str, list[tuple[int, int, str]]], random: object) -> None:
    text, spans = case
    shuffled = sorted(spans, key=lambda _: random.random())  # type: ignore[attr-defined]
    assert mask(text, shuffled, MASKS) == mask(text, spans, MASKS)


@given(texts_with_spans())
def test_characters_outside_spans_stay_and_those_inside_go(case: tuple[str, list[tuple[int, int, str]]]) -> None:
    text, spans = case
    covered = {i for start, stop, _ in spans for i in range(start, stop)}
    blank_masks = dict.fromkeys(MASKS, "")
    assert mask(text, spans, blank_masks) == "".join(char for i, char in enumerate(text) if i not in covered)


def test_overlapping_spans_get_the_mask_of_the_longest() -> None:
    assert mask("abcdefghij", [(0, 3, "phone"), (2, 9, "email")], MASKS) == "<メールアドレス>j"


def test_of_equally_long_overlapping_spans_the_kind_named_first_wins() -> None:
    assert mask("abcdef", [(0, 4, "address"), (2, 6, "email")], MASKS) == "<メールアドレス>"


def test_touching_spans_stay_apart() -> None:
    assert mask("abcd", [(0, 2, "phone"), (2, 4, "phone")], MASKS) == "<電話番号><電話番号>"


def test_positions_count_code_points() -> None:
    assert mask("𠮷😀e\u0301x", [(1, 2, "phone")], MASKS) == "𠮷<電話番号>e\u0301x"


@pytest.mark.parametrize("span", [(3, 3, "phone"), (2, 9, "phone"), (-1, 2, "phone")])
def test_a_span_outside_the_text_is_refused(span: tuple[int, int, str]) -> None:
    with pytest.raises(ValueError, match="is not within a text of 4 characters"):
        mask("abcd", [span], MASKS)


def documents(
    texts: list[str],
    titles: list[str] | None = None,
    uris: list[str] | None = None,
    comments: list[str] | None = None,
) -> pa.RecordBatch:
    rows = [
        {
            "doc_id": i.to_bytes(16, "big"),
            "source": "web",
            "licence": "see the page",
            "profile": "web",
            "uri": uris[i] if uris else f"https://example.jp/{i}",
            "fetched_at": datetime(2026, 1, 1, tzinfo=UTC),
            "title": titles[i] if titles else "題",
            "text": text,
            "comments": comments[i] if comments else "",
        }
        for i, text in enumerate(texts)
    ]
    return pa.RecordBatch.from_pylist(rows, schema=DOCUMENTS.schema)


def spans(*rows: tuple[int, int, int, str]) -> pa.RecordBatch:
    names = ("row", "start", "stop", "kind")
    return pa.RecordBatch.from_pylist(
        [dict(zip(names, row, strict=True), score=1.0, rule="test") for row in rows], schema=SPANS
    )


NONE = spans()


def test_text_title_uri_and_comments_are_masked_and_masks_in_all_but_the_uri_counted() -> None:
    uris = ["https://example.jp/?mail=a@b", "https://example.jp/"]
    batch = documents(["電話は03", "なし"], ["a@b", "題"], uris, ["", "03へ"])
    made = release_batch(
        batch,
        spans((0, 3, 5, "phone")),
        spans((0, 0, 3, "email")),
        spans((0, 25, 28, "email")),
        spans((1, 0, 2, "phone")),
        MASKS,
    )
    assert made.schema == RELEASE.schema
    assert made.column("text").to_pylist() == ["電話は<電話番号>", "なし"]
    assert made.column("title").to_pylist() == ["<メールアドレス>", "題"]
    assert made.column("uri").to_pylist() == ["https://example.jp/?mail=<メールアドレス>", "https://example.jp/"]
    assert made.column("comments").to_pylist() == ["", "<電話番号>へ"]
    phone, email = {"kind": "phone", "count": 1}, {"kind": "email", "count": 1}
    assert made.column("pii").to_pylist() == [[phone, email], [phone]]


def test_overlapping_spans_count_as_the_one_mask_they_become() -> None:
    made = release_batch(documents(["abcdef"]), spans((0, 0, 4, "phone"), (0, 2, 6, "phone")), NONE, NONE, NONE, MASKS)
    assert made.column("pii").to_pylist() == [[{"kind": "phone", "count": 1}]]


def test_masks_of_a_kind_are_counted_over_text_and_title_together() -> None:
    found = spans((0, 0, 1, "phone"), (0, 2, 3, "phone"), (0, 4, 5, "email"))
    made = release_batch(documents(["a b c"], ["d"]), found, spans((0, 0, 1, "phone")), NONE, NONE, MASKS)
    assert made.column("pii").to_pylist() == [[{"kind": "phone", "count": 3}, {"kind": "email", "count": 1}]]


def test_an_empty_batch_gives_no_rows() -> None:
    made = release_batch(documents([]), NONE, NONE, NONE, NONE, MASKS)
    assert made.num_rows == 0
    assert made.schema == RELEASE.schema


@settings(max_examples=40, deadline=None)
@given(st.lists(texts_with_spans(), min_size=1, max_size=5), st.data())
def test_cutting_a_batch_anywhere_changes_no_row(
    rows: list[tuple[str, list[tuple[int, int, str]]]], data: st.DataObject
) -> None:
    batch = documents([text for text, _ in rows])
    columns = [(row, *span) for row, (_, of_row) in enumerate(rows) for span in of_row]
    whole = release_batch(batch, spans(*columns), NONE, NONE, NONE, MASKS)
    cut = data.draw(st.integers(0, len(rows)))
    first = release_batch(batch.slice(0, cut), spans(*(s for s in columns if s[0] < cut)), NONE, NONE, NONE, MASKS)
    rest = spans(*((s[0] - cut, *s[1:]) for s in columns if s[0] >= cut))
    second = release_batch(batch.slice(cut), rest, NONE, NONE, NONE, MASKS)
    assert first.to_pylist() + second.to_pylist() == whole.to_pylist()


def test_a_document_is_kept_if_no_rule_and_not_dedup_removes_it() -> None:
    reasons = [[], ["short"], [], ["short", "adult"], []]
    stays = [True, True, False, False, None]
    decisions = pa.RecordBatch.from_pylist(
        [{"doc_id": bytes([i]) * 16, "reasons": one} for i, one in enumerate(reasons)], schema=DECISIONS.schema
    )
    duplicates = pa.RecordBatch.from_pylist(
        [{"doc_id": bytes([i]) * 16, "kept": one} for i, one in enumerate(stays)], schema=DUPLICATES.schema
    )
    assert is_kept(decisions, duplicates).tolist() == [True, False, False, False, False]


def test_of_three_overlapping_spans_the_longest_names_the_mask_wherever_it_stands() -> None:
    assert mask("abcdefghijk", [(0, 6, "phone"), (4, 7, "email"), (6, 11, "address")], MASKS) == "<電話番号>"


def test_a_span_within_another_one_does_not_cut_it_short() -> None:
    assert mask("abcdefgh", [(0, 8, "phone"), (2, 3, "email")], MASKS) == "<電話番号>"


# --- pseudonyms --------------------------------------------------------------------------------------


def numbered(*values: str, met: Pseudonyms | None = None) -> str:
    """The masks of values that stand one after another in a text of one document."""
    text = "、".join(values)
    starts = [sum(len(value) + 1 for value in values[:i]) for i in range(len(values))]
    found = [(start, start + len(value), "phone") for start, value in zip(starts, values, strict=True)]
    return mask(text, found, MASKS, {} if met is None else met)


@pytest.mark.parametrize(
    ("value", "same"),
    [
        ("Taro@Example.jp", "taro@example.JP"),
        ("straße", "STRASSE"),
        ("０３-１２３４", "03-1234"),
        ("03-1234-5678", "0312345678"),
        ("03（1234）5678", "03 1234 5678"),
        ("03‐1234", "03−1234"),
        ("山田 太郎", "山田　太郎"),
    ],
)
def test_a_value_has_one_number_in_every_spelling(value: str, same: str) -> None:
    assert numbered(value, "other", same) == "<電話番号1>、<電話番号2>、<電話番号1>"


def test_values_are_numbered_in_the_order_in_which_they_come_from_one_on() -> None:
    assert numbered("b", "a", "b", "c") == "<電話番号1>、<電話番号2>、<電話番号1>、<電話番号3>"


def test_each_kind_is_numbered_by_itself() -> None:
    found = [(0, 1, "phone"), (2, 3, "email"), (4, 5, "phone")]
    assert mask("a b c", found, MASKS, {}) == "<電話番号1> <メールアドレス1> <電話番号2>"


def test_values_after_the_last_number_share_the_mask_without_a_number() -> None:
    met: Pseudonyms = {}
    values = [f"v{i}" for i in range(MAX_PSEUDONYM + 2)]
    masks = numbered(*values, met=met).split("、")
    assert MAX_PSEUDONYM == 999
    assert masks[997:] == ["<電話番号998>", "<電話番号999>", "<電話番号>", "<電話番号>"]
    assert numbered("v998", "v999", "v0", met=met) == "<電話番号999>、<電話番号>、<電話番号1>"


def test_numbers_go_on_from_the_text_to_the_title_and_start_again_with_each_document() -> None:
    made = release_batch(
        documents(["a b", "b"], ["b", "a"]),
        spans((0, 0, 1, "phone"), (0, 2, 3, "phone"), (1, 0, 1, "phone")),
        spans((0, 0, 1, "phone"), (1, 0, 1, "phone")),
        NONE,
        NONE,
        MASKS,
        is_numbered=True,
    )
    assert made.column("text").to_pylist() == ["<電話番号1> <電話番号2>", "<電話番号1>"]
    assert made.column("title").to_pylist() == ["<電話番号2>", "<電話番号2>"]


def test_without_numbers_a_value_has_the_mask_of_its_kind() -> None:
    made = release_batch(documents(["a a"]), spans((0, 0, 1, "phone"), (0, 2, 3, "phone")), NONE, NONE, NONE, MASKS)
    assert made.column("text").to_pylist() == ["<電話番号> <電話番号>"]


def test_a_batch_may_hold_masked_rows_in_any_place() -> None:
    rows = spans((3, 0, 1, "phone"), (1, 1, 2, "email"))
    made = release_batch(documents(["ab", "cd", "ef", "gh"]), rows, NONE, NONE, NONE, MASKS)
    assert made.column("text").to_pylist() == ["ab", "c<メールアドレス>", "ef", "<電話番号>h"]
    assert [len(kinds) for kinds in made.column("pii").to_pylist()] == [0, 1, 0, 1]


def test_a_view_is_made_of_the_masked_text_and_masks_count_as_before() -> None:
    heading = {"start": [0], "stop": [3], "kind": ["heading"], "value": ["2"]}
    rows = documents(["見出し\n電話は03です"]).to_pylist()
    batch = pa.RecordBatch.from_pylist([rows[0] | {"structure": heading}], schema=DOCUMENTS.schema)
    masked = release_batch(batch, spans((0, 7, 9, "phone")), NONE, NONE, NONE, MASKS)
    assert in_view(masked, "plain") is masked
    made = in_view(masked, "markdown")
    assert made.schema == RELEASE.schema
    assert made.column("text").to_pylist() == ["## 見出し\n電話は<電話番号>です"]
    assert made.column("structure").to_pylist() == [NO_STRUCTURE._asdict()]
    assert made.column("pii").to_pylist() == masked.column("pii").to_pylist()
