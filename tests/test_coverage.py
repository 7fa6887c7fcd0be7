"""The page on coverage adds up, and names only kinds of sources that there are."""

from __future__ import annotations

import re

from docs.coverage import coverage_page, sub_corpora
from manyo.corpus.sources.source_kinds import KINDS


def test_shares_of_kinds_and_of_sub_corpora_add_up_to_the_whole() -> None:
    page = coverage_page()
    of_kinds, of_parts = page.split("| sub-corpus |")
    shares = [float(share) for share in re.findall(r"([\d.]+)% \|$", of_kinds, re.M)]
    assert abs(sum(shares) - 100) < 0.5
    assert abs(sum(float(share) for share in re.findall(r"\| ([\d.]+)% \|", of_parts)) - 100) < 0.1


def test_what_no_kind_reads_is_not_counted_as_read() -> None:
    parts = sub_corpora()
    unread = sum(one.weight for one in parts if not one.kinds) / sum(one.weight for one in parts)
    assert 0 < unread < 1
    assert f"of {1 - unread:.1%} of the Japanese" in coverage_page()
    assert {kind for one in parts for kind in one.kinds} <= KINDS.keys()
