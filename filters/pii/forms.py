"""Forms with labels of their own: 【齢】, ［綱元］, よんでほしい名前：, a column with a head that no list has.

A block of labels and values that are set alike, of which one is personal, is a form about a person, or a list of
persons. There a value whose form is certain needs no label that is known: a surname with a given name, an address, a
telephone number. `pairs` says what stands beside what, whatever is written in it.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Final, NamedTuple

from manyo.filters.pii.covered import Covered
from manyo.filters.pii.fields import Field
from manyo.filters.pii.labels import Label, Meaning, labels
from manyo.filters.pii.lazily import lazily
from manyo.filters.pii.name_shapes import (
    FIRM,
    NAME_KANJI,
    WINDOW_CHARS,
    is_common,
    is_full_name,
    is_no_given,
    is_place,
    may_be_place,
    name_chars,
    parts,
)
from manyo.filters.pii.open_text import Interval, OpenText
from manyo.filters.pii.private_words import EXAMPLE, Name, is_public, is_public_after


class Pair(NamedTuple):
    """A label and its value; positions in code points.

    Attributes:
        label, value: where they stand, without blanks around them.
        layout: how they are set; those of a block that are set alike have the same.
    """

    label: Interval
    value: Interval
    layout: str


#: The most characters of a label.
_LABEL_CHARS: Final = 18
_BRACKETED: Final = lazily(
    # 〔080〕1234-5678 is a number.
    r"(?P<open>[【\[〔〈《])(?P<label>(?![0-9]{2,5}[】\]〕〉》][0-9(-])"
    r"[^\n\t【】\[\]〔〕〈〉《》<>「」。、:]{1,18})[】\]〕〉》][ :]*"
    r"|(?m:^)[ *・]*(?P<round>\()(?P<of_round>[^\n\t()<>「」。、:0-9]{1,18})\)[ :]*"
)
_OPENS: Final = lazily(r"[【\[〔〈《(]")
_BULLET: Final = r"[ \t]*+(?:(?:[-*・○●◯□■◆◇▼▲>＞※]|[0-9]{1,3}[.)]|\([0-9]{1,3}\)|[①-⑳])[ \t]*+)?"
_OF_LABEL: Final = r"[^\s:=→…<>「」。、,;|\"']"
_LETTER: Final = lazily(r"[^\W\d_]")
_MARKED: Final = lazily(
    rf"(?:(?m:^){_BULLET}[\"']?(?P<label>{_OF_LABEL}(?: {{0,4}}{_OF_LABEL}){{0,17}})"
    rf"|(?:(?<=[^ ]) {{1,3}}|[、,;|{{/] ?)[\"']?(?P<inner>{_OF_LABEL}{{1,18}}))[\"']? {{0,4}}"
    r"(?P<mark>:(?!//)|=>?|→|⇒|…{1,}) ?(?=[^ \n])"
)
_MARK: Final = lazily("[:=→⇒…]")
#: Labels before wide blanks; their letters may be set apart.
_SPACED: Final = lazily(
    rf"(?m:^){_BULLET}(?P<label>[一-鿿ぁ-ゖァ-ヴー](?: {{0,4}}[一-鿿ぁ-ゖァ-ヴー]){{0,8}}?)"
    r"(?: {2,8}|(?<=[一-鿿ぁ-ゖァ-ヴー]{2}) )(?=[^ \n])"
)
_BLANK_AFTER_LETTER: Final = lazily(" (?<=[一-鿿ぁ-ゖァ-ヴー] )")
_ALONE: Final = lazily(rf"{_BULLET}[^\s0-9:。、「」<>](?:[^\n\t0-9:。、「」<>]{{0,17}}):?")
#: More than what follows the bullet of such a line, and what a bullet starts with.
_MOST_ALONE: Final = 19
_BULLET_STARTS: Final = frozenset(" \t-*・○●◯□■◆◇▼▲>＞※0123456789(①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳")
_EDGE: Final = " \t\"'*"
_EDGE_AFTER: Final = _EDGE + "\r,;、"


def pairs(fold: str, start: int, stop: int) -> Iterator[list[Pair]]:
    """The blocks of labels and values in a stretch of whole lines; a block has two pairs at least, set alike."""
    of_layout: dict[str, list[Pair]] = defaultdict(list)
    for pair in _every_pair(fold, start, stop):
        of_layout[pair.layout].append(pair)
    for block in of_layout.values():
        if len(block) > 1:
            yield block


#: How far a form reaches around something personal in it.
_REACH_CHARS: Final = 300


def form_stretches(fold: str, evidence: Iterable[Interval]) -> Iterator[Interval]:
    """Disjoint stretches of whole lines around what is personal."""
    last = -1
    first = 0
    for start, stop in sorted(evidence):
        if last >= 0 and start - _REACH_CHARS > last:
            yield first, last
            last = -1
        if last < 0:
            first = fold.rfind("\n", 0, max(0, start - _REACH_CHARS)) + 1
        last = max(last, _line_stop(fold, min(len(fold), stop + _REACH_CHARS), len(fold)))
    if last >= 0:
        yield first, last


def _every_pair(fold: str, start: int, stop: int) -> Iterator[Pair]:
    for layout, sorts, of_label, found in (
        ("bracket", ("open", "round"), ("label", "of_round"), _in_lines_with(_OPENS, _BRACKETED, fold, start, stop)),
        ("mark", ("mark",), ("label", "inner"), _in_lines_with(_MARK, _MARKED, fold, start, stop)),
        ("blank", (), ("label",), _in_lines_with(_BLANK_AFTER_LETTER, _SPACED, fold, start, stop)),
    ):
        for match, following in pairwise([*found, None]):
            assert match is not None  # only the last one is
            sort = next((match[group] for group in sorts if match[group]), "")
            line_stop = _line_stop(fold, match.end(), stop)
            if following and following.start() < line_stop:
                line_stop = following.start()
            value = _trimmed(fold, match.end(), line_stop)
            if layout == "bracket" and value[0] >= value[1] and line_stop < stop:
                value = _trimmed(fold, line_stop + 1, _line_stop(fold, line_stop + 1, stop))
            label = match.span(next(group for group in of_label if match[group]))
            if value[0] < value[1] and (layout == "bracket" or _LETTER.search(fold, *label)):
                yield Pair(label, value, layout + sort)
    lines = _lines(fold, start, stop)
    for number, (first, second) in enumerate(pairwise(lines)):
        is_short = first[1] - first[0] <= _MOST_ALONE or fold[first[0]] in _BULLET_STARTS
        if is_short and _ALONE.fullmatch(fold, *first) and "\t" not in fold[slice(*second)]:
            yield Pair(_trimmed(fold, *first), _trimmed(fold, *second), f"line {number % 2}")
    for delimiter in "\t|,":
        if fold.find(delimiter, start, stop) >= 0:
            yield from _in_tables(fold, lines, delimiter)


def _in_lines_with(
    sign: re.Pattern[str], expression: re.Pattern[str], fold: str, start: int, stop: int
) -> Iterator[re.Match[str]]:
    """The matches of an expression, each in one line, in the lines that have a sign; most lines have none."""
    while found := sign.search(fold, start, stop):
        line = max(start, fold.rfind("\n", start, found.start()) + 1)
        start = _line_stop(fold, found.end(), stop)
        yield from expression.finditer(fold, line, start)


def _in_tables(fold: str, lines: Sequence[Interval], delimiter: str) -> Iterator[Pair]:
    """The pairs of neighbours in a row of two cells or four, and of a head with the cells below it."""
    head: list[Interval] = []
    for start, stop in lines:
        if delimiter not in fold[start:stop]:
            head = []
            continue
        cells = _cells(fold, start, stop, delimiter)
        if delimiter == "\t" and len(cells) % 2 == 0:
            for left, right in (cells[i : i + 2] for i in range(0, len(cells) - 1, 2)):
                if right[0] < right[1] and left[0] < left[1] <= left[0] + _LABEL_CHARS:
                    yield Pair(left, right, f"cells {len(cells)}")
        if head and len(cells) == len(head) > 1:
            for column, (top, cell) in enumerate(zip(head, cells, strict=True)):
                if cell[0] < cell[1] and top[0] < top[1] <= top[0] + _LABEL_CHARS:
                    yield Pair(top, cell, f"column {column} below {head[0]}")
        elif not head:
            head = cells


def _lines(fold: str, start: int, stop: int) -> list[Interval]:
    """The lines of a stretch that are not blank."""
    bounds = [start - 1, *(match.start() for match in re.compile("\n").finditer(fold, start, stop)), stop]
    return [(first + 1, last) for first, last in pairwise(bounds) if fold[first + 1 : last].strip()]


def _cells(fold: str, start: int, stop: int, delimiter: str) -> list[Interval]:
    bounds = [start - 1, *(i for i in range(start, stop) if fold[i] == delimiter), stop]
    return [_trimmed(fold, first + 1, last) for first, last in pairwise(bounds)]


def _line_stop(fold: str, start: int, stop: int) -> int:
    found = fold.find("\n", start, stop)
    return stop if found < 0 else found


def _trimmed(fold: str, start: int, stop: int) -> Interval:
    """A stretch without what stands around a value."""
    chars = fold[start:stop].lstrip(_EDGE)
    start = stop - len(chars)
    return start, start + len(chars.rstrip(_EDGE_AFTER))


# --- what the labels of a form are, and what their values may be ---

_SIGNS_OF_KIND: Final = (
    (
        "birth_date",
        lazily("(?<![発学先衛更派厚寄再])生(?![産成徒活命地])|誕|たんじょう|(?i:birth|bday|umare|tanjou?bi)"),
    ),
    ("age", lazily("[齢歳才]|年令|とし$|(?i:toshi|nenrei)")),
    ("phone", lazily("")),
    # 送り状番号 and 届出日 are none.
    (
        "postal_address",
        lazily(
            "^(?!.*(?:番号|コード|(?i:no\\.?|id)|[日時料金額状者])$)"
            ".*(?:[住居宅宛籍]|す(?:まい|んで)|じゅうしょ|所在|届|送|(?i:jusho|juusho|addr))"
        ),
    ),
)
#: The number of a person: 受講番号, 隊員No; not that of an order or of a thing.
_NUMBER_OF_PERSON: Final = lazily(
    "(?:[者員生徒客民講籍証券]|カード|手帳)(?:の)?(?:番号|ナンバー|コード|(?i:no\\.?|id|number))$"
)
_DIGITS: Final = lazily("[0-9〇一二三四五六七八九十]")


def own_fields(
    fold: str, blocks: Iterable[Sequence[Pair]], known: Iterable[Field], values: Sequence[Interval]
) -> Iterator[Field]:
    """The values of labels that no list has, in blocks in which something is personal.

    Args:
        fold: the document in folded form.
        blocks: its pairs.
        known: places after labels of the list.
        values: values of persons that were found.
    """
    starts = sorted(place.label.start for place in known)
    personal = Covered(values)
    for block in blocks:
        if not any(personal.meets(*pair.value) for pair in block):
            continue
        for pair in block:
            if _holds(starts, pair.label) or personal.meets(*pair.value) or not _DIGITS.search(fold, *pair.value):
                continue
            label = fold[slice(*pair.label)]
            if not _announces_nothing(label):
                word = label.replace(" ", "")
                yield Field(*pair.value, Label(*pair.label, word, ()), _likely_meanings(word), "firm")


@lru_cache(maxsize=1 << 12)
def _likely_meanings(word: str) -> tuple[Meaning, ...]:
    """What a label that no list has may announce by its letters; a telephone number beside any."""
    kinds = [kind for kind, sign in _SIGNS_OF_KIND if sign.search(word)]
    kinds += ["member_id"] if _NUMBER_OF_PERSON.search(word) else []
    return tuple(map(Meaning, kinds))


def starts_with_name(fold: str, place: Field) -> bool:
    """Whether a place after a label for a person starts with a name."""
    is_of_person = any(meaning.kind == "person_name" for meaning in place.meanings)
    return is_of_person and name_chars(fold[place.start : min(place.stop, place.start + WINDOW_CHARS)], FIRM) > 0


def _holds(starts: Sequence[int], interval: Interval) -> bool:
    """Whether one of some places is in an interval."""
    at = bisect_right(starts, interval[0] - 1)
    return at < len(starts) and starts[at] < interval[1]


@lru_cache(maxsize=1 << 12)
def _announces_nothing(label: str) -> bool:
    """Whether the word of the list at a label's end is one that announces something else."""
    found = list(labels(label, 0, len(label)))
    return bool(found) and all(meaning.kind == "none" for meaning in found[-1].meanings)


