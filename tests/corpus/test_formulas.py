"""Formulas: each once, on the line of its sentence, as TeX where the page has it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from manyo.corpus.web.formulas import find_formulas
from tests.corpus.test_tags import texts_of

MATHML = "<math><semantics><mrow><msup><mi>c</mi><mn>2</mn></msup></mrow>{}</semantics></math>"
TEX = '<annotation encoding="application/x-tex">c^2</annotation>'
KATEX = (
    f'<span class="katex"><span class="katex-mathml">{MATHML.format(TEX)}</span>'
    '<span class="katex-html" aria-hidden="true"><span class="base">c<sup>2</sup></span></span></span>'
)
MATHJAX_2 = (
    '<span class="MathJax_Preview"></span><span class="MathJax" id="E1" data-mathml="<math><mi>c</mi></math>">'
    '<nobr aria-hidden="true"><span class="math">c<span>2</span></span></nobr><span class="MJX_Assistive_MathML">'
    f'{MATHML.format("")}</span></span><script type="math/tex" id="E1-s">c^2</script>'
)
MATHJAX_3 = (
    '<mjx-container jax="CHTML"><mjx-math aria-hidden="true"><mjx-mi><mjx-c>c</mjx-c></mjx-mi></mjx-math>'
    f"<mjx-assistive-mml>{MATHML.format('')}</mjx-assistive-mml></mjx-container>"
)
MEDIAWIKI = (
    f'<span class="mwe-math-element"><span style="display: none;">{MATHML.format(TEX)}</span>'
    '<img class="mwe-math-fallback-image-inline" aria-hidden="true" alt="{\\displaystyle c^2}"></span>'
)


@pytest.mark.parametrize(
    ("drawn", "written"),
    [
        (MATHML.format(""), "c^2"),
        (MATHML.format(TEX), "$c^2$"),
        ('<math alttext="c^2"><mi>c</mi></math>', "$c^2$"),
        ('<math display="block" alttext="c^2"><mi>c</mi></math>', "$$c^2$$"),
        (KATEX, "$c^2$"),
        (f'<span class="katex-display">{KATEX}</span>', "$$c^2$$"),
        (MATHJAX_2, "$c^2$"),
        (
            '<span class=MathJax_Preview>[式]</span><script type="math/tex; mode=display">a &lt b</script>',
            "$$a &lt b$$",
        ),
        ('<script type="math/mml"><math><mi>c</mi></math></script>', "c"),
        (MATHJAX_3, "c^2"),
        ('<mjx-container jax="SVG"><svg><path d="M0"></svg></mjx-container>', ""),
        (MEDIAWIKI, "$c^2$"),
        ('<img class="latex" src="/latex.php?c" alt="c^2">', "$c^2$"),
        ('<img src="https://chart.example/chart?cht=tx&chl=c" alt="c^2">', "$c^2$"),
    ],
)
def test_a_formula_is_written_once_on_the_line_of_its_sentence(drawn: str, written: str) -> None:
    assert texts_of(f"<p>面積は{drawn}です。</p>") == [f"面積は{written}です。"]


@pytest.mark.parametrize(
    ("mathml", "written"),
    [
        ("<mi>S</mi><mo>=</mo><mi>a</mi><mi>b</mi>", "S=ab"),
        ("<mfrac><mrow><mi>a</mi><mo>+</mo><mi>b</mi></mrow><mn>2</mn></mfrac>", "(a+b)/2"),
        ("<msqrt><mi>g</mi><mi>h</mi></msqrt>", "√(gh)"),
        ("<mroot><mi>x</mi><mn>3</mn></mroot>", "x^(1/3)"),
        ("<msubsup><mi>x</mi><mi>i</mi><mn>10</mn></msubsup>", "x_i^10"),
        ("<mi>f</mi><mo>\u2061</mo><mfenced><mi>x</mi><mi>y</mi></mfenced>", "f(x,y)"),
        ("<mtable><mtr><mtd>1</mtd><mtd>0</mtd></mtr><mtr><mtd>0</mtd><mtd>1</mtd></mtr></mtable>", "1, 0; 0, 1"),
        ("<msup><mi>c</mi>", "c"),
    ],
)
def test_mathml_is_written_on_one_line(mathml: str, written: str) -> None:
    assert texts_of(f"<p>式<math>{mathml}</math>。") == [f"式{written}。"]


PARTS = (
    "<math>",
    "</math>",
    "<span class=katex>",
    "<span>",
    "</span>",
    "<mi>",
    "x",
    "</mi>",
    "<annotation",
    ">",
    KATEX,
)


@given(st.lists(st.sampled_from(PARTS), max_size=30).map("".join))
@settings(max_examples=100, deadline=None)
def test_formulas_stand_in_order_and_none_lies_in_another(html: str) -> None:
    page = html.encode()
    at = 0
    for first, after, _ in find_formulas(page):
        assert at <= first < after <= len(page)
        assert page[first : first + 1] == b"<"
        at = after


HOSTILE = ("<math>", "<span class=katex>", "<annotation encoding=application/x-tex>", "<math ", "<script type=math/")


@pytest.mark.parametrize("piece", HOSTILE)
def test_reading_hostile_formulas_ends(piece: str) -> None:
    page = "<math>" + piece * (400_000 // len(piece)) + "</math>"
    assert len(find_formulas(page.encode())) <= 1
