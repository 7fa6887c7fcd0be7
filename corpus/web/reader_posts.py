"""What readers wrote below an article, found by its form where no name and no known heading tells.

A guest book's lines, voices below a guide, letters to the editor: two posts or more in a row at the end of the main
text, each *signed*. A signature is a label (`名前：`), a name in brackets or after a dash behind the last sentence
(「…広がっています。（かわせみ）」), a line of its own with a form of address (「岡山県 Mさん」), or a line of a name
and a time before or after the text. Below a heading that asks for posts (みんなの…, 感想, 掲示板) or counts them
(報告（2件）) a name and a date will do; behind the main text, posts that are counted need no signature.

Sections of an article are not signed, lists of dates have no names, and a page that is mostly posts is a thread, whose
posts are its text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, TypeAlias

import numpy as np

from manyo.corpus.jit import Bools, Int64s
from manyo.corpus.web.attribute_kernels import FIRST_HEADING
from manyo.corpus.web.choice_kernels import Choice
from manyo.corpus.web.choice_words import FRAME_HEADING, LIMITS
from manyo.corpus.web.markup import Markup, Page
from manyo.corpus.web.post_kernels import is_in_named_frame, look_for_names

#: A signature or a heading is shorter.
_LABEL_CHARS: Final = 40
_LEAST_POSTS: Final = 2
#: Blocks at the end of the main text that are looked at, and those after the posts that are passed over: labels.
_MAX_BLOCKS: Final = 400
_MAX_LABELS_AFTER: Final = 3
#: Bodies of a post that follow a line with its name.
_MAX_BODIES: Final = 6
#: Blocks of the last post after its name, at most.
_MAX_BLOCKS_AFTER_NAME: Final = 12
#: A longer element is no post.
_MAX_BLOCKS_OF_POST: Final = 40
#: Blocks among which at least two names stand, where posts end a text.
_BLOCKS_OF_LEAST_POSTS: Final = _LEAST_POSTS * (_MAX_BODIES + 1) + _MAX_LABELS_AFTER

_SENTENCE: Final = re.compile("[。．！？!?」』♪☆]")
_LABELLED: Final = re.compile(
    r"\W{0,3}(?:お?名前|投稿者|ハンドル(?:ネーム)?|ペンネーム|ニックネーム|HN|name|by|from)\s*[:：]", re.IGNORECASE
)
_REMARK: Final = "笑|泣|爆|汗|涙|苦笑|失笑|注|終|完|了|続く|つづく|続|中略|以下略|敬称略|税込|税抜|拍手|会場笑"
#: A name behind the last sentence, in brackets or after a dash.
_SIGNED: Final = re.compile(
    rf"[。．！？!?♪☆…ｗw]\s*(?:[（(〔［\[](?!(?:{_REMARK})[）)〕］\]])[^（）()〔〕［］\[\]。、\d][^（）()〔〕［］\[\]。、]{{0,20}}"
    r"[）)〕］\]]|[―—─–-]{1,2}\s*[^\s。、―—─–-][^。、―—─–-]{0,20})\s*$"
)
_ADDRESSED: Final = re.compile(
    r"(?:さん|さま|様|くん|ちゃん|氏|より)\W{0,2}(?:[（(].{1,20}[）)])?\W{0,2}$|^[（(―—─].{1,25}$|[1-9]0代"
)
_CLOCK: Final = r"\d{1,2}[:：時]\s?\d{2}"
_AGO: Final = r"\d+\s?(?:分|時間|日|週間|か月|ヶ月|年)前"
_DAY: Final = rf"(?:(?:\d{{2}}|\d{{4}})?[年/.\-]?\s?\d{{1,2}}[月/.\-]\s?\d{{1,2}}日?|昨日|今日|一昨日|おととい|{_AGO})"
_TIME: Final = re.compile(rf"{_DAY}.{{0,8}}?{_CLOCK}|{_AGO}")
#: An event lasts; a post has one time.
_SPAN: Final = re.compile(rf"{_CLOCK}分?\s?[~〜～―—–-]")
_DATE: Final = re.compile(_DAY)
#: A name, if any, and a time behind two dashes, as wikis sign the lines of a comment.
_SIGNED_WITH_TIME: Final = re.compile(rf"\s--\s{{1,3}}[^。！？!?]{{0,24}}?{_DAY}.{{0,8}}?{_CLOCK}(?::\d\d)?\W*$")
_ANY_DATE: Final = re.compile(rf"{_DAY}|{_CLOCK}|(?<!\d)(?:19|20)\d\d年?|[\(（][月火水木金土日][)）]|[\W\d_]")
#: A heading of answers, which are the text of the page that asks.
_ANSWERS: Final = re.compile(r"回答|解答|返答|アンサー|\banswers?\b", re.IGNORECASE)
#: The number of posts at the end of their heading, in brackets.
_COUNT: Final = re.compile(r"[（(［\[]\s*(?:全|計)?(\d{1,4})\s?(?:件|通|人|票|名|個|つ)?\s*[）)］\]]\W*$")
#: A heading below which readers' posts are expected.
_INVITES: Final = re.compile(
    "みんなの|皆さん|皆様|みなさん|読者|お客|感想|レビュー|体験談|お?便り|おたより|掲示板|書き込み|書きこみ|投稿|の声|"
    "ひとこと|一言|メッセージ|伝言|足あと|ゲストブック|コメント|返信|質問箱|寄せられ|いただい|頂い"
)


#: The blocks of one element, or one block beside elements.
_Group: TypeAlias = list[int]


def find_posts(markup: Markup, page: Page, choice: Choice, is_kept: Bools) -> Int64s:
    """The blocks that readers wrote, their headings included, in or below the main text.

    Args:
        markup: the page.
        page: the same, as kernels see it.
        choice: what its blocks are.
        is_kept: bool (n,), which blocks of the main text are kept.
    """
    main = choice.main
    is_signed, n_near, n_below = look_for_names(page, main, is_kept, _MAX_BLOCKS, _BLOCKS_OF_LEAST_POSTS)
    # The heading that counts posts ends as a name in brackets does.
    is_counted = n_below > 0 and len(choice.unassigned) > _LEAST_POSTS
    if max(n_near, n_below) < _LEAST_POSTS and not is_counted:
        return main[:0]
    kept = main[is_kept]
    blocks = _Blocks(markup, is_signed)
    in_main = blocks.end_with_posts(kept[-_MAX_BLOCKS:].tolist()) if n_near >= _LEAST_POSTS else []
    if in_main:
        total = int(page.weights[kept].sum())
        besides = total - int(page.weights[in_main].sum())
        if not (besides >= LIMITS.weight_besides_comments or besides >= LIMITS.share_besides_comments * total):
            in_main = []
    if n_below >= _LEAST_POSTS or is_counted:
        first = int(kept[-1]) + 1 if len(kept) else 0
        known = {*choice.comments.tolist(), *main.tolist()}
        rows = np.flatnonzero(page.weights[first : first + _MAX_BLOCKS]) + first
        for section in blocks.sections([row for row in rows.tolist() if row not in known]):
            in_main += blocks.end_with_posts(section) or blocks.counted_posts(section)
    return np.array(sorted(in_main), np.int64)


class _Blocks:
    """A page's blocks, the boxes around them, and which of them may be signed."""

    def __init__(self, markup: Markup, is_signed: Bools) -> None:
        self._markup = markup
        self._box: list[int] = markup.blocks["box"].tolist()
        self._parent: list[int] = markup.boxes["parent"].tolist()
        self._is_signed: list[bool] = is_signed.tolist()
        self._texts: dict[int, str] = {}
        self._headings: dict[int, bool] = {}

    def end_with_posts(self, rows: list[int]) -> list[int]:
        """The posts that some blocks end with, and their heading; labels may stand after them."""
        for _ in range(_MAX_LABELS_AFTER + 1):
            has_name = any(map(self._is_signed.__getitem__, rows[-_MAX_BLOCKS_AFTER_NAME:]))
            if len(rows) <= _LEAST_POSTS or not has_name:
                break
            start = self._start_of_posts(rows)
            if start is not None:
                return rows[start:]
            if not _is_label(self._text(rows[-1])):
                break
            rows = rows[:-1]
        return []

    def sections(self, rows: list[int]) -> Iterator[list[int]]:
        """Blocks below the main text by their heading: it, and what follows it in the same box up to the next.

        A label that asks for posts is a heading, too.
        """
        section: list[int] = []
        around = 0
        for row in rows:
            has_heading = self._has_heading_tag(row) or _invites(self._text(row))
            if has_heading or self._box[row] < around:
                yield section
                around = self._parent[self._box[row]]
                section = [row] if has_heading and not self._is_frame(row) else []
            elif section:
                section.append(row)
        yield section

    def counted_posts(self, section: list[int]) -> list[int]:
        """A section, if its heading counts the posts below it, each of which has a sentence; else no block."""
        if len(section) <= _LEAST_POSTS:
            return []
        heading, *rows = section
        around_last = set(self._boxes_around(rows[-1]))
        around = next(box for box in self._boxes_around(rows[0]) if box in around_last)
        posts = list(self._groups_from_end(rows, around))
        is_counted = len(posts) >= _LEAST_POSTS and _counts(self._text(heading), len(posts))
        is_counted = is_counted and not _ANSWERS.search(self._text(heading))
        return section if is_counted and all(any(map(self._has_sentence, post)) for post in posts) else []

    def _boxes_around(self, row: int) -> Iterator[int]:
        """The boxes around a block, the innermost first."""
        box = self._box[row]
        while box >= 0:
            yield box
            box = self._parent[box]

    def _has_sentence(self, row: int) -> bool:
        return _SENTENCE.search(self._text(row)) is not None

    def _start_of_posts(self, rows: list[int]) -> int | None:
        """Which block is the first of the posts that some blocks end with, or their heading; None for none."""
        around = self._box[rows[-1]]
        first, n_signed = len(rows), 0  # the blocks from `first` on are in the box
        while around >= 0:
            while first and self._box[rows[first - 1]] >= around:
                first -= 1
                n_signed += self._is_signed[rows[first]]
            if n_signed < _LEAST_POSTS:
                last = next(self._groups_from_end(rows, around))
                if len(last) > _MAX_BLOCKS_OF_POST or self._is_heading(last):
                    break
                around = self._parent[around]
                continue
            posts: list[_Group] = []
            start = len(rows)
            n_unsigned = 0
            for group in self._groups_from_end(rows, around):
                is_signed = any(map(self._is_signed.__getitem__, group))
                n_unsigned = 0 if is_signed else n_unsigned + 1
                if n_unsigned > _MAX_BODIES or len(group) > _MAX_BLOCKS_OF_POST or self._is_heading(group):
                    break
                posts.append(group)
                start -= len(group)
            if len(posts) >= _LEAST_POSTS and self._are_posts(rows[:start], posts[::-1], around):
                has_heading = start > 0 and _is_label(self._text(rows[start - 1]))
                return start - 1 if has_heading else start
            if not posts:
                break
            around = self._parent[around]
        return None

    def _groups_from_end(self, rows: list[int], around: int) -> Iterator[_Group]:
        """The blocks at the end of these that are in a box, by the box within it that each is in, the last first.

        Boxes are numbered as they open: a block before one in a box is in it too if its own box has no lower number.
        """
        box_of, parent = self._box, self._parent
        after = len(rows)
        while after and box_of[rows[after - 1]] >= around:
            box = box_of[rows[after - 1]]
            first = after - 1
            if box > around:
                while parent[box] > around:
                    box = parent[box]
                while first and box_of[rows[first - 1]] >= box:
                    first -= 1
            yield rows[first:after]
            after = first

    def _are_posts(self, before: list[int], posts: list[_Group], around: int) -> bool:
        """Whether all groups are posts, below a heading or as all that is in their box."""
        heading = self._text(before[-1]) if before else ""
        is_label = _is_label(heading)
        if is_label and _ANSWERS.search(heading):
            return False
        is_invited = is_label and (_INVITES.search(heading) is not None or _counts(heading, len(posts)))
        is_below = is_label or not before or self._box[before[-1]] < around
        texts = ([self._text(row) for row in group] for group in posts)
        if not (is_below and _are_posts(list(texts), is_invited=is_invited)):
            return False
        # The first post of a thread stands before its answers.
        names = (" ".join(map(self._text, group[:2])) for group in self._groups_from_end(before, around))
        return not any(_names_writer(name, is_invited=False) for name in names)

    def _text(self, row: int) -> str:
        text = self._texts.get(row)
        if text is None:
            text = self._texts[row] = self._markup.text_of(row)
        return text

    def _has_heading_tag(self, row: int) -> bool:
        tag = self._markup.boxes["tag"][self._box[row]]
        return bool(FIRST_HEADING <= tag < FIRST_HEADING + 6)

    def _is_heading(self, group: _Group) -> bool:
        """Whether a group is a heading, by its tag or as a label that asks for posts or names nobody."""
        if len(group) > 1:
            return False
        (row,) = group
        if row not in self._headings:
            text = self._text(row)
            is_label = _is_label(text) and (_invites(text) or not _names_writer(text, is_invited=True))
            self._headings[row] = is_label or self._has_heading_tag(row)
        return self._headings[row]

    def _is_frame(self, heading: int) -> bool:
        """Whether a heading announces other pages, or is in a frame."""
        if is_in_named_frame(self._markup.boxes, self._box[heading]):
            return True
        return FRAME_HEADING.match(self._text(heading)) is not None


