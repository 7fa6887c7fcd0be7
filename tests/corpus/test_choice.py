"""Choosing: the compiled choice and the oracle agree on any markup, and no cliff loses a text."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from manyo.corpus.web import main_text
from manyo.corpus.web.charset import decode
from manyo.corpus.web.choice_kernels import choose
from manyo.corpus.web.choice_words import LIMITS
from manyo.corpus.web.heading_kernels import find_short_headings
from manyo.corpus.web.markup import TAGS
from manyo.corpus.web.passage_kernels import ask_about_main
from manyo.corpus.web.tags import read_markup
from tests import choice_oracle
from tests.corpus.test_tags import PIECES

PROSE = "朝から雨が降っていたので、傘をさして駅まで歩きました。"
NAMES = ("nav", "comments", "entry-content", "tag", "box", "box footer", "post")
WORDS = (
    *(f"<{tag} class='{name}'>" for tag in ("div", "section", "aside", "footer", "article") for name in NAMES),
    *("<div>", "<p>", "<li>", "<td>", "<tr>", "<table>", "<h1>", "<h2>", "<article>", "<main>", "<aside>", "<dialog>"),
    *("</div>", "</section>", "</article>", "</aside>", "</main>", "</table>", "</footer>", "<br>", "<pre>", "</pre>"),
    *(
        PROSE,
        PROSE * 3,
        "雨の日",
        "2020年6月1日",
        "「はい」",
        "傘",
        "a. b",
        "<a href=x>",
        "<a href='#t'>",
        "<a href='https://b.example/'>",
        "<p><a href=x>雨の頁</a></p>",
        "<hr>",
        "<form>",
        "<form><input>",
        "<button>押す</button>",
        "<div class=x><select></select>",
        "</form>",
        "<font size=1>",
        "</font>",
        "<h3>",
        "</h3>",
        "</a>",
        "案内の頁",
        "<ol><li>",
        "<h2>傘</h2><ul class='nav'><li>",
        "</ul>",
    ),
)


def assert_same(html: str, announced: set[int], names_count: bool) -> None:
    markup = read_markup(html)
    page = main_text.page_of(markup)
    tags = markup.boxes["tag"][markup.blocks["box"]]
    announced = {row for row in announced if row < len(tags) and TAGS[tags[row]] in choice_oracle.HEADINGS}
    found = choose(page, main_text.choice_rules(), LIMITS, np.array(sorted(announced), np.int64), names_count)
    slow = choice_oracle.choose(markup, announced, names_count)
    assert found.main.tolist() == slow.main
    assert found.comments.tolist() == slow.comments
    assert found.unassigned.tolist() == slow.unassigned
    assert found.headlines_before.tolist() == slow.headlines_before
    passage = ask_about_main(page, main_text.choice_rules(), LIMITS, found.main)
    assert passage.is_kept.tolist() == slow.kept
    assert passage.questions["place"].tolist() == slow.asked
    assert (passage.first, passage.last) == slow.edges
    assert passage.apart.tolist() == slow.apart


@given(st.lists(st.sampled_from(WORDS + PIECES), max_size=40), st.integers(0, 40))
def test_the_short_headings_are_the_blocks_in_elements_of_headings(pieces: list[str], max_bytes: int) -> None:
    markup = read_markup("".join(pieces))
    found = np.empty((len(markup.blocks), 3), np.int64)
    n = find_short_headings(markup.blocks, markup.boxes, max_bytes, found)
    places = zip(*(markup.blocks[name].tolist() for name in ("box", "start", "end")), strict=True)
    assert found[:n].tolist() == [
        [row, start, end]
        for row, (box, start, end) in enumerate(places)
        if TAGS[markup.boxes["tag"][box]] in ("h2", "h3", "h4", "h5", "h6") and end - start <= max_bytes
    ]


@settings(max_examples=300)
@given(
    st.lists(st.sampled_from(WORDS + PIECES), max_size=40),
    st.sets(st.integers(0, 20)),
    st.booleans(),
)
def test_the_choice_is_that_of_the_oracle(pieces: list[str], announced: set[int], names_count: bool) -> None:
    assert_same("".join(pieces), announced, names_count)


def test_the_choice_on_real_pages_is_that_of_the_oracle(real_data: Path) -> None:
    gold = real_data / "gold" / "extraction" / "gold.jsonl"
    for line in gold.read_text("utf-8").splitlines()[::9]:
        html = decode((gold.parent / json.loads(line)["page"]).read_bytes()).text
        assert_same(html, set(), True)
        assert_same(html, set(range(99)), False)
