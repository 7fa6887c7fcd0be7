"""Main text: what the author wrote is kept, the frame is dropped, and hostile markup is read to its end."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from statistics import mean

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.web import f1
from manyo.corpus.web.charset import decode
from manyo.corpus.web.main_text import EXTRACTORS, extract, plain_text
from tests.conftest import ROOT
from tests.corpus.hostile_markup import FAMILIES

PROSE = "朝から雨が降っていたので、傘をさして駅まで歩きました。"
OTHER = "昼すぎには雨もあがり、川の水は濁っていましたが、鴨が二羽泳いでいました。"
NAVIGATION = "<ul>" + "".join(f'<li><a href="/{i}">案内{i}</a></li>' for i in range(9)) + "</ul>"


def article(inside: str, around: str = "") -> str:
    return f"""<html><head><title>雨の日 | 散歩日記</title></head><body>
    <header><a href="/">散歩日記</a></header><nav>{NAVIGATION}</nav>
    <div id="wrap"><div class="entry-content">{inside}</div>{around}</div>
    <footer>Copyright 2020 散歩日記</footer></body></html>"""


def text_of(html: str) -> str:
    return extract(html).text


def test_the_frame_is_dropped_and_the_prose_is_kept() -> None:
    around = f'<div class="sidebar">{NAVIGATION}</div><div class="related-posts"><h3>関連記事</h3>{NAVIGATION}</div>'
    html = article(f"<h1>雨の日</h1><p>{PROSE}</p><h2>午後</h2><p>{OTHER}</p>", around)
    assert extract(html).title == "雨の日"
    assert text_of(html) == f"{PROSE}\n午後\n{OTHER}"


def test_an_element_with_most_of_the_prose_is_kept_whatever_its_name() -> None:
    html = f'<body class="has-sidebar menu"><div class="related"><p>{PROSE}</p><p>{OTHER}</p></div></body>'
    assert text_of(html) == f"{PROSE}\n{OTHER}"


def test_two_hints_at_a_frame_weigh_more_than_one() -> None:
    news = f"<ul>{''.join(f'<li><p>{OTHER}</p></li>' for _ in range(6))}</ul>"
    html = f"<body><main><p>{PROSE}</p><p>{PROSE}</p><p>{OTHER}</p></main>{{}}</body>"
    assert text_of(html.format(f"<aside class='sidebar'>{news}</aside>")) == f"{PROSE}\n{PROSE}\n{OTHER}"
    assert text_of(html.format(f"<aside>{news}</aside>")).count(OTHER) == 7


def test_a_short_text_that_is_named_main_text_is_found_next_to_long_texts() -> None:
    main = f"<div><div><main><p>{PROSE}</p><p>{PROSE}</p></main></div><p>{NAVIGATION}</p></div>"
    around = f"<div class='c-list'><p>{OTHER}</p></div>"
    assert text_of(f"<body>{main}{around}</body>") == f"{PROSE}\n{PROSE}"
    assert text_of(f"<body><main><p>{PROSE}</p><p>{OTHER}</p></main><footer><p>{OTHER}</p></footer></body>") == (
        f"{PROSE}\n{OTHER}"
    )


def test_an_element_named_frame_around_the_main_text_is_not_a_frame() -> None:
    main = f"<div class='entry-content'><p>{PROSE * 2}</p></div>"
    html = f"<body><section class='sidebar-left'>{main}</section><ul>{f'<li>{OTHER}</li>' * 2}</ul></body>"
    assert text_of(html).startswith(PROSE * 2)
    assert text_of(f"<body><main class='menu'><p>{PROSE}</p></main><div><p>{OTHER}</p></div></body>").startswith(PROSE)


@pytest.mark.parametrize("dialog", ["<div role='dialog'>{}</div>", "<dialog>{}</dialog>"])
def test_a_dialog_about_cookies_is_dropped(dialog: str) -> None:
    consent = dialog.format(f"<h2>Cookieの利用</h2>{f'<p>{OTHER}</p>' * 9}")
    assert text_of(f"<body>{consent}<div><p>{PROSE}</p><p>{PROSE}</p></div></body>") == f"{PROSE}\n{PROSE}"


def test_labels_of_a_form_are_dropped_and_a_page_that_is_one_form_is_kept() -> None:
    form = "<form><p>お名前 <input>必須</p><p>本文 <textarea></textarea></p></form>"
    assert text_of(article(f"<p>{PROSE}</p>{form}<p>{OTHER}</p>")) == f"{PROSE}\n{OTHER}"
    assert text_of(f"<body><form id=aspnetForm><p>{PROSE}</p><p>{OTHER}</p></form></body>") == f"{PROSE}\n{OTHER}"


@pytest.mark.parametrize("start", ["<dialog class='modal'>", "<div role='dialog'><div class='DialogBodyContent'>"])
def test_a_dialog_is_dropped_whatever_its_class_and_the_names_in_it(start: str) -> None:
    html = f"<body>{start}{f'<p>{OTHER}</p>' * 9}</div></dialog></div><div><p>{PROSE}</p><p>{PROSE}</p></div></body>"
    assert text_of(html) == f"{PROSE}\n{PROSE}"


def test_letters_in_a_hexadecimal_id_are_not_a_name() -> None:
    html = article(f"<p>{PROSE * 3}</p><p id='block-293556b0-ffcf-4b46-ad63-94de30996417'>{OTHER}</p>")
    assert text_of(html) == f"{PROSE * 3}\n{OTHER}"


@pytest.mark.parametrize("start", ["<section id='next-steps'>", "<div class='section' id='related-work'>"])
def test_a_section_of_a_document_is_kept_whatever_its_title_says(start: str) -> None:
    section = f"{start}<h2>雨のあと</h2><p>{OTHER}</p></section></div>"
    html = f"<body><section id='rain'><h1>雨</h1><p>{PROSE * 3}</p>{section}</section></body>"
    assert text_of(html).endswith(f"{PROSE * 3}\n雨のあと\n{OTHER}")


@pytest.mark.parametrize("name", ["skip-lazy", "osusume", "shares"])
def test_a_name_that_content_also_has_does_not_name_a_frame(name: str) -> None:
    html = (
        f"<body><div><div><p>{PROSE * 3}</p><div class='{name}'><p>{OTHER}</p><p>{OTHER}</p></div></div></div></body>"
    )
    assert text_of(html) == f"{PROSE * 3}\n{OTHER}\n{OTHER}"


def test_an_announced_list_of_links_is_dropped_and_a_section_of_prose_is_kept() -> None:
    links = article(f"<p>{PROSE}</p><p>{OTHER}</p><h3>おすすめ記事</h3>{NAVIGATION}")
    assert text_of(links) == f"{PROSE}\n{OTHER}"
    prose = article(f"<p>{PROSE}</p><h3>おすすめの店</h3><p>{OTHER}</p>")
    assert text_of(prose) == f"{PROSE}\nおすすめの店\n{OTHER}"


def test_an_announcing_heading_without_a_section_is_dropped() -> None:
    html = article(f"<p>{PROSE}</p><h3>関連記事</h3><h3>午後</h3><p>{OTHER}</p>")
    assert text_of(html) == f"{PROSE}\n午後\n{OTHER}"


def test_the_first_of_two_children_with_as_much_prose_is_entered() -> None:
    inside = f"<p>{PROSE}</p><p>{PROSE}</p>"
    assert text_of(f"<body><main>{inside}</main><section>{inside}</section></body>") == f"{PROSE}\n{PROSE}"


def test_the_text_around_a_long_list_is_kept() -> None:
    items = "".join(f"<li>{OTHER}</li>" for _ in range(30))
    html = article(f"<p>{PROSE}</p><ul>{items}</ul><p>短い結び。</p>")
    assert text_of(html) == "\n".join([PROSE, *[OTHER] * 30, "短い結び。"])


def test_a_law_keeps_its_preamble_its_articles_and_its_supplementary_provisions() -> None:
    long = "第一条　" + PROSE * 30
    html = (
        f"<body><b>雨水規則<br>（大正十年規則第一号）</b><br>　{OTHER}<br>"
        f"<p><div class=arttitle>（雨）</div><div class=item><b>第一条</b>　{PROSE * 30}</div>"
        f"<div class=item>第二条　{PROSE}</div><br>　附　則<br><p>　この規則は、公布の日から施行する。</p></body>"
    )
    expected = ["雨水規則", "（大正十年規則第一号）", f"　{OTHER}", "（雨）", long, f"第二条　{PROSE}", "　附　則"]
    assert text_of(html).split("\n") == [*expected, "　この規則は、公布の日から施行する。"]


@pytest.mark.parametrize(("n_long", "n_own"), [(20, 3), (200, 10)], ids=["a tenth", "300 characters"])
def test_a_parent_with_text_of_its_own_is_the_container(n_long: int, n_own: int) -> None:
    long = f"<div class='long'><p>{PROSE * n_long}</p><p>{OTHER}</p></div>"
    text = text_of(f"<body><div>{long}<p>{OTHER * n_own}</p></div></body>")
    assert text.split("\n") == [PROSE * n_long, OTHER, OTHER * n_own]
    label = "雨の日の過ごしかた"
    assert text_of(f"<body><div>{long}<p>{label}</p></div></body>").split("\n") == [PROSE * n_long, OTHER]


def test_sentences_around_the_main_container_are_text() -> None:
    """Those in its parents, before and after it, and in the head of an article; not labels, links and frames."""
    long = f"<div class='long'><p>{PROSE * 30}</p><p>{PROSE * 9}</p></div>"
    other = f"<p>更新</p><p><a href='/a'>{OTHER}</a></p><div class='side'><p>{OTHER}</p></div>"
    lead, note = "港の朝の話をします。", "話は来月に続きます。"
    assert text_of(f"<body>{other}<p>{lead}</p>{long}<p>{note}</p>{other}</body>").split("\n")[::3] == [lead, note]
    head = f"<header><h1>傘</h1><p>{lead}</p><p>更新</p></header>"
    assert text_of(f"<main><article>{head}{long}</article></main>").startswith(f"傘\n{lead}\n{PROSE}")


def test_a_heading_that_is_a_part_of_the_title_is_text_and_the_title_itself_is_not() -> None:
    """A verse and its series, a dish and its cook: the page's `<title>` names both, and readers need each once."""
    text = f"<h3>入選</h3><p>{PROSE * 9}</p><p>{OTHER * 9}</p>"
    for title, kept in (("句会 入選", True), ("入選", False)):
        assert extract(f"<title>{title}</title><body>{text}</body>").text.startswith("入選") is kept


