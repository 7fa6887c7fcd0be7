"""What a text says: statements, and the lists, teasers and repeats around them.

Texts of crawls often stand on one line, without the marks that end sentences. So this pass reads segments, which end at
。！？…, at dividers such as ｜ and ★, at line ends and runs of blanks, and before a bullet; and where a polite ending
stands before a kanji or katakana, because a line end was lost there. A blank ends a segment between two characters of
Japanese; neither a blank nor a line end does so after 、 or a particle, since the sentence goes on.

A segment is a *statement* by what it is, not by its mark: a sentence of ordinary talk without marks is one, and
a link's title that ends in ？ is not. Its ending decides (`filters/signals/endings.py`), with its particles. A segment
that is none may be a *phrase*, as most lines of verse are.
"""

from __future__ import annotations

from functools import cache, partial
from typing import Final

import numpy as np

from manyo.corpus.jit import Records
from manyo.corpus.text import Texts
from manyo.filters.signals import segment_kernels as kernels
from manyo.filters.signals.characters import (
    FULLWIDTH_KATAKANA,
    CharacterClass,
    character_classes,
    character_counts,
    is_katakana_prose,
)
from manyo.filters.signals.endings import code_of, load_endings
from manyo.filters.signals.signal import Passes, Signal, count, fraction, mean, share
from manyo.filters.signals.tells import tell_counts

#: Hiragana that are particles by themselves, after which a sentence goes on.
PARTICLES: Final = "はがをにへともので"

OPENERS: Final = "「『（(［[〔《〈“"
CLOSERS: Final = "」』）)］]〕》〉”〜～"
DIVIDERS: Final = "｜|＞>»›／▶►▷→⇒■□◆◇●○◎▼▲△▽※•‣【】#＃"
#: Emoji, and the signs ☆★♪♡ among others.
DECORATIONS: Final = (("☀", "➿"), ("\U0001f000", "\U0001faff"))


#: So many of so many statements are added to those that end alike, so that few decide nothing.
USUAL_ENDINGS: Final = (2, 5)
#: Likewise, so many statements that end otherwise.
OTHER_ENDINGS: Final = 2


@cache
def segment_marks() -> np.ndarray:
    """uint8 (0x110000,), what each code point means to the kernel; that of hiragana is its code."""
    classes = character_classes()
    marks = np.full(len(classes), kernels.PLAIN, np.uint8)
    japanese = (CharacterClass.HAN, *FULLWIDTH_KATAKANA, CharacterClass.HALFWIDTH_KATAKANA)
    marks[np.isin(classes, japanese)] = kernels.JAPANESE
    alphanumeric = (
        CharacterClass.LATIN,
        CharacterClass.FULLWIDTH_LATIN,
        CharacterClass.DIGIT,
        CharacterClass.FULLWIDTH_DIGIT,
    )
    marks[np.isin(classes, alphanumeric)] = kernels.ALPHANUMERIC
    marks[classes == CharacterClass.SPACE] = kernels.BLANK
    for first, last in DECORATIONS:
        marks[ord(first) : ord(last) + 1] = kernels.DECORATION
    for hiragana in map(chr, range(ord("ぁ"), ord("ゖ") + 1)):
        marks[ord(hiragana)] = code_of(hiragana)
    for characters, mark in (
        ("\u3000", kernels.WIDE_BLANK),
        ("\n", kernels.LINE_FEED),
        ("\t", kernels.TAB),
        ("、，", kernels.COMMA),
        (OPENERS, kernels.OPENER),
        (CLOSERS, kernels.CLOSER),
        (".", kernels.DOT),
        ("・･", kernels.MIDDLE_DOT),
        ("…‥", kernels.ELLIPSIS),
        ("!?", kernels.WEAK_SHOUT),
        ("！？‼⁇⁈⁉", kernels.SHOUT),
        ("．", kernels.WEAK_STOP),
        ("。｡", kernels.FULL_STOP),
        (DIVIDERS, kernels.DIVIDER),
        ("wｗ", kernels.LATIN_W),
    ):
        marks[[ord(character) for character in characters]] = mark
    marks.flags.writeable = False
    return marks


@cache
def particle_marks() -> np.ndarray:
    """uint8 (256,), by mark, 1 for particles."""
    table = np.zeros(256, np.uint8)
    table[[code_of(particle) for particle in PARTICLES]] = 1
    table.flags.writeable = False
    return table


