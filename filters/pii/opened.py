"""Texts that passed a gate, as strings of Python: in one pass also their folded form and the places of their pieces."""

from __future__ import annotations

from codecs import utf_16_le_decode
from collections.abc import Iterator
from string import ascii_letters
from typing import Final, NamedTuple

import numpy as np

from manyo.corpus.jit import Bytes, Int64s
from manyo.filters.pii.normal_form import FOLDS
from manyo.filters.pii.opened_kernels import (
    BESIDE_TWO,
    ENDS_PART,
    KANA,
    KANJI,
    LATIN,
    LIKE_DIGIT,
    MAY_BE_APART,
    MAY_BE_MISREAD,
    STARTS_REST,
    WIDE_BLANK,
    note_signs_of_print,
    open_texts,
)
from manyo.filters.pii.rejoined import ENDS_OF_BROKEN, STARTS_OF_REST


class Opened(NamedTuple):
    """A text.

    Attributes:
        chars: its characters.
        fold: the same in folded form.
        pieces: start and stop of each of its pieces, in code points.
        may_be_apart: false if `manyo.filters.pii.rejoined.rejoined` finds nothing in it.
        may_be_misread: false if `manyo.filters.pii.normal_form.digits_read` changes no part of it.
    """

    chars: str
    fold: str
    pieces: list[tuple[int, int]]
    may_be_apart: bool
    may_be_misread: bool


def _looks() -> Bytes:
    """(65536,), what `note_signs_of_print` asks of each character."""
    looks = np.zeros(1 << 16, np.uint8)
    for bit, chars in (
        (STARTS_REST, STARTS_OF_REST),
        (ENDS_PART, ENDS_OF_BROKEN),
        (LATIN, ascii_letters),
        (LIKE_DIGIT, "OoQlI"),
        (WIDE_BLANK, " 　"),
        (BESIDE_TWO, "号丁番階郎朗〇一二三四五六七八九十"),
    ):
        looks[[ord(char) for char in chars]] |= bit
    looks[ord("一") : ord("鿿") + 1] |= KANJI
    looks[ord("〇")] |= KANJI
    looks[ord("ぁ") : ord("ー") + 1] |= KANA
    return looks


_LOOKS: Final = _looks()


def opened(data: Bytes, texts: Int64s, pieces: Int64s, n_pieces: Int64s) -> Iterator[Opened]:
    """Some texts of a batch, in order.

    Args:
        data: UTF-8.
        texts: (n_texts, 2), where each starts and stops, in bytes.
        pieces: (n_all, 2), where the pieces of all of them start and stop, in order.
        n_pieces: (n_texts,), how many each has.
    """
    n_bytes = int((texts[:, 1] - texts[:, 0]).sum())
    units, folded = np.empty(n_bytes, np.uint16), np.empty(n_bytes, np.uint16)
    stops, may_hold = np.empty(len(texts), np.int64), np.empty(len(texts), np.uint8)
    bounds = np.concatenate([pieces, [[len(data) + 1, len(data) + 1]]])
    positions = np.empty_like(bounds)
    open_texts(data, texts, bounds, FOLDS, units, folded, stops, positions)
    note_signs_of_print(units, _LOOKS, stops, may_hold)
    places = list(zip(*positions.T.tolist(), strict=True))
    first = at = 0
    for stop, n, bits in zip(stops.tolist(), n_pieces.tolist(), may_hold.tolist(), strict=True):
        yield Opened(
            utf_16_le_decode(units[first:stop].data, "strict", True)[0],
            utf_16_le_decode(folded[first:stop].data, "strict", True)[0],
            places[at : at + n],
            bool(bits & MAY_BE_APART),
            bool(bits & MAY_BE_MISREAD),
        )
        first, at = stop, at + n
