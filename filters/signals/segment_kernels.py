"""The pass that reads segments, and finds statements among them, lists, teasers and repeated passages."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from manyo.corpus.jit import Bytes, Int32s, Int64s, Records, Uint32s, Uint64s, int64, kernel, record
from manyo.filters.signals.primitive_kernels import MULTIPLIER, find_slot, longest_document, table_shift

# What a character means to this pass: the values of its table `marks`. Hiragana stand first, from 1 on: these numbers
# are their codes in the table of endings. A mark that ends a segment is a number above those that say less about it.
HIRAGANA_CODES: Final = 88
JAPANESE: Final = 100  # kanji and katakana
ALPHANUMERIC: Final = 101
PLAIN: Final = 102  # what has no meaning of its own
OPENER: Final = 103
COMMA: Final = 104
CLOSER: Final = 105  # stays with the segment that it follows; so does 〜 after a drawn-out end
LATIN_W: Final = 106  # laughs after hiragana
BLANK: Final = 107
WIDE_BLANK: Final = 108
DOT: Final = 109  # three in a row are an ellipsis
MIDDLE_DOT: Final = 110  # two in a row are one; a bullet where it begins a segment
ELLIPSIS: Final = 111
WEAK_SHOUT: Final = 112  # ! and ?, which end nothing where a letter or digit follows at once
SHOUT: Final = 113  # ！ and ？, which end titles as well as sentences
WEAK_STOP: Final = 114
FULL_STOP: Final = 115
DECORATION: Final = 116  # ♪ ☆ and emoji, which divide, and end sentences as ！ does
DIVIDER: Final = 117  # ｜ ＞ ■ and other signs that stand between segments and belong to none
LINE_FEED: Final = 118
TAB: Final = 119  # between the cells of a table

# Kinds of endings, the values of the table `kinds`.
NO_ENDING: Final = 0
POLITE: Final = 1
FINAL: Final = 2
WEAK: Final = 3
OPEN: Final = 4

LONGEST_ENDING: Final = 9
_MARK_BITS: Final = 7
#: Pairs of marks.
PAIRS: Final = 1 << 2 * _MARK_BITS

# A statement has this many characters at least: with 。 at its end, by its ending, by its particles.
STOPPED_CHARS: Final = 5
STATEMENT_CHARS: Final = 6
LONG_STATEMENT_CHARS: Final = 15
#: A phrase has this many characters.
PHRASE_CHARS: Final = (5, 30)
#: A teaser has this many characters before its ellipsis.
TEASER_CHARS: Final = 10
#: An aside in brackets, as （笑）, belongs to the statement before it.
ASIDE_CHARS: Final = 10
#: A list is this many segments in a row, each of so many characters, that are no statements.
LIST_SEGMENTS: Final = 4
LISTED_CHARS: Final = 25
#: A passage goes on across this many characters that are no statement: a heading, a label.
GAP_CHARS: Final = 20
#: Repeated segments count from this length on, repeated passages from that.
REPEATED_CHARS: Final = 4
REPEATED_PASSAGE_CHARS: Final = 60

# Codes of hiragana in which statements of one kind end: た, す of です, う of しょう, い of ください.
_TA: Final = ord("た") - ord("ぁ") + 1
_DESU: Final = (ord("で") - ord("ぁ") + 1) << _MARK_BITS | ord("す") - ord("ぁ") + 1
_SHOU: Final = (ord("ょ") - ord("ぁ") + 1) << _MARK_BITS | ord("う") - ord("ぁ") + 1
_KUDASAI: Final = (ord("さ") - ord("ぁ") + 1) << _MARK_BITS | ord("い") - ord("ぁ") + 1
_W: Final = ord("w")
_CONTINUED: Final = ord("続")  # …続きを読む
_CASE_BIT: Final = 0x20


class SegmentCount:
    """The counts of one document, a record of `SEGMENT_COUNTS`. Characters are those that are not white space."""

    visible_chars: int
    segments: int
    statements: int
    statement_chars: int
    running_segments: int  # statements and phrases
    running_chars: int  # of statements and phrases
    longest_passage: int
    longest_gap: int
    listed_chars: int
    teasers: int
    repeated_chars: int  # of segments that occurred before
    longest_repeat: int  # of such segments in a row
    segment_repeats: int  # occurrences of the most frequent segment
    passage_repeats: int  # later occurrences of the most frequent passage
    broken_off: int  # segments that an ellipsis ends and another segment follows
    ends_open: int  # whether the last segment stops in mid-sentence
    top_ending: int  # statements with the most frequent ending
    polite_statements: int  # that end in です, ます and the like
    past_statements: int  # that end in た
    copula_statements: int  # that end in です
    appeal_statements: int  # that end in ょう or さい, as ましょう and ください do


SEGMENT_COUNTS: Final = record(*((name, np.int64) for name in SegmentCount.__annotations__))


class Segment:
    """A segment, a record of `SEGMENTS`."""

    hash: np.uint64
    chars: int
    japanese: int  # hiragana, katakana and kanji
    hiragana: int
    particles: int
    first_mark: int
    last_mark: int  # of its last character; a code where that is hiragana
    ended: int  # the mark that ended it
    ending: int  # the kind of its ending
    last_word_mark: int  # of the last character of its words
    last_pair: int  # marks of the last two characters of its words if both are hiragana
    is_cell: int  # of a table: in a line with a TAB before or after it
    is_statement: int
    start: int  # its first character, or that of blanks before it
    stop: int  # character after it, or after the blanks that follow it


SEGMENTS: Final = record(("hash", np.uint64), *((name, np.int64) for name in list(Segment.__annotations__)[1:]))


@kernel
def ending_of(
    points: Uint32s, first: int, last_word: int, marks: Bytes, children: NDArray[np.int16], kinds: Bytes
) -> int:
    """The kind of the longest ending in which the last run of hiragana ends.

    Args:
        points: the document.
        first: where the segment begins.
        last_word: its last character that is neither a comma nor a mark above; before `first` if it has none.
        marks: what each code point means.
        children, kinds: the table of endings.
    """
    state, kind, n_read, i = int64(0), int64(NO_ENDING), 0, last_word
    while i >= first and n_read < LONGEST_ENDING:
        mark = int64(marks[points[i]])
        i -= 1
        if mark in (BLANK, WIDE_BLANK, LINE_FEED):
            continue
        if mark >= HIRAGANA_CODES:
            break
        state = int64(children[state, mark])
        if state == 0:
            break
        if kinds[state]:
            kind = int64(kinds[state])
        n_read += 1
    return kind


@kernel
def _last_pair(points: Uint32s, first: int, last_word: int, marks: Bytes) -> int:
    """The marks of the last two characters of a segment's words; 0 unless both are hiragana."""
    if last_word < first:
        return 0
    last, before, i = int64(marks[points[last_word]]), int64(BLANK), last_word - 1
    while i >= first and before in (BLANK, WIDE_BLANK, LINE_FEED):
        before = int64(marks[points[i]])
        i -= 1
    return before << _MARK_BITS | last if last < HIRAGANA_CODES and before < HIRAGANA_CODES else 0


