"""Structure beside text: spans lie within the text, nest, move with it, and make the views."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from manyo.corpus.structure import KINDS, NO_STRUCTURE, VIEWS, Span, Structure, moved, nested, tidied, view_of
from manyo.corpus.text import LINE_ENDS, tidy
from manyo.corpus.web.main_text import extract
from tests.corpus.test_tags import PIECES

PAGE = """<title>日記</title><main><h1>川と霧の本を読む</h1><h2>霧</h2>
<p>朝の<ruby>霧<rt>きり</rt></ruby>は<strong>とても濃い</strong>。
式は<script type="math/tex">c^2</script>です。<code>f(x)</code>を呼ぶ。</p>
<ul><li>竹を切る。</li><li>縄で結ぶ。<ul><li>固く結ぶ。</li></ul></li></ul><ol><li>春の川を見る。</li></ol>
<blockquote><p>川は流れる。</p><p>雲も流れる。</p></blockquote>
<pre>def f(x):
    return x</pre>
<table><tr><th>名</th><th>値</th></tr><tr><td>水</td><td>三</td></tr></table><p>終わりの文です。明日も晴れます。</p></main>"""


def assert_lawful(text: str, structure: Structure) -> None:
    around: list[Span] = []
    spans = structure.spans()
    assert spans == sorted(spans, key=lambda span: (span.start, -span.stop))
    for span in spans:
        assert 0 <= span.start < span.stop <= len(text)
        assert span.kind in KINDS
        while around and around[-1].stop <= span.start:
            around.pop()
        assert not around or span.stop <= around[-1].stop
        around.append(span)


def test_a_page_gives_its_structure() -> None:
    page = extract(PAGE)
    found = [(span.kind, span.value, page.text[span.start : span.stop]) for span in page.structure.spans()]
    assert found == [
        ("heading", "1", "川と霧の本を読む"),
        ("heading", "2", "霧"),
        ("ruby", "きり", "霧"),
        ("emphasis", "", "とても濃い"),
        ("math", "", "$c^2$"),
        ("code", "", "f(x)"),
        ("list", "", "竹を切る。\n縄で結ぶ。\n固く結ぶ。"),
        ("item", "", "竹を切る。"),
        ("item", "", "縄で結ぶ。\n固く結ぶ。"),
        ("list", "", "固く結ぶ。"),
        ("item", "", "固く結ぶ。"),
        ("list", "", "1. 春の川を見る。"),
        ("item", "1", "1. 春の川を見る。"),
        ("quote", "", "川は流れる。\n雲も流れる。"),
        ("code", "", "def f(x):\n    return x"),
        ("table", "", "名\t値\n水\t三"),
        ("row", "", "名\t値"),
        ("cell", "h", "名"),
        ("cell", "h", "値"),
        ("row", "", "水\t三"),
        ("cell", "", "水"),
        ("cell", "", "三"),
    ]
    assert_lawful(page.text, page.structure)


def test_markdown_and_readings_are_views_of_text_and_structure() -> None:
    page = extract(PAGE)
    assert view_of("plain", page.text, page.structure) == page.text
    assert "朝の霧《きり》はとても濃い" in view_of("ruby", page.text, page.structure)
    markdown = """# 川と霧の本を読む
## 霧
朝の霧は**とても濃い**。式は$c^2$です。`f(x)`を呼ぶ。
- 竹を切る。
- 縄で結ぶ。
  - 固く結ぶ。
