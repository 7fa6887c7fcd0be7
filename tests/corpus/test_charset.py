"""Encodings: declarations, evidence in the bytes, and that nothing raises."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
from fastwarc import ArchiveIterator, WarcRecordType
from hypothesis import given, settings
from hypothesis import strategies as st

from manyo.corpus.web import legacy
from manyo.corpus.web.charset import charset_of_label, decode, meta_charset

PROSE = "朝から雨が降っていたので、傘をさして駅まで歩きました。「もうすぐ着きますよ」と言われた。カメラは置いてきた。"
CODECS = {
    "utf-8": "utf-8",
    "shift_jis": "cp932",
    "euc-jp": "euc_jp",
    "iso-2022-jp": "iso2022_jp",
    "utf-16le": "utf-16-le",
    "utf-16be": "utf-16-be",
}
LABELS = ("utf-8", "Shift_JIS", "x-sjis", "EUC-JP", "iso-2022-jp", "iso-8859-1", "windows-1252", "gb2312", "euc-kr")

sentences = st.lists(
    st.sampled_from(
        (
            "山の上から町が見える。",
            "ここにはだれもいませんでした。",
            "新しいカメラを買って、海へ行った。",
            "それは本当ですか、と彼女はたずねた。",
            "この地方の冬は長く、雪がとても深い。",
            "ﾊﾝｶｸの文字ではありません。".replace("ﾊﾝｶｸ", "半角"),
            "東京都の天気は晴れのち曇りでしょう。",
        )
    ),
    min_size=3,
    max_size=30,
).map("".join)


def page(text: str, label: str | None = None) -> str:
    meta = f'<meta charset="{label}">' if label else ""
    return f"<html><head>{meta}<title>x</title></head><body><p>{text}</p></body></html>"


@given(st.binary(max_size=4000), st.one_of(st.none(), st.text(max_size=20)))
@settings(max_examples=300, deadline=None)
def test_no_bytes_and_no_label_raise(data: bytes, label: str | None) -> None:
    decoded = decode(data, label)
    assert 0 <= decoded.replacement_fraction <= 1
    decoded.text.encode("utf-8")


@given(sentences, st.sampled_from(tuple(CODECS)))
@settings(max_examples=100, deadline=None)
def test_undeclared_japanese_is_decoded_in_every_encoding(text: str, charset: str) -> None:
    decoded = decode(page(text).encode(CODECS[charset]))
    assert decoded.text == page(text)
    assert (decoded.charset, decoded.decided_by) == (charset, "detected")


@given(sentences, st.sampled_from(tuple(CODECS)), st.sampled_from(LABELS), st.booleans())
@settings(max_examples=200, deadline=None)
def test_a_wrong_declaration_is_overruled_and_a_right_one_is_named(
    text: str, charset: str, label: str, by_http: bool
) -> None:
    html = page(text, None if by_http else label)
    decoded = decode(html.encode(CODECS[charset]), label if by_http else None)
    assert decoded.text == html
    assert decoded.charset == charset
    # A declaration written in UTF-16 cannot be read as ASCII, so that it declares nothing.
    if by_http or not charset.startswith("utf-16"):
        assert decoded.declared == charset_of_label(label)
        right = decoded.declared == charset
        assert decoded.decided_by == (("http" if by_http else "meta") if right else "overruled")


@given(sentences, st.sampled_from(tuple(CODECS)), st.integers(0, 3))
@settings(max_examples=100, deadline=None)
def test_a_page_cut_within_a_character_loses_only_that_character(text: str, charset: str, n_cut: int) -> None:
    html = "<p>" + text
    data = html.encode(CODECS[charset])
    decoded = decode(data[: len(data) - n_cut])
    assert decoded.charset == charset
    assert html.startswith(decoded.text.rstrip("\ufffd"))
    assert len(decoded.text) >= len(html) - 4


@given(sentences, st.sampled_from(("utf-8", "shift_jis", "euc-jp")), st.integers(0, 10_000))
@settings(max_examples=100, deadline=None)
def test_a_stray_byte_changes_at_most_two_characters(text: str, charset: str, place: int) -> None:
    html = page(text * 5)
    place %= len(html)
    data = html[:place].encode(CODECS[charset]) + b"\xff" + html[place:].encode(CODECS[charset])
    decoded = decode(data)
    assert decoded.charset == charset
    assert 0 < decoded.replacement_fraction < 0.05
    kept = Counter(decoded.text) & Counter(html)
    assert kept.total() >= len(html) - 2


@pytest.mark.parametrize(
    ("label", "charset"),
    [
        ("Shift-JIS", "shift_jis"),
        ("windows-31j", "shift_jis"),
        ("ms932", "shift_jis"),
        (" x-euc-jp ", "euc-jp"),
        ("UTF8", "utf-8"),
        ("iso-8859-1", "windows-1252"),
        ("gb2312", "gbk"),
        ("ks_c_5601-1987", "euc-kr"),
        ("x-unheard-of", None),
        ("", None),
    ],
)
def test_labels_mean_what_browsers_mean(label: str, charset: str | None) -> None:
    assert charset_of_label(label) == charset


def test_shift_jis_includes_the_nec_and_ibm_characters() -> None:
    text = page("①月②日に㈱山田の髙橋さんと﨑山さんが来ました。Ⅲ番目です。№5～№7", "Shift_JIS")
    decoded = decode(text.encode("cp932"))
    assert decoded.text == text
    assert (decoded.charset, decoded.decided_by, decoded.replacement_fraction) == ("shift_jis", "meta", 0.0)


def test_euc_jp_includes_the_nec_row_the_ibm_rows_and_half_width_katakana() -> None:
    # ① and ㈱ of NEC row 13, 髙 of the NEC selection of IBM characters, ⅰ and ㈱ of the IBM rows, half-width ｱ
    assert euc_jp(b"\xad\xa1\xad\xea\xfc\xe2\x8f\xf3\xf3\x8f\xf4\xab\x8e\xb1") == "①㈱髙ⅰ㈱ｱ"
    assert euc_jp("〜−".encode("euc_jp")) == "～－"
    assert euc_jp(b"\xa4\xa2\xff\xa4\xa4") == "あ\ufffdい"


def euc_jp(data: bytes) -> str:
    return legacy.decode(data, "euc-jp").utf_8.decode("utf-8")


@given(sentences)
@settings(max_examples=50, deadline=None)
def test_iso_2022_jp_agrees_with_the_codec_where_the_codec_reads_it(text: str) -> None:
    data = page(text).encode("iso2022_jp")
    assert legacy.decode(data, "iso-2022-jp").utf_8.decode("utf-8") == data.decode("iso2022_jp")


INCLUDE = "このサイトの目次：トップページ、日記、掲示板、リンク集"


@pytest.mark.parametrize(
    ("own", "other"), [("utf-8", "euc-jp"), ("utf-8", "shift_jis"), ("euc-jp", "utf-8"), ("shift_jis", "utf-8")]
)
@pytest.mark.parametrize("declared", [True, False])
def test_a_page_keeps_its_encoding_and_loses_an_include_in_another_one(own: str, other: str, declared: bool) -> None:
    start, end = page("\n".join([PROSE] * 3), own if declared else None).split("</body>")
    data = (
        start.encode(CODECS[own]) + f"<div>{INCLUDE}</div>".encode(CODECS[other]) + f"</body>{end}".encode(CODECS[own])
    )
    decoded = decode(data)
    assert decoded.charset == own
    assert decoded.text.count(PROSE) == 3
    assert (decoded.replacement_fraction, decoded.foreign_bytes) == (0, len(INCLUDE.encode(CODECS[other])))


def test_a_long_line_with_stray_bytes_is_read_once() -> None:
    # Read once for each of its bytes, this line takes hours.
    code = b"x" * 2_000_000
    decoded = decode("あ".encode() * 500 + b"<script>" + code + b"\xff" * 8 + code)
    assert (decoded.charset, decoded.text.count("x")) == ("utf-8", 2 * len(code))


def test_a_page_of_noise_is_not_emptied_as_foreign() -> None:
    decoded = decode(b"<p>" + "あ".encode("euc_jp") * 20 + b"\xff\xff" * 200, "euc-jp")
    assert (decoded.foreign_bytes, decoded.replacement_fraction > 0.3) == (0, True)


def test_surrogates_that_are_encoded_one_by_one_are_one_character() -> None:
    text = page(f"{PROSE}𠮟られた𩸽🎏")
    cesu = b"".join(
        c.encode() if ord(c) < 0x10000 else b"".join(chr(u).encode("utf-8", "surrogatepass") for u in surrogates(c))
        for c in text
    )
    decoded = decode(cesu)
    assert (decoded.text, decoded.charset, decoded.replacement_fraction) == (text, "utf-8", 0)


def surrogates(character: str) -> tuple[int, int]:
    units = character.encode("utf-16-be")
    return int.from_bytes(units[:2]), int.from_bytes(units[2:])


def test_a_byte_order_mark_overrides_every_declaration() -> None:
    for mark, charset in ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16le"), (b"\xfe\xff", "utf-16be")):
        decoded = decode(mark + page(PROSE, "Shift_JIS").encode(CODECS[charset]), "EUC-JP")
        assert decoded.text == page(PROSE, "Shift_JIS")
        assert (decoded.charset, decoded.declared, decoded.decided_by) == (charset, "euc-jp", "bom")


def test_http_precedes_meta_and_ascii_has_the_declared_encoding() -> None:
    decoded = decode(page("plain", "EUC-JP").encode("ascii"), "Shift_JIS")
    assert (decoded.charset, decoded.declared, decoded.decided_by) == ("shift_jis", "shift_jis", "http")
    decoded = decode(page("plain", "EUC-JP").encode("ascii"))
    assert (decoded.charset, decoded.decided_by) == ("euc-jp", "meta")


def test_meta_is_read_outside_comments_in_every_spelling() -> None:
    assert (
        meta_charset(b'<!-- <meta charset="big5"> --><META HTTP-EQUIV=x CONTENT="text/html; charset=x-sjis">')
        == "x-sjis"
    )
    assert meta_charset(b"<?xml version='1.0' encoding='EUC-JP'?><html>") == "EUC-JP"
    assert meta_charset(b"<p>charset=utf-8</p>") is None


def test_character_references_do_not_affect_the_encoding() -> None:
    decoded = decode(page("&#12354;&#12356;" * 50, "Shift_JIS").encode("ascii"))
    assert decoded.charset == "shift_jis"
    decoded = decode(page("&#12354;&#12356;" * 50 + "café &eacute;", "latin1").encode("latin-1"))
    assert decoded.charset == "windows-1252"


@pytest.mark.parametrize(
    ("codec", "text", "label", "charset"),
    [
        ("cp949", "한국어로 쓴 글입니다. 오늘은 날씨가 좋습니다. " * 9, "euc-kr", "euc-kr"),
        ("gb18030", "今天天气很好，我们一起去公园散步吧。" * 9, "gb2312", "gbk"),
        ("cp1251", "Сегодня хорошая погода, пойдём гулять. " * 9, "windows-1251", "windows-1251"),
        ("cp1252", "Il a été très étonné à Noël, où l'on fête. " * 9, "iso-8859-1", "windows-1252"),
    ],
)
def test_other_languages_keep_the_encoding_they_declare(codec: str, text: str, label: str, charset: str) -> None:
    decoded = decode(page(text, label).encode(codec))
    assert (decoded.text, decoded.charset, decoded.decided_by) == (page(text, label), charset, "meta")


def test_bytes_without_meaning_are_counted_as_replaced() -> None:
    noise = bytes(range(0x81, 0xFF)) * 40
    assert decode(noise, "Shift_JIS").replacement_fraction + decode(noise, "utf-8").replacement_fraction > 0


def test_manual_pages_in_two_encodings_are_decoded_to_the_same_text(real_data: Path) -> None:
    folder = real_data / "gold" / "charset_httpd"
    differing = []
    paths = sorted((folder / "euc-jp").rglob("*.euc-jp"))
    for path in paths:
        twin = folder / "utf-8" / path.relative_to(folder / "euc-jp").with_suffix(".utf8")
        one, other = (decode(p.read_bytes()) for p in (path, twin))
        assert (one.charset, other.charset, one.replacement_fraction) == ("euc-jp", "utf-8", 0.0)
        # The UTF-8 pages name themselves, and their converter read the JIS dash as an em dash.
        texts = [x.text.lower().replace("euc-jp", "utf-8").replace("―", "—") for x in (one, other)]
        if texts[0] != texts[1]:
            differing.append(path.name)
    assert len(paths) == 74
    assert differing == []
    for path in (folder / "iso-2022-jp_1.3.x").rglob("*.jis"):
        decoded = decode(path.read_bytes())
        assert (decoded.charset, decoded.replacement_fraction) == ("iso-2022-jp", 0.0)


def test_the_real_encoding_is_chosen_for_labelled_japanese_pages(real_data: Path) -> None:
    names = {"cp932": "shift_jis", "utf-8-sig": "utf-8", "utf-8(broken)": "utf-8"}
    labels = {}
    with (real_data / "web" / "labels.jsonl").open(encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            if (row["gold_lang"] or row["lang"])[:2] == "ja" and row["encoding"] != "ascii":
                labels[row["warc"], row["url"]] = names.get(row["encoding"], row["encoding"])
    wrong, n_pages = [], 0
    for name in ("mixed-000", "mixed-001", "mixed-002", "mixed-003"):
        path = real_data / "web" / f"{name}.warc.gz"
        for record in ArchiveIterator(str(path), record_types=WarcRecordType.response):
            expected = labels.get((path.name, record.headers.get("WARC-Target-URI")))
            if expected is not None:
                n_pages += 1
                decoded = decode(record.reader.read(), record.http_charset)
                if decoded.charset != expected:
                    wrong.append((record.headers.get("WARC-Target-URI"), expected, decoded.charset))
    assert n_pages > 200
    assert wrong == []
