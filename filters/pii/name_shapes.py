"""Whether characters are a name, and where it ends: by Sudachi's dictionary and by shape.

The place of a name says how much is believed (`Belief`): in a sentence only what the dictionary knows as surname and
given name; after 氏名： also a given name or a surname that it lacks, two words in kana, and Latin letters.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Final

from sudachipy import Dictionary

from manyo.filters.pii.lazily import lazily
from manyo.filters.pii.normal_form import normal_chars

#: Longest name that is looked for: サン＝テグジュペリ・アントワーヌ, MARIA DOLORES GARCIA FERNANDEZ.
WINDOW_CHARS: Final = 40
NEVER: Final = 1 << 10

LETTER: Final = "[一-鿿々〆ヶヵァ-ヴー゛゜ぁ-ゖ﨑𠮷]"
_RUN: Final = lazily(f"{LETTER}+")
_GAP: Final = lazily("[ 　]{0,2}")
#: 小比類巻, ささのがわ; けんいちろう.
_SURNAME_CHARS, _GIVEN_CHARS = 5, 6

_SURNAME_LETTERS: Final = lazily(f"{LETTER}{{1,{_SURNAME_CHARS}}}")

# Forms of characters that names have and the dictionary lacks.
_DICTIONARY_FORMS: Final = str.maketrans("髙﨑𠮷德濵瀨眞邊邉澤齋齊廣嶋國櫻", "高崎吉徳浜瀬真辺辺沢斎斉広島国桜")

# Surnames, but rarely those of people, and what people write instead of a name.
_NO_PERSON: Final = frozenset(
    [
        "観音",
        "薬師",
        "地蔵",
        "稲荷",
        "天神",
        "若宮",
        "太子",
        "本人",
        "各位",
        "匿名",
        "未定",
        "不明",
        "非公開",
        "未記入",
        "記載",
        "下記",
        "上記",
        "別紙",
        "別途",
        "省略",
        "同上",
        "同左",
        "公式",
        "本社",
        "本店",
        "支店",
        "代表",
        "担当",
        "会計",
        "日本",
        "東京",
        "大阪",
        "京都",
        "氏名",
        "住所",
        "名前",
        "電話",
        "会社",
        "当方",
        "窓口",
        "平日",
        "受付",
        "時間",
        "希望",
        "必須",
        "任意",
        "入力",
        "記入",
        "例",
        "姓",
        "名",
        "甲",
        "乙",
        "丙",
        "丁",
        "全角",
        "祖父母",
        "常勤",
        "非常勤",
        "平成",
        "昭和",
        "大正",
        "明治",
        "令和",
        "祖父",
        "祖母",
        "半角",
        "カタカナ",
        "フリガナ",
        "ひらがな",
    ]
)
_KANA_WORDS: Final = lazily(
    r"(?:[ァ-ヴー゛゜]{1,10}(?:[・=＝･]|(?<=[ァ-ヴー゛゜]{2})(?: {1,2}|　)(?=[ァ-ヴー゛゜]{2}))){1,4}[ァ-ヴー゛゜]{"
    r"1,10}(?!(?!まで|です|と申)[ァ-ヴーぁ-ゖ一-鿿])|[ぁ-ゖ]{2,7}[ 　]{1,2}[ぁ-ゖ]{2,7}(?![ァ-ヴーぁ-ゖ一-鿿])"
)
#: Words of companies, shops and brands.
_OF_COMPANY: Final = lazily(
    "ジャパン|ビューティ|インターナショナル|コーポレーション|カンパニー|サービス|グループ|ショップ|ストア|ホテル|レストラン|カフェ|スタジオ|クラブ|センター|システム"
    "|プランニング|プロダクト|ホールディングス|エンタテインメント|エンターテインメント|コスメティック|コミュニケーション|ファクトリー"
)
_KATAKANA: Final = lazily("[ァ-ヴー゛゜]{4,14}")
#: Letters with the marks of Europe and Vietnam: Szabó, Phạm.
_CAPITAL: Final = "[A-ZÀ-ÞĀ-ƿẠ-ỹ]"
LATIN_LETTER: Final = r"[A-Za-zÀ-ƿẠ-ỹ'’\-]"
#: What follows a name in Latin letters and is no part of it.
_NEXT_LABEL: Final = (
    r"(?:(?i:whatsapp|line|instagram|twitter|skype|telegram|discord|facebook|tiktok|wechat|e-?mail|tel|phone|mobile"
    r"|address|fax|iban)|IP|MAC|ID)\b"
)
_LATIN: Final = lazily(
    rf"(?:(?!{_NEXT_LABEL}){_CAPITAL}{LATIN_LETTER}{{1,20}}(?:,? | ?/ ?)"
    r"(?:(?:de|da|di|du|la|le|del|dos|van|von|der|den|bin|al|el|y) ){0,2}){1,3}"
    rf"(?:[A-Z]\.? ){{0,2}}(?!{_NEXT_LABEL}){_CAPITAL}{LATIN_LETTER}{{1,20}}(?![A-Za-zÀ-ƿẠ-ỹ0-9@_./])"
)
#: A name in two scripts: Vasquez 真弓, オコンクォ・千歳, 大鋸 ヨシノブ, 高見澤 Marco.
_MIXED: Final = lazily(
    "(?P<foreign>[ァ-ヴー]{2,10}|[A-Z][a-z'’-]{2,14})[・ ] ?(?P<given>[一-鿿々]{1,3})"
    "|(?P<surname>[一-鿿々ヶ]{1,4})[・ ] ?(?:[ァ-ヴー]{2,8}|[A-Z][a-z'’-]{2,12})"
)
#: Without a blank: シュミット絵里, ジョージ武田.
_MIXED_SOLID: Final = lazily("(?P<foreign>[ァ-ヴー]{2,8})(?P<japanese>[一-鿿々]{2,4})")
_NO_LATIN: Final = lazily(
    r"(?i)\b(?:tel|fax|url|pc|inc|ltd|llc|corp|co|company|support|team|service|services|cent(?:er|re)|office|group|university"
    r"|college|department|dept|division|sales|info|customer|admin|bank|school|hotel|club|society|association"
    r"|institute"
    r"|foundation|project|system|daemon|mail|mailer|news|newsletter|japan|tokyo|osaka|street|road|your|the|first"
    r"|last|full|name|doe|example|sample|test|user|online|shop|store|music|records|city|international|lab"
    r"|laboratory|help|desk|list"
    r"|contact|phone|address|email|bot|noreply|reply|committee|press|media|studio|design|no|of|and|for|please|date"
    r"|new|all|public|private|type|value|string|number|id|null|not|unique|primary|key|text|cloud|platform|google|amazon"
    r"|microsoft|windows|linux|server|version|stats|style|presents)\b"
)
_MAY_BE_SPACED: Final = lazily(".{1,3}[ 　]")
_OCR_LETTERS: Final = lazily(f"{LETTER}{{1,3}}(?: {{1,2}}{LETTER}{{1,3}}){{2,9}}(?!{LETTER})")
_UNKNOWN_PAIR: Final = lazily(
    "(?:[一-鿿々ヶ]{1,4}|[ぁ-ゖ]{1,3}[一-鿿]{1,2}|[ァ-ヴー]{2,8})[ 　]{1,2}"
    "(?!まで|より|から|です|ほか)(?:[一-鿿々]{1,4}|[ぁ-ゖ]{2,5}|[ァ-ヴー]{2,6}|[一-鿿々][ぁ-ゖ]{1,3})"
)
NAME_KANJI: Final = "[一-鿿々ヶ﨑𠮷]"
_HIRAGANA: Final = lazily("[ぁ-ゖ]+")
_KANJI: Final = lazily("[一-鿿々]+")
_KANJI_THEN_KANA: Final = lazily("[一-鿿々]+|[一-鿿々]{1,3}[ァ-ヴー]{2,4}")
#: A name in one word: kanji, then at most two or three kana that are no particles.
_SOLID: Final = lazily(
    "[一-鿿々ヶ]{1,6}(?:[一-鿿々]|[ァ-ヴー]{2,4}[子江代枝美乃]?|[ぁ-ゖ]{0,3}(?![にをがはへとも])[ぁ-ゖ])"
)
_UNKNOWN_GIVEN: Final = lazily("[一-鿿々]{2,3}|[ァ-ヴー]{2,4}[子江代枝美乃]")
_ANY_GIVEN: Final = lazily(
    "(?!まで|です|より|から|さん|さま|ちゃん|ほか|への|では|には|まし|ます|といい|のみ|また"
    "|[一-鿿々]{1,3}(?:です|ます|まで|から|より|さん|さま|でし|って|とい|たち)"
    "|[ぁ-ゖ]{1,3}(?:ます|です|した|まし))(?:[一-鿿々]{1,3}"
    "[ぁ-ゖ]?|[ぁ-ゖ]{2,5}|[ァ-ヴー]{2,6}[子江代枝美乃]?|[ぁ-ゖ]{1,3}[一-鿿々]|[一-鿿々][ぁ-ゖ]{1,3})"
)
#: What follows a given name in hiragana and may be taken for its end.
_KANA_TITLE: Final = lazily("さん|さま|くん|ちゃん")
_IN_KANA: Final = lazily(f"[はがをにのともへ]|{_KANA_TITLE.pattern}")
_KANA_GIVEN: Final = lazily("[ァ-ヴー]{2,4}[子江代枝美乃]?|[ぁ-ゖ]{2,4}子?")
# 山田商店, 川口支部, 中央病院.
_NO_GIVEN: Final = lazily(
    "[部課局係店社室科班会所館院校区市町村県府都丁目支本営様氏殿省庁党家屋業者員長園組車堂名号番円年月日時分個枚台人駅線式型]"
    "|工事|水系|河川|航路|施設|整備|祖父|祖母|実家|自宅|父母|先生|銀行|口座|普通|株式|有無|可能|株|希望|確認|参照|記入|予定|未定|不要|必要|以下|以上|資格|関係|情報|管理|連絡"
    "|電話|住所|氏|性別|年齢|職業"
)
#: 悠人 and 勇人 are names; of the other words that end so the dictionary knows those in use.
_PERSON: Final = lazily("(?![一二三四五六七八九十百千万数各何全両同当本名個法他])[一-鿿]人")
_MOON: Final = lazily("(?![一二三四五六七八九十数各毎今来先翌前同当正月])[一-鿿]月")
#: What may follow a name without a blank; with any other letter the word would go on.
NAME_END: Final = lazily(
    rf"$|(?!{LETTER})|様|氏(?!名)|殿|宛|方|君|さん|さま|ちゃん|先生|名義|ほか|外|および|及び|並びに|まで|です|でした|でございます|ね(?![一-鿿])|だ(?:よ|と|。)|と(?:申"
    rf"|連)|印|[へがにをはのとも]"
)
#: What follows a name that ends its field.
FIELD_END: Final = lazily(
    rf"[ 　]*(?:$|[\n\t()（）\[\]【】〔〕「」『』<>＜＞、,，。;；:：/／|｜\"'→㊞・■◆●*※]|様|氏(?!名)|殿|宛|君|さん"
    rf"|さま|ちゃん|先生|名義|ほか|です|まで|印(?!{LETTER})|[ 　]{{2,}}|[ 　](?![ァ-ヴーぁ-ゖ]))"
)


#: Two words: 片山 理恵, ファム・クオック, Annika Vogelsang.
APART: Final = (
    f"(?:{NAME_KANJI}{{1,5}}(?: {{1,2}})(?:{NAME_KANJI}|[ァ-ヴーぁ-ゖ]{{2}})"
    f"|[ァ-ヴー]{{2,}}[・＝=][ァ-ヴー]|[A-Z][A-Za-z'-]+[ /][A-Z])"
)
WORDS_APART: Final = lazily("[ ・＝=/]")


@dataclass(frozen=True, slots=True)
class Belief:
    """What counts as a name at some place beside what the dictionary knows as surname and given name.

    Attributes:
        alone: a surname of at least this many characters is a name without a given name.
        is_expected: two words in kana are a name, and so is a given name of two or three kanji that the dictionary
            lacks.
        has_latin: so are two or three words in Latin letters that start with capitals.
        is_firm: so is any shape of a name that ends its field: Latin letters, katakana in one word, surnames that the
            dictionary lacks.
    """

    alone: int
    is_expected: bool = False
    is_firm: bool = False
    has_latin: bool = False


IN_FULL: Final = Belief(NEVER)
SURNAME: Final = Belief(2)
#: Two words or more, which may be in kana or Latin letters.
GAPPED: Final = Belief(NEVER, is_expected=True, has_latin=True)
EXPECTED: Final = Belief(1, is_expected=True, has_latin=True)
FIRM: Final = Belief(1, is_expected=True, is_firm=True)


@cache
def _dictionary() -> Dictionary:
    return Dictionary(dict="core")


@lru_cache(maxsize=1 << 16)
def is_common(word: str) -> bool:
    """Whether a word in kanji is a common noun, and no part of a person's name, by the dictionary: 全角, 検討中."""
    if not _KANJI.fullmatch(word):
        return False
    found = [morpheme.part_of_speech() for morpheme in _dictionary().lookup(word)]
    return any(part[1] == "普通名詞" for part in found) and not any(part[2] == "人名" for part in found)


