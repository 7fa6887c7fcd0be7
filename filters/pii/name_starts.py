"""Where a word starts that may be a name: kanji after anything else, two words in katakana or hiragana, Latin words.

`STARTS` says it, and a compiled loop asks it only where it takes more than classes of characters to know.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from string import ascii_letters, ascii_uppercase
from typing import Final

import numpy as np

from manyo.corpus.jit import Int64s, Uint16s, Uint32s
from manyo.filters.pii.gate_kernels import BEYOND
from manyo.filters.pii.lazily import lazily
from manyo.filters.pii.name_ends import may_end_before
from manyo.filters.pii.name_start_kernels import (
    BEFORE_HIRAGANA,
    BEFORE_WORD,
    CAPITAL,
    COMMON_KANJI,
    ENDS_WORD,
    FOREIGN_GAP,
    HIRAGANA,
    KANJI,
    KATAKANA,
    KATAKANA_START,
    LATIN,
    LETTER,
    MAY_END_WORD,
    MAY_FOLLOW,
    MOST_LETTERS,
    NAME_KANJI,
    TITLE_START,
    find_name_starts,
)
from manyo.filters.pii.private_words import HONORIFIC, KIN

#: Sections and offices of two letters that stand right before a name, and words of kinship that do.
SECTION: Final = "経理|総務|人事|営業|広報|庶務|事務|受付|会計|担当|店長|係長|課長|部長|主任|所長|院長|園長|室長"
KIN_OF_TWO: Final = "|".join(word for word in KIN.split("|") if len(word) == 2)
#: A kanji that ends a word for a person or an office.
_ENDS_WORD: Final = "員長者人生課部係局室班様師士工主婦業組娘母父妻夫兄姉弟妹"
_PAIRS: Final = f"本名|自称|通称|氏名|名義|名前|号室|{SECTION}|{KIN_OF_TWO}"
_FOURS: Final = "リーダー|メンバー|オーナー|ヘルパー"
_LAST_OF_PAIRS: Final = "".join(sorted({pair[-1] for pair in f"{_PAIRS}|{_FOURS}".split("|")}))
#: A character is tested for what may start there alone, and the character before it before any word.
STARTS: Final = lazily(
    "(?=[一-鿿﨑𠮷])(?:(?<![一-鿿々ヶァ-ヴー﨑𠮷])[一-鿿﨑𠮷]"
    f"|(?=[一-鿿])(?:(?<=[{_ENDS_WORD}])"
    f"|(?<=[{_LAST_OF_PAIRS}])(?:(?<={_PAIRS})|(?<={_FOURS}))(?![所局室員官長職部課係会者])|(?<=階)(?=[一-鿿]様)|(?<=故)(?<!事故)))"
    "|(?=[ぁ-ゖ])(?:(?<![ぁ-ゖ一-鿿々ァ-ヴー])|(?<=[一-鿿]の))[ぁ-ゖ](?=[ぁ-ゖ]{1,5} [ぁ-ゖ一-鿿])"
    "|(?=[ァ-ヴ])(?:(?<![一-鿿々ヶァ-ヴー﨑𠮷])[ァ-ヴ](?=[ァ-ヴー]{0,11}[ ・＝=])"
    "|(?<![ァ-ヴー・])[ァ-ヴ](?=[ァ-ヴー]{2,9}(?:様|さん|氏|先生)))"
    f"|(?=[A-Z])(?:(?<![A-Za-z0-9@])[A-Z](?=[a-z]{{2,14}}(?:{HONORIFIC}|氏|まで))"
    "|(?<![A-Za-z])[A-Z](?=[a-z'-]{1,20},? [A-Z]|[A-Z'-]{1,20}/[A-Z]{2}))"
)


def _range(first: str, last: str) -> str:
    return "".join(map(chr, range(ord(first), ord(last) + 1)))


@cache
def _looks() -> Uint16s:
    """(65536,), what `find_name_starts` asks of each character."""
    looks = np.zeros(1 << 16, np.uint16)
    kanji, hiragana, katakana = _range("一", "鿿"), _range("ぁ", "ゖ"), _range("ァ", "ヴ")
    for bits, chars in (
        (KANJI | COMMON_KANJI | NAME_KANJI | BEFORE_WORD | BEFORE_HIRAGANA, kanji),
        (KANJI | NAME_KANJI | BEFORE_WORD, "﨑"),
        (NAME_KANJI | BEFORE_WORD, "々ヶ"),
        (BEFORE_HIRAGANA, "々"),
        (HIRAGANA | BEFORE_HIRAGANA, hiragana),
        (KATAKANA | BEFORE_WORD | BEFORE_HIRAGANA, katakana + "ー"),
        (KATAKANA_START, katakana),
        (FOREIGN_GAP, " ・＝="),
        (TITLE_START, "様さ氏先"),
        (ENDS_WORD, _ENDS_WORD),
        (MAY_END_WORD, _LAST_OF_PAIRS + "階故"),
        (CAPITAL, ascii_uppercase),
        (LATIN, ascii_letters),
        (LETTER, kanji + "々〆ヶヵー゛゜﨑" + hiragana + katakana),
    ):
        looks[[ord(char) for char in chars]] |= bits
    looks[may_end_before()[:BEYOND] != 0] |= MAY_FOLLOW
    return looks


#: What `find_name_starts` says with bits, the most letters first.
_REACHES: Final = [[n for n in range(MOST_LETTERS, 0, -1) if bits & 1 << n] for bits in range(1 << (MOST_LETTERS + 1))]


def name_starts(text: str, points: Uint32s, first: int, last: int) -> Iterator[tuple[int, int, Sequence[int]]]:
    """Where names may start in `text[first:last]`, where the kanji from there on end, and if there are some, after how
    many letters from there on a name without a blank may end, the most first; none may if there are none.

    Args:
        text: a folded text.
        points: (len(text),), its code points.
        first, last: the stretch; what is before it is seen, what is behind it is not.
    """
    found: Int64s = np.empty((max(0, last - first), 4), np.int64)
    n = find_name_starts(points, _looks(), first, last, found)
    for start, stop, is_sure, reaches in found[:n].tolist():
        if is_sure or STARTS.match(text, start, last):
            yield start, stop, _REACHES[reaches]
