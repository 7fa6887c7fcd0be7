"""Fields: where the value of a label may stand, in whatever way a form, a table or a message is laid out.

One grammar, *label, separator, value*, serves every kind that a label announces. The separator is

- a colon, an equals sign or an arrow, or the bracket that closes around the label (【氏名】);
- the edge of a cell: the value is in the cell to the right, or, where that is a label itself, in the cells below;
- a line end, where the label is alone in its line;
- blanks, where nothing stands before the label's noun phrase;
- for loose labels also nothing, は, が or の: 旅券番号はTK1234567.

Whether something there is a value, `field_values.py` and `names.py` decide.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final, Literal, NamedTuple

from manyo.filters.pii.labels import (
    EDGES,
    FIRM_EDGES,
    IN_WORDS,
    LEAST_DIGITS,
    NEVER_SAID,
    ROLE,
    Label,
    Meaning,
    fits,
    labels,
)
from manyo.filters.pii.lazily import lazily
from manyo.filters.pii.name_shapes import APART
from manyo.filters.pii.normal_form import normal_chars

#: How sure it is that the label is one: `firm` after a colon, bracket, cell edge or line end, `spaced` after blanks,
#: `loose` in a sentence, `said` with other words between.
Strength = Literal["firm", "spaced", "loose", "said"]


class Field(NamedTuple):
    """A place where a value may start; positions in code points.

    Attributes:
        start: where the value starts.
        stop: the end of its cell or line; the value may end before.
        label: the label that announces it.
        meanings: what it may be, likeliest first.
        strength: how sure the label is one.
        in_column: whether the label heads a column, so that the cells below may be values too.
    """

    start: int
    stop: int
    label: Label
    meanings: tuple[Meaning, ...]
    strength: Strength
    in_column: bool = False


_NOTE: Final = r"(?: ?[(\[〔<][^()\[\]〔〕<>\n\t\0]{1,16}[)\]〕>])"
_OPENED: Final = "\"'([{【〔「『<《〈■◆●◇*"
_CLOSERS: Final = r"[\"')\]}】〕」』>》〉■◆●◇*]"
#: vCard: TEL;TYPE=CELL:
_PARAMETERS: Final = r"(?:;[A-Za-z]{2,12}=[A-Za-z,\-]{1,20})*"
_MARKS: Final = r"(?:[:=→⇒▶►|/]|=>|->|[…‥]|[・.]{2}|(?<=[\"']),(?= ?[\"']))"
_FIRM: Final = lazily(
    rf"{_NOTE}?(?P<close>{_CLOSERS}*){_PARAMETERS}(?: *※? ?(?:必須|任意))?{_NOTE}?"
    rf"(?: *{_MARKS}+>? *;* *\**(?:\r?\n *(?:\r?\n *)?(?![^\n]*[:\t]))?|(?P<cell> *\t[ \t]*)"
    rf"|(?P<line> *\r?\n *(?:\r?\n *)?[:・]? ?)|(?P<bare> *))"
)
#: Between a loose label and its value.
_LOOSE: Final = lazily(
    r"(?:[ :=→⇒()「」『』【】\[\]<>\"'・/|№.,#※*、…‥]|は|が|の|を|も|って|だと|なら|ですが|第|等|番号|(?:次"
    r"|以下|下記)の(?:とおり"
    r"|通り)(?:です)?。?(?:\r?\n)?|[Nn][Oo](?![a-z])|[Nn]umber|右上|(?:漢字"
    r"|必須|数字|半角)(?=[)】\]])"
    r"|\t|\r?\n(?![^\n]*[:\t])){0,14}"
)
#: Between a word for a person and a name of two words: 申込者は、片山 理恵.
_NAMED: Final = lazily(
    rf"(?:(?:様|さん)?(?:は|が|も|の|って|なら|ですが|に|へ)、? ?|・{{2,}}|(?P<blank> +))[「『]?(?={APART})"
)
#: Words of a sentence between a label and its value: パスポートをなくしました。番号は控えてあって.
# What has a number itself ends the search: 免許試験場の伝票番号は301234567890.
_SAID: Final = lazily(
    r"(?![一-鿿ァ-ヴー])(?:(?!番号|コード|[料代金費税額数率比量])[^0-9A-Za-z\n<@#。]){1,24}?(?=[0-9A-Za-z@+]|(?:明治|大正|昭和|平成|令和)[元0-9])"
)
#: A question and its answer, which a speaker may precede: 会員番号もお分かりになりますか。お客様：えっと、.
_ASKED: Final = lazily(
    r"[^0-9A-Za-z\n<。]{0,12}(?:お願い|教え|伺|聞|確認|分か|わか|いただ|頂|よろし|合って)[^0-9A-Za-z\n<。?]{0,16}[。?]\n?(?:[^0-9A-Za-z\n<:]{0,12}:|[A-Z]:)?"
    r"(?:[^0-9A-Za-z<\n]{1,12}です。)?[^0-9A-Za-z<]{0,12}?(?=[0-9A-Za-z@]|(?:明治|大正|昭和|平成|令和)[元0-9])"
)
#: A number or code before its label: 0339012が口座番号, TK1234567（旅券番号）.
_STATED_BEFORE: Final = lazily(
    r"(?<![0-9A-Za-z@._-])(?P<value>[0-9A-Za-z@][0-9A-Za-z@._・/ -]{2,30}?)[」』\"']? ?"
    r"(?:(?:です|だ)?(?:が|は)|って(?:いう|の)?(?:の)?(?:が|は)?|という(?:の)?(?:が|は)?|←|\(|<-|=|を"
    r"|、(?:これ|それ|こちら)(?:が|は))、? ?"
    r"(?:私|僕|ぼく|わたし|俺|妻|夫|父|母|娘|息子|本人|彼|彼女|うち|こちら|当方|自分|お客様)?の?(?:「|『)?$"
)
_OPENING: Final = lazily(r"[ ]*(?:[\"'「『(【〔《〈\[]|<(?!\0)|亡(?=[ 一-鿿ァ-ヴ])|★|・(?=[^ ]))?[ ]*")
#: The letters of a noun phrase from its last one on: those of names of things, or kanji after an honorific.
_PHRASE: Final = lazily(r"[一-鿿]{0,6}[ごお](?:$|(?=[^ぁ-ゖ一-鿿ァ-ヴ]))|[一-鿿々ァ-ヴー゛゜・の/&A-Za-z0-9_\-]{0,16}")
_CELL_END: Final = {delimiter: lazily(rf"[\"']?{_NOTE}? *(?:{re.escape(delimiter)}|$)") for delimiter in "|,"}
#: What a cell may hold after its label.
_REST_OF_CELL: Final = lazily(rf"[* ]*{_NOTE}?[)\]〕】]?[* :.．]*")
_BLANK_CHARS: Final = " \u200b\ufeff"
_BLANKS: Final = lazily(f"[{_BLANK_CHARS}]*")
_HONORIFIC: Final = lazily("[ごお]$")
_LATIN_PHRASE: Final = lazily("(?<![A-Za-z0-9_.-])[0-9_.-]*+(?P<phrase>[A-Za-z][A-Za-z0-9_.-]*+(?: |(?<=[_.-])))$")
_ENDS_OF_LATIN_PHRASE: Final = " _.-"
_BOUNDARY: Final = lazily(r"[^一-鿿々ァ-ヴーぁ-ゖA-Za-z0-9]")
#: Signs that a line may start with before its label.
_BULLETS: Final = lazily(r"^[ \t>#○●◎■□◆◇★☆・※*\-–①-⑳0-9.()\[\]【】〔〕<>《》「」『』\"'|/]*$")
_PHRASE_CHARS: Final = 16
#: The most characters of a phrase before a label whose number stands before it.
_MOST_OF_STATED_PHRASE: Final = 4
#: How far before a number its own label stands.
_NEAR_CHARS: Final = 12


#: A table with a column that says so is about persons.
OF_PERSONS: Final = lazily(
    "(?i:mail|phone|(?<![a-z])tel|addr|birth|age(?![a-z])|name|holder|住所|電話|連絡先|生年月日|年齢|性別|氏名"
    "|[a-z]_id)"
)


def line_of(text: str, position: int) -> str:
    """The line around a position."""
    stop = text.find("\n", position)
    return text[text.rfind("\n", 0, position) + 1 : stop if stop >= 0 else len(text)]


class _Cell(NamedTuple):
    start: int
    stop: int


def fields(fold: str, pieces: Sequence[tuple[int, int]]) -> Iterator[Field]:
    """The places after labels where values may start.

    Args:
        fold: the document in `folded` form; what is masked in it, or will be, is in < > and has no letters.
        pieces: where to look for labels; a value may lie in a later line.

    Yields:
        Fields in the order of their labels; of one label, likelier places first.
    """
    words = _NearWords(fold)
    for start, stop in _adjoined(pieces):
        for label in labels(fold, start, stop):
            yield from _of_label(fold, label, words)


def _adjoined(pieces: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Pieces that follow each other as one: no label goes over the line end or full stop between them."""
    at = 0
    while at < len(pieces):
        start, stop = pieces[at]
        at += 1
        while at < len(pieces) and pieces[at][0] == stop:
            stop = pieces[at][1]
            at += 1
        yield start, stop


