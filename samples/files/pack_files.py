"""Writes the sample delivery: a vertical EPUB, a Word document and a vertical PDF, all invented for this project.

    python -m samples.files.pack_files FOLDER

`epub` and `docx` put the parts of any such file together; the tests use them for files of their own.
"""

from __future__ import annotations

import io
import sys
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from samples.files.vertical_book import vertical_pdf

_XHTML = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE html>\n'
    '<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops" xml:lang="ja" class="vrtl">'
    "<head><title>{title}</title></head><body>{body}</body></html>"
)
_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def zip_of(parts: Mapping[str, str | bytes], *, stored: Sequence[str] = ()) -> bytes:
    """A ZIP of parts, always of the same bytes; those in `stored` are not compressed."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in parts.items():
            info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            archive.writestr(info, data, zipfile.ZIP_STORED if name in stored else zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def epub(
    parts: Mapping[str, str],
    *,
    title: str = "見本",
    order: Sequence[str] | None = None,
    metadata: str = "",
    spine: str = "",
    others: Mapping[str, str | bytes] | None = None,
) -> bytes:
    """An EPUB 3.

    Args:
        parts: body of each XHTML document by file name, such as `p-001.xhtml`.
        title: of the book.
        order: names of the parts in reading order; all, as they come, if not given.
        metadata: further elements of the package's metadata.
        spine: attributes of the spine.
        others: further files by path; style sheets and `META-INF`.
    """
    sheets = [name.removeprefix("item/") for name in others or () if name.endswith(".css")]
    manifest = ""
    for number, name in enumerate([*parts, *sheets]):
        media_type = "text/css" if name in sheets else "application/xhtml+xml"
        properties = ' properties="nav"' if name == "nav.xhtml" else ""
        manifest += f'<item id="i{number}" href="{name}" media-type="{media_type}"{properties}/>'
    names = list(parts)
    itemrefs = "".join(f'<itemref idref="i{names.index(name)}"/>' for name in (order or names))
    opf = (
        '<?xml version="1.0" encoding="UTF-8"?><package xmlns="http://www.idpf.org/2007/opf" version="3.0" '
        'unique-identifier="id"><metadata xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f'<dc:identifier id="id">urn:x-sample:{title}</dc:identifier><dc:title>{title}</dc:title>'
        f"<dc:language>ja</dc:language>{metadata}</metadata><manifest>{manifest}</manifest>"
        f"<spine {spine}>{itemrefs}</spine></package>"
    )
    container = (
        '<?xml version="1.0"?><container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">'
        '<rootfiles><rootfile full-path="item/standard.opf" media-type="application/oebps-package+xml"/></rootfiles>'
        "</container>"
    )
    files: dict[str, str | bytes] = {
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": container,
        "item/standard.opf": opf,
        **{f"item/{name}": _XHTML.format(title=title, body=body) for name, body in parts.items()},
        **(others or {}),
    }
    return zip_of(files, stored=("mimetype",))


def docx(body: str, parts: Mapping[str, str] | None = None, *, title: str = "") -> bytes:
    """A Word document.

    Args:
        body: content of `w:body`, with the prefix `w` for its elements.
        parts: content of further parts by their names: `footnotes`, `styles`, `numbering`, `comments`, `header1`.
        title: of the core properties.
    """
    roots = {"footnotes": "footnotes", "endnotes": "endnotes", "styles": "styles", "numbering": "numbering"}
    given = dict(parts or {})
    related = "".join(
        f'<Relationship Id="r{number}" Type="{_R}/{name.rstrip("0123456789")}" Target="{name}.xml"/>'
        for number, name in enumerate(given)
    )
    core = "http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties"
    files: dict[str, str | bytes] = {
        "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>',
        "_rels/.rels": _relationships(
            f'<Relationship Id="r1" Type="{_R}/officeDocument" Target="word/document.xml"/>'
            f'<Relationship Id="r2" Type="{core}" Target="docProps/core.xml"/>'
        ),
        "docProps/core.xml": '<p:coreProperties xmlns:p="http://schemas.openxmlformats.org/package/2006/metadata/'
        f'core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>{title}</dc:title></p:coreProperties>',
        "word/document.xml": f"<w:document {_W}><w:body>{body}</w:body></w:document>",
        "word/_rels/document.xml.rels": _relationships(related),
    }
    for name, content in given.items():
        root = roots.get(name, name.rstrip("0123456789"))
        files[f"word/{name}.xml"] = f"<w:{root} {_W}>{content}</w:{root}>"
    return zip_of(files)


def _relationships(content: str) -> str:
    return (
        f'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{content}</Relationships>'
    )


# --- the sample delivery -----------------------------------------------------------------------------------

_HAMABE = {
    "nav.xhtml": '<nav epub:type="toc"><h1>目次</h1><ol><li><a href="p-001.xhtml">一</a></li>'
    '<li><a href="p-002.xhtml">二</a></li></ol></nav>',
    "p-cover.xhtml": '<section epub:type="cover"><h1>浜辺の図書室</h1><p>架空書房</p></section>',
    "p-001.xhtml": "<h1>浜辺の<ruby>図書室<rt>としょしつ</rt></ruby></h1>"
    "<p>　<ruby>岬<rt>みさき</rt></ruby>の小学校が<ruby>閉<rt>と</rt></ruby>じた年、校長だった祖母は、"
    "教室の<ruby>棚<rt>たな</rt></ruby>を"
    '浜の番屋へ運ばせた。本はぜんぶで<span class="tcy">86</span>冊あった<a epub:type="noteref" href="#n1">１</a>。</p>'
    "<p>　「潮風で紙が波を打つよ」と漁師たちは笑ったが、祖母は平気な顔で、窓のそばに小さな机を置いた。"
    '夏のあいだ、その机は<em class="sesame">だれでも座れる席</em>になった。網を直しに来た人も、貝を掘りに来た子どもも、'
    "手を洗ってから本を開いた。</p>"
    '<aside epub:type="footnote" id="n1">'
    "<p>１　そのうち十二冊は、手書きの<ruby>魚譜<rt>ぎょふ</rt></ruby>である。</p></aside>",
    "p-002.xhtml": "<h2>二</h2><p>　雨の日に読まれるのは、きまって遠い国の話だった。"
    "<ruby><rb>砂</rb><rb>漠</rb><rp>（</rp><rt>さ</rt><rt>ばく</rt><rp>）</rp></ruby>の市場や、雪の積もる駅の話を、"
    "子どもたちは声に出して読んだ。波の音が大きくなると、声も大きくなった。</p>"
    "<p>　貸し出しの帳面には、題名のとなりに感想を書く欄があった。"
    '「<img class="gaiji" src="g.png" alt="髙"/>橋さんの舟より大きいくじらが出てくる」と、だれかが書いている。'
    "祖母はその一行を、いちばん気に入っていた。</p>",
    "p-colophon.xhtml": "<p>奥付　2031年4月1日発行　架空書房</p>",
}
_STYLE = ".vrtl { -epub-writing-mode: vertical-rl; }\n.sesame { -epub-text-emphasis-style: filled sesame; }\n"


def _run(text: str, properties: str = "") -> str:
    return f'<w:r>{f"<w:rPr>{properties}</w:rPr>" if properties else ""}<w:t xml:space="preserve">{text}</w:t></w:r>'


def _ruby(base: str, reading: str) -> str:
    return f"<w:r><w:ruby><w:rt>{_run(reading)}</w:rt><w:rubyBase>{_run(base)}</w:rubyBase></w:ruby></w:r>"


def _paragraph(*content: str, style: str = "") -> str:
    return (
        f"<w:p>{f'<w:pPr><w:pStyle w:val={chr(34)}{style}{chr(34)}/></w:pPr>' if style else ''}{''.join(content)}</w:p>"
    )


def _table(rows: Sequence[Sequence[str]]) -> str:
    cells = ["".join(f"<w:tc>{_paragraph(_run(cell))}</w:tc>" for cell in row) for row in rows]
    return f"<w:tbl>{''.join(f'<w:tr>{row}</w:tr>' for row in cells)}</w:tbl>"


_SHIO = "".join(
    (
        _paragraph(_run("潮の満ち干を調べる"), style="Heading1"),
        _paragraph(
            _run("海の水面は、一日にほぼ二回ずつ高くなったり低くなったりする。高くなることを"),
            _ruby("満潮", "まんちょう"),
            _run("、低くなることを"),
            _ruby("干潮", "かんちょう"),
            _run("という"),
            '<w:r><w:footnoteReference w:id="2"/></w:r>',
            _run("。わたしたちの班は、港の岸壁に目もりをつけた板を立てて、水面の高さを一時間ごとに"),
            '<w:ins w:id="1" w:author="校閲者">' + _run("三日間、") + "</w:ins>",
            _run("記録した。"),
        ),
        _paragraph(_run("観察の結果"), style="Heading2"),
        _paragraph(
            _run("水面がいちばん高かった時刻は、前の日よりも五十分ほど"),
            '<w:del w:id="2" w:author="校閲者"><w:r><w:delText>早く</w:delText></w:r></w:del>',
            _run("おそくなった。", '<w:em w:val="dot"/>'),
            _run(
                "月が空を通る時刻も、毎日同じくらいずつおくれていく。このことから、潮の満ち干は月の動きと関係があると考えた。"
            ),
        ),
        _table((("日", "満潮の時刻", "水面の高さ"), ("一日目", "六時十分", "152 cm"), ("二日目", "七時", "158 cm"))),
        _paragraph(
            _run("次に調べたいことは、満月の日と半月の日で、水面の高さの差がどのように変わるかということである。")
        ),
    )
)
_SHIO_PARTS = {
    "styles": '<w:style w:type="paragraph" w:styleId="Heading1"><w:name w:val="heading 1"/></w:style>'
    '<w:style w:type="paragraph" w:styleId="Heading2"><w:name w:val="heading 2"/></w:style>',
    "footnotes": '<w:footnote w:id="2">'
    + _paragraph(_run("場所によっては、一日に一回しか起こらない日もある。"))
    + "</w:footnote>",
    "comments": '<w:comment w:id="0">' + _paragraph(_run("時刻を確かめること")) + "</w:comment>",
}


def pack(folder: Path) -> list[Path]:
    """Write the delivery into a folder; files with the right bytes are not written again.

    Returns:
        The files, in order.
    """
    folder.mkdir(parents=True, exist_ok=True)
    contents = {
        "hamabe.epub": epub(
            _HAMABE,
            title="浜辺の図書室",
            order=("p-cover.xhtml", "p-001.xhtml", "p-002.xhtml", "p-colophon.xhtml"),
            metadata="<dc:creator>磯部みお</dc:creator><dc:rights>© 2031 架空書房</dc:rights>",
            spine='page-progression-direction="rtl"',
            others={"item/style.css": _STYLE},
        ),
        "shio_no_michihi.docx": docx(_SHIO, _SHIO_PARTS, title="潮の満ち干を調べる"),
        "toudai_no_kagi.pdf": vertical_pdf(),
    }
    paths = []
    for name, data in contents.items():
        path = folder / name
        if not path.exists() or path.read_bytes() != data:
            path.write_bytes(data)
        paths.append(path)
    return paths


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m samples.files.pack_files FOLDER")
    for written in pack(Path(sys.argv[1])):
        print(written)
