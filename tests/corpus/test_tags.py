"""Reading tags: the compiled pass and the oracle find the same blocks and boxes."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from manyo.corpus.web.charset import decode
from manyo.corpus.web.element_kernels import find_end_of_tool
from manyo.corpus.web.markup import FRAME_HINT, TAGS
from manyo.corpus.web.tags import read_markup
from manyo.corpus.web.tags_kernels import MAX_DEPTH
from tests import markup_oracle

PIECES = (
    "<p>", "</p>", "<div class='nav'>", "<div class=\"post category-x\">", "<DIV id=relatedPosts>", "</div>",
    "<div class='post b'>", "<div role=dialog class='x y'>", "<div class='\tx' hidden>", "<main hidden>",
    "<section id=next-steps>", "<section class id=tag>", "<div class=Section id=comment-menu>", "</section>",
    "<table>", "<tr>", "<td>", "</td>", "</table>", "<ul>", "<ol start=3>", "<li>", "</ul>", "</ol>",
    "<dl><dt>", "<dd>", "</dl>", "<h1>", "<h2>", "</h2>", "<a href=x>", "<a href='#t'>", "<a>", "</a>", "¶", "†",
    "<br>", "<a name=x>", "<i class=mw-editsection>", "</i>",
    "<br/>", "<hr>",
    "<pre>", "</pre>", "<b>", "</b>", "<i style='display : none'>", "</i>", "<section hidden>", "</section>",
    "<x-y>", "</x-y>", "<x-y hidden>", "<ruby>", "<button>", "<button aria-expanded=true>", "</button>",
    "<img alt='図&amp;'>",
    "<img>", "<dd hidden>", "<div class=answer hidden>", "<span class=ln>", "</span>", "12", "3\n4\n5",
    "<td class=gutter>",
    "<textarea readonly name=a>", "<textarea>", "<textarea name=b>", "</textarea>",
    "<p style='white-space: pre-wrap'>", "<style>", "</style>",
    "<i style='display:block'>",
    "<span style='VISIBILITY:hidden'>", "&#xE63E;", "\ue63f", "\ue001", "<!-->", "--!>", "<legend>",
    "<time>", "</time>", "<template>", "<template shadowrootmode=open>", "</template>", "{{", "傘と川の話を書く。" * 5,
    "<li aria-controls=t>", "<body class=y>", "</body>", "</html>", "<form>", "</form>", "</h3>", "<h3>",
    "<noscript>", "</noscript>", "<object>", "</object>", "JavaScript", "<font size=1>", "<font>", "</font>", "<small>",
    "</small>", "<div style='font-size: 11px'>", "<p style='color:red;font-size:1.2em'>", "<div hidden id=t>",
    "<a href='?e'>[編集]</a>", "<a href=e>［", "］</a>", "<a class=x>¶</a>", "<blockquote>", "<cite>", "</cite>",
    "</blockquote>", "<x-menu><ul>", "<x-side-bar class=z> <P>", "</x-menu>", "</x-side-bar>", "<input type=hidden>",
    "<template>傘</template>",
    "<a href='#t'>", "<a href='#'>", "<a href='//b.example/'>", "<div class=y style='display:none'>", "<div class=y>",
    "<div hidden id='S:0'>", "<map>", "</map>", "<iframe>", "</iframe>",
    "<caption>", "<th>", "<rt>", "<rp>", "</ruby>", "<script>", "<script type='application/ld+json'>",
    "</script>", "<title>", "</title>", "<!-- ", " -->", "<select>", "</select>", "<svg>", "</svg>",
    "<meta name=Robots content=noai>", "<link rel='license' href=y>", "<?x>", "<main>",
    "<article itemprop=articleBody>", "</article>", "<p title='a > b' title=c>", "<p a=\"x>", "<input>", "</>",
    "雨の日。", "傘", "\n", "\r\n  ", " ", "\t", "\xa0", "\u3000", "한국어", "Rain, rain", "a.", "&amp;", "&lt",
    "&nbsp;", "&#12354;", "&#x3042", "&#0;", "&#xD800;", "&#128;", "&notit;", "&nGt;", "&NewLine;", "&", "&#",
    "<", "<3", "é", "𠮟", "\xad", "\u200b", "&shy;", "&#x2060;", "“",
)  # fmt: skip


def collapsed(text: str) -> str:
    return re.sub("[ \t\r\n\f\v\xa0]+", " ", re.sub("[\xad\u200b\u2060]", "", text)).strip(" ")


def blocks_of(html: str) -> list[tuple[str, int, int]]:
    """Text, characters in links and box of each block."""
    markup = read_markup(html)
    columns = (markup.blocks[name].tolist() for name in ("link_chars", "box"))
    return [(markup.text_of(i), *row) for i, row in enumerate(zip(*columns, strict=True))]


def texts_of(html: str) -> list[str]:
    return [text for text, *_ in blocks_of(html)]


def assert_same(html: str) -> None:
    markup, slow = read_markup(html), markup_oracle.read_markup(html)
    assert blocks_of(html) == slow.blocks
    assert [len(text) for text, *_ in slow.blocks] == markup.blocks["chars"].tolist()
    assert slow.links == markup.blocks[["links", "outer_links", "place_links"]].tolist()
    assert slow.small == markup.blocks["is_small"].astype(bool).tolist()
    assert slow.n_hidden_japanese == markup.n_hidden_japanese
    kinds = ["summary" if box.tag == "?button" else "div" if box.tag[0] == "?" else box.tag for box in slow.boxes]
    boxes = [
        (kind, box.parent, box.hint, box.ordinal, box.controls) for kind, box in zip(kinds, slow.boxes, strict=True)
    ][1:]
    columns = (markup.boxes[name][1:].tolist() for name in ("tag", "parent", "hint", "ordinal", "controls"))
    assert [(TAGS[tag], *row) for tag, *row in zip(*columns, strict=True)] == boxes
    names = set(zip(markup.boxes["name"][1:].tolist(), [box.name for box in slow.boxes[1:]], strict=True))
    assert len(names) == len({hashed for hashed, _ in names}) == len({name for _, name in names})
    assert (markup.title, list(markup.tags), markup.json_ld) == (slow.title or "", slow.tags, slow.json_ld)


@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join))
@example("<pre>code<a href=x>\n\n\n\n</a></pre>")
@example("<p>昨日は\n遠く\xa0\nまで<br> \n<br>歩いた</p>")
@settings(max_examples=300, deadline=None)
def test_the_compiled_pass_finds_what_the_oracle_finds(html: str) -> None:
    # A page that is hidden as a whole is read a second time with nothing hidden, which the oracle does not do.
    # One with next to nothing is read again with all that it does not show, too.
    assert_same(f"<p>始まり{'雨' * 200}</p>{html}<p>終わり</p>")


def test_the_compiled_pass_and_the_oracle_agree_on_real_pages(real_data: Path) -> None:
    folder = real_data / "gold" / "extraction"
    rows = [json.loads(line) for line in (folder / "gold.jsonl").read_text("utf-8").splitlines()]
    for row in rows[:14]:
        assert_same(decode((folder / row["page"]).read_bytes()).text)


@pytest.mark.parametrize(
    ("link", "shown"),
    [
        ("<a class=headerlink href='#rain'>¶</a>", "雨の日"),
        ("<a href='#fnref:1'>&#x21a9;&#xfe0e;</a>", "雨の日"),
        ("<a href='#'>\n ▲ </a>", "雨の日"),
        ("<a href='#rain'></a>", "雨の日"),
        ("<a href='#fn1'>[1]</a>", "雨の日[1]"),
        ("<a href='#note'>※</a>", "雨の日※"),
        ("<a href='#rain'>①</a>", "雨の日①"),
        ("<a href='#rain'><b>¶</b></a>", "雨の日¶"),
        ("<a href='/top'>▲</a>", "雨の日▲"),
        ("<a class=anchor>¶</a>", "雨の日"),
        ("<a href='?edit=1'>[編集]</a>", "雨の日"),
        ("<a href='?edit=1'>［編集］</a>", "雨の日"),
        ("<a href='?rain=1'>[傘</a>", "雨の日[傘"),
        ("<a href='#x'>→<i>", "雨の日→"),
    ],
)
def test_a_link_to_the_page_itself_is_left_out_if_it_contains_signs_alone(link: str, shown: str) -> None:
    assert texts_of(f"<h2>雨の日{link}</h2>") == [shown]


def test_operators_that_link_to_their_definition_are_kept_in_a_listing() -> None:
    html = "<pre>f x <a href='#3'>=</a> x <a href='#5'>+</a> 1\n<a href='#6'>    </a>where</pre>"
    assert texts_of(html) == ["f x = x + 1\n    where"]


@pytest.mark.parametrize(
    ("listing", "text", "link_chars"),
    [
        ("code<a href=x>\n\n\n\n</a>", "code", 0),
        ("<a href=x>\n\n</a>code", "code", 0),
        ("<a href=x>\nco\n</a>\nde\n", "co\n\nde", 3),
        ("co\n<a href=x>\nde&NewLine;</a><br>", "co\n\nde", 3),
    ],
)
def test_line_ends_that_are_trimmed_from_a_listing_are_not_characters_of_a_link(
    listing: str, text: str, link_chars: int
) -> None:
    assert blocks_of(f"<pre>{listing}</pre>") == [(text, link_chars, 1)]


@pytest.mark.parametrize(
    ("attributes", "hint"),
    [
        ("class='entry-content'", 1),
        ("class='articleBody'", 1),
        ("role=main", 1),
        ("id=sideBar", -1),
        ("class='related-posts'", -1),
        ("class='inavigate'", 0),
        ("class='comment-list'", -2),
        ("class='author'", -3),
        ("class='post hentry author-me category-sea'", 0),
        ("class='post-author'", -3),
        ("class=''", 0),
        ("role=dialog class='entry-content'", -4),
        ("class='ad'", -1),
        ("id='block-293556b0-ffcf-4b46-ad63-94de30996417'", 0),
        ("class='sidebar2'", -1),
        ("class='bnr01'", -1),
        ("id='ad2'", -1),
        ("id='x3ad'", 0),
    ],
)
def test_class_id_and_role_hint_at_what_a_box_is(attributes: str, hint: int) -> None:
    assert read_markup(f"<div {attributes}>雨</div>").boxes["hint"][1] == hint


@pytest.mark.parametrize(
    ("link", "end"),
    [("", -1), ("[", -1), ("［", -1), ("[a]</a", -1), ("[a]</a>", 3), ("［傘］</a ", 9), ("[a]</ab", -1)],
)
def test_a_tool_is_looked_for_up_to_the_end_of_the_page(link: str, end: int) -> None:
    """Only uncompiled code notices that it reads behind an array."""
    find = getattr(find_end_of_tool, "py_func", find_end_of_tool)
    assert find(np.frombuffer(link.encode(), np.uint8), 0) == end


def test_an_element_of_the_page_s_own_is_named_by_its_tag() -> None:
    markup = read_markup(
        "<x-sidebar><p>雨</p></x-sidebar><x-part class=tide><p>川</p></x-part><x-part><p>橋</p></x-part>"
    )
    boxes = markup.boxes[np.isin(markup.boxes["parent"], [0])]
    assert boxes["tag"].tolist() == [TAGS.index("div")] * 3
    assert boxes["hint"].tolist() == [FRAME_HINT, 0, 0]
    assert len(set(boxes["name"].tolist())) == 3


@pytest.mark.parametrize(
    ("html", "n_controls"),
    [
        ("<div>雨<input><select><option>川</select></div>", 2),
        ("<div>雨<input type=hidden></div>", 0),
        ("<div>雨<button>押す</button></div>", 1),
        ("<div>雨<button aria-expanded=false>川は？</button></div>", 0),
        ("<div><h2><button>川は？</button></h2></div>", 0),
    ],
)
def test_controls_of_a_box_are_counted_and_what_opens_a_text_is_none(html: str, n_controls: int) -> None:
    assert read_markup(html).boxes["controls"].sum() == n_controls


def test_a_quotation_that_begins_with_its_source_has_it_on_a_line_of_its_own() -> None:
    """phpBB's style sheet makes `<cite>` a block there."""
    assert texts_of("<blockquote><div><cite>川守 さん:</cite>橋は渡れます</div></blockquote>") == [
        "川守 さん:\n橋は渡れます"
    ]
    assert texts_of("<blockquote>橋は渡れます<cite>川守</cite>。</blockquote>") == ["橋は渡れます川守。"]
    assert texts_of("<p><cite>川の本</cite>による。</p>") == ["川の本による。"]