@lru_cache(maxsize=1 << 16)
def is_common_kana(word: str) -> bool:
    """Whether the dictionary knows a word in katakana as anything but a part of a person's name: スタッフ."""
    found = [morpheme.part_of_speech() for morpheme in _dictionary().lookup(word)]
    return any(part[1] == "普通名詞" for part in found) or bool(found and all(part[2] != "人名" for part in found))


@lru_cache(maxsize=1 << 16)
def is_place(word: str) -> bool:
    """Whether the dictionary knows a word as a place and not as part of a person's name: 東京."""
    found = [morpheme.part_of_speech() for morpheme in _dictionary().lookup(word)]
    return any(part[2] == "地名" for part in found) and not any(part[2] == "人名" for part in found)


@lru_cache(maxsize=1 << 16)
def may_be_place(word: str) -> bool:
    """Whether the dictionary knows a word as a place, whatever else it is: 渋谷."""
    return any(morpheme.part_of_speech()[2] == "地名" for morpheme in _dictionary().lookup(word))


@lru_cache(maxsize=1 << 16)
def parts(word: str) -> frozenset[str]:
    """Which parts of a person's name a word may be by Sudachi's dictionary: 姓 (surname), 名 (given name)."""
    found = (morpheme.part_of_speech() for morpheme in _dictionary().lookup(word.translate(_DICTIONARY_FORMS)))
    return frozenset(part[3] for part in found if part[2] == "人名")