@pytest.mark.parametrize(
    ("section", "is_text"),
    [
        ("<h3>記録</h3><table><tr><td>第一局</td><td>負け</td></tr></table>", True),
        ("<h3>記録</h3><ul><li>第一局</li><li><a href='/2'>第二局</a></li></ul>", False),
        ("<p>第一局</p><p>第二局</p><p>第三局</p>", False),
        ("<h3>ほかの対局</h3><ul><li>第一局</li><li>第二局</li></ul>", False),
        ("<h3>記録</h3><p>第一局</p>", False),
    ],
)
def test_a_section_of_an_article_outside_its_posts_is_text(section: str, is_text: bool) -> None:
    posts = "".join(f"<div class=post><h2>{i}時</h2><p>{PROSE * 4}</p></div>" for i in range(5))
    html = f"<article><h1>対局</h1><div class=posts>{posts}</div><div class=key>{section}</div></article>"
    assert ("第一局" in text_of(f"<body>{html}<div class=key>{section}</div></body>")) is is_text


def test_the_headline_is_text_where_the_title_lacks_it() -> None:
    long = f"<div class='long'><p>{PROSE * 9}</p><p>{OTHER * 9}</p></div>"
    html = f"<title>{{}}</title><div class='head'><h1>夜釣</h1></div>{long}"
    assert text_of(html.format("泉鏡花")).startswith(f"夜釣\n{PROSE}")
    assert text_of(html.format("夜釣 - 文庫")).startswith(PROSE)
    assert text_of(html.format("泉鏡花").replace("夜釣", "<a href=/>夜釣</a>")).startswith(PROSE)


