"""Names of persons where a form, a table, a notice or a letter marks them as such; names in prose are not masked.

The place of a name decides: beside a label (`fields.py`), before 様 as in letters, next to a telephone number, an
address or another span that belongs to a person, or in a list of donors. Names in a sentence (佐藤首相は,
山田太郎さんが) are mostly those of public persons, so they are not looked for. `name_shapes.py` decides whether
characters are a name, and only the few at such a place are looked up: analysing every text would cost a hundred times
more.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from manyo.filters.pii.fields import OF_PERSONS, Field, line_of
from manyo.filters.pii.lazily import lazily
from manyo.filters.pii.name_shapes import (
    EXPECTED,
    FIRM,
    GAPPED,
    IN_FULL,
    LETTER,
    NAME_KANJI,
    NEVER,
    SURNAME,
    WINDOW_CHARS,
    WORDS_APART,
    Belief,
    is_common_kana,
)
from manyo.filters.pii.open_text import KANJI_OR_KATAKANA, WORD_BREAK, Interval, OpenText
from manyo.filters.pii.private_names import CALLED_GATE, GOES_ON, INTRODUCED_GATE, READING, introduced, reading_of
from manyo.filters.pii.private_words import AS_EXAMPLE, EXAMPLE, NO_SURNAME, OFFICES, Name, is_public
from manyo.filters.pii.screen_kernels import AMOUNT_SIGN, FRIEND_SIGN, INTRODUCES_SIGN, TITLE_SIGN

# Labels of offices: a section may stand before the name, and much else than a name.
_OFFICE: Final = lazily("担当|連絡先|問い?合わ?せ|事務局|受付|代表|幹事|会計|contact|宛")
_IN_PERSON: Final = lazily("担当|代表|幹事|会計|受付")
_BELIEFS: Final = {
    "firm": FIRM,
    "spaced": EXPECTED,
    "loose": EXPECTED,
    "said": GAPPED,
}
_SECTION: Final = lazily(
    "(?:[一-鿿ァ-ヴー・]{1,10}[部課係室局科班会店]|[一-鿿]{1,4}[長員])(?: {1,2}|・|の)|[一-鿿ァ-ヴー ]{2,16} {2,}"
    "|(?:会計|会長|代表|弁護士|店長)[ :]{1,2}"
)
_DEAD: Final = lazily("亡 ?|故 ?")
#: A column 氏名（旧姓） and the surname in brackets after a name in it.
_FORMER_LABEL: Final = lazily(r" ?[(\[/・] ?旧")
_OLD: Final = lazily(rf" ?\( ?({NAME_KANJI}{{1,4}}) ?\)")
_NEXT_NAME: Final = lazily("(?: ?様)?(?: ?[、,・/;] ?| {1,3})(?:[0-9]{1,2}[.)] ?|[①-⑳] ?|・ ?)?")
# What may stand behind a name in its cell.
_REST_OF_CELL: Final = lazily("(?: ?(?:様|さん|氏|殿|君|先生|印))? ?(?:$|[(、,・/;【\\[〔])")
_IS: Final = lazily("は|なら|ですが| ")
_GIVEN_LABELS: Final = frozenset({"名", "firstname", "givenname"})
_GIVEN_ONLY: Final = lazily(f"{LETTER}{{1,6}}|[A-Z][A-Za-z'-]{{1,20}}")
_SURNAME_LABELS: Final = frozenset({"姓", "lastname", "familyname", "surname"})
_GIVEN_LABEL: Final = lazily("(?:^|[\t|,、 ])名(?=$|[\t|,、 ])|(?i:first|given) ?_?name")
_SURNAME_LABEL: Final = lazily("姓|氏|名字|苗字|(?i:last|family|sur) ?_?name")
_PSEUDONYM: Final = lazily("(?:さん|氏|様|くん|ちゃん)?[(]仮名")

# After a section of an office. 音楽担当, 作画担当 and the like are credits of published works.
_FICTION: Final = lazily("主人公|CV[:.：]|声優|登場人物|キャラクター|種族|必殺技|ヒロイン")
_IN_CHARGE: Final = f"担当(?:(?<!{KANJI_OR_KATAKANA}担当)|{'|'.join(f'(?<={office}担当)' for office in OFFICES)})者?"
_IN_SENTENCE: Final = lazily(
    f"{_IN_CHARGE}[のは]|(?:名義|氏名|名前|本名)[はが](?:(?:ローマ字|英字|漢字|カタカナ|カナ)で)?|名義(?=[ァ-ヴ])"
)
_POLITE_END: Final = lazily(
    "です|まで|でございます|と申します|と言|といい|が(?:承|伺|担当)|宛|[にと]な(?:って|り)|で(?:登録|作|開設)"
)
_ADDRESSED: Final = lazily(
    r"(?=[ 様さ宛殿儀方])(?: ?(?<![客皆同仕多異模])様(?=$|[\s、,。！!)」へ宛方(0-9]|の)| 殿(?=$|[\s)」(])"
    r"|(?<=[一-鿿ぁ-んァ-ヴ])宛て?(?=に"
    r"|$|\s|へ)"
    r"|(?<=[ァ-ヴー])さん(?= ?(?:へ|宛)? ?(?:$|\n)))"
)
_MAY_BE_ADDRESSED: Final = lazily("[様殿宛]|さん")
# A blank between surname and given name is rare in prose about public people.
_FRIEND: Final = lazily(
    f" (?P<given>{LETTER}{{1,6}}?)"
    " ?(?:さん|くん|ちゃん|君(?![一-鿿])|儀(?=[(、 ])|方(?=$|[\\s(。、])|(?:さん)?宅(?=[(にへの]))"
)
_FOREIGN_FRIEND: Final = lazily(
    "(?<![ァ-ヴー])(?P<name>[ァ-ヴー]{2,40}+・[ァ-ヴー・]{2,40}+)(?:さん|くん)(?:の(?:ご?自宅|電話|携帯|連絡先|番号|住所|メール)"
    "| ?[(](?=<))"
)
_SURNAME_BEFORE: Final = lazily(f"{LETTER}{{1,5}}$")
_BLANK_INSIDE: Final = lazily(f"{LETTER}{{1,4}} {LETTER}{{1,6}}|[ァ-ヴー]{{2,}}・[ァ-ヴー・]{{2,}}")
_PUBLIC_TABLE: Final = lazily(
    "役職|在任|在職|歴代|党派|選挙|得票|順位|着順|記録|タイム|得点|作品|著書|出演|配役|監督|生没|没年|背番号|ポジション"
    "|受賞|代数|即位|選手"
)
_PRIVATE_TABLE: Final = lazily("住所|電話|連絡先|携帯|メール|生年月日|口座|(?i:tel|mail|phone|address)")
_TITLED: Final = lazily("名義(?=[)で」])|(?<=[A-Za-zァ-ヴ一-鿿]) ?㊞")
#: All that may be in a name.
_NAME_LETTERS: Final = lazily(f"[{LETTER[1:-1]}A-Za-zÀ-ƿḀ-ỿ'’,./・＝=･ 　-]+")
_ROLE_END: Final = lazily("[者主組人](?=[^者主組人])")
_KATAKANA_NAME: Final = lazily("[ァ-ヴー]{2,} ?[ァ-ヴー]{2,}")
_SECTION_BEFORE: Final = lazily("[部課係室局科班会店校院] ?$")
# A list of donors: an amount, then names.
_AMOUNT: Final = lazily(
    r"(?:^[^一-鿿\n]{0,4}| )金? ?(?:[0-9,]{3,12}|[一二三四五六七八九十百千万壱弐参拾]{1,8}) ?円(?:也)? {1,4}",
    re.MULTILINE,
)
#: What may stand between a name and the number that belongs to it.
_BEFORE_CONTACT: Final = lazily(
    r"(?:さん|様|まで|先生|氏|殿|君|ちゃん)?[\"']? {0,2}[)>(:/→,、;|\t\"']{0,3} ?[\"']?"
    r"(?:(?:(?:ご?自宅|携帯)?電話|携帯|自宅|直通|内線|勤務先|メール|住所|℡|☎|📱|(?i:tel|e-?mail|mobile|phone"
    r"|cell))(?:番号)? ?[.:]?)? ?[<(]?"
)
_ACCOUNT: Final = lazily("[0-9]{7}")
_AFTER_CONTACT: Final = lazily(r"の(?! )| ?\( ?(?:担当:? ?)?|[、,]? {0,2}(?:担当:? ?)?|[\"']? ?[,;\t|] ?[\"']?")
_AFTER_NAME: Final = lazily(
    r" ?(?:さん|様|方|まで|宛|氏|㊞|印)?[\"']? ?(?:[)\n\t,;|、。㊞(]|$)|さん|様|まで|宛|です|と申"
)
_MOBILE: Final = lazily(r"\(?0[5789]0|\+81[- ]?[5789]0")

_GATE_BLANK: Final = "[\\s　\u00a0\u2002\u2003\u2009\u200a\u202f]"
_GATE_POLITE: Final = (
    "です|まで|でございます|と申|と言|といい|が(?:承|伺|担当)|宛|[にと]な(?:って|り)|で(?:登録|作|開設)"
)
_GATE_WORD: Final = f"[一-鿿々ぁ-ゖァ-ヴー]{_GATE_BLANK}[一-鿿々〆ヶヵぁ-ゖァ-ヴー゛゜﨑𠮷]+"
#: Expressions of which one is found in every piece of text with a word next to which a name is looked for, and what
#: must follow it; by the sign of the screen that such a piece has, 0 for the words of the kind.
NAME_GATES: Final = {
    FRIEND_SIGN: f"{_GATE_WORD}{_GATE_BLANK}?(?:さん|くん|ちゃん|君)"
    "|・[ァ-ヴー]{2,}(?:さん|くん)(?:の(?:ご?自宅|電話|携帯|連絡先|番号|住所|メール)"
    f"|{_GATE_BLANK}?[（(])"
    f"|[ァ-ヴー]さん{_GATE_BLANK}?(?:へ|宛)?{_GATE_BLANK}?(?:$|\n)",
    TITLE_SIGN: f"(?:[^客皆同仕多異模名]|[^0-9０-９]名)様(?:$|{_GATE_BLANK}|[、,，。！!)）」へ宛方(（0-9０-９の])",
    AMOUNT_SIGN: f"(?:^[^一-鿿]{{0,4}}|{_GATE_BLANK})金?{_GATE_BLANK}?"
    f"(?:[0-9０-９,，]{{3,12}}|[一二三四五六七八九十百千万壱弐参拾]{{1,8}}){_GATE_BLANK}?円(?:也)?{_GATE_BLANK}{{1,4}}"
    "[一-鿿々〆ヶヵァ-ヴーぁ-ゖ﨑𠮷]",
    INTRODUCES_SIGN: INTRODUCED_GATE,
    0: f"{_GATE_WORD}{_GATE_BLANK}?(?:宅[(（にへの]|儀(?:[(（、]|{_GATE_BLANK})|方(?:$|{_GATE_BLANK}|[(（。、]))"
    f"|担当者?[のは].*(?:{_GATE_POLITE})|(?:(?:名義|氏名|名前|本名)[はが]|名義[ァ-ヴ]).*(?:[、。]|{_GATE_POLITE})|名義[)）」で]"
    f"|{_GATE_BLANK}殿(?:$|{_GATE_BLANK}|[)）」(（])|宛て?(?:$|{_GATE_BLANK}|[にへ])|㊞|{CALLED_GATE}",
}


class Contact(NamedTuple):
    """A span that belongs to a person or an office, and its value in `folded` form."""

    start: int
    stop: int
    value: str


def names(
    within: OpenText, pieces: Sequence[Interval], fields: Sequence[Field], contacts: Sequence[Contact]
) -> list[Name]:
    """Find names in one text.

    Args:
        within: the document; no name overlaps one of its holes, and what is in one decides nothing. That keeps masking
            a fixed point: a masked number is the same hole as before.
        pieces: where to look for words next to which names stand; a name may lie outside of them.
        fields: places after labels that announce a name.
        contacts: spans that belong to a person or an office: telephone numbers, addresses and the like.

    Returns:
        The names, in order of their starts.
    """
    text = within.text
    found: list[Name] = []
    settled: set[tuple[int, int]] = set()
    for field in fields:
        key = (field.label.start, field.label.stop)
        if (key not in settled or field.in_column) and (of_field := _of_field(within, field)):
            found += of_field
            if not field.in_column:
                settled.add(key)
    for start, stop in pieces:
        found += _in_piece(within, start, stop)
    found += introduced(within, pieces)
    lines: dict[int, Name | None] = {}
    for contact in contacts:
        found += _next_to_contact(within, contact)
        found += _in_block(within, contact.start, contact.stop, lines)
    for start, stop, _, rule in list(found):
        if rule == "name_addressed" and within.is_line_start(start):
            found += _in_block(within, start, stop, lines)
    found = [name for name in found if not (_PSEUDONYM.match(text, name[1]) or AS_EXAMPLE.match(text, name[1]))]
    found += [reading for name in found for reading in reading_of(within, name)]
    return sorted(set(found))


#: Farther away, even in the same line, an example or a work of fiction says nothing of a field.
_FORM_CHARS: Final = 1000


def _of_field(within: OpenText, field: Field) -> list[Name]:
    """The name at a field's start, or after a section of an office, and those after it in a list."""
    text = within.text
    first, last = field.label.start - _FORM_CHARS, field.stop + _FORM_CHARS
    if EXAMPLE.search(
        text, max(first, _lines_up(text, field.label.start, 4, first)), min(field.stop, field.start + _FORM_CHARS)
    ) or _FICTION.search(text, field.stop, min(last, _lines_down(text, field.stop, 6))):
        return []
    is_office = bool(_OFFICE.search(field.label.word))
    is_contact = is_office and not _IN_PERSON.search(field.label.word)
    belief = SURNAME if is_contact or (is_office and field.strength != "firm") else _BELIEFS[field.strength]
    header = line_of(text, field.label.start) if field.in_column else ""
    if field.in_column and _PUBLIC_TABLE.search(header) and not _PRIVATE_TABLE.search(header):
        return []
    if field.label.word in _GIVEN_LABELS:
        given = _GIVEN_ONLY.fullmatch(text, field.start, field.stop)
        if _SURNAME_LABEL.search(text, _lines_up(text, field.label.start, 1), field.stop):
            return [(field.start, field.stop, 0.85, "name_form")] if given else []
        # 【名】 of a short form may be the whole of it.
        stop = within.name_end(field.start, FIRM, field.stop) if field.strength == "firm" else 0
        is_whole = stop and WORDS_APART.search(text, field.start, stop) and _REST_OF_CELL.match(text, stop, field.stop)
        return [(field.start, stop, 0.85, "name_form")] if is_whole else []
    if field.in_column and field.label.word in _SURNAME_LABELS and _GIVEN_LABEL.search(header):
        surname = _GIVEN_ONLY.fullmatch(text, field.start, field.stop)
        return [(field.start, field.stop, 0.85, "name_form")] if surname else []
    if (
        field.in_column
        and re.match("[a-z]", field.label.word)
        and not OF_PERSONS.search(line_of(text, field.label.start))
    ):
        belief = IN_FULL
    if field.in_column and _PRIVATE_TABLE.search(header) and _is_foreign_alone(text, field):
        return [(field.start, field.stop, 0.85, "name_form")]
    dead = _DEAD.match(text, field.start)
    start = dead.end() if dead else field.start
    stop = within.name_end(start, belief, field.stop)
    if field.strength == "said":
        is_name = bool(stop and WORDS_APART.search(text, start, stop)) and not GOES_ON.match(text, stop)
        is_stated = _IS.search(text, field.label.stop, start) or field.label.word.endswith("名義")
        if re.match("[A-Zァ-ヴ]", text[start]) and not is_stated:
            is_name = False
        return [(start, stop, 0.85, "name_said")] if is_name else []
    if field.in_column and stop and not _REST_OF_CELL.match(text, stop, field.stop):
        return []
    if not stop and is_office and (section := _SECTION.match(text, start, field.stop)):
        start = section.end()
        stop = within.name_end(start, SURNAME if field.strength != "firm" else FIRM, field.stop)
    if not stop and field.strength != "loose" and not is_contact:
        # The name of a club or an office may stand before that of its member.
        for token in re.compile("(?<= )[^ ]").finditer(text, start, field.stop):
            if stop := within.name_end(token.start(), IN_FULL, field.stop):
                start = token.start()
                break
    found: list[Name] = []
    if (
        stop
        and field.label.word == "n"
        and (given := re.compile(f";({LETTER}{{1,6}})(?=;|$)").match(text, stop, field.stop))
    ):
        found.append((*given.span(1), 0.9, "name_form"))
    is_line = within.is_line_start(start) or text[field.label.stop : start].count("\n") > 0
    while stop:
        found.append((start, stop, 0.9, "name_form"))
        reading = READING.match(text, stop, field.stop)
        if not reading and _FORMER_LABEL.match(text, field.label.stop) and (old := _OLD.match(text, stop, field.stop)):
            found.append((*old.span(1), 0.85, "name_former"))
        following = _NEXT_NAME.match(text, reading.end() if reading else stop, field.stop)
        if not following:
            break
        # 、 may start another entry of the form: 山田太郎、生年月日.
        start = following.end()
        stop = within.name_end(start, Belief(2, is_expected=field.strength == "firm"), field.stop)
    if found and is_line and text[found[-1][1] : found[-1][1] + 1] == "\n":
        found += _lines_of_names(within, found[-1][1] + 1)
    return found