def test_a_template_in_an_item_is_its_answer_however_short() -> None:
    assert texts_of("<ol><li><p>夏の雲は？</p><template><p>綿飴</p></template></ol>") == ["夏の雲は？", "綿飴"]
    assert texts_of("<div><p>夏の雲は？</p><template><p>綿飴</p></template></div>") == ["夏の雲は？"]


def test_boxes_nested_deeper_than_the_limit_are_not_distinguished() -> None:
    markup = read_markup("<div>" * 1000 + "雨" + "</div>" * 1000 + "<p>川</p>")
    assert len(markup.boxes) == MAX_DEPTH + 2
    assert texts_of("<div>" * 1000 + "雨" + "</div>" * 1000 + "<p>川</p>") == ["雨", "川"]


@pytest.mark.parametrize(
    ("start", "hint"),
    [
        ("<section id='search-and-replace'>", 0),
        ("<div class='section' id='next-steps'>", 0),
        ("<section id='comments'>", -2),
        ("<section role='search' id='find'>", -1),
        ("<section class='box' id='related-posts'>", -1),
        ("<div id='search-and-replace'>", -1),
    ],
)
def test_the_id_of_a_section_is_its_title_and_does_not_name_a_frame(start: str, hint: int) -> None:
    assert read_markup(f"{start}雨").boxes["hint"][1] == hint


