"""Find personal information in Japanese text, without changing the text.

`find` returns spans and `manyo.corpus.release` replaces them; what counts is in `manyo.filters.pii.patterns`.

Two things make it fast: `gate.py` leaves the few sentences in a hundred that can hold anything, and a pattern reads
only those that can hold its kind.

Masking must be a fixed point: scrubbing a scrubbed text finds nothing new. Words near a span are therefore looked for
in the text with masks, spans and undecided numbers taken out. Otherwise masking one number would bring a word nearer to
the next.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from manyo.corpus.release import SPANS
from manyo.corpus.text import Texts
from manyo.filters.pii.aligned_names import aligned_names
from manyo.filters.pii.check_digits import luhn
from manyo.filters.pii.covered import Covered
from manyo.filters.pii.field_values import READERS
from manyo.filters.pii.fields import Field, fields
from manyo.filters.pii.forms import (
    Pair,
    form_stretches,
    own_fields,
    own_names,
    pairs,
    starts_with_name,
    without_labels,
)
from manyo.filters.pii.gate import LABEL, PRIVATE, Piece, gated_texts, kinds_that_pass
from manyo.filters.pii.joined_names import joined_names
from manyo.filters.pii.kinds import CONSTANT_MASK, MASK, PII_KINDS, Kind
from manyo.filters.pii.labels import NEAR_CHARS, Meaning, is_near
from manyo.filters.pii.lazily import lazily
from manyo.filters.pii.matching import (
    AGE_HOLE,
    HOLE,
    NAME_HOLE,
    UNLESS_CHARS,
    Pattern,
    accepted,
    first_match,
)
from manyo.filters.pii.name_evidence import private_stretches
from manyo.filters.pii.names import Contact, names
from manyo.filters.pii.normal_form import digits_read, folded
from manyo.filters.pii.open_text import OpenText
from manyo.filters.pii.own_kinds import find_own
from manyo.filters.pii.patterns import PATTERNS
from manyo.filters.pii.plain_form import places_in, plain_form
from manyo.filters.pii.postal_addresses import find_addresses, modern
from manyo.filters.pii.private_names import passage_names
from manyo.filters.pii.private_words import AS_EXAMPLE
from manyo.filters.pii.rejoined import rejoined
from manyo.filters.pii.scrub_settings import Scrub

_KINDS: Final = frozenset(kind.name for kind in PII_KINDS)

#: Names are looked for next to these.
_CONTACT_KINDS: Final = _KINDS - {
    "person_name",
    "birth_date",
    "age",
    "ip",
    "credential",
    "mac_address",
}

#: Shops have none of these.
_NUMBERS_OF_PERSONS: Final = _CONTACT_KINDS - {"phone", "postal_address", "email", "sns_id", "geo_position"}

#: Values that say nothing about the passage around them.
_NO_EVIDENCE: Final = frozenset({"ip", "mac_address"})

#: Kinds that count only near a name, so that names are looked for even where they are not asked for.
_KINDS_NEAR_NAMES: Final = frozenset(kind.name for kind in PII_KINDS if kind.near_names)

#: A stated date of birth counts near any value of a person, an age near a name: tables of elections have ages.
_HOLES_NEAR: Final = {"birth_date": f"[{HOLE}{NAME_HOLE}]", "age": NAME_HOLE}
_NEAR_NAMES: Final = {
    kind: Pattern(
        kind,
        f"label_{kind}",
        0.9,
        lazily(""),
        needs=lazily(_HOLES_NEAR[kind]),
        within_chars=200,
        needs_after=True,
    )
    for kind in _KINDS_NEAR_NAMES
}


class _Span(NamedTuple):
    """A match. Positions here and below are in code points."""

    start: int
    stop: int
    kind: str
    score: float
    pattern: str


class _Hole(NamedTuple):
    """What is taken out of the words around a candidate, and the character that stands for it there."""

    start: int
    stop: int
    sign: str


def find(texts: pa.Array | pa.ChunkedArray, kinds: Sequence[str]) -> pa.RecordBatch:
    """Find personal information in a column of texts.

    Args:
        texts: string or large_string, without nulls.
        kinds: names out of `PII_KINDS`; an empty sequence finds nothing. Birth dates count only near a name, which need
            not be one of the kinds.

    Returns:
        Spans as in `manyo.corpus.release.SPANS`, in the order of rows and starts; positions in code points. Spans of
        different patterns may overlap.
    """
    with_names = "person_name" in kinds or not _KINDS_NEAR_NAMES.isdisjoint(kinds)
    chosen = [kind for kind in PII_KINDS if kind.name in kinds or (with_names and kind.name == "person_name")]
    patterns = by_kind(kinds)
    rows: list[int] = []
    spans: list[_Span] = []
    plain = plain_form(Texts.from_arrow(texts))
    for row, text, pieces in gated_texts(plain.texts, chosen):
        meant = _as_meant(text.chars, text.pieces) if text.may_be_misread else text.chars
        fold = text.fold if meant is text.chars else folded(meant)
        every = _find_in(meant, fold, pieces, patterns, with_names)
        if text.may_be_apart:
            every += _in_rejoined(text.chars, chosen, patterns, with_names)
        found = sorted({span for span in every if span.kind in kinds})
        if plain.is_shorter[row]:
            places = places_in(texts[row].as_py())
            found = [span._replace(start=places[span.start], stop=places[span.stop - 1] + 1) for span in found]
        rows += [row] * len(found)
        spans += found
    if own := [kind for kind in kinds if kind not in _KINDS]:
        more = ((row, _Span(start, stop, kind, 1.0, "")) for row, start, stop, kind in find_own(texts.to_pylist(), own))
        both = sorted([*zip(rows, spans, strict=True), *more])
        rows, spans = [row for row, _ in both], [span for _, span in both]
    columns = [rows, *zip(*spans, strict=True)] if spans else [[]] * len(SPANS)
    arrays = [pa.array(column, field.type) for column, field in zip(columns, SPANS, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=SPANS)


def find_by_profile(texts: pa.Array | pa.ChunkedArray, profiles: Sequence[str], scrub: Scrub) -> pa.RecordBatch:
    """Find in each row the kinds that its profile masks.

    Args:
        texts: string or large_string, without nulls.
        profiles: one per row.
        scrub: settings.

    Returns:
        Spans as `find` has them.

    Raises:
        ValueError: a profile that the settings do not name.
    """
    unknown = set(profiles) - set(scrub.kinds)
    if unknown:
        raise ValueError(f"scrub.kinds: nothing for profile {sorted(unknown)[0]}; it names {', '.join(scrub.kinds)}")
    of_row = np.asarray(profiles, dtype=object)
    parts = []
    for profile in sorted(set(profiles)):
        rows = np.flatnonzero(of_row == profile)
        spans = find(texts.take(pa.array(rows)), scrub.kinds[profile])
        parts.append(
            spans.set_column(0, SPANS.field("row"), pa.array(rows[spans.column("row").to_numpy()], pa.int64()))
        )
    table = pa.Table.from_batches(parts, SPANS)
    order = pc.sort_indices(table, [("row", "ascending"), ("start", "ascending"), ("stop", "ascending")])
    return table.take(order).combine_chunks().to_batches()[0] if len(table) else find(texts, ())


def _find_in(
    text: str, fold: str, pieces: list[Piece], patterns: Mapping[str, Sequence[Pattern]], with_names: bool
) -> list[_Span]:
    """Spans of one text: matches within pieces that passed the gate of the pattern's kind, values of labels, names.

    Args:
        text: the text as it is meant (`_as_meant`).
        fold: the same in folded form.
        pieces: what of it passed a gate.
        patterns: those of the kinds that are looked for.
        with_names: whether names are.
    """
    gated: dict[str, list[tuple[int, int]]] = {}
    for start, stop, kinds in pieces:
        for kind in kinds:
            gated.setdefault(kind, []).append((start, stop))
    put_off = {kind: gated.pop(kind) for kind in _KINDS_NEAR_NAMES if kind in gated}
    settled, pending = _matched(text, gated, patterns)
    labelled = gated.get(LABEL, [])
    named = gated.get("person_name", [])
    addressed = gated.get("postal_address", [])
    private = list(private_stretches(text)) if PRIVATE in gated else []
    if not (settled or pending or labelled or named or addressed or private):
        return []
    masks = [_Hole(*match.span(), _sign_of_mask(match[0])) for match in MASK.finditer(text)] if "<" in text else []
    settled += _addresses(fold, addressed, masks)
    holes = _joined([*(_Hole(span.start, span.stop, HOLE) for span in settled), *masks])
    all_fields = list(fields(_punched(fold, holes), labelled))
    values, near_names = _values(fold, all_fields, settled, masks, holes)
    settled += values
    settled += _written_alike(fold, settled, holes)
    pending += near_names
    # Most texts with a label are no form about a person: their blocks are never asked for.
    blocks = _Blocks(fold, tuple(settled), masks, all_fields)
    personal = [(span.start, span.stop) for span in settled]
    personal += [(place.start, place.stop) for place in all_fields if starts_with_name(fold, place)]
    if personal:
        own = list(own_fields(fold, blocks(), all_fields, personal))
        in_forms, near_names = _values(fold, own, settled, masks, holes)
        settled += in_forms
        pending += near_names
    name_fields = [field for field in all_fields if any(of.kind == "person_name" for of in field.meanings)]
    if not (settled or named or name_fields or private) and _count_near_names(pending):
        return []
    # Every other article has an age; they are read where something that they may count near was found.
    pending += _matched(text, put_off, patterns)[1]
    in_doubt = (
        _Hole(span.start, span.stop, AGE_HOLE if span.kind in _KINDS_NEAR_NAMES else HOLE) for _, span in pending
    )
    holes = _joined([*(_Hole(span.start, span.stop, HOLE) for span in settled), *in_doubt, *masks])
    contacts = _contacts(fold, text, settled, pending, holes)
    found = []
    if with_names and (named or name_fields or contacts or settled):
        within = _open_text(fold, holes)
        found = names(within, named, name_fields, contacts)
        known_labels = sorted(place.label.start for place in all_fields)
        of_persons = [(span.start, span.stop) for span in settled] + [(start, stop) for start, stop, *_ in contacts]
        if found or of_persons:
            found += own_names(within, blocks(), known_labels, of_persons, found)
    holes = _joined([*holes, *(_Hole(start, stop, NAME_HOLE) for start, stop, *_ in found)])
    evidence = [(span.start, span.stop) for span in settled if span.kind not in _NO_EVIDENCE]
    evidence += [(start, stop) for start, stop, *_ in contacts]
    evidence += [(start, stop) for start, stop, _, rule in found if rule == "name_form"]
    if with_names and (evidence or found or private):
        known = [fold[start:stop] for start, stop, *_ in found]
        within = _open_text(fold, holes)
        numbers = [(span.start, span.stop) for span in settled if span.kind in _NUMBERS_OF_PERSONS]
        more = passage_names(within, evidence, numbers, private, known)
        if more:
            more = without_labels(more, blocks())
        holes = _joined([*holes, *(_Hole(start, stop, NAME_HOLE) for start, stop, *_ in more)])
        found = [*found, *more]
        found += aligned_names(text, within, found)
        found += joined_names(within, found)
    settled += [_Span(start, stop, "person_name", score, place) for start, stop, score, place in found]
    return settled + [span for pattern, span in pending if _in_context(pattern, text, span, holes)]


def _contacts(
    fold: str, text: str, settled: Sequence[_Span], pending: Sequence[tuple[Pattern, _Span]], holes: list[_Hole]
) -> list[Contact]:
    """Values next to which names stand."""
    # Telephone numbers without separators are in doubt until now; names next to them must not decide about them.
    contacts = [
        Contact(span.start, span.stop, fold[span.start : span.stop])
        for span in (*settled, *(span for pattern, span in pending if _in_context(pattern, text, span, holes)))
        if span.kind in _CONTACT_KINDS
    ]
    # An age or a date of birth between a name and an address: the name is next to them.
    if not pending:
        return contacts
    firsts = Covered((start, start + 1) for start, _, _ in contacts)
    lasts = Covered((stop - 1, stop) for _, stop, _ in contacts)
    return contacts + [
        Contact(span.start, span.stop, "")
        for _, span in pending
        if span.kind in _KINDS_NEAR_NAMES
        and (firsts.meets(span.stop, span.stop + 4) or lasts.meets(span.start - 4, span.start))
    ]


class _Blocks:
    """Labels and values that are set alike, near values of persons and labels; read when they are first asked for."""

    def __init__(
        self, fold: str, settled: Sequence[_Span], masks: Sequence[_Hole], all_fields: Sequence[Field]
    ) -> None:
        self._of = (fold, settled, masks, all_fields)
        self._read: list[list[Pair]] | None = None

    def __call__(self) -> list[list[Pair]]:
        if self._read is None:
            fold, settled, masks, all_fields = self._of
            spans = [(span.start, span.stop) for span in settled]
            punched = _punched(fold, _joined([*(_Hole(*span, HOLE) for span in spans), *masks]))
            personal = [*spans, *((place.label.start, place.stop) for place in all_fields)]
            self._read = [block for stretch in form_stretches(fold, personal) for block in pairs(punched, *stretch)]
        return self._read


def _in_rejoined(
    text: str, kinds: Sequence[Kind], patterns: Mapping[str, Sequence[Pattern]], with_names: bool
) -> list[_Span]:
    """Spans of a text in the lines that print or OCR took apart."""
    whole = rejoined(text)
    if not whole:
        return []
    cuts = [0, *(match.end() for match in re.finditer("[\n。]", whole.chars)), len(whole.chars)]
    near = [(start, stop) for start, stop in pairwise(cuts) if whole.is_near(start, stop)]
    meant = _as_meant(whole.chars, near)
    passed = kinds_that_pass([meant[start:stop] for start, stop in near], kinds)
    pieces = [Piece(*place, {*of_place, LABEL, PRIVATE}) for place, of_place in zip(near, passed, strict=True)]
    found = _find_in(meant, folded(meant), pieces, patterns, with_names)
    return [
        span._replace(start=start, stop=stop) for span in found for start, stop in [whole.span(span.start, span.stop)]
    ]


#: How far behind a label's piece its value may be, where OCR is corrected.
_VALUE_CHARS: Final = 60


def _as_meant(text: str, pieces: Iterable[tuple[int, int]]) -> str:
    """A text of the same length with digits for the letters that OCR took them for, in pieces and soon after them."""
    parts, position = [], 0
    for start, stop in pieces:
        stop = min(len(text), stop + _VALUE_CHARS)
        start = max(start, position)
        if start < stop:
            parts += [text[position:start], digits_read(text[start:stop])]
            position = stop
    return "".join([*parts, text[position:]])


def _count_near_names(pending: Sequence[tuple[Pattern, _Span]]) -> bool:
    """Whether all of the matches count only near a name."""
    return all(pattern.kind in _KINDS_NEAR_NAMES for pattern, _ in pending)


_UNIT: Final = lazily("[都道府県市区町村郡字]")


def _addresses(fold: str, pieces: Sequence[tuple[int, int]], masks: Sequence[_Hole]) -> Iterator[_Span]:
    """Postal addresses whose municipality is in a piece, or in the line before it, if that breaks off there."""
    reached = 0
    masked = Covered((mask.start, mask.stop) for mask in masks)
    text = modern(fold) if pieces else fold
    for start, stop in pieces:
        above = fold.rfind("\n", 0, max(0, start - 1)) + 1
        is_broken = start > 1 and fold[start - 1] == "\n" and bool(_UNIT.search(fold, above, start))
        first = above if is_broken else start
        for place in find_addresses(text, max(first, reached), stop):
            reached = place.stop
            value = fold[place.start : place.stop]
            if not masked.meets(place.start, place.stop) and not _is_blank(value) and not _ROAD.search(value):
                yield _Span(place.start, place.stop, "postal_address", 0.9, place.rule)


#: 一般国道七号 is a road.
_ROAD: Final = lazily("[国県都府]道[0-9〇一二三四五六七八九十百]+号")


def _is_blank(value: str) -> bool:
    """Whether somebody has put zeros for all digits of a value."""
    return set(re.findall("[0-9]", value)) == {"0"}


def _punched(fold: str, holes: Sequence[_Hole]) -> str:
    """A text of the same length in which a hole looks the same whether it is masked already or not."""
    if not holes:
        return fold
    parts, position = [], 0
    for start, stop, _ in holes:
        parts += [fold[position:start], f"<{HOLE * (stop - start - 2)}>"[: stop - start]]
        position = stop
    return "".join([*parts, fold[position:]])


def _open_text(fold: str, holes: Sequence[_Hole]) -> OpenText:
    return OpenText(_punched(fold, holes), [(hole.start, hole.stop) for hole in holes])


#: Kinds of which nobody has a value of zeros.
_WRITTEN_BLANK: Final = frozenset({"postal_address", "birth_date", "bank_account", "age"})


def _values(
    fold: str, all_fields: Sequence[Field], settled_before: Sequence[_Span], masks: Sequence[_Hole], holes: list[_Hole]
) -> tuple[list[_Span], list[tuple[Pattern, _Span]]]:
    """Values beside labels, and those that count only near a name; of a label, the first place with a value counts."""
    settled: list[_Span] = []
    pending: list[tuple[Pattern, _Span]] = []
    done: set[int] = set()
    taken = _Taken(settled_before, masks)
    for place in all_fields:
        if place.label.start in done and not place.in_column:
            continue
        for meaning in place.meanings:
            read = READERS.get(meaning.kind)
            value = read(fold, place) if read else None
            if (
                not value
                or (meaning.kind in _WRITTEN_BLANK and _is_blank(fold[value[0] : value[1]]))
                or AS_EXAMPLE.match(fold, value[1])
                or taken.meets(value, meaning.kind)
                or not _is_near(meaning, fold, place, holes)
            ):
                continue
            span = _Span(*value, meaning.kind, 0.9, f"label_{meaning.kind}")
            if meaning.kind in _NEAR_NAMES:
                pending.append((_NEAR_NAMES[meaning.kind], span))
            else:
                settled.append(span)
            if not place.in_column:
                done.add(place.label.start)
            break
    return settled, pending


#: Numbers of these kinds are issued in one form, which a second one of a document shows without a label.
_OF_ONE_FORM: Final = frozenset(
    {
        "passport",
        "residence_card",
        "pension_number",
        "member_id",
        "insurance_number",
        "driving_licence",
        "resident_code",
        "imei",
    }
)
_CODE: Final = lazily(r"(?<![0-9A-Za-z@._/#-])[0-9A-Za-z][0-9A-Za-z-]{4,20}(?![0-9A-Za-z@._/#-])")
#: 00713と00926: the second number of two.
_NEXT_CODE: Final = lazily(
    r" ?(?:と|、|および|及び|・|,|/) ?(?P<code>[0-9A-Za-z][0-9A-Za-z-]{3,20})(?![0-9A-Za-z@._/#-])"
)
#: Signatures that prices, dates and telephone numbers have, too.
_COMMON_FORM: Final = lazily("9{1,9}|9{4}-9{1,2}-9{1,2}|9{2,5}-9{1,4}-9{4}|[A-Za]+|9+[a-z]+|[A-Za-z]9{0,3}")
_THING_BEFORE: Final = lazily(
    r"(?:注文|伝票|受付|予約|追跡|型番|品番|商品|製造|問い?合わ?せ|管理|整理|便名|部屋|号車)[^0-9A-Za-z\n]{0,8}$"
)


def _is_imei(code: str) -> bool:
    """Whether digits, with or without hyphens, are the number of a device."""
    digits = code.replace("-", "")
    return len(digits) == 15 and digits.isdigit() and luhn(digits)


def _form(value: str) -> str:
    """How a number is written: A for a capital, a for another letter, 9 for a digit."""
    return re.sub("[0-9]", "9", re.sub("[a-z]", "a", re.sub("[A-Z]", "A", value)))


def _written_alike(fold: str, settled: Sequence[_Span], holes: Sequence[_Hole]) -> Iterator[_Span]:
    """Numbers without a label that are written like one of a kind that a label announced in the same document."""
    for span in settled:
        other = _NEXT_CODE.match(fold, span.stop) if span.kind in _OF_ONE_FORM else None
        is_alike = other and _form(other["code"]) == _form(fold[span.start : span.stop])
        if other and (is_alike or (span.kind == "imei" and _is_imei(other["code"]))):
            yield _Span(*other.span("code"), span.kind, 0.8, f"alike_{span.kind}")
    forms = {
        _form(fold[span.start : span.stop]): span.kind
        for span in settled
        if span.kind in _OF_ONE_FORM and span.pattern.startswith("label_")
    }
    forms = {form: kind for form, kind in forms.items() if not _COMMON_FORM.fullmatch(form) and len(form) >= 5}
    if not forms:
        return
    taken = Covered([*((hole.start, hole.stop) for hole in holes), *((span.start, span.stop) for span in settled)])
    for match in _CODE.finditer(fold):
        kind = forms.get(_form(match[0]))
        if (
            kind
            and not taken.meets(*match.span())
            and not _THING_BEFORE.search(fold, max(0, match.start() - 16), match.start())
        ):
            yield _Span(*match.span(), kind, 0.8, f"alike_{kind}")


class _Taken:
    """What no value of a kind shares characters with: masks, and spans of other kinds that needed no label."""

    def __init__(self, settled: Sequence[_Span], masks: Sequence[_Hole]) -> None:
        self._settled = settled
        self._masks = [(mask.start, mask.stop) for mask in masks]
        self._for: dict[str, Covered] = {}

    def meets(self, value: tuple[int, int], kind: str) -> bool:
        """Whether it shares some with a value of a kind."""
        if kind not in self._for:
            others = ((span.start, span.stop) for span in self._settled if span.kind != kind)
            self._for[kind] = Covered([*self._masks, *others])
        return self._for[kind].meets(*value)


def _is_near(meaning: Meaning, fold: str, field: Field, holes: list[_Hole]) -> bool:
    """Whether a meaning needs no word near its label, or one is there."""
    return (
        not meaning.near
        or is_near(meaning, _before(fold, field.label.start, NEAR_CHARS, holes))
        or is_near(meaning, _after(fold, field.label.stop, NEAR_CHARS, holes))
    )


def _matched(
    text: str, gated: dict[str, list[tuple[int, int]]], patterns: Mapping[str, Sequence[Pattern]]
) -> tuple[list[_Span], list[tuple[Pattern, _Span]]]:
    """Matches that need no context, and those whose context decides."""
    settled: list[_Span] = []
    pending: list[tuple[Pattern, _Span]] = []
    if not gated:
        return settled, pending
    firsts: dict[tuple[re.Pattern[str], int], re.Match[str] | None] = {}
    # Most texts have one kind or two.
    for kind in sorted(patterns.keys() & gated.keys(), key=_ORDER.__getitem__):
        passed = gated[kind]
        for pattern in patterns[kind]:
            pieces = [(passed[0][0], len(text))] if pattern.across_lines else passed
            for start, stop in pieces:
                # Telephone numbers have four patterns with one expression.
                key = (pattern.expression, start)
                if key not in firsts:
                    firsts[key] = first_match(pattern, text, start, stop)
                for match in accepted(pattern, firsts[key], text, stop):
                    span = _Span(*match.span(), pattern.kind, pattern.score, pattern.name)
                    if pattern.needs or pattern.unless:
                        pending.append((pattern, span))
                    else:
                        settled.append(span)
    return settled, pending


#: Where each kind comes first among the patterns.
_ORDER: Final = {pattern.kind: i for i, pattern in reversed(list(enumerate(PATTERNS)))}


def by_kind(kinds: Collection[str]) -> dict[str, list[Pattern]]:
    """The patterns of some kinds."""
    patterns: dict[str, list[Pattern]] = {}
    for pattern in PATTERNS:
        if pattern.kind in kinds:
            patterns.setdefault(pattern.kind, []).append(pattern)
    return patterns


def _in_context(pattern: Pattern, text: str, span: _Span, holes: list[_Hole]) -> bool:
    """Whether the words that a pattern needs are near a span, and those that it forbids are not."""
    if pattern.unless and pattern.unless.search(_before(text, span.start, UNLESS_CHARS, holes)):
        return False
    if not pattern.needs or pattern.needs.search(_before(text, span.start, pattern.within_chars, holes)):
        return True
    return pattern.needs_after and bool(pattern.needs.search(_after(text, span.stop, pattern.within_chars, holes)))


def _before(text: str, position: int, chars: int, holes: list[_Hole]) -> str:
    """The last `chars` characters before a position, where each hole counts as one."""
    parts: list[str] = []
    nearest = bisect_left(holes, (position, 0, "")) - 1
    while nearest >= 0 and chars > 0 and holes[nearest].stop > position - chars:
        start, stop, sign = holes[nearest]
        parts += [text[stop:position], sign]
        chars -= max(position - stop, 0) + 1
        position = start
        nearest -= 1
    parts.append(text[max(0, position - max(chars, 0)) : position])
    return "".join(reversed(parts))


def _after(text: str, position: int, chars: int, holes: list[_Hole]) -> str:
    """The first `chars` characters after a position, where each hole counts as one."""
    parts: list[str] = []
    nearest = bisect_left(holes, (position, 0, ""))
    while nearest < len(holes) and chars > 0 and holes[nearest].start < position + chars:
        start, stop, sign = holes[nearest]
        parts += [text[position:start], sign]
        chars -= start - position + 1
        position = stop
        nearest += 1
    parts.append(text[position : position + max(chars, 0)])
    return "".join(parts)


#: What stands for holes, from what says least about what is near to what says most.
_SIGNS: Final = (AGE_HOLE, HOLE, NAME_HOLE)
_AGE_MASKS: Final = (*(kind.mask[:-1] for kind in PII_KINDS if kind.near_names), CONSTANT_MASK)


def _sign_of_mask(mask: str) -> str:
    return AGE_HOLE if mask.startswith(_AGE_MASKS) else HOLE


def _joined(holes: list[_Hole]) -> list[_Hole]:
    """Disjoint holes over the same characters; those that touch become one, with the sign that says most."""
    joined: list[_Hole] = []
    for hole in sorted(holes):
        if joined and hole.start <= joined[-1].stop:
            last = joined[-1]
            joined[-1] = _Hole(last.start, max(hole.stop, last.stop), max(hole.sign, last.sign, key=_SIGNS.index))
        else:
            joined.append(hole)
    return joined