def test_a_paragraph_named_like_a_link_is_text() -> None:
    page = f"<p>{PROSE * 9}</p><p>{OTHER}</p><p class='next'>{{}}</p>"
    assert text_of(page.format("次の回覧は一月六日です。")).endswith("次の回覧は一月六日です。")
    assert text_of(page.format("次の回覧は<a href='/a'>こちら</a>です。")).endswith(OTHER)


def test_what_is_neither_text_nor_comments_nor_frame_is_counted() -> None:
    long = f"<div class='long'><p>{PROSE * 9}</p><p>{OTHER * 9}</p></div>"
    found = extract(f"<body>{long}<div class='a'><p>感想を書く</p></div><div class='side'><p>傘</p></div></body>")
    assert found.n_unassigned_japanese == len("感想を書く")
    assert extract(f"<body>{long}</body>").n_unassigned_japanese == 0


def test_lines_of_one_block_are_not_a_paragraph_among_others() -> None:
    html = f"<body><div class='text'>{PROSE * 9}<br>{PROSE}</div><div class='c'>{OTHER}</div></body>"
    assert text_of(html).split("\n") == [PROSE * 9, PROSE]


def test_short_paragraphs_named_like_a_long_section_are_kept() -> None:
    long = f"<div class='para'><p>{PROSE * 60}</p><p>{OTHER}</p></div>"
    paragraphs = f"<div class='para'>{OTHER}</div>" * 6
    assert text_of(f"<body><div>{long}{paragraphs}</div></body>").split("\n") == [PROSE * 60, *[OTHER] * 7]


