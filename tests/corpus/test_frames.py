"""Frames that no name tells: menus, rules, links without an address, headings of comments, and what looks like them."""

from __future__ import annotations

import pytest

from manyo.corpus.web.main_text import extract

PROSE = "朝から雨が降っていたので、傘をさして駅まで歩きました。川の水は濁っていましたが、鴨が二羽泳いでいました。"
TEXT = f"<p>{PROSE}</p><p>{PROSE}</p><p>{PROSE}</p>"
KEPT = "\n".join([PROSE] * 3)
MENU = "<a href=a>前の月</a> <a href=b>次の月</a>"


@pytest.mark.parametrize(
    "frame",
    [
        f"<p>{MENU}</p>",
        f"<div>{MENU}</div><div>since 1999</div>",
        f"<h3>ほかの峠</h3><p>{MENU}</p>",
        f"<hr><center>{MENU}<br>リンクはご自由に。</center>",
        "<hr><center>あなたは人目のお客様です。リンクはご自由に。<a href=m>メール</a></center>",
        "<p><a>前の月</a> <a>次の月</a></p>",
    ],
)
def test_a_menu_after_the_text_and_the_labels_below_it_are_frame(frame: str) -> None:
    assert extract(f"<body>{TEXT * 2}{frame}</body>").text == f"{KEPT}\n{KEPT}"


@pytest.mark.parametrize(
    "frame", [f"<p>{MENU}</p>", f"<div>日記帳<br>{MENU}</div><hr>", "<p><a>表紙</a> | <a>掲示板</a></p>"]
)
def test_a_menu_before_the_text_is_frame(frame: str) -> None:
    assert extract(f"<body>{frame}{TEXT}</body>").text == KEPT


#: As archives of mailing lists lead to other letters, and tables of times to those of other days.
LISTS_OF_LINKS = (
    "<ul><li>前の便り: <a href=411.html>四月の集まり</a><li>次の便り: <a href=413.html>会費のこと</a></ul>",
    "<ul><li>平日</li><li><a href=sat>土曜の表</a></li><li><a href=sun>日曜の表</a></li></ul>",
    "<dl><dt>前の便り</dt><dd><a href=411.html>四月の集まり</a></dd></dl>",
    "<ul><li><div>平日</div></li><li><p><a href=sat>土曜の表</a></p></li><li><p><a href=sun>日曜の表</a></p></li></ul>",
    "<p><a href=print>印刷するための頁</a></p>",
)


@pytest.mark.parametrize("links", LISTS_OF_LINKS)
def test_links_to_the_same_host_and_their_labels_at_an_end_are_frame(links: str) -> None:
    page = f"<body><div><p>朝の話</p>{links}{TEXT * 2}{links}</div></body>"
    assert extract(page).text == f"朝の話\n{KEPT}\n{KEPT}"


@pytest.mark.parametrize(
    ("head", "tail"),
    [
        ("<ul><li><a href='#a'>雨の日</a></li></ul>", ""),  # the contents of the text
        ("", "<ul><li><a href=https://b.example/>雨の日の本</a></li></ul>"),  # a source
        ("", "<p><a href=x>店</a>は川のそばの古い家</p>"),  # more than a label
        ("", "<table><tr><td><a href=x>傘</a></td><td>三本</td></tr></table>"),  # a row of data
        ("", "<table><tr><td><p><a href=x>傘</a></p></td><td><p>三本</p></td></tr></table>"),
        ("", "<table><tr><th><div><a href=x>傘</a></div></th><td><div>三本</div></td></tr></table>"),
        ("", "<ul><li><p><a href=x>傘</a></p></li><li><p>三本</p></li><li><p>黒と紺</p></li></ul>"),
        ("", f"<ul>{'<li><a href=x>雨の日の本の話</a></li>' * 29}</ul>"),  # long beside the text
        (f"<ul>{'<li><a href=x>雨の日の本の話</a></li>' * 29}</ul>", ""),  # longer than the text
    ],
)
def test_links_that_are_more_than_a_menu_are_text(head: str, tail: str) -> None:
    text = extract(f"<body><div><p>朝の話</p>{head}{TEXT}{tail}</div></body>").text
    assert KEPT in text
    assert text != f"朝の話\n{KEPT}"


