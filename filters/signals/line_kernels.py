"""The pass that reads lines, sentences and paragraphs, and finds those that occurred before."""

from __future__ import annotations

from typing import Final

import numpy as np

from manyo.corpus.jit import Bytes, Int32s, Int64s, Records, Uint32s, Uint64s, int64, kernel, record
from manyo.filters.signals.primitive_kernels import (
    MULTIPLIER,
    find_slot,
    longest_document,
    table_shift,
)

# What a character means to this pass: the values of its table `marks`, the two most frequent first.
PLAIN: Final = 0
ALPHANUMERIC: Final = 1
SPACE: Final = 2
NEWLINE: Final = 3
SENTENCE_END: Final = 4
WEAK_SENTENCE_END: Final = 5  # ends no sentence where a letter or digit follows at once: 3．14, ?id=1, a!=b
CLOSER: Final = 6  # brackets and quotes that stay with the sentence they follow
QUOTE_CLOSER: Final = 7  # 」 and 』: at the end of a line they end an utterance
ELLIPSIS: Final = 8
DOT: Final = 9  # three in a row are an ellipsis
MIDDLE_DOT: Final = 10  # the same, and a bullet at the start of a line
BULLET: Final = 11
OPENER: Final = 12  # of a quotation or bracket whose closer is the next code point


class LineCount:
    """The counts of one document, a record of `LINE_COUNTS`. Characters are those that are not white space."""

    lines: int
    short_lines: int
    ended_lines: int  # that end a sentence or close a quotation
    marked_lines: int  # whose last character ends sentences
    ellipsis_lines: int
    bullet_lines: int
    longest_line: int
    duplicate_lines: int
    duplicate_line_chars: int
    sentences: int
    longest_sentence: int
    ended_sentence_chars: int  # of sentences that a mark ends
    trailing_sentences: int  # that end in …, three dots or ・
    duplicate_sentences: int
    duplicate_sentence_chars: int
    paragraphs: int
    duplicate_paragraphs: int
    duplicate_paragraph_chars: int
    visible_chars: int


LINE_COUNTS: Final = record(*((name, np.int64) for name in LineCount.__annotations__))


class Piece:
    """A line, a sentence or a paragraph, a record of `PIECES`."""

    hash: np.uint64
    chars: int
    is_after_blank: int  # a line that follows a blank one


PIECES: Final = record(("hash", np.uint64), ("chars", np.int64), ("is_after_blank", np.int64))

_LINE_FEED: Final = 0x0A
_DOTS_OF_ELLIPSIS: Final = 3

# How far a sentence has ended.
_NOT_ENDED: Final = 0
_WEAKLY_ENDED: Final = 1
_ENDED: Final = 2


@kernel
def _duplicates(pieces: Records, n_pieces: int, keys: Uint64s, used: Int32s) -> tuple[int, int]:
    """How many of the pieces occurred before, and the sum of their lengths; keys and used are scratch."""
    shift = table_shift(n_pieces)
    used[: 1 << (64 - shift)] = 0
    n_duplicates = 0
    duplicate_chars = int64(0)
    for i in range(n_pieces):
        piece: Piece = pieces[i]
        slot = find_slot(keys, used, piece.hash, shift)
        if used[slot]:
            n_duplicates += 1
            duplicate_chars += piece.chars
        keys[slot] = piece.hash
        used[slot] = 1
    return n_duplicates, duplicate_chars


@kernel
def _join_paragraphs(lines: Records, n_lines: int) -> int:
    """Join lines to paragraphs in place, and return their number; a line after a blank one begins a paragraph."""
    n_paragraphs = 0
    for i in range(n_lines):
        line: Piece = lines[i]
        if n_paragraphs == 0 or line.is_after_blank:
            lines[n_paragraphs].hash = line.hash
            lines[n_paragraphs].chars = line.chars
            n_paragraphs += 1
        else:
            paragraph: Piece = lines[n_paragraphs - 1]
            paragraph.hash = (paragraph.hash ^ line.hash) * MULTIPLIER
            paragraph.chars += line.chars
    return n_paragraphs


@kernel
def _closer(points: Uint32s, i: int, end: int, opener: int, max_chars: int) -> int:
    """The place after the closer of an opener that stands before i; i if its line has none within max_chars."""
    depth = 1
    j = i
    for _ in range(max_chars):
        if j >= end:
            break
        point = int64(points[j])
        j += 1
        if point == _LINE_FEED:
            break
        if point == opener:
            depth += 1
        elif point == opener + 1:
            depth -= 1
            if depth == 0:
                return j
    return i


@kernel
def _end_sentence(
    sentence_hash: np.uint64, chars: int, is_ended: bool, sentences: Records, n_sentences: int, row: LineCount
) -> int:
    """Count a sentence and note its hash and length; how many sentences are noted."""
    row.sentences += 1
    row.longest_sentence = max(row.longest_sentence, chars)
    if is_ended:
        row.ended_sentence_chars += chars
    sentences[n_sentences].hash = sentence_hash
    sentences[n_sentences].chars = chars
    return n_sentences + 1


@kernel
def _count_line(
    chars: int,
    short_line_chars: int,
    is_ended: bool,
    is_bullet: bool,
    last_mark: int,
    dots: int,
    row: LineCount,
) -> None:
    """Count a line that is not blank."""
    row.lines += 1
    row.visible_chars += chars
    row.short_lines += chars <= short_line_chars
    row.ended_lines += is_ended
    row.marked_lines += last_mark in (SENTENCE_END, WEAK_SENTENCE_END, DOT)
    row.ellipsis_lines += last_mark == ELLIPSIS or dots >= _DOTS_OF_ELLIPSIS
    row.bullet_lines += is_bullet
    row.longest_line = max(row.longest_line, chars)


