"""How hard a text is to read, and how old its spelling is: by counts of characters, without words.

`reading_ease` is the formula of Tateishi, Ono and Yamada (1988), fitted there to 77 texts, in which the mean length of
runs of one script stands for the length of words. `school_grade` asks which kanji a reader must know. Spelling was
changed in 1946, so that a few pairs of an old and a new spelling date a text; 候 dates letters and official texts of
before 1900.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Final

import joyokanji
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from manyo.corpus.jit import Records
from manyo.corpus.schema import LABEL, Column
from manyo.filters.signals import reading_kernels as kernels
from manyo.filters.signals.characters import CharacterClass, character_classes
from manyo.filters.signals.reading_kernels import READING_COUNTS, count_readings
from manyo.filters.signals.signal import ALSO_MEASURE, Passes, Signal, count, fraction, mean, share

#: Share of a text's kanji that a school year must have taught: 19 of 20 running kanji.
TAUGHT_SHARE: Final = 0.95

#: The year of a text that needs more than the six years of primary school teach.
BEYOND_SCHOOL: Final = 7

#: Signals that count a kanji as easy where the page gives its reading, which only the structure knows.
READ_STRUCTURE: Final = frozenset(("school_grade", "taught_kanji_fraction"))

#: Every text's spellings are counted as if so many more new ones stood in it, so that few decide nothing.
PRIOR_SPELLINGS: Final = 3

# Eras, by rough bounds: below, nothing is said.
_OLD_SPELLING: Final = 0.5
_LEAST_SPELLINGS: Final = 3
_LEAST_HAN: Final = 0.15
_SORO_PER_CHARACTER: Final = 1 / 200
ERAS: Final = ("modern", "historical_kana", "katakana_prose", "epistolary", "unknown")

_CLASSES = (
    (kernels.HIRAGANA, (CharacterClass.HIRAGANA, CharacterClass.PARTICLE)),
    (
        kernels.KATAKANA,
        (CharacterClass.KATAKANA, CharacterClass.KATAKANA_PARTICLE, CharacterClass.KATAKANA_MARK),
    ),
    (kernels.LATIN, (CharacterClass.LATIN, CharacterClass.FULLWIDTH_LATIN)),
    (kernels.BLANK, (CharacterClass.SPACE,)),
)
_FIRST_KANJI, _LAST_KANJI = 0x3400, 0x9FFF
_COMPATIBILITY_KANJI = (0xF900, 0xFAFF)
_ENDS = "。．！？!?\n"
_COMMAS = "、，"


@cache
def kanji_by_grade() -> tuple[str, ...]:
    """The 1,026 kanji of primary school by year: 80, 160, 200, 202, 193 and 191.

    Source: 学年別漢字配当表, an appendix of the Ministry of Education's course of study of 2017.
    """
    return tuple((files("manyo.filters.signals") / "kanji_grades.txt").read_text(encoding="utf-8").split())


@cache
def reading_marks() -> np.ndarray:
    """uint8 (0x10000,), what each character is to `count_readings`."""
    classes = character_classes()[:0x10000]
    marks = np.zeros(0x10000, np.uint8)
    for kind, members in _CLASSES:
        marks[np.isin(classes, members)] = kind << kernels.LOW_BITS
    for first, last in ((_FIRST_KANJI, _LAST_KANJI), _COMPATIBILITY_KANJI):
        marks[first : last + 1] = kernels.KANJI << kernels.LOW_BITS | BEYOND_SCHOOL
    for year, kanji in enumerate(kanji_by_grade(), start=1):
        for character in kanji:
            marks[ord(character)] = kernels.KANJI << kernels.LOW_BITS | year
    every_kanji = "".join(map(chr, range(0x4E00, _LAST_KANJI + 1)))
    for old, new in zip(every_kanji, joyokanji.convert(every_kanji), strict=True):
        if old != new:
            marks[ord(old)] |= kernels.OLD_FORM
    for kana, number in kernels.SPELLED.items():
        for character in kana:
            marks[ord(character)] |= number
    for kind, characters in ((kernels.END, _ENDS), (kernels.COMMA, _COMMAS)):
        for character in characters:
            marks[ord(character)] = kind << kernels.LOW_BITS
    return marks


def reading_counts(passes: Passes) -> Records:
    """What is counted of a batch."""
    points = passes.texts.points
    counts = np.zeros(len(passes.texts), READING_COUNTS)
    count_readings(points.data, points.offsets, reading_marks(), _with_reading(passes), counts)
    return counts


def _with_reading(passes: Passes) -> np.ndarray:
    """uint8 (n_chars,), 1 where a span gives the reading; of no characters where the batch has no such span."""
    structure = passes.structure
    if structure is None:
        return np.zeros(0, np.uint8)
    starts, stops, kinds, _ = structure.flatten()
    is_ruby = pc.equal(pc.list_flatten(kinds), "ruby")
    if not pc.any(is_ruby).as_py():
        return np.zeros(0, np.uint8)
    offsets = passes.texts.points.offsets
    rows = pc.list_parent_indices(kinds).filter(is_ruby).to_numpy()
    first, last = (
        offsets[rows] + pc.list_flatten(places).filter(is_ruby).to_numpy().astype(np.int64)
        for places in (starts, stops)
    )
    depth = np.zeros(int(offsets[-1]) + 1, np.int32)
    np.add.at(depth, first, 1)
    np.subtract.at(depth, np.minimum(last, offsets[-1]), 1)
    return (np.cumsum(depth[:-1]) > 0).view(np.uint8)


def _reading_ease(passes: Passes) -> np.ndarray:
    counted = passes.of(reading_counts)
    hiragana, katakana, kanji, latin = (counted["run_chars"] / np.maximum(counted["runs"], 1)).T
    per_sentence = counted["visible_chars"] / np.maximum(counted["sentences"], 1)
    commas = counted["commas"] / np.maximum(counted["full_stops"], 1)
    ease = 115.79 - 0.12 * per_sentence - 1.37 * latin + 7.4 * hiragana - 23.18 * kanji - 5.4 * katakana - 4.67 * commas
    return np.where(counted["visible_chars"] == 0, 0, np.clip(ease, 0, 200)).astype(np.float32)


def _school_grade(passes: Passes) -> np.ndarray:
    of_year = passes.of(reading_counts)["of_year"]
    taught = np.cumsum(of_year, axis=1) >= TAUGHT_SHARE * of_year.sum(axis=1, keepdims=True)
    return np.where(of_year.sum(axis=1) == 0, 0, taught.argmax(axis=1)).astype(np.int64)


def _taught(passes: Passes) -> np.ndarray:
    of_year = passes.of(reading_counts)["of_year"]
    return share(of_year[:, :BEYOND_SCHOOL].sum(axis=1), of_year.sum(axis=1))


def _old_spelling(passes: Passes) -> np.ndarray:
    counted = passes.of(reading_counts)
    old = counted["old_spellings"]
    return share(old, old + counted["new_spellings"] + PRIOR_SPELLINGS)


def _old_forms(passes: Passes) -> np.ndarray:
    counted = passes.of(reading_counts)
    return share(counted["old_forms"], counted["of_year"].sum(axis=1))


def _soro(passes: Passes) -> np.ndarray:
    counted = passes.of(reading_counts)
    return share(counted["soro"], counted["visible_chars"])


def _era(passes: Passes) -> pa.DictionaryArray:
    counted = passes.of(reading_counts)
    hiragana, katakana, kanji, _ = counted["run_chars"].T
    spelled = counted["old_spellings"] + counted["new_spellings"]
    is_old = counted["old_spellings"] >= _OLD_SPELLING * np.maximum(spelled, 1)
    places = np.select(
        [
            counted["soro"] >= np.maximum(_SORO_PER_CHARACTER * counted["visible_chars"], 2),
            (katakana > hiragana) & (kanji >= _LEAST_HAN * counted["visible_chars"]) & (hiragana * 10 < katakana),
            spelled < _LEAST_SPELLINGS,
            is_old,
        ],
        [ERAS.index(name) for name in ("epistolary", "katakana_prose", "unknown", "historical_kana")],
        ERAS.index("modern"),
    )
    names = pa.DictionaryArray.from_arrays(pa.array(places.astype(np.int32)), pa.array(ERAS))
    return names.cast(LABEL)


SIGNALS: tuple[Signal, ...] = (
    Signal(
        mean(
            "reading_ease",
            "ease of reading, by the lengths of sentences and of runs of each script, and by commas per full stop: "
            "mean 50, deviation 10 on the texts that it was fitted to, higher is easier; never below 0",
            "points",
        ),
        "Tateishi, Ono and Yamada 1988 (RS')",
        _reading_ease,
        ALSO_MEASURE,
    ),
    Signal(
        count(
            "school_grade",
            f"first year of primary school by which {TAUGHT_SHARE:.0%} of the text's kanji were taught; "
            f"{BEYOND_SCHOOL} where the six years do not suffice, 0 without kanji; kanji with ruby count as easy",
            "years",
        ),
        "学年別漢字配当表 of 2017; obi and jReadability grade by models of textbooks",
        _school_grade,
        ALSO_MEASURE,
    ),
    Signal(
        fraction("taught_kanji_fraction", "kanji that primary school teaches, or that have ruby, per kanji"),
        "ours: most texts for adults need more than the six years teach, and differ in how much more",
        _taught,
        ALSO_MEASURE,
    ),
    Signal(
        fraction(
            "historical_kana_fraction",
            "spellings of before 1946, such as 言ふ やう ゐ, per such spelling, old or new; "
            f"{PRIOR_SPELLINGS} new ones are added, so that few decide nothing",
        ),
        "ours, by the cabinet's notice on modern kana usage of 1946 and 1986",
        _old_spelling,
        ALSO_MEASURE,
    ),
    Signal(
        fraction("old_kanji_fraction", "old forms of kanji of the jōyō table per kanji"),
        "ours, by the forms that the jōyō table of 2010 gives in brackets",
        _old_forms,
        ALSO_MEASURE,
    ),
    Signal(
        fraction("soro_fraction", "候 as a word, not in 気候 or 候補, per character that is not white space"),
        "ours: letters and official texts of before 1900 end their sentences with it",
        _soro,
        ALSO_MEASURE,
    ),
    Signal(
        Column(
            "era",
            LABEL,
            "orthography: `modern`, `historical_kana` (before 1946), `katakana_prose` (statutes and textbooks before "
            "1946), `epistolary` (候文), `unknown` where too little tells",
        ),
        "ours, from the counts of the signals before",
        _era,
        ALSO_MEASURE,
    ),
)