# --- names ---


#: What people are public in, and what is no person.
_NO_PERSON: Final = lazily(
    "社長|取締役|監督|[著作編訳]者?$|作家|出演|主演|俳優|原作|脚本|演出|音楽|作詞|作曲|歌|選手|議員|[市町村]長|知事|大臣|首相|教授|発行|撮影"
    "|写真|[声配]|役員|理事|執行|役$|題|商品|製品|品[名種]?$|書|会社|店$|店名|施設|学校|駅|場所|会場|メーカー|チーム|馬|騎手|優勝|ゲスト|講師|司会|公式|作品"
    "|曲|銘柄|地|県|市|町|村|国|色|味|料|科|属|種|型|式|法|期|時|日$|曜|単|価|額|金|費|備考|職|所属|学年|部$|組$|班$|例"
)
_TITLE: Final = r" ?(?:様|さん|さま|殿|氏|先生|君|くん|ちゃん|拝|印|㊞)?"
_REST: Final = lazily(rf"{_TITLE} ?(?:$|[(、,/;\n]|<\0| {{1,2}}[<(+0-9])")
_GIVEN: Final = lazily("[一-鿿々]{1,3}[ぁ-ゖ]?|[ぁ-ゖ]{2,5}|[ァ-ヴー]{2,6}[子江代枝美乃]?|[ぁ-ゖ]{1,3}[一-鿿々]")
#: 債権額 金 and 発行日 令和 are a word of a form and the start of its value.
_OF_THING: Final = lazily("[額日書料証数率量費]$")
_NUMERAL: Final = lazily("[0-9一二三四五六七八九十①-⑳]+")
_PAIR_OF_WORDS: Final = lazily(rf"(?P<surname>{NAME_KANJI}{{1,4}}) {{1,2}}(?P<given>{_GIVEN.pattern})")
#: 木村あかり, 柳原トミ子.
_SOLID: Final = lazily(
    rf"(?P<surname>{NAME_KANJI}{{2,4}})(?!まで|です|より|から|さん|さま|ほか|など)(?:[ぁ-ゖ]{{2,3}}|[ァ-ヴー]{{2,3}}[子江代枝美乃]?)"
)
#: 帷子 甚五(かたびら): what has its reading beside it is a name.
_READING: Final = lazily(r" ?\([ぁ-ゖァ-ヴー ]{2,16}\)")
_FOREIGN: Final = lazily(
    r"[ァ-ヴー]{2,14}(?:[・＝= ][ァ-ヴー]{2,12}){1,3}|[A-Z][A-Za-zÀ-ÿ'’-]+(?: [A-Za-zÀ-ÿ'’.-]+){1,4}"
)


