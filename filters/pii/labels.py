"""Labels of personal information: what `labels.toml` says, and where its words stand in a text."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from operator import itemgetter
from pathlib import Path
from typing import Final, NamedTuple, TypeVar

import numpy as np

from manyo.corpus.jit import Bytes, Int32s
from manyo.filters.pii.covered import Covered
from manyo.filters.pii.label_kernels import longest_words
from manyo.filters.pii.lazily import lazily
from manyo.filters.pii.name_shapes import is_full_name, parts
from manyo.filters.pii.normal_form import normal_chars, normal_form, normal_word

#: How far the words of `Meaning.near` may be from a label, in characters.
NEAR_CHARS: Final = 120

#: A word that is no label in a sentence is one before a firm edge, or between two edges: brackets, line ends.
FIRM_EDGES: Final = "\t:=→⇒▶►|】]…‥"
EDGES: Final = "\n\r,;/()（）[［【〔〕「」『』《》〈〉<>\"'■◆●◇□○*＊※"

_NO_KIND: Final = "none"
#: Kinds whose values may start with kanji or kana.
IN_WORDS: Final = frozenset({"postal_address", "insurance_number", "birth_date", "age", "person_name"})
#: Kinds whose values stand next to their label, because their shape alone does not tell them from other words.
NEVER_SAID: Final = frozenset({"postal_address", "person_name", "age", "insurance_number"})


#: How many digits a value has at least; OCR may have taken some for letters.
LEAST_DIGITS: Final = {
    "phone": 7,
    "bank_account": 4,
    "member_id": 3,
    "my_number": 8,
    "credit_card": 10,
    "pension_number": 6,
    "driving_licence": 8,
    "passport": 4,
    "residence_card": 5,
    "imei": 10,
    "employment_insurance": 7,
    "resident_code": 7,
    "insurance_number": 2,
    "postal_address": 1,
    "birth_date": 2,
    "age": 1,
    "geo_position": 5,
}


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a label announces; `labels.toml` explains the fields."""

    kind: str
    loose: bool = False
    brief: bool = False
    near: tuple[str, ...] = ()
    unless: re.Pattern[str] | None = None
    after: re.Pattern[str] | None = None
    bare: bool = False


class Label(NamedTuple):
    """A word of `labels.toml` in a text; positions in code points."""

    start: int
    stop: int
    word: str
    meanings: tuple[Meaning, ...]


#: The words for a person in some role end so: 申込者, 納税義務者, 依頼人, 世帯主. They are labels as brief words are.
_ROLE: Final = lazily("[一-鿿]{1,6}[者人主](?:氏名|名前|名)?様?")
_ROLE_CHARS: Final = 7
_LAST_ROLE: Final = lazily(f"(?P<kanji>[一-鿿]{{1,{_ROLE_CHARS}}}[者人主])(?:氏名|名前|名)?様?$")
# Roles of people who are public in them, things that are no persons, and words that are no roles.
_NO_ROLE: Final = lazily(
    "[著作訳編記筆演奏学医信王勇若業]者|(?:監修|出演|研究|優勝|受賞|候補|発明|指揮|司会|開発|創業|創設|設計|発行"
    "|製作|制作|解説|指導|登場|主催|事業|販売|製造"
    "|運営|管理|聖職|経営|有識|権力|支配|独裁|犯罪|容疑|挑戦|勝|敗|消費|労働|高齢|技術|科学|哲学|文学|政治|資格"
    "|第三|関係|初心|上級|経験)者"
    "|[芸歌詩俳証武軍町村法個外他老成商偉仙巨恋素達友美新殺犯故]人|(?:主|日本|外国|芸能|発起|社会|管理|有名|知識"
    "|登場|法|編集|発行)人"
    "|[君藩城領店亭地民株馬校術坊神自]主|株主|亭主|戸主"
)


def _entries() -> list[dict[str, object]]:
    entries: list[dict[str, object]] = tomllib.loads(Path(__file__).with_name("labels.toml").read_text("utf-8"))[
        "label"
    ]
    return entries


def _alternatives(words: object, end: str = "") -> re.Pattern[str] | None:
    """An expression for any of some words in the normal form."""
    if not isinstance(words, list):
        return None
    return lazily(f"(?:{'|'.join(re.escape(normal_word(word)) for word in words)}){end}")


#: Words for a number, as people write them: 会員No, 会員ナンバー, 会員のID.
_NUMBER_WORDS: Final = ("番号", "no", "№", "ナンバー", "number", "id", "コード")