@lru_cache(maxsize=1 << 16)
def is_of_person(word: str) -> bool:
    """Whether the dictionary knows a word of a foreign name, whichever part of it: ジョナサン, Maria."""
    return len(word) > 2 and bool(parts(word))


@lru_cache(maxsize=1 << 16)
def surname_lengths(letters: str) -> tuple[int, ...]:
    """How many of the first letters may be a surname, from the most on."""
    return tuple(n for n in range(len(letters), 0, -1) if "姓" in parts(letters[:n]))


def is_no_latin(words: str) -> bool:
    """Whether words in Latin letters are those of companies, forms or examples, and no name."""
    return bool(_NO_LATIN.search(words))


def name_chars(window: str, belief: Belief) -> int:
    """The length of the name at the start of a window in folded form; 0 if there is no name.

    Args:
        window: text from where a name may start, up to `WINDOW_CHARS`, a hole or a given stop.
        belief: what counts as one.
    """
    if not window:
        return 0
    # Most places where a name may start have a kanji.
    first = window[0]
    if belief.is_expected and "ぁ" <= first <= "ー":
        kana = _KANA_WORDS.match(window)
        is_thing = kana and (
            _OF_COMPANY.search(kana[0]) or any(word in _NO_PERSON for word in re.split("[ 　]", kana[0]))
        )
        if kana and not is_thing:
            return kana.end()
    if (
        first < "ぁ"
        and (belief.is_firm or belief.has_latin)
        and (latin := _LATIN.match(window))
        and not is_no_latin(latin[0])
    ):
        return latin.end()
    return max(
        _known(window, belief),
        _spaced(window, belief.alone == 1) if belief.is_expected and _MAY_BE_SPACED.match(window) else 0,
        _by_shape(window) if belief.is_firm else 0,
    )