def _is_foreign_alone(text: str, field: Field) -> bool:
    """Whether a cell is one word in katakana that is no common noun: some people have one name only."""
    word = _ONE_KATAKANA.fullmatch(text, field.start, field.stop)
    is_of_names = field.label.word in ("氏名", "名前", "契約者")
    return word is not None and is_of_names and not is_common_kana(word[0])


_ONE_KATAKANA: Final = lazily("[ァ-ヴー]{2,8}")


def _lines_of_names(within: OpenText, start: int) -> Iterator[Name]:
    """Names alone in their lines, one line after the other."""
    while name := _line_name(within, start):
        yield name
        start = within.text.find("\n", name[1]) + 1
        if not start:
            return


def _line_name(within: OpenText, start: int) -> Name | None:
    """The name that a line consists of, with its title, reading and age."""
    text = within.text
    blanks = _INDENT.match(text, start)
    first = blanks.end() if blanks else start
    line_end = text.find("\n", first)
    line_end = len(text) if line_end < 0 else line_end
    if line_end - first > _LINE_CHARS:
        return None
    last = within.name_end(first, GAPPED, line_end)
    if not last or not _REST_OF_LINE.fullmatch(text, last, line_end):
        return None
    is_name = _BLANK_INSIDE.fullmatch(text, first, last) or within.name_end(first, IN_FULL, last) == last
    is_foreign = _FOREIGN.fullmatch(text, first, last) and not READING.match(text, last, line_end)
    return (first, last, 0.8, "name_line") if is_name and not is_foreign else None


