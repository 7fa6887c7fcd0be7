"""Names of persons where a form, a notice or a letter marks them as such; names in prose are not masked.

The place of a name decides: after a word of a form or of an official notice (担当：, 氏名, 債務者), before 様 as in
letters, or next to a telephone number or an e-mail address. Names in a sentence (佐藤首相は, 山田太郎さんが) are
mostly those of public persons, so they are not looked for. Sudachi's dictionary decides whether characters are a name,
and only the few at such a place are looked up: analysing every text would cost a hundred times more.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache

from sudachipy import Dictionary

from manyo.filters.pii.character_sets import BLANK

_LETTER = "[一-鿿々〆ヶヵァ-ヴーぁ-ゖ﨑𠮷]"
_KANJI_OR_KATAKANA = "[一-鿿々〆ヶヵァ-ヴー﨑𠮷]"
_RUN = re.compile(f"{_LETTER}+")
_GAP = re.compile(f"{BLANK}{{0,2}}")
#: 小比類巻, ささのがわ; けんいちろう.
_SURNAME_CHARS, _GIVEN_CHARS = 5, 6
#: Longest surname, two blanks, longest given name, and the characters that decide whether it ends there.
_WINDOW_CHARS = 18
#: How far before 様 or a number a name may start.
_REACH_CHARS = 24
_NEVER = 1 << 10

# Forms of characters that names have and the dictionary lacks.
_DICTIONARY_FORMS = str.maketrans("髙﨑𠮷德濵瀨眞", "高崎吉徳浜瀬真")

# Sections of an office, before 担当. 音楽担当, 作画担当 and the like are credits of published works.
_OFFICES = (
    *("広報", "採用", "受付", "予約", "営業", "総務", "窓口", "人事", "事務"),
    *("取材", "経理", "教務", "学務", "販売", "申込", "問合せ", "相談", "渉外"),
)
_IN_CHARGE = rf"(?:(?<!{_KANJI_OR_KATAKANA})|{'|'.join(f'(?<={office})' for office in _OFFICES)})担当者?"

#: After these a name is expected.
_FORM_WORD = (
    "(?:お|(?<![一-鿿]))名前|氏[ 　]?名(?:[(（](?:漢字|カナ|ふりがな|フリガナ)[)）])?|姓名|名義人?|フリガナ|ふりがな"
    "|(?:申込|申請|届出|応募|契約|受験|差出|責任|送付|運転|所有)[者人]名?|申立人|世帯主|保護者|受取人|送り主|お届け先"
    "|(?:破産|債務|債権|失踪|不在|被害)者|相続人|管財人|被後見人|行旅死亡人|患者名?"
)
#: After these, a section of an office or a name.
_CONTACT_WORD = f"{_IN_CHARGE}名?|連絡先|問い?合わ?せ先?"
_SEPARATOR = (
    rf"[\]】]?(?:{BLANK}{{0,2}}[:：／/|｜=＝→]{BLANK}{{0,2}}|{BLANK}{{1,3}}|{BLANK}?\n{BLANK}{{0,2}}|(?<=[\]】]))"
)
_SECTION = f"(?:[一-鿿ァ-ヴー]{{1,8}}[部課係室局科班会](?:{BLANK}{{1,2}}|・|の))?"
# 亡 stands before the name of a dead person.
# The lookaheads are for speed: most characters do not start a word.
_AFTER_FORM_WORD = re.compile(
    f"(?=[お名氏姓フふ申届応契受差責送運所世保破債失不被相管行患])(?:{_FORM_WORD})"
    rf"(?:{_SEPARATOR}|[(（](?=[^()（）\n]{{2,16}}[)）]))(?:亡{BLANK}?)?"
)
_AFTER_CONTACT_WORD = re.compile(f"(?=[担連問])(?:{_CONTACT_WORD}){_SEPARATOR}{_SECTION}")
_IN_SENTENCE = re.compile(f"(?=担){_IN_CHARGE}[のは]")
_POLITE_END = re.compile("です|まで|でございます|と申します|が(?:承|伺|担当)|宛")
_NEXT_NAME = re.compile(f"{BLANK}?[・、,／/]{BLANK}?")

_ADDRESSED = re.compile(
    rf"(?=[ 　様さ])(?:{BLANK}?様(?=$|[\s、,。！!)）」へ宛方])"
    rf"|(?<=[ァ-ヴー])さん(?={BLANK}?(?:へ|宛)?{BLANK}?(?:$|\n)))"
)
_KATAKANA_NAME = re.compile(f"[ァ-ヴー]{{2,}}{BLANK}?[ァ-ヴー]{{2,}}")
# Surnames, but before 様 not those of people.
_NO_PERSON = frozenset({"観音", "薬師", "地蔵", "稲荷", "天神", "若宮", "太子", "本人", "各位"})

# What may follow a name without a blank; with any other letter the word would go on.
_NAME_END = re.compile(
    rf"$|(?!{_LETTER})|様|氏(?!名)|殿|宛|方|さん|さま|ほか|外|まで|です|でございます|と(?:申|連)|[へがにをはのとも]"
)
_KANA_PAIR = re.compile(
    f"(?:[ァ-ヴー]{{2,7}}{BLANK}{{1,2}}[ァ-ヴー]{{2,7}}|[ぁ-ゖ]{{2,7}}{BLANK}{{1,2}}[ぁ-ゖ]{{2,7}})(?!{_LETTER})"
)
_UNKNOWN_GIVEN = re.compile("[一-鿿々]{2,3}")
# 山田商店, 川口支部, 中央病院.
_NO_GIVEN = re.compile("[部課局係店社室科班会所館院校区市町村県府都丁目支本営様氏殿省庁党家屋業者員長園組車堂]")
# A kanji or katakana after anything else, or a hiragana after anything but a letter.
_WORD_BREAK = re.compile(f"(?!{_KANJI_OR_KATAKANA}).(?={_KANJI_OR_KATAKANA})|(?!{_LETTER}).(?={_LETTER})")

#: What may stand between a name and the number that belongs to it.
_BEFORE_CONTACT = re.compile(
    rf"(?:さん|様|まで)?{BLANK}{{0,2}}[)）:：(（／/]?{BLANK}?"
    rf"(?:(?:電話|携帯|メール|℡|☎|📱|(?i:tel|e-?mail|mobile))(?:番号)?{BLANK}?[.:：]?)?{BLANK}?[<＜]?"
)
_AFTER_CONTACT = re.compile(rf"{BLANK}?[(（]{BLANK}?(?:担当[:：]?{BLANK}?)?")
_MOBILE = re.compile("[(（]?[0０][789７８９][0０]")

#: RE2 expression found in every piece of text with a word next to which a name is looked for.
NAME_GATE = (
    "担当|名前|氏名|氏[ 　]名|姓名|名義|フリガナ|ふりがな"
    "|(?:申込|申請|届出|応募|契約|受験|差出|責任|送付|運転|所有)[者人]"
    "|申立人|世帯主|保護者|受取人|送り主|お届け先|(?:破産|債務|債権|失踪|不在|被害)者|相続人|管財人|後見人|死亡人|患者"
    "|連絡先|問い?合わ?せ|[^客皆同仕多異模]様(?:$|[\\s　、,。！!)）」へ宛方])"
    "|[ァ-ヴー]さん[ 　]?(?:へ|宛)?[ 　]?(?:$|\n)"
)

#: start and stop in code points, score, rule.
Name = tuple[int, int, float, str]
_Interval = tuple[int, int]


def names(
    text: str, pieces: Sequence[_Interval], contacts: Sequence[_Interval], holes: Sequence[_Interval]
) -> list[Name]:
    """Find names in one text.

    Args:
        text: the document.
        pieces: where to look for words next to which names stand; a name may lie outside of them.
        contacts: telephone numbers and e-mail addresses.
        holes: disjoint and in order; no name overlaps one, and what is in one decides nothing. That keeps masking a
            fixed point: a masked number is the same hole as before.

    Returns:
        The names, in order of their starts.
    """
    within = _Open(text, holes)
    found: list[Name] = []
    for start, stop in pieces:
        for words, rule, is_expected in (
            (_AFTER_FORM_WORD, "name_form", True),
            (_AFTER_CONTACT_WORD, "name_contact", False),
        ):
            for match in words.finditer(text, start, stop):
                found += _listed(within, match.end(), rule, is_expected)
        for match in _IN_SENTENCE.finditer(text, start, stop):
            stop_of_name = within.name_end(match.end(), alone=2)
            if stop_of_name and _POLITE_END.match(text, stop_of_name):
                found.append((match.end(), stop_of_name, 0.8, "name_sentence"))
        for match in _ADDRESSED.finditer(text, start, stop):
            found += _addressed(within, match)
    for start, stop in contacts:
        found += _next_to_contact(within, start, stop)
    return sorted(set(found))


class _Open:
    """A text in whose holes nothing is looked up."""

    def __init__(self, text: str, holes: Sequence[_Interval]) -> None:
        self.text = text
        self._holes = holes
        self._starts = [start for start, _ in holes]

    def name_end(self, start: int, alone: int, is_expected: bool = False, stop: int | None = None) -> int:
        """Where the name that starts at `start` ends, 0 if there is no name; other arguments as `_name_chars`."""
        nearest = bisect_right(self._starts, start)
        if nearest and self._holes[nearest - 1][1] > start:
            return 0
        limit = self._starts[nearest] if nearest < len(self._starts) else len(self.text)
        n_chars = _name_chars(self.text[start : min(limit, start + _WINDOW_CHARS, stop or limit)], alone, is_expected)
        return start + n_chars if n_chars else 0

    def starts_before(self, stop: int) -> Iterator[int]:
        """Where a name that ends at or before `stop` may start, in order: in the same line, and not inside a word."""
        nearest = bisect_right(self._starts, stop - 1) - 1
        line = self.text.rfind("\n", 0, stop) + 1
        hole_end = self._holes[nearest][1] if nearest >= 0 else 0
        first = max(stop - _REACH_CHARS, line, hole_end)
        for start in range(first, stop):
            # Characters up to a hole's end are not part of the name, whether it is masked already or not.
            is_start = self.is_line_start(start) or start == hole_end
            if is_start or (start > first and _WORD_BREAK.match(self.text, start - 1)):
                yield start

    def is_line_start(self, start: int) -> bool:
        """Whether a line starts there."""
        return start == 0 or self.text[start - 1] == "\n"


def _listed(within: _Open, start: int, rule: str, is_expected: bool) -> Iterator[Name]:
    """The name that starts at `start`, and those after it in a list."""
    alone = 1 if is_expected else 2
    while stop := within.name_end(start, alone, is_expected):
        yield start, stop, 0.9, rule
        following = _NEXT_NAME.match(within.text, stop)
        if not following:
            return
        # 、 may start another entry of the form: 山田太郎、生年月日.
        start, is_expected = following.end(), False


def _addressed(within: _Open, address: re.Match[str]) -> Iterator[Name]:
    """The name before 様, or a name in katakana alone in its line before さん."""
    is_sama = "様" in address[0]
    for start in within.starts_before(address.start()):
        is_first = within.is_line_start(start)
        if not is_sama and not (is_first and _KATAKANA_NAME.fullmatch(within.text, start, address.start())):
            continue
        alone = 2 if is_sama and is_first else _NEVER
        if within.name_end(start, alone, stop=address.start()) == address.start():
            yield start, address.start(), 0.85, "name_addressed"
            return


def _next_to_contact(within: _Open, start: int, stop: int) -> Iterator[Name]:
    """The name right before a telephone number or e-mail address, and the one in brackets after it."""
    text = within.text
    is_mobile = bool(_MOBILE.match(text, start))
    for first in within.starts_before(start):
        last = within.name_end(first, 2, stop=start)
        between = _BEFORE_CONTACT.fullmatch(text, last, start) if last else None
        if between and (is_mobile or last - first > 3 or re.match("さん|様|まで|[(（]", between[0])):
            is_full = within.name_end(first, _NEVER, stop=start) == last
            if is_full or is_mobile or between[0]:
                yield first, last, 0.85, "name_beside"
                break
    opened = _AFTER_CONTACT.match(text, stop)
    if opened:
        last = within.name_end(opened.end(), 2)
        if last and re.compile("(?:さん|様)?[)）]").match(text, last):
            yield opened.end(), last, 0.85, "name_beside"


@cache
def _dictionary() -> Dictionary:
    return Dictionary(dict="core")


@lru_cache(maxsize=1 << 16)
def _parts(word: str) -> frozenset[str]:
    """Which parts of a person's name a word may be by Sudachi's dictionary: 姓 (surname), 名 (given name)."""
    parts = (morpheme.part_of_speech() for morpheme in _dictionary().lookup(word.translate(_DICTIONARY_FORMS)))
    return frozenset(part[3] for part in parts if part[2] == "人名")


def _name_chars(window: str, alone: int, is_expected: bool) -> int:
    """The length of the name at the start of a window; 0 if there is no name.

    Args:
        window: text from where a name may start, up to `_WINDOW_CHARS`, a hole or a given stop.
        alone: a surname of at least this many characters is a name without a given name.
        is_expected: two words in kana are a name, and so are two or three kanji after a surname that end the word, even
            if the dictionary lacks them.
    """
    if is_expected and (kana := _KANA_PAIR.match(window)):
        return kana.end()
    run = _RUN.match(window)
    longest_alone = 0
    for n_surname in range(min(_SURNAME_CHARS, len(run[0]) if run else 0), 0, -1):
        surname = window[:n_surname]
        if "姓" not in _parts(surname) or surname in _NO_PERSON:
            continue
        gap = _GAP.match(window, n_surname)
        stop = _given_end(window, gap.end() if gap else n_surname, is_expected)
        if stop:
            return stop
        # 広がり is not the surname 広: one character is a name only if the word ends after it.
        is_word = n_surname > 1 or (run is not None and len(run[0]) == 1)
        if is_word and n_surname >= max(alone, longest_alone) and _NAME_END.match(window, n_surname):
            longest_alone = max(longest_alone, n_surname)
    return longest_alone


def _given_end(window: str, start: int, is_expected: bool) -> int:
    """Where the given name that starts at `start` ends; 0 if there is none."""
    run = _RUN.match(window, start)
    if not run:
        return 0
    for stop in range(min(run.end(), start + _GIVEN_CHARS), start, -1):
        if "名" in _parts(window[start:stop]) and _NAME_END.match(window, stop):
            return stop
    is_one = is_expected and _UNKNOWN_GIVEN.fullmatch(run[0]) and not _NO_GIVEN.search(run[0])
    return run.end() if is_one else 0