def _known(window: str, belief: Belief) -> int:
    """The length of the surname, and given name, that the dictionary knows."""
    letters = _SURNAME_LETTERS.match(window)
    lengths = surname_lengths(letters[0]) if letters else ()
    run = _RUN.match(window) if lengths else None
    if not run or is_common(run[0]) or is_place(run[0]) or run[0] in _NO_PERSON or _is_two_nouns(run[0]):
        return 0
    longest_alone = 0
    for n_surname in lengths:
        surname = window[:n_surname]
        gap = _GAP.match(window, n_surname)
        stop = _given_end(window, gap.end() if gap else n_surname, belief.is_expected)
        if stop:
            return stop
        if surname in _NO_PERSON:
            continue
        # 広がり is not the surname 広: one character is a name only if the word ends after it.
        is_word = n_surname > 1 or len(run[0]) == 1
        is_word = is_word and not _HIRAGANA.fullmatch(surname)
        if is_word and n_surname >= max(belief.alone, longest_alone) and NAME_END.match(window, n_surname):
            longest_alone = max(longest_alone, n_surname)
    return longest_alone


def _is_two_nouns(letters: str) -> bool:
    """Whether letters are two nouns of which the first is no surname: 前回受診."""
    return len(letters) == 4 and "姓" not in parts(letters[:2]) and is_common(letters[:2]) and is_common(letters[2:])