def test_a_page_hidden_as_a_whole_is_shown() -> None:
    assert texts_of("<body style='display:none'><p>雨</p><p>川</p></body>") == ["雨", "川"]


def test_characters_that_only_allow_a_line_break_are_not_text() -> None:
    html = "<p>Un\xadi&shy;ver\u200bsi&ZeroWidthSpace;ty、大\u2060学</p><pre>soft\xadware</pre>"
    assert texts_of(html) == ["University、大学", "software"]


def test_a_hidden_element_that_is_named_main_text_is_read() -> None:
    body = "<div id=articleBody style='display:none'><p>雨。</p></div>"
    html = f"<p>序。</p>{body}<main hidden>川</main><div hidden>窓</div>"
    assert texts_of(html) == ["序。", "雨。", "川"]


def test_references_mean_what_the_standard_library_says() -> None:
    from html import unescape
    from html.entities import html5

    for name in html5:
        for written in (f"a&{name}b", f"a&{name}"):
            expected = collapsed(unescape(written))
            assert texts_of(f"<p>{written}</p>") == [expected], name
    for number in (*range(0x21, 0x180), 0xD7FF, 0xFFFD, 0xFFFE, 0x1F600, 0xE01EF, 0x110000, 10**12):
        expected = collapsed(unescape(f"a&#{number};b&#x{number:x};c"))
        assert texts_of(f"<p>a&#{number};b&#x{number:x};c</p>") == [expected], number