class _NearWords:
    """Whether the words that a meaning needs near its label are anywhere in a text: 番号 has ten such meanings."""

    def __init__(self, fold: str) -> None:
        self._fold = fold
        self._chars = ""
        self._found: dict[tuple[str, ...], bool] = {}

    def may_have(self, meaning: Meaning) -> bool:
        """Whether a meaning needs no words, or they are somewhere."""
        if not meaning.near:
            return True
        if meaning.near not in self._found:
            self._chars = self._chars or normal_chars(self._fold)
            self._found[meaning.near] = any(word in self._chars for word in meaning.near)
        return self._found[meaning.near]


def _of_label(fold: str, label: Label, words: _NearWords) -> Iterator[Field]:
    announced = [
        meaning
        for meaning in label.meanings
        if meaning.kind != "none"
        and words.may_have(meaning)
        and (not meaning.brief or _has_edges(fold, label, meaning))
    ]
    if not announced:
        yield from _of_brief(fold, label)
        return
    line_start = fold.rfind("\n", 0, label.start) + 1
    line_stop = _end(fold, "\n", label.stop)
    phrase_start = _phrase_start(fold, label, line_start)
    may_be_latin = label.start > line_start and fold[label.start - 1] in _ENDS_OF_LATIN_PHRASE
    near = fold[max(line_start, label.start - _PHRASE_CHARS) : label.start] if may_be_latin else ""
    latin = _LATIN_PHRASE.search(near) if near else None
    phrase = latin["phrase"] if latin else fold[phrase_start : label.start]
    meanings = tuple(meaning for meaning in announced if fits(meaning, phrase))
    if not meanings:
        return
    before = fold[phrase_start - 1] if phrase_start > line_start else "\n"
    is_phrase = bool(_BOUNDARY.match(before)) or before == "\n"
    is_enclosed = before in _OPENED and before != "\n"
    firm = _FIRM.match(fold, label.stop)
    assert firm is not None  # every part of it is optional
    opening = fold[label.stop : label.stop + 1]
    if opening in ("(", "「", "『") and is_phrase:
        # 母「…」 is speech.
        stated = tuple(meaning for meaning in meanings if opening == "(" or not meaning.brief)
        yield from _field(fold, label.stop + 1, line_stop, label, stated, "firm")
    is_cell = firm["cell"] is not None or fold[firm.end() : firm.end() + 1] in ("\n", "")
    if is_phrase and "\t" in fold[line_start:line_stop] and _fills_cell(fold, label, phrase_start, firm):
        yield from _in_table(fold, label, meanings, "\t", line_start, line_stop)
    elif firm["line"] is not None:
        if _BULLETS.match(fold[line_start:phrase_start]) and firm.end() < len(fold):
            yield from _field(fold, firm.end(), _end(fold, "\n", firm.end()), label, meanings, "firm")
    elif firm["bare"] is None or (firm["close"] and is_enclosed):
        yield from _field(fold, firm.end(), _end(fold, "\n", firm.end()), label, meanings, "firm")
    elif is_phrase and fold[label.start : firm.end()].rstrip(" ").endswith((")", "]", "〕")):
        # 氏名（漢字）佐伯京子, 物理アドレス（MAC） 70:85…: what closes the note separates, with a blank or without.
        yield from _field(fold, firm.end(), line_stop, label, meanings, "firm")
    elif firm["bare"] and is_phrase:
        spaced = [meaning for meaning in meanings if not meaning.brief or meaning.kind not in IN_WORDS]
        # 貸　　主　大鋸: forms set the letters of a label apart, or the value from it.
        is_set = firm["bare"] != " " or label.stop - label.start > len(label.word)
        is_item = bool(fold[line_start:phrase_start].strip())
        is_form = (is_set or is_item) and bool(_BULLETS.match(fold[line_start:phrase_start]))
        yield from _field(fold, firm.end(), line_stop, label, tuple(spaced), "firm" if is_form else "spaced")
    if is_phrase and not is_cell:
        for delimiter in ("|", ","):
            if delimiter in fold[line_start:line_stop] and _CELL_END[delimiter].match(fold, label.stop, line_stop):
                yield from _in_table(fold, label, meanings, delimiter, line_start, line_stop)
    named = _NAMED.match(fold, label.stop)
    if named and (is_phrase or not named["blank"]):
        of_person = tuple(meaning for meaning in announced if meaning.kind == "person_name")
        yield from _field(fold, named.end(), line_stop, label, of_person, "said")
    loose = tuple(meaning for meaning in meanings if meaning.loose)
    between = _LOOSE.match(fold, label.stop) if loose else None
    if between:
        yield from _field(fold, between.end(), _end(fold, "\n", between.end()), label, loose, "loose")
        said = tuple(meaning for meaning in loose if meaning.kind not in NEVER_SAID)
        is_near = label.start - phrase_start <= _MOST_OF_STATED_PHRASE
        of_digits = tuple(meaning for meaning in said if meaning.kind in LEAST_DIGITS)
        ahead = (
            _STATED_BEFORE.search(fold, max(line_start, phrase_start - 60), phrase_start)
            if of_digits and is_near
            else None
        )
        if ahead:
            yield from _before(fold, ahead, label, of_digits)
        later = (_SAID.match(fold, label.stop) or _ASKED.match(fold, label.stop)) if said else None
        if later:
            yield from _field(fold, later.end(), _end(fold, "\n", later.end()), label, said, "said")


