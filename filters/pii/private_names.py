"""Names of persons in sentences, lists and signatures, where the words around them make them private.

Two things do. Some words introduce a person who is not public: と申します, 父の, 患者の, という人. And near a telephone
number, an account, or another value of a person, a passage is private as a whole: 湯浅さん, 担任の日下部先生,
a signature, or the next item of a list is a person there. In other prose such words mostly stand with public names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from manyo.filters.pii.covered import Covered
from manyo.filters.pii.lazily import lazily
from manyo.filters.pii.name_evidence import ENOUGH, ENOUGH_BY_NUMBER, evident_names
from manyo.filters.pii.name_shapes import (
    APART,
    GAPPED,
    LATIN_LETTER,
    LETTER,
    NAME_KANJI,
    WORDS_APART,
    Belief,
    is_common,
    is_no_latin,
    is_place,
    may_be_place,
    parts,
)
from manyo.filters.pii.open_text import Interval, OpenText
from manyo.filters.pii.private_words import (
    EXAMPLE,
    EXAMPLE_CHARS,
    HONORIFIC,
    KIN,
    ROLE,
    Name,
    is_public,
    is_public_after,
)

#: How far a value of a person makes a passage private, in characters.
REACH_CHARS: Final = 200

# --- words that introduce a person ---

_PARTICLE: Final = f"[のはがもにへ、・]、?[「『]?(?={APART})"
_INTRODUCED: Final = lazily(f"(?:(?<![一-鿿])(?:{KIN})|{ROLE}){_PARTICLE}")
#: What is found in every piece with one, sooner: the list of words is tried at each character.
_AFTER_PARTICLE: Final = lazily(_PARTICLE)
_CALLED: Final = lazily(
    "(?=と(?:申し|もうしま|いいます|言います|いう(?:人|者|方|男|女)|言う(?:人|者|方|男|女)|名乗))と(?P<self>(?:申|もう)し(?=ます|まし|上げ"
    "|て[おい]|、))?|(?=儀[ (、])"
)
_MAY_BE_CALLED: Final = lazily("と[申い言も]|儀[ (、]")
#: 湯 浅 寛 is printed letter by letter.
GOES_ON: Final = lazily(f"(?<= {NAME_KANJI}) {{1,2}}{NAME_KANJI}(?:(?!{NAME_KANJI})|{HONORIFIC})")
#: Words that introduce a name of two words after a particle.
INTRODUCING: Final = (*KIN.split("|"), *ROLE.split("|"))
#: Signs of the normal form in such a piece, for `manyo.filters.pii.kinds`.
INTRODUCED_SIGNS: Final = (
    *(f"と{said}" for said in ("申し", "もうしま", "名乗", "いいます", "言います")),
    *(f"と{said}{whom}" for said in ("いう", "言う") for whom in "人者方男女"),
    *(f"儀{word}" for word in ("かね", "予て", "去る", "さる", "この", "病気", "本日", "昨日", "昨")),
)
_GATE_LETTER: Final = "[一-鿿々ぁ-ゖァ-ヴーヶ﨑𠮷゛゜]"
#: Expression found in every piece of text with a name before a verb of naming: of two words, the last of ten letters at
#: most, or in Latin letters.
CALLED_GATE: Final = "|".join(
    (
        "と申し|ともうしま",
        "儀[ 　(（、]",
        f"(?:{_GATE_LETTER}(?:[ 　]{{1,2}}|[・＝=]){_GATE_LETTER}{{1,10}}|[A-Za-zÀ-ƿẠ-ỹ'’-])"
        "と(?:名乗|[い言]います|(?:いう|言う)[人者方男女])",
    )
)
#: And in every one with a name after a word that introduces it; the screen has seen the word.
INTRODUCED_GATE: Final = (
    f"[{''.join(sorted({word[-1] for word in INTRODUCING}))}][のはがもにへ、・]、?[「『]?[一-鿿々ヶ﨑𠮷]+[ 　]"
)

# --- words of a private passage ---

_ITEM: Final = lazily(
    r"^[ \t]*(?:[-*・○●◯□■◆◇▼▲>＞]|[0-9]{1,4}[.): ]|[ア-ン]\)|\([0-9]{1,3}\)|[①-⑳])[ \t]*", re.MULTILINE
)
_NEXT_WORD: Final = lazily("[ \t:/,][ \t:/,]*")
_ITEM_END: Final = lazily(r" ?(?:$|[\n(\t:/,、・]| |様|さん|くん|ちゃん|氏|先生|殿|<)")


#: The reading of a name in brackets after it: 片山 理恵（かたやま りえ）, グエン・ティ・ホアさん（NGUYEN THI HOA）.
READING: Final = lazily(
    rf"(?: ?(?:{HONORIFIC}|氏))? ?[(〔\[] ?([A-Z]{LATIN_LETTER}+(?:,? [A-Z]{LATIN_LETTER}+){{1,3}}"
    r"|[ァ-ヴーぁ-ゖ゛゜]{1,9}(?:[ ・][ァ-ヴーぁ-ゖ゛゜]{1,9}){0,2}) ?[)〕\]]"
)


#: A reading of two words in a longer note: （かたやま・りえ＝元教員）.
_READING_IN_NOTE: Final = lazily(
    rf"(?: ?(?:{HONORIFIC}|氏))? ?[(〔\[] ?([ァ-ヴーぁ-ゖ゛゜]{{2,9}}[ ・][ァ-ヴーぁ-ゖ゛゜]{{2,9}})(?= ?[=、,])"
)


def reading_of(within: OpenText, name: Name) -> Iterator[Name]:
    """The reading in brackets after a name."""
    match = READING.match(within.text, name[1]) or _READING_IN_NOTE.match(within.text, name[1])
    if match and not is_no_latin(match[1]) and not within.meets_hole(*match.span(1)):
        yield match.start(1), match.end(1), 0.8, "name_reading"
    if former := _FORMER.match(within.text, name[1]):
        yield *former.span(1), 0.8, "name_former"


#: The surname that somebody had: 片山 理恵（旧姓 林）.
_FORMER: Final = lazily(rf"(?: ?(?:{HONORIFIC}|氏))? ?[(〔\[] ?旧姓?[:・ ]{{0,2}}({NAME_KANJI}{{1,4}}) ?[)〕\]]")


def introduced(within: OpenText, pieces: Sequence[Interval]) -> Iterator[Name]:
    """Names next to words that introduce a person who is not public.

    Args:
        within: the document.
        pieces: where to look.
    """
    text = within.text
    for start, stop in pieces:
        for match in _INTRODUCED.finditer(text, start, stop) if _AFTER_PARTICLE.search(text, start, stop) else ():
            last = within.name_end(match.end(), GAPPED)
            is_example = EXAMPLE.search(text, max(0, match.start() - EXAMPLE_CHARS), match.start())
            if GOES_ON.match(text, last):
                continue
            if last and not is_example and " " in text[match.end() : last] and re.match(LETTER, text[match.end()]):
                yield match.end(), last, 0.85, "name_introduced"
        for match in _CALLED.finditer(text, start, stop) if _MAY_BE_CALLED.search(text, start, stop) else ():
            at = match.start()
            for first in within.starts_before(at):
                belief = Belief(1, is_expected=True, is_firm=True, has_latin=True) if match["self"] else GAPPED
                is_name = within.name_end(first, belief, at) == at
                if is_name and (match["self"] or WORDS_APART.search(text, first, at)) and not _is_said(text[first:at]):
                    yield first, at, 0.85, "name_introduced"
                    break


#: 何と申しますか, 上がるのだと申します.
_SAID_WORD: Final = lazily("何.{0,5}|[一-鿿]{1,3}[ぁ-ゖ]{0,4}[るだたすくうむいか]")


def _is_said(word: str) -> bool:
    """Whether a word before と申します is what somebody said, and no name."""
    return bool(_SAID_WORD.fullmatch(word)) and not ("姓" in parts(word[:2]) and "名" in parts(word[2:]))


def passage_names(
    within: OpenText,
    evidence: Sequence[Interval],
    numbers: Sequence[Interval],
    private: Sequence[Interval],
    known: Sequence[str],
) -> list[Name]:
    """Names in passages that are private, and the surnames of names elsewhere in the document.

    Args:
        within: the document; no name is looked for in its holes.
        evidence: values of persons.
        numbers: those of them that only a person has, and no shop.
        private: stretches that are private by their words.
        known: names that were found.

    Returns:
        Names that overlap no other one of them.
    """
    found: list[Name] = []
    taken: set[int] = set()

    def take(names: Iterable[Name]) -> None:
        for name in names:
            if taken.isdisjoint(range(name[0], name[1])):
                taken.update(range(name[0], name[1]))
                found.append(name)

    starts_of_numbers = Covered((first, first + 1) for first, _ in numbers)
    for start, stop in _passages(within.text, evidence):
        enough = ENOUGH_BY_NUMBER if starts_of_numbers.meets(start, stop) else ENOUGH
        take(evident_names(within, [(start, stop)], evidence, near=True, enough=enough))
        take(_items(within, start, stop))
    take(evident_names(within, private, evidence, near=False))
    take([reading for name in list(found) for reading in reading_of(within, name)])
    take(_again(within, [*known, *(within.text[start:stop] for start, stop, *_ in found)]))
    return found


#: A note or message as short as this is private as a whole.
_SHORT_CHARS: Final = 600


def _passages(text: str, evidence: Sequence[Interval]) -> Iterator[Interval]:
    """Disjoint stretches around values of persons."""
    if evidence and len(text) <= _SHORT_CHARS:
        yield 0, len(text)
        return
    first, reached = 0, -1
    for start, stop in sorted(evidence):
        if reached >= 0 and start - REACH_CHARS > reached:
            yield first, min(reached, len(text))
            reached = -1
        if reached < 0:
            first = max(0, start - REACH_CHARS)
        reached = max(reached, stop + REACH_CHARS)
    if reached >= 0:
        yield first, min(reached, len(text))


_LETTERS_APART: Final = lazily(rf"{LETTER}(?: {{1,2}}{LETTER}){{2}}(?!{LETTER})")


def _is_person(within: OpenText, first: int, last: int) -> bool:
    """Whether two words are no example, no public person, no place, and no word printed letter by letter."""
    text = within.text
    surname, _, given = text[first:last].partition(" ")
    given = given.strip()
    if _LETTERS_APART.match(text, first):
        return False
    if is_public(text, first) or is_public_after(text, last):
        return False
    are_places = may_be_place(surname) and may_be_place(given)
    is_thing = is_place(surname) or is_common(given) or is_place(given) or _is_town(surname) or are_places
    return "名" in parts(given) or not is_thing


def _is_town(surname: str) -> bool:
    return surname.endswith(tuple("市区町村都道府県駅線店館会部課"))


def _items(within: OpenText, start: int, stop: int) -> Iterator[Name]:
    """Names at the start of list items, or after their first words; foreign ones only next to others of the list."""
    text = within.text
    foreign: list[tuple[int, Name]] = []
    persons: set[int] = set()
    for n_items, item in enumerate(_ITEM.finditer(text, text.rfind("\n", 0, start) + 1, stop)):
        line_end = text.find("\n", item.end())
        line_end = len(text) if line_end < 0 else line_end
        at = item.end()
        if text.startswith("<\0", at):
            persons.add(n_items)
        for _ in range(3):
            last = within.name_end(at, GAPPED, line_end)
            if last and WORDS_APART.search(text, at, last) and _ITEM_END.match(text, last):
                name = (at, last, 0.75, "name_item")
                if _KANJI_NAME.match(text, at) and _is_person(within, at, last):
                    persons.add(n_items)
                    yield name
                else:
                    foreign.append((n_items, name))
                break
            following = _NEXT_WORD.search(text, at, line_end)
            if not following:
                break
            at = following.end()
    for n_items, name in foreign:
        if not persons.isdisjoint(range(n_items - _NEXT_ITEMS, n_items + _NEXT_ITEMS + 1)):
            yield name


_KANJI_NAME: Final = lazily(f"{NAME_KANJI}{{1,5}} ")
#: How far a name in kanji is from a foreign one in a list of persons, in items.
_NEXT_ITEMS: Final = 3


def _again(within: OpenText, names: Sequence[str]) -> Iterator[Name]:
    """The surnames of names before an honorific, elsewhere in the document."""
    text = within.text
    surnames = {surname for name in names if (surname := _surname(name))}
    if not surnames:
        return
    places: dict[int, int] = {}
    for surname in sorted(surnames, key=len):
        start = text.find(surname)
        while start >= 0:
            stop = start + len(surname)
            if _AGAIN.match(text, stop) and not (start and re.match(NAME_KANJI, text[start - 1])):
                places[start] = stop
            start = text.find(surname, start + 1)
    reached = 0
    for start, stop in sorted(places.items()):
        if start >= reached:
            reached = stop
            if not within.meets_hole(start, stop):
                yield start, stop, 0.75, "name_again"


#: What follows a surname that stands for a person again.
_AGAIN: Final = lazily(f" ?(?:{HONORIFIC})|(?<={NAME_KANJI}{{2}})です")


def _surname(name: str) -> str:
    """The surname of a name in kanji; empty if there is none, or nothing says where it ends."""
    words = name.split()
    if len(words) == 2:
        return words[0] if re.fullmatch(f"{NAME_KANJI}+", words[0]) else ""
    lengths = [i for i in range(2, len(name)) if "姓" in parts(name[:i]) and "名" in parts(name[i:])]
    return name[: lengths[-1]] if lengths else ""
