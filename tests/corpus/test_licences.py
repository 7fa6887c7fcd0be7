"""The licence of a page: what it states for itself, with version and port, and not that of a photo in it."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from manyo.corpus.schema import DOC_ID, TEXT
from manyo.corpus.web.licences import Licence, licence_at, licence_mentions, mentions, page_licence, rsl_licences

BY = "https://creativecommons.org/licenses/by/4.0/"


def named(html: str, json_ld: str = "") -> str:
    licence = page_licence(html, json_ld)
    return licence.name if licence else ""


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("https://creativecommons.org/licenses/by-nc-nd/2.1/jp/", "by-nc-nd-2.1-jp"),
        ("https://creativecommons.org/licenses/by-sa/2.0/jp/deed.ja", "by-sa-2.0-jp"),
        ("//creativecommons.org/publicdomain/zero/1.0/", "zero-1.0"),
        ("http://www.creativecommons.org/licenses/BY/4.0", "by-4.0"),
        ("https://creativecommons.org/licenses/by/4.0/deed.ja", "by-4.0"),
        ("https://creativecommons.org/licenses/by/4.0/legalcode.ja", "by-4.0"),
        ("https://www.digital.go.jp/resources/open_data/public_data_license_v1.0", "pdl-1.0"),
        ("https://example.org/licenses/by/4.0/", ""),
        ("https://creativecommons.org/", ""),
        ("https://search.creativecommons.org/?q=by/4.0", ""),
    ],
)
def test_licences_are_named_by_the_path_of_their_deed(address: str, expected: str) -> None:
    licence = licence_at(address)
    assert (licence.name if licence else "") == expected


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        (f'<head><link rel="license" href="{BY}"></head><p>本文</p>', "by-4.0"),
        (f'<p>本文</p><footer><a rel="license" href="{BY}">CC</a></footer>', "by-4.0"),
        (f'<figure><img><figcaption>写真：<a rel="license" href="{BY}">CC</a></figcaption></figure>', ""),
        (f'<ul class="gallery"><li><a rel="license" href="{BY}">CC</a></ul>', ""),
        (f'<div id="comments"><p><a rel="license" href="{BY}">CC</a></div>', ""),
        (f'<textarea><link rel="license" href="{BY}"></textarea>', ""),
        (f'<!-- <link rel="license" href="{BY}"> -->', ""),
        (f'<footer class="theme-credit">theme by <a rel="license" href="{BY}">x</a></footer>', ""),
        ('<link rel="license" type="application/rsl+xml" href="/license.xml">', ""),
        ("<footer>当サイトは政府標準利用規約（第２．０版）に準拠しています。</footer>", "gov-jp-2.0"),
        ('<div class="copyright">公共データ利用規約（第1.0版）に従い利用できます。</div>', "pdl-1.0"),
        ("<p>公共データ利用規約（第1.0版）が公表された。</p>", ""),
        ("<footer>政府標準利用規約を読む</footer>", ""),
        ("<p>本サイトのコンテンツは、公共データ利用規約（第1.0版）のもとで利用できます。</p>", "pdl-1.0"),
        (f'<p>当サイトの文章は<a href="{BY}">CC BY 4.0ライセンス</a>で公開しています。</p>', "by-4.0"),
        (f'<p>この作品は友人が<a href="{BY}">CC BY</a>で公開した。</p>', ""),
        (f'<p class="comments">当サイトは<a href="{BY}">CC BYライセンス</a></p>', ""),
    ],
)
def test_a_page_states_its_own_licence_and_not_that_of_an_item(html: str, expected: str) -> None:
    assert named(html) == expected


@pytest.mark.parametrize(
    ("json_ld", "expected"),
    [
        (f'{{"@type": "Article", "license": "{BY}"}}', "by-4.0"),
        (f'{{"@graph": [{{"@type": ["WebPage"], "license": {{"@id": "{BY}"}}}}]}}', "by-4.0"),
        (f'{{"@type": "ImageObject", "license": "{BY}"}}', ""),
        (f'{{"@type": "Article", "image": {{"@type": "ImageObject", "license": "{BY}"}}}}', ""),
        ("{", ""),
    ],
)
def test_json_ld_states_the_licence_of_its_page(json_ld: str, expected: str) -> None:
    assert named("", json_ld) == expected


def test_a_header_and_a_meta_state_a_licence() -> None:
    assert page_licence("", "", link_fields=[f'</x>; rel="next", <{BY}>; rel="license"']) == Licence("by-4.0")
    assert page_licence("", "", metas=[("dcterms.license", BY)]) == Licence("by-4.0")
    assert page_licence("", "", link_fields=['</l.xml>; rel="license"; type="application/rsl+xml"']) is None


def test_conditions_are_those_of_the_name() -> None:
    assert Licence("by-nc-sa-2.1-jp").conditions == (
        "attribution",
        "share alike",
        "not for money",
        "licence by-nc-sa-2.1-jp",
    )
    assert Licence("pdl-1.0").conditions == ("attribution", "say if edited")
    assert not Licence("mark-1.0").is_grant


def test_statements_in_the_text_are_candidates_with_their_place() -> None:
    text = "当サイトの文章のAI学習への利用は禁止します。\n政府標準利用規約に準拠。"
    found = [(text[start:stop], kind) for start, stop, kind in licence_mentions(text)]
    assert found == [("AI学習への利用は禁止", "no-ai"), ("政府標準利用規約", "gov-jp")]


MENTIONING = (
    "政府標準利用規約",
    "PDL1.0",
    "PDL 1.0",
    "CC BY-SA",
    "クリエイティブコモンズ",
    "生成AI",
    "学習",
    "禁止",
    "。",
    "\n",
    "あ",
)


@given(st.lists(st.lists(st.sampled_from(MENTIONING), max_size=9).map("".join), max_size=6))
@settings(max_examples=100, deadline=None)
def test_a_batch_has_the_mentions_of_its_texts(texts: list[str]) -> None:
    ids = [number.to_bytes(16, "big") for number in range(len(texts))]
    batch = pa.record_batch([pa.array(ids, DOC_ID), pa.array(texts, TEXT)], ["doc_id", "text"])
    found = [tuple(row.values()) for row in mentions(batch).to_pylist()]
    wanted = [
        (doc_id, kind, start, stop)
        for doc_id, text in zip(ids, texts, strict=True)
        for start, stop, kind in licence_mentions(text)
    ]
    assert found == wanted


@pytest.mark.parametrize(
    ("html", "field", "expected"),
    [
        ('<link rel="license" type="application/rsl+xml" href="/l.xml">', "", ["/l.xml"]),
        ('<link type="application/rsl+xml" href="/l.xml">', "", []),
        ('<!-- <link rel="license" type="application/rsl+xml" href="/l.xml"> -->', "", []),
        ('<textarea><link rel="license" type="application/rsl+xml" href="/l.xml"></textarea>', "", []),
        ('<script type="application/rsl+xml"><rsl></rsl></script>', "", ["<rsl></rsl>"]),
        ("", f'<{BY}>; rel="license", </l.xml>; rel="license"; type="application/rsl+xml"', ["/l.xml"]),
        ("<p>application/rsl+xml</p>", "", []),
    ],
)
def test_a_page_names_or_holds_licences_of_rsl(html: str, field: str, expected: list[str]) -> None:
    assert rsl_licences(html, [field] if field else ()) == expected


@given(st.text(max_size=200), st.text(max_size=100))
@settings(max_examples=50, deadline=None)
def test_no_page_raises(html: str, json_ld: str) -> None:
    page_licence(f"license {html}", json_ld)
