"""PDF files: text in reading order, readings and tables as spans, and a reason for what cannot be read."""

from __future__ import annotations

import io
import random
import re
import zipfile
from pathlib import Path

import numpy as np
import pikepdf
import pytest

from manyo.corpus.print.glyph_lines import classify
from manyo.corpus.print.line_text import characters_of
from manyo.corpus.records import BrokenInput, Document, InputFile, OcrPage, Record, Refused
from manyo.corpus.sources import pdf as source
from manyo.corpus.sources.pdf import PdfText, read_pdf
from manyo.corpus.structure import view_of
from samples.files.pdf_writer import Glyph, Rule, level, pdf, ruby_over

BODY = [
    "秋の日は釣瓶落としと申しますが、この村では日の暮れるのがこと",
    "さらに早い。山が西にあって、三時を過ぎると家々は影に沈む。",
    "灯台へ行く道は村の外れから始まり、松の林を抜けて岬に出る。",
]


def body(top: float = 100.0) -> list[Glyph]:
    return [glyph for number, line in enumerate(BODY) for glyph in level(line, 80, top + 18 * number)]


def read(data: bytes) -> PdfText:
    found = read_pdf(data)
    assert isinstance(found, PdfText)
    return found


def refused(data: bytes, **limits: int) -> str:
    found = source.document_of(read_pdf(data, **limits), "x.pdf")
    assert isinstance(found, Refused)
    assert found.reason in source.REASONS
    return found.reason


def test_lines_are_joined_to_paragraphs() -> None:
    found = read(pdf(body()))
    assert found.text == "".join(BODY[:2]) + "\n" + BODY[2]
    assert found.pages == [("1", 0)]


def test_a_paragraph_goes_on_over_the_end_of_a_page() -> None:
    first, second = level(BODY[0], 80, 100), level(BODY[1], 80, 100)
    found = read(pdf(first, second))
    assert found.text == BODY[0] + BODY[1]
    assert found.pages == [("1", 0), ("2", len(BODY[0]))]


def test_items_of_a_list_are_paragraphs_whose_further_lines_hang() -> None:
    lines = [
        ("第八条　", 80, BODY[0][:26]),
        ("", 90, BODY[1][:20]),
        ("（一）　", 90, BODY[2][:25]),
        ("", 120, "道具をそろえる。"),
        ("（二）　", 90, "施策に関すること"),
    ]
    glyphs = [
        glyph
        for number, (mark, left, line) in enumerate(lines)
        for glyph in level(mark + line, left, 100 + 18 * number)
    ]
    paragraphs = read(pdf([*glyphs, *level("（市民の役割）", 90, 190)])).text.split("\n")
    assert paragraphs == [
        "第八条　" + BODY[0][:26] + BODY[1][:20],
        "（一）　" + BODY[2][:25] + "道具をそろえる。",
        "（二）　施策に関すること",
        "（市民の役割）",
    ]


def test_a_reading_is_a_span_and_no_text() -> None:
    found = read(pdf(body() + ruby_over("つるべ", 120, 100, 2)))
    assert "つるべ" not in found.text
    assert "釣瓶《つるべ》落とし" in view_of("ruby", found.text, found.structure)


def test_running_heads_and_page_numbers_are_left_out_and_counted() -> None:
    pages = [
        [*level("里道研究第七巻", 80, 30, 8), *body(), *level(f"－{number}－", 280, 800, 8)] for number in "二三四"
    ]
    found = read(pdf(*pages))
    assert found.text.replace("\n", "") == 3 * "".join(BODY)
    assert (found.meta["running_heads_removed"], found.meta["page_numbers_removed"]) == (3, 3)


def test_the_head_of_a_short_chapter_is_told_by_those_of_the_pages_around_it() -> None:
    heads = [("硝子職人の冬", 430), ("霧の港", 117), ("硝子職人の冬", 430)]
    pages = [[*level(head, left, 30, 8), *body()] for head, left in heads]
    found = read(pdf(*pages))
    assert found.text.replace("\n", "") == 3 * "".join(BODY)
    assert found.meta["running_heads_removed"] == 3


def test_a_title_that_two_forms_share_is_no_running_head() -> None:
    pages = [[*level("給水装置工事申込書", 200, 40, 16), *body()] for _ in range(2)]
    assert read(pdf(*pages)).text.count("給水装置工事申込書") == 2