@kernel
def _first_mark(points: Uint32s, i: int, marks: Bytes) -> int:
    """The mark of the first character from i on that is no blank."""
    mark = int64(marks[points[i]])
    while mark in (BLANK, WIDE_BLANK):
        i += 1
        mark = int64(marks[points[i]])
    return mark


@kernel
def _is_statement(segment: Segment) -> bool:
    """Whether a segment is a sentence, by the mark and the kind of ending that end it, and by its particles."""
    ending = segment.ending
    has_words = segment.particles >= 2 and 3 * segment.hiragana >= segment.chars
    reads_on = segment.chars >= LONG_STATEMENT_CHARS and has_words
    if segment.ended == FULL_STOP or segment.ended == WEAK_STOP:
        return segment.chars >= STOPPED_CHARS and segment.hiragana >= 2
    if segment.chars < STATEMENT_CHARS:
        return False
    if segment.first_mark == OPENER and segment.last_mark == CLOSER:
        return segment.hiragana >= 2
    if segment.ended in (WEAK_SHOUT, SHOUT, DECORATION):
        return ending in (POLITE, FINAL) or (ending == WEAK and segment.ended != DECORATION) or reads_on
    if ending == WEAK:
        return segment.ended != ELLIPSIS and reads_on
    return ending in (POLITE, FINAL)


@kernel
def _is_phrase(segment: Segment) -> bool:
    """Whether a segment reads as a line of verse or talk: up to its end words in hiragana with a particle among them.

    Titles and labels end in nouns.
    """
    return (
        PHRASE_CHARS[0] <= segment.chars <= PHRASE_CHARS[1]
        and segment.japanese == segment.chars
        and segment.particles >= 1
        and 5 * segment.hiragana >= 2 * segment.chars
        and segment.last_mark < HIRAGANA_CODES
    )


