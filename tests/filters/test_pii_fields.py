"""Laws of labels, normal forms, and the pass that screens texts for signs."""

import re
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from manyo.corpus.release import resolve
from manyo.corpus.text import Texts
from manyo.filters.pii.check_digits import is_iban
from manyo.filters.pii.find import find
from manyo.filters.pii.kinds import PII_KINDS
from manyo.filters.pii.labels import EDGES, FIRM_EDGES, examples, gate_words, labels
from manyo.filters.pii.normal_form import folded, normal_form, unmarked
from manyo.filters.pii.screen import LABEL_SIGNS, screened, sign_of, sign_of_words
from manyo.filters.pii.screen_kernels import LEAST_DIGITS

KINDS = [kind.name for kind in PII_KINDS]
#: What letters of a label may be printed with.
PRINTED = "氏名番号ご住所電話口座パスワードＥ-ｍａｉｌ名前ﾌﾘｶﾞﾅガ：【】（）　 \t\n/。ロ力09０９〇一あのはABｶﾞﾟ😀𠮷"
printed_texts = st.text(st.sampled_from(PRINTED), max_size=40)
any_texts = st.one_of(st.text(max_size=40), printed_texts)


@given(any_texts)
def test_a_folded_text_has_as_many_characters_as_the_text(text: str) -> None:
    assert len(folded(text)) == len(text)