#: Words in katakana or Latin letters, as shops and products have them.
_FOREIGN: Final = lazily("[ァ-ヴー゛゜ ・A-Za-z'-]+")
#: Longest line that is searched: a name, what `_REST_OF_LINE` allows, and some blanks.
_LINE_CHARS: Final = 2 * WINDOW_CHARS
_INDENT: Final = lazily("[ \t・○●■□◇◆*]*")
_REST_OF_LINE: Final = lazily(r" ?(?:様|殿|拝|より|記|方|印|㊞)?(?: ?[(][^()\n]{1,24}[)])? *")


def _in_piece(within: OpenText, start: int, stop: int) -> Iterator[Name]:
    """Names next to words in a piece; what costs little to find says which expressions can match."""
    text = within.text
    piece = text[start:stop]
    if "担当" in piece or "名" in piece:
        yield from _in_sentence(within, start, stop)
    if " " in piece:
        for match in _FRIEND.finditer(text, start, stop):
            yield from _friend(within, match)
    if "・" in piece:
        for match in _FOREIGN_FRIEND.finditer(text, start, stop):
            yield *match.span("name"), 0.8, "name_friend"
    if _MAY_BE_ADDRESSED.search(piece):
        for match in _ADDRESSED.finditer(text, start, stop):
            yield from _addressed(within, match)
    if "名義" in piece or "㊞" in piece:
        yield from _titled(within, start, stop)
    line = text.rfind("\n", 0, start) + 1
    if "円" in text[line:stop]:
        yield from _donors(within, line, stop)


