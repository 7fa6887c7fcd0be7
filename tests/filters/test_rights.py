"""Which documents may not be released, and that rules do not change it."""

from __future__ import annotations

import pyarrow as pa
import pytest

from manyo.corpus.schema import DOCUMENTS
from manyo.filters.rights import REASONS, Rights, barred


def batch(*rows: tuple[bool, list[str]]) -> pa.RecordBatch:
    columns = [{"release_allowed": allowed, "robots": robots} for allowed, robots in rows]
    return pa.RecordBatch.from_pylist(
        columns, schema=pa.schema([DOCUMENTS.schema.field(name) for name in ("release_allowed", "robots")])
    )


ROWS = batch((True, []), (False, []), (True, ["noindex", "noai"]), (False, ["tdm_reserved"]), (True, ["noarchive"]))


def test_a_source_that_may_not_be_released_is_barred_whatever_its_pages_say() -> None:
    assert barred(ROWS, ()).tolist() == [[False, False], [True, False], [False, False], [True, False], [False, False]]


def test_pages_are_barred_by_what_the_configuration_honours_and_by_nothing_else() -> None:
    assert barred(ROWS, ("noai", "tdm_reserved"))[:, 1].tolist() == [False, False, True, True, False]
    assert not barred(ROWS, ("noimageai",))[:, 1].any()


def test_what_pages_state_is_not_read_where_nothing_is_opted_out() -> None:
    assert barred(ROWS.select(["release_allowed"]), ())[:, 1].tolist() == [False] * ROWS.num_rows


def test_each_column_is_of_the_reason_in_its_place() -> None:
    forbidden, opted_out = barred(batch((False, []), (True, ["noai"])), ("noai",)).tolist()
    assert [dict(zip(REASONS, row, strict=True)) for row in (forbidden, opted_out)] == [
        {"release_forbidden": True, "opted_out": False},
        {"release_forbidden": False, "opted_out": True},
    ]


def test_the_reason_of_the_source_is_named_before_that_of_the_page() -> None:
    assert REASONS == ("release_forbidden", "opted_out")


def test_an_empty_batch_has_no_rows() -> None:
    assert barred(ROWS.slice(0, 0), ("noai",)).shape == (0, 2)


def test_an_unknown_directive_is_an_error_that_names_the_known_ones() -> None:
    with pytest.raises(ValueError, match="opted_out: 'nope' is not one of noindex, noarchive, noai"):
        Rights(opted_out=("nope",))
