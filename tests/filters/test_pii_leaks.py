"""Forms as pages print them, extracted and scrubbed: no value that was planted is left in any text of the release."""

import pyarrow as pa
import pytest

from manyo.corpus.release import release_batch
from manyo.corpus.schema import DOCUMENTS
from manyo.corpus.web.main_text import extract
from manyo.filters.pii.find import find_by_profile
from manyo.filters.pii.scrub_settings import Scrub

PLANTED = {
    "氏名": "片山 理恵",
    "フリガナ": "カタヤマ リエ",
    "生年月日": "昭和58年3月14日",
    "郵便番号": "690-0099",
    "住所": "島根県松江市霧水町210番地3",
    "電話番号": "0852-10-4471",
    "メールアドレス": "katayama@mail.example.jp",
    "個人番号": "123456789018",
    "口座番号": "7719028",
    "運転免許証番号": "301234567890",
    "在留カード番号": "AB12345678CD",
    "旅券番号": "TK1234567",
    "基礎年金番号": "1234-567890",
    "被保険者番号": "00418823",
    "住民票コード": "24057868526",
    "会員番号": "A-00231",
    "パスワード": "Kasumi_0921",
    "LINE ID": "yama_neko.0812",
}
PROSE = (
    "<p>下の欄にご記入いただいた内容は、当会の名簿を作るためだけに使い、ほかの目的では使いません。"
    "ご不明な点は係までお尋ねください。</p>"
)


def cells(tag: str, words: list[str]) -> str:
    return "".join(f"<{tag}>{word}</{tag}>" for word in words)


LABELS, VALUES = list(PLANTED), list(PLANTED.values())
LAYOUTS = {
    "two columns": "<table>" + "".join(f"<tr><th>{k}</th><td>{v}</td></tr>" for k, v in PLANTED.items()) + "</table>",
    "plain cells": "<table>" + "".join(f"<tr><td>{k}</td><td>{v}</td></tr>" for k, v in PLANTED.items()) + "</table>",
    "header row": f"<table><tr>{cells('th', LABELS)}</tr><tr>{cells('td', VALUES)}</tr></table>",
    "list of definitions": "<dl>" + "".join(f"<dt>{k}</dt><dd>{v}</dd>" for k, v in PLANTED.items()) + "</dl>",
    "colons": "<p>" + "<br>".join(f"{k}：{v}" for k, v in PLANTED.items()) + "</p>",
    "brackets": "<p>" + "<br>".join(f"【{k}】{v}" for k, v in PLANTED.items()) + "</p>",
    "bullets": "<ul>" + "".join(f"<li>{k}：{v}</li>" for k, v in PLANTED.items()) + "</ul>",
    "lines": "<p>" + "<br>".join(f"{k}<br>{v}" for k, v in PLANTED.items()) + "</p>",
    "notes": "<p>" + "<br>".join(f"{k}（必須）：{v}" for k, v in PLANTED.items()) + "</p>",
    "letters set apart": "<p>" + "<br>".join(f"{'　'.join(k)}：{v}" for k, v in PLANTED.items()) + "</p>",
    "pre": "<pre>" + "\n".join(f"{k}\t{v}" for k, v in PLANTED.items()) + "</pre>",
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("style", ["typed", "constant", "pseudonym"])
def test_no_planted_value_leaves_a_form_in_any_layout(layout: str, style: str) -> None:
    html = f"<html><body>{PROSE * 3}{LAYOUTS[layout]}{PROSE * 3}</body></html>"
    text = extract(html).text
    assert all(value in text for value in VALUES), "the extractor left the form out"
    uri = f"https://example.jp/?mail={PLANTED['メールアドレス']}"
    document = {
        "doc_id": bytes(16),
        "title": f"{PLANTED['氏名']}様 {PLANTED['電話番号']}",
        "uri": uri,
        "text": text,
        "comments": text,
    }
    documents = pa.RecordBatch.from_pylist([document], schema=DOCUMENTS.schema)
    scrub = Scrub(mask_style=style)  # type: ignore[arg-type]
    spans = [find_by_profile(documents.column(name), ["web"], scrub) for name in ("text", "title", "uri", "comments")]
    released = release_batch(documents, *spans, scrub.masks, style == "pseudonym")
    exits = "\n".join(str(cell) for column in released.columns for cell in column.to_pylist())
    assert [value for value in VALUES if value in exits] == []
