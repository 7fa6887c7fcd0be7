"""The notation of Aozora texts: what a reader reads, by compiled passes that agree with their slow twin."""

from __future__ import annotations

import unicodedata
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from manyo.corpus.print.notation import jis_x_0213, plain_text, read_notation
from manyo.corpus.text import tidy
from tests import notation_oracle
from tests.corpus.test_structure import assert_lawful

PIECES = (
    "［＃", "［", "］", "※［＃", "《", "》", "｜", "／＼", "／″＼", "／", "〔", "〕", "cafe'", "A&", "[", "é",
    "\n", "\n\n\n", "　", " ", "\t", "\r", "\x00", "\x85", "\ufeff", "\ud800", "\u2003",
    "\u3099", "か", "漢", "神", "\ufa19", "𠮟", "한", "\u1100\u1161", "2", "〔N. B.〕",
    "［＃改ページ］", "［＃地付き］", "［＃地から２字上げ］", "［＃割り注］", "［＃割り注終わり］",
    "［＃「2」はローマ数字、1-13-22］", "※［＃「口＋堯」、U+5635、71-2］", "※［＃何か］",
)  # fmt: skip


@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=30).map("".join))
@example("《《《\n《》｜")
@example("［＃［＃［＃［＃］］］］［＃「［一］［＃［二］］」は縦中横］")
@example("2［＃傍点］［＃「2」はローマ数字、1-13-22］　\n［＃地付き］［＃地付き］\n　［＃改丁］\n［＃改丁］　\n")
@settings(max_examples=400, deadline=None)
def test_the_compiled_passes_give_what_their_slow_twin_gives(marked: str) -> None:
    assert plain_text(marked) == notation_oracle.plain_text(marked)
    found = read_notation(marked)
    assert_lawful(found.text, found.structure)


def plain(marked: str) -> str:
    return plain_text(marked)[0]


@pytest.mark.parametrize(
    ("marked", "expected"),
    [
        ("灯台守《とうだいもり》がゐた。", "灯台守がゐた。"),
        ("一｜尋《ひろ》ほどの", "一尋ほどの"),
        ("忘れるため［＃「ため」に傍点］でもある", "忘れるためでもある"),
        ("本［＃割り注］細字の注［＃割り注終わり］文", "本（細字の注）文"),
        ("たび／＼、こま／″＼", "たび〳〵、こま〴〵"),
        ("※［＃「口＋堯」、U+5635、71-2］", "嘵"),
        ("※［＃「日＋向」、第3水準1-85-25］", "晌"),
        ("※［＃「女＋（「第－竹」の「コ」に代えて「ノ」）、「姉」の正字」、U+59CA、22-14］", "姊"),
        ("愈※［＃二の字点、1-2-22］", "愈〻"),
        ("※［＃始め二重括弧、1-2-54］声※［＃終わり二重括弧、1-2-55］", "⦅声⦆"),
        ("※［＃小書き片仮名ヲ、387-下-1］", "ヲ"),
        ("※［＃濁点付き片仮名ワ、12-3］", "ヷ"),
        ("※［＃「火＋發」、110-5］", "〓"),
        ("2［＃「2」はローマ数字、1-13-22］世", "Ⅱ世"),
        ("［＃「※［＃「足へん＋宛」、第3水準1-92-36］」は底本では「碗」］文", "文"),
        ("［＃「［一］」は縦中横］文", "文"),
        ("墺《おう》※［＃「はしご高」、U+9AD9］《たか》", "墺髙"),
        ("〔cafe' de l'aube〕と〔Bru:cke〕", "café de l'aubeとBrücke"),
        ("〔訳註〕と〔N. B.〕", "〔訳註〕と〔N. B.〕"),
        ("五月五日［＃地から２字上げ］岬にて", "五月五日　岬にて"),
        ("前\n［＃ここから２字下げ］\n中\n［＃ここで字下げ終わり］\n後", "前\n中\n後"),
        ("前\n［＃改ページ］\n後", "前\n\n後"),
        ("一\n\n\n\n二", "一\n\n二"),
        ("閉じない［＃注と《ルビ", "閉じない［＃注と《ルビ"),
    ],
)
def test_notation_is_read_as_a_reader_reads_it(marked: str, expected: str) -> None:
    assert plain(marked) == unicodedata.normalize("NFC", expected)


def test_described_brackets_are_not_taken_for_ruby() -> None:
    assert plain("※［＃始め二重山括弧、1-1-52］題※［＃終わり二重山括弧、1-1-53］") == "《題》"


