"""Frames in the manner of sites of today and of 1998 to 2015: what stands around a text, in no word of it.

Each is HTML and the strings of which none may be kept. They are put together with texts by
`tests/corpus/test_composed_pages.py`.
"""

from __future__ import annotations

from typing import NamedTuple


class Frame(NamedTuple):
    """A part of a page that is no text, and its strings."""

    html: str
    strings: tuple[str, ...]


#: Before the text.
BEFORE = {
    "bar": Frame('<nav><ul><li><a href="/">表紙</a></li><li><a href="/b">店の場所</a></li></ul></nav>', ("店の場所",)),
    "menu without a name": Frame(
        '<ul><li><a href="/a">会の案内</a></li><li><a href="/b">月例の集まり</a></li><li><a href="/c">連絡先</a></li>'
        "</ul>",
        ("会の案内", "月例の集まり"),
    ),
    "header": Frame(
        '<header><a href="/">海辺の町</a><form><input placeholder="探す"><button>探す</button></form></header>',
        ("海辺の町",),
    ),
    "head of YUI": Frame(
        '<div id="hd"><p>北の町からうたを届けます</p><p><a href="/">歌の会</a></p></div>', ("北の町からうたを",)
    ),
    "table of links": Frame(
        '<table width="100%"><tr><td><a href="/a">釣り場</a> | <a href="/b">潮の表</a> | <a href="/c">掲示板</a></td>'
        "</tr></table>",
        ("釣り場", "潮の表"),
    ),
    "path": Frame('<div class="breadcrumb"><a href="/">表紙</a> &gt; <a href="/c">催し</a></div>', ("催し",)),
    "loading": Frame('<div id="loading"><span>読み込み中...</span></div>', ("読み込み中",)),
    "choice": Frame(
        '<div class="area"><b>地域</b><select><option>北</option><option>南</option></select></div>', ("地域",)
    ),
    "contents": Frame('<div class="toc"><p>目次を閉じる</p><ol><li>道</li><li>橋</li></ol></div>', ("目次を閉じる",)),
    "element of its own": Frame(
        '<x-header><a href="/">覚え書き</a></x-header><x-sidebar><h3>版の一覧</h3><ul><li><a href="/1">第一版</a></li>'
        '<li><a href="/2">第二版</a></li></ul></x-sidebar>',
        ("版の一覧", "第一版"),
    ),
}
#: At the head and at the tail of the text's own box, in no box of their own.
WITHIN = {
    "letters before and after": Frame(
        '<ul><li>前の便り: <a href="411.html">四月の会</a></li><li>次の便り: <a href="413.html">会費のこと</a></li>'
        '<li>並べ方: <a href="date.html#412">[ 日付 ]</a> <a href="thread.html#412">[ 筋道 ]</a></li></ul>',
        ("四月の会", "会費のこと", "並べ方"),
    ),
    "links in brackets": Frame(
        '<p>[ <a href="1">前へ</a> | <a href="3">次へ</a> | <a href="t">筋道の順</a> ]</p>', ("前へ", "筋道の順")
    ),
    "other days": Frame(
        '<ul><li class="on">今日</li><li><a href="/6">土曜の表</a></li><li><a href="/7">日曜の表</a></li></ul>',
        ("今日", "土曜の表"),
    ),
    "links in cells": Frame(
        '<table width="100%"><tr><td><a href="1">前の回</a></td><td><a href="3">次の回</a></td></tr></table>',
        ("前の回", "次の回"),
    ),
    "a link": Frame('<p><a href="/print">紙に刷るための頁</a></p>', ("紙に刷る",)),
}
#: After the text.
AFTER = {
    "footer": Frame(
        '<footer><a href="/t">利用の決まり</a> <small>© 2024 海辺の町</small></footer>', ("利用の決まり", "海辺の町")
    ),
    "foot of YUI": Frame('<div id="ft"><p>(C) 海辺の会の事務局</p></div>', ("事務局",)),
    "other pages": Frame(
        '<h2>ほかの迷い猫</h2><ul><li><a href="/1">茶色の雄</a></li><li><a href="/2">白黒の雌</a></li></ul>'
        '<h2>はじめにすること</h2><ul><li><a href="/g1">届け出</a></li><li><a href="/g2">連絡先の一覧</a></li></ul>',
        ("ほかの迷い猫", "白黒の雌", "はじめにすること", "届け出"),
    ),
    "related": Frame(
        '<div class="related"><h3>似た話</h3><ul><li><a href="/x">川の話</a></li></ul></div>', ("似た話", "川の話")
    ),
    "share": Frame('<div class="share"><a href="/s">つぶやく</a> <a href="/l">送る</a></div>', ("つぶやく",)),
    "pages": Frame('<div class="pager"><a href="/1">前の話</a> <a href="/3">次の話</a></div>', ("前の話", "次の話")),
    "cookies": Frame(
        '<div class="cookie-banner"><p>このサイトはクッキーを使います。</p><button>同意する</button></div>',
        ("クッキー", "同意する"),
    ),
    "was it useful": Frame(
        '<div class="fb1"><p>役に立ちましたか？</p><button>はい</button><button>いいえ</button><p>17人中14人が'
        "役に立ったと言っています</p></div>",
        ("役に立ち", "17人中"),
    ),
    "letters": Frame(
        '<section class="box2"><h2>便りを受け取る</h2><input type="email" name="m"><button>登録</button></section>',
        ("便りを受け取る",),
    ),
    "map": Frame('<section class="box3"><h3>道順</h3><button>地図で開く</button></section>', ("道順", "地図で開く")),
    "side column": Frame(
        '<aside><h2>人気の問い</h2><ol><li><a href="/q">糠床が水っぽい</a></li></ol></aside>', ("人気の問い",)
    ),
    "trackback": Frame("<div><h2>記録</h2><p>この記事のトラックバックURL</p></div>", ("トラックバック",)),
    "rule and links": Frame(
        '<hr><center><a href="/">表紙へ</a> <a href="/b">掲示板へ</a><br>リンクはご自由に。</center>', ("掲示板へ",)
    ),
    "ask": Frame('<div class="jump"><label>移る先:</label><select><option>道具<option>旅</select></div>', ("移る先",)),
}