def _in_sentence(within: OpenText, start: int, stop: int) -> Iterator[Name]:
    """Names after 担当の, 名義は and the like."""
    text = within.text
    for match in _IN_SENTENCE.finditer(text, start, stop):
        is_name = "名" in match[0]
        stop_of_name = within.name_end(match.end(), Belief(2, is_expected=is_name, has_latin=is_name))
        if stop_of_name and (
            _POLITE_END.match(text, stop_of_name)
            or (is_name and text[stop_of_name : stop_of_name + 1] in ("、", "。", "\n", ""))
        ):
            yield match.end(), stop_of_name, 0.8, "name_sentence"


def _titled(within: OpenText, start: int, stop: int) -> Iterator[Name]:
    """Names before 名義 and a seal."""
    for match in _TITLED.finditer(within.text, start, stop):
        for first in within.starts_before(match.start()):
            if within.name_end(first, Belief(2, is_expected=True, is_firm=True), match.start()) == match.start():
                yield first, match.start(), 0.85, "name_titled"
                break


def _donors(within: OpenText, start: int, stop: int) -> Iterator[Name]:
    """Names after amounts."""
    text = within.text
    for match in _AMOUNT.finditer(text, start, stop):
        position = match.end()
        while last := within.name_end(position, IN_FULL if position == match.end() else Belief(NEVER, True)):
            yield position, last, 0.8, "name_donor"
            following = re.compile("(?: ?様)?[ 、]{1,4}").match(text, last)
            if not following:
                break
            position = following.end()


