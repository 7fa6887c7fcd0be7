"""The signs of personal information in stretches of text, noted in one pass over all text.

An automaton (Aho and Corasick, 1975) finds the words of labels and the characters without which no pattern of a kind
matches, and digits are counted. One expression for all of that outgrows the tables of RE2. The automaton skips blanks
between the letters of a label, and takes any width for the common one.
"""

from __future__ import annotations

import re
from collections import deque
from functools import cache
from itertools import product
from typing import Final, NamedTuple

import numpy as np

from manyo.corpus.jit import Bools, Bytes, Int64s, Uint16s, Uint32s
from manyo.corpus.text import Texts
from manyo.filters.pii.kinds import PII_KINDS
from manyo.filters.pii.labels import EDGES, FIRM_EDGES, gate_words, prefix_tree
from manyo.filters.pii.lazily import lazily
from manyo.filters.pii.normal_form import FOLD, normal_chars, sources, unmarked
from manyo.filters.pii.private_names import INTRODUCING
from manyo.filters.pii.private_words import PRIVATE_WORDS
from manyo.filters.pii.screen_kernels import (
    A_DIGIT,
    A_MARK,
    AFTER_FRIEND,
    AFTER_TITLE,
    AMOUNT_SIGN,
    ANNOUNCES,
    ASKED_SIGN,
    ASKS_SIGN,
    BLANK,
    CELL_END,
    CLASS,
    CLOSES,
    CONNECTS,
    DIGIT,
    DIGITS_SIGN,
    EDGE,
    FIRM,
    FRIEND_SIGN,
    HAS_WORDS,
    IN_NUMBER,
    INTRODUCES_SIGN,
    JOINS,
    LABEL_SIGN,
    MAIL_SIGN,
    MAY_BE_DIGIT,
    NAMED_SIGN,
    NO_TITLE,
    NUMBER_SIGN,
    OF_NUMBER,
    OF_PLAIN,
    OPENS,
    PARTICLE,
    PLAIN_SIGN,
    POINT,
    PRIVATE_SIGN,
    SAID,
    SKIPPED,
    STOPS,
    STOPS_NAME,
    TITLE_SIGN,
    note_signs,
)

#: In words, these stand for any edge, and for any firm one.
_EDGE: Final = "\0"
_FIRM: Final = "\1"
#: What may stand before a word between edges.
_BEFORE: Final = tuple(edge + honorific for edge in (_EDGE, _FIRM) for honorific in ("", unmarked("ご"), "お"))
_PARTS: Final = lazily(f"[{re.escape(EDGES + FIRM_EDGES)}]")
_CONNECTORS: Final = "。、はがのを第等番号者名前氏様さまん方殿漢字カナー次以下記とおり通です"
#: Close a bracket around a label: 「電話」.
_CLOSERS: Final = ")）]］】〕」』》〉>＞\"'＂＇”’"
#: Letters of what a word for a person may end with: 申込者氏名, 患者様.
_SUFFIXES: Final = "氏名前様さまんの方殿"
#: Words of a question about a number that an answer may give in the next sentence.
_ASKING: Final = ("をお願い", "を教え", "をお聞", "を伺", "お分かり", "わかりま", "合って", "よろし", "いただけますか")
#: Words that are sought beside those of the labels, and their signs.
_WRITTEN: Final = (
    *((word, INTRODUCES_SIGN) for word in INTRODUCING),
    ("様", TITLE_SIGN),
    *((word, FRIEND_SIGN) for word in ("さん", "くん", "ちゃん", "君")),
    *((word, AMOUNT_SIGN) for word in ("円", "円也")),
    *((word, ASKS_SIGN) for word in _ASKING),
    *((word, PRIVATE_SIGN) for word in PRIVATE_WORDS),
)
_ARABIC_DIGITS: Final = "0123456789０１２３４５６７８９"
#: Digits in any script.
DIGITS: Final = f"{_ARABIC_DIGITS}〇一二三四五六七八九十百千壱弐参拾廿元"


class Screened(NamedTuple):
    """The stretches of texts that have signs or digits, and where in them the words of labels stand.

    A stretch is a sentence, or what of a line is left after its last full stop. Positions are in bytes.

    Attributes:
        starts, stops: (n_stretches,), in order; a stretch cuts no character.
        signs: (n_stretches,), bits: `sign_of(kind)` of each kind that has signs, and others of the screen's own.
        n_digits, n_in_a_row, n_in_number, n_marks: (n_stretches,), the digits, in any script; the most of them in a
            row; the most in one number; and the full stops, colons and hyphens.
        is_question: (n_stretches,), whether somebody asks for a number, which may follow in the next sentence.
        hits: words of labels and of privacy.
    """

    starts: Int64s
    stops: Int64s
    signs: Uint32s
    n_digits: Int64s
    n_in_a_row: Int64s
    n_in_number: Int64s
    n_marks: Int64s
    is_question: Bools
    hits: Hits


