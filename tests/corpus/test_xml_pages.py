"""XML that is served as a page: feeds and editions are read as a browser shows them, and HTML is left as it is."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from manyo.corpus.web.tags import read_markup
from manyo.corpus.web.xml_pages import as_html
from tests.corpus.test_tags import texts_of

ITEM = "<item><title>霧の朝</title><link>https://a.example/0</link><pubDate>Mon</pubDate>{}</item>"
RSS = '<?xml version="1.0"?><rss version="2.0"><channel><title>畑の日記</title>{}</channel></rss>'
CONTENTS = [
    "<description><![CDATA[<p>朝は霧。</p><p>昼は晴れ。</p>]]></description>",
    "<description>&lt;p&gt;朝は霧。&lt;/p&gt;&lt;p&gt;昼は晴れ。&lt;/p&gt;</description>",
    "<description>朝</description><content:encoded><![CDATA[<p>朝は霧。<p>昼は晴れ。]]></content:encoded>",
    "<description><![CDATA[<p>朝は霧。</p>]]><![CDATA[<p>昼は晴れ。</p>]]></description>",
]


@pytest.mark.parametrize("content", CONTENTS)
def test_the_items_of_a_feed_are_read_as_articles(content: str) -> None:
    feed = RSS.format(ITEM.format(content) * 2)
    assert texts_of(feed) == ["霧の朝", "朝は霧。", "昼は晴れ。"] * 2
    assert read_markup(feed).title == "畑の日記"


def test_a_feed_in_atom_is_read() -> None:
    entry = '<entry><title>霧の朝</title><content type="xhtml"><div><p>朝は<b>霧</b>。</p></div></content></entry>'
    assert texts_of(f'<feed xmlns="http://www.w3.org/2005/Atom"><title>日記</title>{entry}</feed>') == [
        "霧の朝",
        "朝は霧。",
    ]


def test_a_feed_that_was_cut_gives_its_whole_items() -> None:
    feed = RSS.format(ITEM.format(CONTENTS[0]))
    cut = feed[: feed.index("</channel>")] + "<item><title>風の夜</title><description><![CDATA[<p>夜は"
    assert texts_of(cut) == ["霧の朝", "朝は霧。", "昼は晴れ。"]


TEI = (
    '<?xml version="1.0"?><TEI xmlns="http://www.tei-c.org/ns/1.0"><teiHeader><fileDesc><titleStmt><title>花の歌</title>'
    "<author>名無し</author></titleStmt></fileDesc></teiHeader><facsimile><surface><label>一</label></surface></facsimile>"
    "<text><body>{}</body></text></TEI>"
)


@pytest.mark.parametrize(
    ("body", "lines"),
    [
        ("<lg><l>春は花</l>\n<l>夏は<persName>鳥</persName>の声</l></lg>", ["春は花\n夏は鳥の声"]),
        ("<p><lb/><seg>春は花</seg>\n<lb/><seg>夏は<lb/>\n鳥</seg></p>", ["春は花\n夏は鳥"]),
        ("<head>序</head><p>春は<note>注</note>花</p><p>夏</p>", ["序", "春は花", "夏"]),
        ("<list><item>春</item><item>夏</item></list>", ["春", "夏"]),
        ("<p>春は<ruby><rb>花</rb><rt>はな</rt></ruby>。</p>", ["春は花。"]),
    ],
)
def test_an_edition_is_read_line_by_line(body: str, lines: list[str]) -> None:
    markup = read_markup(TEI.format(body))
    assert texts_of(TEI.format(body)) == lines
    assert markup.title == "花の歌"


@pytest.mark.parametrize(
    "page",
    [
        "<html><p>雨",
        '<?xml version="1.0"?><!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0//EN" "x.dtd"><html><p>雨',
        "<p>雨",
        "雨",
        "",
    ],
)
def test_html_is_no_xml_page(page: str) -> None:
    assert as_html(page.encode()) is None


@given(
    st.lists(st.sampled_from(("<item>", "</item>", "<title>", "<![CDATA[", "]]>", "雨", "<", "<!--", "<l>", "</l>")))
)
@settings(max_examples=100, deadline=None)
def test_any_xml_is_read(pieces: list[str]) -> None:
    for root in ("<rss>", "<TEI>", "<?xml version='1.0'?><work>"):
        assert as_html((root + "".join(pieces)).encode()) is not None