def _friend(within: OpenText, match: re.Match[str]) -> Iterator[Name]:
    """A surname, a blank and a given name before さん and the like."""
    text = within.text
    before = _SURNAME_BEFORE.search(text, max(0, match.start() - 5), match.start())
    for first in range(before.start(), match.start()) if before else ():
        is_start = first == 0 or bool(WORD_BREAK.match(text, first - 1))
        if is_public(text, first):
            return
        last = match.end("given")
        if is_start and within.name_end(first, Belief(NEVER, is_expected=True), last) == last:
            yield first, last, 0.8, "name_friend"
            return


def _addressed(within: OpenText, address: re.Match[str]) -> Iterator[Name]:
    """The name before 様 or 宛, or a name in katakana alone in its line before さん."""
    text = within.text
    is_title = "さん" not in address[0]
    reach = max(0, address.start() - WINDOW_CHARS)
    roles = [match.end() for match in _ROLE_END.finditer(text, reach, address.start())]
    # Sought from its end, the name costs one pass.
    letters = _NAME_LETTERS.match(text[reach : address.start()][::-1])
    first = address.start() - (letters.end() if letters else 0)
    for start in sorted({*within.starts_before(address.start()), *roles}):
        if start < first:
            continue
        is_first = within.is_line_start(start)
        if not is_title and not (is_first and _KATAKANA_NAME.fullmatch(text, start, address.start())):
            continue
        is_apart = (
            is_first or bool(_SECTION_BEFORE.search(text, max(0, start - 3), start)) or text[start - 1] in "\t)>」 。、"
        )
        is_word = is_apart and text[address.start() - 1] not in NO_SURNAME
        belief = (
            Belief(1 if is_word else 2, is_expected=True, is_firm="様" in address[0])
            if is_title and is_apart
            else Belief(NEVER, is_expected=is_title)
        )
        if within.name_end(start, belief, address.start()) == address.start():
            yield start, address.start(), 0.85, "name_addressed"
            return