def test_a_frame_is_not_a_comment() -> None:
    aside = f"<aside class='sidebar'><p>{OTHER}</p></aside>"
    page = extract(f"<body><article><p>{PROSE * 9}</p></article>{aside}<div id='comments'><p>{PROSE}</p></div></body>")
    assert (page.text, page.comments) == (PROSE * 9, PROSE)


def test_sections_named_like_the_longest_are_main_text() -> None:
    sections = "".join(
        f"<section class='part a{i}'><p>{PROSE * n}</p><p>{OTHER}</p></section>" for i, n in ((1, 40), (2, 2))
    )
    teasers = f"<section class='teaser'><p>{OTHER}{OTHER}</p><p>{OTHER}</p></section>"
    assert text_of(f"<body><div>{sections}{teasers}</div></body>").split("\n") == [PROSE * 40, OTHER, PROSE * 2, OTHER]


def test_articles_without_a_name_are_main_text_like_the_longest() -> None:
    html = "".join(f"<article><p>{PROSE * n}</p><p>{OTHER}</p></article>" for n in (9, 3))
    assert text_of(f"<body><div>{html}</div></body>").split("\n") == [PROSE * 9, OTHER, PROSE * 3, OTHER]


def test_a_main_text_that_occurs_twice_is_returned_once() -> None:
    html = "<body>" + "".join(
        f"<div class='{name}'><p>{{}}</p><p>{{}}</p></div>" for name in ("entry-body", "entry-body sp")
    )
    assert text_of(html.format(PROSE, OTHER, PROSE, OTHER)) == f"{PROSE}\n{OTHER}"
    assert text_of(html.format(PROSE, OTHER, PROSE, OTHER[::-1])) == f"{PROSE}\n{OTHER}\n{PROSE}\n{OTHER[::-1]}"


