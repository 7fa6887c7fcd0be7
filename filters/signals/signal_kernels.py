"""Jitted loops over UTF-8 batches: passes that count characters, read lines, find repeats, weigh neighbours.

Every kernel takes the bytes and offsets of `manyo.corpus.text.Texts`, which are read-only, and fills
arrays that its wrapper allocated. The wrappers, with types and docstrings for callers, are in
`characters`, `fluency`, `repetition`, `tells`, `vocabulary`, `words` and `plausibility`; each kernel's slow twin is in
the tests' oracles.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from manyo.corpus.jit import kernel

# What a character means to the line kernel: the values of its `marks` table, the commonest two first.
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

# Columns that the line kernel fills, per document.
LINES: Final = 0
SHORT_LINES: Final = 1
ENDED_LINES: Final = 2
ELLIPSIS_LINES: Final = 3
BULLET_LINES: Final = 4
SENTENCES: Final = 5
LONGEST_SENTENCE: Final = 6
ENDED_SENTENCE_CHARS: Final = 7
VISIBLE_CHARS: Final = 8
DUPLICATE_LINE_CHARS: Final = 9
DUPLICATE_LINES: Final = 10
LONGEST_LINE: Final = 11
DUPLICATE_SENTENCES: Final = 12
DUPLICATE_SENTENCE_CHARS: Final = 13
TRAILING_SENTENCES: Final = 14
MARKED_LINES: Final = 15
PARAGRAPHS: Final = 16
DUPLICATE_PARAGRAPHS: Final = 17
DUPLICATE_PARAGRAPH_CHARS: Final = 18
LINE_COLUMNS: Final = 19

# Columns that the repetition kernel fills, per document.
SAMPLED_CHARS: Final = 0
TOP_2GRAM: Final = 1
TOP_3GRAM: Final = 2
TOP_4GRAM: Final = 3
DUPLICATE_5GRAM_CHARS: Final = 4
DUPLICATE_10GRAM_CHARS: Final = 5
LONGEST_RUN: Final = 6
DISTINCT_CHARS: Final = 7
STEPPED_5GRAM_CHARS: Final = 8  # and 6 to 10 in the columns after it
FREQUENT_5GRAMS: Final = 14
DISTINCT_5GRAMS: Final = 15  # and 6 to 10
REPEATED_5GRAMS: Final = 21  # and 6 to 10
REPETITION_COLUMNS: Final = 27

# What a character tells the telling kernel: bits of its `tells` table. The bits below KANA stand for the
# distinct characters that are looked for.
KANA: Final = 16
LINE_FEED: Final = 17
FULL_STOP: Final = 18
SEPARATOR: Final = 19
JAPANESE: Final = 20
BLANK: Final = 21
SEGMENT_END: Final = 22
TRAILING: Final = 23
IN_FACE: Final = 24
FACE_OPENER: Final = 25
DIGIT: Final = 26
COLON: Final = 27
CURLY: Final = 28

# Columns that the telling kernel fills, per document.
STOP_CHARACTERS: Final = 0
HEAD_KANA: Final = 1
LINE_FEEDS: Final = 2
FULL_STOP_PARTS: Final = 3
SEPARATORS: Final = 4
SPACED_JAPANESE: Final = 5
FULL_STOPS: Final = 6
SEGMENTS: Final = 7
SEGMENT_CHARS: Final = 8
LONGEST_SEGMENT: Final = 9
TRAILING_SEGMENTS: Final = 10
FACES: Final = 11
URLS: Final = 12
DATE_CHARS: Final = 13
URL_CHARS: Final = 14
CURLY_BRACKETS: Final = 15
TELL_COLUMNS: Final = 16

# Columns that the word kernel fills, per document and list.
WORDS: Final = 0
WORD_CHARS: Final = 1
DIFFERENT_WORDS: Final = 2
WORD_COLUMNS: Final = 3

# Classes of characters that have no row of their own in the table of the lift kernel.
OTHER_CLASS: Final = 0  # digits, Latin, line ends: what is beside it is no pair
KANJI_CLASS: Final = 1  # every kanji without a row of its own
RARE_CLASS: Final = 254  # those of them that are not common; their row is that of the others
BLANK_CLASS: Final = 255  # spaces stand between characters, and separate nothing
# Columns that the kernel of word n-grams fills, per document.
TOP_2WORD_CHARS: Final = 0  # and 3 and 4
STEPPED_5WORD_CHARS: Final = 3  # and 6 to 10
REPEATED_7WORDS: Final = 9  # occurrences of runs of seven words that occur more than once
WORD_NGRAM_COLUMNS: Final = 10

_NOT_ENDED, _WEAKLY_ENDED, _ENDED = 0, 1, 2

# An odd multiplier with well-spread bits (the 64-bit golden ratio), for polynomial hashes modulo
# 2**64 and for the multiply-shift that turns a hash into a slot.
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)

# Set in the length of a line that follows a blank one.
_AFTER_BLANK = np.uint64(1 << 63)

#: Faces have this many characters between their brackets, at most.
FACE_CHARS: Final = 11

# Eyes, of which two that match make a face: open ones with anything between them, narrow ones, which stand in other
# brackets too, only with a mouth that is known; some are each other's mirror image, left and right by turns.
_OPEN_EYES: Final = tuple(map(ord, "^＾;；°゜ﾟ￣⌒╥◕´"))
_NARROW_EYES: Final = tuple(map(ord, "-_＿TＴ・･"))
_MIRRORED_EYES: Final = tuple(map(ord, "><＞＜≧≦´`´｀｀´"))
_CLOSE_EYES: Final = tuple(map(ord, "^＾"))  # that need no mouth: (^^)
_NARROW_MOUTHS: Final = tuple(map(ord, "_ω∀Дд▽∇ー.oOェエワヮロ^ "))
_LETTER_MOUTHS: Final = tuple(map(ord, "oO0ｏＯvVｖwWxX"))
_CHEEKS: Final = tuple(map(ord, "oｏ"))  # (o^^o)
_FACE_MOUTHS: Final = tuple(map(ord, "ω∀Дд▽"))  # that make a face beside any eye: (ノД`)

# What most characters of Japanese tell: nothing but these.
_STOP_BITS: Final = (1 << KANA) - 1
_PLAIN_TELLS: Final = _STOP_BITS | 1 << KANA | 1 << JAPANESE | 1 << IN_FACE

# A slot of the table of n-grams: 44 bits of its hash as a tag, a bit if it was walked over, how often it occurred.
_TAG_SHIFT = np.uint64(20)
_WALKED_BIT = np.uint64(19)
_COUNT_BITS = np.uint64(0x3_FFFF)


@kernel
def _code_point(data, i):  # type: ignore[no-untyped-def]
    """The code point that starts at byte i, and the byte after it."""
    at = np.uint64(i)  # an unsigned index needs no look whether it counts from the end
    lead = np.int64(data[at])
    if lead < 0x80:
        return lead, i + 1
    second = np.int64(data[at + np.uint64(1)]) & 0x3F
    if lead < 0xE0:
        return (lead & 0x1F) << 6 | second, i + 2
    third = np.int64(data[at + np.uint64(2)]) & 0x3F
    if lead < 0xF0:
        return (lead & 0x0F) << 12 | second << 6 | third, i + 3
    fourth = np.int64(data[at + np.uint64(3)]) & 0x3F
    return (lead & 0x07) << 18 | second << 12 | third << 6 | fourth, i + 4


@kernel
def _count_characters(data, offsets, classes, counts):  # type: ignore[no-untyped-def]
    """Count the characters of each class: counts[doc, classes[code point]]."""
    for doc in range(len(offsets) - 1):
        i, end = offsets[doc], offsets[doc + 1]
        while i < end:
            point, i = _code_point(data, i)
            counts[doc, classes[point]] += 1


@kernel
def _find_slot(keys, used, key, shift):  # type: ignore[no-untyped-def]
    """The slot of a key in an open-addressing table of 2**(64 - shift) slots; unused if the key is new."""
    mask = np.uint64((1 << (64 - shift)) - 1)
    slot = (key * _MULTIPLIER) >> np.uint64(shift)
    # One test, not two: whether a key is new is a coin toss that the processor would guess wrong.
    while (used[slot] != 0) & (keys[slot] != key):
        slot = (slot + np.uint64(1)) & mask
    return slot


@kernel
def _table_shift(n_keys):  # type: ignore[no-untyped-def]
    """The shift of the smallest table, 16 slots or more, that n keys fill at most by half."""
    shift = 60
    while (1 << (64 - shift)) < 2 * n_keys:
        shift -= 1
    return shift


@kernel
def _duplicates(hashed, count, keys, used):  # type: ignore[no-untyped-def]
    """How many of the hashes occurred before, and the sum of their lengths; keys and used are scratch."""
    shift = _table_shift(count)
    used[: 1 << (64 - shift)] = 0
    n_duplicates = 0
    duplicate_chars = np.int64(0)
    for i in range(count):
        slot = _find_slot(keys, used, hashed[i, 0], shift)
        if used[slot]:
            n_duplicates += 1
            duplicate_chars += np.int64(hashed[i, 1] & ~_AFTER_BLANK)
        keys[slot] = hashed[i, 0]
        used[slot] = 1
    return n_duplicates, duplicate_chars


@kernel
def _join_paragraphs(lines, n_lines):  # type: ignore[no-untyped-def]
    """Join lines to paragraphs in place: a line after a blank one begins a paragraph; their number."""
    n_paragraphs = 0
    for i in range(n_lines):
        chars = lines[i, 1] & ~_AFTER_BLANK
        if n_paragraphs == 0 or lines[i, 1] & _AFTER_BLANK:
            lines[n_paragraphs, 0] = lines[i, 0]
            lines[n_paragraphs, 1] = chars
            n_paragraphs += 1
        else:
            lines[n_paragraphs - 1, 0] = (lines[n_paragraphs - 1, 0] ^ lines[i, 0]) * _MULTIPLIER
            lines[n_paragraphs - 1, 1] += chars
    return n_paragraphs


@kernel
def _closer(data, i, end, opener, max_chars):  # type: ignore[no-untyped-def]
    """The byte after the closer of an opener that ends at byte i, or i if its line has none within max_chars."""
    depth = 1
    j = i
    for _ in range(max_chars):
        if j >= end:
            break
        point, j = _code_point(data, j)
        if point == 0x0A:
            break
        if point == opener:
            depth += 1
        elif point == opener + 1:
            depth -= 1
            if depth == 0:
                return j
    return i


@kernel
def _read_lines(data, offsets, marks, short_line_chars, max_quote_chars, counts):  # type: ignore[no-untyped-def]
    """Fill the line columns of each document.

    White space is not counted and a line without anything else is no line.
    """
    # Hash and length of each line and each sentence, at most one for each byte. This is room for the longest document,
    # of which only what is written to becomes memory; references to an array that grows are counted at each character.
    longest = np.int64(0)
    for doc in range(len(offsets) - 1):
        longest = max(longest, offsets[doc + 1] - offsets[doc])
    lines = np.empty((longest, 2), np.uint64)
    sentences = np.empty((longest, 2), np.uint64)
    keys = np.empty(16, np.uint64)
    used = np.zeros(16, np.int32)
    for doc in range(len(offsets) - 1):
        i, end = offsets[doc], offsets[doc + 1]
        row = counts[doc]
        n_lines = n_sentences = 0
        sentence_hash = np.uint64(0)
        line_chars = sentence_chars = dots = 0
        ended = _NOT_ENDED
        last_mark = PLAIN
        is_bullet = is_after_blank = False
        line_hash = np.uint64(0)
        quoted_to = i  # up to this byte, marks stand in a quotation and end no sentence
        is_quote_ended = False  # the quotation, so far or just closed, ends in a mark
        is_after_quote = False
        at_end = False
        while not at_end:
            if i < end:
                point, i = _code_point(data, i)
                mark = marks[point]
            else:
                point, mark, at_end = 0, NEWLINE, True
            if mark <= ALPHANUMERIC and ended == _NOT_ENDED and line_chars:
                # Nearly every character, by the shortest way.
                dots = 0
                last_mark = PLAIN
                is_after_quote = is_quote_ended = False
                line_chars += 1
                sentence_chars += 1
                sentence_hash = sentence_hash * _MULTIPLIER + np.uint64(point)
                continue
            if mark == SPACE:
                if ended == _WEAKLY_ENDED:
                    ended = _ENDED
                continue
            if mark == NEWLINE:
                is_ended = ended != _NOT_ENDED or last_mark == QUOTE_CLOSER or is_after_quote
                if sentence_chars:
                    row[SENTENCES] += 1
                    row[LONGEST_SENTENCE] = max(row[LONGEST_SENTENCE], sentence_chars)
                    row[TRAILING_SENTENCES] += dots >= 3 or last_mark in (ELLIPSIS, MIDDLE_DOT)
                    if is_ended:
                        row[ENDED_SENTENCE_CHARS] += sentence_chars
                    sentences[n_sentences, 0] = sentence_hash
                    sentences[n_sentences, 1] = sentence_chars
                    n_sentences += 1
                    line_hash = (line_hash ^ sentence_hash) * _MULTIPLIER
                if line_chars:
                    row[LINES] += 1
                    row[VISIBLE_CHARS] += line_chars
                    row[SHORT_LINES] += line_chars <= short_line_chars
                    row[ENDED_LINES] += is_ended
                    row[MARKED_LINES] += last_mark in (SENTENCE_END, WEAK_SENTENCE_END, DOT)
                    row[ELLIPSIS_LINES] += last_mark == ELLIPSIS or dots >= 3
                    row[BULLET_LINES] += is_bullet
                    row[LONGEST_LINE] = max(row[LONGEST_LINE], line_chars)
                    lines[n_lines, 0] = line_hash
                    lines[n_lines, 1] = np.uint64(line_chars) | (_AFTER_BLANK if is_after_blank else np.uint64(0))
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
                    row[SENTENCES] += 1
                    row[LONGEST_SENTENCE] = max(row[LONGEST_SENTENCE], sentence_chars)
                    row[ENDED_SENTENCE_CHARS] += sentence_chars
                    sentences[n_sentences, 0] = sentence_hash
                    sentences[n_sentences, 1] = sentence_chars
                    n_sentences += 1
                    line_hash = (line_hash ^ sentence_hash) * _MULTIPLIER
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
                quoted_to = _closer(data, i, end, point, max_quote_chars)
                is_quote_ended = False
            if line_chars == 0:
                is_bullet = mark in (BULLET, MIDDLE_DOT)
            dots = dots + 1 if mark in (DOT, MIDDLE_DOT) else 0
            last_mark = mark
            line_chars += 1
            sentence_chars += 1
            sentence_hash = sentence_hash * _MULTIPLIER + np.uint64(point)

        n_slots = 1 << (64 - _table_shift(max(n_lines, n_sentences)))
        if n_slots > len(keys):
            keys = np.empty(n_slots, np.uint64)
            used = np.zeros(n_slots, np.int32)
        row[DUPLICATE_SENTENCES], row[DUPLICATE_SENTENCE_CHARS] = _duplicates(sentences, n_sentences, keys, used)
        row[DUPLICATE_LINES], row[DUPLICATE_LINE_CHARS] = _duplicates(lines, n_lines, keys, used)
        n_paragraphs = _join_paragraphs(lines, n_lines)
        row[PARAGRAPHS] = n_paragraphs
        row[DUPLICATE_PARAGRAPHS], row[DUPLICATE_PARAGRAPH_CHARS] = _duplicates(lines, n_paragraphs, keys, used)


@kernel
def _count_ngrams(prefixes, starts, n_starts, length, power, hashes, slots, ranks, table):  # type: ignore[no-untyped-def]
    """Count the n-grams at the first n_starts places, by polynomial hash; power is _MULTIPLIER**length.

    Of each place, slots gets the row of its n-gram in the table, and ranks how often it has occurred up to there.
    Loops that do one thing each, over unsigned numbers, leave the compiler no sign to test and nothing to spill.
    """
    n_places, chars = np.uint64(n_starts), np.uint64(length)
    for i in range(n_places):
        start = np.uint64(starts[i])
        hashes[i] = (prefixes[start + chars] - prefixes[start] * power) * _MULTIPLIER
    shift = _table_shift(2 * n_starts)  # a quarter full at most: fewer guesses go wrong
    n_slots = 1 << (64 - shift)
    for slot in range(n_slots):
        table[slot] = 0
    down, mask = np.uint64(shift), np.uint64(n_slots - 1)
    for i in range(n_places):
        tag = hashes[i] << _TAG_SHIFT
        slot = hashes[i] >> down
        entry = table[slot]
        # One test, not two: whether an n-gram is new is a coin toss that the processor would guess wrong.
        while (entry != 0) & ((entry ^ tag) >> _TAG_SHIFT != 0):
            slot = (slot + np.uint64(1)) & mask
            entry = table[slot]
        rank = (entry & _COUNT_BITS) + np.uint64(1)
        table[slot] = tag | rank
        slots[i] = slot
        ranks[i] = rank


@kernel
def _keep_repeated(starts, n_starts, slots, table):  # type: ignore[no-untyped-def]
    """Move the places whose n-gram occurs more than once to the front; their number."""
    n_repeated = np.uint64(0)
    for i in range(np.uint64(n_starts)):
        starts[n_repeated] = starts[i]
        n_repeated += np.uint64(table[slots[i]] & _COUNT_BITS > np.uint64(1))
    return np.int64(n_repeated)


@kernel
def _covered_chars(starts, ranks, n_starts, length):  # type: ignore[no-untyped-def]
    """Characters that stand in an n-gram which occurred before."""
    covered_chars = covered_to = np.int64(0)
    for i in range(np.uint64(n_starts)):
        start = np.int64(starts[i])
        end = start + length
        is_later = -np.int64(ranks[i] > 1)  # all bits or none: there is no branch to guess
        covered_chars += (end - max(start, covered_to)) & is_later
        covered_to = max(covered_to, end & is_later)
    return covered_chars


@kernel
def _stepped_chars(starts, slots, n_starts, length, table):  # type: ignore[no-untyped-def]
    """Characters in n-grams that were walked over before, each stepped over whole; the table remembers the walk."""
    n_steps = stepped_to = np.int64(0)
    for i in range(np.uint64(n_starts)):
        start = np.int64(starts[i])
        entry = table[slots[i]]
        is_walked = np.int64(start >= stepped_to)
        is_step = is_walked & np.int64(entry >> _WALKED_BIT & np.uint64(1))
        n_steps += is_step
        stepped_to = max(stepped_to, (start + length) & -is_step)
        table[slots[i]] = entry | np.uint64(is_walked) << _WALKED_BIT
    return n_steps * length


@kernel
def _frequent_ngrams(ranks, n_starts, n_distinct, n_repeated, reached):  # type: ignore[no-untyped-def]
    """Occurrences of the most frequent repeated n-grams, as many as the root of how many distinct ones there are.

    reached counts the n-grams that occur at least so often. It holds zeros, and does so again afterwards.
    """
    top = 1
    for i in range(np.uint64(n_starts)):
        reached[ranks[i]] += 1
        top = max(top, ranks[i])
    n_frequent = min(int(np.sqrt(n_distinct)), n_repeated)
    n_occurrences = n_frequent
    reached[1] = 0
    for rank in range(2, top + 1):
        n_occurrences += min(reached[rank], n_frequent)
        reached[rank] = 0
    return n_occurrences


@kernel
def _count_repeats(prefixes, n_chars, starts, hashes, slots, ranks, table, reached, row):  # type: ignore[no-untyped-def]
    """Fill the n-gram columns of one document.

    An n-gram can only be repeated where the shorter one at the same place is. So each length looks at
    the places that the length before it left, which are soon few, and its table is as small as they are.
    starts, hashes, slots, ranks, table and reached are scratch.
    """
    n_starts = max(n_chars - 1, 0)
    for start in range(n_starts):
        starts[start] = start
    power = _MULTIPLIER
    for length in range(2, 11):
        power *= _MULTIPLIER
        n_grams = max(n_chars - length + 1, 0)
        while n_starts > 0 and starts[n_starts - 1] >= n_grams:
            n_starts -= 1
        _count_ngrams(prefixes, starts, n_starts, length, power, hashes, slots, ranks, table)
        top = min(n_grams, 1)
        n_later = n_repeated = 0
        for i in range(np.uint64(n_starts)):
            top = max(top, np.int64(ranks[i]))
            n_later += ranks[i] > 1
            n_repeated += ranks[i] == 2
        if length <= 4:
            row[TOP_2GRAM + length - 2] = top
        else:
            n_distinct = n_grams - n_later
            row[STEPPED_5GRAM_CHARS + length - 5] = _stepped_chars(starts, slots, n_starts, length, table)
            row[DISTINCT_5GRAMS + length - 5] = n_distinct
            row[REPEATED_5GRAMS + length - 5] = n_repeated
            if length == 5:
                row[DUPLICATE_5GRAM_CHARS] = _covered_chars(starts, ranks, n_starts, length)
                row[FREQUENT_5GRAMS] = _frequent_ngrams(ranks, n_starts, n_distinct, n_repeated, reached)
            elif length == 10:
                row[DUPLICATE_10GRAM_CHARS] = _covered_chars(starts, ranks, n_starts, length)
        n_starts = _keep_repeated(starts, n_starts, slots, table)


@kernel
def _find_repeats(  # type: ignore[no-untyped-def]
    data, offsets, marks, max_chars, max_run, keeps_blanks, distinct_window, seen_in, counts
):
    """Fill the repetition columns from the first max_chars characters that are not white space.

    With keeps_blanks, white space counts too, but for blank lines.

    From a run of one character only the first max_run enter the n-grams: a ruled line of forty
    hyphens is one line, not forty repeats. seen_in holds a zero for every code point, and is scratch.
    """
    table = np.empty(1 << (64 - _table_shift(2 * max_chars)), np.uint64)
    starts = np.empty(max_chars, np.int32)
    hashes = np.empty(max_chars, np.uint64)
    slots = np.empty(max_chars, np.uint32)
    ranks = np.empty(max_chars, np.uint32)
    reached = np.zeros(max_chars + 1, np.int64)
    prefixes = np.zeros(max_chars + 1, np.uint64)
    for doc in range(len(offsets) - 1):
        i, end = offsets[doc], offsets[doc + 1]
        row = counts[doc]
        n_chars = run = longest_run = distinct_chars = 0
        previous = np.int64(-1)
        while i < end and n_chars < max_chars:
            point, i = _code_point(data, i)
            mark = marks[point]
            if mark in (SPACE, NEWLINE) and (not keeps_blanks or (mark == NEWLINE and previous in (-1, 0x0A))):
                continue
            run = run + 1 if point == previous else 1
            previous = point
            longest_run = max(longest_run, run)
            if run > max_run:
                continue
            if n_chars < distinct_window:
                distinct_chars += seen_in[point] != doc + 1
                seen_in[point] = doc + 1
            prefixes[n_chars + 1] = prefixes[n_chars] * _MULTIPLIER + np.uint64(point + 1)
            n_chars += 1
        row[SAMPLED_CHARS] = n_chars
        row[LONGEST_RUN] = longest_run
        row[DISTINCT_CHARS] = distinct_chars
        _count_repeats(prefixes, n_chars, starts, hashes, slots, ranks, table, reached, row)


@kernel
def _is_alphanumeric(point):  # type: ignore[no-untyped-def]
    """Whether a code point is a letter or digit of ASCII or its twin in full width."""
    if point >= 0xFF01:
        point -= 0xFEE0
    return 0x30 <= point <= 0x39 or 0x41 <= point & ~0x20 <= 0x5A


@kernel
def _are_eyes(points, n_chars, left, right):  # type: ignore[no-untyped-def]
    """Whether two characters in brackets look at one from a face, whose mouth is between them."""
    eye, other = points[left], points[right]
    is_mirrored = False
    for i in range(0, len(_MIRRORED_EYES), 2):
        is_mirrored |= eye == _MIRRORED_EYES[i] and other == _MIRRORED_EYES[i + 1]
    if not is_mirrored and (eye != other or (eye not in _OPEN_EYES and eye not in _NARROW_EYES)):
        return False
    if left > 0 and _is_alphanumeric(points[left - 1]) and points[left - 1] not in _CHEEKS:
        return False
    if right + 1 < n_chars and _is_alphanumeric(points[right + 1]) and points[right + 1] not in _CHEEKS:
        return False
    n_between = right - left - 1
    if n_between == 0:
        return is_mirrored or eye in _CLOSE_EYES
    if eye in _NARROW_EYES:
        return n_between == 1 and points[left + 1] != eye and points[left + 1] in _NARROW_MOUTHS
    n_letters = 0
    for i in range(left + 1, right):
        n_letters += _is_alphanumeric(points[i])
    return n_letters == 0 or (n_between == 1 and points[left + 1] in _LETTER_MOUTHS)


@kernel
def _is_face(data, i, end, tells, points):  # type: ignore[no-untyped-def]
    """Whether what follows a bracket that ends at byte i is a face: eyes that match, or a mouth beside an eye.

    Up to the bracket that closes it are at most `FACE_CHARS` characters, up to three on each side of the eyes and
    between them. points is int64 (FACE_CHARS,), scratch.
    """
    n_chars = 0
    while i < end:
        point, i = _code_point(data, i)
        if point in (0x29, 0xFF09):
            break
        if n_chars == FACE_CHARS or not np.int64(tells[point]) >> IN_FACE & 1:
            return False
        points[n_chars] = point
        n_chars += 1
    else:
        return False
    for left in range(min(n_chars - 1, 4)):
        for right in range(max(left + 1, n_chars - 4), min(left + 5, n_chars)):
            if _are_eyes(points, n_chars, left, right):
                return True
    for place in range(n_chars):
        if points[place] in _FACE_MOUTHS:
            if place > 0 and (points[place - 1] in _OPEN_EYES or points[place - 1] in _MIRRORED_EYES):
                return True
            if place + 1 < n_chars and (points[place + 1] in _OPEN_EYES or points[place + 1] in _MIRRORED_EYES):
                return True
    return False


@kernel
def _find_url(data, start, i, end, known_to):  # type: ignore[no-untyped-def]
    """First byte, and the byte after the last, of an address of the web whose colon ends at byte i; i twice if none.

    The colon stands in http:// or https://, and the address goes on as long as printable ASCII does: one in another,
    which is known to end at known_to, ends with that.
    """
    if i + 2 >= end or data[i] != 0x2F or data[i + 1] != 0x2F or not 0x21 <= data[i + 2] <= 0x7E:
        return i, i
    j = i - 2  # the byte before the colon
    if j >= start and data[j] == 0x73:
        j -= 1
    if j - 3 < start or data[j - 3] != 0x68 or data[j - 2] != 0x74 or data[j - 1] != 0x74 or data[j] != 0x70:
        return i, i
    to = max(i + 3, known_to)
    while to < end and 0x21 <= data[to] <= 0x7E:
        to += 1
    return j - 3, to


@kernel
def _read_tells(data, offsets, tells, head_chars, counts):  # type: ignore[no-untyped-def]
    """Fill the telling columns of each document, from what each character tells."""
    points = np.empty(FACE_CHARS, np.int64)
    for doc in range(len(offsets) - 1):
        start, end = offsets[doc], offsets[doc + 1]
        i = start
        row = counts[doc]
        stop_characters = np.int64(0)
        for _ in range(head_chars):
            if i < end:
                point, i = _code_point(data, i)
                row[HEAD_KANA] += np.int64(tells[point]) >> KANA & 1
        i = start
        url_to = start
        segment_chars = 0
        has_part = False  # something stands since the last full stop
        is_watched = True  # what the next character means depends on more than itself
        before = np.int64(0)  # what the last character that was not blank tells
        is_spaced = is_trailing = False
        # Of a date: the digits now, then length and separator of the number before and of the one before that.
        digits = last_digits = first_digits = 0
        last_mark = first_mark = 0
        month_chars = 0  # of a month that waits for its day
        at_end = False
        while not at_end:
            if i < end:
                point, i = _code_point(data, i)
                tell = np.int64(tells[point])
            else:
                point, tell, at_end = 0x0A, np.int64(1 << BLANK), True
            if tell & ~_PLAIN_TELLS == 0 and not is_watched:
                # Nearly every character, by the shortest way.
                stop_characters |= tell & _STOP_BITS
                segment_chars += 1
                is_trailing = False
                before = tell
                continue
            is_watched = True
            if tell >> DIGIT & 1:
                digits += 1
            elif digits:
                if (
                    first_digits == 4
                    and last_digits <= 2
                    and digits <= 2
                    and first_mark == last_mark
                    and first_mark in (0x2D, 0x2E, 0x2F)
                ):  # 2024-1-2
                    row[DATE_CHARS] += 4 + 1 + last_digits + 1 + digits
                    last_digits = first_digits = 0
                    last_mark = first_mark = 0
                else:
                    if point == 0x6708 and digits <= 2:  # 月
                        month_chars = digits + 1
                        if last_mark == 0x5E74 and last_digits <= 4:  # 年
                            row[DATE_CHARS] += last_digits + 1 + month_chars
                            month_chars = 0
                    elif point == 0x65E5 and last_mark == 0x6708 and digits <= 2 and last_digits <= 2:  # 日
                        row[DATE_CHARS] += month_chars + digits + 1
                    first_digits, first_mark = last_digits, last_mark
                    last_digits, last_mark = digits, point
                digits = 0
            elif last_digits:
                last_digits = first_digits = 0
                last_mark = first_mark = 0
            if tell >> SEGMENT_END & 1 or point == 0x0A:
                if segment_chars:
                    segment_chars += point != 0x0A
                    row[SEGMENTS] += 1
                    row[SEGMENT_CHARS] += segment_chars
                    row[LONGEST_SEGMENT] = max(row[LONGEST_SEGMENT], segment_chars)
                    row[TRAILING_SEGMENTS] += point == 0x0A and is_trailing
                    segment_chars = 0
                is_trailing = False
            else:
                segment_chars += 1
            if at_end:
                break
            row[LINE_FEEDS] += tell >> LINE_FEED & 1
            row[SEPARATORS] += tell >> SEPARATOR & 1
            row[CURLY_BRACKETS] += tell >> CURLY & 1
            stop_characters |= tell & _STOP_BITS
            if tell >> BLANK & 1:
                is_spaced = point == 0x20 and (before >> JAPANESE & 1) != 0
                continue
            if tell >> FACE_OPENER & 1:
                row[FACES] += _is_face(data, i, end, tells, points)
            elif tell >> COLON & 1:
                url, after = _find_url(data, start, i, end, url_to)
                row[URLS] += after > url
                row[URL_CHARS] += max(after - max(url, url_to), 0)  # an address in another one counts no byte twice
                url_to = max(url_to, after)
            row[SPACED_JAPANESE] += is_spaced and tell >> JAPANESE & 1
            is_spaced = False
            is_trailing = tell >> TRAILING & 1 != 0
            before = tell
            if tell >> FULL_STOP & 1:
                row[FULL_STOPS] += 1
                has_part = False
            else:
                row[FULL_STOP_PARTS] += not has_part
                has_part = True
                is_watched = digits > 0 or last_digits > 0
        while stop_characters:
            row[STOP_CHARACTERS] += stop_characters & 1
            stop_characters >>= 1


@kernel
def _sum_lifts(data, offsets, classes, first_kanji, lifts, sums):  # type: ignore[no-untyped-def]
    """Fill the columns of each document: the sum of the lifts of its pairs of neighbours, pairs, kanji, rare kanji.

    Kanji with rows of their own have the classes from `first_kanji` on.
    """
    for doc in range(len(offsets) - 1):
        i, end = offsets[doc], offsets[doc + 1]
        before, total, n_pairs, n_kanji, n_rare = np.int64(OTHER_CLASS), 0, 0, 0, 0
        while i < end:
            point, i = _code_point(data, i)
            this = np.int64(classes[point])
            if this == BLANK_CLASS:
                continue
            n_kanji += (this == KANJI_CLASS) | (this >= first_kanji)
            if this == RARE_CLASS:
                n_rare += 1
                this = np.int64(KANJI_CLASS)
            if this != OTHER_CLASS and before != OTHER_CLASS:
                total += lifts[before, this]
                n_pairs += 1
            before = this
        row = sums[doc]
        row[0], row[1], row[2], row[3] = total, n_pairs, n_kanji, n_rare


@kernel
def _repeat_words(words, chars, offsets, counts):  # type: ignore[no-untyped-def]
    """Fill the columns of word n-grams: numbers of words and their lengths, document i from offsets[i] on.

    An n-gram is as long as its words, and for the top columns as the spaces between them, since datatrove joins
    them with spaces there. Of n-grams that are equally frequent, the top one is the first.
    """
    longest = 1
    for doc in range(len(offsets) - 1):
        longest = max(longest, offsets[doc + 1] - offsets[doc])
    table = np.empty(1 << (64 - _table_shift(2 * longest)), np.uint64)
    starts = np.empty(longest, np.int64)
    hashes = np.empty(longest, np.uint64)
    slots = np.empty(longest, np.uint64)
    ranks = np.empty(longest, np.uint32)
    prefixes = np.zeros(longest + 1, np.uint64)
    lengths = np.zeros(longest + 1, np.int64)
    one = np.uint64(1)
    walked = one << _WALKED_BIT
    for doc in range(len(offsets) - 1):
        first, n_words = offsets[doc], offsets[doc + 1] - offsets[doc]
        row = counts[doc]
        for i in range(n_words):
            prefixes[i + 1] = prefixes[i] * _MULTIPLIER + np.uint64(words[first + i] + 1)
            lengths[i + 1] = lengths[i] + chars[first + i]
            starts[i] = i
        n_starts = n_words
        power = _MULTIPLIER
        for length in range(2, 11):
            power *= _MULTIPLIER
            n_grams = max(n_words - length + 1, 0)
            while n_starts > 0 and starts[n_starts - 1] >= n_grams:
                n_starts -= 1
            _count_ngrams(prefixes, starts, n_starts, length, power, hashes, slots, ranks, table)
            top = one
            for i in range(n_starts):
                top = max(top, np.uint64(ranks[i]))
            if length <= 4 and n_grams:
                start = 0
                for i in range(n_starts):
                    if table[slots[i]] & _COUNT_BITS == top:
                        start = starts[i] if top > one else 0
                        break
                top_chars = lengths[start + length] - lengths[start] + length - 1
                row[TOP_2WORD_CHARS + length - 2] = top_chars * np.int64(top)
            elif length > 4:
                stepped_to = 0
                for i in range(n_starts):
                    entry, start = table[slots[i]], starts[i]
                    if entry & _COUNT_BITS > one and start >= stepped_to:
                        if entry & walked:
                            row[STEPPED_5WORD_CHARS + length - 5] += lengths[start + length] - lengths[start]
                            stepped_to = start + length
                        table[slots[i]] = entry | walked
            n_starts = _keep_repeated(starts, n_starts, slots, table)
            if length == 7:
                row[REPEATED_7WORDS] = n_starts


@kernel
def _is_katakana(data, i):  # type: ignore[no-untyped-def]
    """Whether the three bytes at i are a full-width katakana, ー too and ・ not."""
    if data[i] != 0xE3:
        return False
    if data[i + 1] == 0x82:
        return data[i + 2] >= 0xA1
    return data[i + 1] == 0x83 and data[i + 2] != 0xBB


@kernel
def _is_latin(byte):  # type: ignore[no-untyped-def]
    """Whether a byte is a letter of ASCII."""
    return 0x41 <= byte & 0xDF <= 0x5A


@kernel
def _touches_its_like(data, start, end, first, last):  # type: ignore[no-untyped-def]
    """Whether katakana at either end of the match goes on outside of it, or Latin letters do."""
    if start > first and _is_latin(data[start]) and _is_latin(data[start - 1]):
        return True
    if end < last and _is_latin(data[end - 1]) and _is_latin(data[end]):
        return True
    if start - 3 >= first and _is_katakana(data, start) and _is_katakana(data, start - 3):
        return True
    return end + 3 <= last and end - 3 >= start and _is_katakana(data, end - 3) and _is_katakana(data, end)


@kernel
def _spread(point):  # type: ignore[no-untyped-def]
    """A code point over 64 bits: the upper ones are a hash."""
    return np.uint64(point) * _MULTIPLIER


@kernel
def _prefix_row(first, second, third):  # type: ignore[no-untyped-def]
    """The row in reaches of what a word begins with; 0 stands for a character that it has not."""
    return (_spread(_spread(_spread(first) + np.uint64(second)) + np.uint64(third))) >> np.uint64(48)


@kernel
def _note_beginnings(data, offsets, pairs, reaches):  # type: ignore[no-untyped-def]
    """Note how words begin, in tables of zeros.

    pairs, uint64 (1024,), has a row for the first character and in it a bit for the second, every bit for a word of
    one character; reaches, int32 (65536,), the size in bytes of the longest word by the first three characters.
    """
    for word in range(len(offsets) - 1):
        i, end = offsets[word], offsets[word + 1]
        size = end - i
        second = third = np.int64(0)
        first, i = _code_point(data, i)
        bits = ~np.uint64(0)
        if i < end:
            second, i = _code_point(data, i)
            bits = np.uint64(1) << (_spread(second) >> np.uint64(58))
        if i < end:
            third, i = _code_point(data, i)
        pairs[_spread(first) >> np.uint64(54)] |= bits
        row = _prefix_row(first, second, third)
        reaches[row] = max(reaches[row], size)


@kernel
def _find_beginnings(data, offsets, pairs, places):  # type: ignore[no-untyped-def]
    """Where in the documents two characters stand that words begin with, as `_note_beginnings` noted; how many places.

    places has room for a place in every byte.
    """
    n_places = np.uint64(0)
    for doc in range(len(offsets) - 1):
        at, i, end = offsets[doc], offsets[doc], offsets[doc + 1]
        row = np.uint64(0)
        if i < end:
            point, i = _code_point(data, i)
            row = _spread(point) >> np.uint64(54)
        while at < end:
            spread = np.uint64(0)
            after = i
            if i < end:
                point, after = _code_point(data, i)
                spread = _spread(point)
            places[n_places] = at
            n_places += pairs[row] >> (spread >> np.uint64(58)) & np.uint64(1)
            row = spread >> np.uint64(54)
            at, i = i, after
    return np.int64(n_places)


@kernel
def _cut_parts(data, offsets, places, reaches, parts, cut):  # type: ignore[no-untyped-def]
    """Copy to cut every part of the documents in which a word can stand, as `_note_beginnings` noted how they begin.

    places is where to look. Before each part comes a byte that no text has; cut has room for all bytes and one more
    for each document. Returns how many bytes are in it, and how many parts; parts, int64 (n_places, 2), gets where
    each begins in cut and in data.
    """
    n_parts = n_bytes = np.int64(0)
    doc = -1
    end = np.int64(0)
    copied_to = np.int64(-1)
    for at in places:
        while at >= end:
            doc += 1
            end = offsets[doc + 1]
            copied_to = offsets[doc] - 1
        second = third = np.int64(0)
        first, i = _code_point(data, at)
        if i < end:
            second, i = _code_point(data, i)
        if i < end:
            third, i = _code_point(data, i)
        reach = max(
            reaches[_prefix_row(first, 0, 0)],
            reaches[_prefix_row(first, second, 0)],
            reaches[_prefix_row(first, second, third)],
        )
        if reach == 0:
            continue
        if at > copied_to:
            cut[n_bytes] = 0xFF
            n_bytes += 1
            parts[n_parts] = n_bytes, at
            n_parts += 1
            copied_to = at
        for byte in range(copied_to, min(at + reach, end)):
            cut[n_bytes] = data[byte]
            n_bytes += 1
            copied_to += 1
    return n_bytes, n_parts


@kernel
def _head_end(data, i, end, head_chars):  # type: ignore[no-untyped-def]
    """The byte after the first head_chars characters."""
    for _ in range(head_chars):
        if i >= end:
            break
        _, i = _code_point(data, i)
    return i


@kernel
def _count_words(data, offsets, matches, lists, chars, is_phrase, head_chars, counts):  # type: ignore[no-untyped-def]
    """Count the words of each list: of matches that overlap, the first, and of those the longest.

    matches are rows of word, first byte and byte after the last, ordered by first byte and then the longest first.
    lists and chars say for each word which list it is of and how long it is; is_phrase of each list whether its
    words are looked for in the first head_chars characters, anywhere in a longer word too. counts is
    (n_docs, n_lists, WORD_COLUMNS).
    """
    n_lists = counts.shape[1]
    taken_to = np.zeros(n_lists, np.int64)
    seen_in = np.full(len(lists), -1, np.int64)
    doc = head_doc = -1
    doc_end = head_to = np.int64(0)
    for match in range(len(matches)):
        word, start, end = matches[match]
        while start >= doc_end:
            doc += 1
            doc_end = offsets[doc + 1]
        of = lists[word]
        if end > doc_end or start < taken_to[of]:
            continue
        if is_phrase[of]:
            if head_doc != doc:
                head_doc = doc
                head_to = _head_end(data, offsets[doc], doc_end, head_chars)
            if end > head_to:
                continue
        elif _touches_its_like(data, start, end, offsets[doc], doc_end):
            continue
        taken_to[of] = end
        counts[doc, of, WORDS] += 1
        counts[doc, of, WORD_CHARS] += chars[word]
        counts[doc, of, DIFFERENT_WORDS] += seen_in[word] != doc
        seen_in[word] = doc