@pytest.mark.parametrize(
    ("html", "texts"),
    [
        ("<p>平成<st1:date>二十年</st1:date>度の<o:p></o:p>予算", ["平成二十年度の予算"]),
        ("<p>この<x-term>支柱</x-term><my-note>と竹</my-note>で", ["この支柱と竹で"]),
        ("<x-card><div>雨</div><div>川</div></x-card>", ["雨", "川"]),
        ("<x-card> <p>雨</x-card>川", ["雨", "川"]),
        ("雨<x-card><p>川</x-card>", ["雨", "川"]),
        ("<p>雨<x-tip hidden><p>窓</p>戸</x-tip>川", ["雨", "窓", "戸川"]),
        ("雨<x-tip hidden><div>窓</div>戸</x-tip>川", ["雨", "川"]),
        ("<p><span hidden>窓<span>戸</span>壁</span>川", ["川"]),
        # Parts that are shown one at a time.
        ("<x-part><p>一</p></x-part><x-part hidden><p>二</p></x-part><x-part hidden><p>三</p></x-part>", [*"一二三"]),
        ("<x-part>一</x-part><x-tip>窓</x-tip><x-part hidden>二</x-part>川", ["一窓川"]),
        ("<x-part hidden>一</x-part><x-part hidden>二</x-part>川", ["川"]),
        ("<div><x-part>一</x-part></div><x-part hidden>二</x-part>川", ["一", "川"]),
    ],
)
def test_unknown_elements_are_inline_and_those_that_begin_with_a_box_are_boxes(html: str, texts: list[str]) -> None:
    assert texts_of(html) == texts


@pytest.mark.parametrize(
    ("html", "texts"),
    [
        ("<h2><img alt='展示の&amp;ご案内'></h2>", ["展示の&ご案内"]),
        ("<h2><picture><img alt=展示の></picture><img alt=ご案内></h2>", ["展示のご案内"]),
        ("<h2><img alt=新着> 雨の日</h2>", ["雨の日"]),
        ("<h2>雨の日<img alt=新着></h2>", ["雨の日"]),
        ("<h1><a href=/><img alt=社名></a></h1>", []),
        ("<p><img alt=雨の写真></p>", []),
        ("<dl><dt><img alt=問い><dd>答え</dl>", ["問い", "答え"]),
    ],
)
def test_a_picture_that_is_all_of_a_heading_gives_its_text(html: str, texts: list[str]) -> None:
    assert texts_of(html) == texts


