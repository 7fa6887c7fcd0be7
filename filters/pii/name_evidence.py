"""Names of persons by the sum of weak cues.

No sentence is foreseen here. A stretch of letters may be a name as far as the dictionary knows its parts, and each
thing around it that names of private persons have adds to that: a title, a word of kinship or of a role, an age in
brackets, a verb of naming, the place in a line, a value of a person next to it. What names of public persons have
takes away. A sum that reaches `ENOUGH` is a name; far from any value of a person more is asked for.

The weights were judged, not fitted: a known surname with a known given name needs one strong cue near a value of a
person, and two elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from manyo.filters.pii.cues import Cue, Cues
from manyo.filters.pii.labels import is_label_word
from manyo.filters.pii.lazily import lazily
from manyo.filters.pii.name_ends import TITLE_OF_WORK, WordEnds
from manyo.filters.pii.name_shapes import (
    LATIN_LETTER,
    LETTER,
    NAME_KANJI,
    is_common,
    is_common_kana,
    is_full_name,
    is_no_given,
    is_no_latin,
    is_of_person,
    is_place,
    may_be_place,
    parts,
    surname_lengths,
)
from manyo.filters.pii.name_starts import KIN_OF_TWO, SECTION, name_starts
from manyo.filters.pii.open_text import Interval, OpenText
from manyo.filters.pii.private_words import (
    EXAMPLE,
    EXAMPLE_CHARS,
    HONORIFIC,
    KIN,
    NO_SURNAME,
    OFFICES,
    PRIVATE_WORDS,
    ROLE,
    Name,
    is_public,
    is_public_after,
)

#: A sum of cues that makes a name.
ENOUGH: Final = 4.0
#: And in a passage with a number that only a person has: that of a passport, an account, a card.
ENOUGH_BY_NUMBER: Final = 3.5


_OPENS: Final = r"(?:の|は|が|も|に|へ|と|で|、|・|,|:|/|=|\(| |「|『|←|→|\t)"
_BULLET: Final = r"[ \t]*(?:[-*・○●◯□■◆◇▼▲▽△>※＊]|(?:[0-9]{1,3}|[ア-ンA-Za-z])[.):]|\([0-9ア-ン]{1,3}\)|[①-⑳])?[ \t]*"
#: Words for work, offices of clubs and parts in an event; of people who are public in them, `is_public` knows.
_PART: Final = (
    "代表|受付|窓口|世話役|世話係|連絡係|顧問|庶務|監査|通訳|詐欺師|犯人|恋人|元カレ|元カノ|店主|受取人|差出人|届け先|発送先|送付先|宛先|文責|自称|通称|会社員|社員|派遣社員|職員|部員|団員|隊員|乗務員|配達員|当直|宿直|上長|支配人|親方|恩師|教え子|お連れ|お連れ様|相棒|仲間|来客"
    "|面会者|訪問者|登録者|申出人|届出人|借主|貸主|買主|売主|施主|喪主|故人|無職|職業不詳|学生|主婦|農業|自営業|アルバイト|パート|従業員|運転手|作業員|店員|教諭|看護師|医師|介護士|ヘルパー|ケアマネ"
    "|ケアマネジャー|民生委員|理事長|理事|副会長|会長|会計|書記|監事|幹事|部長|課長|係長|主任|店長|院長|園長|校長|教頭|工場長|所長|室長|班員"
    "|主将|コーチ|マネージャー|通報者|目撃者|被疑者|被告人|原告|被告|相手方|債務者|債権者|相続人|後見人|業務委託|派遣|新人|仲人|職人|業者"
    "|付き添い|立会人|送迎|オーナー|常連|嫁|婿|姑|舅|女性|男性|男|女|ご主人|奥様|奥さん|旦那さん|お子さん|お孫さん|兄貴|姉貴|リーダー|講師|同居人"
)
_AT_START: Final = Cue(0.5, lazily(rf"(?:^|\n){_BULLET}$"))
BEFORE: Final = Cues(
    (
        Cue(1.5, lazily(f"(?:(?<![一-鿿])(?:{KIN})|{ROLE})(?:さん|様|氏)?{_OPENS}{{0,2}}$")),
        # Of whom a sentence says at once whose kin or what he is, a surname is enough: 孫の林が, 飼い主の森です.
        Cue(0.5, lazily(f"(?:(?<![一-鿿])(?:{KIN})|{ROLE})(?:の|は)$")),
        Cue(2.0, lazily("(?<![一-鿿])[故亡]$")),
        # The trade name of somebody: 屋号「はなや」こと片山 理恵.
        Cue(1.5, lazily("[」』]こと$")),
        Cue(1.5, lazily("(?:連絡|問い?合わ?せ|返却|返送|申し?込み?|返事|返信|預け先|鍵|荷物)は、?$")),
        Cue(1.0, lazily(f"(?:{_PART}){_OPENS}{{0,2}}$")),
        Cue(1.0, lazily(f"(?:(?:{_PART})の|うちの)$")),
        Cue(1.0, lazily(r"(?:[^\s]{1,12}[)\]】〕》〉:=] ?|[^\s]\t|(?:^|\n)[^\s\0。、]{1,8} {1,2})$")),
        Cue(1.5, lazily(r"(?:名義|名前|氏名|本名|宛名|フリガナ|カナ)[^。\n\0]{0,12}$")),
        Cue(
            2.0,
            lazily(
                r"(?:(?<![品社店曲題件書国地駅校町市学種品会])名|表札|名字|苗字)(?:は|が|も)(?:[^。\n\0「」『』]{0,4}[「『])?$"
            ),
        ),
        Cue(
            0.5,
            lazily(r"(?:[市区町村郷組班通在住社部課店院校室科年号館室棟寮体会](?:の|に住む|、)|[0-9]課 {0,2}|[(「])$"),
        ),
    ),
    is_before=True,
)
#: A speaker who names himself: ぼくは岡です, 業務委託の星野です.
_SELF_BEFORE: Final = lazily(
    f"(?:(?:私|僕|ぼく|俺|わたし|あたし|こちら|自分)(?:は|、)|(?:{_PART}|{'|'.join(OFFICES)}|者|部|課|室|係|店|科|院|園|校|所|会|社)の|(?:株式会社|有限会社|\\(株\\)|㈱)[^\\s、。]{{1,10}}の"
    r"|た|ております|[。!?！？\n]|^|(?:こんにちは|こんばんは|はじめまして|初めまして|です|ます|した|ません|ございます)、)$"
)
_SELF_AFTER: Final = lazily("です(?:[。、!♪\n]|が|けど|$)|でございます|と申|といい|っていい|と言い|だけど")
_SELF: Final = 2.0
AFTER: Final = Cues(
    (
        Cue(2.0, lazily(f" ?(?:{HONORIFIC}|殿(?!堂)|ご?夫妻|御?令室|家(?=[\\s、。のは]|$))")),
        Cue(1.5, lazily("容疑者|被告|受刑者")),
        Cue(
            1.5,
            lazily(
                r"(?:(?:だ|です)?[」』])?(?:って|と)(?:いう|いい|言|呼|名乗|申|もうし(?=ます|まし)|奴|やつ|ヤツ|人|ひと|子|方|者|書|読)|いう(?:ねん|の|人)"
                r"|(?: ?\([^()\n]{1,14}\))?の(?:母|父|妻|夫|祖母|祖父|保護者|姉|兄|妹|弟|娘|息子"
                "|子ども|家族|代理|実家|自宅|ご自宅|家に|携帯|電話|番号|連絡先|住所|メール|口座|本人|件で)"
            ),
        ),
        # So is said of persons only.
        Cue(
            1.5,
            lazily(
                "(?:って|と)(?:いう|言う|名乗る|名乗った|申す)"
                "(?:男|女|人(?!気)|ひと|子(?!会)|者|方(?![法向針面式])|奴|やつ|ヤツ|店員|社員|職員|業者|先生|友|知り?合|おじ|おば)"
            ),
        ),
        Cue(
            1.0,
            lazily(
                rf" ?(?:{HONORIFIC}|氏|容疑者|被告)? ?\("
                "(?:[0-9]{1,3}|[一二三四五六七八九十]{1,3}|当時|享年|旧姓|仮|以下"
                f"|(?:{KIN}|{ROLE})[)、・]|[ァ-ヴーぁ-ゖ ・]{{3,16}}\\)|[A-Z][A-Za-z]+(?: [A-Z][A-Za-z]+){{1,3}}\\)|<)"
                rf"|(?:{HONORIFIC})?[、, \t]{{1,2}}(?:満|享年)?(?:[0-9]{{1,3}}|[一二三四五六七八九十]{{1,3}}) ?"
                "(?:[歳才]|さい)"
            ),
        ),
        Cue(1.0, lazily(" ?氏(?!名)")),
        Cue(
            2.0,
            lazily(
                rf"(?: ?(?:{HONORIFIC}|氏))?"
                r"(?:から(?:の)?(?:お?電話|ご?連絡|入電|着信|メール|ご?依頼|ご?相談|お?問|申し?出|伝言|返信|お?便り|手紙|荷物"
                r"|お?預か|もら|借り|受け取|聞[いき]|頼ま|いただ|頂)"
                r"|より(?:お?電話|ご?連絡|入電|着信|ご?依頼|ご?相談|お?申し?出|お?問)"
                r"|(?:へ|に|まで|宛に|あてに)(?:お?電話|ご?連絡|転送|折り返|返信|お?送|お?渡|お?返し|お?伝え|知らせ"
                r"|お?預け|貸し|借り|頼[みむん]|騙され|だまされ|相談)"
                r"|(?:が|は|も)(?:本日|今日|昨日|明日)?(?:不在|外出|欠席|欠勤|早退|入院|退院|来院|来訪|転居|引っ越|担当|対応|応対|休み|休む|休ん|同席|立ち会|お?伺|うかが))"
            ),
        ),
        Cue(
            0.5,
            lazily(
                r" ?(?:です|でした|だよ|だけど|でございます|まで|でお願い|宛|あて|より|拝|儀"
                r"|本人|たち|ら(?![一-鿿ぁ-ゖ])|も[一-鿿誘]|に[聞言渡頼])"
            ),
        ),
        Cue(0.5, lazily(r" {0,2}(?:$|[\n\t])")),
        Cue(0.5, lazily(r"(?:まで|へ|宛て?[にで]?|に(?:預け|渡|返))(?=[。、(\n]|$|てあ|して|てくだ)|宛に")),
        Cue(1.5, lazily(TITLE_OF_WORK)),
        # 美咲姉, 隆兄 of a church; 兄弟 and 姉妹 go on.
        Cue(2.0, lazily("[兄姉](?=[、。(\\nとがはをもに]|の(?=ため|お|ご|家)|$)")),
        # Of a person only a date is said so: <生年月日>生まれ.
        Cue(1.5, lazily("(?:、|は|が| ?\\(| {1,2})<\0*>(?:生|うま)")),
        # What somebody does for the reader, said politely.
        Cue(
            2.0,
            lazily(
                "が(?:お?預か[りっ]|伺|うかが|お(?:迎え|届け|持ち|渡し)|ご(?:案内|連絡|説明)|立ち会[いう]|取りに|折り返)"
            ),
        ),
        Cue(0.5, lazily("の(?:携帯|電話|番号|ご?自宅|実家|住所|口座|連絡先)")),
    ),
    is_before=False,
)
#: A surname alone at the end of a letter or message, after its last sentence.
_SIGNED_BEFORE: Final = lazily(rf"(?:[。!?♪)ー～~w\n]\n|[。!?♪])[ \t]*(?:[^\s。、]{{1,12}} {{1,2}}|(?:{SECTION}) ?)?$")
_SIGNED_AFTER: Final = lazily(r" ?(?:拝|より)?(?: ?\([^()\n]{1,16}\))?[ \t]*(?:\n\s*)?$|[ \t]*\n\s*\n")
_SIGNED: Final = 2.0
_PRIVATE: Final = lazily("|".join(PRIVATE_WORDS))
#: How far two words of privacy are from each other at most, and how far a passage reaches around them, in characters.
PRIVATE_CHARS: Final = 160
#: A value of a person that stands right beside a name, and what may be between.
_BESIDE_BEFORE: Final = lazily(r"[>][ 、,(:・/|\t\n\"'の]{0,3}$")
_BESIDE_AFTER: Final = lazily(
    rf" ?(?:{HONORIFIC}|氏|殿)?(?: ?\([^()\n]{{1,12}}\))? ?(?:が|は|の|も|まで|宛)?[ 、,(:・/|\t\n\"'→]{{0,3}}"
    r"(?:(?:(?:ご?自宅|携帯)?電話|携帯|自宅|住所|メール|生年月日|年齢|〒|℡|☎|(?i:tel|fax|mail|id)"
    r"|[一-鿿ァ-ヴー]{2,8}番号|[一-鿿ァ-ヴー]{2,8}コード)(?:番号)?[ は:]{0,2})?<\0"
)
_BESIDE: Final = 1.5
_PASSAGE: Final = 1.0
#: Words of kinship are no surname of the word after them: 孫 椿原 岳, あに 南.
_KIN_WORD: Final = lazily(f"(?:{KIN}|あに|あね|おとうと|いもうと|ちち|はは|まご|むすこ|むすめ)(?= )")
#: Nor are they, sections and offices its start: 長男忠雄, 店長原 大輔, 妻片山 理恵; but 妹尾 is a surname.
_WORD_BEFORE: Final = lazily(f"(?:{KIN_OF_TWO}|{SECTION}|[妻夫娘母父兄姉弟妹孫])(?=[一-鿿])")
_RUN: Final = lazily(f"{LETTER}+")
_GIVEN_SHAPE: Final = lazily(
    "[ァ-ヴー]{2,4}[子江代枝美乃]?|[ぁ-ゖ]{2,4}|[一-鿿々]{1,3}|[一-鿿々][ぁ-ゖ]{1,2}|[ぁ-ゖ]{1,2}[一-鿿]"
)
_UNKNOWN_GIVEN: Final = lazily("[一-鿿々]{2}")
_KANA_SHAPE: Final = lazily("[ァ-ヴー]{2,4}[子江代枝美乃]?|[ぁ-ゖ]{2,4}子?")
_NO_KANA_GIVEN: Final = lazily(
    "(?:まで|です|より|から|さん|さま|ちゃん|くん|ほか|とか|など|たち|だけ|こと|これ|それ|ので|のに|です|ます|した|して|する|いる|ある|なり|あり|など|へん|かな|[ぁ-ゖ]{1,3}(?:ます|です|した)$)"
)
_OCR: Final = lazily(f"{LETTER}(?: {{1,2}}{LETTER}){{2,5}}")
_FOREIGN: Final = lazily(
    "[ァ-ヴー]{2,12}(?:[・＝=][ァ-ヴー]{1,12}){1,3}(?![ァ-ヴー])|[ァ-ヴー]{1,8} [ァ-ヴー]{2,8}(?![ァ-ヴー ])"
    "|[ァ-ヴー](?:・[ァ-ヴー]{2,12}){2,3}(?![ァ-ヴー])"
    f"|[A-Z]{LATIN_LETTER}{{1,20}}(?:(?:,? |/)[A-Z]{LATIN_LETTER}{{0,20}}\\.?){{1,3}}(?![A-Za-z])"
)
_APART_GIVEN: Final = lazily(f"{NAME_KANJI}(?: {{1,2}}{NAME_KANJI}){{1,2}}(?!{LETTER})")
_ENDS_OF_KANA_NAMES: Final = "子江代枝美ミヨエキコメネノ"
_GAP: Final = lazily(" {1,2}(?=[^ ])")
#: A number counts what follows, and a single letter before a blank is one of a word printed apart: 資 本 金.
_IN_OTHER_WORD: Final = lazily(
    f"[0-9A-Za-z]$|(?<!{LETTER})(?<![0-9])(?![父母夫妻兄弟姉妹孫甥姪娘嫁婿]){LETTER} {{1,2}}$"
)
#: A surname that the dictionary lacks has no more letters than this.
_UNKNOWN_SURNAME_CHARS: Final = 3
_HIRAGANA: Final = lazily("[ぁ-ゖ]+")
_MIXED: Final = lazily(
    "[一-鿿々]{1,4} [ァ-ヴー]{2,8} [一-鿿々]{1,3}(?![一-鿿々ァ-ヴー])"
    "|[ァ-ヴー]{2,8} {1,2}[一-鿿々]{1,3}(?![一-鿿々ァ-ヴー])"
    "|[一-鿿々]{1,4} {1,2}(?:[ァ-ヴー]{3,10}(?![ァ-ヴー一-鿿])"
    "|[A-Z][a-z]{2,12}(?![A-Za-z]))"
    "|[ァ-ヴー]{1,3} [ァ-ヴー]{2,8}(?![ァ-ヴー ])"
)
#: What goes on after the first letter of 住　所.
_PRINTED_APART: Final = lazily(f" {{1,4}}{LETTER}(?!{LETTER})")
_ERAS: Final = ("平成", "昭和", "大正", "明治", "令和")
_NO_PERSON: Final = frozenset((*_ERAS, *ROLE.split("|"), "本名", "前", "所", "女子", "本人", "下宿"))
_OF_FORMS: Final = lazily("番号|通知|証明|住所|電話")
_NOUN: Final = lazily("工事|事業|施設|整備")
_NUMBER: Final = lazily("[一二三四五六七八九十百千万〇]+")
_ADDRESSED: Final = lazily(f" ?(?:{HONORIFIC})")
#: Ends of words for people by what they are or do: 入居者様, 関係各位様.
_ROLE_END: Final = lazily("[万千百仕文模同多異者員人主客生方家店社部課名位様同女男長]$")
#: Two words that the dictionary lacks, before a title: 小鳥遊 結月さん.
_UNKNOWN_PAIR: Final = lazily(f"[一-鿿々]{{2,3}} [一-鿿々]{{1,3}}(?= ?(?:{HONORIFIC})|と申|と名乗|といい)")
#: One foreign word before a title.
_TITLED_WORD: Final = lazily(f"(?:[ァ-ヴー]{{2,10}}|[A-Z][a-z]{{2,14}})(?= ?(?:{HONORIFIC}|氏|まで|という))")
_NOT_OF_NAME: Final = lazily("(?:さん|さま|くん|ちゃん|です|まで|という|より|から)+$")
_SURNAME_CHARS: Final = 5
_GIVEN_CHARS: Final = 5


class _Reading(NamedTuple):
    """One way to read letters as a name: where it ends, how much its letters say for it, whether it is a surname."""

    stop: int
    weight: float
    is_alone: bool = False


#: What the cues around a surname alone add up to at least: most surnames are places and things, too.
_ENOUGH_FOR_SURNAME: Final = 2.0


def evident_names(
    within: OpenText,
    stretches: Iterable[Interval],
    evidence: Sequence[Interval],
    near: bool,
    enough: float = ENOUGH,
) -> Iterator[Name]:
    """Names in stretches of a text.

    Args:
        within: the document; no name is looked for in its holes.
        stretches: where to look.
        evidence: values of persons; one right beside a name is a cue. Masks are none: what is masked decides nothing.
        near: whether the stretches are near such values, or else private only by their words.
        enough: the sum of cues that makes a name in them.

    Yields:
        Names that do not overlap, in order.
    """
    text = within.text
    ends = {stop for _, stop in evidence} if near else set()
    starts = {start for start, _ in evidence}
    word_ends = WordEnds(text)
    reached = 0
    for first, last in stretches:
        for start, stop, reaches in name_starts(text, within.points, first, last):
            if start < reached:
                continue
            kanji = text[start:stop]
            if kanji and not _may_be_name(kanji, text.startswith(" ", stop)):
                continue
            readings = set(_readings(within, start, kanji, reaches, word_ends))
            if not readings or within.in_hole(start) or _KIN_WORD.match(text, start):
                continue
            before = _before(text, start, ends)
            best = max((_score(text, start, before, reading, starts, near), reading.stop) for reading in readings)
            if best[0] >= enough and not _is_public(text, start, best[1]):
                reached = best[1]
                yield start, reached, 0.75, "name_evident"


#: How far before a place the cues are looked for.
_BEFORE_CHARS: Final = 20


class _Before(NamedTuple):
    """What the words before a place say for a name that starts there: in full, or a surname alone."""

    full: float
    alone: float
    is_beside: bool


def _before(text: str, start: int, ends: set[int]) -> _Before:
    """The sum of the cues before a place."""
    first = max(0, start - _BEFORE_CHARS)
    alone = BEFORE.sum_before(text, first, start)
    beside = _BESIDE_BEFORE.search(text, first, start) if ends else None
    # Shops stand at the start of a line, too: a surname alone gains nothing by it.
    at_start = _AT_START.weight if _AT_START.expression.search(text, first, start) else 0.0
    return _Before(alone + at_start, alone, bool(beside and beside.start() + 1 in ends))


def _is_public(text: str, start: int, stop: int) -> bool:
    """Whether the words around a name are those of public people or of examples, or it is a word of forms itself."""
    first = max(0, start - EXAMPLE_CHARS)
    return (
        is_public(text, start)
        or is_public_after(text, stop)
        or bool(EXAMPLE.search(text, first, start))
        # 申立人 can be read as a name, and so can 番号通知書.
        or is_label_word(text[start:stop])
        or bool(_OF_FORMS.search(text, start, stop))
    )


def _score(text: str, start: int, before: _Before, reading: _Reading, starts: set[int], near: bool) -> float:
    """The sum of what speaks for a name."""
    first, stop = max(0, start - _BEFORE_CHARS), reading.stop
    score = before.alone if reading.is_alone else before.full
    score += AFTER.sum_after(text, stop)
    after = _BESIDE_AFTER.match(text, stop) if near else None
    if before.is_beside or (after and after.end() - 2 in starts):
        score += _BESIDE
    if reading.is_alone and _SIGNED_AFTER.match(text, stop) and _SIGNED_BEFORE.search(text, first, start):
        score += _SIGNED
    if _SELF_AFTER.match(text, stop) and _SELF_BEFORE.search(text, first, start):
        score += _SELF
    if reading.is_alone and score < _ENOUGH_FOR_SURNAME:
        return 0.0
    # A full name in a letter may be anybody's; a surname alone is somebody whom the reader knows.
    return score + reading.weight + (_PASSAGE if near or reading.is_alone else _PASSAGE / 2)


def _readings(
    within: OpenText, start: int, kanji: str, reaches: Sequence[int], word_ends: WordEnds
) -> Iterator[_Reading]:
    """The ways to read the letters at a place as a name.

    Args:
        within: the document.
        start: the place.
        kanji: those that start there.
        reaches: after how many letters from there on a name may end that has no blank, the most first.
        word_ends: whether it may at places that have been asked for.
    """
    text = within.text
    if text[start - 1 : start].isdigit():
        return
    if text[start] < "一":
        yield from _in_kana_or_latin(text, start, within.limit(start), word_ends)
        return
    stop = start + len(kanji)
    is_before_gap = text.startswith(" ", stop)
    ends = [start + n_chars for n_chars in reaches if word_ends[start + n_chars]]
    if not (is_before_gap or ends):
        return
    limit = within.limit(start)
    lengths = surname_lengths(kanji[:_SURNAME_CHARS])
    if is_before_gap:
        mixed = _MIXED.match(text, start, limit)
        if mixed and _is_mixed(mixed[0]) and word_ends[mixed.end()]:
            yield _Reading(mixed.end(), 2.0)
        ocr = _OCR.match(text, start, limit)
        if ocr:
            yield from _printed_apart(text, start, ocr, word_ends)
    if _is_no_name(kanji):
        # 沓掛 is a place, too.
        gap = _GAP.match(text, stop, limit) if is_place(kanji) else None
        if gap and len(kanji) <= _UNKNOWN_SURNAME_CHARS:
            yield from _givens(text, start, gap.end(), limit, 0.5, False, word_ends)
        if is_place(kanji):
            yield from _addressed_unknown(text, start, stop)
        return
    if not lengths:
        yield from _addressed_unknown(text, start, stop)
        pair = _UNKNOWN_PAIR.match(text, start, limit) if is_before_gap else None
        if pair and not any(is_common(word) or is_place(word) for word in pair[0].split()):
            yield _Reading(pair.end(), 1.0)
    for n_surname in range(min(_SURNAME_CHARS, len(kanji)), 0, -1):
        is_known = n_surname in lengths
        at = start + n_surname
        gap = _GAP.match(text, at, limit) if is_before_gap and at == stop else None
        if not gap:
            if is_known or n_surname <= _UNKNOWN_SURNAME_CHARS:
                weight = (1.0 if n_surname > 1 else 0.5) if is_known else -0.5
                yield from _as_given(text, start, at, ends, weight, is_known)
        elif (is_known or n_surname <= _UNKNOWN_SURNAME_CHARS) and not _is_split(text, start):
            if is_known:
                yield from _apart_given(text, gap.end(), limit, word_ends)
            yield from _givens(text, start, gap.end(), limit, 2.0 if is_known else 0.5, is_known, word_ends)
        surname = kanji[:n_surname]
        is_person = is_known and word_ends[at] and surname not in NO_SURNAME and surname not in _NO_PERSON
        if is_person and _is_word(text, start, surname) and not _is_split(text, start):
            is_named = bool(_ADDRESSED.match(text, at)) or not may_be_place(surname)
            yield _Reading(at, 1.0 if is_named else 0.5, is_alone=True)


def _is_split(text: str, start: int) -> bool:
    """Whether letters go on a number or a word that is printed letter by letter."""
    return bool(_IN_OTHER_WORD.search(text, max(0, start - 3), start))


def _addressed_unknown(text: str, start: int, stop: int) -> Iterator[_Reading]:
    """A surname that the dictionary lacks, before a title: places are not addressed."""
    if text[start - 1 : start] == " ":
        return
    for n_chars in range(2, min(_UNKNOWN_SURNAME_CHARS, stop - start) + 1):
        title = _ADDRESSED.match(text, start + n_chars)
        word = text[start : start + n_chars]
        if title and not _ROLE_END.search(word) and not is_common(word) and "名" not in parts(word):
            yield _Reading(start + n_chars, 1.0 if "様" in title[0] else 0.0, is_alone=True)


def _in_kana_or_latin(text: str, start: int, limit: int, word_ends: WordEnds) -> Iterator[_Reading]:
    """Names of foreigners, and two words in hiragana."""
    titled = _TITLED_WORD.match(text, start, limit)
    if titled and not is_no_latin(titled[0]) and not is_common_kana(titled[0]):
        is_sure = text[start] < "ァ" or text.startswith("様", titled.end())
        yield _Reading(titled.end(), 1.0 if is_sure else 0.5, is_alone=True)
    foreign = _FOREIGN.match(text, start, limit)
    if foreign:
        if not is_no_latin(foreign[0]):
            first = re.split("[ ・＝=/,]+", foreign[0])[0]
            is_known = (is_of_person(first) and not is_common_kana(first)) or bool(
                _ADDRESSED.match(text, foreign.end())
            )
            yield _Reading(foreign.end(), 2.0 if is_known else 1.0)
        return
    mixed = _MIXED.match(text, start, limit)
    if mixed and _is_mixed(mixed[0]) and word_ends[mixed.end()]:
        yield _Reading(mixed.end(), 2.0)
    ocr = _OCR.match(text, start, limit)
    if ocr:
        yield from _printed_apart(text, start, ocr, word_ends)
    # ブラジル から きた: all words are apart.
    is_in_row = text[start - 1 : start] == " " and bool(re.match(LETTER, text[start - 2 : start - 1]))
    kana = None if is_in_row else _HIRAGANA.match(text, start, limit)
    gap = _GAP.match(text, kana.end(), limit) if kana and 1 < len(kana[0]) <= _SURNAME_CHARS else None
    if gap:
        yield from _givens(text, start, gap.end(), limit, 1.0, True, word_ends)


@lru_cache(maxsize=1 << 16)
def _may_be_name(kanji: str, is_before_gap: bool) -> bool:
    """Whether a name may start with kanji before something else; nearly all words end here."""
    if _WORD_BEFORE.match(kanji) and max(surname_lengths(kanji[:2]), default=0) < 2:
        return False
    is_of_length = bool(surname_lengths(kanji[:_SURNAME_CHARS])) or 2 < len(kanji) <= 6
    return is_before_gap or (is_of_length and not _is_no_name(kanji))


@lru_cache(maxsize=1 << 16)
def _is_no_name(letters: str) -> bool:
    """Whether letters are a common noun, a place or a number."""
    # 改築工事 is two nouns, though 工事 is a given name, too.
    is_two_nouns = len(letters) == 4 and is_common(letters[:2]) and bool(_NOUN.fullmatch(letters[2:]))
    return is_common(letters) or is_place(letters) or is_two_nouns or bool(_NUMBER.fullmatch(letters))


def _is_mixed(words: str) -> bool:
    """Whether one of two words in different scripts is known: スミス 海, 坪内 Jennifer, 安斎 クリスティーナ."""
    surname, *_, given = words.split()
    return "名" in parts(given) if re.match("[ァ-ヴ]", surname) else "姓" in parts(surname)


def _is_word(text: str, start: int, surname: str) -> bool:
    """Whether a surname alone is a word: 林 in 森林さん is none."""
    if not re.match("[一-鿿]", surname) or (len(surname) == 1 and _PRINTED_APART.match(text, start + 1)):
        return False
    before = text[start - 1 : start]
    return len(surname) > 1 or before in tuple("のはがもとにた階室") or not re.match(LETTER, before)


def private_stretches(text: str) -> Iterator[Interval]:
    """Stretches of a text around two different words of private records and letters."""
    last: re.Match[str] | None = None
    for match in _PRIVATE.finditer(text):
        if last and last[0] != match[0] and match.start() - last.end() < PRIVATE_CHARS:
            yield max(0, last.start() - PRIVATE_CHARS), min(len(text), match.end() + PRIVATE_CHARS)
        last = match


def _givens(
    text: str, start: int, at: int, limit: int, weight: float, surname_is_known: bool, word_ends: WordEnds
) -> Iterator[_Reading]:
    """The readings of the letters behind a blank, from `at` on, as the given name of a name that starts at `start`."""
    kana = _HIRAGANA.match(text, at, limit) if surname_is_known else None
    if kana and not re.match(LETTER, text[kana.end() : kana.end() + 1]):
        # ながさわ はると goes to the blank, although はる is a name, too.
        n_chars = len(_NOT_OF_NAME.sub("", kana[0]))
        if 1 < n_chars <= _GIVEN_CHARS:
            yield _Reading(at + n_chars, weight + 1.0)
            return
    run = _RUN.match(text, at, min(limit, at + _GIVEN_CHARS))
    ends = [stop for stop in range(run.end(), at, -1) if word_ends[stop]] if run else []
    yield from _as_given(text, start, at, ends, weight, surname_is_known)


def _as_given(
    text: str, start: int, at: int, ends: Sequence[int], weight: float, surname_is_known: bool
) -> Iterator[_Reading]:
    """The readings of the letters from `at` on as a given name, up to each of some places where words end."""
    if text[start : start + 2] in _ERAS:
        return
    is_apart = text[at - 1] == " "
    for stop in ends:
        if stop <= at:
            return
        if stop > at + _GIVEN_CHARS or text[start:stop] in _NO_PERSON:
            continue
        given = text[at:stop]
        is_given = "名" in parts(given) and (surname_is_known or len(given) > 1)
        if given in _ERAS:
            continue
        if not (is_given or (surname_is_known and (weight >= 1 or given[-1] in _ENDS_OF_KANA_NAMES))):
            continue
        if not is_apart and at - start == 1 and (_HIRAGANA.fullmatch(given) or "姓" in parts(text[start:stop])):
            continue
        # 住　所 and 本籍 are words of forms.
        if is_common(text[start:stop].replace(" ", "")) or (is_apart and is_common(given)):
            continue
        if is_given:
            yield _Reading(stop, weight + 1.0 + (0.5 if len(given) > 1 else 0.0))
        else:
            is_kana = bool(_KANA_SHAPE.fullmatch(given)) and not _NO_KANA_GIVEN.match(given)
            is_titled = not is_apart and at - start > 1 and bool(_ADDRESSED.match(text, stop))
            if is_titled and len(given) == 1 and re.match(NAME_KANJI, given) and not _ROLE_END.match(given):
                yield _Reading(stop, weight)
            if not is_apart and at - start > 1 and _UNKNOWN_GIVEN.fullmatch(given) and not is_no_given(given, False):
                yield _Reading(stop, weight + 0.5)
            # 青森 八戸 are towns, 紺 金 colours.
            is_two = may_be_place(given) or len(given) == at - start - 1 == 1
            is_shaped = is_apart and bool(_GIVEN_SHAPE.fullmatch(given)) and not is_two
            if is_kana or (is_shaped and not is_no_given(given, is_apart)):
                yield _Reading(stop, weight + 0.5)


def _apart_given(text: str, at: int, limit: int, word_ends: WordEnds) -> Iterator[_Reading]:
    """The reading of single letters from `at` on as the given name of a known surname: 波多野 義 弘."""
    letters = _APART_GIVEN.match(text, at, limit)
    while letters:
        if "名" in parts(letters[0].replace(" ", "")) and word_ends[letters.end()]:
            yield _Reading(letters.end(), 3.5)
            return
        letters = _APART_GIVEN.match(text, at, letters.end() - 1)


def _printed_apart(text: str, start: int, match: re.Match[str], word_ends: WordEnds) -> Iterator[_Reading]:
    """Names whose letters OCR set apart: 湯 浅 寛, 鵜 飼 ミ ツ."""
    stop = match.end()
    if _is_split(text, start):
        return
    while stop > start:
        letters = text[start:stop].replace(" ", "")
        if len(letters) < 3:
            return
        if not word_ends[stop]:
            pass
        elif is_full_name(letters):
            yield _Reading(stop, 3.0)
        elif any("姓" in parts(letters[:i]) and _KANA_SHAPE.fullmatch(letters[i:]) for i in range(1, len(letters) - 1)):
            yield _Reading(stop, 2.5)
        stop = text.rfind(" ", start, stop)
        while stop > start and text[stop - 1] == " ":
            stop -= 1