def test_a_name_that_menus_and_footers_also_have_joins_no_siblings() -> None:
    rows = (NAVIGATION, f"<div><p>{PROSE * 20}</p><p>{OTHER}</p></div>", f"<p>{OTHER * 2}</p><p>{PROSE}</p>")
    html = "".join(f"<div class='row'>{row}</div>" for row in rows)
    assert text_of(f"<body><div class='page'>{html}</div></body>").split("\n") == [PROSE * 20, OTHER]


@pytest.mark.parametrize("names", ["entry-body entry-more", "article-body-inner article-body-more"])
def test_the_text_after_read_more_is_kept(names: str) -> None:
    shown, folded = names.split()
    more = f"<div class='{folded}' id='more'>{OTHER * 2}<br>{PROSE}</div>"
    side = f"<div id='side'><p>{OTHER}</p></div>"
    entry = f"<div class='{shown}'><p>{PROSE * 5}</p><p>{PROSE}</p></div>{more}"
    text = text_of(f"<body><div class='entry'>{entry}</div>{side}</body>")
    assert text.split("\n") == [PROSE * 5, PROSE, OTHER * 2, PROSE]


def test_items_of_an_ordered_list_keep_their_numbers() -> None:
    steps = "<ol><li>湯を沸かす。<li><p>茶葉を入れる。</p><p>三分待つ。</p></ol>"
    html = article(f"<p>{PROSE}</p>{steps}<p>{OTHER}</p><ol start=7><li>片づける。</ol>")
    assert text_of(html) == f"{PROSE}\n1. 湯を沸かす。\n2. 茶葉を入れる。\n三分待つ。\n{OTHER}\n7. 片づける。"


def test_comments_of_readers_are_returned_apart_from_the_main_text() -> None:
    comments = f"<div id='comments'><h3>コメント2件</h3><ol><li>{OTHER}</li><li>{PROSE}</li></ol></div>"
    long = PROSE * 12
    main = extract(article(f"<h1>雨の日</h1><p>{long}</p>", comments))
    assert (main.text, main.comments) == (long, f"1. {OTHER}\n2. {PROSE}")


def test_the_comments_of_a_page_without_other_text_are_its_main_text() -> None:
    html = f"<body><h1>掲示板</h1><div class='comments'><p>{PROSE}</p><p>{OTHER}</p></div></body>"
    assert text_of(html) == f"掲示板\n{PROSE}\n{OTHER}"
    assert extract(html).comments == ""


def test_the_categories_in_the_class_of_a_post_do_not_make_it_a_frame() -> None:
    post = "<div class='post hentry category-news tag-sea author-me'><h2>{}</h2><p>{}</p></div>"
    posts = "".join(post.format(f"第{i}回", PROSE * 4) for i in range(5))
    assert text_of(f"<body><div id='content'>{posts}</div></body>").count(PROSE * 4) == 5


def test_readings_of_ruby_are_dropped() -> None:
    ruby = "<ruby>薔薇<rp>（</rp><rt>ばら</rt><rp>）</rp></ruby>の花が咲く庭で、<ruby>蝶<rt>ちょう</rt></ruby>を見た。"
    assert text_of(article(f"<p>{ruby}</p><p>{PROSE}</p>")) == f"薔薇の花が咲く庭で、蝶を見た。\n{PROSE}"


def test_a_source_line_end_is_a_space_only_between_latin_words() -> None:
    html = article(f"<p>昨日は\n      <b>遠く</b>の\n町まで歩いた。An English\nword と。</p><p>{PROSE}</p>")
    assert text_of(html) == f"昨日は遠くの町まで歩いた。An English word と。\n{PROSE}"


