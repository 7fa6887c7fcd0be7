"""What readers wrote below an article, found by its form: signed posts at its end; threads and sections stay text."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from manyo.corpus.web import main_text, reader_posts
from manyo.corpus.web.choice_kernels import Choice
from manyo.corpus.web.main_text import extract
from manyo.corpus.web.post_kernels import look_for_names
from manyo.corpus.web.tags import read_markup

STORY = "沢の水を引いた田に、ことしも鴨の親子が来ました。朝は五羽、夕方には七羽になります。"
ARTICLE = "".join(f"<p>{STORY}</p>" for _ in range(8))
ONE, TWO = "うちの田には白鷺だけです。うらやましい。", "橋の下でも見ました。あれは同じ親子でしょうか。"

POSTS = {
    "names in brackets": f"<h2>見かけた方から</h2><ul><li>{ONE}（かわせみ）</li><li>{TWO}(ゆい・小4)</li></ul>",
    "names after dashes": f"<h3>見たよ</h3><div><p>{ONE}――かわせみ</p><p>{TWO}—ゆい</p></div>",
    "labelled names": f"<hr><p><b>《寄せられた話》</b></p><p>名前:かわせみ {ONE}</p><p>名前:ゆい {TWO}</p>",
    "a line with name and time": f"<h4>足あと</h4><div><p>かわせみ 2021/6/2 12:40</p><p>{ONE}</p></div>"
    f"<div><p>ゆい 2021/6/3 8:02</p><p>{TWO}</p></div>",
    "terms with name and time": f"<h4>足あと</h4><dl><dt>かわせみ 6月2日 12:40<dd>{ONE}<dt>ゆい 3日前<dd>{TWO}</dl>",
    "a line of address": f"<h2>おたより</h2><div><p>{ONE}</p><p>岡山県 かわせみさん</p></div>"
    f"<div><p>{TWO}</p><p>石川県 ゆいさま</p></div>",
    "names and dates where posts are counted": f"<h2>やってみた（2件）</h2><div><p>{ONE}</p>かわせみ　6月21日</div>"
    f"<div><p>{TWO}</p>ゆい　7月2日</div>",
    "names and times below what they wrote": f"<h2>コメント</h2><p>{ONE}<p>投稿 かわせみ | 2005/06/15 0:02"
    f"<p>{TWO}<p>投稿 ゆい | 2005/06/15 7:40",
    "names and dates where posts are asked for": f"<h2>みんなの観察</h2><div><b>かわせみ</b> 6/2<p>{ONE}</p></div>"
    f"<div><b>ゆい</b> 6/3<p>{TWO}</p></div>",
}
SECTIONS = {
    "sentences in brackets": f"<h2>あとがき</h2><p>{ONE}（笑）</p><p>{TWO}（続く）</p>",
    "a history": f"<h2>沿革</h2><div><p>1999年4月</p><p>{ONE}</p></div><div><p>2003年9月</p><p>{TWO}</p></div>",
    "dates of events": f"<h2>予定</h2><div><p>6月2日 10:00～12:00 公民館</p><p>{ONE}</p></div>"
    f"<div><p>6月3日 10:00～12:00 公民館</p><p>{TWO}</p></div>",
    "a dialogue": f"<h2>対談</h2><p>山田　{ONE}</p><p>鈴木　{TWO}</p>",
    "one letter": f"<h2>おたより</h2><p>{ONE}（かわせみ）</p>",
    "notes with sources": "<h2>文献</h2><ul><li>『田と鴨』（春秋社）</li><li>『沢の鳥』（夏冬社）</li></ul>",
}


@pytest.mark.parametrize("form", POSTS)
@pytest.mark.parametrize("page", ["<article>{}{}</article>", "<main><article>{}</article><section>{}</section></main>"])
def test_signed_posts_below_an_article_are_comments(form: str, page: str) -> None:
    found = extract(page.format(ARTICLE, POSTS[form]))
    assert found.text.split("\n") == [STORY] * 8
    assert ONE in found.comments
    assert TWO in found.comments


@pytest.mark.parametrize("form", SECTIONS)
def test_a_section_without_writers_is_text(form: str) -> None:
    found = extract(f"<article>{ARTICLE}{SECTIONS[form]}</article>")
    assert found.comments == ""
    assert found.text.count("鴨") >= 8


def test_counted_posts_behind_the_text_need_no_name() -> None:
    posts = f"<section><h2>やってみた（2件）</h2><div><p>{ONE}</p></div><div><p>{TWO}</p><p>{ONE}</p></div></section>"
    found = extract(f"<main>{ARTICLE}</main>{posts}")
    assert found.comments.split("\n")[1:] == [ONE, TWO, ONE]
    assert extract(f"<main>{ARTICLE}</main>{posts.replace('2件', '3件')}").comments == ""


@pytest.mark.parametrize("heading", ["その他の回答（2件）", "Answers (2)"])
def test_answers_are_text_of_the_page_that_asks_however_signed_and_counted(heading: str) -> None:
    answers = f"<div><span>かわせみさん</span><p>{ONE}</p></div><div><span>ゆいさん</span><p>{TWO}</p></div>"
    found = extract(f"<article>{ARTICLE}<section><h2>{heading}</h2>{answers}</section></article>")
    assert ONE in found.text
    assert TWO in found.text
    assert found.comments == ""


def test_labels_may_stand_after_the_posts() -> None:
    found = extract(f"<article>{ARTICLE}{POSTS['names in brackets']}<p>投稿する</p></article>")
    assert ONE in found.comments
    assert ONE not in found.text


def test_the_posts_of_a_thread_are_its_text() -> None:
    posts = "".join(f"<dt>{i} ：名無し：2005/11/13(日) 17:31:0{i}<dd>{STORY}" for i in range(9))
    found = extract(f"<h1>鴨</h1><dl>{posts}</dl>")
    assert found.text.count(STORY) == 9
    assert found.comments == ""


def test_posts_that_are_most_of_a_page_are_its_text() -> None:
    posts = "".join(f"<li>{TWO}（{name}）</li>" for name in ("かわせみ", "ゆい", "たにし", "めだか"))
    found = extract(f"<article><p>{ONE}</p><h2>川の声</h2><ul>{posts}</ul></article>")
    assert TWO in found.text


def test_posts_in_a_side_column_stay_frame() -> None:
    html = f"<article>{ARTICLE}</article><aside><section>{POSTS['names in brackets']}</section></aside>"
    assert extract(html).comments == ""


NAMES = ("（かわせみ）", "(ゆい)", "――ゆい", "名前：ゆい", "ゆいさん", "6/2 12:40", "3日前", "20代", "— A", "By: Ann")
WORDS = (*NAMES, ONE, TWO, "感想", "、", "岡山県", "\u3000", "a", "！")
TAGS = (
    "<p>",
    "</p>",
    "<div>",
    "</div>",
    "<ul><li>",
    "<li>",
    "</ul>",
    "<h2>",
    "</h2>",
    "<section>",
    "</section>",
    "<hr>",
)


@given(st.lists(st.sampled_from(TAGS + WORDS), max_size=40).map("".join))
@settings(max_examples=200, deadline=None)
def test_no_block_is_lost_or_given_twice(html: str) -> None:
    """Posts move from the text to the comments: as many characters as before, each once."""
    markup = read_markup(f"<article>{ARTICLE}{html}</article>")
    page = main_text.page_of(markup)
    rows = np.arange(len(markup.blocks))
    choice = Choice(rows, rows[:0], rows[:0], rows[:0], rows[:0], 0, 0)
    posts = reader_posts.find_posts(markup, page, choice, np.ones(len(rows), np.bool_))
    assert np.array_equal(np.unique(posts), posts)
    assert set(posts.tolist()) < set(rows.tolist())
    if len(posts):
        assert np.array_equal(posts, np.arange(posts[0], posts[-1] + 1))


@given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=5))
def test_the_kernel_flags_whatever_names_a_writer(parts: list[str]) -> None:
    text = "".join(parts)
    markup = read_markup(f"<p>{text}</p>")
    page = main_text.page_of(markup)
    shown = markup.text_of(0) if len(markup.blocks) else ""
    is_signed, *_ = look_for_names(page, np.arange(len(markup.blocks)), np.ones(len(markup.blocks), np.bool_), 9, 9)
    if shown and reader_posts._names_writer(shown, is_invited=True):
        assert is_signed[0]
    if shown and reader_posts._is_post([shown], is_invited=True):
        assert is_signed[0]


def test_lines_of_a_wiki_that_end_with_a_name_and_a_time_are_comments() -> None:
    said = ["道は三日で乾きました -- 2009-08-02 (日) 23:10:45", "橋は渡れます -- 川守 2009-08-11 (火) 02:04:31"]
    items = "".join(f"<li>{line}</li>" for line in said)
    found = extract(f"<article>{ARTICLE}<h2>コメント</h2><ul>{items}</ul></article>")
    assert found.comments.split("\n")[-2:] == said
    assert said[0] not in found.text


def start_by_every_box(blocks: reader_posts._Blocks, rows: list[int]) -> int | None:
    """The start of the posts by all boxes around the last block, those with fewer names than two posts included."""
    for around in blocks._boxes_around(rows[-1]):
        posts: list[list[int]] = []
        n_unsigned = 0
        for group in blocks._groups_from_end(rows, around):
            n_unsigned = 0 if any(blocks._is_signed[row] for row in group) else n_unsigned + 1
            too_long = n_unsigned > reader_posts._MAX_BODIES or len(group) > reader_posts._MAX_BLOCKS_OF_POST
            if too_long or blocks._is_heading(group):
                break
            posts.append(group)
        start = len(rows) - sum(map(len, posts))
        if len(posts) >= reader_posts._LEAST_POSTS and blocks._are_posts(rows[:start], posts[::-1], around):
            return start - int(start > 0 and reader_posts._is_label(blocks._text(rows[start - 1])))
        if not posts:
            return None
    return None


@given(st.lists(st.sampled_from([*TAGS, *WORDS, *POSTS.values()]), min_size=1, max_size=30).map("".join))
@settings(max_examples=200, deadline=None)
def test_boxes_with_fewer_names_than_posts_hold_no_posts(html: str) -> None:
    markup = read_markup(f"<article>{ARTICLE}{html}</article>")
    page = main_text.page_of(markup)
    rows = np.arange(len(markup.blocks))
    is_signed, *_ = look_for_names(page, rows, np.ones(len(rows), np.bool_), len(rows), len(rows))
    blocks = reader_posts._Blocks(markup, is_signed)
    assert blocks._start_of_posts(rows.tolist()) == start_by_every_box(blocks, rows.tolist())