def _with_endings(words: list[str], stems: list[str], endings: Sequence[str]) -> list[str]:
    """Words, those that end with 番号 with the other words for it, and stems with every ending."""
    short = [word.removesuffix("番号") for word in words if word.endswith("番号") and word != "番号"]
    return [
        *dict.fromkeys(
            [
                *words,
                *(stem + number for stem in short for number in ("no", "ナンバー", "№")),
                *(stem + of + end for stem in stems for of in ("", "の") for end in endings),
            ]
        )
    ]


@cache
def _meanings() -> dict[str, tuple[Meaning, ...]]:
    """Every word in the normal form, and what it may mean, in the order of the file."""
    of_word: dict[str, tuple[Meaning, ...]] = {}
    for entry in _entries():
        meaning = Meaning(
            str(entry["kind"]),
            bool(entry.get("loose")),
            bool(entry.get("brief")),
            tuple(normal_word(word) for word in entry.get("near", ())),  # type: ignore[attr-defined]
            _alternatives(entry.get("unless")),
            _alternatives(entry.get("after"), "$"),
            bool(entry.get("bare")),
        )
        endings: list[str] = entry.get("endings", [])  # type: ignore[assignment]
        for word in _with_endings(entry.get("words", []), entry.get("stems", []), endings or _NUMBER_WORDS):  # type: ignore[arg-type]
            chars = normal_word(word)
            of_word[chars] = (*of_word.get(chars, ()), meaning)
    return of_word


def examples() -> list[tuple[str, str]]:
    """The examples of `labels.toml`: the kind, and a text in which ⟦ ⟧ encloses every value of that kind."""
    return [(str(entry["kind"]), text) for entry in _entries() for text in entry.get("examples", ())]  # type: ignore[attr-defined]


def label_words() -> list[tuple[str, str, str, str]]:
    """Every word that announces a kind: the kind, the word as the file has it, its sort (`plain`, `loose`, `brief` or
    `bare`), and a word that must stand near it, or nothing.
    """
    found = []
    for entry in _entries():
        sort = next((sort for sort in ("bare", "brief", "loose") if entry.get(sort)), "plain")
        near: list[str] = entry.get("near", [])  # type: ignore[assignment]
        endings: list[str] = entry.get("endings", ["番号"])  # type: ignore[assignment]
        found += [
            (str(entry["kind"]), word, sort, near[0] if near else "")
            for word in (*entry.get("words", ()), *(stem + end for stem in entry.get("stems", ()) for end in endings))  # type: ignore[attr-defined, misc]
            if entry["kind"] != _NO_KIND
        ]
    return found


_Letter = TypeVar("_Letter", bound=Hashable)


class Trie(NamedTuple):
    """Words as `longest_words` reads them: classes of characters, children of states, ends of words."""

    classes: Int32s
    children: Int32s
    ends_word: Bytes


def prefix_tree(words: Iterable[Sequence[_Letter]]) -> tuple[list[dict[_Letter, int]], list[int]]:
    """The tree of the starts of words: the children of each state, of which 0 is the empty start, and each word's."""
    children: list[dict[_Letter, int]] = [{}]
    ends = []
    for word in words:
        state = 0
        for letter in word:
            if letter not in children[state]:
                children[state][letter] = len(children)
                children.append({})
            state = children[state][letter]
        ends.append(state)
    return children, ends


def trie_of(words: Collection[str]) -> Trie:
    """A trie of words that are not empty."""
    letters = {char: i for i, char in enumerate(sorted(set("".join(words))), 1)}
    children, ends = prefix_tree(words)
    n_classes = len(letters) + 1
    table = np.zeros((len(children), n_classes), np.int32)
    for state, of_state in enumerate(children):
        for char, child in of_state.items():
            table[state, letters[char]] = child * n_classes
    classes, ends_word = np.zeros(1 << 16, np.int32), np.zeros(len(children), np.uint8)
    classes[[ord(char) for char in letters]] = list(letters.values())
    ends_word[ends] = 1
    return Trie(classes, table.ravel(), ends_word)


@cache
def _trie_of_labels() -> Trie:
    return trie_of(_meanings())