def test_written_spaces_and_ideographic_spaces_are_kept() -> None:
    html = article(f"<p>　東京 大阪　名古屋を回る旅をした。</p><p>{PROSE}</p>")
    assert text_of(html) == f"　東京 大阪　名古屋を回る旅をした。\n{PROSE}"


def test_br_ends_a_line_and_pre_keeps_its_lines() -> None:
    html = article(f"<p>一行目です。<br>二行目です。</p><pre>if x:\n    pass  # 何も\n    # しない</pre><p>{PROSE}</p>")
    assert text_of(html) == f"一行目です。\n二行目です。\nif x:\n    pass  # 何も\n    # しない\n{PROSE}"


def test_short_cells_of_a_row_share_a_line() -> None:
    html = article(
        f"<p>{PROSE}</p><table><tr><th>町</th><th>人口</th></tr><tr><td>西町</td><td>120</td></tr></table><p>{OTHER}</p>"
    )
    assert text_of(html) == f"{PROSE}\n町\t人口\n西町\t120\n{OTHER}"


def test_times_and_terms_before_the_first_prose_are_kept_in_tables_of_data() -> None:
    table = "<table><tr class=header><th>時刻<th>講演</tr><tr><td>13:30 - 14:30<td>雨の日</table>"
    terms = f"<dl><dt>機能<dd>雨の日<dt>日付<dd class=date>2009年7月19日</dl><p>{PROSE}</p><p>{OTHER}</p>"
    assert text_of(article(f"<p>2009年7月1日 13:00</p>{table}{terms}")).split("\n")[:7] == [
        *("2009年7月1日 13:00", "時刻\t講演", "13:30 - 14:30\t雨の日"),
        *("機能", "雨の日", "日付", "2009年7月19日"),
    ]


def test_scripts_and_hidden_text_are_dropped_and_the_text_after_them_is_kept() -> None:
    html = article(
        f"<p>{PROSE}<script>var x = 'だめ。';</script>続く。</p><div style='display:none'>隠れた文。</div>"
        f"<p>{OTHER}</p>"
    )
    assert text_of(html) == f"{PROSE}続く。\n{OTHER}"


def test_a_page_of_links_alone_keeps_its_text() -> None:
    assert "案内3" in text_of(f"<html><body>{NAVIGATION}</body></html>")


def test_a_list_of_links_with_headings_is_kept() -> None:
    links = "".join(f'<a href="/{i}">さまざまな案内の頁その{i}</a><br>' for i in range(60))
    assert "さまざまな案内の頁その59" in text_of(f"<body><h1>目次</h1><div>{links}</div><h1>付録</h1></body>")


def test_a_sentence_among_menus_is_kept_without_them_and_the_fraction_says_how_little_that_is() -> None:
    many = "".join(f'<li><a href="/{i}">さまざまな案内の頁その{i}</a></li>' for i in range(60))
    main = extract(f"<body><div class=txt><p>{PROSE}</p></div><ul>{many}</ul></body>")
    assert main.text == PROSE
    assert 0 < main.kept_japanese_fraction < 0.1


def test_the_beginning_of_an_article_for_subscribers_is_returned_without_menus() -> None:
    many = "".join(f'<li><a href="/{i}">さまざまな案内の頁その{i}</a></li>' for i in range(99))
    html = f"<body><ul>{many}</ul><div class=entry-content><p>{PROSE}{OTHER}{PROSE}</p><p>その判断は…</p></div></body>"
    assert text_of(html) == f"{PROSE}{OTHER}{PROSE}\nその判断は…"


def test_the_main_text_of_a_layout_table_is_its_main_cell() -> None:
    html = f"<body><table><tr><td>{NAVIGATION}</td><td><p>{PROSE}</p><p>{OTHER}</p></td></tr></table></body>"
    assert text_of(html) == f"{PROSE}\n{OTHER}"