def _before(fold: str, stated: re.Match[str], label: Label, meanings: tuple[Meaning, ...]) -> Iterator[Field]:
    """The number before a label, unless another label announces it."""
    start, stop = stated.span("value")
    if not any(start - other.stop <= _NEAR_CHARS for other in labels(fold, max(0, start - 24), start)):
        yield Field(start, stop, label, meanings, "said")


def _of_brief(fold: str, label: Label) -> Iterator[Field]:
    """The name of two words after a short word for a person at the start of its line: 会長 片山 理恵."""
    of_person = tuple(meaning for meaning in label.meanings if meaning.kind == "person_name" and meaning is not ROLE)
    named = _NAMED.match(fold, label.stop) if of_person else None
    line_start = fold.rfind("\n", 0, label.start) + 1
    if named and named["blank"] and _BULLETS.match(fold[line_start : label.start]):
        yield from _field(fold, named.end(), _end(fold, "\n", named.end()), label, of_person, "said")


def _has_edges(fold: str, label: Label, meaning: Meaning) -> bool:
    """Whether a short word stands before a firm edge, or between edges; a bare one always needs an edge before it."""
    following = fold[label.stop : label.stop + 1]
    if following and following in _BLANK_CHARS:
        after = _BLANKS.match(fold, label.stop)
        following = fold[after.end() : after.end() + 1] if after else ""
    # The note of 物理アドレス（MAC） belongs to the word.
    following = fold[label.stop - 1] if fold[label.stop - 1] in ")]〕" else following
    before = fold[max(0, label.start - 8) : label.start].rstrip(" ")
    before = (before[:-1].rstrip(" ") if before.endswith(("ご", "お")) else before)[-1:]
    is_enclosed = not before or before in EDGES + FIRM_EDGES
    if following and following in FIRM_EDGES:
        return is_enclosed or not meaning.bare
    return is_enclosed and meaning is not ROLE and (not following or following in EDGES)