_LATIN: Final = lazily("[a-z]")
_ALNUM: Final = lazily("[a-z0-9]")
_HONORIFIC: Final = lazily("[ごお御・/]$|^[ごお御]")
_SYMBOL_BEFORE: Final = lazily("記号[0-9-]{1,12}")
_SUFFIX: Final = lazily("(?:氏?名前?)?(?:様|さま|さん|の方|殿)?")
#: The first characters of what it matches unless that is empty.
_SUFFIX_STARTS: Final = frozenset("氏名様さの殿")
_NAME_LETTER: Final = lazily("[一-鿿ぁ-ゖァ-ヴ]")
#: Ends of the words for roles.
ROLES: Final = frozenset(
    normal_word(role + suffix)
    for role in "者人主"
    for suffix in ("", "名", "氏名", "名前", "様", "名様", "氏名様", "名前様")
)
ROLE: Final = Meaning("person_name", brief=True)


def labels(text: str, start: int, stop: int) -> Iterator[Label]:
    """The labels in `text[start:stop]`, in order; where words overlap, the first and longest counts."""
    of_word = _meanings()
    form = normal_form(text, start, stop)
    chars, starts = form.chars, form.starts
    found: list[tuple[int, int, tuple[Meaning, ...]]] = []
    words = np.empty((len(chars), 2), np.int64)
    n_words = longest_words(form.points, *_trie_of_labels(), words)
    for first, last in words[:n_words].tolist():
        # Of words that overlap, the one that ends later is the head of the phrase: 運転免許 and 免許証番号.
        if _stands_alone(starts, chars, first, last):
            while found and first < found[-1][1] < last:
                found.pop()
            if not found or found[-1][1] < last:
                meanings = of_word[chars[first:last]]
                found.append((first, _stop_of_word(chars, starts, last, meanings), meanings))
    if "者" in chars or "人" in chars or "主" in chars:
        of_list = Covered((first, last) for first, last, _ in found)
        for role in _ROLE.finditer(chars):
            if _is_role(role[0]) and not of_list.meets(*role.span()):
                found.append((*role.span(), (ROLE,)))
    for first, last, meanings in sorted(found, key=itemgetter(0)):
        yield Label(starts[first], _stop(text, starts, last), chars[first:last], meanings)


def _stop_of_word(chars: str, starts: Sequence[int], last: int, meanings: Sequence[Meaning]) -> int:
    """Where a word for a person that ends before `last` ends with its suffix: 保護者氏名, 患者様."""
    is_person = chars[last : last + 1] in _SUFFIX_STARTS and any(meaning.kind == "person_name" for meaning in meanings)
    suffix = _SUFFIX.match(chars, last) if is_person else None
    if not suffix:
        return last
    is_end = not _NAME_LETTER.match(chars, suffix.end()) or not _joins_at(starts, suffix.end())
    return suffix.end() if is_end else last


def _is_role(word: str) -> bool:
    """Whether a word for a person is a role that people have in forms, and not a name that ends so: 直人."""
    is_name = word.endswith(("人", "主")) and (len(word) < 3 or "名" in parts(word[-2:]) or is_full_name(word))
    return not (is_name or _NO_ROLE.search(word))


def may_end_with_role(text: str) -> bool:
    """Whether a text ends with a word for a person in some role and what separates it from a name."""
    chars = normal_chars(text).rstrip(EDGES + FIRM_EDGES)
    # More kanji in a row than a role has may be cut into words anywhere.
    role = _LAST_ROLE.search(chars)
    return role is not None and (len(role["kanji"]) > _ROLE_CHARS or _is_role(role[0]))


def _stands_alone(starts: Sequence[int], chars: str, first: int, last: int) -> bool:
    """Whether a word is not the inside of a longer Latin word: name in username."""
    return not (
        (first and "a" <= chars[first] <= "z" and _ALNUM.match(chars, first - 1) and _joins_at(starts, first))
        or ("a" <= chars[last - 1] <= "z" and _LATIN.match(chars, last) and _joins_at(starts, last))
    )


def _joins_at(starts: Sequence[int], i: int) -> bool:
    """Whether no blank stands in the text before character i of the normal form."""
    return starts[i - 1] + 1 == starts[i]


def _stop(text: str, starts: Sequence[int], last: int) -> int:
    """Where the character before `last` ends in the text: what was dropped after it is not part of the word."""
    stop = starts[last - 1] + 1
    # 社員No. is 社員No, but ...... leads to a value.
    if text[stop - 2 : stop + 1].lower() == "no." and text[stop + 1 : stop + 2] != ".":
        return stop + 1
    return stop + 1 if text[stop : stop + 1] in tuple("ﾞﾟ゛゜") else stop