def test_a_page_without_markup_or_without_text() -> None:
    assert text_of(PROSE) == PROSE
    assert extract("") == plain_text("")
    assert text_of("<html><head><title></title></head><body><img src=x></body></html>") == ""


@pytest.mark.parametrize("extractor", EXTRACTORS)
def test_every_extractor_finds_the_prose(extractor: str) -> None:
    main = extract(article(f"<p>{PROSE * 5}</p><p>{OTHER * 5}</p>"), extractor)
    assert PROSE * 5 in main.text
    assert "案内3" not in main.text


def test_an_unknown_extractor_is_an_error_that_names_it() -> None:
    with pytest.raises(ValueError, match="no installed package has a part 'magic'"):
        extract("<p>x</p>", "magic")


def test_a_link_in_a_card_does_not_end_the_link_around_the_card() -> None:
    card = f'<a href="/x"><article><a href="/c">町</a><p>{OTHER}</p></article></a>'
    assert text_of(article(f"<p>{PROSE}</p><p>{PROSE}</p>", f"<div>{card * 8}</div>")) == f"{PROSE}\n{PROSE}"


def test_omitted_end_tags_are_where_the_standard_places_them() -> None:
    html = article(f"<p>{PROSE}<p>{OTHER}<ul><li>{PROSE}<li>{OTHER}</ul><dl><dt>雨<dd>{PROSE}<dt>川<dd>{OTHER}</dl>")
    assert text_of(html) == f"{PROSE}\n{OTHER}\n{PROSE}\n{OTHER}\n雨\n{PROSE}\n川\n{OTHER}"


def test_an_end_tag_without_its_start_tag_does_nothing() -> None:
    html = article(f"<div><p>{PROSE}</b></section></table></td></p></div><p>{OTHER}</p>")
    assert text_of(html) == f"{PROSE}\n{OTHER}"


def test_a_tag_ends_after_its_quoted_values() -> None:
    html = article(f"""<p title="a > b" data-x='<p>' onclick=x>{PROSE}</p><p title="x"y">{OTHER}</p>""")
    assert text_of(html) == f"{PROSE}\n{OTHER}"


def test_an_element_without_an_end_tag_hides_nothing() -> None:
    html = article(f"<button>押す<p>{PROSE}</p><select><option>一<p>{OTHER}</p><script>x")
    assert PROSE in text_of(html)
    assert OTHER in text_of(html)


def test_a_page_that_is_hidden_until_its_script_has_run_is_read() -> None:
    assert text_of(f'<body style="display: none"><p>{PROSE}</p></body>') == PROSE


def test_japanese_that_looks_like_a_frame_is_kept_if_the_rest_has_none() -> None:
    slides = "".join(f"<section><h2>第{i}章</h2><ul><li>こまかいこと</li></ul></section>" for i in range(9))
    html = f"<body><div class=slides>{slides}</div><footer><p>Copyright 2025. All rights reserved.</p></footer></body>"
    assert text_of(html).count("こまかいこと") == 9


def test_character_references_are_resolved_once() -> None:
    html = article(f"<p>{''.join(f'&#{ord(c)};' for c in PROSE)}&amp;lt;&lt;&nbsp;&hearts;</p><p>{OTHER}</p>")
    assert text_of(html) == f"{PROSE}&lt;< ♥\n{OTHER}"


@pytest.mark.parametrize("html", ["<select>" + "<option>一" * 100_000 + PROSE, "<i>" * 60_000 + PROSE])
def test_markup_that_resiliparse_cannot_bear_is_not_passed_to_it(html: str) -> None:
    assert PROSE in extract(html, "resiliparse").text


@given(st.text(st.sampled_from("<>/=\"' abdiprtv!-&;#あ。\n"), max_size=300))
@settings(max_examples=300, deadline=None)
def test_no_markup_raises(html: str) -> None:
    main = extract(html)
    main.text.encode("utf-8")