@kernel
def _end_before(last: int, ended: int, ending: int, goes_on: bool, mark: int, point: int, blanks: int) -> int:
    """The mark that ends the segment before a character, or 0 where it goes on.

    Args:
        last: mark or code of the segment's last character.
        ended: the mark that ends it if it does not go on, 0 if none does.
        ending: the kind of its ending.
        goes_on: whether its last character is 、 or a particle, after which it goes on across a line end.
        mark: of the next character.
        point: its code point.
        blanks: how many there are between the two.
    """
    if mark >= DECORATION and mark != LINE_FEED:
        return ended if ended else mark
    if ended == 0:
        if mark == LINE_FEED or blanks > 1:
            return 0 if goes_on else LINE_FEED
        if blanks:
            return 0 if goes_on or last == ALPHANUMERIC or mark == ALPHANUMERIC else LINE_FEED
        # The line end between them was lost: 「行きました今日は」.
        is_lost = ending == POLITE and last < HIRAGANA_CODES and mark in (JAPANESE, OPENER)
        return LINE_FEED if is_lost else 0
    if mark == LINE_FEED or blanks > 1:
        return ended
    if ended == ELLIPSIS:
        return ended if blanks or point == _CONTINUED else 0
    is_address = ended in (WEAK_SHOUT, WEAK_STOP) and mark == ALPHANUMERIC and blanks == 0
    return 0 if is_address or COMMA <= mark <= FULL_STOP else ended


@kernel
def _ended_by(mark: int, dots: int, ended: int) -> int:
    """The mark that ends a segment, if it does not go on after a character.

    Args:
        mark: of the character.
        dots: how many with this mark stand at the end of the segment.
        ended: the mark that ended it before the character, 0 if none did.
    """
    if mark < COMMA:
        return 0
    if mark >= ELLIPSIS:
        return max(ended, mark)
    is_ellipsis = (mark == DOT and dots >= 3) or (mark == MIDDLE_DOT and dots >= 2)
    return max(ended, ELLIPSIS) if is_ellipsis else ended


@kernel
def _note(
    segment: Segment,
    start: int,
    stop: int,
    segment_hash: np.uint64,
    chars: int,
    japanese: int,
    hiragana: int,
    particles: int,
) -> None:
    """Note where a segment stands and what it consists of."""
    segment.start, segment.stop = start, stop
    segment.hash, segment.chars, segment.japanese = segment_hash, chars, japanese
    segment.hiragana, segment.particles = hiragana, particles


@kernel
def _note_words(segment: Segment, points: Uint32s, first: int, last_word: int, marks: Bytes) -> None:
    """Note the first and the last characters of a segment's words."""
    segment.first_mark = _first_mark(points, first, marks)
    segment.last_word_mark = marks[points[last_word]] if last_word >= first else BLANK
    segment.last_pair = _last_pair(points, first, last_word, marks)


@kernel
def _note_end(segment: Segment, last_mark: int, ended: int, ending: int, is_cell: bool) -> None:
    """Note how a segment ends."""
    segment.last_mark, segment.ended, segment.ending, segment.is_cell = last_mark, ended, ending, is_cell


@kernel
def _is_laugh(points: Uint32s, i: int, end: int) -> bool:
    """Whether a w that ends before character i begins no Latin word."""
    follows = int64(points[i]) | _CASE_BIT if i < end else 0
    return follows == _W or not ord("a") <= follows <= ord("z")