def test_characters_that_are_only_described_are_counted() -> None:
    assert plain_text("※［＃「火＋發」、110-5］※［＃「山＋労」、350-上-7］※［＃「口＋堯」、U+5635］")[1] == 2


@given(st.integers(0, 3), st.integers(0, 95), st.integers(0, 95))
@settings(max_examples=100, deadline=None)
def test_a_place_in_jis_x_0213_agrees_with_the_other_codec(plane: int, row: int, cell: int) -> None:
    char = jis_x_0213(plane, row, cell)
    if char is not None:
        encoded = char.encode("euc_jis_2004")
        assert tuple(byte - 0xA0 for byte in encoded[-2:]) == (row, cell)
        assert (encoded[0] == 0x8F) == (plane == 2)
        assert char.encode("shift_jis_2004").decode("shift_jis_2004") == char


@pytest.mark.parametrize("code", ["U+D800", "U+110000", "U+0000", "U+0085", "U+FEFF", "U+E000"])
def test_impossible_code_points_become_geta(code: str) -> None:
    assert plain(f"※［＃「何か」、{code}］") == "〓"


@settings(max_examples=200, deadline=None)
@given(st.text("※［＃］《》｜／＼″〔〕「」、1-85e'\n　あ漢", max_size=60))
def test_any_notation_gives_tidy_text(marked: str) -> None:
    text = plain(marked)
    assert tidy(text) == text
    assert "\n\n\n" not in text


def test_real_texts_are_read_as_the_slow_twin_reads_them(real_data: Path) -> None:
    for path in sorted((real_data / "aozora").glob("*.txt"))[::40]:
        marked = path.read_bytes().decode("cp932").replace("\r\n", "\n")
        assert plain_text(marked) == notation_oracle.plain_text(marked), path.name


# --- structure -------------------------------------------------------------------------------------

_KANJI = st.text("霧峠川橋々", min_size=1, max_size=3)
_PIECES = st.lists(
    st.one_of(
        st.tuples(
            st.just("plain"), st.sampled_from(["の", "、", "　", "\n", "［＃改ページ］", "／＼", "A", "\n\n\n", " \n"])
        ),
        st.tuples(st.just("ruby"), st.tuples(_KANJI, st.text("きりと", min_size=1, max_size=4))),
        st.tuples(st.just("bar"), st.tuples(st.text("霧のA", min_size=1, max_size=3), st.text("きり", min_size=1))),
        st.tuples(st.just("gaiji"), st.text("きり", min_size=1, max_size=2)),
    ),
    max_size=12,
)


@given(_PIECES)
def test_every_reading_is_a_span_over_its_base(pieces: list[tuple[str, Any]]) -> None:
    marked, expected = "", []
    for kind, piece in pieces:
        if kind == "plain":
            marked += piece
        elif kind == "gaiji":
            marked += f"、※［＃「口＋斗」、U+544C］《{piece}》"
            expected.append(("\u544c", piece))
        else:
            base, reading = piece
            # A kana before it ends the base that stands without a bar.
            marked += f"の{base}《{reading}》" if kind == "ruby" else f"｜{base}《{reading}》"
            expected.append((base, reading))
    found = read_notation(marked)
    assert found.text == notation_oracle.plain_text(marked)[0]
    assert [(found.text[span.start : span.stop], span.value) for span in found.structure.spans()] == expected


@pytest.mark.parametrize(
    ("marked", "expected"),
    [
        ("彼は峠［＃「峠」に傍点］を見た。", [("峠", "emphasis", "")]),
        ("［＃５字下げ］一　峠［＃「一　峠」は大見出し］\n文。", [("一　峠", "heading", "1")]),
        ("［＃ここから中見出し］\n峠\n［＃ここで中見出し終わり］\n文。", [("峠", "heading", "2")]),
        ("川は［＃傍点］流れ［＃傍点終わり］た。", [("流れ", "emphasis", "")]),
        ("峠《とうげ》［＃「峠」は小見出し］", [("峠", "ruby", "とうげ"), ("峠", "heading", "3")]),
        ("かな《カナ》と、《よみ》", [("かな", "ruby", "カナ")]),
    ],
)
def test_dots_and_headings_are_spans(marked: str, expected: list[tuple[str, str, str]]) -> None:
    found = read_notation(marked)
    spans = [(found.text[span.start : span.stop].strip(), *span[2:]) for span in found.structure.spans()]
    assert sorted(spans) == sorted(expected)