def test_a_table_is_rows_with_tabs() -> None:
    rules = [Rule(80, y, 320, y) for y in (200, 220, 240)] + [Rule(x, 200, x, 240) for x in (80, 200, 320)]
    cells = level("地区", 85, 205) + level("人口", 205, 205) + level("北町", 85, 225) + level("百人", 205, 225)
    found = read(pdf([*body(), *rules, *cells]))
    assert found.text.endswith("地区\t人口\n北町\t百人")
    spans = [(span.kind, found.text[span.start : span.stop]) for span in found.structure.spans()]
    assert ("table", "地区\t人口\n北町\t百人") in spans
    assert ("cell", "百人") in spans


def test_rules_that_one_path_paints_as_thin_rectangles_make_a_table() -> None:
    """Spreadsheets draw all rules of a table so; the box of the whole path is no rule."""
    bars = [(80, y, 240, 0.7) for y in (200, 220, 240)] + [(x, 200, 0.7, 40) for x in (80, 200, 320)]
    path = b" ".join(b"%g %g %g %g re" % (x, 842 - y - h, w, h) for x, y, w, h in bars) + b" f"
    cells = level("地区", 85, 205) + level("人口", 205, 205) + level("北町", 85, 225)
    found = read(pdf([*body(), path, *cells]))
    rows = [found.text[span.start : span.stop] for span in found.structure.spans() if span.kind == "row"]
    assert rows == ["地区\t人口", "北町"]


def test_the_largest_print_is_a_heading() -> None:
    found = read(pdf([*level("里道の排水", 200, 50, 16), *body()]))
    assert ("heading", "里道の排水") in [
        (span.kind, found.text[span.start : span.stop]) for span in found.structure.spans()
    ]


def test_hidden_text_is_left_out_and_counted() -> None:
    hidden = [
        b"3 Tr",
        *level("見えない指示", 80, 400),
        b"0 Tr 1 1 1 rg",
        *level("白い文字", 80, 430),
        b"0 0 0 rg",
        *level("紙の外", 80, -60),
    ]
    found = read(pdf([*body(), *hidden]))
    assert found.text.replace("\n", "") == "".join(BODY)
    counts = [found.meta[f"{why}_characters"] for why in ("invisible", "white", "outside")]
    assert counts == [6, 4, 3]


def test_white_print_on_a_dark_bar_is_text() -> None:
    bar = b"0 0 0.4 rg 70 680 400 30 re f 1 1 1 rg"
    found = read(pdf([*body(), bar, *level("お知らせ", 80, 140)]))
    assert "お知らせ" in found.text


def test_a_heading_that_is_struck_twice_is_read_once() -> None:
    heading = level("重ね打ちの見出し", 80, 60, 14)
    found = read(pdf([*heading, *[glyph._replace(x=glyph.x + 0.4) for glyph in heading], *body()]))
    assert found.text.startswith("重ね打ちの見出し\n")


def test_pages_without_text_that_can_be_taken_are_listed_with_the_reason() -> None:
    found = read(pdf(body(), [SCAN], body()))
    assert found.ocr == [(2, "scanned")]
    document = source.document_of(found, "x.pdf")
    assert isinstance(document, Document)
    assert document.meta["ocr_pages"] == ["scanned: 2"]
    assert document.ocr_pages == (OcrPage(2, "scanned"),)
    assert refused(pdf([SCAN])) == "needs_ocr"


def test_what_ocr_made_of_a_page_comes_back_into_its_document(tmp_path: Path) -> None:
    (tmp_path / "in" / "2031").mkdir(parents=True)
    path = tmp_path / "in" / "2031" / "a.pdf"
    path.write_bytes(pdf(level(BODY[0], 80, 100), [SCAN], level(BODY[2], 80, 100)))
    results = tmp_path / "ocr" / "2031" / "a.pdf"
    results.mkdir(parents=True)
    (results / "2.txt").write_text(BODY[1] + "\n", encoding="utf-8")
    options = source.Options(ocr_results=str(tmp_path / "ocr"))
    (shard,) = source.plan([InputFile(str(path), path.stat().st_size, "1", name="2031/a.pdf")], options)
    assert [Path(sidecar.uri).name for sidecar in shard.sidecars] == ["2.txt"]
    (record,) = source.records(shard, options)
    assert isinstance(record, Record)
    document = source.parse(record, options)
    assert isinstance(document, Document)
    assert document.text.replace("\n", "") == "".join(BODY)
    assert document.ocr_pages == ()
    assert document.meta["ocr_result_pages"] == "2"


SCAN = b"q 595 0 0 842 0 0 cm BI /W 8 /H 8 /BPC 1 /CS /G ID \x00\x00\x00\x00\x00\x00\x00\x00 EI Q"