def _field(
    fold: str, start: int, stop: int, label: Label, meanings: tuple[Meaning, ...], strength: Strength
) -> Iterator[Field]:
    """The field at a place, without what opens around its value, and before the next cell."""
    opening = _OPENING.match(fold, start)
    first = opening.end() if opening else start
    last = min(stop, _end(fold, "\t", first))
    if meanings and first < last:
        yield Field(first, last, label, meanings, strength)


def _end(fold: str, char: str, start: int) -> int:
    """Where a character comes next, or the end of the text."""
    found = fold.find(char, start)
    return len(fold) if found < 0 else found


def _phrase_start(fold: str, label: Label, line_start: int) -> int:
    """Where the noun phrase that ends with a label starts."""
    before = fold[max(line_start, label.start - _PHRASE_CHARS) : label.start]
    letters = _PHRASE.match(before[::-1])
    assert letters is not None  # it may be empty
    return label.start - letters.end()


def _fills_cell(fold: str, label: Label, phrase_start: int, firm: re.Match[str]) -> bool:
    """Whether a label's phrase, with its brackets and notes, is all that its cell holds."""
    start = max(fold.rfind("\t", 0, label.start), fold.rfind("\n", 0, label.start)) + 1
    rest = fold[firm.end() : firm.end() + 1] if firm["bare"] is not None else "\t"
    return bool(_BULLETS.match(fold[start:phrase_start])) and (
        firm["cell"] is not None or firm["line"] is not None or rest in ("\n", "")
    )


