"""OCR pages of every format become the same pages of lines, and the same text."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from manyo.corpus.print.geometry_kernels import Box, Kind
from manyo.corpus.print.ocr_tables import read_character_boxes, read_iiif
from manyo.corpus.print.ocr_words import is_spaced, joined_words, unspaced
from manyo.corpus.print.ocr_xml import kind_of, read_alto, read_hocr, read_page_xml
from manyo.corpus.print.recognised import Page
from manyo.corpus.records import BrokenInput, Document, InputFile
from manyo.corpus.sources import ocr

LINES = st.lists(st.text("町の東に古い橋があり、霜", min_size=1, max_size=6), min_size=1, max_size=5)


def alto(lines: list[str], block: str = "", before: str = "", after: str = "") -> bytes:
    rows = "".join(
        f'<TextLine HPOS="{900 - 50 * at}" VPOS="100" WIDTH="40" HEIGHT="{40 * len(line)}">'
        + '<SP WIDTH="5"/>'.join(f'<String CONTENT="{character}" WC="0.5"/>' for character in line)
        + "</TextLine>"
        for at, line in enumerate(lines)
    )
    return (
        '<alto xmlns="http://www.loc.gov/standards/alto/ns-v4#"><Description><sourceImageInformation>'
        "<fileName>/in/p1.jpg</fileName></sourceImageInformation></Description><Layout><Page ID='P1'>"
        f"{before}<PrintSpace><TextBlock {block}>{rows}</TextBlock></PrintSpace>{after}</Page></Layout></alto>"
    ).encode()


def page_xml(lines: list[str]) -> bytes:
    rows = "".join(
        f'<TextLine id="l{at}"><Coords points="{900 - 50 * at},100 {940 - 50 * at},{100 + 40 * len(line)}"/>'
        f'<TextEquiv index="1"><Unicode>別の読み</Unicode></TextEquiv>'
        f'<TextEquiv index="0" conf="0.5"><Unicode>{line}</Unicode></TextEquiv></TextLine>'
        for at, line in enumerate(lines)
    )
    return (
        '<PcGts xmlns="http://schema.primaresearch.org/PAGE/gts/pagecontent/2019-07-15">'
        f'<Page imageFilename="p1.jpg"><TextRegion id="r1">{rows}</TextRegion></Page></PcGts>'
    ).encode()


def hocr(lines: list[str]) -> bytes:
    rows = "".join(
        f'<span class="ocr_line" title="bbox {900 - 50 * at} 100 {940 - 50 * at} {100 + 40 * len(line)}">'
        + " ".join(f'<span class="ocrx_word" title="x_wconf 50">{character}</span>' for character in line)
        + "</span>"
        for at, line in enumerate(lines)
    )
    page = f"<div class='ocr_page' title='image \"/in/p1.jpg\"; bbox 0 0 1000 1500'><p class='ocr_par'>{rows}</p></div>"
    return f'<html xmlns="http://www.w3.org/1999/xhtml"><body>{page}</body></html>'.encode()


def iiif(lines: list[str]) -> bytes:
    annotations = [
        {
            "type": "Annotation",
            "body": {"type": "TextualBody", "value": line},
            "target": f"https://example.org/c1#xywh={900 - 50 * at},100,40,{40 * len(line)}",
        }
        for at, line in enumerate(lines)
    ]
    picture = {"type": "Annotation", "body": {"type": "Image", "id": "p1.jpg"}, "target": "https://example.org/c1"}
    canvas = {
        "type": "Canvas",
        "id": "https://example.org/c1",
        "items": [{"type": "AnnotationPage", "items": [picture]}],
        "annotations": [{"type": "AnnotationPage", "items": annotations}],
    }
    return json.dumps({"type": "Manifest", "label": {"ja": ["古橋物語"]}, "items": [canvas]}).encode()


def characters(lines: list[str]) -> bytes:
    rows = [
        f"U+{ord(character):04X},p1.jpg,{900 - 50 * at},{100 + 40 * number},B1,C1,40,40"
        for at, line in enumerate(lines)
        for number, character in enumerate(line)
    ]
    return "\n".join(["Unicode,Image,X,Y,Block ID,Char ID,Width,Height", *rows]).encode()


READERS: dict[str, tuple[Callable[[list[str]], bytes], Callable[[bytes], list[Page]]]] = {
    "ALTO": (alto, lambda data: read_alto(data, "1")),
    "PAGE-XML": (page_xml, lambda data: read_page_xml(data, "1")),
    "hOCR": (hocr, lambda data: read_hocr(data, "1")),
    "IIIF": (iiif, lambda data: read_iiif(data, "1")[1]),
    "CODH": (characters, read_character_boxes),
}


@pytest.mark.parametrize("name", READERS)
@given(lines=LINES)
def test_the_lines_of_a_page_are_the_same_in_every_format(name: str, lines: list[str]) -> None:
    write, read = READERS[name]
    (page,) = read(write(lines))
    assert page.label == "p1.jpg"
    assert list(page.texts) == lines
    boxes = [line.box for line in page.lines()]
    assert boxes == [Box(900 - 50 * at, 100, 40, 40 * len(line)) for at, line in enumerate(lines)]


@pytest.mark.parametrize("name", READERS)
@given(data=st.binary(max_size=60), at=st.integers(0, 400))
@example(data=b"\r", at=0)
def test_a_damaged_page_is_pages_or_a_value_error(name: str, data: bytes, at: int) -> None:
    write, read = READERS[name]
    good = write(["古い橋"])
    fault = ""
    try:
        read(good[:at] + data + good[at + len(data) :])
    except ValueError as error:
        fault = str(error)
    assert fault or name


@pytest.mark.parametrize(
    ("stated", "kind"),
    [("paragraph", Kind.BODY), ("", Kind.BODY), ("heading", Kind.HEADING), ("caption", Kind.CAPTION),
     ("MarginTextZone", Kind.HEADNOTE), ("footnote", Kind.HEADNOTE), ("page-number", None), ("header", None),
     ("RunningTitleZone", None), ("NumberingZone", None), ("MainZone", Kind.BODY), ("TableZone", Kind.CELL)],
)  # fmt: skip
def test_what_a_block_is_called_decides_what_its_lines_are(stated: str, kind: Kind | None) -> None:
    assert kind_of(stated) is kind


def test_margins_and_tags_of_alto_are_furniture_and_notes() -> None:
    block = '<TextBlock HPOS="1" VPOS="2" WIDTH="3" HEIGHT="4"><TextLine><String CONTENT="{}"/></TextLine></TextBlock>'
    data = alto(
        ["橋"],
        before=f"<TopMargin>{block.format('柱')}</TopMargin><LeftMargin>{block.format('注')}</LeftMargin>",
        after=f"<BottomMargin>{block.format('12')}</BottomMargin>",
    )
    (page,) = read_alto(data, "1")
    assert [(line.text, line.kind) for line in page.lines()] == [("注", Kind.HEADNOTE), ("橋", Kind.BODY)]
    assert page.furniture == [Box(1, 2, 3, 4)] * 2


def test_page_xml_follows_its_reading_order_through_groups_and_within_regions() -> None:
    region = '<TextRegion id="{0}">{2}<TextEquiv><Unicode>{1}</Unicode></TextEquiv></TextRegion>'
    order = (
        '<ReadingOrder><OrderedGroup id="g"><RegionRefIndexed index="1" regionRef="a"/>'
        '<OrderedGroupIndexed index="0" regionRef="b"><RegionRefIndexed index="0" regionRef="c"/></OrderedGroupIndexed>'
        "</OrderedGroup></ReadingOrder>"
    )
    body = region.format("a", "三", "") + region.format("c", "二", "") + region.format("b", "一", "")
    data = f"<PcGts><Page>{order}{body}{region.format('d', '四', '')}</Page></PcGts>".encode()
    (page,) = read_page_xml(data, "1")
    assert list(page.texts) == ["一", "二", "三", "四"]


def test_transkribus_states_order_and_type_in_an_attribute_of_its_own() -> None:
    line = '<TextLine custom="readingOrder {{index:{};}}"><TextEquiv><Unicode>{}</Unicode></TextEquiv></TextLine>'
    region = '<TextRegion custom="readingOrder {{index:{};}} structure {{type:{};}}">{}</TextRegion>'
    first = region.format(0, "heading", line.format(1, "二") + line.format(0, "一"))
    second = region.format(1, "paragraph", line.format(0, "三"))
    (page,) = read_page_xml(f"<PcGts><Page>{second}{first}</Page></PcGts>".encode(), "1")
    assert list(zip(page.texts, page.kinds, strict=True)) == [
        ("一", Kind.HEADING),
        ("二", Kind.HEADING),
        ("三", Kind.BODY),
    ]


@given(st.lists(st.text("橋霜あ、。a1", min_size=1, max_size=3), min_size=1, max_size=8))
def test_words_are_joined_without_blanks_but_between_latin_ones(words: list[str]) -> None:
    line = joined_words(words)
    assert line.replace(" ", "") == "".join(words)
    assert line == unspaced(line)
    for left, right in pairwise(line):
        assert not (right == " " and left not in "a1")
        assert not (left == " " and right not in "a1")


def test_blanks_between_phrases_of_a_text_for_children_are_not_a_recognisers() -> None:
    assert not is_spaced("うみが ひろい。 ふねが ふたつ ある。")
    assert is_spaced("町 の 東 に 古い 橋 が あり 、\n冬 は 霜 が 白く 置く 。")


def documents(folder: Path, files: dict[str, bytes]) -> dict[str, Document]:
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    options = ocr.Options()
    inputs = [InputFile(str(folder / name), len(data), "1", name=name) for name, data in files.items()]
    found = {}
    for shard in ocr.plan(inputs, options):
        for record in ocr.records(shard, options):
            assert not isinstance(record, BrokenInput), record
            outcome = ocr.parse(record, options)
            assert isinstance(outcome, Document), outcome
            found[record.key] = outcome
    return found


def test_pages_of_a_folder_are_one_work_and_a_file_of_pages_is_another(tmp_path: Path) -> None:
    found = documents(
        tmp_path,
        {
            "book/p0002.xml": alto(["二の頁である。"]),
            "book/p0001.xml": page_xml(["一の頁である。"]),
            "other.hocr": hocr(["別の本である。"]),
            "spaced.txt": "町 の 東 に 橋 が ある 。\n\n冬 は 霜 が 置く 。\f次 の 頁 。".encode(),
        },
    )
    texts = {key: document.text for key, document in found.items()}
    assert texts == {
        "book": "一の頁である。\n二の頁である。",
        "other": "別の本である。",
        "spaced": "町の東に橋がある。\n冬は霜が置く。\n次の頁。",
    }
    assert [label for label, _ in found["spaced"].pages] == ["1", "2"]
    assert all(document.uri.startswith(str(tmp_path)) for document in found.values())


def test_the_title_of_a_manifest_is_that_of_the_work(tmp_path: Path) -> None:
    data = iiif(["むかし"]).replace(
        b'{"type": "Manifest"', b'{"@context": "http://iiif.io/api/presentation/3/context.json", "type": "Manifest"'
    )
    (document,) = documents(tmp_path, {"m.json": data}).values()
    assert (document.title, document.text) == ("古橋物語", "むかし")


def test_notes_and_blocks_of_other_scripts_are_not_lost(tmp_path: Path) -> None:
    line = '<LINE TYPE="{}" X="{}" Y="{}" WIDTH="{}" HEIGHT="{}" CONF="0.9" ORDER="{}" STRING="{}" />'
    page = (
        '<OCRDATASET><PAGE IMAGENAME="1_1.jpg" WIDTH="4000" HEIGHT="3000"><TEXTBLOCK CONF="0.9">'
        + line.format("本文", 3300, 300, 120, 2200, 0, "むかし丹波の国に炭やく翁ありけり")
        + line.format("注", 3200, 1200, 60, 500, 1, "一本に老翁とあり")
        + line.format("本文", 3100, 300, 120, 2200, 2, "山ふかく住みて里の人にあはず")
        + line.format("注（ダミー）", 3000, 300, 60, 300, 3, "里人也")
        + '</TEXTBLOCK><BLOCK TYPE="欧文" X="100" Y="100" WIDTH="600" HEIGHT="300" STRING="From the library" />'
        '<BLOCK TYPE="柱" X="1" Y="1" WIDTH="6" HEIGHT="3" STRING="柱" /></PAGE></OCRDATASET>'
    )
    (document,) = documents(tmp_path, {"1_1.xml": page.encode()}).values()
    assert document.text.split("\n") == [
        "むかし丹波の国に炭やく翁ありけり山ふかく住みて里の人にあはず",
        "一本に老翁とあり",
        "里人也",
        "From the library",
    ]
