"""Which documents may be used for what, and which are used for nothing; rules do not change it."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from manyo.corpus.schema import DOCUMENTS
from manyo.corpus.sources.source_kinds import SOURCE_USES
from manyo.filters.permissions import USES
from manyo.filters.rights import (
    COLUMNS,
    REASONS,
    Rights,
    UsePolicy,
    barred,
    granted_uses,
    may,
    may_display,
    uses_column,
)

ALL = list(USES)


def batch(*rows: tuple[list[str], list[str]]) -> pa.RecordBatch:
    """Documents of sources that grant uses, whose pages state directives to everyone."""
    columns = [
        {
            "uses": uses,
            "robots": robots,
            "statements": [f"meta *: {one}" for one in robots],
            "uri": f"https://a.example/{number}",
            "fetched_at": datetime(2026, 4, 1, tzinfo=UTC),
        }
        for number, (uses, robots) in enumerate(rows)
    ]
    return pa.RecordBatch.from_pylist(columns, schema=pa.schema([DOCUMENTS.schema.field(name) for name in COLUMNS]))


def reasons(documents: pa.RecordBatch, rights: Rights) -> list[list[bool]]:
    listed: list[list[bool]] = barred(documents, granted_uses(documents, rights), rights).tolist()
    return listed


ROWS = batch((ALL, []), (["display"], []), (ALL, ["noindex", "noai"]), ([], ["noai"]), (ALL, ["noarchive"]))


def test_the_uses_of_sources_are_those_of_documents() -> None:
    assert SOURCE_USES == USES


def test_a_source_whose_text_may_not_leave_is_barred_whatever_its_pages_say() -> None:
    assert [row[0] for row in reasons(ROWS, Rights())] == [False, True, False, True, False]


def test_pages_are_barred_by_what_the_configuration_honours_and_by_nothing_else() -> None:
    assert [row[1] for row in reasons(ROWS, Rights(opted_out=("noai",)))] == [False, False, True, True, False]
    assert [row[1] for row in reasons(ROWS, Rights())] == [False] * 5


def test_a_policy_takes_away_its_own_use() -> None:
    granted = granted_uses(ROWS, Rights(train=UsePolicy()))
    assert uses_column(granted).to_pylist()[2] == ["search", "display", "redistribute"]
    assert uses_column(granted_uses(ROWS, Rights(display=UsePolicy()))).to_pylist()[4] == [
        "train",
        "search",
        "redistribute",
    ]
    assert reasons(ROWS, Rights(train=UsePolicy(), redistribute=UsePolicy(silence="denied"))) == [
        [False, False],
        [True, False],
        [False, True],
        [True, False],
        [False, False],
    ]


def test_statements_to_one_agent_count_where_the_policy_honours_it() -> None:
    documents = ROWS.slice(0, 1).set_column(
        COLUMNS.index("statements"),
        DOCUMENTS.schema.field("statements"),
        pa.array([["meta gptbot: noai"]], DOCUMENTS.schema.field("statements").type),
    )
    for agents, granted in (((), True), (("GPTBot",), False), (("CCBot",), True)):
        assert granted_uses(documents, Rights(train=UsePolicy(agents)))[0, USES.index("train")] == granted


def test_a_day_in_a_statement_has_come_or_not_as_of_the_policys_day() -> None:
    documents = ROWS.slice(0, 1).set_column(
        COLUMNS.index("statements"),
        DOCUMENTS.schema.field("statements"),
        pa.array([["meta *: unavailable_after: 2026-05-01"]], DOCUMENTS.schema.field("statements").type),
    )
    for as_of, granted in (("crawl", True), ("2026-04-30", True), ("2026-05-02", False)):
        assert granted_uses(documents, Rights(search=UsePolicy(as_of=as_of)))[0, USES.index("search")] == granted


@given(st.lists(st.tuples(st.lists(st.sampled_from(ALL), unique=True), st.lists(st.sampled_from(["noai", "noindex"])))))
@settings(max_examples=50, deadline=None)
def test_no_policy_grants_what_the_source_does_not(rows: list[tuple[list[str], list[str]]]) -> None:
    documents = batch(*rows)
    by_source = granted_uses(documents, Rights())
    by_policy = granted_uses(documents, Rights(train=UsePolicy(), search=UsePolicy(silence="denied")))
    assert not (by_policy & ~by_source).any()
    for column, use in enumerate(USES):
        assert np.array_equal(may(uses_column(by_policy), use).to_numpy(zero_copy_only=False), by_policy[:, column])
    for row, may_show in zip(documents.to_pylist(), by_source[:, USES.index("display")].tolist(), strict=True):
        assert may_display(row, Rights()) == may_show


def test_the_reason_of_the_source_is_named_before_that_of_the_page() -> None:
    assert tuple(REASONS) == ("release_forbidden", "opted_out")


def test_an_empty_batch_has_no_rows() -> None:
    assert reasons(ROWS.slice(0, 0), Rights(opted_out=("noai",))) == []


def test_an_unknown_directive_is_an_error_that_names_the_known_ones() -> None:
    with pytest.raises(ValueError, match="opted_out: 'nope' is not one of noindex, noarchive, noai"):
        Rights(opted_out=("nope",))


def test_a_day_that_is_none_is_an_error() -> None:
    with pytest.raises(ValueError, match="as_of: 'now' is neither crawl nor a day"):
        UsePolicy(as_of="now")


def test_a_ban_of_no_agents_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="there are no agents who could be banned"):
        UsePolicy(crawl_bans=True)
