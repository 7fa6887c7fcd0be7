"""The slow, plain version of the pass over segments, with which tests compare the kernel."""

from collections import Counter
from dataclasses import dataclass
from itertools import groupby

from manyo.filters.signals.characters import class_of
from manyo.filters.signals.endings import listed_endings
from manyo.filters.signals.segment_kernels import FINAL, NO_ENDING, POLITE, WEAK
from manyo.filters.signals.segments import CLOSERS, DIVIDERS, OPENERS, PARTICLES

_COMMAS, _DOTS, _MIDDLE_DOTS, _ELLIPSES = "、，", ".", "・･", "…‥"
# What ends a segment, the strongest last, and the marks that do.
_BREAK, _ELLIPSIS, _WEAK_SHOUT, _SHOUT, _WEAK_STOP, _STOP, _DECORATION = range(1, 8)
_MARKS = {_ELLIPSIS: _ELLIPSES, _WEAK_SHOUT: "!?", _SHOUT: "！？‼⁇⁈⁉", _WEAK_STOP: "．", _STOP: "。｡"}
_TRAILING = _COMMAS + CLOSERS + _DOTS + _MIDDLE_DOTS + "".join(_MARKS.values())


@dataclass
class Segment:
    """The visible characters of a segment, and what ended it."""

    text: str
    ended: int
    is_cell: bool = False

    @property
    def hiragana(self) -> int:
        return sum(map(_is_hiragana, self.text))

    @property
    def japanese(self) -> int:
        return sum(map(_is_japanese, self.text))

    @property
    def particles(self) -> int:
        return sum(character in PARTICLES for character in self.text)

    def is_statement(self) -> bool:
        ending = _ending(self.text)
        reads_on = len(self.text) >= 15 and self.particles >= 2 and 3 * self.hiragana >= len(self.text)
        if self.ended in (_STOP, _WEAK_STOP):
            return len(self.text) >= 5 and self.hiragana >= 2
        if len(self.text) < 6:
            return False
        if self.text[0] in OPENERS and self.text[-1] in CLOSERS:
            return self.hiragana >= 2
        if self.ended == _DECORATION:
            return ending in (POLITE, FINAL) or reads_on
        if self.ended in (_SHOUT, _WEAK_SHOUT):
            return ending in (POLITE, FINAL, WEAK) or reads_on
        if ending == WEAK:
            return self.ended != _ELLIPSIS and reads_on
        return ending in (POLITE, FINAL)

    def is_phrase(self) -> bool:
        return (
            5 <= len(self.text) <= 30
            and self.japanese == len(self.text)
            and self.particles >= 1
            and 5 * self.hiragana >= 2 * len(self.text)
            and _is_hiragana(self.text[-1])
        )

    def is_teaser(self) -> bool:
        trails_off = _ending(self.text) in (FINAL, WEAK) and len(self.text) <= 30
        return self.ended == _ELLIPSIS and len(self.text) >= 10 and not trails_off

    def ends_open(self) -> bool:
        has_end = self.ended not in (_BREAK, 0) or self.text[-1] in CLOSERS
        return not has_end and _ending(self.text) not in (POLITE, FINAL, WEAK)

    def last_two(self) -> str:
        two = self.text.rstrip(_TRAILING)[-2:]
        return two if len(two) == 2 and all(map(_is_hiragana, two)) else ""

    def is_aside(self) -> bool:
        return self.text[0] in OPENERS and self.japanese <= 2 and len(self.text) <= 10


def _is_hiragana(character: str) -> bool:
    return "ぁ" <= character <= "ゖ"


def _is_japanese(character: str) -> bool:
    name = class_of(character).name
    return _is_hiragana(character) or name == "HAN" or "KATAKANA" in name


def _is_alphanumeric(character: str) -> bool:
    return class_of(character).name.removeprefix("FULLWIDTH_") in ("LATIN", "DIGIT")