class Hits(NamedTuple):
    """Words in stretches, in order.

    Attributes:
        stretches: (n_hits,), the stretch of each.
        stops: (n_hits,), the byte after each, with the edge after it.
        reaches: (n_hits,), the byte up to which its value may reach.
        states: (n_hits,), a number for the words that end there.
        signs: (n_hits,), their bits.
        announced: (n_hits,), bits of what they announce: 1 << i for kind i of `PII_KINDS`, `ROLE_BIT` for a role,
            and `ALONE_BIT` unless another word must be near.
    """

    stretches: Int64s
    stops: Int64s
    reaches: Int64s
    states: Int64s
    signs: Int64s
    announced: Uint32s

    def of(self, signs: int) -> Hits:
        """The hits that have any of some signs."""
        chosen = self.signs & signs != 0
        return Hits(*(column[chosen] for column in self))


def screened(view: Texts) -> Screened:
    """The signs in some texts."""
    first, last = int(view.offsets[0]), int(view.offsets[-1])
    data, offsets = view.data[first:last], view.offsets - first
    automaton = _automaton()
    # Memory that nothing is written to costs nothing, but counting the stretches would.
    n_most = len(data)
    bounds, counts = np.empty((n_most, 2), np.int64), np.empty((n_most, 4), np.int64)
    signs, hits = np.empty(n_most, np.uint32), np.empty((len(data) + n_most, 5), np.int64)
    n, n_hits = note_signs(data, offsets, *automaton.tables, _HIT_SIGNS, bounds, signs, counts, hits)
    starts, stops = bounds[:n].T.copy()
    signs = signs[:n]
    is_question = signs & (ASKED_SIGN | ASKS_SIGN) == ASKED_SIGN | ASKS_SIGN
    stretches, after, reaches, states, of_hits = hits[:n_hits].T.copy()
    found = Hits(stretches, after, reaches, states, of_hits, automaton.announced[states])
    n_digits, n_in_a_row, n_in_number, n_marks = counts[:n].T.copy()
    return Screened(starts, stops, signs, n_digits, n_in_a_row, n_in_number, n_marks, is_question, found)


def sign_of(kind: str) -> int:
    """The bits of a kind's signs; zero if it has none."""
    return _SIGNS.get(kind, 0) | _SIGNS_OF_GATES[kind]


def word_sign_of(kind: str) -> int:
    """The bit of the words of a kind's signs alone."""
    return _SIGNS[kind]


def sign_of_words(kind: str) -> int:
    """The bit of the words of which a text with a kind has one."""
    return _WORD_SIGNS[kind]


_SIGNS: Final = {kind.name: 2 << i for i, kind in enumerate(kind for kind in PII_KINDS if kind.signs)}
#: Each is a bit of its own.
_SIGNS_OF_GATES: Final = {kind.name: sum(kind.gates) for kind in PII_KINDS}
_WORD_SIGNS: Final = {
    kind.name: 2 << (i + len(_SIGNS)) for i, kind in enumerate(kind for kind in PII_KINDS if kind.words)
}


class _Automaton(NamedTuple):
    """What `note_signs` reads, and what the words that end in each state announce."""

    tables: tuple[Uint16s, Bytes, Uint16s, Uint16s, Uint32s, Bytes]
    announced: Uint32s


class _Word(NamedTuple):
    """Signs of a word, what it announces, and how many digits its value has at least, if it is one of a label."""

    signs: int
    announced: int = 0
    n_digits: int | None = None