def own_names(
    within: OpenText,
    blocks: Iterable[Sequence[Pair]],
    known: Sequence[int],
    values: Sequence[Interval],
    names: Sequence[Name],
) -> Iterator[Name]:
    """Names beside labels that no list has.

    Args:
        within: the document; what is in its holes is a value of a person or masked.
        blocks: its pairs.
        known: where labels of the list start, in order.
        values: values of persons.
        names: names that were found.
    """
    text = within.text
    of_names, of_persons = Covered((start, stop) for start, stop, *_ in names), Covered(values)
    for block in blocks:
        named = [of_names.meets(*pair.value) for pair in block]
        personal = [
            pair for pair, is_named in zip(block, named, strict=True) if is_named or of_persons.meets(*pair.value)
        ]
        # Lines are labels and values in turn where the list knows some of the labels.
        in_lines = block[0].layout.startswith("line")
        if len([pair for pair in personal if not in_lines or _holds(known, pair.label)]) < 1 + in_lines:
            continue
        others = [
            pair for pair, is_named in zip(block, named, strict=True) if not (is_named or _is_no_person(text, pair))
        ]
        ends = {pair: _name_end(within, pair.value) for pair in others}
        certain = [pair for pair in others if ends[pair]]
        # Of a column half of the cells are names; in other blocks each label has its own kind of value.
        if block[0].layout.startswith("column") and 2 * (len(certain) + sum(named)) < len(block):
            continue
        alike = Counter(
            _sort(text, pair) for pair, is_named in zip(block, named, strict=True) if is_named or ends.get(pair)
        )
        for pair in others:
            start, stop = pair.value[0], ends[pair] or _uncertain_end(within, pair.value, alike[_sort(text, pair)])
            if stop and (ends[pair] or alike):
                yield start, stop, 0.8, "name_of_form"