def read_segments(texts: Texts) -> Records:
    """Count segments by what they are, in one pass.

    Returns:
        (n_docs,), records of `SEGMENT_COUNTS`.
    """
    counts = np.zeros(len(texts), kernels.SEGMENT_COUNTS)
    endings = load_endings()
    kernels.count_segments(
        texts.points.data,
        texts.points.offsets,
        segment_marks(),
        endings.polite_pairs,
        endings.children,
        endings.kinds,
        particle_marks(),
        counts,
    )
    return counts


def _segments(passes: Passes) -> Records:
    """The counts; of prose in kanji and katakana, whose endings are in no table, every segment is a statement."""
    counts = read_segments(passes.texts)
    prose = is_katakana_prose(passes.column, passes.of(character_counts))
    for name in ("statements", "running_segments"):
        counts[name][prose] = counts["segments"][prose]
    for name in ("statement_chars", "running_chars", "longest_passage"):
        counts[name][prose] = counts["visible_chars"][prose]
    for name in ("longest_gap", "listed_chars", "teasers"):
        counts[name][prose] = 0
    return counts


def _count(passes: Passes, name: str) -> np.ndarray:
    counts: np.ndarray = passes.of(_segments)[name]
    return counts


def _per_character(passes: Passes, name: str) -> np.ndarray:
    counts = passes.of(_segments)
    return share(counts[name], counts["visible_chars"])


def _longest_gap_fraction(passes: Passes) -> np.ndarray:
    """Addresses are no text: as if the longest gap held those of the document."""
    counts, address_chars = passes.of(_segments), passes.of(tell_counts)["url_chars"]
    return share(
        np.maximum(counts["longest_gap"] - address_chars, 0), np.maximum(counts["visible_chars"] - address_chars, 0)
    )


def _teaser_fraction(passes: Passes) -> np.ndarray:
    counts = passes.of(_segments)
    return share(counts["teasers"], counts["teasers"] + counts["statements"])


def _top_ending_fraction(passes: Passes) -> np.ndarray:
    counts = passes.of(_segments)
    some = share(counts["top_ending"] + USUAL_ENDINGS[0], counts["statements"] + USUAL_ENDINGS[1])
    return np.where(counts["statements"] > 0, some, np.float32(0))


def _ending_fraction(passes: Passes, name: str) -> np.ndarray:
    counts = passes.of(_segments)
    return share(counts[name], counts["statements"] + OTHER_ENDINGS)


def _clause_marks_per_statement(passes: Passes) -> np.ndarray:
    return share(passes.of(character_counts).of(CharacterClass.CLAUSE_MARK), passes.of(_segments)["statements"])