def _words() -> dict[str, _Word]:
    """All words that are sought, in the normal form without marks of voicing."""
    words: dict[str, _Word] = {}

    def add(chars: str, word: _Word) -> None:
        words[chars] = _joined(word, words.get(chars, _Word(0)))

    of_labels = gate_words()

    def of_label(word: str, sign: int) -> _Word:
        kinds = of_labels.kinds[word]
        announced = sum(1 << i for i, kind in enumerate(PII_KINDS) if kind.name in kinds) or ROLE_BIT
        announced |= ALONE_BIT if word in of_labels.alone else 0
        return _Word(sign, announced, of_labels.least_digits.get(word, 0) if sign & _WITH_DIGITS else None)

    # A quotation mark or bracket within a word is an edge: the longest part of the word stands for it.
    for of_sort, bit in (
        (of_labels.anywhere, LABEL_SIGN),
        (of_labels.numbers - of_labels.mail, NUMBER_SIGN),
        (of_labels.mail, MAIL_SIGN),
        (of_labels.plain, PLAIN_SIGN),
    ):
        for word in of_sort:
            parts = _PARTS.split(unmarked(word))
            part = max(parts, key=len)
            # What follows a part within a word is the rest of the word.
            add(part, of_label(word, bit if part == parts[-1] else LABEL_SIGN))
    for word in of_labels.persons:
        add(unmarked(word), of_label(word, NAMED_SIGN))
    for word, before in product(of_labels.persons_enclosed, _BEFORE):
        add(before + unmarked(word), of_label(word, NAMED_SIGN))
    for word, n_digits in of_labels.near.items():
        add(unmarked(word), _Word(NEAR_SHORT_SIGN if n_digits < LEAST_OF_LONG else NEAR_LONG_SIGN))
    for written, bit in _WRITTEN:
        add(unmarked(normal_chars(written)), _Word(bit))
    # Here the edge after a word has been read, so that whatever follows may be a value: a bit of its own.
    edges: tuple[tuple[tuple[str, ...], set[str], tuple[str, ...]], ...] = (
        (("",), of_labels.firm, (_FIRM,)),
        (_BEFORE, of_labels.enclosed, (_EDGE, _FIRM)),
        (_BEFORE, of_labels.enclosed_firm, (_FIRM,)),
    )
    for befores, of, afters in edges:
        for before, word, after in product(befores, of, afters):
            # A word that ends with a bracket, 物理アドレス(mac), has nothing after it.
            last = [part for part in _PARTS.split(unmarked(word)) if part][-1]
            edged = before + last + after
            add(edged, of_label(word, DIGITS_SIGN if word in of_labels.least_digits else _EDGED_SIGN))
    for kind in PII_KINDS:
        for sign in kind.signs:
            chars = "".join(
                _FIRM if char in FIRM_EDGES else _EDGE if char in EDGES else char
                for char in unmarked(normal_chars(sign))
            )
            add(chars, _Word(_SIGNS[kind.name]))
        for word in kind.words:
            add(unmarked(normal_chars(word)), _Word(_WORD_SIGNS[kind.name]))
    return words


@cache
def _automaton() -> _Automaton:
    """Classes and parts of numbers, what may follow, parts of values, then transitions, signs and digits of states."""
    words = _words()
    letters = sorted(set("".join(words)) - {_EDGE, _FIRM})
    number = {_EDGE: EDGE, _FIRM: FIRM} | {char: i for i, char in enumerate(letters, FIRM + 1)}
    becomes = sources()
    classes = np.zeros(1 << 16, np.uint16)
    for char in letters:
        classes[ord(char)] = number[char]
    for code, char in becomes.items():
        classes[code] = number.get(char, 0) if char else SKIPPED
    for char, edge in [*((char, EDGE) for char in EDGES), *((char, FIRM) for char in FIRM_EDGES)]:
        classes[ord(char)] = edge
        classes[[code for code, like in becomes.items() if like == char]] = edge
        classes[[code for code, like in FOLD.items() if like == char]] = edge
    transitions, signs, least, announced = _transitions(
        {tuple(number[char] for char in chars): word for chars, word in words.items()}, len(number) + EDGE
    )
    return _Automaton((_looks(classes), _follows(classes), _parts(), transitions, signs, least), announced)


_EDGED_SIGN: Final = 1 << 31
#: Signs of words whose value may need digits.
_WITH_DIGITS: Final = LABEL_SIGN | NUMBER_SIGN | DIGITS_SIGN
#: Bits of stretches with a word of a label.
LABEL_SIGNS: Final = LABEL_SIGN | DIGITS_SIGN | MAIL_SIGN | NAMED_SIGN | NUMBER_SIGN | PLAIN_SIGN | _EDGED_SIGN
#: Bits of the words whose places are noted.
_HIT_SIGNS: Final = LABEL_SIGNS | PRIVATE_SIGN
#: In `Hits.announced`, for the words that end with 者, 人 or 主.
ROLE_BIT: Final = 1 << 31
#: And for those that need no other word near them.
ALONE_BIT: Final = 1 << 30
#: Signs of the words that must be near 番号 and the like: those of values with few digits, and with more.
NEAR_SHORT_SIGN: Final = 1 << 18
NEAR_LONG_SIGN: Final = 1 << 19
LEAST_OF_LONG: Final = 6