def test_the_invisible_text_of_a_scan_is_taken_if_it_is_as_plausible_as_print() -> None:
    found = read(pdf([SCAN, b"3 Tr", *body()]))
    assert found.text.replace("\n", "") == "".join(BODY)
    assert found.meta["ocr_layer_pages"] == "1"
    shuffled = "".join(random.Random(1).sample("".join(BODY), 80))
    assert read(pdf([SCAN, b"3 Tr", *level(shuffled[:40], 60, 100), *level(shuffled[40:], 60, 120)])).ocr == [
        (1, "poor_layer")
    ]


@pytest.mark.parametrize(("kana", "kanji"), [(3, 1), (7, 5), (1, 0), (0, 40)])
def test_a_font_that_names_other_characters_is_found_out(kana: int, kanji: int) -> None:
    def moved(character: str) -> str:
        if "ぁ" <= character <= "ん":
            return chr(ord("ぁ") + (ord(character) - ord("ぁ") + kana) % 82)
        return chr(ord(character) + kanji) if "一" <= character <= "龠" else character

    lines = ["".join(map(moved, line)) for line in BODY]
    page = [glyph for number, line in enumerate(lines) for glyph in level(line, 80, 100 + 18 * number)]
    assert read(pdf(page)).ocr == [(1, "implausible")]


def test_a_font_that_lost_its_marks_or_its_kana_is_found_out() -> None:
    marks = str.maketrans("。、", "Āÿ")
    kana = {ord(character): "wz{|~}xy"[i % 8] for i, character in enumerate(map(chr, range(0x3041, 0x3097)))}
    for table in (marks, kana):
        text = [line.translate(table) for line in [*BODY, *BODY]]
        page = [glyph for number, line in enumerate(text) for glyph in level(line, 80, 100 + 18 * number)]
        assert read(pdf(page)).ocr == [(1, "implausible")], text[0]


@pytest.mark.parametrize("first", ["!", "¡", "Ā", "А"])
def test_text_whose_kana_are_letters_of_another_alphabet_is_found_out(first: str) -> None:
    wrong = {point: ord(first) + (point - 0x3001) % 93 for point in range(0x3001, 0x3100)}
    assert (
        refused(
            pdf([glyph for n, line in enumerate(BODY * 3) for glyph in level(line.translate(wrong), 80, 100 + 18 * n)])
        )
        == "needs_ocr"
    )


def test_code_with_a_few_kanji_and_no_kana_is_no_text_that_lost_them() -> None:
    code = [f"{60 + n} \\newcommand{{\\name}}[2]{{%簡}}{{%単}} \\hbox to 12pt" for n in range(20)]
    assert read(pdf([glyph for n, line in enumerate(code) for glyph in level(line, 80, 100 + 18 * n)])).ocr == []


def test_vertical_forms_and_radicals_stand_for_their_characters() -> None:
    found = read(pdf(level("⼈⼝は︒⽇本⻑崎の﹁海﹂と︵山︶にある", 80, 100)))
    assert found.text == "人口は。日本長崎の「海」と（山）にある"


def test_letters_of_formulas_that_programs_set_in_italics_are_the_letters_that_were_written() -> None:
    points = np.array([ord(letter) for letter in "𝑣ℎ𝜋𝐯ℝa山"], np.uint32)
    assert "".join(characters_of(points, classify(points))) == "vhπ𝐯ℝa山"


def encrypted(data: bytes, **passwords: str) -> bytes:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(data)) as opened:
        opened.save(out, encryption=pikepdf.Encryption(owner="o", **passwords))
    return out.getvalue()


def test_what_cannot_be_read_has_a_reason() -> None:
    whole = pdf(body())
    assert refused(b"<!doctype html><title>404</title>") == "not_pdf"
    assert refused(b"") == "not_pdf"
    assert refused(b"%PDF-1.7 and nothing else") == "damaged"
    assert refused(encrypted(whole, user="secret")) == "encrypted"
    assert refused(pdf(body(), body()), max_pages=1) == "too_many_pages"
    assert refused(pdf([])) == "no_text"


def test_a_file_that_was_copied_as_text_is_refused_with_the_remedy() -> None:
    """Each LF of its streams has a CR before it; what was never more than text has lost nothing."""
    noise = random.Random(7).randbytes(30_000)
    stream = b"<< /Length %d >>\nstream\n%b\nendstream" % (len(noise), noise)
    whole = pdf(body(), extra=[stream])
    assert read(whole).text == read(pdf(body())).text
    copied = read_pdf(whole.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))
    assert isinstance(copied, Refused)
    assert (copied.reason, copied.detail.endswith("copy it as bytes")) == ("damaged", True)
    assert read(pdf(body()).replace(b"\n", b"\r\n")).text == read(pdf(body())).text


