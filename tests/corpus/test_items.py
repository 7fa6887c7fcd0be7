"""What is in an item or a cell is what it is, whether word processors and page builders wrap it or not."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from manyo.corpus.web.main_text import extract

PROSE = "朝から雨が降っていたので、傘をさして駅まで歩きました。川の水は濁っていましたが、鴨が二羽泳いでいました。"
TEXT = f"<p>{PROSE}</p>" * 3
CONTENTS = (
    "<a href=/x>雨の日の本</a>",
    "<a href=https://b.example/>海の本</a>",
    "<a href='#a'>川</a>",
    "<a href=/y>前の月</a> 次の月",
    "前の便り: <a href=/z>四月の集まり</a>",
    "三本",
    "赤い傘",
    "川の水は濁っていました。",
)
WRAPPERS = st.lists(st.sampled_from(("p", "div", "center", "section", "article")), max_size=3).map(
    # A paragraph ends where another box begins.
    lambda names: [name for name in names if name != "p"] + ["p"] * ("p" in names)
)
ROW = ("<table><tr>", "<td>", "</td>", "</tr></table>")
HEADED = ("<table><tr><th>傘</th>", "<td>", "</td>", "</tr></table>")
TERMS = ("<dl>", "<dt>雨</dt><dd>", "</dd>", "</dl>")
LIST = ("<ul>", "<li>", "</li>", "</ul>")
NUMBERED = ("<ol>", "<li>", "</li>", "</ol>")


def page_of(kind: tuple[str, str, str, str], contents: list[str], wrappers: list[str], place: str) -> str:
    before, start, end, after = kind
    opened, closed = "".join(f"<{name}>" for name in wrappers), "".join(f"</{name}>" for name in reversed(wrappers))
    items = "".join(f"{start}{opened}{content}{closed}{end}" for content in contents)
    listed = before + items + after
    html = {"head": f"<p>朝の話</p>{listed}{TEXT}", "amid": TEXT + listed + TEXT, "tail": TEXT + listed}[place]
    return f"<body><div>{html}</div></body>"


@given(
    st.sampled_from((ROW, HEADED, TERMS)),
    st.lists(st.sampled_from(CONTENTS), min_size=2, max_size=4),
    WRAPPERS,
    st.sampled_from(("head", "amid", "tail")),
)
@settings(max_examples=120, deadline=None)
def test_wrapping_the_contents_of_cells_and_terms_changes_no_text(
    kind: tuple[str, str, str, str], contents: list[str], wrappers: list[str], place: str
) -> None:
    plain = extract(page_of(kind, contents, [], place)).text
    assert extract(page_of(kind, contents, wrappers, place)).text == plain


@given(
    st.sampled_from((LIST, NUMBERED)),
    st.lists(st.sampled_from(CONTENTS[3:]), min_size=2, max_size=4),
    WRAPPERS,
    st.sampled_from(("head", "amid", "tail")),
)
@settings(max_examples=60, deadline=None)
def test_wrapping_the_contents_of_items_that_are_no_mere_links_changes_no_text(
    kind: tuple[str, str, str, str], contents: list[str], wrappers: list[str], place: str
) -> None:
    plain = extract(page_of(kind, contents, [], place)).text
    assert extract(page_of(kind, contents, wrappers, place)).text == plain


@pytest.mark.parametrize(
    "row",
    [
        "<td><p><a href=/u>傘</a></p></td><td><p>三本</p></td>",
        "<td><div><a href=/u>傘</a></div></td><td><p>三本</p><p>赤い</p></td>",
        "<td><p><a href=/u>傘</a></p><p>長い</p></td><td>三本</td>",
    ],
)
def test_the_last_row_of_data_whose_cells_have_paragraphs_is_text(row: str) -> None:
    text = extract(f"<body><div>{TEXT}<table><tr><th>物</th><th>数</th></tr><tr>{row}</tr></table></div></body>").text
    assert "傘" in text.replace(PROSE, "")
    assert "三本" in text


def test_a_link_alone_in_a_wrapper_in_a_cell_amid_the_text_is_text() -> None:
    row = "<tr><td><div><a href=/u>傘</a></div></td><td><div>三本</div></td></tr>"
    assert "傘\t三本\n" in extract(f"<body><div>{TEXT}<table>{row}</table>{TEXT}</div></body>").text


def test_a_menu_in_a_cell_beside_the_text_that_a_table_lays_out_is_frame() -> None:
    menu = "<div><a href=/a>表紙</a></div><div><a href=/b>掲示板</a></div>"
    html = f"<body><table><tr><td>{menu}</td><td><div><p>{PROSE}</p></div><p>{PROSE}</p></td></tr></table></body>"
    assert extract(html).text == f"{PROSE}\n{PROSE}"


def test_an_item_with_a_listing_amid_it_has_its_number_once() -> None:
    items = f"<li><div><p>{PROSE}</p></div><pre>a = b</pre><p>{PROSE}</p></li><li><div><p>{PROSE}</p></div></li>"
    assert extract(f"<body><ol>{items}</ol></body>").text == f"1. {PROSE}\na = b\n{PROSE}\n2. {PROSE}"
