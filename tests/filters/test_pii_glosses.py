"""Labels with a note after them, before every separator; the values are invented."""

from itertools import product

import pyarrow as pa
import pytest

from manyo.filters.pii.find import find
from manyo.filters.pii.kinds import PII_KINDS

KINDS = [kind.name for kind in PII_KINDS]
NOTES = ["", "（本人）", "（MAC）", "(必須)", "［控え］", "（ご本人・自宅）"]
SEPARATORS = ["：", " : ", " ", "　", "\t", "\n", "→", "=", ""]
VALUES = {
    "MACアドレス": "7085c2d93e17",
    "物理アドレス": "7085c2d93e17",
    "IMEI": "005577487881551",
    "電話": "03-1234-5678",
    "会員番号": "A-0023177",
    "口座番号": "7719028",
    "旅券番号": "TK1234567",
    "氏名": "片山 理恵",
    "契約者": "片山 理恵",
    "住所": "島根県松江市霧水町210番地",
    "メール": "katayama@mail.example.jp",
}


@pytest.mark.parametrize("label", VALUES)
def test_a_note_after_a_label_hides_no_value(label: str) -> None:
    # Without a note or anything else between them a label and its value are one word.
    texts = [
        f"{label}{note}{separator}{VALUES[label]}\n"
        for note, separator in product(NOTES, SEPARATORS)
        if note or separator
    ]
    spans = find(pa.array(texts, pa.large_string()), KINDS).to_pylist()
    values = {(span["row"], texts[span["row"]][span["start"] : span["stop"]]) for span in spans}
    assert [text for row, text in enumerate(texts) if (row, VALUES[label]) not in values] == []


def test_the_number_of_a_part_with_a_note_is_no_device() -> None:
    texts = [f"品番（本体）{separator}7085c2d93e17\n" for separator in SEPARATORS]
    assert "mac_address" not in find(pa.array(texts, pa.large_string()), KINDS).column("kind").to_pylist()