SIGNALS: tuple[Signal, ...] = (
    Signal(
        count("statement_count", "statements: segments that are sentences by their ending and particles", "statements"),
        "ours: C4 asks for 5 sentences by their marks",
        partial(_count, name="statements"),
    ),
    Signal(
        fraction("statement_fraction", "characters in statements per character"),
        "ours: the line rules of C4 and FineWeb-2, without the marks that they look for",
        partial(_per_character, name="statement_chars"),
    ),
    Signal(
        count(
            "running_segment_count",
            "statements, and phrases: lines of kana and kanji with a particle that end in hiragana",
            "segments",
        ),
        "ours: one sentence by itself is no document; verse and talk end few sentences",
        partial(_count, name="running_segments"),
    ),
    Signal(
        count("running_char_count", "characters in statements and phrases, without white space", "characters"),
        "ours, for a minimum that menus do not fill; Uzushio asks for 200 characters of any kind, Swallow v1 for 400",
        partial(_count, name="running_chars"),
    ),
    Signal(
        fraction("running_text_fraction", "characters in statements and phrases per character"),
        "ours",
        partial(_per_character, name="running_chars"),
    ),
    Signal(
        count(
            "longest_passage_chars",
            "characters in the longest passage of statements and phrases that follow each other, with at most "
            f"{kernels.GAP_CHARS} other characters between two",
            "characters",
        ),
        "ours: sentences scattered among labels are no passage",
        partial(_count, name="longest_passage"),
    ),
    Signal(
        fraction(
            "longest_gap_fraction",
            "characters that are in no statement or phrase, between two statements that are neighbours or at the "
            "beginning or end, where there are most of them, per character; cells of tables, which TABs divide, are no "
            "gap, and web addresses count neither way",
        ),
        "ours: labels among sentences are short gaps, a menu or a list before them is a long one",
        _longest_gap_fraction,
    ),
    Signal(
        fraction(
            "list_fraction",
            f"characters in {kernels.LIST_SEGMENTS} or more segments in a row that are neither statements nor phrases, "
            f"each of at most {kernels.LISTED_CHARS} characters, per character",
        ),
        "ours: HojiChar and FineWeb count short lines, which a page on one line does not have",
        partial(_per_character, name="listed_chars"),
    ),
    Signal(
        count(
            "teaser_count",
            f"segments of {kernels.TEASER_CHARS} or more characters that … or dots cut in mid-sentence",
            "segments",
        ),
        "Gopher and HojiChar count lines that end in …",
        partial(_count, name="teasers"),
    ),
    Signal(
        fraction("teaser_fraction", "segments that … or dots cut in mid-sentence, per one of them or statement"),
        "Gopher 0.30 and HojiChar 0.70 of the lines",
        _teaser_fraction,
    ),
    Signal(
        fraction(
            "repeated_segment_fraction",
            f"characters in Japanese segments of {kernels.REPEATED_CHARS} or more that occurred before per character",
        ),
        "Gopher's repeated lines, of segments",
        partial(_per_character, name="repeated_chars"),
    ),
    Signal(
        count(
            "longest_repeat_chars",
            "characters in the longest row of Japanese segments that occurred before",
            "characters",
        ),
        "ours: how long a passage is repeated, whatever its share of a long text",
        partial(_count, name="longest_repeat"),
    ),
    Signal(
        count("segment_repeat_count", "occurrences of the most frequent Japanese segment", "segments"),
        "ours: share buttons and labels of shops",
        partial(_count, name="segment_repeats"),
    ),
    Signal(
        count(
            "passage_repeat_count",
            "how often the most frequent passage occurs again: a statement and the segments after it, as many as have "
            f"{kernels.REPEATED_PASSAGE_CHARS} characters",
            "passages",
        ),
        "ours: how often a passage stands in a text, whatever its share",
        partial(_count, name="passage_repeats"),
    ),
    Signal(
        fraction("broken_off_fraction", "segments that … or dots end, and that another follows, per segment"),
        "ours: teasers and cut quotations on one line; Gopher and HojiChar count lines",
        lambda passes: share(passes.of(_segments)["broken_off"], passes.of(_segments)["segments"]),
    ),
    Signal(
        count("open_end_count", "1 if the last segment stops in mid-sentence, without a mark or an ending", "segments"),
        "ours",
        partial(_count, name="ends_open"),
    ),
    Signal(
        fraction(
            "top_ending_fraction",
            "statements that end in the same two hiragana, marks aside, of the most frequent such ending, per "
            f"statement; {USUAL_ENDINGS[0]} of {USUAL_ENDINGS[1]} are added, so that few decide nothing",
        ),
        "ours: translations and spun text end all sentences alike",
        _top_ending_fraction,
    ),
    Signal(
        fraction(
            "polite_ending_fraction",
            "statements that end in です, ます, ました, ません, でしょう or ください, per statement; "
            f"{OTHER_ENDINGS} that end otherwise are added, so that few decide nothing",
        ),
        "ours: translations end nearly every sentence so, talk and diaries do not",
        partial(_ending_fraction, name="polite_statements"),
    ),
    Signal(
        fraction(
            "past_ending_fraction",
            f"statements that end in た, per statement; {OTHER_ENDINGS} that end otherwise are added",
        ),
        "ours: diaries and reports tell what happened, spun text and templates do not",
        partial(_ending_fraction, name="past_statements"),
    ),
    Signal(
        fraction(
            "copula_ending_fraction",
            f"statements that end in です, per statement; {OTHER_ENDINGS} that end otherwise are added",
        ),
        "ours",
        partial(_ending_fraction, name="copula_statements"),
    ),
    Signal(
        fraction(
            "appeal_ending_fraction",
            "statements that end in ょう or さい, as ましょう and ください do, per statement; "
            f"{OTHER_ENDINGS} that end otherwise are added",
        ),
        "ours: pages that are made to be found advise and call for something",
        partial(_ending_fraction, name="appeal_statements"),
    ),
    Signal(
        mean("clause_marks_per_statement", "、。！？ and their like per statement", "marks"),
        "ours: keywords joined to sentences have few, and translations many",
        _clause_marks_per_statement,
    ),
)