def _are_posts(groups: list[list[str]], *, is_invited: bool) -> bool:
    """Whether all groups of texts are posts, or lines that name a writer and what each of them wrote."""
    if all(_is_post(group, is_invited=is_invited) for group in groups):
        return True
    in_order = (groups, groups[::-1])  # names stand before or after what they wrote
    return any(_are_named(groups, is_invited=is_invited) for groups in in_order)


def _are_named(groups: list[list[str]], *, is_invited: bool) -> bool:
    """Whether groups of texts are lines that name a writer, each before what that one wrote."""
    n_posts = n_bodies = 0
    for group in groups:
        is_name = len(group) == 1 and _names_writer(group[0], is_invited=is_invited)
        if is_name and (n_bodies or not n_posts):
            n_posts += 1
            n_bodies = 0
        elif n_posts and n_bodies < _MAX_BODIES:
            n_bodies += 1
        else:
            return False
    return n_posts >= _LEAST_POSTS and n_bodies > 0


def _is_post(texts: list[str], *, is_invited: bool) -> bool:
    """Whether the blocks of an element are a post: signed, or begun with a name."""
    if _LABELLED.match(texts[0]) or _SIGNED.search(texts[-1]) or _SIGNED_WITH_TIME.search(texts[-1]):
        return True
    if len(texts) < 2:
        return False
    names_itself = _ADDRESSED.search(texts[-1]) or _names_writer(texts[-1], is_invited=is_invited)
    if names_itself and _is_label(texts[-1]) and not _is_label(texts[-2]):
        return True
    header = []
    for text in texts[:-1]:
        if not _is_label(text):
            break
        header.append(text)
    return _names_writer(" ".join(header), is_invited=is_invited)


def _names_writer(line: str, *, is_invited: bool) -> bool:
    """Whether a line is the name of a writer: labelled or with a time; where posts are expected, addressed or dated."""
    if not line or len(line) > 2 * _LABEL_CHARS or _SENTENCE.search(line) or _SPAN.search(line):
        return False
    if _LABELLED.match(line):
        return True
    is_dated = _TIME.search(line) or (is_invited and (_DATE.search(line) or _ADDRESSED.search(line)))
    return bool(is_dated) and _ANY_DATE.sub("", line) != ""


def _invites(text: str) -> bool:
    """Whether a line is a label that asks readers for posts, and names nobody."""
    is_invitation = _is_label(text) and _INVITES.search(text) is not None
    return is_invitation and not _LABELLED.match(text) and not _DATE.search(text)


def _counts(heading: str, n_posts: int) -> bool:
    """Whether a heading ends with the number of posts: 報告（2件）."""
    found = _COUNT.search(heading)
    return found is not None and int(found[1]) == n_posts


def _is_label(text: str) -> bool:
    return 0 < len(text) <= _LABEL_CHARS and not _SENTENCE.search(text)