@pytest.mark.parametrize("name", FAMILIES)
def test_a_megabyte_of_hostile_markup_is_read_to_its_end(name: str) -> None:
    extract(FAMILIES[name](1_000_000)).text.encode("utf-8")


def test_twice_the_hostile_markup_takes_at_most_2_2_times_the_work() -> None:
    """Work is what the kernels touch of their arrays, which only uncompiled code can count.

    6,700 bytes nest the families deeper than `MAX_DEPTH`, 256, boxes of 26 bytes at most; up to it, work may grow with
    the square of the depth.
    """
    command = [sys.executable, "-m", "tests.corpus.hostile_markup", "6700", "13400"]
    uncompiled = {**os.environ, "NUMBA_DISABLE_JIT": "1"}
    done = subprocess.run(command, cwd=ROOT, env=uncompiled, capture_output=True, text=True, check=True, timeout=300)
    once, twice = map(json.loads, done.stdout.splitlines())
    grown = {name: twice[name] / once[name] for name in FAMILIES}
    assert {name: growth for name, growth in grown.items() if growth > 2.2} == {}


@pytest.mark.parametrize(("name", "least"), [("news", 0.925), ("blog", 0.93)])
def test_the_main_text_is_close_to_that_of_a_careful_annotator(real_data: Path, name: str, least: float) -> None:
    folder = real_data / "gold" / "extraction"
    rows = [json.loads(line) for line in (folder / "gold.jsonl").read_text("utf-8").splitlines()]
    pages = [row for row in rows if row["set"] == name][:60]
    scores = [f1(text_of(decode((folder / row["page"]).read_bytes()).text), row["text"])[0] for row in pages]
    assert mean(scores) >= least


def test_an_answer_in_a_template_after_its_question_is_text() -> None:
    question = f"<section><h2>第一問</h2><p>{PROSE}</p><template id=a><p>{OTHER}</p></template></section>"
    assert OTHER in text_of(f"<article>{question}</article>")


@pytest.mark.parametrize(
    "template",
    [
        f"<template><p>{{{{name}}}}さんへ。{OTHER}</p></template>",
        f"<template><p>${{name}}さんへ。{OTHER}</p></template>",
        "<template><button>返信する</button></template>",
    ],
)
def test_a_template_that_a_program_fills_is_no_text(template: str) -> None:
    assert (
        text_of(f"<article><section><p>{PROSE}</p><p>{PROSE}</p>{template}</section></article>") == f"{PROSE}\n{PROSE}"
    )


def test_a_folded_text_is_never_all_of_the_main_text() -> None:
    folded = f"<details><summary>解答</summary><p>{OTHER * 9}</p><p>{OTHER}</p></details>"
    assert text_of(f"<main><p>持駒　金、銀</p><p>ヒントです。</p>{folded}</main>").startswith(
        "持駒　金、銀\nヒントです。\n"
    )


def test_a_list_below_its_heading_is_named_by_that() -> None:
    items = "".join(f"<li>設備{i}あり</li>" for i in range(4))
    page = f"<article><h1>離れ</h1><p>{PROSE * 3}</p><h2>設備</h2><ul class=tags>{{}}</ul><p>{OTHER}</p></article>"
    assert "設備3あり" in text_of(page.format(items))
    linked = items.replace("<li>", "<li><a href=/t>").replace("</li>", "</a></li>")
    assert "設備3あり" not in text_of(page.format(linked))


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("<b>かわせみ</b><time>昨日 9:12</time>", "かわせみ 昨日 9:12"),
        ("<time>9:12</time><b>かわせみ</b>", "9:12 かわせみ"),
        ("会は<time>三月</time>に開きます。", "会は三月に開きます。"),
    ],
)
def test_a_time_and_the_name_beside_it_are_apart(line: str, shown: str) -> None:
    assert text_of(article(f"<p>{PROSE}</p><p>{line}</p><p>{OTHER}</p>")) == f"{PROSE}\n{shown}\n{OTHER}"