@pytest.mark.parametrize(
    ("html", "texts"),
    [
        ("<h3>問い</h3><div style='display:none'>答え</div>", ["問い", "答え"]),
        ("<p>問い</p><div class='faq-answer' hidden>答え</div>", ["問い", "答え"]),
        ("<dl><dt>問い<dd style='display:none'>答え</dl>", ["問い", "答え"]),
        ("<button aria-expanded=false aria-controls=a>問い</button><div id=a hidden>答え</div>", ["問い", "答え"]),
        ("<h2><button>問い</button></h2><div hidden=until-found>答え</div>", ["問い", "答え"]),
        ("<button class=menu-toggle aria-expanded=false>目次</button><p>雨", ["雨"]),
        ("<button>送る</button><p>雨", ["雨"]),
        ("<h3>雨</h3><div class=modal hidden>窓</div>", ["雨"]),
        ("<h1>雨</h1><div hidden>窓</div>", ["雨"]),
        ("<p>雨</p><div style='visibility: hidden'>窓</div>", ["雨"]),
    ],
)
def test_folded_answers_and_their_buttons_are_read_and_other_hidden_text_is_not(html: str, texts: list[str]) -> None:
    assert texts_of(html) == texts


@pytest.mark.parametrize(
    "html",
    [
        "<table><tr><td class=gutter><pre>1\n2\n3\n</pre><td><pre>a\n  b\nc</pre></table>",
        "<table><tr><td class=gutter><div>1</div><div>2</div><div>3</div><td><pre>a\n  b\nc</pre></table>",
        "<pre>1\n2\n3</pre><pre>a\n  b\nc</pre>",
        "<pre><span class=lineno>1</span>a\n<span class=lineno>2</span>  b\n<a class='line-number'>3</a>c</pre>",
        "<div class=line-numbers-wrapper><span>1</span><br><span>2</span></div><pre>a\n  b\nc</pre>",
        "<div style='white-space: pre'>a\n  b\nc</div>",
        "<textarea readonly name=code>a\n  b\nc</textarea>",
        "<textarea data-markdown>a\n  b\nc</textarea>",
    ],
)
def test_the_numbers_of_lines_are_no_text_and_listings_keep_their_indentation(html: str) -> None:
    assert texts_of(html) == ["a\n  b\nc"]


def test_a_tag_in_a_text_area_is_text_and_states_nothing() -> None:
    tag = '<meta name="robots" content="noindex">'
    html = f"<p>雨</p><textarea readonly>{tag}\n&lt;br><p>a</textarea><p>風"
    assert texts_of(html) == ["雨", f"{tag}\n<br><p>a", "風"]
    assert read_markup(html).tags == ()


def test_a_tag_after_a_text_area_without_an_end_states_nothing() -> None:
    tag = '<meta name="robots" content="noindex">'
    assert len(read_markup(tag).tags) == 1
    assert read_markup(f"<textarea>雨{tag}").tags == read_markup(f"<textarea name=a>雨{tag}").tags == ()


def test_items_of_a_listing_have_no_numbers() -> None:
    html = "<pre><ol><li>a<li>b</ol></pre><ol class=linenums><li>c</ol><ol><li>雨</ol>"
    assert [box for box in read_markup(html).boxes["ordinal"].tolist() if box] == [1, 1]


@pytest.mark.parametrize(
    "cut", ["<script>var x = '<p>窓", "<style>p { </p>窓", "<!-- <p>窓", "<script", "<script>x</script"]
)
def test_a_page_cut_in_a_script_a_style_or_a_comment_is_hidden_to_its_end(cut: str) -> None:
    assert texts_of(f"<p>雨</p>{cut}") == ["雨"]


def test_characters_that_only_a_font_knows_are_not_text() -> None:
    assert texts_of("<p>&#xE63E;雨&#xf015;の\ue63e日</p>") == ["雨の日"]


def test_an_inline_element_whose_style_makes_it_a_block_starts_a_line() -> None:
    html = "<div><span style='display:block'>春の花</span><span style='display: block'>夏の鳥</span></div>"
    assert texts_of(html) == ["春の花\n夏の鳥"]