def test_the_reason_of_a_damaged_file_is_the_same_in_every_run() -> None:
    """qpdf names a stream by its place in memory, which is not."""
    refused = read_pdf(b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\n")
    assert isinstance(refused, Refused)
    assert refused.detail.endswith("repair: file: root of pages tree has no /Kids array")


def test_a_file_that_any_reader_opens_without_a_password_is_read() -> None:
    assert read(encrypted(pdf(body()), user="")).text.startswith(BODY[0])


def test_a_file_that_lost_its_end_is_repaired() -> None:
    whole = pdf(body())
    assert read(whole[: whole.index(b"xref")]).text.startswith(BODY[0])


@pytest.mark.parametrize("seed", range(8))
def test_damaged_files_have_a_text_or_a_reason(seed: int) -> None:
    """A few hundred; `bench/damage.py` runs any number."""
    rng = random.Random(seed)
    whole = pdf([*body(), Rule(80, 300, 200, 300)], body())
    for _ in range(40):
        damaged = bytearray(whole)
        for _ in range(rng.choice((1, 3, 10, 100))):
            at = rng.randrange(len(damaged))
            choice = rng.random()
            if choice < 0.6:
                damaged[at] = rng.randrange(256)
            elif choice < 0.8:
                del damaged[at : at + rng.randrange(1, 40)]
            else:
                damaged[at:at] = damaged[at : at + rng.randrange(1, 40)]
        outcome = source.document_of(read_pdf(bytes(damaged)), "x.pdf")
        assert isinstance(outcome, Document) or outcome.reason in source.REASONS
        assert isinstance(outcome, Document) or " at 0x" not in outcome.detail


def test_an_archive_gives_a_document_for_each_pdf_and_a_reason_for_the_rest(tmp_path: Path) -> None:
    path = tmp_path / "delivery.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a/one.pdf", pdf(body()))
        archive.writestr("a/readme.txt", "読むな")
    options = source.Options()
    (shard,) = source.plan([InputFile(str(path), path.stat().st_size, "1")], options)
    outcomes = [
        item.refused if isinstance(item, BrokenInput) else source.parse(item, options)
        for item in source.records(shard, options)
    ]
    assert [type(outcome) for outcome in outcomes] == [Document, Refused]
    assert isinstance(outcomes[1], Refused)
    assert outcomes[1].reason == "unknown_file"


def test_a_title_that_a_program_wrote_is_none() -> None:
    assert read(pdf(body(), info="/Title (Microsoft Word - minutes.docx)")).title == ""
    assert read(pdf(body(), info="/Title <FEFF91CC9053>")).title == "里道"


def test_what_a_file_states_of_its_rights_date_and_language_is_kept() -> None:
    xmp = (
        b'<x:xmpmeta><rdf:Description xmpRights:WebStatement="https://creativecommons.org/licenses/by-sa/4.0/">'
        b'<dc:rights><rdf:Alt><rdf:li xml:lang="x-default">\xc2\xa9 2031 Town</rdf:li></rdf:Alt></dc:rights>'
        b"</rdf:Description></x:xmpmeta>"
    )
    stream = b"<< /Type /Metadata /Subtype /XML /Length %d >>\nstream\n%b\nendstream" % (len(xmp), xmp)
    file = pdf(body(), info="/CreationDate (D:20310402093000+09'00') /Author (Taro)")
    file = file.replace(b"xref\n0 ", b"99 0 obj\n%b\nendobj\nxref\n0 " % stream, 1)
    document = source.document_of(read_pdf(file), "x.pdf")
    assert isinstance(document, Document)
    assert document.page_licence == "by-sa-4.0"
    assert set(document.statements) == {
        "xmpRights:WebStatement: https://creativecommons.org/licenses/by-sa/4.0/",
        "dc:rights: © 2031 Town",
    }
    assert document.meta["created"] == "2031-04-02"
    assert "Taro" not in str(document.meta), "names of persons are left out"


def test_properties_in_half_characters_cost_nothing() -> None:
    assert read(pdf(body(), info="/Title <FEFF91CCD84291CC>")).text.startswith(BODY[0])


def test_empty_cells_at_the_end_of_a_row_move_no_page() -> None:
    rules = [Rule(80, y, 320, y) for y in (200, 220, 240)] + [Rule(x, 200, x, 240) for x in (80, 200, 320)]
    cells = level("地区", 85, 205) + level("人口", 205, 205) + level("北町", 85, 225)
    found = read(pdf([*rules, *cells], level(BODY[0], 80, 100)))
    assert found.text[found.pages[1][1] :] == BODY[0]


def test_no_text_is_lost() -> None:
    """Every character of a page is in the text, once."""
    found = read(pdf(body()))
    assert sorted(re.sub(r"\s", "", found.text)) == sorted("".join(BODY))
