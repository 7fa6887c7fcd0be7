"""Laws of what makes the search for personal information fast: each does what its plain twin does."""

import importlib
import pkgutil
import re
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from manyo.corpus.text import Texts
from manyo.filters import pii
from manyo.filters.pii import forms
from manyo.filters.pii.fields import _phrase_start
from manyo.filters.pii.gate_automata import edge_chars, keep
from manyo.filters.pii.gate_kernels import BEYOND
from manyo.filters.pii.kinds import PII_KINDS
from manyo.filters.pii.label_kernels import longest_words
from manyo.filters.pii.labels import _SUFFIX, _SUFFIX_STARTS, EDGES, FIRM_EDGES, Label, trie_of
from manyo.filters.pii.matching import Pattern, accepted, first_match
from manyo.filters.pii.name_ends import WORD_ENDS
from manyo.filters.pii.name_evidence import AFTER, BEFORE
from manyo.filters.pii.name_shapes import _KANA_WORDS, _LATIN, LETTER
from manyo.filters.pii.name_starts import STARTS, name_starts
from manyo.filters.pii.normal_form import (
    _MARKED,
    _SKELETON,
    FOLD,
    digits_read,
    folded,
    normal_chars,
    normal_form,
    normal_word,
)
from manyo.filters.pii.open_text import WORD_BREAK, OpenText
from manyo.filters.pii.opened import opened
from manyo.filters.pii.patterns import PATTERNS
from manyo.filters.pii.phone_patterns import _END_OF_THING, _THING, _THING_BEFORE
from manyo.filters.pii.rejoined import _APART, _MAY_BE_APART, _apart, rejoined
from manyo.filters.pii.screen import screened
from manyo.filters.pii.value_gates import VALUE_GATES

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
        found = accepted(pattern, first_match(pattern, text, 0, len(text)), text, len(text))
        assert [match.span() for match in found] == list(naive_matches(pattern, text))


def test_a_pattern_whose_first_character_is_known_starts_with_nothing_else() -> None:
    for pattern in PATTERNS:
        if pattern.first:
            depth = [0]
            for char in re.sub(r"\\.|\[(?:[^\]\\]|\\.)*\]", "", pattern.expression.pattern):
                depth.append(depth[-1] + (char == "(") - (char == ")"))
                assert char != "|" or depth[-1] > 0, f"{pattern.name} is a choice of which one part has another start"


GATES = {gate for kind in PII_KINDS for gate in (kind.gate, *kind.gates.values()) if gate} | set(VALUE_GATES.values())


@settings(max_examples=40)
@given(
    st.lists(st.lists(st.sampled_from([*WRITTEN.split(" "), *"はで様 歳（）"]), max_size=6).map("".join), max_size=6)
)
def test_an_automaton_matches_where_its_expression_does(texts: list[str]) -> None:
    view = Texts.from_strings([*texts, "."])
    for gate in GATES:
        may = np.ones(len(texts), np.bool_)
        keep(gate, view.data, view.offsets[:-2], view.offsets[1:-1], may)
        assert may.tolist() == [re.search(gate, text) is not None for text in texts], gate


PARTS = ["a", "[^あ]", ".", "(?:ab|あ)", "[a-cあ]{2,3}", "b*", "(?i:A)", "a?", "\\s"]
expressions = st.tuples(
    st.sampled_from(["", "^", "(?:^|a)"]),
    st.lists(st.sampled_from(PARTS), min_size=1, max_size=4).map("".join),
    st.sampled_from(["", "$", "(?:$|a)"]),
).map("".join)


@settings(max_examples=300)
@given(expressions, st.text(st.sampled_from("abcAあい\n"), max_size=8))
def test_an_automaton_matches_as_python_does(expression: str, text: str) -> None:
    data = np.frombuffer((text + ".").encode(), np.uint8)
    may = np.ones(1, np.bool_)
    keep(expression, data, np.array([0]), np.array([len(data) - 1]), may)
    assert may[0] == (re.search(expression, text) is not None)


BROKEN = "1２OlIのー-番地号県字 　\n@あ木A曰ニア一三郎😀𠮷辻\U000e0100."


@settings(max_examples=300)
@given(st.lists(st.text(st.sampled_from(BROKEN), max_size=24), min_size=1, max_size=4), st.data())
def test_an_opened_text_is_what_python_makes_of_it(texts: list[str], data: st.DataObject) -> None:
    view = Texts.from_strings(texts)
    cuts = [sorted(data.draw(st.sets(st.integers(0, len(text)), max_size=4))) for text in texts]
    places = [list(pairwise(cut)) for cut in cuts]
    in_bytes = [
        int(first) + len(text[:place].encode())
        for text, first, of_text in zip(texts, view.offsets, places, strict=False)
        for piece in of_text
        for place in piece
    ]
    bounds = np.stack([view.offsets[:-1], view.offsets[1:]], axis=1)
    counts = np.array([len(of_text) for of_text in places])
    found = list(opened(view.data, bounds, np.array(in_bytes, np.int64).reshape(-1, 2), counts))
    assert [(text.chars, text.fold, text.pieces) for text in found] == [
        (text, folded(text), of_text) for text, of_text in zip(texts, places, strict=True)
    ]
    for text, of_text in zip(found, places, strict=True):
        assert text.may_be_apart or rejoined(text.chars) is None
        parts = [text.chars[start:stop] for start, stop in of_text]
        assert text.may_be_misread or [digits_read(part) for part in parts] == parts


