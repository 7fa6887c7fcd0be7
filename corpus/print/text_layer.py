"""Whether a page's text can be taken as it is, or needs OCR, and why.

A page needs OCR if it is a picture, if its fonts do not say which characters their glyphs are, or if what they say is
not Japanese as it is written, or not what they draw: then a font lies, because it was made to or because a program lost
its tables. Nothing is repaired by guessing. The invisible text of a scanned page is what some OCR read: it is taken if
it is as plausible as print.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from manyo.corpus.lifts import PairSums, pair_sums
from manyo.corpus.print.glyph_shapes import ink_fit, n_em_wide_letters
from manyo.corpus.print.line_text import TextLine
from manyo.corpus.print.pdf_glyphs import Glyphs, PdfPage, is_blank
from manyo.corpus.text import Texts

WHYS: Final = {
    "scanned": "the page is a picture without text",
    "poor_layer": "the page is a picture with an invisible text that is less plausible than print",
    "no_map": "the fonts do not say which characters their glyphs are",
    "implausible": "the characters that the fonts name do not follow each other as in any Japanese text",
    "outlines": "the page has drawings and hardly any text: letters turned into outlines",
}
#: A picture of this part of the page is a scan, if there are no more glyphs than this.
_SCAN_SHARE: Final = 0.6
_SCAN_GLYPHS: Final = 50
#: Glyphs without a character.
_MAP_ERROR_SHARE: Final = 0.01
_FEW_ERRORS: Final = 2
#: Controls and U+FFFD.
_ODD_SHARE: Final = 0.005
#: Private use, but for the signs of symbol fonts from U+F000 on: names with gaiji have some.
_PRIVATE_SHARE: Final = 0.02
#: So many paths, and no text, are outlines of letters.
_OUTLINE_PATHS: Final = 200

# Limits between 231 real pages and the same with kana and kanji moved by a few code points (docs/log/pdf.md).
#: Kanji that are not common, of all: real pages have up to .21, moved ones .61 and more. Chinese, which has no kana,
#: has up to .5.
_RARE_FRACTION: Final = 0.4
_RARE_FRACTION_WITHOUT_KANA: Final = 0.58
_LEAST_KANJI: Final = 10
_KANA_FRACTION: Final = 0.05
#: Mean bits of pairs of neighbours: real pages have .14 and more, moved kana -.1 and less.
_PAIR_BITS: Final = 0.02
_LEAST_PAIRS: Final = 40
#: Below this an invisible text is poor OCR: of pages of which a tenth is misread .98 have more, of those of which four
#: tenths are .9 have less, and most others have more rare kanji than this (docs/log/pdf.md). Tesseract on clean scans
#: has .68 to 1.15 bits.
_LAYER_PAIR_BITS: Final = 0.2
_LAYER_RARE_FRACTION: Final = 0.18
_LAYER_LEAST_KANJI: Final = 30
_LAYER_LEAST_PAIRS: Final = 20
#: Signs and letters that no Japanese text has between two Japanese characters, of these: they stand in the place of
#: kana and marks where a program lost half of a font's table. Real pages have up to .004.
_STRANGE_FRACTION: Final = 0.02
_LEAST_STRANGE: Final = 3
# Limits between 485 sound pages and the same with characters named as others of the page (docs/log/pdf.md).
#: Pages with more bits a pair are not looked at more closely: if all characters are others, there are .71 and less.
_SURE_PAIR_BITS: Final = 0.75
#: Ink that fits its characters no better, and as many ems of it: of 446 pages of any length that have five characters
#: and more, those that are sound have less of one or the other, those one entry off have .53 and .07 and more.
_INK_ERROR: Final = 0.52
_INK_ERROR_EMS: Final = 0.065
#: Of so few different characters sound ones have up to .65.
_FEW_CHARACTERS: Final = 40
_INK_ERROR_OF_FEW: Final = 0.68
#: Of fewer different characters a good fit of a wrong page is chance.
_LEAST_CHARACTERS: Final = 12
#: Letters that take an em as kana do: a sound page has one at most.
_LEAST_WIDE: Final = 2
_WIDE_SHARE: Final = 0.002
#: What a bad font makes up of a page before the page needs OCR.
_FONT_SHARE: Final = 0.1

_JAPANESE: Final = "\u3041-\u30ff\u3400-\u9fff々〆〇、。「」『』"
#: Latin letters with marks, rare scripts, and marks that are no Japanese; × ÷ ± ° are.
_STRANGE_LETTERS = re.compile(rf"(?<=[{_JAPANESE}])[ª-¯¸-ÖØ-öø-ɏ\u0250-\u036f\u0530-\u10ff\u1200-\u1cff]")
_KANA = re.compile("[ぁ-ヺ]")
_LATIN_BETWEEN = re.compile(rf"(?<=[{_JAPANESE}])[a-zA-Z|{{}}~^`\\_<>@#$;]{{1,2}}(?=[{_JAPANESE}])")
_LATIN_BETWEEN_FRACTION: Final = 0.05
#: Letters of any alphabet, and signs, between two kanji: what stands for kana where a font's table lost all of them.
_ODD: Final = r"a-zA-Z|{}~^`\\_<>@#$;¡-ӿ"
_BETWEEN_KANJI = re.compile(
    rf"(?<=[\u3400-\u9fff])(?:(?=[!-~¡-ӿ]{{0,11}}[{_ODD}])[!-~¡-ӿ]{{1,12}}| ?[¡-ӿ](?: ?[¡-ӿ]){{0,11}} ?)"
    r"(?=[\u3400-\u9fff])"
)
_BETWEEN_FRACTION: Final = 0.1
#: Code with a few kanji has fewer; text without its kana has a third, pages of two languages a tenth.
_KANJI_SHARE: Final = 0.08
#: Running text has .4 and more of its letters in kana.
_FEW_KANA: Final = 0.3


def is_scan(page: PdfPage) -> bool:
    """Whether the page is a picture, perhaps with an invisible text."""
    glyphs = page.glyphs
    n = len(glyphs.points)
    return page.image_share >= _SCAN_SHARE and (n < _SCAN_GLYPHS or int(glyphs.is_invisible.sum()) > 0.5 * n)


def why_ocr(page: PdfPage) -> str:
    """Why the page needs OCR, by what it consists of: a key of `WHYS`; empty if its text is to be looked at."""
    glyphs = page.glyphs
    points = glyphs.points
    n = int((~is_blank(points)).sum())
    if is_scan(page):
        return "scanned" if n < _SCAN_GLYPHS else ""
    if not n:
        return "outlines" if page.n_paths >= _OUTLINE_PATHS else ""
    is_odd = (points < 0x20) | ((points >= 0x7F) & (points < 0xA0)) | (points == 0xFFFD)
    is_private = (points >= 0xE000) & (points < 0xF000)
    if int(is_odd.sum()) > max(_ODD_SHARE * n, 2) or int(is_private.sum()) > max(_PRIVATE_SHARE * n, 2):
        return "no_map" if int(glyphs.has_map_error.sum()) > _MAP_ERROR_SHARE * n else "implausible"
    return ""


def why_implausible(lines: Sequence[TextLine], page: PdfPage) -> str:
    """Why the text of a page cannot be taken: a key of `WHYS`; empty if it can.

    Some fonts without a table, such as Tesseract's, are read rightly all the same: then their text is plausible.

    Args:
        lines: of the page, in any order.
        page: on which they are.
    """
    by_font: dict[int, list[str]] = defaultdict(list)
    for line in lines:
        by_font[line.font].append(line.text)
    texts = ["\n".join(part) for part in by_font.values()]
    if not texts:
        return ""
    sums = pair_sums(Texts.from_strings(texts))
    n_errors = int(page.glyphs.has_map_error.sum())
    is_layer = is_scan(page)
    if is_layer or n_errors > max(_MAP_ERROR_SHARE * len(page.glyphs.points), _FEW_ERRORS):
        n_pairs = sum(part.n_pairs for part in sums)
        bits = sum(part.bits for part in sums)
        n_kanji, n_rare = sum(part.n_kanji for part in sums), sum(part.n_rare_kanji for part in sums)
        has_rare = n_kanji >= _LAYER_LEAST_KANJI and n_rare > _LAYER_RARE_FRACTION * n_kanji
        if n_pairs < _LAYER_LEAST_PAIRS or bits < _LAYER_PAIR_BITS * n_pairs or has_rare:
            return "poor_layer" if is_layer else "no_map"
    if not is_layer and _looks_otherwise(page.glyphs, sums):
        return "implausible"
    bad = sum(len(text) for text, part in zip(texts, sums, strict=True) if _is_implausible(text, part))
    return "implausible" if bad > _FONT_SHARE * sum(map(len, texts)) else ""


def _looks_otherwise(glyphs: Glyphs, sums: Sequence[PairSums]) -> bool:
    """Whether what is drawn on a page is not what its fonts say."""
    if n_em_wide_letters(glyphs) > max(_LEAST_WIDE, _WIDE_SHARE * len(glyphs.points)):
        return True
    n_pairs = sum(part.n_pairs for part in sums)
    if n_pairs >= _LEAST_PAIRS and sum(part.bits for part in sums) > _SURE_PAIR_BITS * n_pairs:
        return False
    fit = ink_fit(glyphs)
    if fit.n_characters < _LEAST_CHARACTERS:
        return False
    limit = _INK_ERROR if fit.n_characters >= _FEW_CHARACTERS else _INK_ERROR_OF_FEW
    return fit.error > limit and fit.error_ems > _INK_ERROR_EMS


def _is_implausible(text: str, sums: PairSums) -> bool:
    """Whether a text is what a lying font gives."""
    n_kana = len(_KANA.findall(text))
    n_letters = n_kana + sums.n_kanji
    if sums.n_kanji >= _LEAST_KANJI:
        has_kana = n_kana >= _KANA_FRACTION * n_letters
        if sums.n_rare_kanji > (_RARE_FRACTION if has_kana else _RARE_FRACTION_WITHOUT_KANA) * sums.n_kanji:
            return True
    if sums.n_pairs >= _LEAST_PAIRS and sums.bits < _PAIR_BITS * sums.n_pairs:
        return True
    if len(_STRANGE_LETTERS.findall(text)) > max(_STRANGE_FRACTION * n_letters, _LEAST_STRANGE):
        return True
    is_kanji_only = n_kana < _KANA_FRACTION * n_letters and sums.n_kanji >= _KANJI_SHARE * len(text)
    if is_kanji_only and len(_BETWEEN_KANJI.findall(text)) > max(_BETWEEN_FRACTION * sums.n_kanji, _LEAST_STRANGE):
        return True
    # Where kana are few, a letter or sign between two kanji stands for one. Texts about programs have kana.
    return n_kana < _FEW_KANA * n_letters and len(_LATIN_BETWEEN.findall(text)) > max(
        _LATIN_BETWEEN_FRACTION * n_letters, _LEAST_STRANGE
    )