def _given_end(window: str, start: int, is_expected: bool) -> int:
    """Where the given name that starts at `start` ends; 0 if there is none."""
    run = _RUN.match(window, start)
    if not run:
        return 0
    is_apart = window[start - 1] in " 　"
    unknown = _ANY_GIVEN if is_apart else _UNKNOWN_GIVEN
    shaped = 0
    for stop in range(min(run.end(), start + _GIVEN_CHARS), start, -1):
        given = window[start:stop]
        # 拓海君 is the name 拓海 and a title.
        is_titled = given[-1] in "君氏様殿" and "名" in parts(given[:-1])
        if is_titled or not NAME_END.match(window, stop):
            continue
        if "名" in parts(given):
            # 澄江は and みさきさん have the shape of given names, too.
            return shaped if shaped and not _IN_KANA.fullmatch(window, stop, shaped) else stop
        is_longest = not shaped or _KANA_TITLE.fullmatch(window, stop, shaped)
        if is_expected and is_longest and unknown.fullmatch(given) and not is_no_given(given, is_apart):
            shaped = stop
    return shaped


def is_full_name(letters: str) -> bool:
    """Whether letters without blanks are a surname and a given name that the dictionary knows."""
    return any(
        "姓" in parts(letters[:i]) and "名" in parts(letters[i:])
        for i in range(1, min(len(letters), _SURNAME_CHARS + 1))
    )


def _spaced(window: str, has_kana: bool) -> int:
    """The length of a name whose letters OCR set apart: 木 村　良 太."""
    match = _OCR_LETTERS.match(window.replace("　", " "))
    while match:
        letters = match[0].replace(" ", "")
        is_given_apart = has_kana and _has_apart_given(match[0].split())
        is_printed_apart = (
            has_kana
            and 3 <= len(letters) <= 6
            and max(map(len, match[0].split())) == 1
            and bool(_KANJI_THEN_KANA.fullmatch(letters))
            and bool(FIELD_END.match(window, match.end()))
            and not _NO_GIVEN.search(letters)
        )
        if len(letters) <= 10 and (
            is_given_apart
            or is_printed_apart
            or is_full_name(letters)
            or (has_kana and _KATAKANA.fullmatch(letters) and max(map(len, match[0].split())) == 1)
        ):
            return match.end()
        shorter = match[0].rstrip().rfind(" ")
        match = _OCR_LETTERS.match(window[:shorter].replace("　", " ").rstrip()) if shorter > 0 else None
    return 0


