"""Whether a page's text can be taken as it is, or needs OCR, and why.

A page needs OCR if it is a picture, if its fonts do not say which characters their glyphs are, or if what they say is
not plausible as Japanese. Nothing is repaired by guessing.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from manyo.corpus.print.pdf_glyphs import PdfPage

WHYS: Final = {
    "scanned": "the page is a picture without text",
    "scanned_with_text": "the page is a picture with an invisible text, which some OCR has made",
    "no_map": "the fonts do not say which characters their glyphs are",
    "implausible": "the characters that the fonts name do not follow each other as in any Japanese text",
    "outlines": "the page has drawings and hardly any text: letters turned into outlines",
}
#: A picture of this part of the page is a scan, if there are no more glyphs than this.
_SCAN_SHARE: Final = 0.6
_SCAN_GLYPHS: Final = 50
#: Glyphs without a character.
_MAP_ERROR_SHARE: Final = 0.01
#: Controls and U+FFFD.
_ODD_SHARE: Final = 0.005
#: Private use, but for the signs of symbol fonts from U+F000 on: names with gaiji have some.
_PRIVATE_SHARE: Final = 0.02
#: So many paths, and no text, are outlines of letters.
_OUTLINE_PATHS: Final = 200


def why_ocr(page: PdfPage) -> str:
    """Why the page needs OCR, a key of `WHYS`; empty if its text can be taken or there is nothing on it."""
    glyphs = page.glyphs
    points = glyphs.points
    is_space = np.isin(points, (0x20, 0xA0, 0x3000))
    n = int((~is_space).sum())
    n_invisible = int((glyphs.is_invisible & ~is_space).sum())
    if page.image_share >= _SCAN_SHARE and n_invisible > 0.5 * n:
        return "scanned_with_text"
    if page.image_share >= _SCAN_SHARE and n < _SCAN_GLYPHS:
        return "scanned"
    if not n:
        return "outlines" if page.n_paths >= _OUTLINE_PATHS else ""
    if int(glyphs.has_map_error.sum()) > _MAP_ERROR_SHARE * n:
        return "no_map"
    is_odd = (points < 0x20) | ((points >= 0x7F) & (points < 0xA0)) | (points == 0xFFFD)
    is_private = (points >= 0xE000) & (points < 0xF000)
    if int(is_odd.sum()) > max(_ODD_SHARE * n, 2) or int(is_private.sum()) > max(_PRIVATE_SHARE * n, 2):
        return "implausible"
    return ""
