"""Laws of the plain form: any sort of line end and any width of ASCII says the same."""

import re
import string
import tomllib
from functools import cache
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from manyo.corpus.text import LINE_ENDS, Texts
from manyo.filters.pii.find import find
from manyo.filters.pii.kinds import PII_KINDS
from manyo.filters.pii.plain_form import places_in, plain_form

KINDS = [kind.name for kind in PII_KINDS]
#: Forms as systems and keyboards write them; the values are invented.
FORMS = [
    "氏名: 片山 理恵\n電話: 03-1234-5678\n住所: 島根県松江市霧水町210番地\n",
    "班\t氏名\t電話\n1\t片山 理恵\t018-863-4402\n2\t湯浅 寛\t862-7713\n",
    "No,氏名,生年月日\n1,片山 理恵,1958/3/14\n",
    "住所 愛媛県松山市一番町4丁目2-\n19\n電話 0269-10-\n3145",
    "Wi-Fi MAC:3C-22-FB-8A-07-E9\n接続元IP:2400:4050:c2a1:9d00:1c2f:33ff:fe21:8a01\n",
    "LINE ID:mofu_kuma77\nIBAN: GB06NWBK60161348207519\n",
    "自宅は N36.38914 E138.27205\n車両 福岡 580 と 29-40\n",
    "DATABASE_URL=postgres://blog:w8Rt_22kd@db.example.jp:5432/blog\n",
    "BEGIN:VCARD\nADR;TYPE=HOME:;;霧浜町4-990;出雲市;島根県;693-0099;JP\nBDAY:1985-07-12\nEND:VCARD\n",
]
#: < and > are left as they are: masks have them.
WIDE = {
    "digits": string.digits,
    "letters": string.ascii_letters,
    "punctuation": string.punctuation.replace("<", "").replace(">", ""),
    "all": "".join(chr(code) for code in range(0x21, 0x7F) if chr(code) not in "<>"),
}


@cache
def texts() -> list[str]:
    """The forms above, and the labelled sentences."""
    tables = [
        tomllib.loads(Path(__file__).with_name(name).read_text("utf-8"))
        for name in ("pii_cases_blind.toml", "pii_cases_unseen.toml")
    ]
    marked = [text for table in tables for of in table.values() for texts in of.values() for text in texts]
    return FORMS + [re.sub("⟦(?:[a-z_]+:)?|⟧", "", text) for text in marked]


def found(written: list[str]) -> list[set[tuple[int, int, str]]]:
    spans: list[set[tuple[int, int, str]]] = [set() for _ in written]
    for span in find(pa.array(written, pa.large_string()), KINDS).to_pylist():
        spans[span["row"]].add((span["start"], span["stop"], span["kind"]))
    return spans


@cache
def expected() -> list[set[tuple[int, int, str]]]:
    return found(texts())


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.text(st.characters(codec="utf-8") | st.sampled_from(f"Ａｚ０（＜＞～｟\uff00\r\n{LINE_ENDS}"), max_size=30)
    )
)
def test_the_compiled_loop_writes_what_a_table_says(written: list[str]) -> None:
    table = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F) if chr(code) not in "＜＞"}
    plain = plain_form(Texts.from_strings(written))
    for row, text in enumerate(written):
        whole = text.replace("\r\n", "\n").translate(table | dict.fromkeys(map(ord, "\r" + LINE_ENDS), "\n"))
        start, stop = plain.texts.offsets[row : row + 2]
        assert plain.texts.data[start:stop].tobytes().decode() == whole
        places = places_in(text)
        assert len(places) == len(whole) + 1
        assert plain.is_shorter[row] == (len(whole) < len(text))
        assert all(text[place] == char or char < "\x7f" for place, char in zip(places, whole, strict=False))


@pytest.mark.parametrize("line_end", ["\r\n", "\r", "\u2028"])
def test_any_line_end_has_the_same_values_found(line_end: str) -> None:
    written = [text.replace("\n", line_end) for text in texts()]
    for text, spans, plain, of_plain in zip(written, found(written), texts(), expected(), strict=True):
        places = [i + (len(line_end) - 1) * plain.count("\n", 0, i) for i in range(len(plain) + 1)]
        assert spans == {(places[start], places[stop - 1] + 1, kind) for start, stop, kind in of_plain}, text


@pytest.mark.parametrize("chars", WIDE)
def test_full_width_characters_have_the_same_values_found(chars: str) -> None:
    wide = str.maketrans({char: chr(ord(char) + 0xFEE0) for char in WIDE[chars]})
    written = [text.translate(wide) for text in texts()]
    for text, spans, of_plain in zip(written, found(written), expected(), strict=True):
        assert spans == of_plain, text


def test_every_kind_of_the_forms_is_found_in_their_plain_form() -> None:
    kinds = {kind for spans in expected()[: len(FORMS)] for _, _, kind in spans}
    assert kinds >= {
        *("person_name", "phone", "postal_address", "birth_date", "mac_address", "ip", "sns_id", "iban"),
        *("geo_position", "licence_plate", "credential"),
    }