@given(
    st.sets(st.text(st.sampled_from("氏名番号a"), min_size=1, max_size=4), min_size=1, max_size=6),
    st.text(st.sampled_from("氏名番号ax😀"), max_size=12),
)
def test_the_longest_word_is_found_wherever_one_starts(words: set[str], text: str) -> None:
    points = np.array([ord(char) for char in text], np.uint32)
    found = np.empty((len(text), 2), np.int64)
    n = longest_words(points, *trie_of(words), found)
    assert found[:n].tolist() == [
        [start, start + max(len(word) for word in words if text.startswith(word, start))]
        for start in range(len(text))
        if any(text.startswith(word, start) for word in words)
    ]


NAMED = "山階者当担夫母人木々ヶ﨑𠮷のあいアイウー・＝ 様さん氏先生くんまでTaro,/-09\n"


@settings(max_examples=400)
@given(st.text(st.sampled_from(NAMED), max_size=30), st.data())
def test_names_start_where_the_expression_says_unless_none_can_end(text: str, data: st.DataObject) -> None:
    first = data.draw(st.integers(0, len(text)))
    last = data.draw(st.integers(first, len(text)))
    starts = [match.start() for match in STARTS.finditer(text, first, last)]
    kanji, letters = re.compile("[一-鿿々ヶ﨑𠮷]*"), re.compile(f"{LETTER}*")
    found = {
        start: (stop, reaches) for start, stop, reaches in name_starts(text, OpenText(text, []).points, first, last)
    }
    assert set(found) <= set(starts)
    for start in starts:
        stop = kanji.match(text, start).end()  # type: ignore[union-attr]
        n_letters = min(10, letters.match(text, start).end() - start)  # type: ignore[union-attr]
        ends = {n for n in range(1, n_letters + 1) if WORD_ENDS.match(text, start + n)} if stop > start else set()
        if ends or stop == start or text.startswith(" ", stop):
            assert found[start][0] == stop
            assert ends <= set(found[start][1]) <= set(range(1, n_letters + 1))


@given(st.text(st.sampled_from("0３-(〇一a\n あ"), max_size=40), st.data())
def test_a_first_match_is_that_of_a_search_from_the_start(text: str, data: st.DataObject) -> None:
    pattern = data.draw(st.sampled_from([pattern for pattern in PATTERNS if pattern.first]))
    start = data.draw(st.integers(0, len(text)))
    stop = data.draw(st.integers(start, len(text)))
    found, expected = first_match(pattern, text, start, stop), pattern.expression.search(text, start, stop)
    assert (found and found.span()) == (expected and expected.span())


@settings(max_examples=300)
@given(st.lists(st.text(st.sampled_from("【名】(［1)住: \t→a・、。"), max_size=12), max_size=5), st.data())
def test_a_form_is_read_by_lines_as_it_is_read_at_once(lines: list[str], data: st.DataObject) -> None:
    # Positions before and after the stretch are those of other lines.
    text = "\n".join(["前: 後", *lines, "前  後"])
    start, stop = 5, len(text) - 5
    for sign, expression in (
        (forms._OPENS, forms._BRACKETED),
        (forms._MARK, forms._MARKED),
        (forms._BLANK_AFTER_LETTER, forms._SPACED),
    ):
        found = [match.span() for match in forms._in_lines_with(sign, expression, text, start, stop)]
        assert found == [match.span() for match in expression.finditer(text, start, stop)]


@given(st.text(st.sampled_from("氏名前様さまんの方殿は"), max_size=6))
def test_a_suffix_of_a_label_starts_with_a_letter_that_is_asked_for_first(chars: str) -> None:
    suffix = _SUFFIX.match(chars)
    assert suffix is not None
    assert not suffix[0] or suffix[0][0] in _SUFFIX_STARTS


@given(st.text(st.sampled_from("(1①・ 名前:\tあ。"), max_size=24))
def test_a_line_too_long_for_a_label_alone_is_none(line: str) -> None:
    if len(line) > forms._MOST_ALONE and line[0] not in forms._BULLET_STARTS:
        assert not forms._ALONE.fullmatch(line)