def fits(meaning: Meaning, phrase: str) -> bool:
    """Whether a label may have a meaning after the rest of its noun phrase."""
    if not phrase:
        return True
    chars, rest, is_symbol = _read_phrase(phrase)
    if meaning.unless and meaning.unless.search(chars):
        return False
    # 記号21510番号873: what stands before the second label is the value of the first.
    if is_symbol:
        return True
    return not rest or not (meaning.near or meaning.bare or (meaning.after and not meaning.after.search(rest)))


@lru_cache(maxsize=1 << 12)
def _read_phrase(phrase: str) -> tuple[str, str, bool]:
    """A phrase in the normal form, the same without an honorific, and whether it is a symbol with its value."""
    chars = normal_chars(phrase)
    rest = _HONORIFIC.sub("", chars)
    return chars, rest, _SYMBOL_BEFORE.fullmatch(rest) is not None


@lru_cache(maxsize=1 << 12)
def is_label_word(word: str) -> bool:
    """Whether a word is one of `labels.toml`, or one for a person in some role."""
    chars = normal_chars(word)
    return chars in _meanings() or bool(_ROLE.fullmatch(chars) and _is_role(chars))


def is_near(meaning: Meaning, text: str) -> bool:
    """Whether a word that a meaning needs is in a text."""
    chars = normal_chars(text)
    return any(word in chars for word in meaning.near)


class GateWords(NamedTuple):
    """Words of which every stretch with a label that announces something has one, in the normal form.

    Attributes:
        anywhere: those that need no edge, and whose values may start with any word.
        numbers: those that need no edge, and whose values start with a digit, a Latin letter or a sign; some of them
            are among the first, too.
        plain: those whose values never stand in the same sentence: a bracket, an edge, a colon or a blank follows.
        firm: those that count before a firm edge.
        enclosed: those that count between two edges.
        enclosed_firm: those that count after an edge and before a firm one.
        persons: those before a name of two words, after which a particle stands.
        persons_enclosed: those that need an edge before them there.
        mail: those of the second that announce addresses of mail only.
        least_digits: how many digits their values have at least, in any script; those that are not here may have none.
        kinds: what each announces; nothing for those that are labels only at the end of a role.
        alone: those of them that mean something without another word near them.
        near: the words that must be near the others, and the least number of digits of a value that they decide about.
    """

    anywhere: set[str]
    numbers: set[str]
    plain: set[str]
    firm: set[str]
    enclosed: set[str]
    enclosed_firm: set[str]
    persons: set[str]
    persons_enclosed: set[str]
    mail: set[str]
    least_digits: dict[str, int]
    kinds: dict[str, set[str]]
    alone: set[str]
    near: dict[str, int]


def gate_words() -> GateWords:
    """The words of all labels by what must stand around them."""
    announcing = {word: [meaning for meaning in of if meaning.kind != _NO_KIND] for word, of in _meanings().items()}
    brief = {word for word, of in announcing.items() if of and all(meaning.brief for meaning in of)}
    bare = {word for word in brief if all(meaning.bare for meaning in announcing[word])}
    common = {word for word, of in announcing.items() if of} - brief
    plain = {word for word in common if not any(meaning.loose for meaning in announcing[word])}
    in_words = {word for word in common - plain if not IN_WORDS.isdisjoint(of.kind for of in announcing[word])}
    numbers = {
        word for word in common - plain if any(of.loose and of.kind not in NEVER_SAID for of in announcing[word])
    }
    persons = {word for word, of in announcing.items() if any(meaning.kind == "person_name" for meaning in of)}
    mail = {word for word in numbers if all(meaning.kind == "email" for meaning in announcing[word])}
    edged = ((brief - bare) | ROLES, brief - ROLES, bare)
    least = {word: min(LEAST_DIGITS.get(meaning.kind, 0) for meaning in of) for word, of in announcing.items() if of}
    least = {word: n_digits for word, n_digits in least.items() if n_digits}
    kinds = {word: {meaning.kind for meaning in announcing.get(word, ())} for word in {*announcing, *ROLES}}
    alone = {word for word in kinds if word in ROLES or any(not meaning.near for meaning in announcing.get(word, ()))}
    near: dict[str, int] = {}
    for meaning in dict.fromkeys(meaning for of in announcing.values() for meaning in of if meaning.near):
        for word in meaning.near:
            near[word] = min(near.get(word, 255), LEAST_DIGITS.get(meaning.kind, 0))
    return GateWords(
        in_words, numbers, plain, *edged, persons - brief, persons & brief, mail, least, kinds, alone, near
    )