@given(any_texts, st.data())
def test_every_character_of_the_normal_form_leads_back_to_where_it_came_from(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    stop = data.draw(st.integers(start, len(text)))
    form = normal_form(text, start, stop)
    assert len(form.starts) == len(form.chars) + 1
    assert form.starts[-1] == stop
    assert all(first < last for first, last in zip(form.starts, form.starts[1:], strict=False))
    for i, char in enumerate(form.chars):
        assert unmarked(normal_form(text[form.starts[i]]).chars) == unmarked(char)
        # What is left out between two characters is blank, or a mark of voicing.
        between = text[form.starts[i] + 1 : form.starts[i + 1]]
        assert not normal_form(between).chars or set(between) <= set(" 　゛゜ﾞﾟ\u200b\ufeff")


@given(any_texts)
def test_the_normal_form_is_a_fixed_point(text: str) -> None:
    chars = normal_form(text).chars
    assert normal_form(chars).chars == chars


@pytest.mark.parametrize(("kind", "marked"), examples(), ids=lambda value: value[:24])
def test_the_examples_of_labels_are_found_and_nothing_else_of_their_kind(kind: str, marked: str) -> None:
    parts = re.split("[⟦⟧]", marked)
    starts = np.cumsum([0, *map(len, parts)])
    expected = {(int(starts[i]), int(starts[i + 1])) for i in range(1, len(parts), 2)}
    spans = find(pa.array(["".join(parts)], pa.large_string()), KINDS).to_pylist()
    found = resolve([(span["start"], span["stop"], span["kind"]) for span in spans], KINDS)
    assert {(start, stop) for start, stop, of in found if of == kind} == expected


LAYOUTS = {
    "colon": "{label}：{value}",
    "equals": "{label} = {value}",
    "bracket": "【{label}】{value}",
    "tortoise shell": "〔{label}〕 {value}",
    "tab": "{label}\t{value}",
    "line": "{label}\n{value}",
    "bullet": "・{label}：{value}",
    "note": "{label}（必須）：{value}",
    "markdown": "| {label} | 備考 |\n|---|---|\n| {value} | なし |",
    "four cells": "備考\tなし\t{label}\t{value}",
    "column": "No\t{label}\t備考\n1\t{value}\tなし",
}
FORM = {
    "person_name": ("氏名", "片山 理恵"),
    "bank_account": ("口座番号", "7719028"),
    "driving_licence": ("免許証番号", "301234567890"),
    "passport": ("旅券番号", "TK1234567"),
    "residence_card": ("在留カード番号", "AB12345678CD"),
    "pension_number": ("基礎年金番号", "1234-567890"),
    "insurance_number": ("被保険者番号", "00418823"),
    "employment_insurance": ("雇用保険被保険者番号", "1234-567890-1"),
    "resident_code": ("住民票コード", "24057868526"),
    "my_number": ("個人番号", "123456789018"),
    "member_id": ("会員番号", "A-00231"),
    "imei": ("IMEI", "005577487881551"),
    "postal_address": ("住所", "島根県松江市霧水町210番地"),
    "phone": ("電話番号", "03-1234-5678"),
    "sns_id": ("LINE ID", "yama_neko.0812"),
}
WIDE = str.maketrans({chr(code): chr(code + 0xFEE0) for code in range(0x21, 0x7F)})


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("kind", FORM)
def test_a_value_is_found_in_every_layout_of_its_label(kind: str, layout: str) -> None:
    label, value = FORM[kind]
    for printed in {label, "　".join(label) if not label.isascii() else label, label.translate(WIDE)}:
        text = LAYOUTS[layout].format(label=printed, value=value)
        spans = find(pa.array([text], pa.large_string()), KINDS).to_pylist()
        assert [(kind, value)] == [(span["kind"], text[span["start"] : span["stop"]]) for span in spans][:1], text


@cache
def expression_of_labels() -> re.Pattern[str]:
    """Any word of a label with what must stand around it, in the normal form without marks."""
    words = gate_words()
    # In the normal form | looks like ー, which is no edge.
    kept = FIRM_EDGES.replace("|", "")
    edge, firm = (f"[{re.escape(unmarked(normal_form(of).chars))}]" for of in (EDGES + kept, kept))
    connectors = "。、はがのを第等番号者名前氏様さまん方殿漢字カナー次以下記とおり通です"
    # More digits than any value needs, or the end, after which the value may stand.
    digits = "(?:$|[0-9]{15})"
    of_plain = f"[氏名前様さまんの方殿]{{0,14}}(?:$|{edge})"
    before = f"(?:^|{edge})(?:{unmarked('ご')}|お)?"

    def any_of(name: str, with_digits: bool) -> str:
        chosen = [word for word in getattr(words, name) if (word in words.least_digits) == with_digits]
        return "|".join(re.escape(unmarked(word)) for word in chosen) or "(?!)"

    parts = []
    for name, start, end in (
        ("firm", "", firm),
        ("enclosed", before, f"(?:$|{edge})"),
        ("enclosed_firm", before, firm),
    ):
        parts += [f"{start}(?:{any_of(name, False)}){end}", f"{start}(?:{any_of(name, True)}){end}{digits}"]
    parts += [f"(?:{any_of(name, True)})[{connectors}]{{0,14}}{digits}" for name in ("anywhere", "numbers")]
    return re.compile("|".join([*parts, f"(?:{any_of('plain', False)}){of_plain}"]))


DIGITS = "0-9０-９〇一二三四五六七八九十百千壱弐参拾廿元"
#: Digits, and letters that OCR takes for them, with signs between them.
NUMBER = re.compile(
    f"[{DIGITS}](?:[ 　()（）〈〉《》［］\\[\\]〔〕【】.．〜～~･・/／,，、の\\-‐‑‒–—―−─ー－ｰ]{{0,7}}[{DIGITS}OoQlI|])*"
)


def counted_slowly(stretch: str) -> list[int]:
    """The digits of a stretch, the most of them in a row and in one number, and its marks."""
    rows = list(map(len, re.findall(f"[{DIGITS}]+", stretch)))
    numbers = [len(re.findall(f"[{DIGITS}OoQlI|]", number[0])) for number in NUMBER.finditer(stretch)]
    marks = sum(char in ".．:：-－・･‐‑–−" for char in stretch)
    return [sum(rows), max(rows, default=0), max(numbers, default=0), marks]


def stretches_of(text: str) -> list[str]:
    return re.findall("[^\n。]*[\n。]|[^\n。]+", text)


@settings(max_examples=100, deadline=None)
@given(st.lists(printed_texts, min_size=1, max_size=5))
def test_screening_misses_no_word_and_counts_as_its_slow_twin_does(texts: list[str]) -> None:
    # Below each text stand as many digits as a label at its end may ask for.
    texts = [text + "\n" + "1" * 15 for text in texts]
    found = screened(Texts.from_arrow(pa.array(texts, pa.large_string())))
    labelled = set(found.hits.of(LABEL_SIGNS).stretches.tolist())
    counts = np.stack([found.n_digits, found.n_in_a_row, found.n_in_number, found.n_marks], axis=1).tolist()
    at = {start: i for i, start in enumerate(found.starts.tolist())}
    start = 0
    for stretch in (stretch for text in texts for stretch in stretches_of(text)):
        stop = start + len(stretch.encode())
        has_word = bool(expression_of_labels().search(unmarked(normal_form(stretch).chars)))
        assert start in at or (not has_word and counted_slowly(stretch)[0] < LEAST_DIGITS), stretch
        if start in at:
            assert found.stops[at[start]] == stop
            assert counts[at[start]] == counted_slowly(stretch)
            assert at[start] in labelled or not has_word, stretch
        start = stop


@settings(max_examples=60, deadline=None)
@given(printed_texts)
def test_a_label_that_announces_something_has_a_word_in_the_screen(text: str) -> None:
    found = screened(Texts.from_arrow(pa.array([text], pa.large_string())))
    hits = found.hits.of(LABEL_SIGNS)
    announcing = [label for label in labels(text, 0, len(text)) if any(m.kind != "none" for m in label.meanings)]
    for label in announcing:
        if text[label.stop : label.stop + 1] in tuple(":：\t】"):
            stop = len(text[: label.stop].encode())
            # The edge after the word is of its hit, too.
            assert any(stop <= at <= stop + len("：".encode()) for at in hits.stops.tolist())


def test_every_kind_has_a_bit_of_its_own_in_the_screen() -> None:
    bits = [sign_of(kind.name) for kind in PII_KINDS if kind.signs]
    bits += [sign_of_words(kind.name) for kind in PII_KINDS if kind.words]
    assert len(set(bits)) == len(bits)
    assert all(bit & LABEL_SIGNS == 0 and bit < 1 << 31 for bit in bits)


def test_check_digits_of_published_ibans() -> None:
    assert is_iban("GB29NWBK60161331926819")
    assert is_iban("DE89370400440532013000")
    assert not is_iban("DE89370400440532013001")


def test_labels_are_part_of_the_package() -> None:
    assert (Path(find.__code__.co_filename).with_name("labels.toml")).is_file()