@kernel
def _read_document(
    points: Uint32s,
    start: int,
    end: int,
    marks: Bytes,
    short_line_chars: int,
    max_quote_chars: int,
    lines: Records,
    sentences: Records,
    row: LineCount,
) -> tuple[int, int]:
    """Count the lines and sentences of one document, and return how many are noted in lines and sentences."""
    i = quoted_to = start  # up to the place quoted_to, marks stand in a quotation and end no sentence
    n_lines = n_sentences = 0
    line_hash = sentence_hash = np.uint64(0)
    line_chars = sentence_chars = dots = 0
    ended = _NOT_ENDED
    last_mark = PLAIN
    is_bullet = is_after_blank = False
    is_quote_ended = False  # the last character of the quotation, so far or just closed, ends a sentence
    is_after_quote = at_end = False
    while not at_end:
        if i < end:
            point, i = int64(points[np.uint64(i)]), i + 1
            mark = marks[point]
        else:
            point, mark, at_end = 0, NEWLINE, True
        if mark <= ALPHANUMERIC and ended == _NOT_ENDED and line_chars:
            # Nearly every character takes this shortest way.
            dots = 0
            last_mark = PLAIN
            is_after_quote = is_quote_ended = False
            line_chars += 1
            sentence_chars += 1
            sentence_hash = sentence_hash * MULTIPLIER + np.uint64(point)
            continue
        if mark == SPACE:
            if ended == _WEAKLY_ENDED:
                ended = _ENDED
            continue
        if mark == NEWLINE:
            is_ended = ended != _NOT_ENDED or last_mark == QUOTE_CLOSER or is_after_quote
            if sentence_chars:
                row.trailing_sentences += dots >= _DOTS_OF_ELLIPSIS or last_mark in (ELLIPSIS, MIDDLE_DOT)
                n_sentences = _end_sentence(sentence_hash, sentence_chars, is_ended, sentences, n_sentences, row)
                line_hash = (line_hash ^ sentence_hash) * MULTIPLIER
            if line_chars:
                _count_line(line_chars, short_line_chars, is_ended, is_bullet, last_mark, dots, row)
                line: Piece = lines[n_lines]
                line.hash, line.chars, line.is_after_blank = line_hash, line_chars, is_after_blank
                n_lines += 1
            is_after_blank = line_chars == 0
            line_chars = sentence_chars = dots = 0
            ended = _NOT_ENDED
            last_mark = PLAIN
            is_bullet = is_after_quote = False
            line_hash = sentence_hash = np.uint64(0)
            continue

        if mark == OPENER and i > quoted_to and is_after_quote:
            ended = _ENDED  # 「はい。」「いいえ。」 are two
        if ended != _NOT_ENDED and not SENTENCE_END <= mark <= QUOTE_CLOSER:
            if ended == _ENDED or mark != ALPHANUMERIC:
                n_sentences = _end_sentence(sentence_hash, sentence_chars, True, sentences, n_sentences, row)
                line_hash = (line_hash ^ sentence_hash) * MULTIPLIER
                sentence_chars = 0
                sentence_hash = np.uint64(0)
            ended = _NOT_ENDED
        is_after_quote = False
        if i <= quoted_to:
            if i == quoted_to:
                is_after_quote = is_quote_ended
            elif not CLOSER <= mark <= QUOTE_CLOSER:
                is_quote_ended = mark in (SENTENCE_END, WEAK_SENTENCE_END)
        elif mark == SENTENCE_END:
            ended = _ENDED
        elif mark == WEAK_SENTENCE_END:
            ended = max(ended, _WEAKLY_ENDED)
        elif mark == OPENER:
            quoted_to = _closer(points, i, end, point, max_quote_chars)
            is_quote_ended = False
        if line_chars == 0:
            is_bullet = mark in (BULLET, MIDDLE_DOT)
        dots = dots + 1 if mark in (DOT, MIDDLE_DOT) else 0
        last_mark = mark
        line_chars += 1
        sentence_chars += 1
        sentence_hash = sentence_hash * MULTIPLIER + np.uint64(point)
    return n_lines, n_sentences


@kernel
def count_lines(
    points: Uint32s, offsets: Int64s, marks: Bytes, short_line_chars: int, max_quote_chars: int, counts: Records
) -> None:
    """Fill a record of `LINE_COUNTS` for each document. A line of nothing but white space does not count."""
    # Room for a line and a sentence in each character of the longest document. Only what is written to becomes memory;
    # an array that grows would cost more, because references to it are counted at each character.
    longest = longest_document(offsets)
    lines = np.empty(longest, PIECES)
    sentences = np.empty(longest, PIECES)
    keys = np.empty(16, np.uint64)
    used = np.zeros(16, np.int32)
    for doc in range(len(counts)):
        row: LineCount = counts[doc]
        n_lines, n_sentences = _read_document(
            points, offsets[doc], offsets[doc + 1], marks, short_line_chars, max_quote_chars, lines, sentences, row
        )
        n_slots = 1 << (64 - table_shift(max(n_lines, n_sentences)))
        if n_slots > len(keys):
            keys = np.empty(n_slots, np.uint64)
            used = np.zeros(n_slots, np.int32)
        row.duplicate_sentences, row.duplicate_sentence_chars = _duplicates(sentences, n_sentences, keys, used)
        row.duplicate_lines, row.duplicate_line_chars = _duplicates(lines, n_lines, keys, used)
        row.paragraphs = _join_paragraphs(lines, n_lines)
        row.duplicate_paragraphs, row.duplicate_paragraph_chars = _duplicates(lines, row.paragraphs, keys, used)