def without_labels(names: Iterable[Name], blocks: Iterable[Sequence[Pair]]) -> list[Name]:
    """Names but for those that are the end of a value and the label after it: 北:青森 八戸 南:福島."""
    starts = sorted(pair.label[0] for block in blocks if block[0].layout.startswith("mark") for pair in block)
    return [name for name in names if not _holds(starts, (name[0] + 1, name[1]))]


def _sort(text: str, pair: Pair) -> str:
    """A label without its number: 一番撞き and 二番撞き announce the same."""
    return _NUMERAL.sub("#", text[slice(*pair.label)])


def _is_no_person(text: str, pair: Pair) -> bool:
    label = text[slice(*pair.label)].replace(" ", "")
    return (
        bool(_NO_PERSON.search(label))
        or _announces_nothing(text[slice(*pair.label)])
        or is_public(text, pair.value[0])
        or bool(EXAMPLE.search(text, max(0, pair.label[0] - 60), pair.value[0]))
    )


def _name_end(within: OpenText, value: Interval) -> int:
    """Where the name ends that is certain by its letters, and all that a value holds; 0 if there is none."""
    text = within.text
    words = _PAIR_OF_WORDS.match(text, *value)
    if words and _READING.match(text, words.end(), value[1]):
        return words.end()
    stop = _whole_end(within, value) if re.match(NAME_KANJI, text[value[0]]) else 0
    return stop if stop and _is_certain(text[value[0] : stop]) else 0