@pytest.mark.parametrize(
    "text",
    [
        "<hr><ol><li>雨の日の本。<a href=x>戻る</a></li></ol>",
        "<hr><ol><li><p><a href=x>雨の日の本</a> <a href=y>戻る</a></p></li></ol>",
        f"<hr><p>あとがき。{PROSE}</p><p>{MENU}</p>",
        "<hr><h2>付録</h2><p>雨の日の本は<a href=x>こちら</a>にあります。</p>",
        "<p>出典：<a href=x>雨の日の本</a>（<a href=y>文庫</a>）による。</p>",
    ],
)
def test_notes_afterwords_and_sections_after_a_rule_are_text(text: str) -> None:
    kept = extract(f"<body>{TEXT}{text}</body>").text
    assert kept.startswith(KEPT + "\n")


def test_the_preamble_of_a_law_before_its_table_of_contents_is_text() -> None:
    html = f"<body><div>司法試験法</div><div>（昭和二十四年法律第百四十号）</div><p>{MENU}</p>{TEXT}</body>"
    assert extract(html).text == f"司法試験法\n（昭和二十四年法律第百四十号）\n{KEPT}"


@pytest.mark.parametrize(
    "comments",
    [
        "<section><h2>お客様の声</h2><div class=rv>よく切れます。</div><div class=rv>また買います。</div></section>",
        "<h3>コメント (2)</h3><div><p>よく切れます。</p><p>また買います。</p></div><div><h4>最新</h4></div>",
        "<div><h3>みんなのレビュー</h3></div><div>よく切れます。</div><div>また買います。</div><form>名前</form>",
        "<h3>Comments</h3><div class=c><h4>一</h4>よく切れます。</div><div class=c><h4>二</h4>また買います。</div>",
    ],
)
def test_what_readers_wrote_below_a_heading_of_theirs_is_kept_apart(comments: str) -> None:
    main = extract(f"<body><div>{TEXT}</div>{comments}</body>")
    assert main.text == KEPT
    assert "よく切れます。" in main.comments
    assert "また買います。" in main.comments
    assert "最新" not in main.comments


def test_a_section_about_comments_among_sections_is_text() -> None:
    section = "<h3>{}</h3><p>「//」で行末までがコメントです。</p>"
    main = extract(f"<body><div>{TEXT}</div>{section.format('コメント')}{section.format('文字列')}</body>")
    assert main.text.count("「//」で行末までがコメントです。") == 2
    assert not main.comments


@pytest.mark.parametrize(
    "tool",
    ["<a class=anchor href='#c1'>&dagger;</a>", "<span class=mw-editsection>[<a href=e>編集</a>]</span>"],
)
def test_the_tools_beside_a_heading_are_no_text(tool: str) -> None:
    assert extract(f"<body>{TEXT}<h2>地理 {tool}</h2>{TEXT}</body>").text == f"{KEPT}\n地理\n{KEPT}"


def test_the_hidden_answer_in_an_item_is_text_and_a_hidden_menu_is_not() -> None:
    answer = '<div class=kaisetsu style="display:none"><p>正解はイ。</p></div>'
    menu = '<ul style="display:none"><li>受検要項</li></ul>'
    html = f"<body>{TEXT}<ol><li><p>問いです。</p>{answer}</li></ol><ul><li><p>案内。</p>{menu}</li></ul></body>"
    text = extract(html).text
    assert "正解はイ。" in text
    assert "受検要項" not in text


def test_the_cells_of_a_row_share_a_line_unless_one_has_several() -> None:
    long = "湯口のそばは、いちばん長く通っている人の場所です。空いていても、三回目まではほかの場所に座りましょう。" * 2
    html = f"<body>{TEXT}<table><tr><td>一<td>{long}<tr><td>二<td>布<br>糸</table>{TEXT}</body>"
    assert extract(html).text == f"{KEPT}\n一\t{long}\n二\n布\n糸\n{KEPT}"