1. 春の川を見る。
> 川は流れる。
> 雲も流れる。
```
def f(x):
    return x
```
| 名 |\t値 |
| --- | --- |
| 水 |\t三 |
終わりの文です。明日も晴れます。"""
    assert view_of("markdown", page.text, page.structure) == markdown
    with pytest.raises(ValueError, match="view must be one of"):
        view_of("html", page.text, page.structure)


@pytest.mark.parametrize(
    ("html", "spans"),
    [
        ("<ruby>山<rt>やま</rt>道<rt>みち</rt></ruby>", [("山", "やま"), ("道", "みち")]),
        ("<ruby><rb>山</rb><rb>道</rb><rt>やま</rt><rt>みち</rt></ruby>", [("山道", "やまみち")]),
        ("<ruby><rb>山</rb><rp>（</rp><rt>やま</rt><rp>）</rp></ruby>", [("山", "やま")]),
        ("<ruby><rbc><rb>山</rb></rbc><rtc><rt>や&#12414;</rt></rtc></ruby>", [("山", "やま")]),
        ("<ruby hidden>山<rt>やま</rt></ruby>", []),
        ("<b>山 <ruby>\n川<rt>かわ</rt></ruby></b>", [("山川", ""), ("川", "かわ")]),
        ("<b>山<code>川</b>海</code>", [("山川", "")]),
        ("<b></b>", []),
    ],
)
def test_marks_of_a_line_are_spans(html: str, spans: list[tuple[str, str]]) -> None:
    page = extract(f"<p>朝から{html}を歩いた。昼には雨が降った。</p>")
    assert [(page.text[span.start : span.stop], span.value) for span in page.structure.spans()] == spans


@given(st.lists(st.sampled_from((*PIECES, "<strong>", "</strong>", "<code>", "</code>")), max_size=40).map("".join))
@settings(max_examples=150, deadline=None)
def test_spans_of_any_page_lie_within_its_text_and_nest(html: str) -> None:
    page = extract(f"<p>始まりの文です。</p>{html}<p>終わりの文です。</p>")
    assert_lawful(page.text, page.structure)
    text, structure = tidied(page.text, page.structure)
    assert text == tidy(page.text)
    assert_lawful(text, structure)
    for view in VIEWS:
        view_of(view, text, structure)


TEXTS = st.text("春の川\n\tか\u3099 e\u0301\x00", max_size=30)


@st.composite
def structured(draw: st.DrawFn) -> tuple[str, Structure]:
    text = draw(TEXTS)
    places = st.integers(0, len(text))
    spans = draw(st.lists(st.tuples(places, places, st.sampled_from(list(KINDS))), max_size=8))
    return text, Structure.of(nested(Span(min(a, b), max(a, b), kind, "1") for a, b, kind in spans))


@given(structured(), st.data())
@settings(max_examples=300, deadline=None)
def test_spans_move_with_what_they_hold(given_: tuple[str, Structure], data: st.DataObject) -> None:
    text, structure = given_
    places = sorted(data.draw(st.sets(st.integers(0, len(text)), max_size=6)))
    edits = [
        (start, stop, data.draw(st.integers(0, 3))) for start, stop in zip(places[::2], places[1::2], strict=False)
    ]
    after, at = "", 0
    for start, stop, n_chars in edits:
        after += text[at:start] + "■" * n_chars
        at = stop
    after += text[at:]
    new = moved(structure, edits)
    assert_lawful(after, new)
    # Characters that stay are in spans of the same kinds as before, unless a reading or a formula was touched.
    stays = [place for place in range(len(text)) if not any(start <= place < stop for start, stop, _ in edits)]
    kept = [place for place, character in enumerate(after) if character != "■"]
    for old_place, new_place in zip(stays, kept, strict=True):
        old_kinds = {span.kind for span in structure.spans() if span.start <= old_place < span.stop}
        new_kinds = {span.kind for span in new.spans() if span.start <= new_place < span.stop}
        assert new_kinds <= old_kinds
        assert old_kinds - new_kinds <= {"ruby", "math"}


@pytest.mark.parametrize("line_end", list(LINE_ENDS))
def test_spans_keep_their_places_whatever_ends_the_lines(line_end: str) -> None:
    structure = Structure.of([Span(1, 3, "heading", "1"), Span(4, 6, "heading", "2"), Span(4, 6, "ruby", "か")])
    tidy_text, tidy_structure = tidied("\n".join([" 一二 ", "三四か\u3099", "五"]), structure)
    assert tidied(line_end.join([" 一二 ", "三四か\u3099", "五"]), structure) == (tidy_text, tidy_structure)


@given(structured())
@settings(max_examples=300, deadline=None)
def test_a_text_that_is_tidied_keeps_lawful_spans(given_: tuple[str, Structure]) -> None:
    text, structure = tidied(*given_)
    assert text == tidy(given_[0])
    assert_lawful(text, structure)


def test_a_reading_whose_base_is_masked_goes_with_it() -> None:
    structure = Structure.of([Span(0, 4, "emphasis"), Span(0, 2, "ruby", "やまだ")])
    assert moved(structure, [(0, 2, 4)]).spans() == [Span(0, 6, "emphasis")]
    assert moved(structure, []) == structure
    assert moved(NO_STRUCTURE, [(0, 2, 4)]) == NO_STRUCTURE