def _uncertain_end(within: OpenText, value: Interval, n_alike: int) -> int:
    """The same for a foreign name, and for any that labels of the same sort have beside them."""
    stop = _whole_end(within, value)
    is_foreign = stop and _FOREIGN.fullmatch(within.text, value[0], stop)
    return stop if n_alike or is_foreign else 0


def _whole_end(within: OpenText, value: Interval) -> int:
    """Where a name ends that is all that a value holds, but for a title or a note."""
    start = value[0]
    if within.in_hole(start):
        return 0
    stop = within.name_end(start, FIRM, min(value[1], within.limit(start)))
    is_whole = stop and _REST.match(within.text, stop, value[1]) and not is_public_after(within.text, stop)
    return stop if is_whole else 0


def _is_certain(name: str) -> bool:
    """Whether letters are a surname and a given name, of which the dictionary knows one at least."""
    words = _PAIR_OF_WORDS.fullmatch(name)
    if words:
        surname, given = words["surname"], words["given"]
        if is_common(surname + given) or is_no_given(given, True) or is_place(given):
            return False
        is_given = "名" in parts(given) and not _OF_THING.search(surname)
        # 福島 郡山 are towns, 紺 金 colours.
        if not is_given and (may_be_place(given) or (len(given) == 1 and len(surname) == 1)):
            return False
        return "姓" in parts(surname) or (is_given and not is_common(surname) and not is_place(surname))
    solid = _SOLID.fullmatch(name)
    if solid and "姓" in parts(solid["surname"]) and not may_be_place(solid["surname"]):
        return True
    return len(name) > 2 and is_full_name(name) and not (is_common(name) or may_be_place(name))