def test_the_cells_of_a_row_share_a_line_though_word_processors_put_paragraphs_in_them() -> None:
    rows = "<tr><td><p>四日</p><td><div>委員会</div><tr><td><p>七日</p><td><p>七夕</p><p>体育館</p>"
    html = f"<body>{TEXT}<table>{rows}</table>{TEXT}</body>"
    assert extract(html).text == f"{KEPT}\n四日\t委員会\n七日\n七夕\n体育館\n{KEPT}"


@pytest.mark.parametrize("pictogram", ["&#63647;", "&#63808;", "&#xE63E;", "\ue63e"])
def test_the_pictograms_of_old_mobile_phones_are_left_out_and_counted(pictogram: str) -> None:
    main = extract(f"<body><p>{PROSE}{pictogram}</p></body>")
    assert main.text == PROSE
    assert main.n_pictograms == 1


def test_a_kanji_of_windows_among_the_codes_of_pictograms_is_text() -> None:
    assert extract(f"<body><p>山本&#63964;です。{PROSE}</p></body>").text == f"山本\uf9dcです。{PROSE}"


@pytest.mark.parametrize(
    "frame",
    [
        # A mail: how to read it, and how to end it, in tables around the one that lays out the text.
        "<table><tr><td>読みにくいときは<a href=w>こちら</a> / <a href=x>本文だけ</a></td></tr></table>",
        "<table><tr><td>海辺の会<br><a href=s>配信をやめる</a> <a href=c>宛先を変える</a></td></tr></table>",
        "<div><a href=b>前へ</a> 十頁のうち二頁 <a href=n>次へ</a></div>",
        "<div style='font-size: 11px'>八百×六百の画面向け</div>",
        "<div><small>海辺の会 since 1999</small></div>",
        "<center><font size=1>海辺の会</font></center>",
        "<hr><font size=1>会社のこと | 個人の情報</font>",
    ],
)
def test_links_and_small_print_in_a_box_apart_at_an_end_are_frame(frame: str) -> None:
    assert extract(f"<body>{TEXT * 2}{frame}</body>").text == f"{KEPT}\n{KEPT}"
    if "<hr>" not in frame:
        assert extract(f"<body>{frame}{TEXT * 2}</body>").text == f"{KEPT}\n{KEPT}"


@pytest.mark.parametrize(
    "text",
    [
        "<div>雨の日の記録は<a href=x>前の頁</a>と<a href=y>次の頁</a>にもあります。</div>",
        "<div><small>傘は駅で借りた。</small></div>",
        "<div><h2>道</h2><small>駅から橋まで</small></div>",
        "<div>駅から橋まで</div>",
        "<ol><li><small>駅から橋まで</small></li></ol>",
    ],
)
def test_sentences_sections_and_notes_in_a_box_apart_are_text(text: str) -> None:
    assert extract(f"<body>{TEXT * 2}{text}</body>").text.startswith(f"{KEPT}\n{KEPT}\n")


def test_small_print_says_nothing_on_a_page_in_small_print() -> None:
    html = f"<body style='font-size:11px'>{TEXT * 2}<div>駅から橋まで</div></body>"
    assert extract(html).text == f"{KEPT}\n{KEPT}\n駅から橋まで"


@pytest.mark.parametrize("layout", ["<ul><li>{}</li></ul>", "<table><tr><td>{}</td></tr></table>", "<p>{}</p>"])
def test_links_back_that_say_the_same_below_each_post_are_frame(layout: str) -> None:
    """ページトップ stood between the posts of a thread, each a cell of its table."""
    back = layout.format("<a href='#top'>頁の頭</a>")
    assert extract(f"<body>{f'<p>{PROSE}</p>{back}' * 4}</body>").text == "\n".join([PROSE] * 4)
    different = "".join(f"<p>{PROSE}</p>{back.replace('頁', str(i))}" for i in range(4))
    assert "1の頭" in extract(f"<body>{different}</body>").text