#: First and last of the characters with which a number or code starts.
_VALUE_STARTS: Final = ("09", "AZ", "az", "０９", "Ａｚ", "@@", "＠＠", "++", "＋＋")
_BLANKS: Final = "\u3000\u00a0\u2002\u2003\u2009\u200a\u202f"
#: What characters are in a value or a cell, beside the starts of values.
_OF_VALUES: Final = (
    (PARTICLE, "はがものにへ、「『てなら様さんで・"),
    (BLANK, f" \t{_BLANKS}"),
    (CELL_END, "\t\n,，|｜"),
    (OPENS, "(（[［〔"),
    (CLOSES, ")）]］〕"),
    (IN_NUMBER, ".．・･/／〜～~-－‐‑‒–—―−─ー|:： \u3000()（）[]\r\n"),
    (AFTER_TITLE, f"、,，。！!」)）へ宛方(（の{_ARABIC_DIGITS} \t\r\n{_BLANKS}"),
    (NO_TITLE, "客皆同仕多異模"),
    (AFTER_FRIEND, "へ宛 \r\n\u3000\u00a0"),
    (POINT, "・･＝="),
    (STOPS_NAME, f"。，．.,:：;；!！?？()（）[]【】〈〉《》<>\t\n/／|｜{_ARABIC_DIGITS}"),
)


def _codes(chars: str) -> list[int]:
    return [ord(char) for char in chars]


#: What characters are in a number, and around it.
_OF_NUMBERS: Final = (
    (A_DIGIT, DIGITS),
    (A_MARK, ".．:：-－・･‐‑–−"),
    (JOINS, " \u3000()（）〈〉《》［］[]〔〕【】.．〜～~･・/／,，、の-‐‑‒–—―−─ー－ｰ"),
    (MAY_BE_DIGIT, "OoQlI|"),
)


def _looks(classes: Uint16s) -> Uint16s:
    """(65536,), the class of each character, and what it is in a number."""
    looks = classes.copy()
    for bit, chars in _OF_NUMBERS:
        looks[_codes(chars)] |= bit
    return looks


def _follows(classes: Uint16s) -> Bytes:
    """(65536,), what each character is after a label of each sort, and whether it is a digit."""
    follows = np.zeros(1 << 16, np.uint8)
    follows[(classes == EDGE) | (classes == FIRM) | (classes == SKIPPED)] = ANNOUNCES
    for first, last in (*_VALUE_STARTS, "〒〒", "##", "--", "№№"):
        follows[ord(first) : ord(last) + 1] = ANNOUNCES
    follows[_codes(_CONNECTORS)] = CONNECTS
    of_number, of_plain = follows.copy(), follows.copy()
    of_number[ord("!") : ord("~") + 1] |= ANNOUNCES
    of_number[classes == SKIPPED] = CONNECTS
    of_number[_codes(_CLOSERS)] = CONNECTS
    of_number[_codes(DIGITS + "必任")] = ANNOUNCES
    of_plain[(classes != EDGE) & (classes != FIRM) & (classes != SKIPPED)] = STOPS
    of_plain[ord("-")] = ANNOUNCES
    of_plain[_codes(_SUFFIXES)] = CONNECTS
    follows[_codes(DIGITS)] = ANNOUNCES | DIGIT
    return (follows | of_number << OF_NUMBER | of_plain << OF_PLAIN).astype(np.uint8)


def _parts() -> Uint16s:
    """(65536,), what each character is in a value or a cell."""
    parts = np.zeros(1 << 16, np.uint16)
    for first, last in _VALUE_STARTS:
        parts[ord(first) : ord(last) + 1] = SAID
    for bit, chars in _OF_VALUES:
        parts[_codes(chars)] |= bit
    return parts


def _transitions(words: dict[tuple[int, ...], _Word], n_classes: int) -> tuple[Uint16s, Uint32s, Bytes, Uint32s]:
    """The automaton of words as (n_states * n_classes,), and the signs, the least digits, and what is announced, each
    (n_states,).
    """
    children, ends = prefix_tree(words)
    states = [_Word(0)] * len(children)
    for state, meant in zip(ends, words.values(), strict=True):
        states[state] = meant
    table = np.zeros((len(children), n_classes), np.int32)
    fallback = [0] * len(children)
    queue = deque([0])
    while queue:
        state = queue.popleft()
        table[state] = table[fallback[state]] if state else 0
        states[state] = _joined(states[state], states[fallback[state]])
        for kind, child in children[state].items():
            fallback[child] = int(table[fallback[state], kind]) if state else 0
            table[state, kind] = child
            queue.append(child)
    if len(states) >= HAS_WORDS or n_classes > CLASS:
        raise ValueError(f"{len(states)} states of {n_classes} letters are more than the tables of the screen hold")
    signs = np.array([word.signs for word in states], np.uint32)
    has_words = (signs != 0) * np.uint16(HAS_WORDS)
    return (
        table.ravel().astype(np.uint16) | has_words[table.ravel()],
        signs,
        np.array([word.n_digits or 0 for word in states], np.uint8),
        np.array([word.announced for word in states], np.uint32),
    )


def _joined(word: _Word, other: _Word) -> _Word:
    """What two words mean that end at the same place."""
    counts = [n_digits for n_digits in (word.n_digits, other.n_digits) if n_digits is not None]
    return _Word(word.signs | other.signs, word.announced | other.announced, min(counts, default=None))