@settings(max_examples=100)
@given(st.text(st.sampled_from("ご氏名の番号ア・ーいA_\t 。御お"), max_size=12))
def test_the_phrase_before_a_label_is_read_from_its_end_as_from_its_start(text: str) -> None:
    from_start = re.compile(
        r"[一-鿿々ァ-ヴー゛゜・の/&A-Za-z0-9_\-]{0,16}$|(?:^|(?<=[^ぁ-ゖ一-鿿ァ-ヴ]))[ごお御]?[一-鿿]{0,6}$"
    )
    match = from_start.search(text)
    assert match is not None
    label = Label(len(text), len(text) + 2, "電話", ())
    assert _phrase_start(text + "電話", label, 0) == match.start()


@settings(max_examples=100)
@given(
    st.lists(st.sampled_from([*"品番 :の\nが#-あ", "型番", "注文番号", "order no", "ticket #", "s/n", "号機"])).map(
        "".join
    )
)
def test_no_word_of_a_thing_before_a_number_is_hidden_by_its_last_letter(text: str) -> None:
    assert not _THING_BEFORE.search(text) or _END_OF_THING.match(text[::-1])


def test_a_word_of_a_thing_ends_with_a_letter_that_is_sought() -> None:
    last = edge_chars(_THING, is_last=True)
    assert last is not None
    for point in np.flatnonzero(last[:BEYOND]).tolist():
        assert _END_OF_THING.match(chr(point)), chr(point)


def test_names_in_kana_or_latin_letters_start_with_such_a_letter() -> None:
    in_kana, in_latin = (edge_chars(shape.pattern, is_last=False) for shape in (_KANA_WORDS, _LATIN))
    assert in_kana is not None
    assert in_latin is not None
    assert {chr(point) for point in np.flatnonzero(in_kana[:BEYOND]).tolist()} <= set(map(chr, range(0x3041, 0x30FD)))
    assert np.flatnonzero(in_latin[:BEYOND]).max() < ord("ぁ")


@settings(max_examples=100)
@given(st.text(st.sampled_from("山田タロ、 aB'\n様"), max_size=40), st.data())
def test_names_may_start_before_a_place_at_line_starts_holes_and_breaks_of_words(
    text: str, data: st.DataObject
) -> None:
    cuts = sorted(data.draw(st.sets(st.integers(0, len(text)), max_size=4)))
    holes = list(zip(cuts[::2], cuts[1::2], strict=False))
    stop = data.draw(st.integers(0, len(text)))
    hole_end = max([last for first, last in holes if first < stop], default=0)
    first = max(stop - 32, text.rfind("\n", 0, stop) + 1, hole_end)
    expected = [
        start
        for start in range(first, stop)
        if start in (0, hole_end) or text[start - 1] == "\n" or (start > first and WORD_BREAK.match(text, start - 1))
    ]
    assert list(OpenText(text, holes).starts_before(stop)) == expected


@settings(max_examples=100)
@given(st.text(st.sampled_from("東京1-a 　\n、。"), max_size=40))
def test_letters_apart_are_found_line_by_line_as_in_the_whole_text(text: str) -> None:
    expected = list(_APART.finditer(text)) if _MAY_BE_APART.search(text) else []
    assert [match.span() for match in _apart(text)] == [match.span() for match in expected]


ALL_CUES = {True: BEFORE, False: AFTER}


@settings(max_examples=300)
@given(
    st.text(st.sampled_from("夫の父は、山。さん殿氏（32)\n \t名義様です:の電話から"), max_size=24),
    st.booleans(),
    st.data(),
)
def test_the_character_at_a_place_hides_no_cue(text: str, is_before: bool, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(text)))
    cues = ALL_CUES[is_before]
    every = [
        cue.weight
        for cue in cues.every
        if (cue.expression.search(text, 0, place) if is_before else cue.expression.match(text, place))
    ]
    assert sum(every) == (cues.sum_before(text, 0, place) if is_before else cues.sum_after(text, place))


def test_no_label_is_an_edge_alone() -> None:
    for edge in (*EDGES, *FIRM_EDGES, "\n"):
        assert len(screened(Texts.from_strings([edge * 9])).hits.stops) == 0, repr(edge)


def test_every_expression_that_waits_for_its_first_use_can_be_compiled() -> None:
    n_lazy = 0
    for module in pkgutil.iter_modules(pii.__path__, "manyo.filters.pii."):
        for value in vars(importlib.import_module(module.name)).values():
            if hasattr(value, "pattern") and hasattr(value, "search"):
                value.search("")
                n_lazy += 1
    for pattern in PATTERNS:
        for expression in (pattern.expression, pattern.needs, pattern.unless, pattern.first):
            assert expression is None or expression.search("\n\n") is None
    assert n_lazy > 100


def test_the_rules_are_imported_without_compiling_an_expression_of_theirs() -> None:
    program = (
        "import re; compiled = []; real = re._compile\n"
        "re._compile = lambda pattern, flags: compiled.append(pattern) or real(pattern, flags)\n"
        "import manyo.filters.pii.find\n"
        "from manyo.filters.pii.patterns import PATTERNS\n"
        "print(sum(pattern.expression.pattern in compiled for pattern in PATTERNS))"
    )
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert done.stdout == "0\n"