def test_what_opens_each_answer_and_says_the_same_is_a_button() -> None:
    for label, is_kept in (("答えを見る", False), ("{}問の答え", True)):
        fold = "<li><p>問いです。</p><button aria-expanded=false>{}</button><div hidden>綿飴</div></li>"
        items = "".join(fold.format(label.format(i)) for i in range(4))
        found = extract(f"<body>{TEXT}<ol>{items}</ol></body>").text
        assert ("答え" in found) is is_kept
        assert found.count("綿飴") == 4


@pytest.mark.parametrize(
    ("panel", "is_kept"),
    [
        ("<div class=a><p>傘は役に立ちましたか？</p><button>はい</button></div>", False),
        ("<div>傘の数<select><option>1</select></div>", False),
        ("<section><h3>傘の地図</h3><button>開く</button></section>", False),
        # Each post of a thread has its buttons, a question its answer, and a long text more than a label.
        ("<div class=a><p>傘が要る。</p><button>返信</button></div>" * 2, True),
        ("<div class=a><button aria-expanded=true>傘は？</button><p>要る。</p></div>", True),
        (f"<div class=a><p>傘が要る。{PROSE}</p><button>返信</button></div>", True),
        ("<ul><li>傘<button>買う</button></li></ul>", True),
    ],
)
def test_a_box_with_controls_and_little_text_is_a_form_whatever_its_tag(panel: str, is_kept: bool) -> None:
    assert (
        "傘" in extract(f"<body><div>{TEXT.replace('傘', '杖')}{panel}{TEXT.replace('傘', '杖')}</div></body>").text
    ) is is_kept


def test_a_last_section_of_links_to_the_same_host_is_frame() -> None:
    others = "<h2>ほかの道</h2><ul><li><a href=/a>橋の道</a></li><li><a href=b.html>川の道</a></li></ul>"
    assert extract(f"<body>{TEXT * 2}{others}</body>").text == f"{KEPT}\n{KEPT}"


@pytest.mark.parametrize("address", ["https://rain.example/", "//rain.example/a", "#rain", "mailto:a@rain.example"])
def test_sources_and_places_of_the_text_are_no_other_pages(address: str) -> None:
    html = f"<body>{TEXT * 2}<h2>出典</h2><ul><li><a href='{address}'>雨の日の本</a></li></ul></body>"
    assert extract(html).text == f"{KEPT}\n{KEPT}\n出典\n雨の日の本"


@pytest.mark.parametrize(
    "frame",
    [
        "<div>このページは八百×六百の画面でご覧ください。</div>",
        "<div><h2>このページに関するお問い合わせ</h2><p>水道の係</p></div>",
        "<hr><p>当サイトはリンクを歓迎します。</p>",
        "<div><p>この記事は役に立ちましたか？</p><p>17人が役に立ったと言っています</p></div>",
        "<div><h2>記録</h2><p>この記事のトラックバックURL</p></div>",
        "<div>この広告は九十日書かれていない日記に出ます。</div><p>© 海辺の会</p>",
    ],
)
def test_where_a_page_speaks_of_itself_at_its_end_that_is_frame(frame: str) -> None:
    assert extract(f"<body>{TEXT * 4}{frame}</body>").text == "\n".join([KEPT] * 4)


def test_a_sentence_about_the_page_amid_a_last_part_takes_nothing_with_it() -> None:
    html = f"<body>{TEXT * 4}<div><p>{PROSE}</p><p>この記事は雨の日に書いた。</p></div></body>"
    assert extract(html).text.split("\n")[12:] == [PROSE]


def test_a_long_last_paragraph_about_the_page_is_text() -> None:
    long = f"この記事を書いた日のことを書く。{PROSE}{PROSE}"
    assert extract(f"<body>{TEXT * 4}<div><p>{long}</p></div></body>").text.endswith(f"\n{long}")


@pytest.mark.parametrize(
    "text",
    ["<p>このページでは雨の日を書く。</p>", "<div>この町では雨が多い。</div>", "<ol><li>このサイトは古い。</li></ol>"],
)
def test_a_text_that_speaks_of_its_page_or_a_note_is_text(text: str) -> None:
    assert len(extract(f"<body>{TEXT * 4}{text}</body>").text.split("\n")) == 13
