"""Half-width katakana are Japanese where they are spelled as Japanese is."""

from __future__ import annotations

import pytest

from manyo.corpus.half_width import spells_japanese
from manyo.corpus.web.charset import decode
from manyo.corpus.web.sniff import may_be_japanese

JAPANESE = (
    "ﾊﾞｽﾃｲﾊ ﾕｳﾋﾞﾝｷｮｸﾉ ﾏｴﾃﾞｽ｡ ｶﾜﾑｺｳﾉ ﾔﾏﾊ ｷﾘﾃﾞ ﾐｴﾏｾﾝﾃﾞｼﾀ｡ ｺﾞｺﾞﾊ ﾊﾀｹﾆ ﾃﾞﾃ ﾏﾒﾉ ｼﾁｭｳｦ ﾀﾃﾅｵｼﾏｼﾀ｡ "
    "ﾄﾅﾘﾏﾁﾉ ｶﾅﾓﾉﾔﾏﾃﾞ ｱﾙｷ､ ｸｷﾞﾄ ﾊﾘｶﾞﾈｦ ｶｯﾃ ｶｴﾘﾏｼﾀ｡"
)
RUSSIAN = "Новая библиотека стоит у реки, и из её окон видна вода. Очень хорошо читать вечером, пока ещё светло. " * 3
KOREAN = "새 도서관은 강가에 지어졌으며 창문으로 강이 보입니다. 쉬는 날에는 아이들의 목소리가 잘 들립니다. " * 3


def test_katakana_with_voicing_marks_where_they_belong_are_japanese() -> None:
    assert spells_japanese(JAPANESE)


@pytest.mark.parametrize(("text", "codec"), [(RUSSIAN, "koi8-r"), (KOREAN, "cp949")])
def test_another_language_read_as_shift_jis_is_not(text: str, codec: str) -> None:
    assert not spells_japanese(text.encode(codec).decode("cp932", "replace"))


@pytest.mark.parametrize("charset", ["shift_jis", "euc-jp"])
def test_an_undeclared_page_in_half_width_katakana_alone_is_decoded(charset: str) -> None:
    page = f"<html><body><p>{JAPANESE}</p></body></html>"
    decoded = decode(page.encode("cp932" if charset == "shift_jis" else "euc_jp"))
    assert (decoded.charset, decoded.text) == (charset, page)
    assert may_be_japanese(page.encode("cp932"))


@pytest.mark.parametrize(("text", "codec", "charset"), [(RUSSIAN, "koi8-r", "koi8-r"), (KOREAN, "cp949", "euc-kr")])
def test_other_languages_are_not_taken_for_half_width_katakana(text: str, codec: str, charset: str) -> None:
    assert decode(f"<meta charset={charset}><p>{text}</p>".encode(codec)).charset == charset
