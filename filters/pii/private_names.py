"""Names of persons in sentences, lists and signatures, where the words around them make them private.

Two things do. Some words introduce a person who is not public: と申します, 父の, 患者の, という人. And near a telephone
number, an account, or another value of a person, a passage is private as a whole: 湯浅さん, 担任の日下部先生,
a signature, or the next item of a list is a person there. In other prose such words mostly stand with public names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from manyo.filters.pii.name_evidence import evident_names, private_stretches
from manyo.filters.pii.name_shapes import (
    APART,
    GAPPED,
    IN_FULL,
    LETTER,
    NAME_KANJI,
    NEVER,
    WORDS_APART,
    Belief,
    is_common,
    is_place,
    parts,
)
from manyo.filters.pii.open_text import Interval, OpenText
from manyo.filters.pii.private_words import (
    EXAMPLE,
    EXAMPLE_CHARS,
    HONORIFIC,
    KIN,
    NO_SURNAME,
    ROLE,
    Name,
    is_public,
    is_public_after,
)

#: How far a value of a person makes a passage private, in characters.
REACH_CHARS: Final = 200

# --- words that introduce a person ---

_INTRODUCED: Final = re.compile(f"(?:(?<![一-鿿])(?:{KIN})|{ROLE})(?:の|は|が|も|に|へ|、|・)、?[「『]?(?={APART})")
_CALLED: Final = re.compile(
    "(?=と(?:申し|いう(?:人|者|方|男|女)|言う(?:人|者|方|男|女)|名乗))と(?P<self>申し(?=ます|まし|上げ"
    "|て[おい]|、))?|(?=儀[ (、])"
)
#: Words that introduce a name of two words after a particle.
INTRODUCING: Final = (*KIN.split("|"), *ROLE.split("|"))
#: Signs of the normal form in such a piece, for `manyo.filters.pii.kinds`.
INTRODUCED_SIGNS: Final = (
    *(f"と{said}" for said in ("申し", "名乗", *(said + whom for said in ("いう", "言う") for whom in "人者方男女"))),
    *(f"儀{word}" for word in ("かね", "予て", "去る", "さる", "この", "病気", "本日", "昨日", "昨")),
)
#: RE2 expression found in every piece of text in which a name is introduced.
INTRODUCED_GATE: Final = (
    "と申し|[ 　・＝=A-Za-z][一-鿿々ぁ-ゖァ-ヴー]*と(?:名乗|(?:いう|言う)[人者方男女])|儀[ 　(（、]"
    # The screen has seen the word before the particle.
    "|[のはがもにへ、・][「『]?[一-鿿々ヶ﨑𠮷]+[ 　]"
)

# --- words of a private passage ---

_GAP_NAME: Final = re.compile(f"(?P<run>{NAME_KANJI}{{1,8}}) {{1,2}}(?={LETTER})")
#: What a title or a word before a surname ends with: 会社員稲本.
_TITLE_END: Final = re.compile("[員長者人生課部係局室班様師士工主婦業組]$")
_ADDRESSED: Final = re.compile(f" ?(?:{HONORIFIC})")
_FOREIGN: Final = re.compile(
    "(?<![ァ-ヴーA-Za-z])(?P<name>[ァ-ヴー]{2,20}+(?:[・＝=][ァ-ヴー]{1,20}+){1,4}"
    "|[A-Z][A-Za-z'-]{1,20}+(?: [A-Z][A-Za-z'-]{1,20}+){1,3})"
    f"(?= ?(?:{HONORIFIC}|と申|ご夫妻))"
)
_SIGNED: Final = re.compile(rf"(?<=[。、!?」)）\n 　])(?:{LETTER}| ){{3,12}}?(?= ?(?:拝|より|記|㊞|印)? *(?:\n|$))")
_SELF: Final = re.compile(
    "(?=です(?:[。、!♪☆\n]|が|けど|けれど|$)|だよ|といいます|と言います|っていいます|ともうします)"
)
_HUMBLE_BEFORE: Final = re.compile(
    r"(?:ました|ております|の者で|[。!?！？\n]|^|こんにちは、|初めまして、|はじめまして、|お世話になります、)$"
)
_OF_PARENT: Final = re.compile(
    "(?=(?:[(][^()\n]{1,14}[)])?の(?:母|父|妻|夫|祖母|祖父|保護者|姉|兄|妹|弟|娘|息子|家族|代理|実家|自宅|携帯|電話))"
)
_KIN_BEFORE: Final = re.compile(f"(?:(?<![一-鿿])(?:{KIN})|{ROLE})(?:の|は|が|も|、)、?[「『]?(?={LETTER})")
_KEEPS_PLATE: Final = re.compile("(?:名字|苗字|姓|表札|名前|名義)は、?(?:「)?")
_ITEM: Final = re.compile(
    r"^[ \t]*(?:[-*・○●◯□■◆◇▼▲>＞]|[0-9]{1,4}[.): ]|[ア-ン]\)|\([0-9]{1,3}\)|[①-⑳])[ \t]*", re.MULTILINE
)
_NEXT_WORD: Final = re.compile(r"(?: |\t|:|/|,)+")
_ITEM_END: Final = re.compile(r" ?(?:$|[\n(\t:/,、・]| |様|さん|くん|ちゃん|氏|先生|殿|<)")


def introduced(within: OpenText, pieces: Sequence[Interval]) -> Iterator[Name]:
    """Names next to words that introduce a person who is not public.

    Args:
        within: the document.
        pieces: where to look.
    """
    text = within.text
    for start, stop in pieces:
        for match in _INTRODUCED.finditer(text, start, stop):
            last = within.name_end(match.end(), GAPPED)
            if last and " " in text[match.end() : last] and re.match(LETTER, text[match.end()]):
                yield match.end(), last, 0.85, "name_introduced"
        for match in _CALLED.finditer(text, start, stop):
            at = match.start()
            for first in within.starts_before(at):
                belief = Belief(1, is_expected=True, is_firm=True, has_latin=True) if match["self"] else GAPPED
                is_name = within.name_end(first, belief, at) == at
                if is_name and (match["self"] or WORDS_APART.search(text, first, at)):
                    yield first, at, 0.85, "name_introduced"
                    break


def passage_names(within: OpenText, evidence: Sequence[Interval], known: Sequence[str]) -> list[Name]:
    """Names in passages that are private, and the surnames of names elsewhere in the document.

    Args:
        within: the document; no name is looked for in its holes.
        evidence: values of persons.
        known: names that were found.

    Returns:
        Names that overlap no other one of them.
    """
    found: list[Name] = []
    taken: set[int] = set()
    for start, stop in _passages(within.text, evidence):
        for name in (*evident_names(within, [(start, stop)], evidence, near=True), *_in_passage(within, start, stop)):
            if EXAMPLE.search(within.text, max(0, name[0] - EXAMPLE_CHARS), name[0]):
                continue
            if taken.isdisjoint(range(name[0], name[1])):
                taken.update(range(name[0], name[1]))
                found.append(name)
    for start, stop in private_stretches(within.text):
        for name in evident_names(within, [(start, stop)], evidence, near=False):
            if taken.isdisjoint(range(name[0], name[1])):
                taken.update(range(name[0], name[1]))
                found.append(name)
    for name in _again(within, [*known, *(within.text[start:stop] for start, stop, *_ in found)]):
        if taken.isdisjoint(range(name[0], name[1])):
            taken.update(range(name[0], name[1]))
            found.append(name)
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


def _in_passage(within: OpenText, start: int, stop: int) -> Iterator[Name]:
    """Names in a private passage, surest first."""
    text = within.text
    for match in _GAP_NAME.finditer(text, start, stop):
        yield from _gap_name(within, match)
    for match in _FOREIGN.finditer(text, start, stop):
        first, last = match.span("name")
        if within.name_end(first, GAPPED, last) == last and not is_public(text, first):
            yield first, last, 0.75, "name_passage"
    yield from _items(within, start, stop)
    for match in _ADDRESSED.finditer(text, start, stop):
        yield from _ending_at(within, match.start(), _ADDRESSEE)
    for match in (*_KIN_BEFORE.finditer(text, start, stop), *_KEEPS_PLATE.finditer(text, start, stop)):
        belief = IN_FULL if match.re is _KIN_BEFORE else Belief(1)
        last = within.name_end(match.end(), belief)
        is_long = match.re is not _KIN_BEFORE or last - match.end() > 2
        if last and is_long and not is_public_after(text, last):
            yield match.end(), last, 0.75, "name_passage"
    for match in _OF_PARENT.finditer(text, start, stop):
        yield from _ending_at(within, match.start(), _OF_FAMILY)
    for match in _SELF.finditer(text, start, stop):
        yield from _self(within, match.start())
    for match in _SIGNED.finditer(text, start, stop):
        for first in within.starts_before(match.end()):
            if (
                first >= match.start()
                and match.end() - first > 2
                and within.name_end(first, IN_FULL, match.end()) == match.end()
            ):
                yield first, match.end(), 0.75, "name_signed"
                break


_OF_FAMILY: Final = Belief(NEVER, is_expected=True, is_firm=True)
_ADDRESSEE: Final = Belief(1, is_expected=True)


def _gap_name(within: OpenText, match: re.Match[str]) -> Iterator[Name]:
    """A surname, a blank and a given name; of the letters before the blank, a title may be the first."""
    text = within.text
    run = match["run"]
    if _IN_OTHER_WORD.search(text, max(0, match.start() - 3), match.start()):
        return
    for first in range(match.start(), match.end("run")):
        title = run[: first - match.start()]
        if title and not _TITLE_END.search(title):
            continue
        last = within.name_end(first, GAPPED)
        if last <= match.end():
            last = _with_unknown_surname(within, text[first : match.end("run")], match.end())
        if last and _is_person(within, first, last):
            middle = _LAST_OF_THREE.match(text, last)
            yield first, middle.end() if middle and "名" in parts(middle[1]) else last, 0.75, "name_passage"
            return


#: A number counts what follows, and a single letter before a blank is one of a word printed apart: 資 本 金.
_IN_OTHER_WORD: Final = re.compile(f"[0-9A-Za-z]$|(?<!{LETTER}){LETTER} {{1,2}}$")
_LAST_OF_THREE: Final = re.compile(f" ({LETTER}{{1,5}}?)(?=[ ]?(?:{HONORIFIC}))")
_LETTERS_APART: Final = re.compile(rf"{LETTER}(?: {{1,2}}{LETTER}){{2}}(?!{LETTER})")


def _is_person(within: OpenText, first: int, last: int) -> bool:
    """Whether two words are no example, no public person, no place, and no word printed letter by letter."""
    text = within.text
    surname, _, given = text[first:last].partition(" ")
    given = given.strip()
    if _LETTERS_APART.match(text, first):
        return False
    if is_public(text, first) or is_public_after(text, last):
        return False
    return "名" in parts(given) or not (is_place(surname) or is_common(given) or is_place(given) or _is_town(surname))


_AFTER_GIVEN: Final = re.compile(f"{HONORIFIC}|儀|です|まで|[はがのを]")
_NO_SURNAME_IN: Final = re.compile("[年月日時号番間円額名者員長課係]")


def _is_town(surname: str) -> bool:
    return surname.endswith(tuple("市区町村都道府県駅線店館会部課"))


def _with_unknown_surname(within: OpenText, surname: str, given_at: int) -> int:
    """Where the given name ends that the dictionary knows, after letters that it does not know as a word; or 0."""
    if (
        not 2 <= len(surname) <= 4
        or _NO_SURNAME_IN.search(surname)
        or is_common(surname)
        or is_place(surname)
        or _is_town(surname)
    ):
        return 0
    text = within.text
    for stop in range(given_at + 4, given_at, -1):
        given = text[given_at:stop]
        ends = not re.match(LETTER, text[stop : stop + 1]) or _AFTER_GIVEN.match(text, stop)
        if len(given) == stop - given_at and ends and "名" in parts(given) and len(given) > 1:
            return stop
    return 0


def _ending_at(within: OpenText, at: int, belief: Belief) -> Iterator[Name]:
    """The name that ends at a position and starts a word."""
    text = within.text
    for first in within.starts_before(at):
        if first and text[first - 1] in "ごお0123456789":
            continue
        if within.name_end(first, belief, at) != at or is_public(text, first):
            continue
        is_short = at - first == 1
        if is_short and (
            text[at - 1] in NO_SURNAME + "子娘隣"
            or (first and re.match(LETTER, text[first - 1]) and text[first - 1] not in "のはがも")
        ):
            continue
        yield first, at, 0.75, "name_passage"
        return


def _self(within: OpenText, at: int) -> Iterator[Name]:
    """The name with which the writer introduces himself: お電話いたしました林です."""
    text = within.text
    for first in within.starts_before(at):
        is_full = within.name_end(first, IN_FULL, at) == at
        is_humble = bool(_HUMBLE_BEFORE.search(text, max(0, first - 12), first))
        alone = within.name_end(first, Belief(1), at) == at and not is_place(text[first:at])
        if (is_full and not is_public(text, first)) or (alone and is_humble):
            yield first, at, 0.75, "name_self"
            return


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


_KANJI_NAME: Final = re.compile(f"{NAME_KANJI}{{1,5}} ")
#: How far a name in kanji is from a foreign one in a list of persons, in items.
_NEXT_ITEMS: Final = 3


def _again(within: OpenText, names: Sequence[str]) -> Iterator[Name]:
    """The surnames of names before an honorific, elsewhere in the document."""
    text = within.text
    surnames = {surname for name in names if (surname := _surname(name))}
    if not surnames:
        return
    again = re.compile(
        f"(?<!{NAME_KANJI})(?:{'|'.join(map(re.escape, sorted(surnames, key=len, reverse=True)))})"
        f"(?= ?(?:{HONORIFIC})|(?<={NAME_KANJI}{{2}})です)"
    )
    for match in again.finditer(text):
        if not any(start < match.end() and match.start() < stop for start, stop in within.holes):
            yield *match.span(), 0.75, "name_again"


def _surname(name: str) -> str:
    """The surname of a name in kanji; empty if there is none, or nothing says where it ends."""
    words = name.split()
    if len(words) == 2:
        return words[0] if re.fullmatch(f"{NAME_KANJI}+", words[0]) else ""
    lengths = [i for i in range(2, len(name)) if "姓" in parts(name[:i]) and "名" in parts(name[i:])]
    return name[: lengths[-1]] if lengths else ""
