"""Laws of what makes the search for personal information fast: each does what its plain twin does."""

import re
from collections.abc import Iterator

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from manyo.filters.pii import gate_expressions
from manyo.filters.pii.gate_expressions import matching
from manyo.filters.pii.kinds import PII_KINDS
from manyo.filters.pii.matching import Pattern, matches_of
from manyo.filters.pii.normal_form import _MARKED, _SKELETON, FOLD, folded, normal_chars, normal_form, normal_word
from manyo.filters.pii.patterns import PATTERNS

PRINTED = "氏名番号口座パスワード力ロﾌﾘｶﾞﾅガ゛゜ﾞﾟＥ-ｍａｉｌ：（）　 \t\n\u200b\ufeff曰あのはABOl09０９〇一😀𠮷\ud800"
any_texts = st.one_of(st.text(max_size=40), st.text(st.sampled_from(PRINTED), max_size=40))
WRITTEN = (
    "03-1234-5678 090 taro@example.jp AB1234567 TK12345678CD 〒100-0001 （＋81）２０ 192.0.2.1 @user_name1 "
    "品川300あ12-34\n。"
)


def naive_normal_form(text: str, start: int, stop: int) -> tuple[str, list[int]]:
    """Characters, and where each starts: one replacement after the other."""
    likes = text[start:stop].translate(_SKELETON)
    chars: list[str] = []
    starts: list[int] = []
    may_be_marked = False
    for i, char in enumerate(likes):
        if char in " \u200b\ufeff":
            may_be_marked = False
        elif char in "゛゜" and i and likes[i - 1] != "\n":
            if may_be_marked:
                chars[-1] = _MARKED.get(chars[-1] + char, chars[-1])
            may_be_marked = False
        else:
            chars.append(char)
            starts.append(start + i)
            may_be_marked = True
    return "".join(chars), [*starts, stop]


@given(any_texts, st.data())
def test_the_compiled_normal_form_is_that_of_its_twin(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    stop = data.draw(st.integers(start, len(text)))
    form = normal_form(text, start, stop)
    assert (form.chars, list(form.starts)) == naive_normal_form(text, start, stop)
    assert normal_chars(text[start:stop]) == normal_word(text[start:stop]) == form.chars


@given(any_texts)
def test_a_folded_text_is_that_of_translate(text: str) -> None:
    assert folded(text) == text.translate(FOLD)


def naive_matches(pattern: Pattern, text: str) -> Iterator[tuple[int, int]]:
    """Accepted matches, sought from each place after a refused one."""
    start = 0
    while match := pattern.expression.search(text, start):
        if pattern.accept(match):
            yield match.span()
        start = match.end() if pattern.accept(match) else match.start() + 1


@settings(max_examples=40)
@given(st.lists(st.sampled_from([*WRITTEN.split(" "), *" あTEL:-の"]), max_size=12).map("".join))
def test_looking_for_the_first_character_of_a_pattern_hides_no_match(text: str) -> None:
    for pattern in PATTERNS:
        assert [match.span() for match in matches_of(pattern, text, 0, len(text))] == list(naive_matches(pattern, text))


def test_a_pattern_whose_first_character_is_known_starts_with_nothing_else() -> None:
    for pattern in PATTERNS:
        if pattern.first:
            depth = [0]
            for char in re.sub(r"\\.|\[(?:[^\]\\]|\\.)*\]", "", pattern.expression.pattern):
                depth.append(depth[-1] + (char == "(") - (char == ")"))
                assert char != "|" or depth[-1] > 0, f"{pattern.name} is a choice of which one part has another start"


@settings(max_examples=20)
@given(st.lists(st.lists(st.sampled_from([*WRITTEN.split(" "), *"はで様 "]), max_size=6).map("".join), max_size=6))
def test_python_and_re2_read_every_gate_alike(texts: list[str]) -> None:
    column = pa.array(texts, pa.large_string())
    with pytest.MonkeyPatch.context() as patch:
        for gate in (gate for kind in PII_KINDS for gate in (kind.gate, *kind.gates.values()) if gate):
            few = matching(column, gate)
            patch.setattr(gate_expressions, "_FEW", -1)
            many = matching(column, gate)
            patch.undo()
            # Python's $ also matches before a last line end, so it may pass more.
            assert (few | ~many).all(), gate