def _next_to_contact(within: OpenText, contact: Contact) -> Iterator[Name]:
    """The name right before a span that belongs to a person, and the one after it."""
    text = within.text
    start, stop, value = contact
    is_mobile = bool(_MOBILE.match(value))
    is_account = bool(_ACCOUNT.fullmatch(value))
    # In a bracket after a name, the number says that even one character is a name.
    belief = Belief(1 if text[start - 1 : start] == "(" else 2, is_expected=True, has_latin=True)
    for first in within.starts_before(start):
        last = within.name_end(first, belief, start)
        between = _BEFORE_CONTACT.fullmatch(text, last, start) if last else None
        if between is None:
            continue
        is_marked = bool(re.match(r"さん|様|まで|先生|氏|[(]", between[0]))
        is_full = not re.fullmatch(f"{LETTER}{{1,3}}", text[first:last]) and _is_full(within, first, last)
        if is_full or is_mobile or is_marked:
            yield first, last, 0.85, "name_beside"
            break
    opened = _AFTER_CONTACT.match(text, stop)
    if opened:
        is_bracket = "(" in opened[0]
        last = within.name_end(
            opened.end(), Belief(2, is_expected=is_bracket or is_account, is_firm=is_bracket or is_account)
        )
        if last and _AFTER_NAME.match(text, last):
            is_full = _is_full(within, opened.end(), last)
            is_marked = bool(re.match("さん|様|まで|宛|方|です", text[last : last + 2]))
            if is_bracket or is_account or is_full or (is_marked and opened[0]):
                yield opened.end(), last, 0.85, "name_beside"