@kernel
def cut_segments(
    points: Uint32s,
    start: int,
    end: int,
    marks: Bytes,
    polite_pairs: Bytes,
    children: NDArray[np.int16],
    kinds: Bytes,
    particles: Bytes,
    segments: Records,
) -> tuple[int, int]:
    """Note the segments of one document; how many there are, and how many characters stand between them."""
    i = first = start
    n_segments = n_between = blanks = 0
    segment_hash = np.uint64(0)
    chars = n_japanese = n_hiragana = n_particles = ended = dots = 0
    last = before_last = int64(LINE_FEED)
    last_word = ending_at = start - 1  # the last character of a word, and the one that `ending` was read at
    ending = int64(NO_ENDING)
    is_laugh = may_end = is_row = at_end = False
    while not at_end:
        if i < end:
            point, i = int64(points[np.uint64(i)]), i + 1
            mark = int64(marks[np.uint64(point)])
        else:
            point, mark, at_end = 0, int64(DIVIDER), True
        if (mark <= CLOSER) & (ended | blanks == 0):
            # Nearly every character takes this way, and has hardly a branch in it.
            is_polite = polite_pairs[np.uint64(before_last << _MARK_BITS | last)] != 0
            may_end = is_polite & (mark >= JAPANESE) & (mark < COMMA)
            if not may_end:
                last_word = i - 1 if mark < COMMA else last_word
                chars += 1
                n_japanese += mark <= JAPANESE
                n_hiragana += mark < HIRAGANA_CODES
                n_particles += int64(particles[np.uint64(mark)])
                segment_hash = segment_hash * MULTIPLIER + np.uint64(point)
                before_last, last = last, mark
                continue
        elif mark in (BLANK, WIDE_BLANK):
            blanks += 1 + (mark == WIDE_BLANK)
            continue
        is_laugh = mark == LATIN_W and blanks == 0 and ((is_laugh and chars == 0) or last < HIRAGANA_CODES)
        if mark == LATIN_W:
            is_laugh = is_laugh and _is_laugh(points, i, end)
            mark = int64(DECORATION if is_laugh else ALPHANUMERIC)
        elif mark == MIDDLE_DOT and (chars == 0 or blanks):
            mark = int64(DIVIDER)  # a bullet
        if chars and (ended or blanks or may_end or mark >= DECORATION):
            may_end = False
            if ending_at != last_word:
                ending_at, ending = last_word, ending_of(points, first, last_word, marks, children, kinds)
            goes_on = last == COMMA or (last < HIRAGANA_CODES and particles[np.uint64(last)] and ending != FINAL)
            mark_of_end = _end_before(last, ended, ending, goes_on, mark, point, blanks)
            if mark_of_end:
                stop = end if at_end else i - 1
                _note(segments[n_segments], first, stop, segment_hash, chars, n_japanese, n_hiragana, n_particles)
                _note_words(segments[n_segments], points, first, last_word, marks)
                _note_end(segments[n_segments], last, mark_of_end, ending, is_row or mark == TAB)
                n_segments, first = n_segments + 1, stop
                segment_hash = np.uint64(0)
                chars = n_japanese = n_hiragana = n_particles = ended = dots = 0
                last, last_word, ending_at, ending = int64(LINE_FEED), first - 1, first - 1, int64(NO_ENDING)
        blanks = 0
        if mark >= DECORATION:
            n_between += mark < LINE_FEED and not at_end
            is_row = mark == TAB or (is_row and mark != LINE_FEED)
            first = first if chars else i
            continue
        dots = dots + 1 if mark == last else 1
        last_word = i - 1 if mark < COMMA else last_word
        ended = _ended_by(mark, dots, ended)
        chars += 1
        n_japanese += mark <= JAPANESE
        n_hiragana += mark < HIRAGANA_CODES
        n_particles += int64(particles[np.uint64(mark)])
        segment_hash = segment_hash * MULTIPLIER + np.uint64(point)
        before_last, last = last, mark
    return n_segments, n_between


@kernel
def _is_teaser(segment: Segment) -> bool:
    """Whether an ellipsis cut a segment that is no statement; short ones that end in a particle or verb trail off."""
    trails_off = segment.ending in (FINAL, WEAK) and segment.chars <= PHRASE_CHARS[1]
    return segment.ended == ELLIPSIS and segment.chars >= TEASER_CHARS and not trails_off


@kernel
def _count_kinds(segments: Records, n_segments: int, row: SegmentCount) -> None:
    """Count statements, phrases, passages, gaps, lists and teasers."""
    n_listed = listed_chars = passage = between = gap = 0
    is_after_statement = False
    for i in range(n_segments):
        segment: Segment = segments[i]
        row.visible_chars += segment.chars
        segment.is_statement = _is_statement(segment)
        is_aside = segment.first_mark == OPENER and segment.japanese <= 2 and segment.chars <= ASIDE_CHARS
        if segment.is_statement or (is_after_statement and is_aside) or _is_phrase(segment):
            is_after_statement = (is_after_statement and is_aside) or segment.is_statement != 0
            row.statements += segment.is_statement
            row.running_segments += 1
            row.statement_chars += segment.chars * is_after_statement
            row.running_chars += segment.chars
            passage = segment.chars + (passage if between <= GAP_CHARS else 0)
            row.longest_passage = max(row.longest_passage, passage)
            between = n_listed = listed_chars = 0
            gap = 0 if is_after_statement else gap
            continue
        is_after_statement = False
        between += segment.chars
        gap += 0 if segment.is_cell else segment.chars
        row.longest_gap = max(row.longest_gap, gap)
        row.teasers += _is_teaser(segment)
        if segment.chars > LISTED_CHARS:
            n_listed = listed_chars = 0
            continue
        n_listed += 1
        listed_chars += segment.chars
        if n_listed == LIST_SEGMENTS:
            row.listed_chars += listed_chars
        elif n_listed > LIST_SEGMENTS:
            row.listed_chars += segment.chars


