"""The signs of personal information in stretches of text, noted in one pass over all text.

An automaton (Aho and Corasick, 1975) finds the words of labels and the characters without which no pattern of a kind
matches, and digits are counted. RE2 reads each gate at 400 MB/s, but 25 of them one after the other at 16, and as one
expression no faster: its table of states outgrows its budget. The automaton reads all at once, skips blanks between the
letters of a label, and takes any width for the common one.
"""

from __future__ import annotations

import re
from collections import deque
from functools import cache
from itertools import product
from typing import Final

import numpy as np

from manyo.corpus.jit import Bytes, Int32s, Int64s, Uint16s, Uint32s
from manyo.filters.pii.kinds import PII_KINDS
from manyo.filters.pii.labels import EDGES, FIRM_EDGES, gate_words
from manyo.filters.pii.normal_form import FOLD, normal_form, sources, unmarked
from manyo.filters.pii.private_names import INTRODUCING
from manyo.filters.pii.private_words import PRIVATE_WORDS
from manyo.filters.pii.screen_kernels import (
    AFTER_FRIEND,
    AFTER_TITLE,
    ANNOUNCES,
    ASKED_SIGN,
    ASKS_SIGN,
    BLANK,
    CELL_END,
    CLOSES,
    CONNECTS,
    DIGIT,
    DIGITS_SIGN,
    EDGE,
    FIRM,
    FRIEND_SIGN,
    IN_NUMBER,
    INTRODUCES_SIGN,
    LABEL_SIGN,
    MAIL_SIGN,
    MARK,
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
_PARTS: Final = re.compile(f"[{re.escape(EDGES + FIRM_EDGES)}]")
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
    *((word, ASKS_SIGN) for word in _ASKING),
    *((word, PRIVATE_SIGN) for word in PRIVATE_WORDS),
)
_ARABIC_DIGITS: Final = "0123456789０１２３４５６７８９"
_DIGITS: Final = f"{_ARABIC_DIGITS}〇一二三四五六七八九十百千壱弐参拾廿元"


def note(data: Bytes, starts: Int64s, stops: Int64s) -> tuple[Uint32s, Int64s, Int64s, Int64s]:
    """The signs in stretches of a text.

    Args:
        data: UTF-8 text.
        starts, stops: (n_stretches,), in bytes; a stretch cuts no character.

    Returns:
        (n_stretches,) bits: `LABEL_SIGNS`, and `sign_of(kind)` of each kind that has signs; the number of digits;
        the most of them in a row; and the number of full stops, colons and hyphens.
    """
    signs = np.zeros(len(starts), np.uint32)
    n_digits, n_in_a_row, n_marks = np.zeros((3, len(starts)), np.int64)
    note_signs(data, starts, stops, *_automaton(), signs, n_digits, n_in_a_row, n_marks)
    signs[signs & (ASKED_SIGN | ASKS_SIGN) == ASKED_SIGN | ASKS_SIGN] |= LABEL_SIGN
    signs[(signs & MAIL_SIGN != 0) & (signs & sign_of("email") != 0)] |= LABEL_SIGN
    signs[signs & (INTRODUCES_SIGN | TITLE_SIGN | FRIEND_SIGN) != 0] |= sign_of("person_name")
    return signs, n_digits, n_in_a_row, n_marks


def sign_of(kind: str) -> int:
    """The bit of a kind's signs; zero if it has none."""
    return _SIGNS.get(kind, 0)


_SIGNS: Final = {kind.name: 2 << i for i, kind in enumerate(kind for kind in PII_KINDS if kind.signs)}