def _is_decoration(character: str) -> bool:
    return ("☀" <= character <= "➿" or "\U0001f000" <= character <= "\U0001faff") and character not in DIVIDERS


def _ending(text: str) -> int:
    """The kind of the longest ending in which the last hiragana end, marks and closers after them left out."""
    text = text.rstrip(_TRAILING)
    run = text[len(text.rstrip("".join(map(chr, range(ord("ぁ"), ord("ゖ") + 1))))) :]
    found = [ending for ending in listed_endings() if run.endswith(ending)]
    return listed_endings()[max(found, key=len)] if found else NO_ENDING


def _ended(text: str) -> int:
    """What ends a segment of this text if it does not go on; 0 for none."""
    tail = text[len(text.rstrip(_TRAILING)) :]
    levels = [level for level, marks in _MARKS.items() if any(mark in marks for mark in tail)]
    runs = [(kind, len(list(run))) for kind, run in groupby(tail, lambda c: "." if c in _DOTS else c in _MIDDLE_DOTS)]
    levels += [_ELLIPSIS for kind, length in runs if (kind == "." and length >= 3) or (kind is True and length >= 2)]
    return max(levels, default=0)


def _goes_on(text: str) -> bool:
    return text[-1] in _COMMAS or (text[-1] in PARTICLES and _ending(text) != FINAL)


def _end_before(text: str, character: str, gap: str) -> int:
    """What ends the text before a character that a gap separates from it; 0 if it goes on."""
    ended = _ended(text)
    if character == "\t":
        return ended or _BREAK
    if character == "\n":
        return ended or (0 if _goes_on(text) else _BREAK)
    if character in DIVIDERS or (character in _MIDDLE_DOTS and gap):
        return ended or _BREAK
    if _is_decoration(character):
        return ended or _DECORATION
    if "\u3000" in gap or len(gap) > 1:
        return ended or (0 if _goes_on(text) else _BREAK)
    if ended == _ELLIPSIS:
        return ended if gap or character == "続" else 0
    if ended:
        is_address = ended in (_WEAK_SHOUT, _WEAK_STOP) and _is_alphanumeric(character) and not gap
        return 0 if is_address or character in _TRAILING else ended
    if gap:
        is_within = _is_alphanumeric(text[-1]) or _is_alphanumeric(character)
        return 0 if is_within or _goes_on(text) else _BREAK
    may_begin = character in OPENERS or (_is_japanese(character) and not _is_hiragana(character))
    return _BREAK if _is_hiragana(text[-1]) and may_begin and _ending(text) == POLITE else 0


def segments(text: str) -> tuple[list[Segment], int]:
    """The segments of a text, and how many visible characters stand between them."""
    found: list[Segment] = []
    said, gap, n_between, is_laugh, is_row = "", "", 0, False, False
    for at, character in enumerate(text):
        if character.isspace() and character not in "\n\t":
            gap += character
            continue
        word = text[at + 1 : at + 2]
        begins_word = word.isascii() and word.isalpha() and word not in "wW"
        is_laugh = character in "wｗ" and not gap and (is_laugh or _is_hiragana(said[-1:])) and not begins_word
        end = _end_before(said, character, gap) if said else 0
        if said and is_laugh:
            end = _DECORATION
        if end:
            found.append(Segment(said, end, is_row or character == "\t"))
            said = ""
        is_bullet = character in _MIDDLE_DOTS and (gap or not said)
        gap = ""
        if is_laugh or character in DIVIDERS or _is_decoration(character) or is_bullet:
            n_between += 1
        elif character not in "\n\t":
            said += character
        is_row = character == "\t" or (is_row and character != "\n")
    if said:
        found.append(Segment(said, _ended(said) or _BREAK, is_row))
    return found, n_between


