"""A thread whose tags are not balanced: browsers close and ignore tags as they can, and no post may be lost by it."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from manyo.corpus.web.main_text import extract

WORDS = (
    *("沢の水を引いた田に鴨が来ました。", "朝は五羽、夕方には七羽です。", "うちの田には白鷺だけです。"),
    *("橋の下でも見ました！", "親子でしょうか？", "去年の雛が戻ったのだと思います。"),
    *("網を外しておきましょう。", "水門の板が腐っています。", "板を替えるなら日曜の朝に。"),
    *("了解です。", "写真は撮れませんでした。", "羽の色が薄いほうが雌です。"),
)
#: A thread's container, and how each of its posts, with a writer and a text, is laid out.
LAYOUTS = {
    "boxes in boxes": (
        '<div id="topic">{}</div>',
        '<div class="post"><div class="head">{}</div><div class="body"><p>{}</p></div></div>',
    ),
    "one box": ('<div class="wrap"><div class="list">{}</div></div>', '<div class="msg"><b>{}</b><br>{}</div>'),
    "articles": ("<main>{}</main>", "<article><header>{}</header><p>{}</p></article>"),
    "sections": ('<section id="all">{}</section>', '<section class="entry"><h3>{}</h3><p>{}</p></section>'),
    "items": ('<div id="t"><ul class="posts">{}</ul></div>', '<li class="item"><span>{}</span><div>{}</div></li>'),
    "terms": ("<div><dl>{}</dl></div>", "<dt>{}</dt><dd>{}</dd>"),
    "rows": ("<div><table>{}</table></div>", "<tr><th>{}</th><td>{}</td></tr>"),
    "tables": ('<div id="t">{}</div>', '<table class="post"><tr><td>{}</td></tr><tr><td>{}</td></tr></table>'),
}  # fmt: skip
FRAME = (
    '<div id="head"><a href="/">水辺の掲示板</a></div><ul class="menu"><li><a href="/a">新しい話題</a></li>'
    '<li><a href="/b">鳥の名前</a></li></ul>'
)
END = '<div class="side"><a href="/c">別の話題を見る</a></div><footer>水辺の会</footer></body></html>'


def posts_of(drawn: list[list[str]]) -> list[str]:
    return [f"{i}番目の話。{''.join(words)}" for i, words in enumerate(drawn, 11)]


def page_of(layout: str, posts: list[str]) -> str:
    around, post = LAYOUTS[layout]
    inside = "".join(post.format(f"かわせみ{i} 2021/6/{i} 12:40", text) for i, text in enumerate(posts, 1))
    return around.format(inside)


def assert_has_all(body: str, posts: list[str]) -> None:
    found = extract(f"<html><title>鴨</title><body>{FRAME}<h1>鴨の話</h1>{body}{END}")
    lost = [text for text in posts if text not in found.text and text not in found.comments]
    assert not lost, (lost, body)
    assert "別の話題" not in found.text


THREADS = st.lists(st.lists(st.sampled_from(WORDS), min_size=1, max_size=12), min_size=3, max_size=12).map(posts_of)
#: A post that holds four fifths of the one around it, whose end tag is missing, is taken for the text: a known fault.
EVEN_THREADS = st.lists(st.lists(st.sampled_from(WORDS), min_size=1, max_size=3), min_size=3, max_size=12).map(posts_of)
STRAY = ("</div>", "</section>", "</article>", "</p>", "</ul>", "</li>", "</dl>", "</td>", "</table>", "</span>")


@pytest.mark.parametrize("layout", LAYOUTS)
@given(THREADS)
@settings(max_examples=20, deadline=None)
def test_every_post_of_a_thread_is_kept(layout: str, posts: list[str]) -> None:
    assert_has_all(page_of(layout, posts), posts)


@pytest.mark.parametrize("layout", LAYOUTS)
@given(THREADS, st.sampled_from(STRAY), st.integers(0, 10_000))
@settings(max_examples=40, deadline=None)
def test_a_stray_end_tag_between_posts_loses_none(layout: str, posts: list[str], tag: str, place: int) -> None:
    body = page_of(layout, posts)
    ends = [match.end() for match in re.finditer("</[a-z0-9]+>", body)]
    at = ends[place % len(ends)]
    assert_has_all(body[:at] + tag + body[at:], posts)


@pytest.mark.parametrize("layout", LAYOUTS)
@given(EVEN_THREADS, st.integers(0, 10_000))
@settings(max_examples=40, deadline=None)
def test_a_missing_end_tag_loses_no_post(layout: str, posts: list[str], place: int) -> None:
    body = page_of(layout, posts)
    ends = list(re.finditer("</(?:div|p|li|dd|dt|td|tr|article|section|table|ul|dl|h3|b|span|header)>", body))
    gone = ends[place % len(ends)]
    assert_has_all(body[: gone.start()] + body[gone.end() :], posts)