def _has_apart_given(words: list[str]) -> bool:
    """Whether words are a surname and the single letters of a given name: 柳 そ う た."""
    given = "".join(words[1:])
    return (
        "姓" in parts(words[0])
        and max(map(len, words[1:])) == 1
        and bool(_ANY_GIVEN.fullmatch(given))
        and not is_no_given(given, True)
    )


def _by_shape(window: str) -> int:
    """The length of what has the shape of a name and ends its field, though the dictionary lacks a part of it."""
    mixed = _MIXED.match(window)
    if mixed and FIELD_END.match(window, mixed.end()):
        is_given = bool(mixed["given"]) and "名" in parts(mixed["given"])
        is_surname = bool(mixed["surname"]) and "姓" in parts(mixed["surname"])
        if (is_given or is_surname) and not _NO_GIVEN.search(mixed["given"] or mixed["surname"]):
            return mixed.end()
    solid = _MIXED_SOLID.match(window)
    if solid and FIELD_END.match(window, solid.end()) and _is_of_two_scripts(solid):
        return solid.end()
    pair = _UNKNOWN_PAIR.match(window)
    if pair and FIELD_END.match(window, pair.end()):
        is_given = "名" in parts(re.split("[ 　]+", pair[0])[1])
        if is_given or not _is_no_name(pair[0]):
            return pair.end()
    run = _RUN.match(window)
    if not run or not FIELD_END.match(window, run.end()) or _is_no_name(run[0]):
        return 0
    word = run[0]
    if _KATAKANA.fullmatch(word):
        letters = normal_chars(word)
        is_name = any("姓" in parts(word[:i]) or "名" in parts(word[i:]) for i in range(2, len(word) - 1))
        return run.end() if is_name and letters else 0
    # 旧法等 is a list of things.
    if not _SOLID.fullmatch(word) or word.endswith("等"):
        return 0
    for i in range(min(_SURNAME_CHARS, len(word) - 1), 0, -1):
        is_surname, is_given = "姓" in parts(word[:i]), "名" in parts(word[i:])
        # Of the words that start with a surname of one character, few go on in kana: 岡トメ.
        is_long = i > 1 or bool(_KANA_GIVEN.fullmatch(word[i:]))
        if (is_surname and is_long and _ANY_GIVEN.fullmatch(word[i:])) or (is_given and i <= 3 and len(word) > i + 1):
            return run.end()
    return 0


def _is_of_two_scripts(match: re.Match[str]) -> bool:
    """Whether a word in katakana and one in kanji are surname and given name, in any order."""
    foreign, japanese = match["foreign"], match["japanese"]
    if _OF_COMPANY.search(foreign) or is_common(japanese) or _NO_GIVEN.search(japanese):
        return False
    is_given = "名" in parts(japanese) and not (may_be_place(japanese) or is_common_kana(foreign))
    return is_given or ("姓" in parts(japanese) and is_of_person(foreign) and not is_common_kana(foreign))


def is_no_given(given: str, is_apart: bool) -> bool:
    """Whether letters after a surname are no given name; a blank before 明玉, which is also a noun, makes it one."""
    # 結月 and 美月 are names, 三月 and 来月 are none.
    is_name = bool(_MOON.fullmatch(given)) or (is_apart and _is_new_person(given))
    return (bool(_NO_GIVEN.search(given)) and not is_name) or given in _NO_PERSON or (not is_apart and is_common(given))


def _is_new_person(given: str) -> bool:
    """Whether letters with 人 at their end are no word that the dictionary has: 悠人, but not 職人."""
    return bool(_PERSON.fullmatch(given)) and not is_common(given)


def _is_no_name(letters: str) -> bool:
    words = re.split("[ 　]+", letters)
    if len(words) == 2 and _is_new_person(words[1]):
        letters = words[0]
    # 木村 is a surname although 村 is the end of a place.
    n_surname = next((i for i in range(min(_SURNAME_CHARS, len(letters) - 1), 1, -1) if "姓" in parts(letters[:i])), 0)
    is_thing = bool(_NO_GIVEN.search(letters, n_surname)) or letters.startswith("名無し")
    return is_thing or not _NO_PERSON.isdisjoint(words) or any(map(is_common, words))