@kernel
def _count_ends(segments: Records, n_segments: int, pairs: Int32s, row: SegmentCount) -> None:
    """Count how segments end; pairs, (PAIRS,), holds zeros before and after."""
    for i in range(n_segments):
        segment: Segment = segments[i]
        row.broken_off += segment.ended == ELLIPSIS and i + 1 < n_segments
        pairs[segment.last_pair] += segment.is_statement != 0 and segment.last_pair > 0
        row.polite_statements += segment.is_statement != 0 and segment.ending == POLITE
        row.past_statements += segment.is_statement != 0 and segment.last_word_mark == _TA
        row.copula_statements += segment.is_statement != 0 and segment.last_pair == _DESU
        row.appeal_statements += segment.is_statement != 0 and segment.last_pair in (_SHOU, _KUDASAI)
        row.top_ending = max(row.top_ending, pairs[segment.last_pair])
    for i in range(n_segments):
        pairs[segments[i].last_pair] = 0
    if n_segments:
        last: Segment = segments[n_segments - 1]
        is_whole = last.ended < DIVIDER or last.last_mark == CLOSER or last.ending in (POLITE, FINAL, WEAK)
        row.ends_open = not is_whole


@kernel
def _passage_hash(segments: Records, n_segments: int, first: int) -> np.uint64:
    """Hash of the segments from the first on that have `REPEATED_PASSAGE_CHARS` together; 0 if there are too few."""
    chars = 0
    passage_hash = np.uint64(0)
    for i in range(first, n_segments):
        segment: Segment = segments[i]
        passage_hash = (passage_hash ^ segment.hash) * MULTIPLIER
        chars += segment.chars
        if chars >= REPEATED_PASSAGE_CHARS:
            return passage_hash
    return np.uint64(0)


@kernel
def _count_repeats(segments: Records, n_segments: int, keys: Uint64s, used: Int32s, row: SegmentCount) -> None:
    """Count segments and passages that occurred before; keys and used are scratch."""
    shift = table_shift(2 * n_segments)
    used[: 1 << (64 - shift)] = 0
    repeat = 0
    for i in range(n_segments):
        segment: Segment = segments[i]
        if segment.chars < REPEATED_CHARS or segment.japanese == 0:
            continue
        slot = find_slot(keys, used, segment.hash, shift)
        keys[slot] = segment.hash
        used[slot] += 1
        n_occurrences = used[slot]
        repeat = repeat + segment.chars if n_occurrences > 1 else 0
        row.longest_repeat = max(row.longest_repeat, repeat)
        row.repeated_chars += segment.chars * (n_occurrences > 1)
        row.segment_repeats = max(row.segment_repeats, n_occurrences)
        if segment.is_statement and n_occurrences > 1:
            # The first occurrence of a repeated passage is not counted here, but by the 1 that begins the count.
            passage_hash = _passage_hash(segments, n_segments, i)
            slot = find_slot(keys, used, passage_hash, shift)
            keys[slot] = passage_hash
            used[slot] += 1
            if passage_hash:
                row.passage_repeats = max(row.passage_repeats, used[slot])


@kernel
def count_segments(
    points: Uint32s,
    offsets: Int64s,
    marks: Bytes,
    polite_pairs: Bytes,
    children: NDArray[np.int16],
    kinds: Bytes,
    particles: Bytes,
    counts: Records,
) -> None:
    """Fill a record of `SEGMENT_COUNTS` for each document.

    Args:
        points, offsets: the documents.
        marks: what each code point means.
        polite_pairs, children, kinds: the table of endings, as `manyo.filters.signals.endings` describes it.
        particles: by mark, 1 for hiragana that are particles by themselves.
        counts: the records.
    """
    segments = np.empty(longest_document(offsets) + 1, SEGMENTS)  # only what is written to becomes memory
    keys = np.empty(16, np.uint64)
    used = np.zeros(16, np.int32)
    pairs = np.zeros(PAIRS, np.int32)
    for doc in range(len(counts)):
        row: SegmentCount = counts[doc]
        row.segments, row.visible_chars = cut_segments(
            points, offsets[doc], offsets[doc + 1], marks, polite_pairs, children, kinds, particles, segments
        )
        n_slots = 1 << (64 - table_shift(2 * row.segments))
        if n_slots > len(keys):
            keys = np.empty(n_slots, np.uint64)
            used = np.zeros(n_slots, np.int32)
        _count_kinds(segments, row.segments, row)
        _count_ends(segments, row.segments, pairs, row)
        _count_repeats(segments, row.segments, keys, used, row)