def read_segments(text: str) -> dict[str, int]:
    """The counts of `manyo.filters.signals.segments.read_segments`."""
    found, n_between = segments(text)
    counts = Counter(visible_chars=n_between, segments=len(found))
    counts["broken_off"] = sum(segment.ended == _ELLIPSIS for segment in found[:-1])
    counts["ends_open"] = int(bool(found) and found[-1].ends_open())
    endings = Counter(segment.last_two() for segment in found if segment.is_statement() and segment.last_two())
    counts["top_ending"] = max(endings.values(), default=0)
    counts["polite_statements"] = sum(s.is_statement() and _ending(s.text) == POLITE for s in found)
    said = [segment.text.rstrip(_TRAILING) for segment in found if segment.is_statement()]
    counts["past_statements"] = sum(words.endswith("た") for words in said)
    counts["copula_statements"] = sum(words.endswith("です") for words in said)
    counts["appeal_statements"] = sum(words.endswith(("ょう", "さい")) for words in said)
    kinds: list[tuple[Segment, str]] = []
    for segment in found:
        follows_statement = bool(kinds) and kinds[-1][1] in ("statement", "aside")
        if segment.is_statement():
            kinds.append((segment, "statement"))
        elif segment.is_aside() and follows_statement:
            kinds.append((segment, "aside"))
        else:
            kinds.append((segment, "phrase" if segment.is_phrase() else "other"))
    for segment, kind in kinds:
        chars = len(segment.text)
        counts["visible_chars"] += chars
        counts["statements"] += kind == "statement"
        counts["statement_chars"] += chars * (kind in ("statement", "aside"))
        counts["running_segments"] += kind != "other"
        counts["running_chars"] += chars * (kind != "other")
        counts["teasers"] += kind == "other" and segment.is_teaser()
    counts["longest_passage"] = max(_passages(kinds), default=0)
    counts["longest_gap"] = max(
        (
            sum(len(segment.text) for segment, kind in run if kind == "other" and not segment.is_cell)
            for between, run in _runs(kinds, ("phrase", "other"))
            if between
        ),
        default=0,
    )
    counts["listed_chars"] = sum(
        sum(len(segment.text) for segment, _ in run)
        for is_listed, run in groupby(kinds, lambda item: item[1] == "other" and len(item[0].text) <= 25)
        for run in [list(run)]
        if is_listed and len(run) >= 4
    )
    return counts | _repeats(kinds)


def _runs(kinds: list[tuple[Segment, str]], of: tuple[str, ...]) -> list[tuple[bool, list[tuple[Segment, str]]]]:
    return [(is_of, list(run)) for is_of, run in groupby(kinds, lambda item: item[1] in of)]


def _passages(kinds: list[tuple[Segment, str]]) -> list[int]:
    passages: list[int] = []
    for is_other, run in _runs(kinds, ("other",)):
        chars = sum(len(segment.text) for segment, _ in run)
        if is_other:
            goes_on = chars <= 20
        elif passages and goes_on:
            passages[-1] += chars
        else:
            passages.append(chars)
    return passages


def _repeats(kinds: list[tuple[Segment, str]]) -> Counter[str]:
    seen: Counter[str] = Counter()
    passages: Counter[tuple[str, ...]] = Counter()
    counts: Counter[str] = Counter(longest_repeat=0)
    repeat = 0
    for at, (segment, kind) in enumerate(kinds):
        if len(segment.text) < 4 or segment.japanese == 0:
            continue
        seen[segment.text] += 1
        is_repeated = seen[segment.text] > 1
        repeat = repeat + len(segment.text) if is_repeated else 0
        counts["repeated_chars"] += len(segment.text) * is_repeated
        counts["longest_repeat"] = max(counts["longest_repeat"], repeat)
        if kind == "statement" and is_repeated:
            passage: tuple[str, ...] = ()
            for later, _ in kinds[at:]:
                passage = (*passage, later.text)
                if sum(map(len, passage)) >= 60:
                    passages[passage] += 1
                    break
    counts["segment_repeats"] = max(seen.values(), default=0)
    counts["passage_repeats"] = max(passages.values(), default=0)
    return counts