def _lines_down(text: str, position: int, n_lines: int) -> int:
    """Where the line ends that is some lines below a position."""
    stop = text.find("\n", position)
    while n_lines and stop >= 0:
        stop = text.find("\n", stop + 1)
        n_lines -= 1
    return stop if stop >= 0 else len(text)


def _lines_up(text: str, position: int, n_lines: int, first: int = 0) -> int:
    """Where the line starts that is some lines above a position, or the place before which none is looked for."""
    first = max(0, first)
    start = text.rfind("\n", first, position)
    while n_lines and start >= 0:
        start = text.rfind("\n", first, start)
        n_lines -= 1
    return max(first, start + 1)


def _in_block(within: OpenText, start: int, stop: int, lines: dict[int, Name | None]) -> Iterator[Name]:
    """Names alone in their lines, up to three lines above and two below a span, without an empty line between.

    Args:
        within: the document.
        start, stop: the span.
        lines: the names in lines that have been read, by the starts of these, to which new ones are added.
    """
    text = within.text
    places = []
    line = text.rfind("\n", 0, start) + 1
    for _ in range(3):
        if line == 0 or text[max(0, line - 2) : line] == "\n\n":
            break
        line = text.rfind("\n", 0, line - 1) + 1
        places.append(line)
    line = text.find("\n", stop) + 1
    for _ in range(2):
        if line == 0 or text[line : line + 1] == "\n":
            break
        places.append(line)
        line = text.find("\n", line) + 1
    for line in places:
        if line not in lines:
            lines[line] = _line_name(within, line)
        if name := lines[line]:
            yield name


def _is_full(within: OpenText, start: int, stop: int) -> bool:
    """Whether a name is a surname and a given name, or two words in kana or Latin letters."""
    return within.name_end(start, IN_FULL, stop) == stop or bool(
        re.search("[A-Za-zァ-ヴ][ ・]", within.text[start:stop])
    )