@cache
def _automaton() -> tuple[Int32s, Bytes, Uint16s, Int32s, Uint32s, Bytes]:
    """Classes, what may follow, parts of values, then transitions, signs and digits of states, for `note_signs`."""
    words: dict[str, int] = {}
    of_labels = gate_words()
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
            words[part] = words.get(part, 0) | (bit if part == parts[-1] else LABEL_SIGN)
    for word in of_labels.persons:
        words[unmarked(word)] = words.get(unmarked(word), 0) | NAMED_SIGN
    for word, before in product(of_labels.persons_enclosed, _BEFORE):
        edged = before + unmarked(word)
        words[edged] = words.get(edged, 0) | NAMED_SIGN
    for written, bit in _WRITTEN:
        chars = unmarked(normal_form(written).chars)
        words[chars] = words.get(chars, 0) | bit
    least = {unmarked(word): n_digits for word, n_digits in of_labels.least_digits.items()}
    # Here the edge after a word has been read, so that whatever follows may be a value: a bit of its own.
    edges: tuple[tuple[tuple[str, ...], set[str], tuple[str, ...]], ...] = (
        (("",), of_labels.firm, (_FIRM,)),
        (_BEFORE, of_labels.enclosed, (_EDGE, _FIRM)),
        (_BEFORE, of_labels.enclosed_firm, (_FIRM,)),
    )
    for befores, of, afters in edges:
        for before, word, after in product(befores, of, afters):
            edged = before + _PARTS.split(unmarked(word))[-1] + after
            n_digits = of_labels.least_digits.get(word, 0)
            words[edged] = words.get(edged, 0) | (DIGITS_SIGN if n_digits else _EDGED_SIGN)
            least[edged] = min(least.get(edged, n_digits), n_digits)
    for kind in PII_KINDS:
        for sign in kind.signs:
            chars = "".join(
                _FIRM if char in FIRM_EDGES else _EDGE if char in EDGES else char
                for char in unmarked(normal_form(sign).chars)
            )
            words[chars] = words.get(chars, 0) | _SIGNS[kind.name]
    letters = sorted(set("".join(words)) - {_EDGE, _FIRM})
    number = {_EDGE: EDGE, _FIRM: FIRM} | {char: i for i, char in enumerate(letters, FIRM + 1)}
    becomes = sources()
    classes = np.zeros(1 << 16, np.int32)
    for char in letters:
        classes[ord(char)] = number[char]
    for code, char in becomes.items():
        classes[code] = number.get(char, 0) if char else SKIPPED
    for char, edge in [*((char, EDGE) for char in EDGES), *((char, FIRM) for char in FIRM_EDGES)]:
        classes[ord(char)] = edge
        classes[[code for code, like in becomes.items() if like == char]] = edge
        classes[[code for code, like in FOLD.items() if like == char]] = edge
    transitions, signs, digits = _transitions(
        {tuple(number[char] for char in word): (sign, least.get(word, 0)) for word, sign in words.items()},
        len(number) + EDGE,
    )
    return classes, _follows(classes), _parts(), transitions, signs, digits


_EDGED_SIGN: Final = 1 << 31
#: Signs of words whose value may need digits.
_WITH_DIGITS: Final = LABEL_SIGN | NUMBER_SIGN | DIGITS_SIGN
_ANY_DIGITS: Final = 255
#: Bits of stretches with a word of a label.
LABEL_SIGNS: Final = LABEL_SIGN | DIGITS_SIGN | NAMED_SIGN | NUMBER_SIGN | PLAIN_SIGN | _EDGED_SIGN


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


def _follows(classes: Int32s) -> Bytes:
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
    of_number[_codes(_DIGITS + "必任")] = ANNOUNCES
    of_plain[(classes != EDGE) & (classes != FIRM) & (classes != SKIPPED)] = STOPS
    of_plain[ord("-")] = ANNOUNCES
    of_plain[_codes(_SUFFIXES)] = CONNECTS
    follows[_codes(_DIGITS)] = ANNOUNCES | DIGIT
    follows[_codes(".．:：-－・･‐‑–−")] |= MARK
    return (follows | of_number << OF_NUMBER | of_plain << OF_PLAIN).astype(np.uint8)


def _parts() -> Uint16s:
    """(65536,), what each character is in a value or a cell."""
    parts = np.zeros(1 << 16, np.uint16)
    for first, last in _VALUE_STARTS:
        parts[ord(first) : ord(last) + 1] = SAID
    for bit, chars in _OF_VALUES:
        parts[_codes(chars)] |= bit
    return parts


def _transitions(words: dict[tuple[int, ...], tuple[int, int]], n_classes: int) -> tuple[Int32s, Uint32s, Bytes]:
    """The automaton of words, their signs and least digits, as (n_states * n_classes,), (n_states,) and (n_states,)."""
    children: list[dict[int, int]] = [{}]
    signs = [0]
    least = [_ANY_DIGITS]
    for word, (sign, n_digits) in words.items():
        state = 0
        for kind in word:
            if kind not in children[state]:
                children[state][kind] = len(children)
                children.append({})
                signs.append(0)
                least.append(_ANY_DIGITS)
            state = children[state][kind]
        signs[state] |= sign
        if sign & _WITH_DIGITS:
            least[state] = min(least[state], n_digits)
    table = np.zeros((len(children), n_classes), np.int32)
    fallback = [0] * len(children)
    queue = deque([0])
    while queue:
        state = queue.popleft()
        table[state] = table[fallback[state]] if state else 0
        signs[state] |= signs[fallback[state]]
        least[state] = min(least[state], least[fallback[state]])
        for kind, child in children[state].items():
            fallback[child] = int(table[fallback[state], kind]) if state else 0
            table[state, kind] = child
            queue.append(child)
    targets = table.ravel() * n_classes
    ends = np.array(signs)[table.ravel()] != 0
    of_states = np.array(signs, np.uint32), np.array(least, np.uint8) % _ANY_DIGITS
    return np.where(ends, -1 - targets, targets).astype(np.int32), *of_states
