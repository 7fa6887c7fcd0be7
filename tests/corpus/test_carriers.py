"""No text is lost in silence, in whatever HTML carries it: it is in text or comments, or a mark counts it."""

from __future__ import annotations

import pytest

from manyo.corpus.web.main_text import MainText, extract
from tests.corpus.carriers import DRAWN, FRAMES, LEAD, SHAPES, SHOWN, SPARE, Carrier

HEAD = "<html><head><title>港と村の記録</title></head><body>"
ARTICLE = f"<h1>港の朝</h1>{''.join(f'<p>{line}</p>' for line in LEAD)}"
MENU = '<header><nav><ul><li><a href="/">トップ</a><li><a href="/b">案内</a></ul></nav></header>'
#: Where a carrier stands: alone on the page, in the box of an article, amid it, and in a box beside it.
PLACES = {
    "alone": HEAD + "{}</body></html>",
    "after": f'{HEAD}<div id="a">{ARTICLE}{{}}</div></body></html>',
    "amid": f"{HEAD}{MENU}<main><h1>港の朝</h1><p>{LEAD[0]}</p>{{}}<p>{LEAD[1]}</p><p>{LEAD[2]}</p></main>",
    "beside": f'{HEAD}<div class="w"><article>{ARTICLE}</article><div class="b">{{}}</div></div></body></html>',
}
ALL = {**SHOWN, **SPARE, **FRAMES, **DRAWN}


def tight(text: str) -> str:
    return "".join(text.split())


def is_found(found: MainText, lines: tuple[str, ...]) -> bool:
    kept = tight(found.text) + tight(found.comments)
    return all(tight(line) in kept for line in lines)


@pytest.mark.parametrize("carrier", ALL.values(), ids=ALL)
def test_a_text_that_is_all_that_a_page_has_is_its_text(carrier: Carrier) -> None:
    for name, shape in SHAPES.items():
        assert is_found(extract(PLACES["alone"].format(carrier(shape))), shape.lines), name


@pytest.mark.parametrize("carrier", SHOWN.values(), ids=SHOWN)
def test_a_text_that_browsers_show_with_an_article_is_text_with_it(carrier: Carrier) -> None:
    for place in ("after", "amid"):
        for name, shape in SHAPES.items():
            found = extract(PLACES[place].format(carrier(shape)))
            assert is_found(found, shape.lines), (place, name)
            assert is_found(found, LEAD if place == "after" else LEAD[:3]), (place, name)


@pytest.mark.parametrize("carrier", {**SHOWN, **SPARE, **FRAMES}.values(), ids={**SHOWN, **SPARE, **FRAMES})
def test_what_is_left_out_beside_an_article_is_counted(carrier: Carrier) -> None:
    for place in ("after", "amid", "beside"):
        for name, shape in SHAPES.items():
            found = extract(PLACES[place].format(carrier(shape)))
            is_marked = found.n_hidden_japanese or found.n_unassigned_japanese or found.kept_japanese_fraction < 0.9
            assert is_found(found, shape.lines) or is_marked, (place, name)


@pytest.mark.parametrize("carrier", DRAWN.values(), ids=DRAWN)
def test_what_a_program_draws_from_does_not_join_a_page_that_has_its_own_text(carrier: Carrier) -> None:
    for shape in SHAPES.values():
        assert tight(extract(PLACES["after"].format(carrier(shape))).text) == tight(
            extract(PLACES["after"].format("")).text
        )
