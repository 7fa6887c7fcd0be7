"""Where a name may end in letters: before a particle, a title, or anything that is no letter.

`WORD_ENDS` says it; three in four places are told from their character alone, which a compiled loop looks up.
"""

from __future__ import annotations

from functools import cache
from typing import Final

from manyo.corpus.jit import Bytes
from manyo.filters.pii.gate_automata import edge_chars
from manyo.filters.pii.lazily import lazily
from manyo.filters.pii.name_shapes import LETTER

#: Titles by work or office after a surname.
TITLE_OF_WORK: Final = (
    "(?:医師|教諭|課長|係長|主任|巡査|看護師|保健師|助産師|薬剤師|栄養士|保育士|介護士|療法士|司法書士|行政書士|税理士|弁護士|社労士"
    "|ヘルパー|ケアマネ|コーチ|トレーナー|マネージャー|キャプテン|相談員|支援員|指導員|調査員|民生委員|執事|牧師|神父|長老|住職"
    "|部長|室長|所長|店長|院長|園長|校長|教頭|班長|組長|副?会長|先輩|後輩|女史)"
)
#: What may follow a name in one word, beside what the cues after a name list.
_ENDS_IN_LETTERS: Final = (
    rf"[はがのをにともへで]|から|より|や(?![一-鿿])|って|という|です|でし|だ|さ[んま]|様|氏|先生|くん|ちゃん|君|殿|容疑者|被告|まで|宛|ら|および|及び|並びに"
    rf"|{TITLE_OF_WORK}|[兄姉](?=[、。(\nとがはをもに]|の(?=ため|お|ご|家)|$)|いう(?=ねん|の|人|者|ひと)|[ねよ](?![一-鿿ぁ-ゖ])|方(?![一-鿿])|ほか|夫妻|本人|拝|儀|といい|と申|あて|家(?![一-鿿])|宅(?![一-鿿])"
)
WORD_ENDS: Final = lazily(f"(?!{LETTER})|{_ENDS_IN_LETTERS}")


@cache
def may_end_before() -> Bytes:
    """(65537,), whether a name may end before a letter; the last is for all characters beyond the basic plane."""
    edges = edge_chars(_ENDS_IN_LETTERS, is_last=False)
    assert edges is not None  # no ending is empty
    return edges


class WordEnds(dict[int, bool]):
    """Whether a name may end at each place of a text: several ways to read a name ask for the same places."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = text

    def __missing__(self, place: int) -> bool:
        self[place] = is_end = WORD_ENDS.match(self._text, place) is not None
        return is_end