def _cells(fold: str, start: int, stop: int, delimiter: str) -> list[_Cell]:
    """The cells of a line without the blanks and quotation marks around their text."""
    cells = []
    while start <= stop:
        end = min(_end(fold, delimiter, start), stop)
        inner = fold[start:end]
        left = len(inner) - len(inner.lstrip(" \"'"))
        right = len(inner.rstrip(" \"'\r"))
        cells.append(_Cell(start + left, start + max(left, right)))
        start = end + 1
    return cells


def _is_label(fold: str, cell: _Cell) -> bool:
    """Whether a cell holds a label and nothing else."""
    if not 0 < cell.stop - cell.start <= 2 * _PHRASE_CHARS:
        return False
    found = list(labels(fold, cell.start, cell.stop))
    if not found or found[-1].stop + 20 < cell.stop:
        return False
    before = fold[cell.start : found[-1].start].strip()
    # 乾サダ子 and 仲 本 光 子 end with a word that is a label only if it stands alone.
    is_bare = all(meaning.bare for meaning in found[-1].meanings)
    if is_bare and _HONORIFIC.sub("", before):
        return False
    return bool(_REST_OF_CELL.fullmatch(fold, found[-1].stop, cell.stop)) and not re.search("[をにはがで]", before)


def _in_table(
    fold: str, label: Label, meanings: tuple[Meaning, ...], delimiter: str, line_start: int, line_stop: int
) -> Iterator[Field]:
    """The cell to the right of a label's cell, unless that is a label itself, and the cells below."""
    cells = _cells(fold, line_start, line_stop, delimiter)
    column = next((i for i, cell in enumerate(cells) if cell.start <= label.start < cell.stop), None)
    if column is None or not _is_label(fold, cells[column]):
        return
    right = next((cell for cell in cells[column + 1 : column + 3] if cell.start < cell.stop), None)
    n_labels = sum(_is_label(fold, cell) for cell in cells)
    is_header = right is None or _is_label(fold, right) or (len(cells) > 2 and 2 * n_labels > len(cells))
    if delimiter != "\t" and not (is_header and len(cells) > 1 and all(cell.stop - cell.start <= 24 for cell in cells)):
        return
    if right and not is_header:
        yield Field(right.start, right.stop, label, meanings, "firm")
    start = line_stop + 1
    while start < len(fold):
        stop = _end(fold, "\n", start)
        below = _cells(fold, start, stop, delimiter)
        if delimiter not in fold[start:stop] or (len(below) > column and _is_label(fold, below[column])):
            return
        if len(below) > column and below[column].start < below[column].stop:
            yield Field(below[column].start, below[column].stop, label, meanings, "firm", in_column=True)
        start = stop + 1
