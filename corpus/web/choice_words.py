"""The words and limits of the choice of a page's main text; `choice_words.toml` has them, and explains its fields."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final, NamedTuple

_FILE: Final = "choice_words.toml"
#: What is named before readers' comments in their heading, at most: 評価とレビュー.
_MAX_JOINED_CHARS: Final = 10


class Limits(NamedTuple):
    """Shares and lengths of the choice; weights and lengths in characters, shares from 0 to 1.

    Attributes:
        full_chars: a block of this length outside links weighs in full without the mark of a sentence.
        least_weight: what a character of the shortest block without such a mark weighs.
        named_frame_share: a box with a frame's name is frame while it holds less than this share of the page's weight.
        named_topic_share: the same, of a box with the name of what is often a frame.
        twice_named_share: the same, of a box with a frame's tag and name.
        dialog_share: the same, of a dialog.
        named_main_share_of_page: no name makes a box frame if it holds a text that is named main text and has this
            share of the page's weight.
        weight_besides_comments: comments are kept apart if the page has this much other weight,
        share_besides_comments: or this share.
        main_share: the search for the main container enters a child with this share of its parent's weight,
        named_main_share: or one that is or holds a text named main text with this share.
        own_share: it does not if the parent has more text of its own than this share,
        own_weight: or than this much.
        alike_link_share: siblings like the main container are text, unless one of them has this share of its characters
            in links.
        end_share: what stands apart from the text at an end may be frame up to this share of the text's weight; with
            this share of its characters, links speak for it.
        last_links_share: last sections of links are frame up to this share of the text's characters.
        link_share: a block with more than this share of its characters in links is dropped, unless its tag keeps it.
        heading_rest_chars: how long a heading that announces other pages goes on, at most.
        button_rest_chars: the same, of a label after its colon.
        notice_before_chars: most characters before the words of a notice.
        notice_after_chars: most characters after them.
        doubtful_share: where less than this share of a page's text is kept, the choice is made again without names.
        small_share: a passage of which at most this share is left without its links is a list of links, and kept.
        plain_kana: a page with this many kana, of which the main text has hardly any, is returned whole.
    """

    full_chars: int
    least_weight: float
    named_frame_share: float
    named_topic_share: float
    twice_named_share: float
    dialog_share: float
    named_main_share_of_page: float
    weight_besides_comments: int
    share_besides_comments: float
    main_share: float
    named_main_share: float
    own_share: float
    own_weight: int
    alike_link_share: float
    end_share: float
    last_links_share: float
    link_share: float
    heading_rest_chars: int
    button_rest_chars: int
    notice_before_chars: int
    notice_after_chars: int
    doubtful_share: float
    small_share: float
    plain_kana: int


class Example(NamedTuple):
    """A fragment of a page, in which ⟦ ⟧ enclose a text, and whether that text is in the page's main text."""

    html: str
    is_kept: bool


def examples() -> list[Example]:
    """The examples of all entries, in the order of the file."""
    entries = [entry for group in _TABLES.values() for entry in group]
    return [Example(entry[key], key == "kept") for entry in entries for key in ("left_out", "kept")]


def _any_of(words: Iterable[str]) -> str:
    """An expression for one of some words, as they are written."""
    return f"(?:{'|'.join(map(re.escape, words))})"


def _said(group: str) -> dict[str, tuple[str, ...]]:
    """The words of names or roles by what they say, in the order of the file."""
    of: dict[str, tuple[str, ...]] = {}
    for entry in _TABLES[group]:
        of[entry["says"]] = (*of.get(entry["says"], ()), *entry["words"])
    return of


def _announcement() -> str:
    parts = []
    for entry in _TABLES["announcement"]:
        begins = f"(?:{_any_of(entry['starts'])}|{_any_of(entry['words'])}\\b)"
        before = f"{_any_of(entry['before'])}*" if "before" in entry else ""
        parts.append(f"(?{'i' if 'language' in entry else ''}:{before}{begins})")
    return rf"[\W_]*+(?:{'|'.join(parts)})"


def _phrases(group: str) -> str:
    """An expression for what any entry spells: one of `before`, of `words` and of `after`, or `latin` in any case."""
    parts = []
    for entry in _TABLES[group]:
        if "latin" in entry:
            parts.append(f"(?i:{_any_of(entry['latin'])})")
        else:
            parts.append("".join(_any_of(entry[key]) for key in ("before", "words", "after") if key in entry))
    return f"(?:{'|'.join(parts)})"


def _button() -> str:
    rest = rf"(?:\s*[:：(（\[\d].{{0,{LIMITS.button_rest_chars}}})?[\W_]*+$"
    (notice,) = _TABLES["notice"]
    words = rf"(?i:{_any_of(notice['words'])}|{_any_of(notice['before_number'])}\d)"
    around = rf".{{0,{LIMITS.notice_before_chars}}}{words}.{{0,{LIMITS.notice_after_chars}}}$"
    return rf"(?:[\W_]*+{_phrases('button')}{rest}|{around})"


def _comments() -> str:
    rest = rf"(?:[\s・、(（\[：:\d].{{0,{LIMITS.heading_rest_chars}}}|一覧|欄)?[\W_]*$"
    joined = _any_of(word for entry in _TABLES["comments_joined"] for word in entry["words"])
    return rf"[\W_]*+(?:.{{0,{_MAX_JOINED_CHARS}}}[と・＆&]{joined}|{_phrases('comments')}){rest}"


_TABLES: Final[dict[str, list[dict[str, Any]]]] = tomllib.loads(Path(__file__).with_name(_FILE).read_text("utf-8"))
LIMITS: Final = Limits(**{entry["name"]: entry["value"] for entry in _TABLES["limit"]})
#: An element with such a tag is frame while it contains less than this share of the page's weight.
FRAME_SHARES: Final[dict[str, float]] = {entry["tag"]: entry["share"] for entry in _TABLES["frame_tag"]}
#: What words of class and id say, and what those of a role do.
NAME_WORDS: Final = _said("name")
ROLE_WORDS: Final = _said("role")
#: A heading that announces other pages.
FRAME_HEADING: Final = re.compile(f"{_announcement()}.{{0,{LIMITS.heading_rest_chars}}}$", re.DOTALL)
#: A heading of what readers wrote.
ANNOUNCED_COMMENTS: Final = re.compile(_comments(), re.DOTALL)
#: How a line begins in which the page speaks of itself.
OWN_WORDS: Final = re.compile(rf"[\W_]*+{_phrases('own')}(?:内|上)?[はがをにでのへ]")
#: A line that is a button, or the label of a list of tags or comments, alone or before a colon, a bracket or a number.
BUTTON: Final = re.compile(_button(), re.DOTALL)
